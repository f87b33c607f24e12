//! Arithmetic between two signals.
use crate::dsp::lanes::{Float, Lanes};

use super::{
    module::{Build, Io, Module, OptionError, Rest},
    pointwise::pointwise,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        A: "a" Cv "first signal";
        B: "b" Cv "second signal";
    }
    outputs { OUT: "out" Cv "the result"; }
    params { VALUE: "value" Plain -100.0, 100.0, 0.0, Linear "added to `b`: the second signal where nothing is connected"; }
    options { OP: "op" Choice(&["Add", "Subtract", "Multiply", "Min", "Max", "Abs", "Average"]) "a + b, a - b, a times b, the smaller, the larger, the distance |a - b| (without b the absolute value), the middle"; }
}

#[derive(Clone, Copy)]
enum Op {
    Add,
    Subtract,
    Multiply,
    Min,
    Max,
    Abs,
    Average,
}

pub struct Math {
    op: Op,
}

impl Module for Math {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Math",
        doc: "Arithmetic between two signals: add, subtract, multiply, min, max, abs, average.",
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
        use Op::*;
        let ops = [Add, Subtract, Multiply, Min, Max, Abs, Average];
        Ok(Self {
            op: ops[build.choice(option::OP).min(ops.len() - 1)],
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let ins = [io.ins[input::A], io.ins[input::B], io.ins[param::VALUE]];
        let out = &mut io.outs[output::OUT];
        match self.op {
            Op::Add => pointwise(
                ins,
                out,
                #[inline(always)]
                |[a, b, v]| a + (b + v),
            ),
            Op::Subtract => pointwise(
                ins,
                out,
                #[inline(always)]
                |[a, b, v]| a - (b + v),
            ),
            Op::Multiply => pointwise(
                ins,
                out,
                #[inline(always)]
                |[a, b, v]| a * (b + v),
            ),
            Op::Min => pointwise(
                ins,
                out,
                #[inline(always)]
                |[a, b, v]| a.min(b + v),
            ),
            Op::Max => pointwise(
                ins,
                out,
                #[inline(always)]
                |[a, b, v]| a.max(b + v),
            ),
            Op::Abs => pointwise(
                ins,
                out,
                #[inline(always)]
                |[a, b, v]| (a - (b + v)).abs(),
            ),
            Op::Average => pointwise(
                ins,
                out,
                #[inline(always)]
                |[a, b, v]| (a + (b + v)) * l.f(0.5),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{harness::Rig, spec::OptionValue};

    #[test]
    fn every_operation_is_what_it_says() {
        let a = |_: usize, t: u64| (t as f32 * 0.1).sin();
        let b = |t: u64| (t as f32 * 0.07).cos();
        for (op, want) in [
            (|a, b| a + b) as fn(f32, f32) -> f32,
            |a, b| a - b,
            |a, b| a * b,
            f32::min,
            f32::max,
            |a, b| (a - b).abs(),
            |a, b| (a + b) / 2.0,
        ]
        .into_iter()
        .enumerate()
        {
            let rig = || Rig::new("Math").option("op", OptionValue::Choice(op));
            let out = rig().feed("a", a).feed("b", move |_, t| b(t)).set("value", 0.25).render(10);
            for (t, y) in out.lane("out", 0).iter().enumerate() {
                let x = want(a(0, t as u64), b(t as u64) + 0.25);
                assert!((y - x).abs() < 1e-6, "{op} {t}: {y} {x}");
            }
            // Without a cable in `b`, and with nothing moving.
            let still = rig().set("a", -2.0).set("value", 3.0).render(1);
            assert!(still.constant[0]);
            assert_eq!(still.lane("out", 0)[9], want(-2.0, 3.0), "{op}");
        }
    }
}
