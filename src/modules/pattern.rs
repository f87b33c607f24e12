//! Notes from a text in mini-notation, several at once if it says so. It has no state: what sounds is a function of the position in
//! the song, chance included, so it goes on wherever it is swapped in.
use std::ops::Range;

use crate::dsp::{
    lanes::{Float, Lanes},
    scale::Scale,
    swing::Swing,
};

use super::{
    beat::{Stretch, Strike, step_length, walk},
    module::{BlockCx, Build, In, Io, LaneInit, Module, OptionError},
    notation::{self, Event, Score, Tuned, Voices},
    playing::{Moment, Part, parts},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {}
    outputs {
        PITCH: "pitch" Pitch "the note; it stays through rests";
        GATE: "gate" Gate "open while the note lasts";
        VELOCITY: "velocity" Cv "how hard the note was struck, 0..1";
    }
    params {
        GATE: "gate" Plain 0.0, 1.0, 0.8, Linear "part of its place that a note lasts";
        SWING: "swing" Plain -0.75, 0.75, 0.0, Linear "how late every second sixteenth is, in sixteenths, beside the patch's swing";
        TRANSPOSE: "transpose" Semitones -48.0, 48.0, 0.0, Linear "moves every note";
    }
    options {
        PATTERN: "pattern" Text("c3 [eb3 g3] <c4 bb3> g3(3,8)") "mini-notation: c3 or a degree of the scale, ~ rest, [ ] group, < > by turns, * / ! @ _ ? , | (3,8) c3'min7 c3:0.5";
        EVERY: "every" Length { default: 4.0 } "length of a cycle";
        SCALE: "scale" Text("C3 chromatic") "what numbers count in: \"C minor\", \"D3 dorian\", \"C Eb F G\"";
    }
}

/// State word: tells this module's chances from another's.
const SEED: usize = 0;
/// Notes at once.
const VOICES: usize = 16;
/// Notes left out in a row that are gone back over for the pitch that stays.
const BACK: i64 = 32;

pub struct Pattern {
    score: Score,
    /// Beats of a cycle.
    length: f64,
}

impl Module for Pattern {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Pattern",
        doc: "Notes from a text in mini-notation; as many voices as it has notes at once.",
        algorithm: "the notation is TidalCycles' (McLean 2014), flattened when the patch is built",
        family: Family::Notes,
        voicing: Voicing::OwnVoices,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let wrong = |option| move |(at, why)| OptionError { option, at, why };
        let length = step_length(build.length(option::EVERY), option::EVERY)?;
        let scale = Scale::read(build.text(option::SCALE)).map_err(wrong(option::SCALE))?;
        let words = Tuned {
            scale: &scale,
            tuner: &build.tuner(),
        };
        let score = notation::read(build.text(option::PATTERN), &words, Voices::Free(VOICES));
        let score = score.map_err(wrong(option::PATTERN))?;
        Ok(Self { score, length })
    }

    fn voices(&self, _: usize) -> usize {
        self.score.voices.len()
    }

    fn words(&self) -> Vec<Part> {
        parts(option::PATTERN, self.score.words())
    }

    fn playing(&self, at: &Moment) -> Vec<Part> {
        let player = Player::new(&self.score, self.length, at.own_swing, at.swing, at.seed);
        parts(option::PATTERN, player.playing(at))
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.module_seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let cx = io.cx;
        let (gate, swing) = (io.ins[param::GATE], io.ins[param::SWING]);
        let transpose = io.ins[param::TRANSPOSE];
        let mut moves = false;
        for lane in 0..L::N {
            let voice = io.first_voice + lane;
            let seed = io.state[SEED].lanes()[lane].to_bits();
            let own = swing.head().lanes()[lane];
            let player = Player::new(&self.score, self.length, own, cx.swing, seed);
            moves |= walk(cx, |s| {
                let now = player.at(cx, &s, voice);
                let open = gate.at(s.at).lanes()[lane] > 0.0;
                    let own = now.gate.filter(|_| open);
                    let gate = own.map_or(gate, #[inline(always)] |g| In::constant(l.f(g)));
                let out = &mut io.outs[output::GATE];
                let (end, moved) = s.write(cx, out, lane, gate, &now.strike);
                s.hold(&mut io.outs[output::PITCH], lane, end, now.pitch);
                s.hold(&mut io.outs[output::VELOCITY], lane, end, now.velocity);
                (end, moved)
            });
        }
        let octave = l.f(1.0 / 12.0);
        let constant = !moves && transpose.is_constant();
        let pitch = &mut io.outs[output::PITCH];
        for (i, p) in pitch.block.iter_mut().enumerate() {
            *p = transpose.at(i).fma(octave, *p);
        }
        pitch.constant = constant;
        io.outs[output::GATE].constant = !moves;
        io.outs[output::VELOCITY].constant = !moves;
    }
}

