//! The gentlest filter.
use crate::dsp::{
    lanes::{Float, Lanes},
    one_pole::{Coefficients, low_block, tick},
};

use super::{
    module::{Build, Io, Module, OptionError, Rest},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { IN: "in" Audio "signal"; }
    outputs {
        LP: "lp" Audio "low-pass, 6 dB an octave";
        HP: "hp" Audio "high-pass, 6 dB an octave";
    }
    params { CUTOFF: "cutoff" ["freq", "frequency"] Hz 1.0, 20_000.0, 1_000.0, Log "corner frequency"; }
    options {}
}

pub struct OnePole {
    per_hz: f32,
}

impl Module for OnePole {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "OnePole",
        doc: "One-pole low-pass and high-pass.",
        algorithm: "trapezoidal integrator (TPT) with the analog filter's own pole, its low-pass output matched to the analog response up to 16 kHz (after Vicanek, Matched One-Pole Digital Shelving Filters)",
        family: Family::Filter,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 1;
    const REST: Rest = Rest::Forgets { still: &[] };

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            per_hz: 1.0 / build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, cutoff) = (io.ins[input::IN], io.ins[param::CUTOFF]);
        let mut state = io.state[0];
        let [lp, hp] = io.outs else {
            return;
        };
        let (steady, half) = (self.coefficients(l, cutoff.head()), l.f(0.5));
        if let (Some(x), None, false) = (x.block(), cutoff.block(), hp.wanted) {
            low_block(l, &mut state, &steady, x, &mut lp.block);
            io.state[0] = state;
            return;
        }
        for (i, (lp, hp)) in lp.block.iter_mut().zip(hp.block.iter_mut()).enumerate() {
            let k = match cutoff.block() {
                Some(cutoff) => self.coefficients(l, cutoff[i]),
                None => steady,
            };
            (*lp, *hp) = tick(&mut state, &k, x.at(i), half);
        }
        io.state[0] = state;
    }
}

impl OnePole {
    #[inline(always)]
    fn coefficients<L: Lanes>(&self, l: L, cutoff: L::F) -> Coefficients<L> {
        Coefficients::new(l, (cutoff * l.f(self.per_hz)).min(l.f(0.49)))
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig},
        measure::gains,
    };

    #[test]
    fn responses_are_the_analog_ones_up_to_16_khz() {
        let at = [30.0, 200.0, 1_000.0, 4_000.0, 10_000.0, 16_000.0];
        for cutoff in [50.0f32, 500.0, 2_000.0, 6_000.0, 12_000.0, 20_000.0] {
            for port in ["lp", "hp"] {
                let impulse = |_, t: u64| if t == 0 { 1.0 } else { 0.0 };
                let out = Rig::new("OnePole").set("cutoff", cutoff).feed("in", impulse).render(400);
                for (f, got) in at.into_iter().zip(gains(out.lane(port, 0), RATE, &at)) {
                    let v = f / cutoff as f64;
                    let low = 1.0 / v.hypot(1.0);
                    let want = if port == "lp" { low } else { v * low };
                    let off = 20.0 * (got / want).log10();
                    assert!(off.abs() < 0.35, "{port} {cutoff} at {f}: {off} dB");
                }
            }
        }
    }

    #[test]
    fn a_corner_that_moves_at_audio_rate_gains_nothing() {
        for rate in [1.0, 110.0, 997.0, 12_000.0] {
            let cutoff = move |_, t: u64| {
                let turn = rate * t as f64 / RATE as f64;
                (1_000.0 * (4.0 * (std::f64::consts::TAU * turn).sin()).exp2()) as f32
            };
            let rig = Rig::new("OnePole").feed("cutoff", cutoff);
            let out = rig.feed("in", crate::modules::harness::hash_noise).render(400);
            for port in ["lp", "hp"] {
                let peak = out.lane(port, 0).iter().fold(0.0f32, |m, x| m.max(x.abs()));
                assert!(peak < 2.5, "{port} {rate}: {peak}");
            }
        }
    }
}
