//! A waveshaper at four times the rate, between half-band filters: what it adds above the audible range is filtered off, not
//! folded back. Runs on engine threads.
use std::f64::consts::PI;

use super::{
    BLOCK,
    lanes::{Float, Lanes, RunF},
};

/// Frames that the shaped signal is late.
pub const DELAY: usize = 38;

/// Taps of the half-band filters' even branch, a quarter of 4 x rate and of 2 x rate; the odd branch is a delay. The inner pair
/// passes 20 kHz at 48 kHz and stops 28 kHz by 90 dB; the outer one only has to stop what folds onto the inner's pass band.
const INNER: usize = 32;
const OUTER: usize = 12;
/// Of the Kaiser windows: 90 dB.
const BETA: f64 = 9.0;

/// Lengths of what is carried from block to block, each rate's frames by their place among the frames of the rate below: a filter's
/// output is then never taken apart or put together.
const CARRY: [usize; 14] = [
    // Input.
    INNER - 1,
    // Twice the rate: second frames, first frames.
    OUTER / 2,
    OUTER / 2 - 1,
    // Of the curve: what the way up to the fourth of four frames adds there, and the way on from it; and what the first three are.
    2,
    1,
    1,
    1,
    1,
    // Four times the rate, shaped, by fours: third and first frames (which are filtered), second and fourth (which only wait).
    OUTER / 2,
    OUTER / 2 - 1,
    OUTER / 4,
    OUTER / 4,
    // That at twice the rate: second and first frames.
    INNER,
    INNER / 2,
];

/// State words.
pub const WORDS: usize = {
    let (mut words, mut k) = (0, 0);
    while k < CARRY.len() {
        words += CARRY[k];
        k += 1;
    }
    words
};

/// The filters' coefficients.
#[derive(Clone, Debug)]
pub struct Oversampler {
    inner: [f32; INNER],
    outer: [f32; OUTER],
    /// Twice those: a frame put between two others is as loud as they.
    inner_up: [f32; INNER],
    outer_up: [f32; OUTER],
}

impl Default for Oversampler {
    fn default() -> Self {
        let (inner, outer) = (half_band(), half_band());
        Self {
            inner,
            outer,
            inner_up: inner.map(|tap| 2.0 * tap),
            outer_up: outer.map(|tap| 2.0 * tap),
        }
    }
}

/// The even branch of a half-band low-pass by Kaiser's window, of gain 1/2; the odd branch's one tap is 1/2.
fn half_band<const T: usize>() -> [f32; T] {
    let bessel = |x: f64| {
        let terms = (1..50).scan(1.0, |term, k| {
            *term *= (x / (2 * k) as f64).powi(2);
            Some(*term)
        });
        1.0 + terms.sum::<f64>()
    };
    let taps: [f64; T] = std::array::from_fn(|j| {
        let t = (2 * j) as f64 - (T as f64 - 1.0);
        let window = bessel(BETA * (1.0 - (t / T as f64).powi(2)).sqrt());
        (PI * t / 2.0).sin() / t * window
    });
    let sum: f64 = taps.iter().sum();
    taps.map(|t| (t / sum / 2.0) as f32)
}

/// A curve on the way from one frame to the next, in runs: see [`super::waveshape`].
pub trait Shape<L: Lanes> {
    /// What its neighbours have to give back so that the response is flat.
    const SIDES: f32;
    /// What the way from `a` to `b` adds to the shaped frames at `a` and at `b`.
    fn way(&self, r: L::Run, a: RunF<L>, b: RunF<L>) -> (RunF<L>, RunF<L>);
}

/// Makes buffers of a block, each after the frames carried from the block before.
macro_rules! carried {
    ($l:ident, $state:ident, $($name:ident: $k:literal),*) => {
        $(let mut $name = [$l.f(0.0); CARRY[$k] + BLOCK];)*
        let mut rest = &$state[..];
        $(if let Some((mine, others)) = rest.split_at_checked(CARRY[$k]) {
            $name[..CARRY[$k]].copy_from_slice(mine);
            rest = others;
        })*
        let _ = rest;
    };
}

