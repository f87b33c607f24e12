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
        algorithm: "equal power: cosine and sine of a quarter turn; voices stand apart by the golden ratio",
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
        let (left, right) = io.outs.split_at_mut(output::OUT_R);
        let (left, right) = (&mut left[0], &mut right[0]);
        if pan.is_constant() && spread.is_constant() {
            let (to_left, to_right) = gains(l, pan.head(), spread.head(), place);
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
            let (to_left, to_right) = gains(l, pan.at(i), spread.at(i), place);
            left.block[i] = x.at(i) * to_left;
            right.block[i] = x.at(i) * to_right;
        }
    }
}

/// Gains to the left and to the right.
#[inline(always)]
fn gains<L: Lanes>(l: L, pan: L::F, spread: L::F, place: L::F) -> (L::F, L::F) {
    let at = spread.fma(place, pan).max(l.f(-1.0)).min(l.f(1.0));
    equal_power(l, at.fma(l.f(0.5), l.f(0.5)))
}

#[cfg(test)]
mod tests {
    use super::super::harness::Rig;

    #[test]
    fn power_is_the_same_everywhere_and_the_ends_are_silent() {
        let out = Rig::new("Pan")
            .set("in", 1.0)
            .feed("pan", |_, f| f as f32 / 64.0 - 1.0)
            .render(2);
        for (l, r) in out.lane("out", 0).iter().zip(out.right("out", 0)) {
            assert!((l * l + r * r - 1.0).abs() < 1e-6);
        }
        assert_eq!(out.right("out", 0)[0], 0.0);
        let right = Rig::new("Pan").set("in", 1.0).set("pan", 1.0).render(1);
        assert_eq!((right.lane("out", 0)[0], right.right("out", 0)[0]), (0.0, 1.0));
    }

    #[test]
    fn voices_stand_apart_when_spread() {
        let out = Rig::new("Pan").set("in", 1.0).set("spread", 1.0).wide().render(1);
        let mut places: Vec<f32> = (0..out.lanes()).map(|v| out.lane("out", v)[0]).collect();
        places.sort_by(f32::total_cmp);
        assert!(places.windows(2).all(|w| w[1] - w[0] > 0.01), "{places:?}");
        let middle = Rig::new("Pan").set("in", 1.0).set("spread", 1.0).render(1);
        assert!((middle.lane("out", 0)[0] - middle.right("out", 0)[0]).abs() < 1e-6);
    }
}
