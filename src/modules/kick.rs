//! Bass drum.
use crate::dsp::{
    lanes::{Float, Int, Lanes, Mask},
    math::{exp2, tanh},
    noise::white,
    phase::turns,
    sine::sin_turn,
};

use super::{
    level::apply_level,
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    strike::{Decay, Edges, SILENT, Seam, seam_keep, soft_part},
    table::ports,
};

ports! {
    inputs {
        GATE: "gate" Gate "strikes where it opens; how hard is 2 · gate - 1";
        ACCENT: "accent" Cv "makes a strike up to twice as hard: louder, with more drive";
    }
    outputs { OUT: "out" Audio "the drum, full scale for a hard strike"; }
    params {
        TUNE: "tune" ["freq", "pitch"] Hz 20.0, 400.0, 48.0, Log "the frequency that it falls to";
        SWEEP: "sweep" Octaves 0.0, 6.0, 2.6, Linear "how far above that it begins";
        BEND: "bend" Seconds 0.002, 1.0, 0.09, Log "time until 1 % of the sweep is left";
        DECAY: "decay" Seconds 0.02, 10.0, 0.6, Log "time until 1 % of the sound is left";
        CLICK: "click" Plain 0.0, 1.0, 0.25, Linear "the beater: a short burst of noise";
        DRIVE: "drive" Plain 0.0, 1.0, 0.3, Linear "how hard the body is saturated";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// State words.
const WAS: usize = 0;
const PHASE: usize = 1;
const AMP: usize = 2;
const SWEPT: usize = 3;
const RISE: usize = 4;
const BURST: usize = 5;
const SOFTENED: usize = 6;
const COUNT: usize = 7;
const SEED: usize = 8;
const SEAM: usize = 9;
const WORDS: usize = SEAM + 4;

/// Seconds until 1 % of the beater's burst is left.
const BURST_SECONDS: f32 = 0.006;

pub struct Kick {
    rate: f32,
    soft: f32,
    keep: f32,
    /// Of the burst, each frame.
    burst_keep: f32,
}

impl Module for Kick {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Kick",
        doc: "Bass drum: a sine that falls in pitch, saturated, with a beater.",
        algorithm: "analog drum machines' swept oscillator; strikes join by value and slope, so none clicks",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = WORDS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            soft: soft_part(build.rate),
            keep: seam_keep(build.rate),
            burst_keep: 0.01f32.powf(1.0 / (BURST_SECONDS * build.rate)),
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let mut edges = Edges::new(io.ins[input::GATE], io.ins[input::ACCENT], io.state[WAS]);
        let mut seam = Seam::<L>::load(&io.state[SEAM..], self.keep);
        let [mut amp, mut swept, mut rise, mut burst, mut softened] =
            [AMP, SWEPT, RISE, BURST, SOFTENED].map(
                #[inline(always)]
                |w| io.state[w],
            );
        let out = &mut io.outs[output::OUT];
        if edges.none(l) && l.f(SILENT).ge(amp.max(burst)).all() && seam.silent(l) {
            io.state[WAS] = edges.end();
            return out.fill(l.f(0.0));
        }
        let decay = Decay::new(l, io.ins[param::DECAY], self.rate);
        let bend = Decay::new(l, io.ins[param::BEND], self.rate);
        let (tune, sweep) = (io.ins[param::TUNE], io.ins[param::SWEEP]);
        let (drive, click) = (io.ins[param::DRIVE], io.ins[param::CLICK]);
        let steady = hard(l, drive.head());
        let (mut phase, mut count) = (io.state[PHASE].bits(), io.state[COUNT].bits());
        let seed = io.state[SEED].bits();
        let (soft, per_hz, one) = (l.f(self.soft), l.f(1.0 / self.rate), l.f(1.0));
        for (i, o) in out.block.iter_mut().enumerate() {
            let struck = edges.at(l, i);
            let hardness = edges.hardness(l, i);
            seam.cut(l, struck);
            phase = L::I::select(struck, l.i(0), phase);
            amp = L::F::select(struck, hardness, amp);
            swept = L::F::select(struck, one, swept);
            rise = L::F::select(struck, l.f(0.0), rise);
            burst = L::F::select(struck, hardness, burst);

            let hz = tune.at(i) * exp2(l, sweep.at(i) * swept);
            phase = phase + turns(l, hz * per_hz);
            rise = (one - rise).fma(soft, rise);
            let (gain, norm) = match drive.is_constant() {
                true => steady,
                false => hard(l, drive.at(i)),
            };
            let body = tanh(l, sin_turn(l, phase) * (amp * rise) * gain) * norm;
            // The beater rises with the same softness as the body, so that it is a knock and not a step.
            softened = (burst - softened).fma(soft, softened);
            let beater = white(l, count, seed) * softened * click.at(i);
            *o = seam.join(l, body) + beater;

            count = count + l.i(1);
            amp = decay.after(l, i, amp);
            swept = bend.after(l, i, swept);
            burst = burst * l.f(self.burst_keep);
        }
        apply_level(l, &mut out.block, &io.ins[param::LEVEL]);
        io.state[WAS] = edges.end();
        io.state[PHASE] = phase.bits();
        io.state[COUNT] = count.bits();
        for (word, value) in [(AMP, amp), (SWEPT, swept), (RISE, rise), (BURST, burst), (SOFTENED, softened)] {
            io.state[word] = value;
        }
        seam.store(&mut io.state[SEAM..]);
    }
}

/// The saturation's gain, and what brings a full strike back to full scale.
#[inline(always)]
fn hard<L: Lanes>(l: L, drive: L::F) -> (L::F, L::F) {
    let gain = (drive * drive).fma(l.f(4.0), l.f(0.05));
    (gain, l.f(1.0) / tanh(l, gain))
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig},
        measure::{cents, pitch},
        strike::tests::{bends, lasts},
    };

    fn once() -> Rig {
        Rig::new("Kick").feed("gate", |_, f| (f >= 7) as u32 as f32)
    }

    #[test]
    fn it_falls_to_its_pitch_and_lasts_as_long_as_it_says() {
        for tune in [30.0, 48.0, 110.0] {
            let rig = once().set("tune", tune).set("decay", 4.0).set("click", 0.0).set("drive", 0.0);
            let out = rig.render(3_000);
            let x = &out.lane("out", 0)[40_000..90_000];
            let off = cents(pitch(x, tune as f64, RATE), tune as f64);
            assert!(off.abs() < 1.0, "{tune}: {off}");
        }
        let rig = once().set("click", 0.0).set("sweep", 0.0).set("drive", 0.0).set("decay", 0.5).set("tune", 400.0);
        let rig_out = rig.render(1_000);
        let frames = lasts(rig_out.lane("out", 0), 0.01);
        assert!((frames as f32 / (0.5 * RATE) - 1.0).abs() < 0.02, "{frames}");
    }

    #[test]
    fn strikes_upon_a_sounding_drum_bend_no_more_than_the_first() {
        let set = |rig: Rig| rig.set("click", 0.0).set("decay", 2.0);
        for every in [1_003, 3_001, 4_999] {
            let (first, later) = bends("Kick", set, every);
            assert!(later < 1.6 * first, "{every}: {first} {later}");
        }
    }

    #[test]
    fn hardness_and_accent_are_heard_and_silence_is_free() {
        let peak = |gate: f32, accent: f32| {
            let rig = Rig::new("Kick").set("drive", 0.0).set("click", 0.0).set("accent", accent);
            let out = rig.feed("gate", move |_, f| if f < 99 { 0.0 } else { gate }).render(100);
            out.lane("out", 0).iter().fold(0.0f32, |a, x| a.max(x.abs()))
        };
        let full = peak(1.0, 0.0);
        assert!((0.8..1.01).contains(&full), "{full}");
        assert!((peak(0.75, 0.0) / full - 0.5).abs() < 0.01);
        assert!((peak(1.0, 1.0) / full - 2.0).abs() < 0.02);
        let out = Rig::new("Kick").set("decay", 0.3).steps("gate", |_, b| (b == 5) as u32 as f32).render(1_200);
        assert!(out.constant[4] && !out.constant[5] && out.constant[1_199]);
    }
}
