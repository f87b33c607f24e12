//! A module that goes wrong on purpose: it lets tests show what the rest of the program does about it.
use std::time::Duration;

use crate::dsp::{
    BLOCK, cpu,
    lanes::{Float, Int, Lanes},
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "passed on until the fault"; }
    outputs { (OUT_L OUT_R): "out" Audio "the input, then the fault"; }
    params { GAIN: "gain" Decibels -60.0, 12.0, 0.0, Linear "level before the fault"; }
    options {
        KIND: "kind" Choice(&["Panic", "Nan", "Inf", "Dc", "Loud", "Hang", "Slow", "Silent"]) "what goes wrong";
        AFTER: "after" Whole { min: 0, max: 1_000_000_000, default: 0 } "blocks that go well before";
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Panic,
    Nan,
    Inf,
    Dc,
    Loud,
    Hang,
    Slow,
    Silent,
}

pub struct Fault {
    kind: Kind,
    after: i32,
    rate: f32,
}

impl Module for Fault {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Fault",
        doc: "Goes wrong on purpose, for tests.",
        algorithm: "",
        family: Family::Effect,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    /// Blocks rendered.
    const WORDS: usize = 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        use Kind::*;
        let kinds = [Panic, Nan, Inf, Dc, Loud, Hang, Slow, Silent];
        Ok(Self {
            kind: kinds[build.choice(option::KIND).min(kinds.len() - 1)],
            after: build.whole(option::AFTER).clamp(0, i32::MAX as i64) as i32,
            rate: build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let gain = io.ins[param::GAIN];
        for (from, to) in [(input::IN_L, output::OUT_L), (input::IN_R, output::OUT_R)] {
            let x = io.ins[from];
            for (i, o) in io.outs[to].block.iter_mut().enumerate() {
                *o = x.at(i) * gain.at(i);
            }
        }
        let blocks = io.state[0].bits();
        io.state[0] = (blocks + l.i(1)).bits();
        if blocks.lanes().iter().any(|b| *b >= self.after) {
            self.strike(l, io, blocks.lanes()[0] == self.after);
        }
    }
}

impl Fault {
    #[allow(clippy::disallowed_methods, reason = "it hangs on purpose")]
    #[inline(always)]
    fn strike<L: Lanes>(&self, l: L, io: &mut Io<'_, L>, first: bool) {
        let mut every = |f: &dyn Fn(L::F) -> L::F| {
            for out in io.outs.iter_mut() {
                out.block.iter_mut().for_each(|x| *x = f(*x));
            }
        };
        match self.kind {
            Kind::Panic => panic!("a fault that the patch asked for"),
            Kind::Nan => every(&|_| l.f(f32::NAN)),
            Kind::Inf => every(&|_| l.f(f32::INFINITY)),
            Kind::Dc => every(&|_| l.f(0.5)),
            Kind::Loud => every(&|x| x * l.f(1_000.0)),
            Kind::Silent => every(&|_| l.f(0.0)),
            Kind::Hang if first => std::thread::sleep(Duration::from_secs(2)),
            Kind::Hang => {}
            Kind::Slow => burn(2.0 * BLOCK as f64 / f64::from(self.rate)),
        }
    }
}

/// Keeps the CPU busy: time that the thread waits for one does not count.
fn burn(seconds: f64) {
    let end = cpu::seconds() + seconds;
    while cpu::seconds() < end {
        std::hint::spin_loop();
    }
}
