//! Limiter that looks ahead and between the frames.
use crate::dsp::{
    BLOCK,
    approach::approach,
    lanes::{Float, Lanes, Mask},
    true_peak::{self, CARRY, TruePeak},
};

use super::{
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs {
        (OUT_L OUT_R): "out" Audio "limited signal, 79 frames late";
        GAIN: "gain" Cv "what the signal is turned down by, 1 where it is not";
    }
    params {
        GAIN_IN: "drive" ["gain_in"] Decibels -12.0, 36.0, 0.0, Linear "gain before it";
        CEILING: "ceiling" Decibels -24.0, 0.0, -1.0, Linear "what no frame and nothing between two frames goes beyond";
        RELEASE: "release" ["r"] Seconds 0.005, 2.0, 0.08, Log "to 63 % of the way up";
    }
    options {}
}

/// Frames that the gain looks ahead: a block, so that windows are made of the rest of one and the start of the next.
const AHEAD: usize = BLOCK;
/// Frames that the signal waits.
const LATE: usize = AHEAD - 1 + true_peak::LATE;
/// Below this nothing is heard: -140 dB.
const SILENCE: f32 = 1e-7;

/// State words: each side's last frames, driven; the last block's gains from each frame to its end, by minimum and by sum; what the
/// gain lacks of 1, which keeps its precision near it.
const SIGNAL: [usize; 2] = [0, LATE + 1];
const LEAST: usize = 2 * (LATE + 1);
const SUM: usize = LEAST + BLOCK;
const DOWN: usize = SUM + BLOCK;

pub struct Limiter {
    rate: f32,
    true_peak: TruePeak,
}

impl Module for Limiter {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Limiter",
        doc: "Look-ahead limiter of true peaks, stereo-linked.",
        algorithm: "sliding minimum of the gain (van Herk 1992), averaged over the look-ahead; peaks between frames as in ITU-R BS.1770-4, annex 2",
        family: Family::Effect,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = DOWN + 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            true_peak: TruePeak::default(),
        })
    }

    fn init(&self, _: super::module::LaneInit, words: &mut [f32]) {
        rest(words, |x| x);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let sides = [io.ins[input::IN_L], io.ins[input::IN_R]];
        let hears = |x: &In<'_, L>| x.louder_than(l, SILENCE);
        let old = &io.state[..LEAST];
        if !sides.iter().any(hears)
            && !old.iter().any(|x| x.abs().gt(l.f(SILENCE)).any())
            && l.f(1e-6).gt(io.state[DOWN]).all()
        {
            rest(io.state, |x| l.f(x));
            io.outs[output::OUT_L].fill(l.f(0.0));
            io.outs[output::OUT_R].fill(l.f(0.0));
            io.outs[output::GAIN].fill(l.f(1.0));
            return;
        }
        let drive = io.ins[param::GAIN_IN];
        let ceiling = io.ins[param::CEILING];
        let mut least = ceiling.head();
        if let Some(block) = ceiling.block() {
            least = block.iter().fold(least, |least, x| least.min(*x));
        }
        let mut driven = [[l.f(0.0); LATE + 1 + BLOCK]; 2];
        let mut most = [l.f(0.0); BLOCK];
        for ((side, x), from) in driven.iter_mut().zip(sides).zip(SIGNAL) {
            side[..LATE + 1].copy_from_slice(&io.state[from..from + LATE + 1]);
            for i in 0..BLOCK {
                side[LATE + 1 + i] = x.at(i) * drive.at(i);
            }
            let mut recent = [l.f(0.0); CARRY + BLOCK];
            recent.copy_from_slice(&side[LATE + 1 - CARRY..]);
            let top = recent.iter().fold(l.f(0.0), |top, x| top.max(x.abs()));
            // Nothing between the frames is so much louder than they are.
            if (top * l.f(4.0)).gt(least).any() {
                self.true_peak.raise(l, &recent, &mut most);
            }
        }
        let mut gains = [l.f(0.0); BLOCK];
        self.gains(l, io, &most, &mut gains);
        for (side, driven) in driven.iter().enumerate() {
            let out = &mut io.outs[output::OUT_L + side].block;
            for i in 0..BLOCK {
                out[i] = driven[i + 1] * gains[i];
            }
            let from = SIGNAL[side];
            io.state[from..from + LATE + 1].copy_from_slice(&driven[BLOCK..]);
        }
        io.outs[output::GAIN].block.copy_from_slice(&gains);
    }
}

