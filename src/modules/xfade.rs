//! From one signal to another.
use crate::dsp::{
    equal_power::equal_power,
    lanes::{Float, Lanes},
};

use super::{
    module::{Build, Io, Module, OptionError, Rest},
    pointwise::pointwise,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        (A_L A_R): "a" Audio "first signal";
        (B_L B_R): "b" Audio "second signal";
    }
    outputs { (OUT_L OUT_R): "out" Audio "between both"; }
    params { MIX: "mix" ["fade", "position"] Plain 0.0, 1.0, 0.5, Linear "0 the first, 1 the second"; }
    options { CURVE: "curve" Choice(&["EqualPower", "Linear"]) "EqualPower holds the loudness of different signals, Linear that of like ones"; }
}

pub struct Xfade {
    linear: bool,
}

impl Module for Xfade {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Xfade",
        doc: "Crossfade between two signals.",
        algorithm: "cosine and sine of a quarter turn, or a straight line",
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
            linear: build.choice(option::CURVE) == 1,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let mix = io.ins[param::MIX];
        for (a, b, side) in [
            (input::A_L, input::B_L, output::OUT_L),
            (input::A_R, input::B_R, output::OUT_R),
        ] {
            let (a, b) = (io.ins[a], io.ins[b]);
            let out = &mut io.outs[side];
            if self.linear {
                pointwise(
                    [a, b, mix],
                    out,
                    #[inline(always)]
                    |[a, b, mix]| (b - a).fma(mix, a),
                );
            } else if mix.is_constant() {
                let (from, to) = equal_power(l, mix.head());
                pointwise(
                    [a, b],
                    out,
                    #[inline(always)]
                    |[a, b]| a.fma(from, b * to),
                );
            } else {
                pointwise(
                    [a, b, mix],
                    out,
                    #[inline(always)]
                    |[a, b, mix]| {
                        let (from, to) = equal_power(l, mix);
                        a.fma(from, b * to)
                    },
                );
            }
        }
    }
}

#[test]
fn the_ends_are_the_signals_and_the_middle_holds_the_power() {
    use super::{harness::Rig, spec::OptionValue};
    let rig = |curve, mix: f32| {
        let rig = Rig::new("Xfade").option("curve", OptionValue::Choice(curve));
        let rig = rig.feed("a", |_, t| t as f32).set("a.R", 1.0).set("b", 0.5).set("b.R", 2.0);
        rig.set("mix", mix).render(1)
    };
    for curve in 0..2 {
        let (first, second) = (rig(curve, 0.0), rig(curve, 1.0));
        for (t, x) in first.lane("out", 0).iter().enumerate() {
            assert!((x - t as f32).abs() < 1e-3, "{curve} {t}: {x}");
        }
        assert!((second.lane("out", 0)[9] - 0.5).abs() < 1e-4);
        assert!((second.right("out", 0)[9] - 2.0).abs() < 1e-4);
    }
    let middle = rig(0, 0.5).right("out", 0)[5];
    assert!((middle - 3.0 * 0.5f32.sqrt()).abs() < 1e-3, "{middle}");
    assert_eq!(rig(1, 0.5).right("out", 0)[5], 1.5);
}
