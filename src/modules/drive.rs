//! Distortion in three shapes.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Int, Lanes, Mask, RunF},
    leak::{leak, scale},
    math::tanh,
    oversample::{self, DELAY, Oversampler},
    phase::turns,
    sine::sin_turn,
    waveshape::{Clip, Smooth},
};

use super::{
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "distorted signal, 38 frames late"; }
    params {
        DRIVE: "drive" Decibels -24.0, 48.0, 0.0, Linear "gain into the shape";
        TONE: "tone" Plain 0.0, 1.0, 0.5, Linear "0 dark, 0.5 flat, 1 thin";
        MIX: "mix" ["wet"] Plain 0.0, 1.0, 1.0, Linear "0 dry, 1 distorted";
        LEVEL: "level" ["gain"] Decibels -60.0, 12.0, 0.0, Linear "output level";
    }
    options { SHAPE: "shape" Choice(&["Soft", "Hard", "Fold"]) "tanh, clipping, or folding by a sine"; }
}

#[derive(Clone, Copy)]
enum Shape {
    Soft,
    Hard,
    Fold,
}

/// Where `tone` divides dark from bright.
const TILT_HZ: f32 = 700.0;
/// What is left of a signal that went silent is dropped below this: -140 dB.
const SILENCE: f32 = 1e-7;

/// State words of a channel: the oversampler's, the dry signal still to come, the tone's low-pass.
const DRY: usize = oversample::WORDS;
const LOW: usize = DRY + DELAY;
const CHANNEL: usize = LOW + 1;

pub struct Drive {
    shape: Shape,
    oversampler: Oversampler,
    tilt: f32,
}

impl Module for Drive {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Drive",
        doc: "Distortion: soft, hard or folding.",
        algorithm: "curves integrated along the signal (antiderivative antialiasing of second order: Parker, Zavalishin and Le Bivic 2016) at four times the rate, between half-band filters of 90 dB",
        family: Family::Effect,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 2 * CHANNEL;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            shape: match build.choice(option::SHAPE) {
                0 => Shape::Soft,
                1 => Shape::Hard,
                _ => Shape::Fold,
            },
            oversampler: Oversampler::default(),
            tilt: 1.0 - (-std::f32::consts::TAU * TILT_HZ / build.rate).exp(),
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (left, right) = (io.ins[input::IN_L], io.ins[input::IN_R]);
        let [out_l, out_r] = io.outs else {
            return;
        };
        let silent = !left.louder_than(l, SILENCE) && !right.louder_than(l, SILENCE);
        if silent && !io.state.iter().any(|x| x.abs().gt(l.f(SILENCE)).any()) {
            io.state.fill(l.f(0.0));
            out_l.fill(l.f(0.0));
            out_r.fill(l.f(0.0));
            return;
        }
        let (state_l, state_r) = io.state.split_at_mut(CHANNEL);
        // A mono signal comes as one buffer in both inputs: once is enough.
        let mono = one_signal(l, &left, &right) && alike(l, state_l, state_r);
        self.channel(l, left, io.ins, state_l, &mut out_l.block);
        if mono {
            out_r.block.copy_from_slice(&out_l.block[..]);
            state_r.copy_from_slice(state_l);
        } else {
            self.channel(l, right, io.ins, state_r, &mut out_r.block);
        }
    }
}

