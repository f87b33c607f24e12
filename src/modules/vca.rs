//! Voltage-controlled amplifier.
use crate::dsp::{BLOCK, lanes::Lanes};

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
        let zero = [l.f(0.0); BLOCK];
        let (mut x_block, mut cv_block, mut gain_block) = (zero, zero, zero);
        let x = x.expand(&mut x_block);
        let cv = cv.expand(&mut cv_block);
        let gain = gain.expand(&mut gain_block);
        for (i, o) in out.block.iter_mut().enumerate() {
            *o = x[i] * (cv[i] + gain[i]);
        }
    }
}
