//! Keeps a signal between two bounds.
use crate::dsp::lanes::{Float, Lanes};

use super::{
    module::{Build, Io, Module, OptionError, Rest},
    pointwise::pointwise,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { IN: "in" Cv "signal"; }
    outputs { OUT: "out" Cv "the signal within its bounds"; }
    params {
        MIN: "min" ["low"] Plain -100.0, 100.0, 0.0, Linear "never below this";
        MAX: "max" ["high"] Plain -100.0, 100.0, 1.0, Linear "never above this, which wins where `min` is higher";
    }
    options { MODE: "mode" Choice(&["Clip", "Fold"]) "stops at a bound, or turns back there until it meets the other one"; }
}

pub struct Clamp {
    fold: bool,
}

impl Module for Clamp {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Clamp",
        doc: "Keeps a control signal between two bounds, by clipping or folding; for sound take Drive, which does not alias.",
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

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            fold: build.choice(option::MODE) == 1,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let ins = [io.ins[input::IN], io.ins[param::MIN], io.ins[param::MAX]];
        let out = &mut io.outs[output::OUT];
        if !self.fold {
            return pointwise(
                ins,
                out,
                #[inline(always)]
                |[x, min, max]| x.max(min).min(max),
            );
        }
        pointwise(
            ins,
            out,
            #[inline(always)]
            |[x, min, max]| {
                // A triangle of the way above `min`, in turns of there and back.
                let way = (max - min).max(l.f(1e-6));
                let turns = (x - min) / (way + way);
                let turns = (turns - turns.round()).abs();
                (turns * (way + way) + min).max(min).min(max)
            },
        );
    }
}

#[test]
fn it_stops_or_turns_back_at_the_bounds() {
    use super::{harness::Rig, spec::OptionValue};
    for (mode, want) in [
        (0, [0.5, 1.0, 1.0, 0.0, 0.0]),
        (1, [0.5, 0.75, 0.5, 0.25, 1.0]),
    ] {
        let rig = Rig::new("Clamp").option("mode", OptionValue::Choice(mode));
        let out = rig.feed("in", |_, t| [0.5, 1.25, 2.5, -0.25, -1.0][t as usize % 5]).render(1);
        for (got, want) in out.lane("out", 0).iter().zip(want) {
            assert!((got - want).abs() < 1e-5, "{mode}: {got} {want}");
        }
    }
}
