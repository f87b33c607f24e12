//! Snare drum.
use std::f32::consts::PI;

use crate::dsp::{
    lanes::{Float, Int, Lanes, Mask},
    math::exp2,
    noise::white,
    phase::turns,
    sine::sin_turn,
    svf::{Coefficients, State},
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
        ACCENT: "accent" Cv "makes a strike up to twice as hard";
    }
    outputs { OUT: "out" Audio "the drum"; }
    params {
        TUNE: "tune" ["freq", "pitch"] Hz 60.0, 800.0, 185.0, Log "frequency of the head's lowest mode";
        BEND: "bend" Octaves 0.0, 3.0, 0.6, Linear "how far above that a strike begins, for 30 ms";
        DECAY: "decay" Seconds 0.01, 3.0, 0.2, Log "time until 1 % of the head's sound is left";
        SNAP: "snap" ["snappy"] Plain 0.0, 1.0, 0.55, Linear "from head to wires";
        RATTLE: "rattle" Seconds 0.01, 3.0, 0.25, Log "time until 1 % of the wires' sound is left";
        TONE: "tone" Hz 200.0, 12_000.0, 1_800.0, Log "the wires sound above this";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// The second mode of an ideal round membrane against the first, and its share.
const SECOND: f32 = 1.593_34;
const SHARE: f32 = 0.4;
/// Seconds until 1 % of the bend is left.
const BEND_SECONDS: f32 = 0.03;
/// 1 / Q of the wires' high-pass.
const DAMPING: f32 = 1.2;

/// State words.
const WAS: usize = 0;
const PHASE: usize = 1;
const AMP: usize = 3;
const BENT: usize = 4;
const RISE: usize = 5;
const WIRES: usize = 6;
const SOFTENED: usize = 7;
const COUNT: usize = 8;
const SEED: usize = 9;
const FILTER: usize = 10;
const SEAM: usize = 12;
const WORDS: usize = SEAM + 4;

pub struct Snare {
    rate: f32,
    soft: f32,
    keep: f32,
    bend_keep: f32,
}

impl Module for Snare {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Snare",
        doc: "Snare drum: two modes of the head and the wires' noise.",
        algorithm: "modes of an ideal membrane (1 : 1.593) and high-passed noise; strikes join by value and slope",
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
            bend_keep: 0.01f32.powf(1.0 / (BEND_SECONDS * build.rate)),
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let mut edges = Edges::new(io.ins[input::GATE], io.ins[input::ACCENT], io.state[WAS]);
        let mut seam = Seam::<L>::load(&io.state[SEAM..], self.keep);
        let [mut amp, mut bent, mut rise, mut wires, mut softened] =
            [AMP, BENT, RISE, WIRES, SOFTENED].map(
                #[inline(always)]
                |w| io.state[w],
            );
        let out = &mut io.outs[output::OUT];
        if edges.none(l) && l.f(SILENT).ge(amp.max(wires)).all() && seam.silent(l) {
            io.state[WAS] = edges.end();
            return out.fill(l.f(0.0));
        }
        let decay = Decay::new(l, io.ins[param::DECAY], self.rate);
        let rattle = Decay::new(l, io.ins[param::RATTLE], self.rate);
        let [tune, bend, snap, tone] = [param::TUNE, param::BEND, param::SNAP, param::TONE].map(
            #[inline(always)]
            |p| io.ins[p],
        );
        let mut filter = State::<L> {
            s1: io.state[FILTER],
            s2: io.state[FILTER + 1],
        };
        let (damping, turn) = (l.f(DAMPING), l.f(1.0 / self.rate));
        let steady = corner(l, tone.head() * turn);
        let mut phase = [io.state[PHASE].bits(), io.state[PHASE + 1].bits()];
        let (mut count, seed) = (io.state[COUNT].bits(), io.state[SEED].bits());
        let (soft, one, half) = (l.f(self.soft), l.f(1.0), l.f(0.5));
        for (i, o) in out.block.iter_mut().enumerate() {
            let struck = edges.at(l, i);
            let hardness = edges.hardness(l, i);
            seam.cut(l, struck);
            amp = L::F::select(struck, hardness, amp);
            bent = L::F::select(struck, one, bent);
            rise = L::F::select(struck, l.f(0.0), rise);
            wires = L::F::select(struck, hardness, wires);
            let hz = tune.at(i) * exp2(l, bend.at(i) * bent) * turn;
            for (phase, ratio) in phase.iter_mut().zip([1.0, SECOND]) {
                *phase = L::I::select(struck, l.i(0), *phase) + turns(l, hz * l.f(ratio));
            }
            rise = (one - rise).fma(soft, rise);
            let modes = sin_turn(l, phase[1]).fma(l.f(SHARE), sin_turn(l, phase[0]));
            let body = seam.join(l, modes * (amp * rise));

            let k = match tone.is_constant() {
                true => steady,
                false => corner(l, tone.at(i) * turn),
            };
            let noise = white(l, count, seed);
            let (low, band) = filter.tick(&k, noise, half);
            let high = noise - band.fma(damping, low);
            softened = (wires - softened).fma(soft, softened);
            let snap = snap.at(i);
            *o = (high * softened).fma(snap, body * (one - snap));

            count = count + l.i(1);
            amp = decay.after(l, i, amp);
            wires = rattle.after(l, i, wires);
            bent = bent * l.f(self.bend_keep);
        }
        apply_level(l, &mut out.block, &io.ins[param::LEVEL]);
        io.state[WAS] = edges.end();
        io.state[PHASE] = phase[0].bits();
        io.state[PHASE + 1] = phase[1].bits();
        io.state[COUNT] = count.bits();
        io.state[FILTER] = filter.s1;
        io.state[FILTER + 1] = filter.s2;
        for (word, value) in [(AMP, amp), (BENT, bent), (RISE, rise), (WIRES, wires), (SOFTENED, softened)] {
            io.state[word] = value;
        }
        seam.store(&mut io.state[SEAM..]);
    }
}

