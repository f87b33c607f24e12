//! Sample and hold, track and hold; also of a noise of its own.
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
    inputs {
        IN: "in" Cv "what is held";
        GATE: "gate" Gate "takes the value when it opens";
    }
    outputs { OUT: "out" Cv "the value taken last; 0 before the first"; }
    params {}
    options {
        MODE: "mode" Choice(&["Hold", "Track"]) "Track follows while the gate is open and holds when it closes";
        FROM: "from" Choice(&["Input", "Noise"]) "Noise holds a random value, -1..1, beside the input";
    }
}

/// State words.
const VALUE: usize = 0;
const OPEN: usize = 1;
const COUNT: usize = 2;
const SEED: usize = 3;

pub struct Hold {
    tracks: bool,
    noise: bool,
}

impl Module for Hold {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Hold",
        doc: "Sample and hold: keeps the value that its input has when the gate opens.",
        algorithm: "",
        family: Family::Modulation,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 4;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            tracks: build.choice(option::MODE) == 1,
            noise: build.choice(option::FROM) == 1,
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (input, gate) = (io.ins[input::IN], io.ins[input::GATE]);
        let (mut value, mut open) = (io.state[VALUE], io.state[OPEN].gt(l.f(0.5)));
        let (mut count, seed) = (io.state[COUNT].bits(), io.state[SEED].bits());
        let out = &mut io.outs[output::OUT];
        if gate.is_constant() {
            let now = gate.head().ge(l.f(0.5));
            let stays = (now & open.not()).any() || (self.tracks && now.any());
            if !stays {
                out.fill(value);
                io.state[OPEN] = L::F::select(now, l.f(1.0), l.f(0.0));
                return;
            }
        }
        for i in 0..BLOCK {
            let now = gate.at(i).ge(l.f(0.5));
            let opens = now & open.not();
            open = now;
            let mut taken = input.at(i);
            if self.noise {
                count = L::I::select(opens, count + l.i(1), count);
                taken = taken + white(l, count, seed);
            }
            let takes = if self.tracks { now } else { opens };
            value = L::F::select(takes, taken, value);
            out.block[i] = value;
        }
        io.state[VALUE] = value;
        io.state[OPEN] = L::F::select(open, l.f(1.0), l.f(0.0));
        io.state[COUNT] = count.bits();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{harness::Rig, spec::OptionValue};

    fn rig(mode: usize) -> Rig {
        Rig::new("Hold")
            .option("mode", OptionValue::Choice(mode))
            .feed("in", |_, f| f as f32)
            .feed("gate", |_, f| {
                (f % 500 >= 100 && f % 500 < 300) as u32 as f32
            })
    }

    #[test]
    fn the_value_is_that_of_the_frame_at_which_the_gate_opens() {
        for (f, x) in rig(0).render(40).lane("out", 0).iter().enumerate() {
            let last = (f + 400) / 500 * 500;
            assert_eq!(*x, if f < 100 { 0.0 } else { (last - 400) as f32 }, "{f}");
        }
    }

    #[test]
    fn a_track_follows_until_the_gate_closes() {
        for (f, x) in rig(1).render(40).lane("out", 0).iter().enumerate() {
            let (round, inside) = (f / 500 * 500, f % 500);
            let want = match inside {
                0..100 if round == 0 => 0,
                0..100 => round - 201,
                100..300 => f,
                _ => round + 299,
            };
            assert_eq!(*x, want as f32, "{f}");
        }
    }

    #[test]
    fn noise_gives_a_new_value_each_time_and_fills_its_range() {
        let out = Rig::new("Hold")
            .option("from", OptionValue::Choice(1))
            .feed("gate", |_, f| (f % 20 < 10) as u32 as f32)
            .render(1_000);
        let out = out.lane("out", 0);
        let values: Vec<f32> = out.iter().step_by(20).copied().collect();
        assert!(values.windows(2).all(|w| w[0] != w[1]));
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let power = values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
        assert!(
            mean.abs() < 0.05 && (power - 1.0 / 3.0).abs() < 0.03,
            "{mean} {power}"
        );
    }
}
