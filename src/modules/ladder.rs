//! Four-pole low-pass that saturates and sings.
use crate::dsp::{
    BLOCK, half_band,
    ladder::{self, Coefficients, State},
    lanes::{Float, Lanes, Mask},
};

use super::{
    module::{Build, Io, Module, OptionError, Rest},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { IN: "in" Audio "signal"; }
    outputs { OUT: "out" Audio "low-pass, 24 dB an octave; 4 frames late"; }
    params {
        CUTOFF: "cutoff" ["freq", "frequency", "pitch"] Hz 10.0, 20_000.0, 1_000.0, Log "corner frequency, and pitch of the self-oscillation";
        RES: "res" ["resonance"] Plain 0.0, 1.0, 0.0, Linear "resonance; oscillates by itself from 0.9 on";
        DRIVE: "drive" Plain 0.1, 10.0, 1.0, Log "input gain into the saturation";
    }
    options {}
}

/// From this resonance on it may sound without an input.
const SINGS: f32 = 0.88;

pub struct Ladder {
    per_hz: f32,
}

impl Module for Ladder {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Ladder",
        doc: "Four-pole low-pass with saturation and self-oscillation.",
        algorithm: "trapezoidal one-poles at twice the rate, the saturating loop solved in each frame (ZDF), the saturation integrated along the signal (antiderivative antialiasing: Parker, Zavalishin and Le Bivic 2016); within 0.5 dB of the analog response up to 16 kHz for cutoffs to 14 kHz, self-oscillation within a cent of the cutoff",
        family: Family::Filter,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = ladder::WORDS + 2 * half_band::WORDS;
    const REST: Rest = Rest::Forgets {
        still: &[param::RES],
    };

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            per_hz: 1.0 / build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, cutoff, res, drive) = (
            io.ins[input::IN],
            io.ins[param::CUTOFF],
            io.ins[param::RES],
            io.ins[param::DRIVE],
        );
        // Way up, loop and way down one after the other, so that each has its state in registers.
        let (ladder, chains) = io.state.split_at_mut(ladder::WORDS);
        let (up, down) = chains.split_at_mut(half_band::WORDS);
        let mut twice = [[l.f(0.0); 2]; BLOCK];
        let mut chain = half_band::load(l, up);
        for (i, two) in twice.iter_mut().enumerate() {
            *two = half_band::up(l, &mut chain, x.at(i));
        }
        up.copy_from_slice(chain.as_flattened());
        let mut state = State::load(l, ladder);
        if cutoff.is_constant() && res.is_constant() && drive.is_constant() {
            let k = Coefficients::new(l, self.turn(l, cutoff.head()), res.head(), drive.head());
            run(
                l,
                &mut state,
                &mut twice,
                #[inline(always)]
                |_| k,
            );
        } else if res.is_constant() && drive.is_constant() {
            let (res, drive) = (res.head(), drive.head());
            run(
                l,
                &mut state,
                &mut twice,
                #[inline(always)]
                |i| Coefficients::new(l, self.turn(l, cutoff.at(i)), res, drive),
            );
        } else {
            run(
                l,
                &mut state,
                &mut twice,
                #[inline(always)]
                |i| Coefficients::new(l, self.turn(l, cutoff.at(i)), res.at(i), drive.at(i)),
            );
        }
        state.store(l, ladder);
        let mut chain = half_band::load(l, down);
        for (o, two) in io.outs[output::OUT].block.iter_mut().zip(&twice) {
            *o = half_band::down(l, &mut chain, *two);
        }
        down.copy_from_slice(chain.as_flattened());
    }

    #[inline(always)]
    fn may_rest<L: Lanes>(&self, l: L, knobs: &[L::F]) -> u64 {
        l.f(SINGS).gt(knobs[param::RES]).to_bits()
    }
}

impl Ladder {
    /// The cutoff over the rate, as far as the tangent's fraction holds.
    #[inline(always)]
    fn turn<L: Lanes>(&self, l: L, cutoff: L::F) -> L::F {
        (cutoff * l.f(self.per_hz)).min(l.f(0.49))
    }
}

