//! Stretches and moves a signal.
use crate::dsp::lanes::{Float, Lanes};

use super::{
    module::{Build, Io, Module, OptionError, Rest},
    pointwise::pointwise,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { IN: "in" Cv "signal"; }
    outputs { OUT: "out" Cv "in times `mul`, plus `add`"; }
    params {
        MUL: "mul" ["scale", "amount"] Plain -100.0, 100.0, 1.0, Linear "the signal is multiplied with this";
        ADD: "add" ["offset"] Plain -100.0, 100.0, 0.0, Linear "and this is added";
    }
    options {}
}

pub struct Scale;

impl Module for Scale {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Scale",
        doc: "Stretches, inverts and moves a signal; without one, a constant.",
        algorithm: "",
        family: Family::Shaping,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 0;
    const REST: Rest = Rest::Forgets { still: &[] };

    fn build(_: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self)
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, _: L, io: &mut Io<'_, L>) {
        pointwise(
            [io.ins[input::IN], io.ins[param::MUL], io.ins[param::ADD]],
            &mut io.outs[output::OUT],
            #[inline(always)]
            |[x, mul, add]| x.fma(mul, add),
        );
    }
}

#[test]
fn it_multiplies_then_adds() {
    let rig = super::harness::Rig::new("Scale").set("mul", -2.0).set("add", 0.5);
    let out = rig.feed("in", |_, t| t as f32 / 64.0).render(1);
    assert_eq!(out.lane("out", 0)[32], -0.5);
    assert_eq!(out.lane("out", 0)[0], 0.5);
}