impl Limiter {
    /// The gain of each frame: low enough from [`AHEAD`] frames before a peak to it, going there in a straight line at the most.
    #[inline(always)]
    fn gains<L: Lanes>(
        &self,
        l: L,
        io: &mut Io<'_, L>,
        most: &[L::F; BLOCK],
        gains: &mut [L::F; BLOCK],
    ) {
        let (one, ceiling, release) = (l.f(1.0), io.ins[param::CEILING], io.ins[param::RELEASE]);
        let steady = approach(l, 1.0, release.head(), self.rate);
        let (mut least, mut sum, mut down) = (one, l.f(0.0), io.state[DOWN]);
        let (windows, now) = io.state[LEAST..].split_at_mut(2 * BLOCK);
        let (ends, sums) = windows.split_at_mut(BLOCK);
        let mut wanted = [one; BLOCK];
        for i in 0..BLOCK {
            wanted[i] = (ceiling.at(i).max(l.f(1e-3)) / most[i].max(l.f(1e-9))).min(one);
            least = least.min(wanted[i]);
            // The least of the last AHEAD frames: the last block's from the next frame on, and this one's so far.
            let low = match ends.get(i + 1) {
                Some(end) => least.min(*end),
                None => least,
            };
            let part = match release.is_constant() {
                true => steady,
                false => approach(l, 1.0, release.at(i), self.rate),
            };
            down = down.nfma(part, down).max(one - low);
            gains[i] = one - down;
        }
        now[0] = down;
        // From here `gains` are averaged over as many frames, in the same way.
        let mut averaged = [one; BLOCK];
        for i in 0..BLOCK {
            sum = sum + gains[i];
            let all = match sums.get(i + 1) {
                Some(end) => sum + *end,
                None => sum,
            };
            averaged[i] = all * l.f(1.0 / AHEAD as f32);
        }
        let (mut end, mut total) = (one, l.f(0.0));
        for i in (0..BLOCK).rev() {
            end = end.min(wanted[i]);
            total = total + gains[i];
            (ends[i], sums[i]) = (end, total);
        }
        *gains = averaged;
    }
}

/// The state of a limiter that has nothing to do.
#[inline(always)]
fn rest<F: Copy>(words: &mut [F], f: impl Fn(f32) -> F) {
    for (i, word) in words.iter_mut().enumerate() {
        *word = match i {
            0..LEAST => f(0.0),
            LEAST..SUM => f(1.0),
            SUM..DOWN => f((DOWN - i) as f32),
            _ => f(0.0),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::Spectrum,
    };
    use std::f64::consts::{PI, TAU};

    /// The largest magnitude at sixteen points a frame, by a sinc of 64 frames.
    fn reached(x: &[f32]) -> f64 {
        let mut most = 0.0f64;
        for at in 32..x.len() - 32 {
            if x[at].abs().max(x[at + 1].abs()) < 0.5 {
                continue;
            }
            for part in 0..16 {
                let part = part as f64 / 16.0;
                let sum: f64 = (-31..=32i64)
                    .map(|k| {
                        let t = k as f64 - part;
                        let sinc = if t == 0.0 { 1.0 } else { (PI * t).sin() / (PI * t) };
                        x[(at as i64 + k) as usize] as f64 * sinc * (PI * t / 66.0).cos().powi(2)
                    })
                    .sum();
                most = most.max(sum.abs());
            }
        }
        20.0 * most.log10()
    }

    #[test]
    fn nothing_goes_beyond_the_ceiling_nor_between_the_frames() {
        let ceiling = 10f32.powf(-1.0 / 20.0);
        let quarter = |_: usize, f: u64| (PI / 2.0 * f as f64 + PI / 4.0).sin() as f32;
        let bursts = |_: usize, f: u64| if f % 3_000 < 40 { 1.0 } else { 0.02 } * hash_noise(0, f / 3);
        let chord = |_: usize, f: u64| {
            let t = TAU * f as f64 / RATE as f64;
            ((110.0 * t).sin() + (1_700.0 * t).sin() + (7_900.0 * t).sin()) as f32 / 3.0
        };
        // Noise up to half the rate has peaks that a sinc of 32 frames does not see whole; music has nothing up there.
        type Case = (&'static str, f64, Box<dyn Fn(usize, u64) -> f32>);
        let cases: [Case; 3] = [
            ("a quarter of the rate", 0.05, Box::new(quarter)),
            ("bursts of noise", 0.5, Box::new(bursts)),
            ("chord", 0.05, Box::new(chord)),
        ];
        for (name, beyond, x) in cases {
            let out = Rig::new("Limiter").feed("in", x).set("drive", 8.0).render(400);
            let x = out.lane("out", 0);
            let frames = x.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            let top = reached(&x[..12_000]);
            assert!(frames <= ceiling * 1.000_01, "{name}: {frames}");
            assert!(top < -1.0 + beyond, "{name}: {top} dB");
            assert!(top > -2.5, "{name}: {top} dB");
        }
    }

    #[test]
    fn what_is_below_passes_to_the_bit() {
        let x = |_: usize, f: u64| 0.5 * hash_noise(0, f / 4);
        let out = Rig::new("Limiter").feed("in", x).render(50);
        for (f, y) in out.lane("out", 0).iter().enumerate().skip(79) {
            assert!((*y - x(0, f as u64 - 79)).abs() < 1e-6, "{f}");
        }
    }

    #[test]
    fn a_held_tone_is_not_distorted() {
        let hz = 997.0;
        let out = Rig::new("Limiter")
            .feed("in", move |_, f| (TAU * hz * f as f64 / RATE as f64).sin() as f32)
            .set("drive", 4.0)
            .set("release", 0.5)
            .render(1 << 12);
        let thd = Spectrum::new(&out.lane("out", 0)[1 << 16..], RATE).thd_n_db(hz);
        assert!(thd < -60.0, "{thd}");
    }

    #[test]
    fn silence_costs_nothing() {
        let burst = |_: usize, b: u64| 3.0 * (b == 3) as u32 as f32;
        let out = Rig::new("Limiter").steps("in", burst).set("release", 0.02).render(1_500);
        assert!(out.constant[0] && !out.constant[3] && out.constant[1_499]);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let drive = |lane: usize| 1.0 + lane as f32;
            let all = Rig::new("Limiter").feed("in", hash_noise).per_lane("drive", drive);
            let all = all.on(isa, width).render(80);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Limiter")
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .set("drive", drive(lane))
                    .render(80);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -100.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
