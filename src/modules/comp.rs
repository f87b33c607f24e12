//! Compressor with a side chain.
use crate::dsp::{
    BLOCK,
    approach::approach,
    decibels::log2,
    lanes::{Float, Lanes, Mask},
    math::exp2,
};

use super::{
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        (IN_L IN_R): "in" Audio "signal";
        (SIDE_L SIDE_R): "side" Audio "what is listened to with `key: Side`";
    }
    outputs {
        (OUT_L OUT_R): "out" Audio "compressed signal";
        GAIN: "gain" Cv "what the signal is turned down by, 1 where it is not";
    }
    params {
        THRESHOLD: "threshold" ["thresh"] Decibels -60.0, 0.0, -18.0, Linear "from here on it is turned down; a sine at full scale is 0 dB";
        RATIO: "ratio" Plain 1.0, 100.0, 4.0, Log "dB in for one dB out above the threshold";
        KNEE: "knee" Decibels 0.0, 24.0, 6.0, Linear "how far around the threshold the ratio sets in";
        ATTACK: "attack" ["a"] Seconds 0.0001, 0.5, 0.005, Log "to 63 % of the way down";
        RELEASE: "release" ["r"] Seconds 0.005, 4.0, 0.15, Log "to 63 % of the way up";
        MAKEUP: "makeup" ["gain_out"] Decibels -24.0, 36.0, 0.0, Linear "gain after it";
        MIX: "mix" Plain 0.0, 1.0, 1.0, Linear "0 signal only, 1 compressed only";
    }
    options {
        KEY: "key" Choice(&["Input", "Side"]) "what is listened to";
        DETECT: "detect" Choice(&["Peak", "Rms"]) "peaks, or the power of the last 10 ms";
    }
}

/// Time constant of Rms, in seconds.
const POWER_SECONDS: f32 = 0.01;
/// A signal is silent below this: -140 dB.
const SILENCE: f32 = 1e-7;
/// The knee as a gain where there is none: no division by 0.
const HARD: f32 = 1.000_1;

/// State words: reduction held by the release, the same after the attack (both in octaves), and power.
const HELD: usize = 0;
const NOW: usize = 1;
const POWER: usize = 2;

pub struct Comp {
    rate: f32,
    side: bool,
    rms: bool,
}

impl Module for Comp {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Comp",
        doc: "Compressor: stereo-linked, with knee, side chain and parallel mix.",
        algorithm: "log-domain gain computer and smooth decoupled peak detector (Giannoulis, Massberg and Reiss 2012)",
        family: Family::Effect,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 3;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            side: build.choice(option::KEY) == 1,
            rms: build.choice(option::DETECT) == 1,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (left, right) = (io.ins[input::IN_L], io.ins[input::IN_R]);
        let key = match self.side {
            true => [io.ins[input::SIDE_L], io.ins[input::SIDE_R]],
            false => [left, right],
        };
        let hears = |x: &In<'_, L>| x.louder_than(l, SILENCE);
        let silent = !hears(&left) && !hears(&right);
        let ready = !io.state.iter().any(|s| s.abs().gt(l.f(1e-6)).any());
        if silent && ready && !key.iter().any(hears) {
            io.state.fill(l.f(0.0));
            io.outs[output::OUT_L].fill(l.f(0.0));
            io.outs[output::OUT_R].fill(l.f(0.0));
            io.outs[output::GAIN].fill(l.f(1.0));
            return;
        }
        let mut turned = [l.f(0.0); BLOCK];
        self.reduce(l, io, key, &mut turned);

        let (makeup, mix) = (io.ins[param::MAKEUP], io.ins[param::MIX]);
        let one = l.f(1.0);
        let [out_l, out_r, gain] = io.outs else {
            return;
        };
        for i in 0..BLOCK {
            let down = exp2(l, -turned[i]);
            gain.block[i] = down;
            let all = (down * makeup.at(i) - one).fma(mix.at(i), one);
            out_l.block[i] = left.at(i) * all;
            out_r.block[i] = right.at(i) * all;
        }
    }
}