impl Oversampler {
    /// Shapes a block; the result is [`DELAY`] frames late.
    #[inline(always)]
    pub fn shape<L: Lanes, S: Shape<L>>(
        &self,
        l: L,
        state: &mut [L::F],
        x: &[L::F; BLOCK],
        shape: S,
        shaped: &mut [L::F; BLOCK],
    ) {
        carried!(l, state,
            input: 0, second: 1, first: 2, until: 3, onward: 4, knot_1: 5, knot_2: 6, knot_3: 7,
            shaped_3: 8, shaped_1: 9, shaped_2: 10, shaped_4: 11, down_2: 12, down_1: 13);
        let r = l.run();
        let mut filtered = [[l.f(0.0); BLOCK]; 2];

        // To twice the rate: each frame filtered, then half way to the next.
        input[CARRY[0]..].copy_from_slice(x);
        fir(l, &self.inner_up, &input, &mut filtered[0]);
        first[CARRY[2]..].copy_from_slice(&filtered[0]);
        second[CARRY[1]..].copy_from_slice(&input[INNER / 2..][..BLOCK]);

        // To four times the rate, and the ways between its frames.
        let [up_1, up_3] = &mut filtered;
        outer(l, &self.outer_up, &second, &first, up_1, up_3);
        for i in (0..BLOCK).step_by(L::RUN) {
            let p = [
                l.load(&first, OUTER / 4 - 1 + i),
                l.load(up_1, i),
                l.load(&second, OUTER / 4 + i),
                l.load(up_3, i),
                l.load(&first, OUTER / 4 + i),
            ];
            let (on_0, at_1) = shape.way(r, p[0], p[1]);
            let (on_1, at_2) = shape.way(r, p[1], p[2]);
            let (on_2, at_3) = shape.way(r, p[2], p[3]);
            let (on_3, at_4) = shape.way(r, p[3], p[4]);
            l.store(&mut onward, CARRY[4] + i, on_0);
            l.store(&mut knot_1, CARRY[5] + i, at_1 + on_1);
            l.store(&mut knot_2, CARRY[6] + i, at_2 + on_2);
            l.store(&mut knot_3, CARRY[7] + i, at_3 + on_3);
            l.store(&mut until, CARRY[3] + i, at_4);
        }
        // A fourth frame is known only when the next first one is: so all four are taken a frame later.
        let sides = r.f(-S::SIDES);
        let middle = r.f(1.0 + 2.0 * S::SIDES);
        for i in (0..BLOCK).step_by(L::RUN) {
            let before = l.load(&until, i) + l.load(&onward, i);
            let knot = [
                l.load(&knot_1, i),
                l.load(&knot_2, i),
                l.load(&knot_3, i),
                l.load(&until, 1 + i) + l.load(&onward, 1 + i),
            ];
            let next = l.load(&knot_1, 1 + i);
            l.store(
                &mut shaped_1,
                CARRY[9] + i,
                knot[0].fma(middle, (before + knot[1]) * sides),
            );
            l.store(
                &mut shaped_2,
                CARRY[10] + i,
                knot[1].fma(middle, (knot[0] + knot[2]) * sides),
            );
            l.store(
                &mut shaped_3,
                CARRY[8] + i,
                knot[2].fma(middle, (knot[1] + knot[3]) * sides),
            );
            l.store(
                &mut shaped_4,
                CARRY[11] + i,
                knot[3].fma(middle, (knot[2] + next) * sides),
            );
        }

        // Back to twice the rate.
        let [first_half, second_half] = &mut filtered;
        outer(
            l,
            &self.outer,
            &shaped_3,
            &shaped_1,
            first_half,
            second_half,
        );
        let half = r.f(0.5);
        for i in (0..BLOCK).step_by(L::RUN) {
            let first = l.load(&shaped_2, i).fma(half, l.load(first_half, i));
            let second = l.load(&shaped_4, i).fma(half, l.load(second_half, i));
            l.store(&mut down_1, CARRY[13] + i, first);
            l.store(&mut down_2, CARRY[12] + i, second);
        }
        // And to the rate itself, from one frame of twice the rate earlier: so the whole delay is whole frames.
        fir(l, &self.inner, &down_2, &mut filtered[0]);
        for i in (0..BLOCK).step_by(L::RUN) {
            l.store(
                shaped,
                i,
                l.load(&down_1, i).fma(half, l.load(&filtered[0], i)),
            );
        }

        let ends = [
            &input[BLOCK..],
            &second[BLOCK..],
            &first[BLOCK..],
            &until[BLOCK..],
            &onward[BLOCK..],
            &knot_1[BLOCK..],
            &knot_2[BLOCK..],
            &knot_3[BLOCK..],
            &shaped_3[BLOCK..],
            &shaped_1[BLOCK..],
            &shaped_2[BLOCK..],
            &shaped_4[BLOCK..],
            &down_2[BLOCK..],
            &down_1[BLOCK..],
        ];
        let mut rest = state;
        for end in ends {
            let Some((mine, others)) = rest.split_at_mut_checked(end.len()) else {
                return;
            };
            mine.copy_from_slice(end);
            rest = others;
        }
    }
}

