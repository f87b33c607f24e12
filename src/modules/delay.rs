//! Stereo echo whose time moves like a tape's.
use crate::dsp::lanes::Lanes;

use super::{
    echo::{self, Echo, Knobs, Path},
    module::{Build, In, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "signal and echoes"; }
    params {
        TIME: "time" TempoSeconds 0.0005, 4.0, 0.375, Log "from echo to echo, in seconds or as a note length; moves like a tape's, at most half as fast again";
        FEEDBACK: "feedback" Plain 0.0, 1.1, 0.35, Linear "level of an echo against the one before; above 1 it builds up, softly bounded";
        TONE: "tone" ["damp"] Hz 200.0, 20_000.0, 6_000.0, Log "each echo is darker than this";
        CUT: "cut" Hz 10.0, 2_000.0, 80.0, Log "each echo is thinner than this";
        MIX: "mix" Plain 0.0, 1.0, 0.25, Linear "0 signal only, 1 echoes only, at equal power";
    }
    options {
        MODE: "mode" Choice(&["Stereo", "PingPong"]) "each side for itself, or from side to side";
    }
}

pub struct Delay {
    echo: Echo,
}

impl Module for Delay {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Delay",
        doc: "Stereo echo, in time with the tempo if its time is a note length.",
        algorithm: "a reading head of bounded speed, third-order Lagrange interpolation; filters and soft bound in the loop",
        family: Family::Effect,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = echo::WORDS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let path = match build.choice(option::MODE) {
            1 => Path::PingPong,
            _ => Path::Sides,
        };
        Ok(Self {
            echo: Echo::new(build.rate, path),
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
            width: In::constant(l.f(1.0)),
        };
        self.echo.render(l, io, knobs);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        spec::OptionValue,
    };

    /// One frame at 1 on both sides.
    fn impulse() -> Rig {
        let one = |_: usize, f: u64| (f == 5) as u32 as f32;
        Rig::new("Delay").feed("in", one).feed("in.R", one)
    }

    #[test]
    fn an_echo_comes_back_at_the_nearest_frame_unchanged() {
        for time in [0.375, 0.1234567, 0.0009, 0.003] {
            let out = impulse().set("time", time).set("mix", 1.0).set("feedback", 0.0);
            let out = out.render(400);
            let at = 5 + (time * RATE).round() as usize;
            for (f, x) in out.lane("out", 0).iter().enumerate() {
                assert_eq!(*x, (f == at) as u32 as f32, "time {time} frame {f}");
            }
        }
    }

    #[test]
    fn echoes_get_quieter_by_the_feedback() {
        let tone = |_: usize, f: u64| match f {
            0..4_800 => (f as f32 * 0.131).sin(),
            _ => 0.0,
        };
        let out = Rig::new("Delay")
            .feed("in", tone)
            .set("time", 0.25)
            .set("feedback", 0.5)
            .set("tone", 20_000.0)
            .set("cut", 10.0)
            .set("mix", 1.0)
            .render(1_200);
        let rms = |n: usize| {
            let part = &out.lane("out", 0)[n * 12_000 + 1_000..][..3_000];
            (part.iter().map(|x| x * x).sum::<f32>() / 3_000.0).sqrt()
        };
        for n in 1..5 {
            let ratio = rms(n + 1) / rms(n);
            assert!((ratio - 0.5).abs() < 0.005, "{n}: {ratio}");
        }
    }

    #[test]
    fn ping_pong_goes_from_side_to_side() {
        let out = impulse()
            .option("mode", OptionValue::Choice(1))
            .set("time", 0.1)
            .set("feedback", 0.9)
            .set("mix", 1.0)
            .render(400);
        let peak = |x: &[f32], n: usize| x[5 + 4_800 * n - 50..][..100].iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let (l, r) = (out.lane("out", 0), out.right("out", 0));
        assert!(peak(l, 1) == 1.0 && peak(r, 1) == 0.0);
        assert!(peak(l, 2) < 1e-3 && peak(r, 2) > 0.3);
        assert!(peak(l, 3) > 0.1 && peak(r, 3) < 1e-2);
    }

    #[test]
    fn too_much_feedback_is_bounded_and_free_of_dc() {
        let out = Rig::new("Delay")
            .feed("in", |_, f| if f < 9_600 { 0.5 + 0.5 * hash_noise(0, f) } else { 0.0 })
            .set("time", 0.05)
            .set("feedback", 1.1)
            .set("mix", 1.0)
            .render(15_000);
        let end = &out.lane("out", 0)[480_000..];
        let peak = end.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let mean = end.iter().sum::<f32>() / end.len() as f32;
        assert!(peak < 2.5 && peak > 0.1, "{peak}");
        assert!(mean.abs() < 0.01, "{mean}");
    }

    #[test]
    fn the_time_moves_without_a_step() {
        let tone = |_: usize, f: u64| (f as f32 * 0.05).sin();
        let out = Rig::new("Delay")
            .feed("in", tone)
            .steps("time", |_, b| if b < 300 { 0.2 } else { 0.3 })
            .set("feedback", 0.0)
            .set("mix", 1.0)
            .render(1_200);
        assert!(out.state[0].words[super::echo::FRACTION] == 0.0);
        let out = &out.lane("out", 0)[12_000..];
        let bend = out.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max);
        // A tone read 1.5 times as fast curves by (0.05 * 1.5)^2 at most, any step would show as a curve of its size.
        assert!(bend < 0.006, "{bend}");
        let late = |f: usize| ((f as f32 - 14_400.0) * 0.05).sin();
        let end = 1_200 * 64 - 1;
        assert!((out[end - 12_000] - late(end)).abs() < 1e-2);
    }

    #[test]
    fn silence_costs_nothing_and_sound_wakes_it() {
        let out = Rig::new("Delay")
            .steps("in", |_, b| (b == 30) as u32 as f32)
            .set("time", 0.05)
            .render(7_000);
        assert!(out.constant[0] && out.constant[6_999] && !out.constant[40]);
        assert!(out.lane("out", 0)[30 * 64 + 2_410] > 0.1);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let all = Rig::new("Delay")
                .per_lane("time", |lane| 0.0011 + 0.01 * lane as f32)
                .feed("in", hash_noise)
                .on(isa, width)
                .render(100);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Delay")
                    .set("time", 0.0011 + 0.01 * lane as f32)
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .render(100);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -115.0, "{isa:?} {width:?} lane {lane}: {off}");
            }
        }
    }
}
