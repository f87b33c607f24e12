//! The patch's output: what reaches the slot.
use crate::dsp::lanes::Lanes;

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "what is heard"; }
    outputs { (OUT_L OUT_R): "out" Audio "the same, for feedback and probes"; }
    params { GAIN: "gain" Decibels -60.0, 12.0, 0.0, Linear "output level"; }
    options {}
}

pub struct Out;

impl Module for Out {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Out",
        doc: "The patch's output; several are summed.",
        algorithm: "",
        family: Family::Output,
        voicing: Voicing::Summed,
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
    fn render<L: Lanes>(&self, _: L, io: &mut Io<'_, L>) {
        let gain = io.ins[param::GAIN];
        for (from, to) in [(input::IN_L, output::OUT_L), (input::IN_R, output::OUT_R)] {
            let (x, out) = (io.ins[from], &mut io.outs[to]);
            if x.is_constant() && gain.is_constant() {
                out.fill(x.head() * gain.head());
                continue;
            }
            for (i, o) in out.block.iter_mut().enumerate() {
                *o = x.at(i) * gain.at(i);
            }
        }
    }
}
