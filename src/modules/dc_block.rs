//! Takes away direct current.
use std::f32::consts::TAU;

use crate::dsp::lanes::{Float, Lanes, Mask};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "the signal around zero"; }
    params { CUTOFF: "cutoff" ["freq"] Hz 0.5, 100.0, 5.0, Log "what is slower goes: -3 dB here"; }
    options {}
}

/// Direct current that is left when it rests: -140 dB.
const SILENCE: f32 = 1e-7;

pub struct DcBlock {
    per_hz: f32,
}

/// State words of a side.
const SIDE: usize = 3;

impl Module for DcBlock {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "DcBlock",
        doc: "Takes away direct current and what is slower than sound.",
        algorithm: "a one-pole low-pass, summed with its roundings (Kahan 1965), is taken from the signal: what an offset leaves decays to nothing, and no noise is added",
        family: Family::Filter,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    /// Of either side: the last frame in, the offset, and what its float leaves out.
    const WORDS: usize = 2 * SIDE;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            per_hz: TAU / build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let cutoff = io.ins[param::CUTOFF];
        let steady = self.part(l, cutoff.head());
        for (side, out) in [input::IN_L, input::IN_R]
            .into_iter()
            .zip(io.outs.iter_mut())
        {
            let x = io.ins[side];
            let words = &mut io.state[SIDE * side..][..SIDE];
            let (mut last, mut offset, mut left_out) = (words[0], words[1], words[2]);
            let rest = (last - offset) - left_out;
            if x.is_constant()
                && l.f(SILENCE)
                    .ge((x.head() - last).abs().max(rest.abs()))
                    .all()
            {
                words.copy_from_slice(&[x.head(), x.head(), l.f(0.0)]);
                out.fill(l.f(0.0));
                continue;
            }
            for (i, o) in out.block.iter_mut().enumerate() {
                let k = match cutoff.block() {
                    Some(cutoff) => self.part(l, cutoff[i]),
                    None => steady,
                };
                let x = x.at(i);
                // From the mean of two frames: half the rate passes with gain 1.
                let away = (x + last).fma(l.f(0.5), -offset) - left_out;
                let step = k.fma(away, left_out);
                let moved = offset + step;
                left_out = step - (moved - offset);
                (offset, last) = (moved, x);
                *o = (x - offset) - left_out;
            }
            words.copy_from_slice(&[last, offset, left_out]);
        }
    }
}

impl DcBlock {
    /// 1 - e^-w of a small w.
    #[inline(always)]
    fn part<L: Lanes>(&self, l: L, cutoff: L::F) -> L::F {
        let w = cutoff * l.f(self.per_hz);
        w.nfma(w * l.f(0.5), w)
    }
}

#[test]
fn direct_current_goes_and_bass_stays() {
    use super::{
        harness::{RATE, Rig},
        measure::gains,
    };
    let impulse = |_, t: u64| if t == 0 { 1.0 } else { 0.0 };
    let out = Rig::new("DcBlock").feed("in", impulse).render(1 << 11);
    let at = [5.0, 20.0, 40.0, 1_000.0];
    let gains: Vec<f64> = gains(out.lane("out", 0), RATE, &at)
        .iter()
        .map(|g| 20.0 * g.log10())
        .collect();
    assert!((gains[0] + 3.01).abs() < 0.05, "{gains:?}");
    assert!(
        gains[1] > -0.3 && gains[2] > -0.1 && gains[3].abs() < 0.01,
        "{gains:?}"
    );
    let out = Rig::new("DcBlock")
        .set("in", 0.5)
        .set("in.R", -1.0)
        .render(1_000);
    assert!(out.constant.last() == Some(&true), "rests");
    assert_eq!(out.right("out", 0).last(), Some(&0.0));
}

#[test]
fn nothing_is_added_to_a_sine() {
    use super::{
        harness::{RATE, Rig},
        measure::Spectrum,
    };
    let sine = |_, t: u64| {
        let turn = 997.0 * t as f64 / RATE as f64;
        (0.5 * (std::f64::consts::TAU * turn).sin()) as f32
    };
    let out = Rig::new("DcBlock")
        .feed("in", sine)
        .feed("in.R", move |v, t| 0.5 + sine(v, t))
        .render((1 << 17) / 64 + 2_000);
    for (side, y) in [out.lane("out", 0), out.right("out", 0)]
        .into_iter()
        .enumerate()
    {
        let thdn = Spectrum::new(y, RATE).thd_n_db(997.0);
        assert!(thdn < -140.0, "{side}: {thdn}");
    }
}
