//! Voltage-controlled amplifier.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        IN: "in" Audio "signal";
        CV: "cv" Cv "gain, added to `gain`";
    }
    outputs { OUT: "out" Audio "signal times gain"; }
    params { GAIN: "gain" Plain 0.0, 4.0, 0.0, Linear "gain without a cable in `cv`"; }
    options {}
}

pub struct Vca;

impl Module for Vca {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Vca",
        doc: "Amplifier: the signal times a control signal.",
        algorithm: "",
        family: Family::Shaping,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 0;

    fn build(_: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self)
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, cv, gain) = (io.ins[input::IN], io.ins[input::CV], io.ins[param::GAIN]);
        let out = &mut io.outs[output::OUT];
        if x.is_constant() && cv.is_constant() && gain.is_constant() {
            return out.fill(x.head() * (cv.head() + gain.head()));
        }
        // A closed amplifier is silence, which what follows may sleep through.
        let steady = cv.is_constant() && gain.is_constant();
        if steady && l.f(0.0).ge((cv.head() + gain.head()).abs()).all() {
            return out.fill(l.f(0.0));
        }
        // A constant is spread over a block only where there is one.
        let (x_block, cv_block);
        let x = match x.block() {
            Some(block) => block,
            None => {
                x_block = [x.head(); BLOCK];
                &x_block
            }
        };
        match (cv.block(), gain.block()) {
            (None, None) => {
                let gain = cv.head() + gain.head();
                for (o, x) in out.block.iter_mut().zip(x) {
                    *o = *x * gain;
                }
            }
            (Some(cv), None) => {
                let gain = gain.head();
                for (i, o) in out.block.iter_mut().enumerate() {
                    *o = x[i] * (cv[i] + gain);
                }
            }
            (cv_moves, Some(gain)) => {
                let cv = match cv_moves {
                    Some(block) => block,
                    None => {
                        cv_block = [cv.head(); BLOCK];
                        &cv_block
                    }
                };
                for (i, o) in out.block.iter_mut().enumerate() {
                    *o = x[i] * (cv[i] + gain[i]);
                }
            }
        }
    }
}
