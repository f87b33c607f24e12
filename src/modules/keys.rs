//! Turns notes into pitch, gate and velocity: each lane is a voice.
use crate::dsp::{
    BLOCK,
    approach::approach,
    lanes::{Float, Lanes, Mask},
};

use super::{
    module::{
        Build, EVERY_VOICE, Io, Module, NoteMode, OptionError, Priority, VoiceChange, VoiceEvent,
    },
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
    tuner::Tuner,
};

ports! {
    inputs {}
    outputs {
        PITCH: "pitch" Pitch "the note, glide and bend included";
        GATE: "gate" Gate "open while the note is held";
        VELOCITY: "velocity" Cv "how hard the note was struck, 0..1";
        PLACE: "place" Cv "the voice's place among all, -1..1: spreads voices over the stereo field, or sets them apart";
    }
    params {
        GLIDE: "glide" ["portamento"] Seconds 0.0, 5.0, 0.0, Linear "time until 1 % of the way from note to note is left";
        BEND: "bend" Semitones -48.0, 48.0, 0.0, Linear "moves every note";
        DETUNE: "detune" Cents 0.0, 100.0, 12.0, Linear "how far the outermost voices of a unison are from the note";
    }
    options {
        MODE: "mode" Choice(&["Poly", "Mono", "Legato", "Unison"]) "Poly gives each note a voice; Mono plays one and opens the gate with each, Legato only where none is held; Unison plays one with all voices";
        PRIORITY: "priority" Choice(&["Last", "Low", "High"]) "which of the held notes sounds where only one does";
        WHEN: "glides" Choice(&["Always", "Legato"]) "glide from every note to the next, or only while one is held";
    }
}

/// State words. The pitch is the target plus the distance that a glide has still to go.
const TARGET: usize = 0;
const DISTANCE: usize = 1;
const HELD: usize = 2;
/// 0 before the first note: there is nothing to glide from.
const STRUCK: usize = 3;

/// What `HELD` says.
const CLOSED: f32 = 0.0;
const OPEN: f32 = 1.0;
/// Struck while it sounded: closed for this frame, so that envelopes see the gate open again.
const AGAIN: f32 = 2.0;

/// Time constants that the glide time stands for: ln 100.
const CURVE: f32 = 4.605_170_2;
/// Octaves that a glide may leave out at its end: a tenth of a cent.
const NEAR: f32 = 1e-4 / 1.2;

/// What `mode` says.
const MONO: usize = 1;
const LEGATO: usize = 2;
const UNISON: usize = 3;

pub struct Keys {
    rate: f32,
    only_legato: bool,
    mode: usize,
    priority: Priority,
    tuner: Tuner,
}

