//! Random values in time: a new one every step of the transport. It has no state: the values belong to the song's steps.
use crate::dsp::lanes::{Float, Lanes};

use super::{
    beat::{Grid, Strike, step_length, walk},
    module::{Build, In, Io, LaneInit, Module, OptionError},
    notation::hash,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {}
    outputs {
        OUT: "out" Cv "the value, between `min` and `max`; as a pitch it is in octaves";
        GATE: "gate" Gate "opens with each new value";
    }
    params {
        MIN: "min" Plain -10.0, 10.0, 0.0, Linear "lowest value";
        MAX: "max" Plain -10.0, 10.0, 1.0, Linear "highest value";
        CENTER: "center" Plain 0.0, 1.0, 0.0, Linear "0: all values alike; 1: those in the middle most often";
        CHANCE: "chance" Plain 0.0, 1.0, 1.0, Linear "chance of a new value each step; else the last one stays";
        GLIDE: "glide" Plain 0.0, 1.0, 0.0, Linear "part of a step that the way to the new value takes";
        SWING: "swing" Plain -0.75, 0.75, 0.0, Linear "how late every second step is, in steps, beside the patch's swing";
    }
    options {
        RATE: "rate" Length { default: 0.25 } "length of a step";
        LOOP: "loop" Whole { min: 0, max: 256, default: 0 } "steps after which the values come again; 0: never";
    }
}

/// State word: tells this module's values from another's.
const SEED: usize = 0;
/// Steps in a row that may keep a value.
const BACK: i64 = 64;

pub struct Random {
    /// Beats.
    length: f64,
    repeats: i64,
}

impl Module for Random {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Random",
        doc: "A random value every step of the transport, which may come again in a loop.",
        algorithm: "a hash of the step in the song, so that a place always has its value",
        family: Family::Modulation,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            length: step_length(build.length(option::RATE), option::RATE)?,
            repeats: build.whole(option::LOOP),
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.module_seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (cx, ins) = (io.cx, io.ins);
        let mut moves = false;
        for lane in 0..L::N {
            let of = |param: usize, i: usize| ins[param].at(i).lanes()[lane];
            let dice = Dice {
                seed: io.state[SEED].lanes()[lane].to_bits(),
                repeats: self.repeats,
            };
            let grid = Grid::new(self.length, of(param::SWING, 0), cx.swing);
            moves |= walk(cx, |s| {
                let place = grid.place(s.time, cx.frame + s.at as u64);
                let (chance, center) = (of(param::CHANCE, s.at), of(param::CENTER, s.at));
                let step = dice.last_new(place.number, chance);
                let strike = Strike::of(&place, step == place.number);
                let half = In::constant(l.f(0.5));
                let (end, moved) = s.write(cx, &mut io.outs[output::GATE], lane, half, &strike);
                let value = dice.value(step, center);
                let glide = of(param::GLIDE, s.at) as f64 * (place.end - place.start);
                let since = s.time.beat_at(cx.frame + s.at as u64) - place.start;
                let glides = step == place.number && glide > since;
                let from = match glides {
                    true => dice.value(dice.last_new(step - 1, chance), center),
                    false => value,
                };
                let out = &mut io.outs[output::OUT];
                for i in s.at..end {
                    let part = match glides {
                        true => (s.time.beat_at(cx.frame + i as u64) - place.start) / glide,
                        false => 1.0,
                    };
                    let x = from + (value - from) * part.min(1.0) as f32;
                    out.block[i].lanes_mut()[lane] = x;
                }
                (end, moved || (glides && s.time.playing))
            });
        }
        let (min, max) = (ins[param::MIN], ins[param::MAX]);
        let steady = !moves && min.is_constant() && max.is_constant();
        let out = &mut io.outs[output::OUT];
        for (i, x) in out.block.iter_mut().enumerate() {
            *x = x.fma(max.at(i) - min.at(i), min.at(i));
        }
        out.constant = steady;
        io.outs[output::GATE].constant = !moves;
    }
}

/// Throws that belong to the steps of the song.
#[derive(Clone, Copy)]
struct Dice {
    seed: u32,
    repeats: i64,
}

impl Dice {
    /// 0..1; the salt tells throws of one step apart.
    #[inline]
    fn throw(&self, step: i64, salt: u32) -> f32 {
        let step = match self.repeats {
            0 => step,
            repeats => step.rem_euclid(repeats),
        };
        (hash(self.seed ^ salt, step) >> 8) as f32 / (1u32 << 24) as f32
    }

    /// The step, at or before this one, that has the value which stands.
    #[inline]
    fn last_new(&self, step: i64, chance: f32) -> i64 {
        let mut found = step;
        while step - found < BACK && self.throw(found, 0x51ed_270b) >= chance {
            found -= 1;
        }
        found
    }

    /// 0..1: from one throw to the mean of three.
    #[inline]
    fn value(&self, step: i64, center: f32) -> f32 {
        let one = self.throw(step, 0);
        let three = (one + self.throw(step, 0x2545_f491) + self.throw(step, 0x9e37_79b9)) / 3.0;
        one + (three - one) * center
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

    #[test]
    fn values_change_at_the_frames_of_the_steps_and_fill_the_range() {
        let time = Transport::new(RATE as f64, 143.3);
        let rig = Rig::new("Random")
            .transport(time)
            .set("min", -2.0)
            .set("max", 3.0);
        let out = rig.render(20_000);
        let values = out.lane("out", 0);
        let changes: Vec<u64> = (1..values.len())
            .filter(|i| values[*i] != values[i - 1])
            .map(|i| i as u64)
            .collect();
        let want: Vec<u64> = (1..)
            .map_while(|n| time.frame_of(n as f64 * 0.25, 0))
            .take(changes.len())
            .collect();
        assert_eq!(changes, want);
        assert_eq!(edges(out.lane("gate", 0)).0[1..], want);
        let (low, high) = values
            .iter()
            .fold((9.0f32, -9.0f32), |(a, b), x| (a.min(*x), b.max(*x)));
        assert!(
            (-2.0..-1.9).contains(&low) && high > 2.9 && high <= 3.0,
            "{low} {high}"
        );
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        assert!((mean - 0.5).abs() < 0.4, "{mean}");
    }

    #[test]
    fn a_loop_comes_again_and_chance_keeps_values() {
        let rig = || Rig::new("Random").option("loop", OptionValue::Whole(5));
        let out = rig().render(3_000);
        let values = out.lane("out", 0);
        assert_eq!(values[..30_000], values[30_000..60_000]);
        let kept = Rig::new("Random").set("chance", 0.25).render(30_000);
        let (up, _) = edges(kept.lane("gate", 0));
        assert!((55..110).contains(&up.len()), "{}", up.len());
    }

    #[test]
    fn a_glide_arrives_in_its_part_of_the_step_without_a_jump() {
        let out = Rig::new("Random").set("glide", 0.5).render(2_000);
        let values = out.lane("out", 0);
        let steepest = values
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0, f32::max);
        assert!(steepest <= 1.0 / 3_000.0 + 1e-6, "{steepest}");
        assert_eq!(values[3_001], values[5_999]);
    }

    #[test]
    fn swapped_in_later_it_goes_on() {
        let rig = || {
            Rig::new("Random")
                .set("chance", 0.6)
                .set("glide", 0.3)
                .swing(0.3)
        };
        let whole = rig().render(3_000);
        let late = rig().resume(&[], 64_000).render(2_000);
        assert_eq!(&whole.lane("out", 0)[64_000..], late.lane("out", 0));
    }
}
