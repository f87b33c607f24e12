//! Crush: fewer bits and a lower rate.
use crate::dsp::{
    BLOCK,
    delay_line::lagrange6,
    lanes::{Float, Lanes, Mask},
    math::exp2,
    step::{self, LATE, Residuals, TAPS, Table},
};

use super::{
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "crushed signal, 18 frames late"; }
    params {
        BITS: "bits" Plain 1.0, 16.0, 8.0, Linear "steps from -1 to 1 are 2 to the power of this; between whole bits too";
        RATE: "rate" ["freq"] Hz 100.0, 48_000.0, 12_000.0, Log "how often the signal is looked at; it is held in between";
        MIX: "mix" ["wet"] Plain 0.0, 1.0, 1.0, Linear "0 signal only, 1 crushed only";
    }
    options {}
}

/// Frames that a look between frames needs, the last of them later than it.
const NEAR: usize = 6;
/// Frames that the crushed signal is late.
const DELAY: usize = LATE + NEAR / 2 - 1;
/// Nothing is heard below this: -140 dB.
const SILENCE: f32 = 1e-7;

/// State words: time since the last look in looks, then of each side the frames before, what is held, the held frames that are still
/// to be heard with what their edges lack, and the signal as late.
const CLOCK: usize = 0;
const BEFORE: usize = 0;
const HELD: usize = BEFORE + NEAR - 1;
const NAIVE: usize = HELD + 1;
const LACK: usize = NAIVE + LATE;
const DRY: usize = LACK + TAPS;
const SIDE: usize = DRY + DELAY;

pub struct Crush {
    rate: f32,
    table: &'static Table,
}

impl Module for Crush {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Crush",
        doc: "Bit and rate crusher whose images are all its own: no step folds back at the rate of the program.",
        algorithm: "sample and hold at any time between frames, its steps band-limited from the oscillators' table",
        family: Family::Effect,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 1 + 2 * SIDE;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            table: step::table(),
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let sides = [io.ins[input::IN_L], io.ins[input::IN_R]];
        let hears = |x: &In<'_, L>| x.louder_than(l, SILENCE);
        if !sides.iter().any(hears)
            && !io.state[1..].iter().any(|x| x.abs().gt(l.f(SILENCE)).any())
        {
            io.state[1..].fill(l.f(0.0));
            io.outs[output::OUT_L].fill(l.f(0.0));
            io.outs[output::OUT_R].fill(l.f(0.0));
            return;
        }
        // When each frame's look was, in frames before it; below 0 there was none.
        let mut looks = [l.f(-1.0); BLOCK];
        let (rate, one) = (io.ins[param::RATE], l.f(1.0));
        let mut clock = io.state[CLOCK];
        for (i, look) in looks.iter_mut().enumerate() {
            let step = (rate.at(i) * l.f(1.0 / self.rate)).min(one);
            clock = clock + step;
            let now = clock.ge(one);
            clock = L::F::select(now, clock - one, clock);
            *look = L::F::select(now, (clock / step).min(one), l.f(-1.0));
        }
        io.state[CLOCK] = clock;
        let bits = io.ins[param::BITS];
        let steps = |i: usize| exp2(l, bits.at(i) - one);
        let steady = steps(0);
        let words = io.state[1..].chunks_exact_mut(SIDE);
        for ((state, x), out) in words.zip(sides).zip(io.outs.iter_mut()) {
            let steps = |i: usize| match bits.is_constant() {
                true => steady,
                false => steps(i),
            };
            self.side(l, x, &looks, steps, state, &mut out.block);
            let mix = io.ins[param::MIX];
            for i in 0..DELAY {
                out.block[i] = (out.block[i] - state[DRY + i]).fma(mix.at(i), state[DRY + i]);
                state[DRY + i] = x.at(BLOCK - DELAY + i);
            }
            for i in DELAY..BLOCK {
                let dry = x.at(i - DELAY);
                out.block[i] = (out.block[i] - dry).fma(mix.at(i), dry);
            }
        }
    }
}

