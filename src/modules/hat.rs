//! Hi-hat, closed and open.
use std::f32::consts::PI;

use crate::dsp::{
    lanes::{Float, Int, Lanes, Mask},
    math::exp2,
    noise::white,
    phase::turns,
    svf::{Coefficients, State},
};

use super::{
    level::apply_level,
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    strike::{Decay, Edges, SILENT, soft_part},
    table::ports,
};

ports! {
    inputs {
        GATE: "gate" Gate "strikes the closed hat where it opens, and closes an open one; how hard is 2 · gate - 1";
        OPEN: "open" Gate "strikes the open hat";
        ACCENT: "accent" Cv "makes a strike up to twice as hard";
    }
    outputs { OUT: "out" Audio "the hat"; }
    params {
        TUNE: "tune" Semitones -24.0, 24.0, 0.0, Linear "moves the metal";
        METAL: "metal" Plain 0.0, 1.0, 0.7, Linear "from noise to metal";
        TONE: "tone" ["cut"] Hz 1_000.0, 16_000.0, 7_500.0, Log "it sounds above this";
        DECAY: "decay" Seconds 0.005, 2.0, 0.09, Log "closed: time until 1 % is left";
        RING: "ring" ["open_decay"] Seconds 0.02, 10.0, 0.8, Log "open: time until 1 % is left";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// The oscillators of the TR-808's cymbals, in Hz.
const METAL: [f32; 6] = [205.3, 304.4, 369.6, 522.7, 540.0, 800.0];
/// 1 / Q of the high-pass's two stages: together a Butterworth of the fourth order.
const DAMPING: [f32; 2] = [1.847_76, 0.765_37];
/// Six squares at full scale, after the high-pass, are about as loud as this times white noise.
const BALANCE: f32 = 1.1;

/// State words.
const WAS: usize = 0;
const WAS_OPEN: usize = 1;
const AMP: usize = 2;
const IS_OPEN: usize = 3;
const SOFTENED: usize = 4;
const COUNT: usize = 5;
const SEED: usize = 6;
const FILTER: usize = 7;
const PHASE: usize = FILTER + 4;
const WORDS: usize = PHASE + METAL.len();

pub struct Hat {
    rate: f32,
    soft: f32,
}

impl Module for Hat {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Hat",
        doc: "Hi-hat: six squares out of tune and noise, high-passed; a closed strike ends an open one.",
        algorithm: "the TR-808's six oscillators, edges smoothed by two-point PolyBLEP",
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
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let accent = io.ins[input::ACCENT];
        let mut closed = Edges::new(io.ins[input::GATE], accent, io.state[WAS]);
        let mut opened = Edges::new(io.ins[input::OPEN], accent, io.state[WAS_OPEN]);
        let [mut amp, mut is_open, mut softened] = [AMP, IS_OPEN, SOFTENED].map(
                #[inline(always)]
                |w| io.state[w],
            );
        let out = &mut io.outs[output::OUT];
        if closed.none(l) && opened.none(l) && l.f(SILENT).ge(amp.max(softened)).all() {
            io.state[WAS] = closed.end();
            io.state[WAS_OPEN] = opened.end();
            return out.fill(l.f(0.0));
        }
        let decay = Decay::new(l, io.ins[param::DECAY], self.rate);
        let ring = Decay::new(l, io.ins[param::RING], self.rate);
        let [tune, metal, tone] = [param::TUNE, param::METAL, param::TONE].map(
            #[inline(always)]
            |p| io.ins[p],
        );
        let turn = l.f(1.0 / self.rate);
        let steady = corner(l, tone.head() * turn);
        let mut stages = [0, 2].map(
            #[inline(always)]
            |k| State::<L> {
                s1: io.state[FILTER + k],
                s2: io.state[FILTER + k + 1],
            },
        );
        let mut phase = [l.i(0); METAL.len()];
        for (phase, word) in phase.iter_mut().zip(&io.state[PHASE..]) {
            *phase = word.bits();
        }
        let held = ratio(l, tune.head()) * turn;
        let (mut count, seed) = (io.state[COUNT].bits(), io.state[SEED].bits());
        let (soft, one, half) = (l.f(self.soft), l.f(1.0), l.f(0.5));
        for (i, o) in out.block.iter_mut().enumerate() {
            let open = opened.at(l, i);
            let close = closed.at(l, i);
            amp = L::F::select(open, opened.hardness(l, i), amp);
            is_open = L::F::select(open, one, is_open);
            amp = L::F::select(close, closed.hardness(l, i), amp);
            is_open = L::F::select(close, l.f(0.0), is_open);

            let per_hz = match tune.is_constant() {
                true => held,
                false => ratio(l, tune.at(i)) * turn,
            };
            let mut squares = l.f(0.0);
            for (phase, hz) in phase.iter_mut().zip(METAL) {
                let step = per_hz * l.f(hz);
                *phase = *phase + turns(l, step);
                squares = squares + square(l, *phase, step);
            }
            let noise = white(l, count, seed);
            let mix = (squares * l.f(BALANCE / 2.0) - noise).fma(metal.at(i), noise);
            let k = match tone.is_constant() {
                true => steady,
                false => corner(l, tone.at(i) * turn),
            };
            let mut x = mix;
            for ((stage, k), damping) in stages.iter_mut().zip(&k).zip(DAMPING) {
                let (low, band) = stage.tick(k, x, half);
                x = x - band.fma(l.f(damping), low);
            }
            softened = (amp - softened).fma(soft, softened);
            *o = x * softened;

            count = count + l.i(1);
            let part = L::F::select(is_open.ge(half), ring.part(l, i), decay.part(l, i));
            amp = amp.nfma(part, amp);
        }
        apply_level(l, &mut out.block, &io.ins[param::LEVEL]);
        io.state[WAS] = closed.end();
        io.state[WAS_OPEN] = opened.end();
        io.state[COUNT] = count.bits();
        for (word, value) in [(AMP, amp), (IS_OPEN, is_open), (SOFTENED, softened)] {
            io.state[word] = value;
        }
        for (k, stage) in stages.iter().enumerate() {
            io.state[FILTER + 2 * k] = stage.s1;
            io.state[FILTER + 2 * k + 1] = stage.s2;
        }
        for (word, phase) in io.state[PHASE..].iter_mut().zip(phase) {
            *word = phase.bits();
        }
    }
}

/// The high-pass's stages at a corner over the rate.
#[inline(always)]
fn corner<L: Lanes>(l: L, turn: L::F) -> [Coefficients<L>; 2] {
    let turn = (turn * l.f(PI)).min(l.f(0.45 * PI));
    DAMPING.map(
        #[inline(always)]
        |damping| Coefficients::new(l, turn, l.f(damping)),
    )
}

#[inline(always)]
fn ratio<L: Lanes>(l: L, semitones: L::F) -> L::F {
    exp2(l, semitones * l.f(1.0 / 12.0))
}

/// A square of a phase that starts at `i32::MIN`, its two edges rounded over a frame on either side.
#[inline(always)]
fn square<L: Lanes>(l: L, phase: L::I, step: L::F) -> L::F {
    let ramp = phase.to_float() * l.f(1.0 / 2_147_483_648.0);
    let sign = L::F::select(l.f(0.0).gt(ramp), l.f(-1.0), l.f(1.0));
    // In half cycles: the edge upwards is at 0, the one downwards at either end.
    let (one, width) = (l.f(1.0), l.f(0.5) / step);
    let size = ramp.abs();
    let near = (one - (size * width).min(one)).max(l.f(0.0));
    let far = (one - ((one - size) * width).min(one)).max(l.f(0.0));
    let edge = near.fma(near, far * far);
    edge.nfma(sign, sign)
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig},
        measure::{Spectrum, rms},
        strike::tests::lasts,
    };

    #[test]
    fn it_sounds_above_its_tone_and_lasts_as_long_as_it_says() {
        let out = Rig::new("Hat").feed("open", |_, f| (f > 5) as u32 as f32).set("ring", 10.0).render(1_100);
        let s = Spectrum::new(out.lane("out", 0), RATE);
        let high = s.band_db(7_500.0, 16_000.0);
        assert!(high > s.band_db(100.0, 1_500.0) + 50.0);
        let out = Rig::new("Hat").feed("gate", |_, f| (f > 5) as u32 as f32).set("decay", 0.4).set("metal", 0.0);
        let frames = lasts(out.render(600).lane("out", 0), 0.01) as f32;
        assert!((frames / (0.4 * RATE) - 1.0).abs() < 0.1, "{frames}");
    }

    #[test]
    fn a_closed_strike_ends_an_open_one_without_a_step() {
        let gate = |_: usize, block: u64| (block >= 150) as u32 as f32;
        let out = Rig::new("Hat").steps("open", |_, b| (b > 1) as u32 as f32).steps("gate", gate).render(600);
        let x = out.lane("out", 0);
        assert!(rms(&x[9_000..9_600]) > 0.02);
        assert!(rms(&x[9_600 + 8_000..]) < 1e-3 * rms(&x[9_000..9_600]));
        assert!(out.constant[0] && out.constant[599]);
        let loud = x.iter().fold(0.0f32, |a, x| a.max(x.abs()));
        assert!((0.2..1.5).contains(&loud), "{loud}");
    }
}
