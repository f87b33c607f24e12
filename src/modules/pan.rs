//! Places a mono signal between the speakers.
use crate::dsp::{
    BLOCK,
    equal_power::equal_power,
    lanes::{Float, Lanes},
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { IN: "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "the signal between the speakers"; }
    params {
        PAN: "pan" ["position"] Plain -1.0, 1.0, 0.0, Linear "-1 left, 0 middle, 1 right";
        SPREAD: "spread" Plain 0.0, 1.0, 0.0, Linear "how far the voices of a chord stand apart";
    }
    options {}
}

/// Each voice stands this much further on than the one before, of a width that wraps: the golden ratio keeps any number of
/// voices apart.
const GOLDEN: f32 = 0.618_034;

pub struct Pan;

impl Module for Pan {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Pan",
        doc: "Places a mono signal, or each voice of a chord, between the speakers at equal power.",
        algorithm: "",
        family: Family::Shaping,
        voicing: Voicing::PerVoice,
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
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, pan, spread) = (
            io.ins[input::IN],
            io.ins[param::PAN],
            io.ins[param::SPREAD],
        );
        let first = io.first_voice;
        let place = l.from_fn(|lane| 2.0 * ((first + lane) as f32 * GOLDEN + 0.5).fract() - 1.0);
        let gains = |i| {
            let at = spread.at(i).fma(place, pan.at(i));
            let at = at.max(l.f(-1.0)).min(l.f(1.0));
            equal_power(l, at.fma(l.f(0.5), l.f(0.5)))
        };
        let (left, right) = io.outs.split_at_mut(output::OUT_R);
        let (left, right) = (&mut left[0], &mut right[0]);
        if pan.is_constant() && spread.is_constant() {
            let (to_left, to_right) = gains(0);
            if x.is_constant() {
                left.fill(x.head() * to_left);
                right.fill(x.head() * to_right);
                return;
            }
            for i in 0..BLOCK {
                left.block[i] = x.at(i) * to_left;
                right.block[i] = x.at(i) * to_right;
            }
            return;
        }
        for i in 0..BLOCK {
            let (to_left, to_right) = gains(i);
            left.block[i] = x.at(i) * to_left;
            right.block[i] = x.at(i) * to_right;
        }
    }
}
