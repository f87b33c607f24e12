//! State-variable filter with trapezoidal integrators and no delay in its loop (TPT): stays stable however fast its cutoff moves.
//! Runs on engine threads.
use super::{
    lanes::{Float, Lanes, Mask},
    math::tan_fraction,
};

/// One frame's coefficients: 2 - 2 a1, 2 a2 and 2 a3 of the usual names (a1 = 1 / (1 + g k + g²), a2 = g a1, a3 = g a2).
///
/// With them the states' update is two multiply-adds deep, against four steps in the textbook's order:
/// s1' = s1 - a s1 + b (x - s2), s2' = s2 + b s1 + c (x - s2). All three are small where the cutoff is low, and keep their precision.
#[derive(Clone, Copy)]
pub struct Coefficients<L: Lanes> {
    a: L::F,
    b: L::F,
    c: L::F,
}

impl<L: Lanes> Coefficients<L> {
    /// `angle` is pi times the cutoff over the rate, which stays below 0.49; `damping` is 1 / Q.
    #[inline(always)]
    pub fn new(l: L, angle: L::F, damping: L::F) -> Self {
        // g = n / d in one fraction with the denominator 1 + g k + g²: one division in all.
        let (n, d) = tan_fraction(l, angle);
        let m = damping.fma(d, n);
        let nr = n * (l.f(2.0) / d.fma(d, n * m));
        Self {
            a: m * nr,
            b: d * nr,
            c: n * nr,
        }
    }
}

/// Half the integrators' memories: then what comes out needs no halving.
#[derive(Clone, Copy)]
pub struct State<L: Lanes> {
    pub s1: L::F,
    pub s2: L::F,
}

impl<L: Lanes> State<L> {
    /// One frame; its low-pass and its band-pass output. `half` is a half.
    #[inline(always)]
    pub fn tick(&mut self, k: &Coefficients<L>, x: L::F, half: L::F) -> (L::F, L::F) {
        let v = x.nfma(half, self.s2);
        let s2 = k.c.nfma(v, k.b.fma(self.s1, self.s2));
        let s1 = k.b.nfma(v, k.a.nfma(self.s1, self.s1));
        let outs = (self.s2 + s2, self.s1 + s1);
        (self.s1, self.s2) = (s1, s2);
        outs
    }
    /// Whether the low-pass already is at a constant input, in every lane; then it is there exactly. -140 dB of full scale.
    #[inline(always)]
    pub fn follow(&mut self, l: L, x: L::F) -> bool {
        let half = x * l.f(0.5);
        let off = (self.s2 - half).abs().max(self.s1.abs());
        let there = l.f(1e-7).ge(off).all();
        if there {
            (self.s1, self.s2) = (l.f(0.0), half);
        }
        there
    }
}
