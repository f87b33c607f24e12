//! Step sequencer. It has no state: what sounds is a function of the position in the song, so it starts on the beat wherever it
//! is swapped in, and every edge falls on the frame that the transport gives.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes},
    transport::Transport,
};

use super::{
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    steps::{self, Step},
    table::ports,
};

ports! {
    inputs {}
    outputs {
        PITCH: "pitch" Pitch "the note; it stays through rests";
        GATE: "gate" Gate "open while the note lasts";
        ACCENT: "accent" Cv "1 while an accented note is the last, else 0";
    }
    params {
        GATE: "gate" Plain 0.0, 1.0, 0.5, Linear "part of a step that a note lasts; ties and slides last to the next";
        SLIDE: "slide" Seconds 0.001, 2.0, 0.06, Log "time until 1 % of a slide is left";
        SWING: "swing" Plain 0.0, 0.75, 0.0, Linear "how late every second step is, in steps; 0.33 is triplets";
        TRANSPOSE: "transpose" Semitones -48.0, 48.0, 0.0, Linear "moves every note";
    }
    options {
        RATE: "rate" Length { default: 0.25 } "length of a step";
        STEPS: "steps" Text("C3 Eb3 G3 C4") "notes such as C2, Eb3, F (same octave); `-` rest, `_` tie, `x` C4; after a note `!` accent, `~` slide to the next";
    }
}

/// Time constants that the slide time stands for: ln 100.
const CURVE: f64 = 4.605_170_185_988_092;
/// Slides in a row that are followed back to find where one started; each has decayed long before.
const CHAIN: usize = 16;

pub struct Seq {
    steps: Vec<Step>,
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
    const WORDS: usize = 0;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let length = build.length(option::RATE);
        if length.is_nan() || length <= 0.0 {
            return Err(OptionError {
                option: option::RATE,
                at: 0,
                why: "a step has to have a length, such as 1/16".to_owned(),
            });
        }
        let steps = steps::read(build.text(option::STEPS)).map_err(|(at, why)| OptionError {
            option: option::STEPS,
            at,
            why,
        })?;
        Ok(Self { steps, length })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let transpose = io.ins[param::TRANSPOSE];
        let mut changes = false;
        for lane in 0..L::N {
            changes |= self.lane(io, lane);
        }
        let octave = l.f(1.0 / 12.0);
        let constant = !changes && transpose.is_constant();
        let pitch = &mut io.outs[output::PITCH];
        let frames = if constant { 1 } else { BLOCK };
        for (i, p) in pitch.block.iter_mut().take(frames).enumerate() {
            *p = *p + transpose.at(i) * octave;
        }
        for out in io.outs.iter_mut() {
            out.constant = constant;
        }
    }
}

/// A step in the song.
struct Place {
    /// Counted from beat 0.
    number: i64,
    /// Beats.
    start: f64,
    end: f64,
}

impl Seq {
    /// Writes one lane's block; says whether anything changes in it.
    #[inline(always)]
    fn lane<L: Lanes>(&self, io: &mut Io<'_, L>, lane: usize) -> bool {
        let cx = io.cx;
        let split = cx.time.split.min(BLOCK);
        let mut changes = split < BLOCK;
        for (time, from, to) in [
            (&cx.time.before, 0, split),
            (&cx.time.after, split, BLOCK),
        ] {
            let mut at = from;
            while at < to {
                let next = self.step(io, lane, time, at, to, &mut changes);
                changes |= next < to;
                at = next;
            }
        }
        changes
    }

