//! Stereo width: the sides' difference against their sum.
use std::f32::consts::{LOG2_E, TAU};

use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
    math::exp2,
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "signal, narrower or wider"; }
    params {
        WIDTH: "width" ["amount"] Plain 0.0, 2.0, 1.0, Linear "0 mono, 1 as it is, 2 twice as wide";
        BASS: "bass" ["mono_below"] Hz 10.0, 1_000.0, 10.0, Log "what is lower comes from the middle, 6 dB an octave; at 10 Hz nothing does";
        BALANCE: "balance" Plain -1.0, 1.0, 0.0, Linear "-1 left only, 1 right only; the other side is turned down";
    }
    options {}
}

/// Below this what is left of the low difference is dropped: -140 dB.
const SILENCE: f32 = 1e-7;
/// The crossover is off at the range's end.
const OFF_HZ: f32 = 10.0;

pub struct Width {
    rate: f32,
}

impl Module for Width {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Width",
        doc: "Stereo width and balance; can bring the bass to the middle.",
        algorithm: "sum and difference (Blumlein 1931)",
        family: Family::Effect,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self { rate: build.rate })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (left, right) = (io.ins[input::IN_L], io.ins[input::IN_R]);
        let [out_l, out_r] = io.outs else {
            return;
        };
        let (zero, one, half) = (l.f(0.0), l.f(1.0), l.f(0.5));
        let mut low = io.state[0];
        if !left.louder_than(l, SILENCE)
            && !right.louder_than(l, SILENCE)
            && !low.abs().gt(l.f(SILENCE)).any()
        {
            io.state[0] = zero;
            out_l.fill(zero);
            out_r.fill(zero);
            return;
        }
        let (width, balance) = (io.ins[param::WIDTH], io.ins[param::BALANCE]);
        let hz = io.ins[param::BASS];
        let turn = l.f(-TAU * LOG2_E / self.rate);
        let share = |hz: L::F| {
            let part = one - exp2(l, hz * turn);
            L::F::select(l.f(OFF_HZ).ge(hz), zero, part)
        };
        let from = share(hz.head());
        let step = match hz.block() {
            None => zero,
            Some(block) => (share(block[BLOCK - 1]) - from) * l.f(1.0 / BLOCK as f32),
        };
        for i in 0..BLOCK {
            let (a, b) = (left.at(i), right.at(i));
            let (middle, side) = ((a + b) * half, (a - b) * half);
            let part = step.fma(l.f(i as f32), from);
            low = (side - low).fma(part, low);
            // Without a crossover the low difference fades away by itself.
            low = L::F::select(part.gt(zero), low, low * l.f(0.99));
            let side = (side - low) * width.at(i);
            let to = balance.at(i);
            out_l.block[i] = (middle + side) * (one - to.max(zero));
            out_r.block[i] = (middle - side) * (one + to.min(zero));
        }
        io.state[0] = low;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::rms,
    };

    fn noise() -> Rig {
        let side = |lane: usize, f: u64| hash_noise(lane + 50, f);
        Rig::new("Width").feed("in", hash_noise).feed("in.R", side)
    }

    #[test]
    fn as_it_is_mono_and_only_the_difference() {
        let x: Vec<f32> = (0..640).map(|f| hash_noise(0, f)).collect();
        let same = noise().render(10);
        assert!(difference_db(same.lane("out", 0), &x) < -130.0);
        let mono = noise().set("width", 0.0).render(10);
        assert_eq!(mono.lane("out", 0), mono.right("out", 0));
        let wide = noise().set("width", 2.0).render(10);
        let middle = |f: usize| wide.lane("out", 0)[f] + wide.right("out", 0)[f];
        let was = |f: usize| same.lane("out", 0)[f] + same.right("out", 0)[f];
        for f in 0..640 {
            assert!((middle(f) - was(f)).abs() < 1e-5, "{f}");
        }
    }

    #[test]
    fn bass_comes_from_the_middle() {
        let tone = |hz: f32, sign: f32| {
            move |_: usize, f: u64| sign * (std::f32::consts::TAU * hz * f as f32 / RATE).sin()
        };
        for (hz, want) in [(20.0, -20.04), (200.0, -3.01), (4_000.0, -0.01)] {
            let out = Rig::new("Width")
                .feed("in", tone(hz, 1.0))
                .feed("in.R", tone(hz, -1.0))
                .set("bass", 200.0)
                .render(750);
            let db = 20.0 * (rms(&out.lane("out", 0)[24_000..]) * std::f64::consts::SQRT_2).log10();
            assert!((db - want).abs() < 0.25, "{hz}: {db}");
        }
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let rig = |lane: usize| 0.1 * lane as f32;
            let all = noise().per_lane("width", rig).set("bass", 90.0).on(isa, width).render(50);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Width")
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .feed("in.R", move |_, f| hash_noise(lane + 50, f))
                    .set("width", rig(lane))
                    .set("bass", 90.0)
                    .render(50);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -120.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
