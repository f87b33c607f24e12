//! Envelope follower.
use crate::dsp::{
    BLOCK,
    approach::approach,
    lanes::{Float, Lanes, Mask},
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { IN: "in" Audio "signal"; }
    outputs {
        OUT: "out" Cv "how loud it is";
        GATE: "gate" Gate "open while it is louder than `threshold`";
    }
    params {
        ATTACK: "attack" ["a"] Seconds 0.0001, 2.0, 0.005, Log "how fast it follows upwards: until 1 % of the way is left";
        RELEASE: "release" ["r"] Seconds 0.001, 10.0, 0.2, Log "how fast it follows downwards";
        GAIN: "gain" ["sensitivity"] Decibels -24.0, 48.0, 0.0, Linear "level before it is measured";
        THRESHOLD: "threshold" ["level"] Plain 0.0, 1.0, 0.1, Linear "level at which the gate opens; it closes 3 dB lower";
    }
    options { MODE: "mode" Choice(&["Peak", "Rms"]) "the size of the signal, or the root of its mean square (steadier, and a sine reads 0.71)"; }
}

/// Time constants that a time stands for: ln 100.
const CURVE: f32 = 4.605_170_2;
/// A level that counts as none: -140 dB; its square for Rms.
const SILENT: f32 = 1e-7;
/// The gate closes at this part of the threshold.
const CLOSES: f32 = 0.707;

/// State words.
const LEVEL: usize = 0;
const OPEN: usize = 1;

pub struct Follower {
    squares: bool,
    rate: f32,
}

impl Module for Follower {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Follower",
        doc: "Envelope follower: the loudness of a signal as a control signal and a gate.",
        algorithm: "a one-pole of two times on the size of the signal or on its square",
        family: Family::Modulation,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 2;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            squares: build.choice(option::MODE) == 1,
            rate: build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, gain) = (io.ins[input::IN], io.ins[param::GAIN]);
        let (attack, release) = (io.ins[param::ATTACK], io.ins[param::RELEASE]);
        let threshold = io.ins[param::THRESHOLD];
        let (mut level, mut open) = (io.state[LEVEL], io.state[OPEN]);
        let [out, gate] = io.outs else {
            return;
        };
        let (zero, one) = (l.f(0.0), l.f(1.0));
        let silent = l.f(if self.squares { SILENT * SILENT } else { SILENT });
        if !x.louder_than(l, 0.0) && silent.ge(level).all() && !open.gt(zero).any() {
            io.state[LEVEL] = zero;
            out.fill(zero);
            // At threshold 0 silence is loud enough.
            if !zero.ge(threshold.head()).any() {
                return gate.fill(zero);
            }
        }
        // Squares shrink twice as fast as what they are squares of.
        let curve = if self.squares { 0.5 * CURVE } else { CURVE };
        let still = attack.is_constant() && release.is_constant();
        let up = approach(l, curve, attack.head(), self.rate);
        let down = approach(l, curve, release.head(), self.rate);
        for i in 0..BLOCK {
            let (up, down) = match still {
                true => (up, down),
                false => (
                    approach(l, curve, attack.at(i), self.rate),
                    approach(l, curve, release.at(i), self.rate),
                ),
            };
            let loud = (x.at(i) * gain.at(i)).abs();
            let loud = if self.squares { loud * loud } else { loud };
            let way = loud - level;
            level = L::F::select(way.gt(zero), up, down).fma(way, level);
            let shown = if self.squares { level.sqrt() } else { level };
            let bound = threshold.at(i) * L::F::select(open.gt(zero), l.f(CLOSES), one);
            open = L::F::select(shown.ge(bound), one, zero);
            out.block[i] = shown;
            gate.block[i] = open;
        }
        (out.constant, gate.constant) = (false, false);
        (io.state[LEVEL], io.state[OPEN]) = (level, open);
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig},
        spec::OptionValue,
    };

    fn burst(mode: usize) -> (Vec<f32>, Vec<f32>) {
        let x = |_, t: u64| {
            let on = (4_800..52_800).contains(&t) as u32 as f32;
            on * 0.5 * (std::f64::consts::TAU * 1_000.0 * t as f64 / RATE as f64).sin() as f32
        };
        let rig = Rig::new("Follower").option("mode", OptionValue::Choice(mode));
        let rig = rig.set("attack", 0.02).set("release", 0.3).set("threshold", 0.2);
        let out = rig.feed("in", x).render(1_200);
        (out.lane("out", 0).to_vec(), out.lane("gate", 0).to_vec())
    }

    #[test]
    fn it_reads_the_level_and_forgets_it_in_time() {
        let (peak, gate) = burst(0);
        assert!(peak[..4_800].iter().all(|y| *y == 0.0));
        let held = peak[50_000];
        assert!((0.42..0.5).contains(&held), "{held}");
        // 1 % is left after the release time.
        let left = peak[52_800 + 14_400] / peak[52_800];
        assert!((left - 0.01).abs() < 1e-3, "{left}");
        let opens = gate.iter().position(|g| *g > 0.5).expect("opens");
        assert!((4_800..5_400).contains(&opens), "{opens}");
        assert_eq!(gate[75_000], 0.0);
        assert!(gate[opens..52_800].iter().all(|g| *g == 1.0));
    }

    #[test]
    fn the_root_of_the_mean_square_of_a_sine_is_its() {
        // Equal times up and down: the mean itself.
        let x = |_, t: u64| 0.5 * (std::f64::consts::TAU * 1_000.0 * t as f64 / RATE as f64).sin() as f32;
        let rig = Rig::new("Follower").option("mode", OptionValue::Choice(1));
        let out = rig.set("attack", 0.3).set("release", 0.3).feed("in", x).render(1_500);
        let y = out.lane("out", 0)[90_000];
        assert!((y - 0.5 * 0.5f32.sqrt()).abs() < 0.003, "{y}");
    }
}