/// Sums side by side: so many runs wait for their products together, and a tap is fetched once for all of them.
const SUMS: usize = 8;

/// y\[i] is the sum over j of `taps`\[j] x `x`\[i + j].
#[inline(always)]
pub fn fir<L: Lanes, const T: usize>(l: L, taps: &[f32; T], x: &[L::F], y: &mut [L::F; BLOCK]) {
    let x = &x[..T - 1 + BLOCK];
    let span = (SUMS * L::RUN).min(BLOCK);
    for start in (0..BLOCK).step_by(span) {
        let mut sums = [l.run().f(0.0); SUMS];
        for (j, tap) in taps.iter().enumerate() {
            let tap = l.run().f(*tap);
            for k in 0..span / L::RUN {
                sums[k] = l.load(x, start + k * L::RUN + j).fma(tap, sums[k]);
            }
        }
        for k in 0..span / L::RUN {
            l.store(y, start + k * L::RUN, sums[k]);
        }
    }
}

/// The outer filter on frames that lie apart: `a` has the even ones (the first of them is the oldest) and `b` the odd ones. Gives
/// the even and the odd frames of the result.
#[inline(always)]
fn outer<L: Lanes>(
    l: L,
    taps: &[f32; OUTER],
    a: &[L::F; OUTER / 2 + BLOCK],
    b: &[L::F; OUTER / 2 - 1 + BLOCK],
    even: &mut [L::F; BLOCK],
    odd: &mut [L::F; BLOCK],
) {
    const HALF: usize = SUMS / 2;
    let span = (HALF * L::RUN).min(BLOCK);
    for start in (0..BLOCK).step_by(span) {
        let mut evens = [l.run().f(0.0); HALF];
        let mut odds = evens;
        for m in 0..OUTER / 2 {
            let (tap, next) = (l.run().f(taps[2 * m]), l.run().f(taps[2 * m + 1]));
            for k in 0..span / L::RUN {
                let i = start + k * L::RUN + m;
                evens[k] = l.load(a, i).fma(tap, evens[k]);
                odds[k] = l.load(b, i).fma(tap, odds[k]);
                evens[k] = l.load(b, i).fma(next, evens[k]);
                odds[k] = l.load(a, i + 1).fma(next, odds[k]);
            }
        }
        for k in 0..span / L::RUN {
            l.store(even, start + k * L::RUN, evens[k]);
            l.store(odd, start + k * L::RUN, odds[k]);
        }
    }
}