/// A score on the transport.
pub struct Player<'a> {
    pub score: &'a Score,
    /// Beats of a cycle.
    pub length: f64,
    pub swing: Swing,
    pub seed: u32,
}

/// What a voice does.
pub struct Now {
    pub pitch: f32,
    pub velocity: f32,
    /// Part of its place that the note itself asks to last.
    pub gate: Option<f32>,
    pub strike: Strike,
}

impl<'a> Player<'a> {
    /// `own` is the module's own swing beside the patch's.
    pub fn new(score: &'a Score, length: f64, own: f32, patch: Swing, seed: u32) -> Self {
        Self {
            score,
            length,
            swing: Swing::new(own as f64 + patch.late, patch.grid),
            seed,
        }
    }

    /// The beat at which a position in cycles sounds.
    #[inline]
    pub fn beat(&self, cycles: f64) -> f64 {
        self.swing.beat_of(cycles * self.length)
    }

    /// Where the words that sound at a moment stand.
    pub fn playing(&self, at: &Moment) -> Vec<Range<usize>> {
        self.score.playing(self.cycles(at.beat), at.seed)
    }

    /// The position in cycles at a beat, but for rounding.
    pub fn cycles(&self, beat: f64) -> f64 {
        self.swing.position_at(beat) / self.length
    }

    #[inline]
    fn starts(&self, voice: usize, number: i64) -> f64 {
        match self.score.numbered(voice, number) {
            Some((period, event)) => self.beat(self.score.begins(period, event)),
            None => f64::INFINITY,
        }
    }

    /// What a voice does from the start of a stretch on.
    #[inline]
    pub fn at(&self, cx: &BlockCx<'_>, stretch: &Stretch<'_>, voice: usize) -> Now {
        let beat = stretch.time.beat_at(cx.frame + stretch.at as u64);
        let mut number = self.score.number_at(voice, self.cycles(beat));
        let Some((mut period, mut event)) = self.score.numbered(voice, number) else {
            return Now::silence();
        };
        while self.starts(voice, number) > beat {
            number -= 1;
        }
        while self.starts(voice, number + 1) <= beat {
            number += 1;
        }
        if let Some(found) = self.score.numbered(voice, number) {
            (period, event) = found;
        }
        let begins = self.score.begins(period, event);
        let last = self.last_struck(voice, number).unwrap_or(event);
        Now {
            pitch: last.value.pitch,
            velocity: last.value.velocity,
            gate: event.value.gate,
            strike: Strike {
                start: self.beat(begins),
                stop: self.beat(begins + event.end - event.begin),
                next: self.starts(voice, number + 1),
                open: self.score.sounds(period, event, self.seed),
                holds: false,
                high: 1.0,
            },
        }
    }

    /// The note itself, or the one before it that was not left out.
    #[inline]
    fn last_struck(&self, voice: usize, number: i64) -> Option<&Event> {
        for back in 0..BACK {
            let (period, event) = self.score.numbered(voice, number - back)?;
            if self.score.sounds(period, event, self.seed) {
                return Some(event);
            }
        }
        None
    }
}