impl Module for Keys {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Keys",
        doc: "Notes from keyboard, OSC or MIDI as pitch, gate and velocity; the patch's `voices` decide how many at once, or one is played alone or by all.",
        algorithm: "",
        family: Family::Notes,
        voicing: Voicing::NoteSource,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 4;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            only_legato: build.choice(option::WHEN) == 1,
            mode: build.choice(option::MODE),
            priority: match build.choice(option::PRIORITY) {
                1 => Priority::Low,
                2 => Priority::High,
                _ => Priority::Last,
            },
            tuner: build.tuner(),
        })
    }

    fn voices(&self, patch: usize) -> usize {
        match self.mode {
            MONO | LEGATO => 1,
            _ => patch,
        }
    }

    fn notes(&self) -> NoteMode {
        match self.mode {
            MONO | LEGATO | UNISON => NoteMode::Mono {
                priority: self.priority,
                retriggers: self.mode == MONO,
            },
            _ => NoteMode::Poly,
        }
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let bend = io.ins[param::BEND];
        let octave = l.f(1.0 / 12.0);
        let (first, apart) = (io.first_voice, (io.voices.max(2) - 1) as f32);
        let placed = io.outs[output::PLACE].wanted || self.mode == UNISON;
        let place = match io.voices {
            2.. if placed => l.from_fn(
                #[inline(always)]
                |lane| (first + lane) as f32 * 2.0 / apart - 1.0,
            ),
            _ => l.f(0.0),
        };
        io.outs[output::PLACE].fill(place);
        let detune = io.ins[param::DETUNE];
        let spread = match self.mode {
            UNISON => place * l.f(1.0 / 1200.0),
            _ => l.f(0.0),
        };
        let quiet = io.cx.notes.is_empty()
            && bend.is_constant()
            && detune.is_constant()
            && !io.state[DISTANCE].abs().gt(l.f(0.0)).any()
            && !io.state[HELD].gt(l.f(OPEN)).any();
        if quiet {
            let pitch = bend.head().fma(octave, io.state[TARGET]);
            let pitch = detune.head().fma(spread, pitch);
            io.outs[output::PITCH].fill(pitch);
            io.outs[output::GATE].fill(io.state[HELD]);
            io.outs[output::VELOCITY].fill(io.state[STRUCK]);
            return;
        }
        let glide = io.ins[param::GLIDE];
        let part = approach(l, CURVE, glide.head().max(l.f(1e-3)), self.rate);
        let mut events = io.cx.notes;
        let mut before = L::F::select(io.state[HELD].gt(l.f(OPEN)), l.f(CLOSED), io.state[HELD]);
        for i in 0..BLOCK {
            while let [event, rest @ ..] = events {
                if event.offset > i {
                    break;
                }
                events = rest;
                self.apply::<L>(event, glide.at(i), before, io.first_voice, io.state);
            }
            let again = io.state[HELD].gt(l.f(OPEN));
            before = L::F::select(again, l.f(CLOSED), io.state[HELD]);
            let pitch = bend
                .at(i)
                .fma(octave, io.state[TARGET] + io.state[DISTANCE]);
            io.outs[output::PITCH].block[i] = detune.at(i).fma(spread, pitch);
            io.outs[output::GATE].block[i] = before;
            io.outs[output::VELOCITY].block[i] = io.state[STRUCK];
            io.state[HELD] = L::F::select(again, l.f(OPEN), io.state[HELD]);
            let distance = io.state[DISTANCE].nfma(part, io.state[DISTANCE]);
            let there = l.f(NEAR).gt(distance.abs());
            io.state[DISTANCE] = L::F::select(there, l.f(0.0), distance);
        }
    }
}

impl Keys {
    #[inline(always)]
    fn apply<L: Lanes>(
        &self,
        event: &VoiceEvent,
        glide: L::F,
        before: L::F,
        first_voice: usize,
        state: &mut [L::F],
    ) {
        for lane in 0..L::N {
            if event.voice == EVERY_VOICE || event.voice == first_voice + lane {
                self.apply_to::<L>(lane, event, glide, before, state);
            }
        }
    }