    /// Writes the frames from `at` on that belong to one step; returns the first that does not.
    #[inline(always)]
    fn step<L: Lanes>(
        &self,
        io: &mut Io<'_, L>,
        lane: usize,
        time: &Transport,
        at: usize,
        to: usize,
        changes: &mut bool,
    ) -> usize {
        let of = |x: In<'_, L>, i: usize| lane_of(&x, i, lane);
        let first = io.cx.frame;
        let frame = first + at as u64;
        let place = self.place(time, frame, of(io.ins[param::SWING], 0) as f64);
        let step = self.numbered(place.number);

        let next = time.frame_of(place.end, frame + 1);
        let end = next.map_or(to, |f| to.min((f - first) as usize));
        // A note that does not go on into the next leaves it a closed frame, so that it opens anew.
        let last = match next {
            Some(next) if !step.holds => next - 1,
            _ => u64::MAX,
        };
        let gate = io.ins[param::GATE];
        let span = place.end - place.start;
        let off = |g: f32| place.start + g as f64 * span;
        let until = match () {
            _ if !time.playing || !step.open => 0,
            _ if step.holds => u64::MAX,
            _ => time.frame_of(off(of(gate, at)), frame).map_or(last, |f| f.min(last)),
        };
        *changes |= until > frame && until < first + end as u64;
        let follow = !gate.is_constant() && until > 0 && !step.holds;
        *changes |= follow;

        let slide = of(io.ins[param::SLIDE], 0) as f64;
        let left = self.slide_left(time, &place, slide);
        let moving = left.abs() > 1e-5;
        *changes |= moving && time.playing;
        let since = (time.beat_at(frame) - place.start) * 60.0 / time.bpm;
        let mut offset = if moving { left * (-since * CURVE / slide).exp() } else { 0.0 };
        let shrink = match moving && time.playing {
            true => (-CURVE / (slide * time.rate)).exp(),
            false => 1.0,
        };
        // Of a block in which nothing happens one frame says all.
        let still = L::N == 1 && !*changes && !moving && at == 0 && end == BLOCK;
        let still = still && io.ins[param::TRANSPOSE].is_constant();
        for i in at..if still { 1 } else { end } {
            let now = first + i as u64;
            let open = match follow {
                true => now < last && time.beat_at(now) < off(of(gate, i)),
                false => now < until,
            };
            let mut put = |port: usize, value: f32| {
                io.outs[port].block[i & (BLOCK - 1)].lanes_mut()[lane] = value;
            };
            put(output::PITCH, step.pitch + offset as f32);
            put(output::GATE, if open { 1.0 } else { 0.0 });
            put(output::ACCENT, if step.accent { 1.0 } else { 0.0 });
            offset *= shrink;
        }
        end
    }

    fn numbered(&self, number: i64) -> Step {
        let index = number.rem_euclid(self.steps.len().max(1) as i64) as usize;
        self.steps.get(index).copied().unwrap_or_default()
    }

    /// Where a step starts, in beats.
    fn start(&self, number: i64, swing: f64) -> f64 {
        let late = if number & 1 == 1 { swing } else { 0.0 };
        (number as f64 + late) * self.length
    }

    /// The step at a frame: the division may round across an edge, the edges themselves decide.
    fn place(&self, time: &Transport, frame: u64, swing: f64) -> Place {
        let beat = time.beat_at(frame);
        let mut number = (beat / self.length).floor() as i64;
        while self.start(number, swing) > beat {
            number -= 1;
        }
        while self.start(number + 1, swing) <= beat {
            number += 1;
        }
        Place {
            number,
            start: self.start(number, swing),
            end: self.start(number + 1, swing),
        }
    }

    /// Octaves that a slide into this step has to go when the step starts. A slide that was cut short by the next one counts.
    fn slide_left(&self, time: &Transport, place: &Place, slide: f64) -> f64 {
        if !self.numbered(place.number).slides {
            return 0.0;
        }
        let mut first = place.number;
        for _ in 0..CHAIN {
            first -= 1;
            if !self.numbered(first).slides {
                break;
            }
        }
        let step_seconds = self.length * 60.0 / time.bpm;
        let kept = (-step_seconds * CURVE / slide).exp();
        let mut left = 0.0;
        for number in first + 1..=place.number {
            let (from, to) = (self.numbered(number - 1).pitch, self.numbered(number).pitch);
            left = left * kept + (from - to) as f64;
        }
        left
    }
}

#[inline(always)]
fn lane_of<L: Lanes>(x: &In<'_, L>, i: usize, lane: usize) -> f32 {
    x.at(i).lanes()[lane]
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig},
        spec::OptionValue,
    };
    use crate::dsp::transport::Transport;

    fn seq(steps: &str) -> Rig {
        Rig::new("Seq").option("steps", OptionValue::Text(steps.to_owned()))
    }

    /// Frames at which a gate opens and closes.
    fn edges(gate: &[f32]) -> (Vec<u64>, Vec<u64>) {
        let open = |i: usize| gate[i] >= 0.5;
        let was = |i: usize| i > 0 && open(i - 1);
        let at = |rise: bool| {
            let hit = move |i: &usize| open(*i) == rise && was(*i) != rise;
            (0..gate.len()).filter(hit).map(|i| i as u64).collect()
        };
        (at(true), at(false))
    }

    #[test]
    fn edges_fall_on_the_frames_of_the_transport() {
        for bpm in [61.7, 120.0, 132.0, 173.3] {
            let time = Transport::new(RATE as f64, bpm);
            let out = seq("C2 E2 G2").transport(time).set("gate", 0.3).render(4_000);
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
        let out = seq("C2 _ _ _").change(7_013, |t| t.playing = false).render(300);
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
        assert!((pitch[arrived] - 7.0 / 12.0).abs() < 0.007, "{}", pitch[arrived]);
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
        let out = seq("C4").feed("gate", |_, f| 1.0 - f as f32 / 12_000.0).render(200);
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
}