impl Drive {
    #[inline(always)]
    fn channel<L: Lanes>(
        &self,
        l: L,
        x: In<'_, L>,
        ins: &[In<'_, L>],
        state: &mut [L::F],
        out: &mut [L::F; BLOCK],
    ) {
        let (drive, tone) = (ins[param::DRIVE], ins[param::TONE]);
        let (mix, level) = (ins[param::MIX], ins[param::LEVEL]);
        let (zeros, r) = ([l.f(0.0); BLOCK], l.run());
        let mut flat = [zeros; 4];
        let [flat_x, flat_drive, flat_mix, flat_level] = &mut flat;
        let x = x.expand(flat_x);
        let mut dry = [l.f(0.0); DELAY + BLOCK];
        dry[..DELAY].copy_from_slice(&state[DRY..LOW]);
        dry[DELAY..].copy_from_slice(x);
        let (drive, mut driven) = (drive.expand(flat_drive), zeros);
        for at in (0..BLOCK).step_by(L::RUN) {
            l.store(&mut driven, at, l.load(x, at) * l.load(drive, at));
        }
        let over = &mut state[..DRY];
        match self.shape {
            Shape::Soft => {
                let soft = Smooth(
                    #[inline(always)]
                    |x| tanh(r, x),
                );
                self.oversampler.shape(l, over, &driven, soft, out);
            }
            Shape::Hard => self.oversampler.shape(l, over, &driven, Clip, out),
            // A quarter of a cycle at full scale.
            Shape::Fold => {
                let fold = Smooth(
                    #[inline(always)]
                    |x: RunF<L>| sin_turn(r, turns(r, x * r.f(0.25))),
                );
                self.oversampler.shape(l, over, &driven, fold, out);
            }
        }

        let mut lows = *out;
        scale(l, l.f(self.tilt), &mut lows);
        leak(l, l.f(1.0 - self.tilt), &mut state[LOW], &mut lows);
        let steady = tilt_gains(r, l.spread(tone.head()));
        let (mix, level) = (mix.expand(flat_mix), level.expand(flat_level));
        for at in (0..BLOCK).step_by(L::RUN) {
            let (dark, bright) = match tone.block() {
                None => steady,
                Some(tone) => tilt_gains(r, l.load(tone, at)),
            };
            let (wet, low, dry) = (l.load(out, at), l.load(&lows, at), l.load(&dry, at));
            let tilted = (wet - low).fma(bright, low * dark);
            let mixed = (tilted - dry).fma(l.load(mix, at), dry);
            l.store(out, at, mixed * l.load(level, at));
        }
        state[DRY..LOW].copy_from_slice(&dry[BLOCK..]);
    }
}

/// How loud what is low and what is high leave `tone`.
#[inline(always)]
fn tilt_gains<L: Lanes>(l: L, tone: L::F) -> (L::F, L::F) {
    let (one, two) = (l.f(1.0), l.f(2.0));
    let dark = (one - tone) * two;
    (dark.min(one), (two - dark).min(one))
}

/// Whether two inputs are the same buffer, or the same constant.
#[inline(always)]
fn one_signal<L: Lanes>(l: L, a: &In<'_, L>, b: &In<'_, L>) -> bool {
    match (a.block(), b.block()) {
        (Some(a), Some(b)) => std::ptr::eq(a, b),
        (None, None) => alike(l, &[a.head()], &[b.head()]),
        _ => false,
    }
}

/// Whether two states are the same to the bit, in every lane.
#[inline(always)]
fn alike<L: Lanes>(l: L, a: &[L::F], b: &[L::F]) -> bool {
    let mut differ = l.i(0);
    for (a, b) in a.iter().zip(b) {
        differ = differ | (a.bits() ^ b.bits());
    }
    !(differ | (l.i(0) - differ)).negative().any()
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::Spectrum,
        spec::OptionValue,
    };
    use std::f64::consts::TAU;

    const SHAPES: [&str; 3] = ["Soft", "Hard", "Fold"];

    fn rig(shape: usize) -> Rig {
        Rig::new("Drive").option("shape", OptionValue::Choice(shape))
    }

    fn sine(hz: f64, level: f64) -> impl Fn(usize, u64) -> f32 {
        move |_, t| (level * (TAU * hz * t as f64 / RATE as f64).sin()) as f32
    }