impl Comp {
    /// Octaves that each frame is turned down by.
    #[inline(always)]
    fn reduce<L: Lanes>(
        &self,
        l: L,
        io: &mut Io<'_, L>,
        key: [In<'_, L>; 2],
        turned: &mut [L::F; BLOCK],
    ) {
        let ins = io.ins;
        let (one, half, floor) = (l.f(1.0), l.f(0.5), l.f(1e-12));
        // Twice the power of the louder side: of a sine, its peak squared.
        let mut level = [l.f(0.0); BLOCK];
        for (i, o) in level.iter_mut().enumerate() {
            let top = key[0].at(i).abs().max(key[1].at(i).abs());
            *o = top * top;
        }
        if self.rms {
            let part = l.f(1.0 - (-1.0 / (POWER_SECONDS * self.rate)).exp());
            let mut power = io.state[POWER];
            for o in &mut level {
                power = (*o + *o - power).fma(part, power);
                *o = power;
            }
            io.state[POWER] = power;
        }
        let (threshold, ratio, knee) = (ins[param::THRESHOLD], ins[param::RATIO], ins[param::KNEE]);
        let limit = |i: usize| log2(l, threshold.at(i).max(l.f(1e-3)));
        let slope = |i: usize| one - one / ratio.at(i);
        let width = |i: usize| log2(l, knee.at(i).max(l.f(HARD)));
        let steady = threshold.is_constant() && ratio.is_constant() && knee.is_constant();
        let at_once = (limit(0), slope(0), width(0));
        for (i, o) in level.iter_mut().enumerate() {
            let (limit, slope, width) = match steady {
                true => at_once,
                false => (limit(i), slope(i), width(i)),
            };
            let over = log2(l, o.max(floor)) * half - limit;
            // The parabola of the knee, going over into the straight line.
            let inside = (over + width * half).max(l.f(0.0)).min(width);
            let beyond = (over - width * half).max(l.f(0.0));
            *o = slope * (inside * inside / (width + width) + beyond);
        }
        let (attack, release) = (ins[param::ATTACK], ins[param::RELEASE]);
        let down = |i: usize| approach(l, 1.0, attack.at(i), self.rate);
        let up = |i: usize| approach(l, 1.0, release.at(i), self.rate);
        let steady = attack.is_constant() && release.is_constant();
        let at_once = (down(0), up(0));
        let (mut held, mut now) = (io.state[HELD], io.state[NOW]);
        for (i, (o, wanted)) in turned.iter_mut().zip(level).enumerate() {
            let (down, up) = match steady {
                true => at_once,
                false => (down(i), up(i)),
            };
            held = (wanted - held).fma(up, held).max(wanted);
            now = (held - now).fma(down, now);
            *o = now;
        }
        (io.state[HELD], io.state[NOW]) = (held, now);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::rms,
        spec::OptionValue,
    };
    use std::f64::consts::TAU;

    fn gain_of(db: f64) -> f32 {
        10f64.powf(db / 20.0) as f32
    }

    fn tone(db: f64) -> impl Fn(usize, u64) -> f32 {
        let level = gain_of(db) as f64;
        move |_, t| (level * (TAU * 997.0 * t as f64 / RATE as f64).sin()) as f32
    }

    fn level_db(x: &[f32]) -> f64 {
        20.0 * (rms(x) * std::f64::consts::SQRT_2).log10()
    }

    /// The static curve (Giannoulis and others, equation 4), dB to dB.
    fn law(x: f64, threshold: f64, ratio: f64, knee: f64) -> f64 {
        let over = x - threshold;
        if 2.0 * over < -knee {
            return x;
        }
        if 2.0 * over.abs() <= knee && knee > 0.0 {
            return x + (1.0 / ratio - 1.0) * (over + knee / 2.0).powi(2) / (2.0 * knee);
        }
        threshold + over / ratio
    }

    #[test]
    fn levels_follow_the_law_to_a_tenth_of_a_decibel() {
        for detect in 0..2 {
            for (threshold, ratio, knee) in [(-20.0, 4.0, 6.0), (-30.0, 2.0, 0.0), (-12.0, 20.0, 12.0), (-24.0, 100.0, 3.0)] {
                for db in [-50.0, -32.0, -24.0, -20.0, -15.0, -9.0, -3.0, 0.0] {
                    let out = Rig::new("Comp")
                        .option("detect", OptionValue::Choice(detect))
                        .feed("in", tone(db))
                        .set("threshold", gain_of(threshold))
                        .set("ratio", ratio as f32)
                        .set("knee", if knee == 0.0 { 0.0 } else { gain_of(knee) })
                        .set("attack", 0.005)
                        .set("release", 0.4)
                        .render(1_500);
                    let got = level_db(&out.lane("out", 0)[48_000..]);
                    let off = got - law(db, threshold, ratio, knee);
                    assert!(off.abs() < 0.1, "{detect} {threshold} {ratio} {knee} at {db}: {off}");
                }
            }
        }
    }

    #[test]
    fn attack_and_release_take_their_time() {
        // 20 dB above the threshold for a second, then far below: how long to 63 % of the way?
        let x = |_: usize, f: u64| {
            let level = if (24_000..72_000).contains(&f) { 1.0 } else { 0.01 };
            level * (f as f32 * 0.7).sin()
        };
        let rig = Rig::new("Comp").feed("in", x).set("threshold", 0.1).set("ratio", 100.0);
        let out = rig.set("knee", 0.0).set("attack", 0.02).set("release", 0.2).render(2_500);
        let db: Vec<f64> = out.lane("gain", 0).iter().map(|g| 20.0 * (*g as f64).log10()).collect();
        let deepest = db[71_000];
        assert!((deepest + 19.8).abs() < 0.3, "{deepest}");
        let attack = db[24_000..].iter().position(|g| *g < 0.632 * deepest).unwrap_or(0);
        assert!((attack as f32 / RATE - 0.02).abs() < 0.003, "{attack}");
        let release = db[72_000..].iter().position(|g| *g > 0.368 * deepest).unwrap_or(0);
        assert!((release as f32 / RATE - 0.22).abs() < 0.02, "{release}");
    }

    #[test]
    fn the_side_chain_ducks_what_it_does_not_sound_in() {
        let kick = |_: usize, f: u64| if f < 4_800 { 0.9 } else { 0.0 };
        let out = Rig::new("Comp")
            .option("key", OptionValue::Choice(1))
            .feed("in", |_, _| 0.1)
            .feed("side", kick)
            .set("attack", 0.001)
            .set("release", 0.05)
            .render(1_000);
        let out = out.lane("out", 0);
        assert!(out[4_000] < 0.04 && (out[60_000] - 0.1).abs() < 1e-3, "{} {}", out[4_000], out[60_000]);
    }

    #[test]
    fn silence_costs_nothing() {
        let burst = |_: usize, b: u64| (b == 3) as u32 as f32;
        let out = Rig::new("Comp").steps("in", burst).set("release", 0.05).render(1_500);
        assert!(out.constant[0] && !out.constant[3] && out.constant[1_499]);
        assert_eq!(out.lane("gain", 0)[1_499 * 64], 1.0);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let ratio = |lane: usize| 1.0 + lane as f32;
            let all = Rig::new("Comp").feed("in", hash_noise).per_lane("ratio", ratio);
            let all = all.on(isa, width).render(80);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Comp")
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .set("ratio", ratio(lane))
                    .render(80);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -100.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
