//! Sine oscillator with phase modulation.
use crate::dsp::lanes::{Float, Int, Lanes};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        FM: "fm" Audio "phase modulation, in cycles";
    }
    outputs { OUT: "out" Audio "sine, -1..1 at level 1"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 0.01, 20_000.0, 261.625_58, Log "frequency; a pitch cable shifts it by octaves";
        RATIO: "ratio" Plain 0.0, 64.0, 1.0, Linear "multiplies the frequency";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

pub struct Sine {
    /// Cycles of 2^32 a hertz.
    turns_per_hz: f32,
}

/// The sine of a turn of 2^32: folded to a quarter in integers, which keeps precision near 0, then an odd polynomial of degree 9
/// (minimax over a quarter turn, THD+N below -148 dB).
#[inline(always)]
fn sin_turn<L: Lanes>(l: L, phase: L::I) -> L::F {
    let folded = L::I::select(
        (phase ^ (phase + phase)).negative(),
        l.i(i32::MIN) - phase,
        phase,
    );
    let t = folded.to_float() * l.f(1.0 / (1u32 << 30) as f32);
    let y = t * t;
    let p = y.fma(l.f(1.508_205_5e-4), l.f(-4.672_227_9e-3));
    let p = p.fma(y, l.f(7.968_848e-2)).fma(y, l.f(-6.459_633_6e-1));
    t * p.fma(y, l.f(std::f32::consts::FRAC_PI_2))
}

impl Module for Sine {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Sine",
        doc: "Sine oscillator with phase modulation.",
        algorithm: "",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            turns_per_hz: 4_294_967_296.0 / build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let scale = l.f(self.turns_per_hz);
        let (freq, ratio, level) = (
            io.ins[param::FREQ],
            io.ins[param::RATIO],
            io.ins[param::LEVEL],
        );
        let fm = io.ins[input::FM];
        let mut phase = io.state[0].bits();
        for (i, o) in io.outs[output::OUT].block.iter_mut().enumerate() {
            let turns = fm.at(i);
            let offset = ((turns - turns.round()) * l.f(4_294_967_296.0)).to_int();
            *o = sin_turn(l, phase + offset) * level.at(i);
            phase = phase + (freq.at(i) * ratio.at(i) * scale).to_int();
        }
        io.state[0] = phase.bits();
    }
}