impl Crush {
    /// One side's block of steps.
    #[inline(always)]
    fn side<L: Lanes>(
        &self,
        l: L,
        x: In<'_, L>,
        looks: &[L::F; BLOCK],
        steps: impl Fn(usize) -> L::F,
        state: &mut [L::F],
        out: &mut [L::F; BLOCK],
    ) {
        let mut lack: Residuals<L> = [l.f(0.0); BLOCK + TAPS];
        lack[..TAPS].copy_from_slice(&state[LACK..DRY]);
        let mut held_frames = [l.f(0.0); LATE + BLOCK];
        held_frames[..LATE].copy_from_slice(&state[NAIVE..LACK]);
        let mut near = [l.f(0.0); NEAR - 1 + BLOCK];
        near[..NEAR - 1].copy_from_slice(&state[BEFORE..HELD]);
        for i in 0..BLOCK {
            near[NEAR - 1 + i] = x.at(i);
        }
        let (one, mut held) = (l.f(1.0), state[HELD]);
        for i in 0..BLOCK {
            let past = looks[i];
            let looked = past.ge(l.f(0.0));
            let steps = steps(i);
            let mut seen = l.f(0.0);
            for (x, weight) in near[i..i + NEAR].iter().zip(lagrange6(l, one - past)) {
                seen = x.fma(weight, seen);
            }
            let seen = (seen * steps).round() / steps;
            let new = L::F::select(looked, seen, held);
            let rise = new - held;
            let mut lanes = rise.abs().gt(l.f(0.0)).to_bits();
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize & (L::N - 1);
                lanes &= lanes - 1;
                let (past, rise) = (past.lanes()[lane], rise.lanes()[lane]);
                step::add(l, &mut lack, self.table, i, lane, past, rise);
            }
            held = new;
            held_frames[LATE + i] = held;
        }
        for i in 0..BLOCK {
            out[i] = held_frames[i] + lack[i];
        }
        state[HELD] = held;
        state[BEFORE..HELD].copy_from_slice(&near[BLOCK..]);
        state[NAIVE..LACK].copy_from_slice(&held_frames[BLOCK..]);
        state[LACK..DRY].copy_from_slice(&lack[BLOCK..]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::Spectrum,
    };
    use std::f64::consts::TAU;

    #[test]
    fn its_own_images_are_all_there_is() {
        // Looked at six times a cycle: every image is a harmonic, and whatever is not has folded back.
        let mut worst = -300.0f64;
        for f0 in [1_217.3, 2_489.0, 441.7] {
            let out = Rig::new("Crush")
                .feed("in", move |_, t| (TAU * f0 * t as f64 / RATE as f64).sin() as f32)
                .set("bits", 16.0)
                .set("rate", (6.0 * f0) as f32)
                .render(1 << 12);
            let s = Spectrum::new(&out.lane("out", 0)[1 << 16..], RATE);
            let alias = s.alias_db(f0);
            worst = worst.max(alias);
            // The images are those of a sample and hold: sinc-weighted.
            let want = 20.0 * ((TAU / 12.0 * 5.0).sin() / (TAU / 12.0 * 5.0)).abs().log10();
            let image = s.amplitude_db(5.0 * f0);
            assert!((image - want).abs() < 0.3, "{f0}: {image} {want}");
        }
        assert!(worst < -80.0, "{worst}");
    }

    #[test]
    fn bits_are_steps() {
        // A slow ramp at full rate shows the steps themselves.
        let ramp = |_: usize, f: u64| f as f32 / 24_000.0 - 1.0;
        let out = Rig::new("Crush").feed("in", ramp).set("bits", 3.0).set("rate", 48_000.0);
        let out = out.render(750);
        let mut near = 0;
        let x = &out.lane("out", 0)[200..];
        for x in x {
            near += ((x * 4.0).round() - x * 4.0).abs().le(&0.02) as usize;
        }
        assert!(near as f32 > 0.97 * x.len() as f32, "{near} of {}", x.len());
        let levels: std::collections::BTreeSet<i32> = x.iter().map(|x| (x * 4.0).round() as i32).collect();
        assert_eq!(levels.len(), 9);
    }

    #[test]
    fn silence_costs_nothing() {
        let burst = |_: usize, b: u64| (b == 3) as u32 as f32;
        let out = Rig::new("Crush").steps("in", burst).render(60);
        assert!(out.constant[0] && !out.constant[3] && out.constant[59]);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let rate = |lane: usize| 2_000.0 + 700.3 * lane as f32;
            let all = Rig::new("Crush").feed("in", hash_noise).per_lane("rate", rate);
            let all = all.set("bits", 5.0).on(isa, width).render(80);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Crush")
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .set("rate", rate(lane))
                    .set("bits", 5.0)
                    .render(80);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -100.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
