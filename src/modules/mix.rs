//! Four-channel stereo mixer.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes},
};

use super::{
    module::{Build, Io, Module, OptionError, Rest},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        (A_L A_R): "a" Audio "first channel";
        (B_L B_R): "b" Audio "second channel";
        (C_L C_R): "c" Audio "third channel";
        (D_L D_R): "d" Audio "fourth channel";
    }
    outputs { (OUT_L OUT_R): "out" Audio "the sum"; }
    params {
        GAIN_A: "gain_a" Decibels -60.0, 12.0, 0.0, Linear "level of `a`";
        GAIN_B: "gain_b" Decibels -60.0, 12.0, 0.0, Linear "level of `b`";
        GAIN_C: "gain_c" Decibels -60.0, 12.0, 0.0, Linear "level of `c`";
        GAIN_D: "gain_d" Decibels -60.0, 12.0, 0.0, Linear "level of `d`";
        PAN_A: "pan_a" Plain -1.0, 1.0, 0.0, Linear "balance of `a`: -1 left, 1 right";
        PAN_B: "pan_b" Plain -1.0, 1.0, 0.0, Linear "balance of `b`";
        PAN_C: "pan_c" Plain -1.0, 1.0, 0.0, Linear "balance of `c`";
        PAN_D: "pan_d" Plain -1.0, 1.0, 0.0, Linear "balance of `d`";
        GAIN: "gain" ["level"] Decibels -60.0, 12.0, 0.0, Linear "level of the sum";
    }
    options {}
}

/// Left input, right input, gain and balance of each channel.
const CHANNELS: [[usize; 4]; 4] = [
    [input::A_L, input::A_R, param::GAIN_A, param::PAN_A],
    [input::B_L, input::B_R, param::GAIN_B, param::PAN_B],
    [input::C_L, input::C_R, param::GAIN_C, param::PAN_C],
    [input::D_L, input::D_R, param::GAIN_D, param::PAN_D],
];

pub struct Mix;

impl Module for Mix {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Mix",
        doc: "Mixer of four stereo channels with level and balance.",
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

    fn build(_: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self)
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let total = io.ins[param::GAIN];
        let (left, right) = io.outs.split_at_mut(output::OUT_R);
        for (side, out) in [(0, &mut left[0]), (1, &mut right[0])] {
            let mut sum = [l.f(0.0); BLOCK];
            let mut constant = total.is_constant();
            for channel in CHANNELS {
                let x = io.ins[channel[side]];
                // No cable, or nothing on it.
            if x.is_constant() && !x.louder_than(l, 0.0) {
                    continue;
                }
                let (gain, pan) = (io.ins[channel[2]], io.ins[channel[3]]);
                let steady = gain.is_constant() && pan.is_constant();
                constant &= steady && x.is_constant();
                let mut gains = [l.f(0.0); BLOCK];
                if steady {
                    gains.fill(gain.head() * balance(l, pan.head(), side));
                } else {
                    for (i, g) in gains.iter_mut().enumerate() {
                        *g = gain.at(i) * balance(l, pan.at(i), side);
                    }
                }
                let mut flat = [l.f(0.0); BLOCK];
                let x = x.expand(&mut flat);
                for i in 0..BLOCK {
                    sum[i] = x[i].fma(gains[i], sum[i]);
                }
            }
            if constant {
                out.fill(sum[0] * total.head());
                continue;
            }
            let mut flat = [l.f(0.0); BLOCK];
            let total = total.expand(&mut flat);
            for (i, o) in out.block.iter_mut().enumerate() {
                *o = sum[i] * total[i];
            }
        }
    }
}

/// 1 in the middle, and to the other side down to 0.
#[inline(always)]
fn balance<L: Lanes>(l: L, pan: L::F, side: usize) -> L::F {
    let away = if side == 0 { pan } else { -pan };
    l.f(1.0) - away.max(l.f(0.0))
}

#[cfg(test)]
mod tests {
    use super::super::harness::Rig;

    #[test]
    fn channels_add_up_with_their_levels_and_balance() {
        let out = Rig::new("Mix")
            .feed("a", |_, f| f as f32)
            .feed("a.R", |_, f| f as f32)
            .set("b", 1.0)
            .set("b.R", 2.0)
            .set("gain_a", 0.5)
            .set("pan_a", 0.25)
            .set("pan_b", -1.0)
            .set("gain", 2.0)
            .render(2);
        for i in 0..128 {
            assert_eq!(out.lane("out", 0)[i], 2.0 * (0.375 * i as f32 + 1.0));
            assert_eq!(out.right("out", 0)[i], 2.0 * 0.5 * i as f32);
        }
    }

    #[test]
    fn what_stands_still_stays_constant() {
        let still = Rig::new("Mix").set("a", 0.5).set("c.R", 1.0).render(2);
        assert!(still.constant.iter().all(|c| *c));
        assert_eq!(
            (still.lane("out", 0)[1], still.right("out", 0)[1]),
            (0.5, 1.0)
        );
        let moved = Rig::new("Mix").set("a", 1.0).feed("gain_a", |_, f| f as f32);
        assert_eq!(moved.render(1).lane("out", 0)[63], 63.0);
    }
}