/// The wires' high-pass at a corner over the rate.
#[inline(always)]
fn corner<L: Lanes>(l: L, turn: L::F) -> Coefficients<L> {
    Coefficients::new(l, (turn * l.f(PI)).min(l.f(0.45 * PI)), l.f(DAMPING))
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig},
        measure::{Spectrum, cents, pitch, rms},
        strike::tests::bends,
    };

    #[test]
    fn the_head_is_in_tune_and_the_wires_sound_above_their_tone() {
        let rig = || Rig::new("Snare").feed("gate", |_, f| (f >= 7) as u32 as f32);
        let out = rig().set("snap", 0.0).set("decay", 3.0).set("tune", 200.0).render(1_200);
        let off = cents(pitch(&out.lane("out", 0)[6_000..70_000], 200.0, RATE), 200.0);
        assert!(off.abs() < 1.0, "{off}");
        let out = rig().set("snap", 1.0).set("rattle", 3.0).set("tone", 4_000.0).render(1_100);
        let s = Spectrum::new(out.lane("out", 0), RATE);
        assert!(s.band_db(8_000.0, 16_000.0) > s.band_db(300.0, 1_000.0) + 40.0);
    }

    #[test]
    fn strikes_upon_a_sounding_drum_do_not_click_and_silence_is_free() {
        let set = |rig: Rig| rig.set("snap", 0.0).set("decay", 2.0);
        for every in [1_003, 3_001, 4_999] {
            let (first, later) = bends("Snare", set, every);
            assert!(later < 1.6 * first, "{every}: {first} {later}");
        }
        let out = Rig::new("Snare").steps("gate", |_, b| (b == 5) as u32 as f32).render(1_200);
        assert!(out.constant[4] && !out.constant[5] && out.constant[1_199]);
        let x = out.lane("out", 0);
        assert!(rms(&x[320..3_000]) > 0.05);
    }
}
