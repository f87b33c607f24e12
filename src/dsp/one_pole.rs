//! One-pole low-pass and high-pass whose responses are the analog ones, not the bilinear transform's. Runs on engine threads.
use super::{
    BLOCK,
    lanes::{Float, Lanes},
    leak::{leak, scale},
    math::tanh,
};

/// One frame's coefficients.
///
/// The pole is the analog one's, e^-w: that is g = tanh(w / 2) in a trapezoidal integrator, where the bilinear transform has
/// tan(w / 2). A low-pass by trapezoids has a zero at half the rate which the analog one has not: `bright` gives back what it takes,
/// and `thin` scales the high-pass. Both are polynomials fitted to the analog responses from 20 Hz to 16 kHz at 48 kHz: the largest
/// errors are 0.1 dB (low-pass) and 0.3 dB (high-pass, for corners up to 20 kHz).
#[derive(Clone, Copy)]
pub struct Coefficients<L: Lanes> {
    /// What the state keeps in a frame, and what it takes of the signal: together exactly 1, so that DC passes whole however low the
    /// corner. The part taken is 2 g / (1 + g).
    keep: L::F,
    take: L::F,
    bright: L::F,
    thin: L::F,
}

/// What the low-pass output has of the state and of the signal.
#[derive(Clone, Copy)]
pub struct LowPass<L: Lanes> {
    pub state: L::F,
    pub signal: L::F,
}

impl<L: Lanes> Coefficients<L> {
    /// `turn` is the corner over the rate, below 0.5.
    #[inline(always)]
    pub fn new(l: L, turn: L::F) -> Self {
        let g = tanh(l, turn * l.f(std::f32::consts::PI));
        let g2 = g * g;
        let one = l.f(1.0);
        let keep = one - (g + g) / (one + g);
        Self {
            keep,
            take: one - keep,
            bright: g * g2.fma(l.f(0.036), l.f(0.065)).fma(g2, l.f(0.768)),
            thin: g2.fma(l.f(-0.15), l.f(-0.315)).fma(g2, one),
        }
    }

    /// For [`low`]: the mean of the state before and after, and `bright` of what it leaves of the signal.
    #[inline(always)]
    pub fn low_pass(&self, l: L) -> LowPass<L> {
        let half = (l.f(1.0) - self.bright) * l.f(0.5);
        LowPass {
            state: half.fma(self.keep, half),
            signal: half.fma(self.take, self.bright),
        }
    }

    /// The state after a frame.
    #[inline(always)]
    fn next(&self, s: L::F, x: L::F) -> L::F {
        s.fma(self.keep, x * self.take)
    }
}

/// One frame of the low-pass alone.
#[inline(always)]
pub fn low<L: Lanes>(s: &mut L::F, k: &Coefficients<L>, low: &LowPass<L>, x: L::F) -> L::F {
    let before = *s;
    *s = k.next(before, x);
    before.fma(low.state, x * low.signal)
}

/// A block of the low-pass alone, `x` to `y`.
#[inline(always)]
pub fn low_block<L: Lanes>(
    l: L,
    s: &mut L::F,
    k: &Coefficients<L>,
    x: &[L::F; BLOCK],
    y: &mut [L::F; BLOCK],
) {
    let part = k.low_pass(l);
    if L::RUN < 4 {
        // By fours: counting frames would be a fifth of the loop.
        let rows = y.as_chunks_mut::<4>().0.iter_mut();
        for (y, x) in rows.zip(x.as_chunks::<4>().0) {
            for (y, x) in y.iter_mut().zip(x) {
                *y = low(s, k, &part, *x);
            }
        }
        return;
    }
    let first = *s;
    let mut states = *x;
    scale(l, k.take, &mut states);
    leak(l, k.keep, s, &mut states);
    let (of_state, of_signal) = (l.spread(part.state), l.spread(part.signal));
    let mut before = l.spread(first);
    for at in (0..BLOCK).step_by(L::RUN) {
        let after = l.load(&states, at);
        let x = l.load(x, at) * of_signal;
        l.store(y, at, L::earlier::<1>(before, after).fma(of_state, x));
        before = after;
    }
}

/// One frame: low-pass and high-pass. `half` is a half.
#[inline(always)]
pub fn tick<L: Lanes>(s: &mut L::F, k: &Coefficients<L>, x: L::F, half: L::F) -> (L::F, L::F) {
    let before = *s;
    *s = k.next(before, x);
    let low = (before + *s) * half;
    let rest = x - low;
    (rest.fma(k.bright, low), rest * k.thin)
}
