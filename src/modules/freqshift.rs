//! Frequency shifter: moves every part of a sound by the same number of hertz.
use crate::dsp::{
    BLOCK,
    hilbert::{self, Hilbert},
    lanes::{Float, Lanes, Mask},
    phase::{self, Phase},
    sine::sin_turn,
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs {
        (UP_L UP_R): "out" Audio "shifted by `shift`";
        (DOWN_L DOWN_R): "down" Audio "shifted as far the other way";
    }
    params {
        SHIFT: "shift" ["freq"] HzShift -5_000.0, 5_000.0, 0.0, Linear "how far, downwards below 0";
        SPREAD: "spread" HzShift -20.0, 20.0, 0.0, Linear "how much further the right side goes than the left: slow movement from side to side";
        MIX: "mix" ["wet"] Plain 0.0, 1.0, 1.0, Linear "0 signal only, 1 shifted only";
    }
    options {}
}

/// What is left of a signal that went silent is dropped below this: -140 dB.
const SILENCE: f32 = 1e-7;
/// A quarter of a turn.
const QUARTER: i32 = 1 << 30;

/// State words: an oscillator and a pair of all-pass chains each side.
const SIDE: usize = phase::WORDS + hilbert::WORDS;

pub struct FreqShift {
    rate: f32,
    hilbert: Hilbert,
}

impl Module for FreqShift {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "FreqShift",
        doc: "Frequency shifter, up and down at once.",
        algorithm: "single-sideband modulation (Bode and Moog 1972) by two elliptic all-pass chains 90° apart from 20 Hz up",
        family: Family::Effect,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 2 * SIDE;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            hilbert: Hilbert::new(build.rate),
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let zero = l.f(0.0);
        let sides = [io.ins[input::IN_L], io.ins[input::IN_R]];
        let silent = !sides[0].louder_than(l, SILENCE) && !sides[1].louder_than(l, SILENCE);
        let quiet = |words: &[L::F]| {
            let kept = &words[phase::WORDS..SIDE];
            !kept.iter().any(|x| x.abs().gt(l.f(SILENCE)).any())
        };
        if silent && quiet(&io.state[..SIDE]) && quiet(&io.state[SIDE..]) {
            io.state[phase::WORDS..SIDE].fill(zero);
            io.state[SIDE + phase::WORDS..].fill(zero);
            io.outs.iter_mut().for_each(|o| o.fill(zero));
            return;
        }
        let (shift, spread, mix) = (io.ins[param::SHIFT], io.ins[param::SPREAD], io.ins[param::MIX]);
        for (side, x) in sides.into_iter().enumerate() {
            let words = &mut io.state[side * SIDE..][..SIDE];
            let mut turns = [l.i(0); BLOCK];
            let mut phase = Phase::<L>::load(words);
            let far = l.f([-0.5, 0.5][side]);
            if shift.is_constant() && spread.is_constant() {
                phase.tune(l, spread.head().fma(far, shift.head()), self.rate);
                phase.advance(
                    l,
                    #[inline(always)]
                    |i, turn| turns[i] = turn,
                );
            } else {
                phase.advance_along(
                    l,
                    self.rate,
                    #[inline(always)]
                    |i| spread.at(i).fma(far, shift.at(i)),
                    #[inline(always)]
                    |i, turn| turns[i] = turn,
                );
            }
            phase.store(words);
            let chains = &mut words[phase::WORDS..];
            for (i, turn) in turns.into_iter().enumerate() {
                let x = x.at(i);
                let (now, later) = self.hilbert.tick(l, chains, i, x);
                let (sine, cosine) = (sin_turn(l, turn), sin_turn(l, turn + l.i(QUARTER)));
                let (a, b) = (now * cosine, -(later * sine));
                let mix = mix.at(i);
                io.outs[output::UP_L + side].block[i] = (a + b - x).fma(mix, x);
                io.outs[output::DOWN_L + side].block[i] = (a - b - x).fma(mix, x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::Spectrum,
    };
    use std::f64::consts::TAU;

    fn tone(hz: f64) -> impl Fn(usize, u64) -> f32 {
        move |_, t| (TAU * hz * t as f64 / RATE as f64).sin() as f32
    }

    #[test]
    fn the_image_is_rejected_by_90_db() {
        for hz in [40.0f64, 110.0, 1_000.0, 5_000.0, 12_000.0, 19_000.0] {
            for shift in [-25.0, 7.0, 333.0] {
                if hz + shift < 10.0 || (hz - shift).abs() < 10.0 {
                    continue;
                }
                let out = Rig::new("FreqShift").feed("in", tone(hz)).set("shift", shift as f32);
                let out = out.render(1 << 13);
                for (port, sign) in [("out", 1.0), ("down", -1.0)] {
                    let s = Spectrum::new(&out.lane(port, 0)[1 << 17..], RATE);
                    let wanted = s.amplitude_db((hz + sign * shift).abs());
                    let image = s.amplitude_db((hz - sign * shift).abs());
                    let carrier = s.amplitude_db(hz);
                    assert!(wanted.abs() < 0.01, "{hz} {shift} {port}: {wanted} dB");
                    assert!(image < -90.0 && carrier < -90.0, "{hz} {shift} {port}: {image} {carrier}");
                }
            }
        }
    }

    #[test]
    fn silence_costs_nothing() {
        let burst = |_: usize, b: u64| (b == 3) as u32 as f32;
        let out = Rig::new("FreqShift").steps("in", burst).set("shift", 50.0).render(2_000);
        assert!(out.constant[0] && !out.constant[3] && out.constant[1_999]);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let shift = |lane: usize| 100.0 * lane as f32 - 150.0;
            let all = Rig::new("FreqShift").feed("in", hash_noise).per_lane("shift", shift);
            let all = all.on(isa, width).render(60);
            for lane in 0..all.lanes() {
                let alone = Rig::new("FreqShift")
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .set("shift", shift(lane))
                    .render(60);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -110.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