    #[test]
    fn what_is_quiet_passes_flat_and_on_time() {
        // Dry and wet of a quiet signal cancel where they are equally late and equally loud.
        for hz in [50.0, 1_000.0, 10_000.0, 18_000.0] {
            let x = || sine(hz, 1e-3);
            let wet = rig(0).feed("in", x()).render(100);
            let dry = rig(0).feed("in", x()).set("mix", 0.0).render(100);
            let (wet, dry) = (&wet.lane("out", 0)[640..], &dry.lane("out", 0)[640..]);
            let db = difference_db(wet, dry) + 60.0;
            assert!(db < -55.0, "{hz}: {db}");
        }
    }

    #[test]
    fn hard_driven_tones_do_not_fold_back() {
        // Every harmonic above 24 kHz would fold to a line that is no harmonic.
        for (hz, drive, most) in [
            (2_489.0, 15.849, [-100.0, -80.0, -100.0]),
            (4_978.0, 7.943, [-80.0, -80.0, -80.0]),
        ] {
            for (shape, most) in most.into_iter().enumerate() {
                let out = rig(shape).feed("in", sine(hz, 1.0)).set("drive", drive).render(1 << 12);
                let alias = Spectrum::new(out.lane("out", 0), RATE).alias_db(hz);
                assert!(alias < most, "{} {hz}: {alias}", SHAPES[shape]);
            }
        }
    }

    #[test]
    fn silence_costs_nothing_once_the_filters_are_empty() {
        for shape in 0..3 {
            let burst = |_: usize, b: u64| (b == 3) as u32 as f32;
            let out = rig(shape).steps("in", burst).render(40);
            assert!(out.constant[0] && !out.constant[3] && out.constant[39]);
            assert_eq!(out.lane("out", 0)[39 * 64], 0.0);
        }
    }

    #[test]
    fn shapes_are_what_they_say() {
        // Slow enough that the filters do not matter: compare with the shape itself, 38 frames late.
        let x = sine(20.0, 0.8);
        for shape in 0..3 {
            let out = rig(shape).feed("in", sine(20.0, 0.8)).set("drive", 4.0).render(80);
            let y = out.lane("out", 0);
            let mut worst = 0.0f32;
            for t in 400..y.len() as u64 {
                let v = x(0, t - 38);
                let want = match shape {
                    0 => (4.0 * v).tanh(),
                    1 => (4.0 * v).clamp(-1.0, 1.0),
                    _ => (std::f32::consts::FRAC_PI_2 * 4.0 * v).sin(),
                };
                worst = worst.max((y[t as usize] - want).abs());
            }
            // A band-limited corner is rounder than the corner.
            let most = [1e-3, 5e-3, 1e-3][shape];
            assert!(worst < most, "{}: {worst}", SHAPES[shape]);
        }
    }

    #[test]
    fn a_mono_signal_gives_the_same_as_two_equal_ones() {
        let mono = rig(0).feed("in", hash_noise).feed("in.R", hash_noise).render(50);
        assert_eq!(mono.lane("out", 0), mono.right("out", 0));
        let left = rig(0).feed("in", hash_noise).render(50);
        assert_eq!(mono.lane("out", 0), left.lane("out", 0));
        assert!(left.right("out", 0).iter().all(|x| *x == 0.0));
    }

    #[test]
    fn all_lane_types_agree() {
        let drive = |lane: usize, t: u64| 1.0 + lane as f32 + (t % 100) as f32 * 0.01;
        let x = |lane, t| 0.5 * hash_noise(lane, t);
        for (shape, name) in SHAPES.into_iter().enumerate() {
            let rig = || rig(shape).set("tone", 0.3).set("mix", 0.8);
            for (isa, width) in every_lane_type() {
                let out = rig().feed("in", x).feed("drive", drive).on(isa, width).render(60);
                for lane in 0..out.lanes() {
                    let alone = rig().feed("in", move |_, t| x(lane, t));
                    let alone = alone.feed("drive", move |_, t| drive(lane, t)).render(60);
                    let db = difference_db(out.lane("out", lane), alone.lane("out", 0));
                    assert!(db < -110.0, "{name} {isa:?} {width:?} {lane}: {db}");
                }
            }
        }
    }
}
