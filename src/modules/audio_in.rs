//! The sound that comes in.
use crate::dsp::lanes::Lanes;

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {}
    outputs { (OUT_L OUT_R): "out" Audio "what comes in; silence where nothing does"; }
    params { GAIN: "gain" Decibels -60.0, 36.0, 0.0, Linear "input level"; }
    options { CHANNEL: "channel" Choice(&["Stereo", "Left", "Right", "Sum"]) "both channels as they are, one of them on both sides, or both mixed"; }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Channel {
    Stereo,
    Left,
    Right,
    Sum,
}

pub struct AudioIn {
    channel: Channel,
}

impl Module for AudioIn {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "In",
        doc: "Audio input: a microphone, a guitar, whatever `--input` names. Both slots hear the same at the same time.",
        algorithm: "",
        family: Family::Source,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 0;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        use Channel::*;
        let channels = [Stereo, Left, Right, Sum];
        Ok(Self {
            channel: channels[build.choice(option::CHANNEL).min(3)],
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let Some(frames) = io.cx.input else {
            for out in [output::OUT_L, output::OUT_R] {
                io.outs[out].fill(l.f(0.0));
            }
            return;
        };
        let gain = io.ins[param::GAIN];
        for (i, [left, right]) in frames.iter().copied().enumerate() {
            let sides = match self.channel {
                Channel::Stereo => [left, right],
                Channel::Left => [left; 2],
                Channel::Right => [right; 2],
                Channel::Sum => [0.5 * (left + right); 2],
            };
            for (out, x) in [output::OUT_L, output::OUT_R].into_iter().zip(sides) {
                io.outs[out].block[i] = gain.at(i) * l.f(x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{harness::Rig, spec::OptionValue};

    #[test]
    fn channels_and_gain_are_what_they_say() {
        let frame = |f: u64| [f as f32, -0.5 * f as f32];
        for (channel, want) in [(0, [1.0, -0.5]), (1, [1.0, 1.0]), (2, [-0.5, -0.5]), (3, [0.25, 0.25])] {
            let rig = Rig::new("In").option("channel", OptionValue::Choice(channel));
            let out = rig.set("gain", 2.0).input(frame).render(3);
            for f in 0..192 {
                let heard = [out.lane("out", 0)[f], out.right("out", 0)[f]];
                assert_eq!(heard, want.map(|w| 2.0 * w * f as f32), "{channel} {f}");
            }
        }
        let silent = Rig::new("In").render(2);
        assert!(silent.constant[0] && silent.lane("out", 0)[100] == 0.0);
    }
}
