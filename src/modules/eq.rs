//! Four-band equalizer.
use crate::dsp::{
    BLOCK,
    eq::{Band, design},
    lanes::{Float, Int, Lanes, Mask},
};

use super::{
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "equalized signal"; }
    params {
        LOW_FREQ: "low_freq" Hz 20.0, 2_000.0, 120.0, Log "middle of the low shelf's slope";
        LOW_GAIN: "low_gain" ["low"] Decibels -24.0, 24.0, 0.0, Linear "below it";
        A_FREQ: "a_freq" Hz 20.0, 20_000.0, 400.0, Log "first peak's frequency";
        A_GAIN: "a_gain" ["a"] Decibels -24.0, 24.0, 0.0, Linear "its gain";
        A_Q: "a_q" Plain 0.1, 20.0, 1.0, Log "its narrowness";
        B_FREQ: "b_freq" Hz 20.0, 20_000.0, 2_500.0, Log "second peak's frequency";
        B_GAIN: "b_gain" ["b"] Decibels -24.0, 24.0, 0.0, Linear "its gain";
        B_Q: "b_q" Plain 0.1, 20.0, 1.0, Log "its narrowness";
        HIGH_FREQ: "high_freq" Hz 500.0, 20_000.0, 6_000.0, Log "middle of the high shelf's slope";
        HIGH_GAIN: "high_gain" ["high"] Decibels -24.0, 24.0, 0.0, Linear "above it";
    }
    options {}
}

/// Kind, frequency, gain and narrowness of each band; shelves are as steep as they can be without a bump.
const BANDS: [(Band, usize, usize, Option<usize>); 4] = [
    (Band::LowShelf, param::LOW_FREQ, param::LOW_GAIN, None),
    (Band::Peak, param::A_FREQ, param::A_GAIN, Some(param::A_Q)),
    (Band::Peak, param::B_FREQ, param::B_GAIN, Some(param::B_Q)),
    (Band::HighShelf, param::HIGH_FREQ, param::HIGH_GAIN, None),
];

/// -24 dB: a decibel range's lowest value arrives as 0.
const LEAST: f32 = 0.063_095_73;
/// What rings on is silence below this: -140 dB.
const SILENCE: f32 = 1e-7;

/// Frames from one design to the next while a parameter sweeps; else one block.
const STRIDE: usize = 8;
/// What a parameter may be multiplied by within a block, or divided by, before it is said to sweep: 0.1 dB.
const SLOW: f32 = 1.01;

/// State words of a band: what it was designed for, its coefficients (none yet where g is 0) and how far they were moving each
/// frame, the memories of either side.
const KEY: usize = 0;
const COEFFICIENTS: usize = 3;
const SLOPES: usize = 8;
const MEMORY: usize = 13;
const BAND: usize = 17;

pub struct Eq {
    rate: f32,
}

impl Module for Eq {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Eq",
        doc: "Equalizer: two shelves and two peaks. A band at 0 dB costs nothing.",
        algorithm: "state-variable filters with poles and magnitude matched to the analog prototypes (Vicanek, Matched Second Order Digital Filters): no cramping below 16 kHz; moving parameters go on cubics from block to block, or from 8 frames to the next 8",
        family: Family::Filter,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = BAND * BANDS.len();

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self { rate: build.rate })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let sides = [io.ins[input::IN_L], io.ins[input::IN_R]];
        let [left, right] = io.outs else {
            return;
        };
        let [none_l, none_r] = [
            sides[0].is_constant() && !sides[0].louder_than(l, 0.0),
            sides[1].is_constant() && !sides[1].louder_than(l, 0.0),
        ];
        if none_l && none_r && silent(l, io.state) {
            left.fill(l.f(0.0));
            return right.fill(l.f(0.0));
        }
        for (x, out) in sides.iter().zip([&mut *left, &mut *right]) {
            match x.block() {
                Some(block) => out.block.copy_from_slice(block),
                None => out.block.fill(x.head()),
            }
        }
        for (state, band) in io.state.chunks_exact_mut(BAND).zip(BANDS) {
            let sweeps = sweeps(l, state, io.ins, band);
            let frames = match sweeps {
                true => STRIDE,
                false => BLOCK,
            };
            let sides = left.block.chunks_exact_mut(frames).zip(right.block.chunks_exact_mut(frames));
            for (n, (left, right)) in sides.enumerate() {
                let path = self.path(l, state, (io.ins, sweeps), band, (n + 1) * frames - 1);
                let moves = sweeps || differ(l, &path.from, &path.to);
                let flat = !differ(l, &path.to[2..], &[l.f(1.0), l.f(0.0), l.f(0.0)]);
                let (_, memory) = state.split_at_mut(MEMORY);
                if flat && !moves {
                    memory.fill(l.f(0.0));
                    continue;
                }
                let (memory_l, memory_r) = memory.split_at_mut(2);
                filter(l, memory_l, &path, moves, left);
                filter(l, memory_r, &path, moves, right);
            }
        }
    }
}