impl Now {
    fn silence() -> Self {
        Self {
            pitch: 0.0,
            velocity: 0.0,
            gate: None,
            strike: Strike {
                start: 0.0,
                stop: f64::INFINITY,
                next: f64::INFINITY,
                open: false,
                holds: false,
                high: 1.0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        beat::tests::edges,
        harness::{RATE, Rig},
        spec::OptionValue,
    };
    use crate::dsp::transport::Transport;

    fn pattern(text: &str) -> Rig {
        Rig::new("Pattern").option("pattern", OptionValue::Text(text.to_owned()))
    }

    #[test]
    fn notes_fall_on_the_frames_of_the_transport_at_odd_tempos() {
        for bpm in [63.7, 120.0, 141.3, 187.9] {
            for late in [0.0, 0.37] {
                let time = Transport::new(RATE as f64, bpm);
                let rig = pattern("c3 [e3 g3 b3] <c4 d4>*2 ~")
                    .transport(time)
                    .set("gate", 0.5);
                let rig = rig.swing(late);
                let swing = rig.swing;
                let out = rig.render(12_000);
                let (up, down) = edges(out.lane("gate", 0));
                let begins = [0.0, 0.25, 1.0 / 3.0, 5.0 / 12.0, 0.5, 0.625];
                let ends = [0.25, 1.0 / 3.0, 5.0 / 12.0, 0.5, 0.625, 0.75];
                let mut want = (Vec::new(), Vec::new());
                for cycle in 0..14 {
                    for (begin, end) in begins.iter().zip(ends) {
                        let beat = |x: f64| swing.beat_of((cycle as f64 + x) * 4.0);
                        let (on, stop) = (beat(*begin), beat(end));
                        want.0.extend(time.frame_of(on, 0));
                        want.1.extend(time.frame_of(on + 0.5 * (stop - on), 0));
                    }
                }
                assert!(up.len() > 12, "{}", up.len());
                assert_eq!(up, want.0[..up.len()], "{bpm} {late}");
                assert_eq!(down, want.1[..down.len()], "{bpm} {late}");
            }
        }
    }

    #[test]
    fn pitches_stay_through_rests_and_left_out_notes() {
        let out = pattern("c4 ~ e4:0.5 g4?1").render(3_000);
        let semitones = |frame: usize| (out.lane("pitch", 0)[frame] * 12.0).round();
        assert_eq!(
            [0, 24_000, 48_000, 72_000, 96_000].map(semitones),
            [0.0, 0.0, 4.0, 4.0, 0.0]
        );
        let velocity = out.lane("velocity", 0);
        assert_eq!(
            [velocity[1_000], velocity[50_000], velocity[80_000]],
            [1.0, 0.5, 0.5]
        );
        assert_eq!(edges(out.lane("gate", 0)).0[..3], [0, 48_000, 96_000]);
    }

    #[test]
    fn notes_at_once_have_their_voices() {
        let out = pattern("[c4,e4,g4] c4").wide().render(800);
        let chord: Vec<f32> = (0..3)
            .map(|v| (out.lane("pitch", v)[10] * 12.0).round())
            .collect();
        assert_eq!(chord, [0.0, 4.0, 7.0]);
        for voice in 0..4 {
            assert_eq!(out.lane("gate", voice)[10], (voice < 3) as u32 as f32);
        }
    }

    #[test]
    fn swapped_in_later_and_in_any_blocks_it_is_where_it_would_have_been() {
        let rig = || pattern("<c3 e3>(5,8)? [g3|b3|d4]*3 c2/3").swing(0.2);
        let whole = rig().render(9_000);
        for from in [640, 64_000, 320_064] {
            let late = rig();
            let seeded = rig().render(1).state;
            let late = late.resume(&seeded, from).render(2_000);
            for port in ["pitch", "gate", "velocity"] {
                let part = &whole.lane(port, 0)[from as usize..][..128_000];
                assert!(part == late.lane(port, 0), "{port} {from}");
            }
        }
        // Without the state: the seed comes from the name.
        assert_eq!(
            &whole.lane("gate", 0)[64_000..],
            rig().resume(&[], 64_000).render(8_000).lane("gate", 0)
        );
    }

    #[test]
    fn a_change_of_tempo_inside_a_block_moves_the_next_notes() {
        let rig = pattern("c3*16").change(10_017, |t| t.bpm = 97.0);
        let after = rig.then.expect("changes").1;
        let (up, _) = edges(rig.render(1_000).lane("gate", 0));
        for (n, frame) in up.iter().enumerate() {
            let before = rig.transport.frame_of(n as f64 * 0.25, 0).expect("plays");
            let want = match before < 10_017 {
                true => before,
                false => after.frame_of(n as f64 * 0.25, 10_017).expect("plays"),
            };
            assert_eq!(*frame, want);
        }
    }
}
