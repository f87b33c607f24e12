//! Step sequencer. What sounds is a function of the position in the song, chance included, so it starts on the beat wherever it is
//! swapped in, and every edge falls on the frame that the transport gives.
use crate::dsp::{
    lanes::{Float, Lanes},
    transport::Transport,
};

use super::{
    beat::{Grid, Place, Stretch, Strike, step_length, walk},
    module::{Build, In, Io, LaneInit, Module, OptionError},
    playing::{Moment, Part},
    spec::{Family, ModuleSpec, Voicing},
    steps::{Direction, Steps},
    table::ports,
};

ports! {
    inputs {}
    outputs {
        PITCH: "pitch" Pitch "the note; it stays through rests";
        GATE: "gate" Gate "open while the note lasts";
        ACCENT: "accent" Cv "1 while an accented note is the last, else 0";
        VELOCITY: "velocity" Cv "how hard the last note is struck, 0..1: what it says, or 1 where accented, else 0.75";
    }
    params {
        GATE: "gate" Plain 0.0, 1.0, 0.5, Linear "part of a step that a note lasts; ties and slides last to the next";
        SLIDE: "slide" ["glide"] Seconds 0.001, 2.0, 0.06, Log "time until 1 % of a slide is left";
        SWING: "swing" Plain -0.75, 0.75, 0.0, Linear "how late every second step is, in steps, beside the patch's swing; 0.33 is triplets";
        TRANSPOSE: "transpose" Semitones -48.0, 48.0, 0.0, Linear "moves every note";
    }
    options {
        RATE: "rate" Length { default: 0.25 } "length of a step";
        STEPS: "steps" Text("C3 Eb3 G3 C4") "notes such as C2, Eb3, F (same octave); `-` rest, `_` tie, `x` C4; after a note `!` accent, `~` slide to the next, `*3` struck three times, `%60` chance in percent, `=0.9` its own gate, `:0.4` its velocity";
        DIRECTION: "direction" Choice(&["Forward", "Reverse", "PingPong", "Random"]) "the way through the steps";
    }
}

/// State word: tells this module's chances from another's.
const SEED: usize = 0;
/// Time constants that the slide time stands for: ln 100.
const CURVE: f64 = 4.605_170_185_988_092;
/// Slides in a row that are followed back to find where one started; each has decayed long before.
const CHAIN: usize = 16;

pub struct Seq {
    steps: Steps,
    /// Beats.
    length: f64,
}

impl Module for Seq {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Seq",
        doc: "Step sequencer on the shared transport.",
        algorithm: "",
        family: Family::Notes,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        use Direction::*;
        let length = step_length(build.length(option::RATE), option::RATE)?;
        let ways = [Forward, Reverse, PingPong, Random];
        let way = ways[build.choice(option::DIRECTION).min(ways.len() - 1)];
        let steps = Steps::read(build.text(option::STEPS), way, &build.tuner());
        let steps = steps.map_err(|(at, why)| OptionError {
            option: option::STEPS,
            at,
            why,
        })?;
        Ok(Self { steps, length })
    }

    fn words(&self) -> Vec<Part> {
        let part = |chars| Part {
            option: option::STEPS,
            chars,
        };
        self.steps.spans().iter().map(|s| part(s.0..s.1)).collect()
    }

    fn playing(&self, at: &Moment) -> Vec<Part> {
        let grid = Grid::new(self.length, at.own_swing, at.swing);
        let number = grid.place(&at.transport(), 0).number;
        let (from, to) = self.steps.spans()[self.steps.index(number, at.seed)];
        match self.steps.step(number, at.seed).open {
            true => vec![Part {
                option: option::STEPS,
                chars: from..to,
            }],
            false => Vec::new(),
        }
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.module_seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let transpose = io.ins[param::TRANSPOSE];
        let cx = io.cx;
        let mut moves = false;
        for lane in 0..L::N {
            moves |= walk(cx, |stretch| self.stretch(l, io, lane, stretch));
        }
        let octave = l.f(1.0 / 12.0);
        let constant = !moves && transpose.is_constant();
        let pitch = &mut io.outs[output::PITCH];
        for (i, p) in pitch.block.iter_mut().enumerate() {
            *p = *p + transpose.at(i) * octave;
        }
        for out in io.outs.iter_mut() {
            out.constant = constant;
        }
    }
}

