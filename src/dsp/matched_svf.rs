//! The state-variable filter of [`super::svf`], stable however fast its cutoff moves, with outputs matched to its model: its responses are the analog filter's up to 16 kHz at 48 kHz, not the bilinear transform's. Runs on engine threads.
//!
//! The poles are close to the analog ones (impulse invariance, as in Vicanek, Matched Second Order Digital Filters), without their
//! exponentials and roots: with x = half the cutoff's angle a frame, g = tan x (1 + k² tan²x / 24) / (1 + k² tan²x / 5), about, and
//! k'/g = (k/x)(1 + x²/3), which stay within 5 % up to 20 kHz where Q is 0.5 or more. The trapezoids' zeros at half the rate are
//! filled by a little of what the integrators move in a frame.
use super::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
    math::tan_parts,
};

/// Parts of k² tan²x in the two sides of g. Fitted with the constants below to the analog responses for Q 0.5 to 50, cutoffs up to
/// 16 kHz and 20 Hz to 16 kHz: largest error of the low-pass 0.31 dB.
const ABOVE: f32 = 0.042_639;
const BELOW: f32 = 0.197_262;
/// What the low-pass takes of the second integrator's gap to its input, times c: f0 + x² (f1 + f2 k²), k up to 2; and of the first
/// integrator, times b: f0 + x (f1 k + x (f2 + f3 k²)).
const LOW_GAP: [f32; 3] = [3.148_686, -0.547_022, 0.178_434];
const LOW_FIRST: [f32; 4] = [2.566_969, -0.827_733, -0.805_328, 0.326_851];
/// The band-pass takes a part of the second integrator's way and, times g, of the first one's: as LOW_GAP. Its gain needs half a
/// percent.
const FILL_BAND: [f32; 3] = [0.766, -0.177_712, 0.069_698];
const BAND: f32 = 1.005;

/// f0 + x² (f1 + f2 k²).
#[inline(always)]
fn fill<L: Lanes>(l: L, f: [f32; 3], y: L::F, damping: L::F) -> L::F {
    let k = damping.min(l.f(2.0));
    y.fma((k * k).fma(l.f(f[2]), l.f(f[1])), l.f(f[0]))
}

/// One frame's coefficients: 2 - 2 a1, 2 a2 and 2 a3 of the usual names (a1 = 1 / (1 + g k + g²), a2 = g a1, a3 = g a2).
///
/// With them the states' update is two multiply-adds deep, against four steps in the textbook's order:
/// s1' = s1 - a s1 + b (x - s2), s2' = s2 + b s1 + c (x - s2). All three are small where the cutoff is low, and keep their precision.
#[derive(Clone, Copy)]
pub struct Coefficients<L: Lanes> {
    a: L::F,
    b: L::F,
    c: L::F,
    /// Of the first integrator and of the second one's gap in the low-pass.
    low_first: L::F,
    low_gap: L::F,
}

/// The tangent and what g makes of it, as far as both kinds of coefficients need it.
struct Tuned<L: Lanes> {
    /// x²
    y: L::F,
    /// tan x / x = over / d.
    over: L::F,
    d: L::F,
    /// (d tan x)²
    square: L::F,
    /// g = tan x above / below.
    above: L::F,
    below: L::F,
}

impl<L: Lanes> Tuned<L> {
    #[inline(always)]
    fn new(l: L, angle: L::F, damping: L::F) -> Self {
        let y = angle * angle;
        let (over, d) = tan_parts(l, y);
        let (square, d2, k2) = (y * over * over, d * d, damping * damping);
        Self {
            y,
            over,
            d,
            square,
            above: square.fma(k2 * l.f(ABOVE), d2),
            below: square.fma(k2 * l.f(BELOW), d2),
        }
    }
}

impl<L: Lanes> Coefficients<L> {
    /// `angle` is pi times the cutoff over the rate, which stays below 0.49; `damping` is 1 / Q.
    #[inline(always)]
    pub fn new(l: L, angle: L::F, damping: L::F) -> Self {
        let tuned = Tuned::new(l, angle, damping);
        let Tuned { y, over, .. } = tuned;
        // g = p / q; everything over q² + (1 + k'/g) p² takes one division.
        let over = over * tuned.above;
        let (p, q) = (angle * over, tuned.d * tuned.below);
        let m = (y.fma(damping * l.f(1.0 / 3.0), damping) + angle) * over;
        let u = p * (l.f(2.0) / q.fma(q, m * p));
        let (b, c) = (q * u, p * u);
        let k = damping.min(l.f(2.0));
        let k2 = k * k;
        let [f0, f1, f2, f3] = LOW_FIRST;
        let rest = angle.fma(k2.fma(l.f(f3), l.f(f2)), k * l.f(f1));
        Self {
            a: m * u,
            b,
            c,
            low_first: b * rest.fma(angle, l.f(f0)),
            low_gap: c * fill(l, LOW_GAP, y, damping),
        }
    }
}

/// A block's coefficients, each in a row of its own: one lane wide they are computed side by side, before the states' serial way.
pub struct Rows<L: Lanes> {
    a: [L::F; BLOCK],
    b: [L::F; BLOCK],
    c: [L::F; BLOCK],
    low_first: [L::F; BLOCK],
    low_gap: [L::F; BLOCK],
}