/// Whether nothing rings on in any band.
#[inline(always)]
fn silent<L: Lanes>(l: L, state: &[L::F]) -> bool {
    let mut loudest = l.f(0.0);
    for band in state.chunks_exact(BAND) {
        for x in &band[MEMORY..] {
            loudest = loudest.max(x.abs());
        }
    }
    l.f(SILENCE).ge(loudest).all()
}

/// Whether any lane of any differs by a bit.
#[inline(always)]
fn differ<L: Lanes>(l: L, a: &[L::F], b: &[L::F]) -> bool {
    let mut bits = l.i(0);
    for (a, b) in a.iter().zip(b) {
        bits = bits | (a.bits() ^ b.bits());
    }
    (bits | (l.i(0) - bits)).negative().any()
}

/// Whether a lane's frequency, gain or narrowness moves so far within a block that one curve through it is no longer its path.
#[inline(always)]
fn sweeps<L: Lanes>(
    l: L,
    state: &[L::F],
    ins: &[In<'_, L>],
    (_, freq, gain, q): (Band, usize, usize, Option<usize>),
) -> bool {
    let moving = [Some(freq), Some(gain), q];
    moving.iter().zip(&state[KEY..COEFFICIENTS]).any(
        #[inline(always)]
        |(param, before)| {
            let Some(ends) = param.and_then(|p| ins[p].block()) else {
                return false;
            };
            let (low, high) = (before.min(ends[BLOCK - 1]), before.max(ends[BLOCK - 1]));
            let middle = ends[BLOCK / 2];
            let (low, high) = (low.min(middle).max(l.f(LEAST)), high.max(middle));
            high.gt(low * l.f(SLOW)).any()
        },
    )
}

/// Where a band's coefficients go within some frames: from and to where, and how far each frame at either end.
struct Path<L: Lanes> {
    from: [L::F; 5],
    to: [L::F; 5],
    leave: [L::F; 5],
    arrive: [L::F; 5],
}

/// What a band is designed for at a frame.
#[inline(always)]
fn key<L: Lanes>(
    l: L,
    ins: &[In<'_, L>],
    (_, freq, gain, q): (Band, usize, usize, Option<usize>),
    frame: usize,
) -> [L::F; 3] {
    let q = match q {
        Some(q) => ins[q].at(frame),
        None => l.f(std::f32::consts::FRAC_1_SQRT_2),
    };
    [ins[freq].at(frame), ins[gain].at(frame).max(l.f(LEAST)), q]
}

impl Eq {
    /// A band's way from the last design to the one for a frame; designed only where its parameters have changed.
    #[inline(always)]
    fn path<L: Lanes>(
        &self,
        l: L,
        state: &mut [L::F],
        (ins, sweeps): (&[In<'_, L>], bool),
        band: (Band, usize, usize, Option<usize>),
        frame: usize,
    ) -> Path<L> {
        let now = key(l, ins, band, frame);
        let still = [l.f(0.0); 5];
        let mut path = Path {
            from: still,
            to: still,
            leave: still,
            arrive: still,
        };
        path.from.copy_from_slice(&state[COEFFICIENTS..SLOPES]);
        // What sweeps may come back to where it was.
        if !sweeps && !differ(l, &now, &state[KEY..COEFFICIENTS]) {
            path.to = path.from;
            state[SLOPES..MEMORY].fill(l.f(0.0));
            return path;
        }
        path.to = self.design(l, band.0, &now);
        // The first design of all is there at once.
        let new = l.f(0.0).ge(path.from[0]);
        for n in 0..5 {
            path.from[n] = L::F::select(new, path.to[n], path.from[n]);
        }
        // How the design moves about the frame; the next block's first frame is where the last three lead to.
        let before = key(l, ins, band, frame - 1);
        let after = match frame + 1 {
            next if next < BLOCK => key(l, ins, band, next),
            _ => {
                let earlier = key(l, ins, band, frame - 2);
                let mut next = now;
                for n in 0..3 {
                    let leads = (now[n] - before[n]).fma(l.f(3.0), earlier[n]);
                    next[n] = leads.max(now[n] * l.f(0.5)).min(now[n] * l.f(2.0));
                }
                next
            }
        };
        let (before, after) = (
            self.design(l, band.0, &before),
            self.design(l, band.0, &after),
        );
        path.leave.copy_from_slice(&state[SLOPES..MEMORY]);
        for n in 0..5 {
            path.arrive[n] = (after[n] - before[n]) * l.f(0.5);
            path.leave[n] = L::F::select(new, path.arrive[n], path.leave[n]);
        }
        state[KEY..COEFFICIENTS].copy_from_slice(&now);
        state[COEFFICIENTS..SLOPES].copy_from_slice(&path.to);
        state[SLOPES..MEMORY].copy_from_slice(&path.arrive);
        path
    }

    #[inline(always)]
    fn design<L: Lanes>(&self, l: L, band: Band, key: &[L::F; 3]) -> [L::F; 5] {
        let mut coefficients = [l.f(0.0); 5];
        for lane in 0..L::N {
            let [freq, gain, q] = [
                key[0].lanes()[lane] as f64,
                key[1].lanes()[lane] as f64,
                key[2].lanes()[lane] as f64,
            ];
            let turn = (freq / self.rate as f64).min(0.45);
            let made = design(band, turn, gain, q);
            let made = [made.g, made.k, made.through, made.first, made.second];
            for (to, made) in coefficients.iter_mut().zip(made) {
                to.lanes_mut()[lane] = made;
            }
        }
        coefficients
    }
}

/// One side of one band, in place.
#[inline(always)]
fn filter<L: Lanes>(
    l: L,
    memory: &mut [L::F],
    path: &Path<L>,
    moves: bool,
    out: &mut [L::F],
) {
    let mut held = [memory[0], memory[1]];
    if !moves {
        let steady = solve(l, &path.to);
        for o in out.iter_mut() {
            *o = frame(&mut held, &path.to, steady, *o);
        }
    } else {
        // A cubic with the slopes of the ends; what makes the filter stable stays near them, whatever the slopes say.
        let (frames, step) = (out.len() as f32, l.f(1.0 / out.len() as f32));
        let mut bends = [[l.f(0.0); 3]; 5];
        for (n, bend) in bends.iter_mut().enumerate() {
            let way = path.to[n] - path.from[n];
            let (leave, arrive) = (path.leave[n] * l.f(frames), path.arrive[n] * l.f(frames));
            *bend = [
                leave,
                way.fma(l.f(3.0), l.f(0.0) - leave - leave - arrive),
                way.fma(l.f(-2.0), leave + arrive),
            ];
        }
        let bounds = [near(l, path.from[0], path.to[0]), near(l, path.from[1], path.to[1])];
        for (i, o) in out.iter_mut().enumerate() {
            let t = step * l.f((i + 1) as f32);
            let mut at = path.to;
            for n in 0..5 {
                let [a, b, c] = bends[n];
                at[n] = c.fma(t, b).fma(t, a).fma(t, path.from[n]);
            }
            for (at, (low, high)) in at.iter_mut().zip(bounds) {
                *at = at.max(low).min(high);
            }
            *o = frame(&mut held, &at, solve(l, &at), *o);
        }
    }
    memory.copy_from_slice(&held);
}

/// A little beyond two values, which are above 0.
#[inline(always)]
fn near<L: Lanes>(l: L, a: L::F, b: L::F) -> (L::F, L::F) {
    (a.min(b) * l.f(0.7), a.max(b) * l.f(1.4))
}

/// 1 / (1 + g k + g²).
#[inline(always)]
fn solve<L: Lanes>(l: L, k: &[L::F; 5]) -> L::F {
    l.f(1.0) / k[0].fma(k[0] + k[1], l.f(1.0))
}

/// One frame: x through the filter.
#[inline(always)]
fn frame<F: Float>(held: &mut [F; 2], k: &[F; 5], solve: F, x: F) -> F {
    let [g, _, through, first, second] = *k;
    let [s1, s2] = *held;
    let v1 = g.fma(x - s2, s1) * solve;
    let v2 = g.fma(v1, s2);
    *held = [v1 + v1 - s1, v2 + v2 - s2];
    second.fma(v2, first.fma(v1, through * x))
}

#[cfg(test)]
mod tests;