impl Seq {
    /// Writes the frames of one strike; returns the first that is not its own, and whether anything moves before it.
    #[inline(always)]
    fn stretch<L: Lanes>(
        &self,
        l: L,
        io: &mut Io<'_, L>,
        lane: usize,
        s: Stretch<'_>,
    ) -> (usize, bool) {
        let of = |x: In<'_, L>| x.at(s.at).lanes()[lane];
        let frame = io.cx.frame + s.at as u64;
        let swing = io.ins[param::SWING].head().lanes()[lane];
        let grid = Grid::new(self.length, swing, io.cx.swing);
        let seed = io.state[SEED].lanes()[lane].to_bits();
        let place = grid.place(s.time, frame);
        let step = self.steps.step(place.number, seed);

        let part = place.part(s.time, frame, step.strikes);
        let mut strike = Strike::of(&part, step.open);
        strike.holds = step.holds && part.number + 1 == step.strikes as i64;
        let gate = match step.gate {
            Some(gate) if of(io.ins[param::GATE]) > 0.0 => In::constant(l.f(gate)),
            _ => io.ins[param::GATE],
        };
        let (end, mut moves) = s.write(io.cx, &mut io.outs[output::GATE], lane, gate, &strike);
        s.hold(
            &mut io.outs[output::ACCENT],
            lane,
            end,
            if step.accent { 1.0 } else { 0.0 },
        );
        s.hold(&mut io.outs[output::VELOCITY], lane, end, step.velocity);

        let slide = of(io.ins[param::SLIDE]) as f64;
        let left = match step.slides {
            true => self.slide_left(s.time, &place, slide, seed),
            false => 0.0,
        };
        if left.abs() <= 1e-5 {
            s.hold(&mut io.outs[output::PITCH], lane, end, step.pitch);
            return (end, moves);
        }
        moves |= s.time.playing;
        let since = (s.time.beat_at(frame) - place.start) * 60.0 / s.time.bpm;
        let mut offset = left * (-since * CURVE / slide).exp();
        let shrink = match s.time.playing {
            true => (-CURVE / (slide * s.time.rate)).exp(),
            false => 1.0,
        };
        for p in &mut io.outs[output::PITCH].block[s.at..end] {
            p.lanes_mut()[lane] = step.pitch + offset as f32;
            offset *= shrink;
        }
        (end, moves)
    }