impl<L: Lanes> Rows<L> {
    #[inline(always)]
    pub fn new(l: L, at: impl Fn(usize) -> Coefficients<L>) -> Self {
        let zeros = [l.f(0.0); BLOCK];
        let mut rows = Self {
            a: zeros,
            b: zeros,
            c: zeros,
            low_first: zeros,
            low_gap: zeros,
        };
        for i in 0..BLOCK {
            let k = at(i);
            rows.a[i] = k.a;
            rows.b[i] = k.b;
            rows.c[i] = k.c;
            rows.low_first[i] = k.low_first;
            rows.low_gap[i] = k.low_gap;
        }
        rows
    }

    #[inline(always)]
    pub fn at(&self, i: usize) -> Coefficients<L> {
        Coefficients {
            a: self.a[i],
            b: self.b[i],
            c: self.c[i],
            low_first: self.low_first[i],
            low_gap: self.low_gap[i],
        }
    }
}

/// What the other outputs are made with.
#[derive(Clone, Copy)]
pub struct Shape<L: Lanes> {
    /// k'.
    damping: L::F,
    g: L::F,
    band: L::F,
    fill_band: L::F,
    /// Scale the high-pass: alone (gain Q at the cutoff), in the notch (zero there) and in the peak (twice Q there).
    high: L::F,
    notch: L::F,
    peak: L::F,
}

impl<L: Lanes> Shape<L> {
    /// As [`Coefficients::new`].
    #[inline(always)]
    pub fn new(l: L, angle: L::F, damping: L::F) -> Self {
        let tuned = Tuned::new(l, angle, damping);
        let Tuned { y, over, d, .. } = tuned;
        let one = l.f(1.0);
        // The place of the cutoff on the integrators' own scale, tan x / g.
        let under = one / tuned.above;
        let place = tuned.below * under;
        let g = angle * over / (d * place);
        let risen = over * y.fma(l.f(1.0 / 3.0), one) / d;
        let notch = one / (place * place);
        // The distance of its square from 1, over k: without a difference of what is nearly alike.
        let across = tuned.square * damping * l.f(BELOW - ABOVE) * under * (place + one);
        let high = across.fma(across, risen * risen).sqrt() * notch;
        Self {
            damping: damping * risen / place,
            g,
            band: damping * l.f(BAND) / angle,
            fill_band: fill(l, FILL_BAND, y, damping),
            high,
            notch,
            peak: high + high - notch,
        }
    }
}

/// All outputs of a frame.
pub struct Outputs<L: Lanes> {
    pub low: L::F,
    pub high: L::F,
    pub band: L::F,
    pub notch: L::F,
    pub peak: L::F,
}

/// Half the integrators' memories: then what comes out needs no halving.
#[derive(Clone, Copy)]
pub struct State<L: Lanes> {
    pub s1: L::F,
    pub s2: L::F,
}

impl<L: Lanes> State<L> {
    /// How much swings in it: steady while it rings at k = 0. `half` is a half.
    #[inline(always)]
    pub fn energy(&self, x: L::F, half: L::F) -> L::F {
        let away = x.nfma(half, self.s2);
        away.fma(away, self.s1 * self.s1)
    }

    /// Moves both integrators by a frame; the second one's gap to the input before.
    #[inline(always)]
    fn step(&mut self, k: &Coefficients<L>, x: L::F, half: L::F) -> L::F {
        let gap = x.nfma(half, self.s2);
        let s2 = k.c.nfma(gap, k.b.fma(self.s1, self.s2));
        self.s1 = k.b.nfma(gap, k.a.nfma(self.s1, self.s1));
        self.s2 = s2;
        gap
    }

    /// One frame's low-pass.
    #[inline(always)]
    pub fn low(&mut self, k: &Coefficients<L>, x: L::F, half: L::F) -> L::F {
        let State { s1, s2 } = *self;
        let gap = self.step(k, x, half);
        k.low_gap.nfma(gap, k.low_first.fma(s1, s2 + s2))
    }

    /// One frame of all outputs.
    #[inline(always)]
    pub fn tick(
        &mut self,
        k: &Coefficients<L>,
        shape: &Shape<L>,
        x: L::F,
        half: L::F,
    ) -> Outputs<L> {
        let State { s1, s2 } = *self;
        let gap = self.step(k, x, half);
        let (first, second) = (s1 + self.s1, s2 + self.s2);
        // The integrators' ways, not as differences of their states: the band-pass raises them by the rate over the cutoff.
        let moved = -k.b.fma(gap, k.a * s1);
        let moved2 = k.c.nfma(gap, k.b * s1);
        let rest = shape.damping.nfma(first, x - second);
        Outputs {
            low: k.low_gap.nfma(gap, k.low_first.fma(s1, s2 + s2)),
            high: rest * shape.high,
            band: (shape.g * moved).fma(shape.fill_band, moved2) * shape.band,
            notch: rest.fma(shape.notch, second),
            peak: rest.nfma(shape.peak, second),
        }
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
