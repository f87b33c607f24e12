//! One-pole low-pass and high-pass whose responses are the analog ones, not the bilinear transform's. Runs on engine threads.
use super::{
    lanes::{Float, Lanes},
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
    /// 2 g / (1 + g)
    pole: L::F,
    bright: L::F,
    thin: L::F,
}

impl<L: Lanes> Coefficients<L> {
    /// For [`low`].
    #[inline(always)]
    pub fn keep(&self, l: L) -> L::F {
        (l.f(1.0) - self.bright) * l.f(0.5)
    }

    /// `turn` is the corner over the rate, below 0.5.
    #[inline(always)]
    pub fn new(l: L, turn: L::F) -> Self {
        let g = tanh(l, turn * l.f(std::f32::consts::PI));
        let g2 = g * g;
        Self {
            pole: (g + g) / (l.f(1.0) + g),
            bright: g * g2.fma(l.f(0.036), l.f(0.065)).fma(g2, l.f(0.768)),
            thin: g2.fma(l.f(-0.15), l.f(-0.315)).fma(g2, l.f(1.0)),
        }
    }
}

/// One frame of the low-pass alone; `keep` is half of what `bright` leaves of it.
#[inline(always)]
pub fn low<L: Lanes>(s: &mut L::F, k: &Coefficients<L>, x: L::F, keep: L::F) -> L::F {
    let before = *s;
    *s = before + k.pole.nfma(before, x * k.pole);
    (before + *s).fma(keep, x * k.bright)
}

/// One frame: low-pass and high-pass. `half` is a half. From state to state it is two steps.
#[inline(always)]
pub fn tick<L: Lanes>(s: &mut L::F, k: &Coefficients<L>, x: L::F, half: L::F) -> (L::F, L::F) {
    let before = *s;
    *s = before + k.pole.nfma(before, x * k.pole);
    let low = (before + *s) * half;
    let rest = x - low;
    (rest.fma(k.bright, low), rest * k.thin)
}
