//! Dust: single impulses and short gates at random times.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Int, Lanes, Mask},
    noise::white,
};

use super::{
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {}
    outputs {
        OUT: "out" Audio "impulses of one frame, of random height up to level";
        GATE: "gate" Gate "opens at each impulse; closes for one frame where it is open already";
    }
    params {
        DENSITY: "density" ["rate"] Hz 0.01, 20_000.0, 8.0, Log "impulses a second, on average";
        LENGTH: "length" Seconds 0.000_5, 10.0, 0.01, Log "how long the gate stays open";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "greatest height";
    }
    options { POLARITY: "polarity" Choice(&["Both", "Up"]) "impulses to either side, or upwards only"; }
}

/// State words: frames so far, the seed, seconds that the gate stays open.
const COUNT: usize = 0;
const SEED: usize = 1;
const OPEN: usize = 2;

pub struct Dust {
    rate: f32,
    up: bool,
}

impl Module for Dust {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Dust",
        doc: "Impulses and gates at random times; the same at every start.",
        algorithm: "a Poisson process, frame by frame, from a hash of the frame number",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = OPEN + 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            up: build.choice(option::POLARITY) == 1,
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (density, length, level) = (
            io.ins[param::DENSITY],
            io.ins[param::LENGTH],
            io.ins[param::LEVEL],
        );
        let (count, seed) = (io.state[COUNT].bits(), io.state[SEED].bits());
        let mut open = io.state[OPEN];
        let (zero, one, frame) = (l.f(0.0), l.f(1.0), l.f(1.0 / self.rate));
        let (mut sounds, mut opens) = (false, false);
        let (outs, gates) = io.outs.split_at_mut(output::GATE);
        let (out, gate) = (&mut outs[output::OUT], &mut gates[0]);
        for i in 0..BLOCK {
            // The chance of an impulse in this frame; where one falls, its height is what is left of the number.
            let chance = density.at(i) * frame;
            let height = white(l, count + l.i(i as i32), seed) / chance;
            let hit = one.gt(height.abs());
            let height = if self.up { height.abs() } else { height };
            out.block[i] = L::F::select(hit, height * level.at(i), zero);
            let was_open = open.gt(zero);
            gate.block[i] =
                L::F::select((hit & was_open.not()) | (was_open & hit.not()), one, zero);
            open = L::F::select(hit, length.at(i), (open - frame).max(zero));
            sounds |= hit.any();
            opens |= open.gt(zero).any();
        }
        io.state[COUNT] = (count + l.i(BLOCK as i32)).bits();
        io.state[OPEN] = open;
        if !sounds {
            out.fill(zero);
        }
        if !opens {
            gate.fill(zero);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type},
        spec::OptionValue,
    };

    fn times(x: &[f32]) -> Vec<usize> {
        (0..x.len()).filter(|i| x[*i] != 0.0).collect()
    }

    #[test]
    fn there_are_as_many_as_the_density_says_and_gaps_are_those_of_chance() {
        for density in [3.0, 200.0, 5_000.0] {
            let out = Rig::new("Dust")
                .set("density", density)
                .wide()
                .render(1 << 14);
            let seconds = (64 << 14) as f64 / RATE as f64;
            for lane in 0..out.lanes() {
                let times = times(out.lane("out", lane));
                let want = density as f64 * seconds;
                // Four standard deviations of Poisson's law.
                assert!(
                    (times.len() as f64 - want).abs() < 4.0 * want.sqrt(),
                    "{density}: {}",
                    times.len()
                );
                if density == 200.0 {
                    // Gaps longer than the mean: 1/e of them.
                    let long = times
                        .windows(2)
                        .filter(|w| (w[1] - w[0]) as f32 > RATE / density)
                        .count();
                    let share = long as f64 / times.len() as f64;
                    assert!((share - 0.368).abs() < 0.03, "{share}");
                }
            }
            let (a, b) = (times(out.lane("out", 0)), times(out.lane("out", 1)));
            assert_ne!(a, b);
        }
    }

    #[test]
    fn heights_are_even_and_to_the_side_that_was_asked_for() {
        for up in [0, 1] {
            let rig = Rig::new("Dust").option("polarity", OptionValue::Choice(up));
            let out = rig
                .set("density", 2_000.0)
                .set("level", 0.5)
                .render(1 << 13);
            let x: Vec<f32> = out
                .lane("out", 0)
                .iter()
                .copied()
                .filter(|x| *x != 0.0)
                .collect();
            let mean = x.iter().sum::<f32>() / x.len() as f32;
            let size = x.iter().map(|x| x.abs()).sum::<f32>() / x.len() as f32;
            assert!(
                (size - 0.25).abs() < 0.01 && x.iter().all(|x| x.abs() <= 0.5),
                "{size}"
            );
            assert!((mean - 0.25 * up as f32).abs() < 0.01, "{mean}");
        }
    }

    #[test]
    fn every_impulse_opens_the_gate_for_its_length() {
        let out = Rig::new("Dust")
            .set("density", 5.0)
            .set("length", 0.01)
            .render(1 << 13);
        let (hits, gate) = (times(out.lane("out", 0)), out.lane("gate", 0));
        for pair in hits.windows(2).filter(|w| w[1] - w[0] > 500) {
            let open = gate[pair[0]..pair[1]].iter().filter(|g| **g > 0.5).count();
            assert!((479..=482).contains(&open), "{open}");
        }
        for hit in hits.iter().filter(|h| **h > 0) {
            assert!(gate[hit - 1] != gate[*hit], "{hit}");
        }
    }

    #[test]
    fn all_lane_types_make_the_same_dust() {
        let want = Rig::new("Dust").set("density", 900.0).render(500);
        for (isa, width) in every_lane_type() {
            let got = Rig::new("Dust")
                .set("density", 900.0)
                .on(isa, width)
                .render(500);
            for port in ["out", "gate"] {
                assert!(difference_db(got.lane(port, 0), want.lane(port, 0)) < -120.0);
            }
        }
    }
}
