//! Slew limiter.
use crate::dsp::{
    approach::approach,
    lanes::{Float, Lanes, Mask},
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { IN: "in" Cv "signal"; }
    outputs { OUT: "out" Cv "the signal, in no hurry"; }
    params {
        RISE: "rise" ["up"] Seconds 0.0001, 20.0, 0.1, Log "time to rise by 1 (Linear), or until 1 % of the way is left (Curved)";
        FALL: "fall" ["down"] Seconds 0.0001, 20.0, 0.1, Log "time to fall likewise";
    }
    options { SHAPE: "shape" Choice(&["Linear", "Curved"]) "at a steady speed, or fast first and slow at last"; }
}

/// Time constants that a curved move's time stands for: ln 100.
const CURVE: f32 = 4.605_170_2;
/// A distance that is dropped: -140 dB.
const SETTLED: f32 = 1e-7;

/// State words. The level is the signal less the distance, which loses no precision however slow it shrinks.
const SIGNAL: usize = 0;
const DISTANCE: usize = 1;
const STARTED: usize = 2;

pub struct Slew {
    curved: bool,
    rate: f32,
}

impl Module for Slew {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Slew",
        doc: "Slew limiter: portamento, lag, soft edges; begins where its signal begins.",
        algorithm: "steps of bounded size, or a one-pole of two times",
        family: Family::Shaping,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 3;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            curved: build.choice(option::SHAPE) == 1,
            rate: build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, rise, fall) = (io.ins[input::IN], io.ins[param::RISE], io.ins[param::FALL]);
        let out = &mut io.outs[output::OUT];
        let started = io.state[STARTED].gt(l.f(0.5));
        io.state[STARTED] = l.f(1.0);
        let mut signal = L::F::select(started, io.state[SIGNAL], x.head());
        let mut distance = io.state[DISTANCE];
        let off = (x.head() - signal + distance).abs();
        if x.is_constant() && l.f(SETTLED).ge(off).all() {
            (io.state[SIGNAL], io.state[DISTANCE]) = (x.head(), l.f(0.0));
            return out.fill(x.head());
        }
        for (i, o) in out.block.iter_mut().enumerate() {
            let now = x.at(i);
            distance = distance + (now - signal);
            signal = now;
            let seconds = L::F::select(distance.gt(l.f(0.0)), rise.at(i), fall.at(i));
            if self.curved {
                distance = distance.nfma(approach(l, CURVE, seconds, self.rate), distance);
            } else {
                let step = l.f(1.0 / self.rate) / seconds;
                distance = distance - distance.max(-step).min(step);
            }
            *o = signal - distance;
        }
        (io.state[SIGNAL], io.state[DISTANCE]) = (signal, distance);
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig},
        spec::OptionValue,
    };

    fn step(shape: usize) -> Vec<f32> {
        let rig = Rig::new("Slew").option("shape", OptionValue::Choice(shape));
        let rig = rig.set("rise", 0.1).set("fall", 0.2);
        let x = |_, t: u64| if (100..10_100).contains(&t) { 1.0 } else { 0.0 };
        rig.feed("in", x).render(400).lane("out", 0).to_vec()
    }

    #[test]
    fn a_step_takes_the_time_it_is_given() {
        let y = step(0);
        let frames = |seconds: f32| (seconds * RATE) as usize;
        assert!((y[100 + frames(0.05)] - 0.5).abs() < 1e-3);
        assert!(y[100 + frames(0.1) + 2] >= 1.0 - 1e-5);
        assert!((y[10_100 + frames(0.1)] - 0.5).abs() < 1e-3);
        let y = step(1);
        assert!((y[100 + frames(0.1)] - 0.99).abs() < 1e-3);
        assert!((y[10_100 + frames(0.2)] - 0.01).abs() < 1e-3);
    }

    #[test]
    fn it_begins_where_its_signal_is_and_rests_there() {
        let out = Rig::new("Slew").set("in", 0.7).render(4);
        assert!(out.lane("out", 0).iter().all(|y| *y == 0.7));
        assert!(out.constant.iter().all(|c| *c));
        // Slow and long, it still arrives.
        for shape in 0..2 {
            let rig = Rig::new("Slew").option("shape", OptionValue::Choice(shape));
            let out = rig.set("rise", 5.0).steps("in", |_, b| (b > 0) as u32 as f32).render(14_000);
            assert!(*out.constant.last().expect("blocks"), "{shape}");
            let half = if shape == 0 { 2.5 } else { 5.0 * 2f32.log(100.0) };
            let y = out.lane("out", 0)[64 + (half * RATE) as usize];
            assert!((y - 0.5).abs() < 2e-3, "{shape}: {y}");
        }
    }
}