    #[inline(always)]
    fn apply_to<L: Lanes>(
        &self,
        lane: usize,
        event: &VoiceEvent,
        glide: L::F,
        before: L::F,
        state: &mut [L::F],
    ) {
        let get = |v: &L::F| v.lanes()[lane];
        let mut set = |word: usize, value: f32| state[word].lanes_mut()[lane] = value;
        match event.change {
            VoiceChange::Off => set(HELD, CLOSED),
            VoiceChange::On {
                pitch,
                velocity,
                legato,
            } => {
                let pitch = self.tuner.pitch(pitch);
                set(
                    HELD,
                    if !legato && get(&before) > 0.5 {
                        AGAIN
                    } else {
                        OPEN
                    },
                );
                let from = get(&state[TARGET]) + get(&state[DISTANCE]);
                let glides = get(&state[STRUCK]) > 0.0
                    && get(&glide) >= 1e-3
                    && (legato || !self.only_legato || (self.mode == MONO && get(&before) > 0.5));
                let mut set = |word: usize, value: f32| state[word].lanes_mut()[lane] = value;
                set(TARGET, pitch);
                set(DISTANCE, if glides { from - pitch } else { 0.0 });
                set(STRUCK, velocity);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig},
        spec::OptionValue,
    };
    use super::*;

    fn on(pitch: f32, legato: bool) -> VoiceChange {
        VoiceChange::On {
            pitch,
            velocity: 0.75,
            legato,
        }
    }

    #[test]
    fn a_note_starts_and_ends_at_its_frames_in_its_lane_only() {
        let out = Rig::new("Keys")
            .wide()
            .note(117, 1, on(0.5, false))
            .note(700, 1, VoiceChange::Off)
            .render(20);
        for lane in 0..out.lanes() {
            for (f, gate) in out.lane("gate", lane).iter().enumerate() {
                let want = lane == 1 && (117..700).contains(&f);
                assert_eq!(*gate, want as u32 as f32, "lane {lane} frame {f}");
            }
        }
        assert_eq!(out.lane("pitch", 1)[117], 0.5);
        assert_eq!(out.lane("pitch", 1)[1_200], 0.5);
        assert_eq!(out.lane("velocity", 1)[1_200], 0.75);
        assert!(out.constant[0] && out.constant[4] && out.constant[19]);
    }

    #[test]
    fn a_voice_struck_again_closes_for_one_frame_also_across_blocks() {
        for at in [200, 191, 192] {
            let out = Rig::new("Keys")
                .note(10, 0, on(0.0, false))
                .note(at, 0, VoiceChange::Off)
                .note(at, 0, on(1.0, false))
                .render(10);
            let gate = out.lane("gate", 0);
            let closed: Vec<usize> = (10..640).filter(|i| gate[*i] < 0.5).collect();
            assert_eq!(closed, [at as usize]);
        }
        let out = Rig::new("Keys")
            .note(10, 0, on(0.0, false))
            .note(200, 0, on(1.0, true))
            .render(10);
        assert!(out.lane("gate", 0)[10..].iter().all(|g| *g == 1.0));
    }

    #[test]
    fn a_glide_takes_its_time_and_arrives() {
        let out = Rig::new("Keys")
            .set("glide", 0.1)
            .note(0, 0, on(1.0, false))
            .note(1_000, 0, on(2.0, true))
            .render(500);
        let pitch = out.lane("pitch", 0);
        assert_eq!(pitch[0], 1.0);
        assert!(pitch[1_000] < 1.01);
        let near = 1_000 + (0.1 * RATE) as usize;
        assert!((pitch[near] - 1.99).abs() < 1e-3, "{}", pitch[near]);
        assert_eq!(pitch[30_000], 2.0);
        assert!(out.constant[499]);
    }

    #[test]
    fn a_unison_plays_every_voice_a_little_apart() {
        let out = Rig::new("Keys")
            .option("mode", OptionValue::Choice(3))
            .set("detune", 20.0)
            .wide()
            .note(100, EVERY_VOICE, on(1.0, false))
            .note(900, EVERY_VOICE, VoiceChange::Off)
            .render(20);
        for lane in 0..out.lanes() {
            // A rig says that there are 16 voices.
            let place = lane as f32 / 7.5 - 1.0;
            assert!((out.lane("place", lane)[0] - place).abs() < 1e-6);
            let cents = (out.lane("pitch", lane)[500] - 1.0) * 1_200.0;
            assert!((cents - 20.0 * place).abs() < 0.01, "{lane}: {cents}");
            let gate = out.lane("gate", lane);
            assert!((0..1_280).all(|f| (gate[f] > 0.5) == (100..900).contains(&f)));
        }
    }

    #[test]
    fn modes_say_how_many_voices_and_how_notes_follow() {
        for (mode, voices, notes) in [
            (0, 6, NoteMode::Poly),
            (
                1,
                1,
                NoteMode::Mono {
                    priority: Priority::High,
                    retriggers: true,
                },
            ),
            (
                2,
                1,
                NoteMode::Mono {
                    priority: Priority::High,
                    retriggers: false,
                },
            ),
            (
                3,
                6,
                NoteMode::Mono {
                    priority: Priority::High,
                    retriggers: false,
                },
            ),
        ] {
            let options = [mode, 2, 0].map(OptionValue::Choice);
            let keys = Keys::build(&Build {
                rate: RATE,
                options: &options,
                tuning: None,
                check: false,
            })
            .expect("builds");
            assert_eq!((keys.voices(6), keys.notes()), (voices, notes));
        }
    }
}
