//! Voltage-controlled amplifier.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
    math::exp2,
};

use super::{
    module::{Build, In, Io, Module, OptionError, Rest},
    pointwise::pointwise,
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
    options { RESPONSE: "response" Choice(&["Linear", "Exponential"]) "what the gain does with its control: follows it, or runs through 60 dB from 0 (closed) to 1 (unity, and no further)"; }
}

/// Octaves of gain in 60 dB.
const OCTAVES: f32 = 9.965_784;

pub struct Vca {
    exponential: bool,
}

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
    const REST: Rest = Rest::Amplifier {
        input: input::IN,
        controls: &[input::CV, param::GAIN],
    };

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            exponential: build.choice(option::RESPONSE) == 1,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, cv, gain) = (io.ins[input::IN], io.ins[input::CV], io.ins[param::GAIN]);
        let out = &mut io.outs[output::OUT];
        if self.exponential {
            return pointwise(
                [x, cv, gain],
                out,
                #[inline(always)]
                |[x, cv, gain]| x * exponential(l, cv + gain),
            );
        }
        if x.is_constant() && cv.is_constant() && gain.is_constant() {
            return out.fill(x.head() * (cv.head() + gain.head()));
        }
        // A closed amplifier is silence, which what follows may sleep through.
        let steady = cv.is_constant() && gain.is_constant();
        if steady && l.f(0.0).ge((cv.head() + gain.head()).abs()).all() {
            return out.fill(l.f(0.0));
        }
        // A constant is spread over a block only where there is one.
        let (x_block, cv_block);
        let x = match x.block() {
            Some(block) => block,
            None => {
                x_block = [x.head(); BLOCK];
                &x_block
            }
        };
        let to = &mut out.block[..];
        match (cv.block(), gain.block()) {
            (None, None) => {
                let gain = l.spread(cv.head() + gain.head());
                // By fours: counting frames would be a third of the loop.
                for four in (0..BLOCK).step_by(4 * L::RUN) {
                    for at in (four..four + 4 * L::RUN).step_by(L::RUN) {
                        l.store(to, at, l.load(x, at) * gain);
                    }
                }
            }
            (Some(cv), None) => {
                let gain = l.spread(gain.head());
                for four in (0..BLOCK).step_by(4 * L::RUN) {
                    for at in (four..four + 4 * L::RUN).step_by(L::RUN) {
                        let level = l.load(cv, at) + gain;
                        l.store(to, at, l.load(x, at) * level);
                    }
                }
            }
            (cv_moves, Some(gain)) => {
                let cv = match cv_moves {
                    Some(block) => block,
                    None => {
                        cv_block = [cv.head(); BLOCK];
                        &cv_block
                    }
                };
                for (i, o) in to.iter_mut().enumerate() {
                    *o = x[i] * (cv[i] + gain[i]);
                }
            }
        }
    }

    #[inline(always)]
    fn shut<L: Lanes>(&self, l: L, ins: &[In<'_, L>]) -> u64 {
        let (cv, gain) = (ins[input::CV], ins[param::GAIN]);
        let mut all = self.closed(l, cv, gain, 0) & self.closed(l, cv, gain, BLOCK - 1);
        // Mostly its ends tell of a block that moves.
        if all.any() && !(cv.is_constant() && gain.is_constant()) {
            for i in 1..BLOCK - 1 {
                all = all & self.closed(l, cv, gain, i);
            }
        }
        all.to_bits()
    }
}

impl Vca {
    #[inline(always)]
    fn closed<L: Lanes>(&self, l: L, cv: In<'_, L>, gain: In<'_, L>, i: usize) -> L::M {
        let control = cv.at(i) + gain.at(i);
        l.f(0.0).ge(match self.exponential {
            true => control,
            false => control.abs(),
        })
    }
}

/// 60 dB from 0 to 1, bent so that 0 is silence.
#[inline(always)]
pub fn exponential<L: Lanes>(l: L, control: L::F) -> L::F {
    let octaves = control.max(l.f(0.0)).min(l.f(1.0)) * l.f(OCTAVES);
    (exp2(l, octaves) - l.f(1.0)) * l.f(1.0 / 999.0)
}

#[test]
fn an_exponential_amplifier_runs_through_60_decibels() {
    use super::{harness::Rig, spec::OptionValue};
    let rig = || Rig::new("Vca").option("response", OptionValue::Choice(1)).set("in", 0.5);
    let out = rig().feed("cv", |_, t| t as f32 / 48.0).render(1);
    for (t, y) in out.lane("out", 0).iter().enumerate() {
        let want = (1_000f32.powf((t as f32 / 48.0).min(1.0)) - 1.0) / 999.0 * 0.5;
        assert!((y - want).abs() < 1e-6, "{t}: {y} {want}");
    }
    assert!(rig().render(1).constant[0]);
}