    /// Octaves that a slide into this step has to go when the step starts. A slide that was cut short by the next one counts.
    fn slide_left(&self, time: &Transport, place: &Place, slide: f64, seed: u32) -> f64 {
        let step = |number| self.steps.step(number, seed);
        let mut first = place.number;
        for _ in 0..CHAIN {
            first -= 1;
            if !step(first).slides {
                break;
            }
        }
        let step_seconds = self.length * 60.0 / time.bpm;
        let kept = (-step_seconds * CURVE / slide).exp();
        let mut left = 0.0;
        for number in first + 1..=place.number {
            let (from, to) = (step(number - 1).pitch, step(number).pitch);
            left = left * kept + (from - to) as f64;
        }
        left
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

    fn seq(steps: &str) -> Rig {
        Rig::new("Seq").option("steps", OptionValue::Text(steps.to_owned()))
    }

    #[test]
    fn edges_fall_on_the_frames_of_the_transport() {
        for bpm in [61.7, 120.0, 132.0, 173.3] {
            let time = Transport::new(RATE as f64, bpm);
            let out = seq("C2 E2 G2")
                .transport(time)
                .set("gate", 0.3)
                .render(4_000);
            let (up, down) = edges(out.lane("gate", 0));
            let frames = |late: f64| {
                let of = move |n: usize| time.frame_of((n as f64 + late) * 0.25, 0);
                (0..up.len()).filter_map(of).collect::<Vec<_>>()
            };
            assert!(up.len() > 20);
            assert_eq!(up, frames(0.0), "{bpm}");
            assert_eq!(down, frames(0.3f32 as f64)[..down.len()], "{bpm}");
        }
    }

    #[test]
    fn a_change_of_tempo_inside_a_block_moves_the_next_edges() {
        let rig = seq("C2").set("gate", 0.5).change(10_017, |t| t.bpm = 97.0);
        let after = rig.then.expect("changes").1;
        let out = rig.render(1_000);
        let (up, _) = edges(out.lane("gate", 0));
        let want: Vec<u64> = (0..up.len())
            .map(|n| {
                let before = rig.transport.frame_of(n as f64 * 0.25, 0).expect("plays");
                match before {
                    f if f < 10_017 => f,
                    _ => after.frame_of(n as f64 * 0.25, 10_017).expect("plays"),
                }
            })
            .collect();
        assert_eq!(up, want);
    }

    #[test]
    fn a_stopped_transport_closes_the_gate_at_its_frame() {
        let out = seq("C2 _ _ _")
            .change(7_013, |t| t.playing = false)
            .render(300);
        let gate = out.lane("gate", 0);
        assert!(gate[7_012] == 1.0 && gate[7_013..].iter().all(|g| *g == 0.0));
    }

    #[test]
    fn ties_and_slides_hold_and_rests_keep_the_pitch() {
        let out = seq("C4~ G4! - _").render(1_500);
        let (up, down) = edges(out.lane("gate", 0));
        // Four steps of 6,000 frames: the slide holds the gate over the second step's start.
        assert_eq!(up[..2], [0, 24_000]);
        assert_eq!(down[0], 6_000 + 3_000);
        let pitch = out.lane("pitch", 0);
        assert!(pitch[5_999] == 0.0 && pitch[6_000] < 0.05);
        let arrived = 6_000 + (0.06 * RATE) as usize;
        assert!(
            (pitch[arrived] - 7.0 / 12.0).abs() < 0.007,
            "{}",
            pitch[arrived]
        );
        assert!((pitch[23_999] - 7.0 / 12.0).abs() < 1e-4);
        let accent = out.lane("accent", 0);
        assert!(accent[5_999] == 0.0 && accent[6_000] == 1.0);
    }

    #[test]
    fn a_full_gate_still_opens_every_note_anew() {
        let out = seq("C4 D4").set("gate", 1.0).render(500);
        let (up, down) = edges(out.lane("gate", 0));
        assert_eq!(up[..3], [0, 6_000, 12_000]);
        assert_eq!(down[..2], [5_999, 11_999]);
    }

    #[test]
    fn swing_delays_every_second_step() {
        let out = seq("C4").set("swing", 0.5).render(500);
        let (up, _) = edges(out.lane("gate", 0));
        assert_eq!(up[..4], [0, 9_000, 12_000, 21_000]);
    }

    #[test]
    fn a_gate_that_is_modulated_is_followed_frame_by_frame() {
        let out = seq("C4")
            .feed("gate", |_, f| 1.0 - f as f32 / 12_000.0)
            .render(200);
        let (_, down) = edges(out.lane("gate", 0));
        // The steps of 6,000 frames: f = 6,000 · (1 - f / 12,000) at 4,000.
        assert_eq!(down[0], 4_000);
    }

    #[test]
    fn steps_between_edges_are_constant_and_swapping_in_changes_nothing() {
        let rig = || seq("C4~ G4 - Eb3!");
        let whole = rig().render(600);
        assert!(whole.constant.iter().filter(|c| **c).count() > 400);
        let late = rig().resume(&[], 6_400).render(500);
        for port in ["pitch", "gate", "accent"] {
            let (a, b) = (&whole.lane(port, 0)[6_400..], late.lane(port, 0));
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6), "{port}");
        }
    }

    #[test]
    fn strikes_share_a_step_evenly_and_the_last_may_slide_on() {
        let out = seq("C4*3~ G4 -").render(600);
        let (up, down) = edges(out.lane("gate", 0));
        assert_eq!(up[..4], [0, 2_000, 4_000, 18_000]);
        assert_eq!(down[..3], [1_000, 3_000, 9_000]);
    }

    #[test]
    fn a_step_may_have_its_own_gate_and_velocity() {
        let out = seq("C4=0.9 C4:0.3 C4!").render(400);
        let (_, down) = edges(out.lane("gate", 0));
        let own = (6_000.0 * f64::from(0.9f32)).ceil() as u64;
        assert_eq!(down[..3], [own, 9_000, 15_000]);
        let velocity = out.lane("velocity", 0);
        assert_eq!(
            [0, 6_000, 12_000].map(|f: usize| velocity[f]),
            [0.75, 0.3, 1.0]
        );
    }

    #[test]
    fn directions_go_their_way() {
        for (direction, want) in [
            (0, [0, 2, 4, 0, 2, 4, 0, 2]),
            (1, [4, 2, 0, 4, 2, 0, 4, 2]),
            (2, [0, 2, 4, 2, 0, 2, 4, 2]),
        ] {
            let rig = seq("C4 D4 E4").option("direction", OptionValue::Choice(direction));
            let out = rig.render(760);
            let notes = [0, 1, 2, 3, 4, 5, 6, 7]
                .map(|n| (out.lane("pitch", 0)[n * 6_000 + 100] * 12.0).round() as i32);
            assert_eq!(notes, want);
        }
    }

    #[test]
    fn chance_leaves_notes_out_as_rests_and_the_same_every_time() {
        let rig = |seed| seq("C4%25 D4~ E4").seed(seed);
        let whole = rig(3).render(20_000);
        let (up, _) = edges(whole.lane("gate", 0));
        // D slides into E: one gate for both; C now and then.
        let chance = up.iter().filter(|f| *f / 6_000 % 3 == 0).count() as f64 / 71.0;
        assert!((0.12..0.4).contains(&chance), "{chance}");
        assert_eq!(edges(rig(3).render(20_000).lane("gate", 0)).0, up);
        assert_ne!(edges(rig(4).render(20_000).lane("gate", 0)).0, up);
        let late = rig(3).resume(&[], 64_000).render(5_000);
        assert_eq!(
            &whole.lane("gate", 0)[64_000..][..320_000],
            late.lane("gate", 0)
        );
    }
}