/// A block at twice the rate, in place, with the coefficients of every frame.
#[inline(always)]
fn run<L: Lanes>(
    l: L,
    state: &mut State<L>,
    twice: &mut [[L::F; 2]; BLOCK],
    at: impl Fn(usize) -> Coefficients<L>,
) {
    for (i, two) in twice.iter_mut().enumerate() {
        let k = at(i);
        for x in two {
            *x = state.tick(l, &k, *x);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::{Spectrum, cents, pitch, rms},
    };
    use std::f64::consts::{PI, TAU};

    #[test]
    fn self_oscillation_is_in_tune_and_starts_from_silence() {
        for res in [0.95, 1.0] {
            let tuned = [100.0f32, 440.0, 1_000.0, 3_000.0, 7_000.0, 12_000.0];
            let rig = Rig::new("Ladder").set("res", res);
            let out = rig
                .per_lane("cutoff", move |lane| tuned[lane % 6])
                .wide()
                .render(2_000);
            for (lane, cutoff) in tuned.into_iter().enumerate().take(out.lanes()) {
                let y = &out.lane("out", lane)[64_000..];
                assert!(rms(y) > 0.1, "{cutoff} Hz at {res}: {}", rms(y));
                let off = cents(pitch(y, cutoff as f64, RATE), cutoff as f64);
                assert!(off.abs() < 1.0, "{cutoff} Hz at {res}: {off} cents");
            }
        }
    }

    /// Its response against the analog one, 1 / ((1 + i f / cutoff)⁴ + k), in dB.
    fn miss_db(cutoff: f32, res: f32, at: &[f64]) -> Vec<f64> {
        // Less what comes from the hair of direct current that starts the oscillation.
        let rig = || Rig::new("Ladder").set("cutoff", cutoff).set("res", res);
        let impulse = |_, t: u64| if t == 0 { 1e-2 } else { 0.0 };
        let out = rig().feed("in", impulse).render(400);
        let rest = rig().render(400);
        let response = out.lane("out", 0).iter().zip(rest.lane("out", 0));
        let response: Vec<f64> = response.map(|(y, r)| *y as f64 - *r as f64).collect();
        let k = res as f64 * (4.0 + res.powi(8) as f64);
        let miss = |f: &f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (t, y) in response.iter().enumerate() {
                let turn = TAU * f * t as f64 / RATE as f64;
                re += y * turn.cos();
                im += y * turn.sin();
            }
            let got = re.hypot(im) * 1e2 / (1.0 + k / 2.0);
            let w = f / cutoff as f64;
            let (r2, i2) = (1.0 - w * w, 2.0 * w);
            let (r4, i4) = (r2 * r2 - i2 * i2, 2.0 * r2 * i2);
            20.0 * (got * (r4 + k).hypot(i4)).log10()
        };
        at.iter().map(miss).collect()
    }

    #[test]
    fn below_oscillation_it_is_the_analog_filter_up_to_16_khz() {
        for cutoff in [300.0f32, 1_000.0, 4_000.0, 8_000.0, 14_000.0] {
            for res in [0.0, 0.5, 0.8] {
                let at = [50.0, 300.0, 1_000.0, 4_000.0, 8_000.0, 12_000.0, 16_000.0];
                for (f, db) in at.iter().zip(miss_db(cutoff, res, &at)) {
                    // Beyond 80 dB down rounding decides.
                    let heard = *f < 10.0 * cutoff as f64;
                    assert!(!heard || db.abs() < 0.5, "{cutoff} {res} at {f}: {db}");
                }
            }
        }
    }

    #[test]
    fn its_saturation_aliases_little() {
        // A sawtooth's harmonics below 20 kHz.
        let f = 1_244.5f64;
        let saw = move |_, t: u64| {
            let turn = f * t as f64 / RATE as f64;
            let sum: f64 = (1..=16)
                .map(|k| (TAU * k as f64 * turn).sin() / k as f64)
                .sum();
            (sum * 2.0 / PI) as f32
        };
        for (drive, res, most) in [(1.0, 0.7, -100.0), (4.0, 0.7, -68.0), (10.0, 0.5, -60.0)] {
            let rig = Rig::new("Ladder")
                .set("cutoff", 8_000.0)
                .set("drive", drive);
            let out = rig
                .set("res", res)
                .feed("in", saw)
                .render((1 << 16) / 64 + 64);
            let alias = Spectrum::new(out.lane("out", 0), RATE).alias_db(f);
            assert!(alias < most, "drive {drive}: {alias}");
        }
    }

    #[test]
    fn no_audio_rate_modulation_blows_up() {
        let rates = [1.0, 20.0, 110.0, 997.0, 5_000.0, 12_000.0];
        for rate in rates {
            for octaves in [2.0, 4.0] {
                for (res, drive) in [(0.0, 1.0), (0.8, 10.0), (0.98, 1.0), (1.0, 10.0)] {
                    let swing = move |t: u64| (TAU * rate * t as f64 / RATE as f64).sin();
                    let rig = Rig::new("Ladder").set("drive", drive);
                    let rig = rig.feed("cutoff", move |_, t| {
                        ((1_000.0 * (octaves * swing(t)).exp2()) as f32).min(20_000.0)
                    });
                    // The resonance swings too, against the cutoff.
                    let rig = rig.feed("res", move |_, t| res * (0.9 - 0.1 * swing(t) as f32));
                    let out = rig.feed("in", hash_noise).render(375);
                    let y = out.lane("out", 0);
                    let peak = y.iter().fold(0.0f32, |m, x| m.max(x.abs()));
                    assert!(
                        peak < 4.0,
                        "{rate} Hz, {octaves} octaves, {res}, {drive}: {peak}"
                    );
                }
            }
        }
    }

    #[test]
    fn lane_types_agree_whether_or_not_a_neighbour_sweeps() {
        let cutoff = |lane: usize, t: u64| match lane % 2 {
            0 => 400.0 + 300.0 * lane as f32,
            _ => 800.0 + (t % 4_800) as f32,
        };
        let x = |lane, t| 0.5 * hash_noise(lane, t);
        for (isa, width) in every_lane_type() {
            let rig = Rig::new("Ladder").set("res", 0.6).feed("cutoff", cutoff);
            let out = rig.feed("in", x).on(isa, width).render(400);
            for lane in 0..out.lanes() {
                let alone = Rig::new("Ladder").set("res", 0.6);
                let alone = match lane % 2 {
                    0 => alone.set("cutoff", cutoff(lane, 0)),
                    _ => alone.feed("cutoff", move |_, t| cutoff(lane, t)),
                };
                let alone = alone.feed("in", move |_, t| x(lane, t)).render(400);
                let db = difference_db(out.lane("out", lane), alone.lane("out", 0));
                assert!(db < -120.0, "{isa:?} {width:?} {lane}: {db}");
            }
        }
    }
}
