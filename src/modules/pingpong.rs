//! Echo from side to side.
use crate::dsp::lanes::Lanes;

use super::{
    echo::{self, Echo, Knobs, Path},
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal; its sides are summed on their way to the first echo"; }
    outputs { (OUT_L OUT_R): "out" Audio "signal and echoes"; }
    params {
        TIME: "time" TempoSeconds 0.0005, 4.0, 0.25, Log "from echo to echo, in seconds or as a note length; moves like a tape's, at most half as fast again";
        FEEDBACK: "feedback" Plain 0.0, 1.1, 0.5, Linear "level of an echo against the one before; above 1 it builds up, softly bounded";
        TONE: "tone" ["damp"] Hz 200.0, 20_000.0, 5_000.0, Log "each echo is darker than this";
        CUT: "cut" Hz 10.0, 2_000.0, 120.0, Log "each echo is thinner than this";
        WIDTH: "width" Plain 0.0, 1.0, 1.0, Linear "how far aside echoes are: 0 all in the middle";
        MIX: "mix" Plain 0.0, 1.0, 0.3, Linear "0 signal only, 1 echoes only, at equal power";
    }
    options {}
}

pub struct PingPong {
    echo: Echo,
}

impl Module for PingPong {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "PingPong",
        doc: "Echo that goes from left to right and back.",
        algorithm: "as Delay; each side's loop goes through the other",
        family: Family::Effect,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = echo::WORDS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            echo: Echo::new(build.rate, Path::PingPong),
        })
    }

    fn memory(&self) -> usize {
        self.echo.memory()
    }

    fn init(&self, _: LaneInit, words: &mut [f32]) {
        self.echo.init(words);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let knobs = Knobs {
            time: io.ins[param::TIME],
            feedback: io.ins[param::FEEDBACK],
            tone: io.ins[param::TONE],
            cut: io.ins[param::CUT],
            mix: io.ins[param::MIX],
            width: io.ins[param::WIDTH],
        };
        self.echo.render(l, io, knobs);
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::Rig;

    fn echoes(width: f32) -> (Vec<f32>, Vec<f32>) {
        let one = |_: usize, f: u64| (f == 5) as u32 as f32;
        let rig = Rig::new("PingPong").feed("in", one).feed("in.R", one);
        let rig = rig.set("time", 0.1).set("feedback", 0.9).set("mix", 1.0);
        let out = rig.set("width", width).render(400);
        let peak = |x: &[f32], n: usize| x[5 + 4_800 * n - 50..][..100].iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let side = |x: &[f32]| (1..5).map(|n| peak(x, n)).collect();
        (side(out.lane("out", 0)), side(out.right("out", 0)))
    }

    #[test]
    fn echoes_go_from_side_to_side_as_far_as_the_width() {
        let (left, right) = echoes(1.0);
        assert!(left[0] > 0.9 && right[0] == 0.0);
        assert!(left[1] < 1e-3 && right[1] > 0.3);
        assert!(left[2] > 0.1 && right[2] < 1e-2);
        let (left, right) = echoes(0.0);
        assert_eq!(left, right);
        let (left, right) = echoes(0.5);
        assert!((left[0] / right[0] - 3.0).abs() < 1e-3);
    }
}
