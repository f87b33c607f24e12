//! Takes away direct current.
use std::f32::consts::TAU;

use crate::dsp::{
    lanes::{Float, Lanes, Mask},
};

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

impl Module for DcBlock {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "DcBlock",
        doc: "Takes away direct current and what is slower than sound.",
        algorithm: "one-pole high-pass on the differences of frames: what an offset leaves decays to nothing, whatever its size",
        family: Family::Filter,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    /// The last frame in and out of either side.
    const WORDS: usize = 4;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            per_hz: TAU / build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let cutoff = io.ins[param::CUTOFF];
        let steady = self.part(l, cutoff.head());
        for (side, out) in [input::IN_L, input::IN_R].into_iter().zip(io.outs.iter_mut()) {
            let x = io.ins[side];
            let (mut last, mut rest) = (io.state[2 * side], io.state[2 * side + 1]);
            if x.is_constant() && l.f(SILENCE).ge((x.head() - last).abs().max(rest.abs())).all() {
                (io.state[2 * side], io.state[2 * side + 1]) = (x.head(), l.f(0.0));
                out.fill(l.f(0.0));
                continue;
            }
            for (i, o) in out.block.iter_mut().enumerate() {
                let k = match cutoff.block() {
                    Some(cutoff) => self.part(l, cutoff[i]),
                    None => steady,
                };
                let x = x.at(i);
                let moved = x - last;
                // (1 - k) of the rest, and of the difference so much that half the rate passes with gain 1.
                rest = rest.nfma(k, k.fma(moved * l.f(-0.5), rest + moved));
                last = x;
                *o = rest;
            }
            (io.state[2 * side], io.state[2 * side + 1]) = (last, rest);
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
    let gains: Vec<f64> = gains(out.lane("out", 0), RATE, &at).iter().map(|g| 20.0 * g.log10()).collect();
    assert!((gains[0] + 3.01).abs() < 0.05, "{gains:?}");
    assert!(gains[1] > -0.3 && gains[2] > -0.1 && gains[3].abs() < 0.01, "{gains:?}");
    let out = Rig::new("DcBlock").set("in", 0.5).set("in.R", -1.0).render(1_000);
    assert!(out.constant.last() == Some(&true), "rests");
    assert_eq!(out.right("out", 0).last(), Some(&0.0));
}
