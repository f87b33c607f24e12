//! Ring modulator.
use crate::dsp::lanes::{Float, Lanes};

use super::{
    module::{Build, Io, Module, OptionError, Rest},
    pointwise::pointwise,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        IN: "in" Audio "signal";
        MOD: "mod" Audio "what it is multiplied with";
    }
    outputs { OUT: "out" Audio "sums and differences of both signals' frequencies"; }
    params { MIX: "mix" ["amount", "depth"] Plain 0.0, 1.0, 1.0, Linear "0 the signal alone, 0.5 amplitude modulation, 1 ring modulation"; }
    options {}
}

pub struct RingMod;

impl Module for RingMod {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "RingMod",
        doc: "One signal times another: bells, robots, tremolo.",
        algorithm: "four-quadrant product; two band-limited signals below half the Nyquist frequency give no aliases",
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
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        pointwise(
            [io.ins[input::IN], io.ins[input::MOD], io.ins[param::MIX]],
            &mut io.outs[output::OUT],
            #[inline(always)]
            |[x, m, mix]| x * (m - l.f(1.0)).fma(mix, l.f(1.0)),
        );
    }
}

#[test]
fn two_sines_give_their_sum_and_difference_and_nothing_else() {
    use super::{
        harness::{RATE, Rig},
        measure::Spectrum,
    };
    let sine = |hz: f64| {
        move |_, t: u64| (std::f64::consts::TAU * hz * t as f64 / RATE as f64).sin() as f32
    };
    let out = Rig::new("RingMod").feed("in", sine(3_000.0)).feed("mod", sine(700.0)).render(1 << 10);
    let s = Spectrum::new(out.lane("out", 0), RATE);
    for hz in [2_300.0, 3_700.0] {
        assert!((s.amplitude(hz) - 0.5).abs() < 1e-4, "{hz}: {}", s.amplitude(hz));
    }
    for (from, to) in [(20.0, 2_250.0), (2_350.0, 3_650.0), (3_750.0, 23_000.0)] {
        assert!(s.band_db(from, to) < -130.0, "{from}: {}", s.band_db(from, to));
    }
}
