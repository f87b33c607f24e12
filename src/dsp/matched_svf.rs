//! The state-variable filter of [`super::svf`], stable however fast its cutoff moves, with outputs matched to its model: its responses are the analog filter's up to 16 kHz at 48 kHz, not the bilinear transform's. Runs on engine threads.
//!
//! The poles are close to the analog ones (impulse invariance, as in Vicanek, Matched Second Order Digital Filters), without their
//! exponentials and roots: with x = half the cutoff's angle a frame, g = tan x (1 + k² tan²x / 24) / (1 + k² tan²x / 5), about, and
//! k'/g = (k/x)(1 + x²/3), which stay within 5 % up to 20 kHz where Q is 0.5 or more. The trapezoids' zeros at half the rate are
//! filled by a little of what the integrators move in a frame.
use std::f32::consts::PI;

use super::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
};

/// A [`Reach`] is x divided by this. tan x is then r (OVER - r²) / ((r² - UNDER[0]) r² + UNDER[1]) without another factor: a
/// minimax fit, within 2.5e-6 (0.004 cent) up to 0.42 pi, 2e-5 up to 0.4535 pi, 7e-4 up to 0.49 pi.
const SCALE: f32 = 9.526_175_5;
const OVER: f32 = 0.113_553_46;
const UNDER: [f32; 2] = [0.465_583_2, 0.011_920_182];
const SQUARE: f32 = SCALE * SCALE;
/// Parts of k² tan²x in the two sides of g. Fitted with the constants below to the analog responses for Q 0.5 to 50, cutoffs up to
/// 16 kHz and 20 Hz to 16 kHz: largest error of the low-pass 0.31 dB.
const ABOVE: f32 = 0.042_639;
const BELOW: f32 = 0.197_262;
/// What the low-pass takes of the second integrator's gap to its input, times c: f0 + x² (f1 + f2 k²), k up to 2; and of the first
/// integrator, times b: f0 + x (f1 k + x (f2 + f3 k²)).
const LOW_GAP: [f32; 3] = [1.574_343, -0.273_511 * SQUARE, 0.089_217 * SQUARE];
const LOW_FIRST: [f32; 4] = [
    1.283_484_5,
    -0.413_866_5 * SCALE,
    -0.402_652_5 * SQUARE,
    0.163_425_5 * SQUARE,
];
/// The band-pass takes a part of the second integrator's way and, times g, of the first one's: as LOW_GAP. Its gain needs half a
/// percent.
const FILL_BAND: [f32; 3] = [0.766, -0.177_712 * SQUARE, 0.069_698 * SQUARE];
const BAND: f32 = 0.5025 / SCALE;

/// How far a cutoff is along the band: pi times it over the rate, divided by a constant of the fit.
#[derive(Clone, Copy)]
pub struct Reach {
    per_hz: f32,
    most: f32,
}

impl Reach {
    pub fn new(rate: f32) -> Self {
        Self {
            per_hz: PI / SCALE / rate,
            most: 0.49 * PI / SCALE,
        }
    }

    /// Of a cutoff in hertz. The tangent's fraction holds up to 0.49 of the rate.
    #[inline(always)]
    pub fn of<L: Lanes>(&self, l: L, cutoff: L::F) -> L::F {
        (cutoff * l.f(self.per_hz)).min(l.f(self.most))
    }
}

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
    /// What the low-pass takes of the first integrator, times b, and of the second one's gap, times c.
    first: L::F,
    gap: L::F,
}

/// The tangent and what g makes of it, as far as both kinds of coefficients need it.
struct Tuned<L: Lanes> {
    /// The square of the reach.
    y: L::F,
    /// tan x = reach over / d.
    over: L::F,
    d: L::F,
    /// d tan x and its square.
    tangent: L::F,
    square: L::F,
    /// g = tan x above / below.
    above: L::F,
    below: L::F,
}

impl<L: Lanes> Tuned<L> {
    #[inline(always)]
    fn new(l: L, reach: L::F, damping: L::F) -> Self {
        let y = reach * reach;
        let over = l.f(OVER) - y;
        let d = (y - l.f(UNDER[0])).fma(y, l.f(UNDER[1]));
        let tangent = reach * over;
        let (square, d2, k2) = (tangent * tangent, d * d, damping * damping);
        Self {
            y,
            over,
            d,
            tangent,
            square,
            above: square.fma(k2 * l.f(ABOVE), d2),
            below: square.fma(k2 * l.f(BELOW), d2),
        }
    }
}

impl<L: Lanes> Coefficients<L> {
    /// `reach` is a [`Reach`]'s; `damping` is 1 / Q.
    #[inline(always)]
    pub fn new(l: L, reach: L::F, damping: L::F) -> Self {
        let tuned = Tuned::new(l, reach, damping);
        let Tuned { y, over, .. } = tuned;
        // g = p / q; everything over q² + (1 + k'/g) p² takes one division.
        let (p, q) = (tuned.tangent * tuned.above, tuned.d * tuned.below);
        let ratio = y.fma(damping * l.f(SCALE / 3.0), damping * l.f(1.0 / SCALE));
        let m = (ratio + reach) * (over * tuned.above);
        let u = p * (l.f(2.0) / q.fma(q, m * p));
        let k = damping.min(l.f(2.0));
        let k2 = k * k;
        let [f0, f1, f2, f3] = LOW_FIRST;
        let rest = reach.fma(k2.fma(l.f(f3), l.f(f2)), k * l.f(f1));
        Self {
            a: m * u,
            b: q * u,
            c: p * u,
            first: rest.fma(reach, l.f(f0)),
            gap: fill(l, LOW_GAP, y, damping),
        }
    }
}

/// A block's coefficients, each in a row of its own: one lane wide they are computed side by side, before the states' serial way.
pub struct Rows<L: Lanes> {
    a: [L::F; BLOCK],
    b: [L::F; BLOCK],
    c: [L::F; BLOCK],
    first: [L::F; BLOCK],
    gap: [L::F; BLOCK],
}

impl<L: Lanes> Rows<L> {
    #[inline(always)]
    pub fn new(l: L, at: impl Fn(usize) -> Coefficients<L>) -> Self {
        let zeros = [l.f(0.0); BLOCK];
        let mut rows = Self {
            a: zeros,
            b: zeros,
            c: zeros,
            first: zeros,
            gap: zeros,
        };
        for i in 0..BLOCK {
            let k = at(i);
            rows.a[i] = k.a;
            rows.b[i] = k.b;
            rows.c[i] = k.c;
            rows.first[i] = k.first;
            rows.gap[i] = k.gap;
        }
        rows
    }

    #[inline(always)]
    pub fn at(&self, i: usize) -> Coefficients<L> {
        Coefficients {
            a: self.a[i],
            b: self.b[i],
            c: self.c[i],
            first: self.first[i],
            gap: self.gap[i],
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
    pub fn new(l: L, reach: L::F, damping: L::F) -> Self {
        let tuned = Tuned::new(l, reach, damping);
        let Tuned { y, over, d, .. } = tuned;
        let one = l.f(1.0);
        // The place of the cutoff on the integrators' own scale, tan x / g.
        let under = one / tuned.above;
        let place = tuned.below * under;
        let g = tuned.tangent / (d * place);
        let risen = over * y.fma(l.f(SCALE / 3.0), l.f(1.0 / SCALE)) / d;
        let notch = one / (place * place);
        // The distance of its square from 1, over k: without a difference of what is nearly alike.
        let across = tuned.square * damping * l.f(BELOW - ABOVE) * under * (place + one);
        let high = across.fma(across, risen * risen).sqrt() * notch;
        Self {
            damping: damping * risen / place,
            g,
            band: damping * l.f(BAND) / reach,
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

/// The integrators' memories.
#[derive(Clone, Copy)]
pub struct State<L: Lanes> {
    pub s1: L::F,
    pub s2: L::F,
}

/// What a frame moves: the parts of the integrators' ways.
struct Moved<L: Lanes> {
    /// The second integrator's gap to the input before.
    gap: L::F,
    /// b s1 and c gap: the second one's way is their difference.
    first: L::F,
    second: L::F,
}

impl<L: Lanes> State<L> {
    /// How much swings in it: steady while it rings at k = 0.
    #[inline(always)]
    pub fn energy(&self, x: L::F) -> L::F {
        let away = self.s2 - x;
        away.fma(away, self.s1 * self.s1)
    }

    /// Moves both integrators by a frame.
    #[inline(always)]
    fn step(&mut self, k: &Coefficients<L>, x: L::F) -> Moved<L> {
        let State { s1, s2 } = *self;
        let gap = s2 - x;
        let (first, second) = (k.b * s1, k.c * gap);
        // Rounded alike on one lane and on many: who plays beside a voice must not change it.
        self.s2 = s2 + first - second;
        self.s1 = k.b.nfma(gap, k.a.nfma(s1, s1));
        Moved { gap, first, second }
    }

    /// What the low-pass makes of where the second integrator was, `s2`, and what moved.
    #[inline(always)]
    fn filled(k: &Coefficients<L>, s2: L::F, moved: &Moved<L>) -> L::F {
        k.gap.nfma(moved.second, k.first.fma(moved.first, s2))
    }

    /// One frame's low-pass.
    #[inline(always)]
    pub fn low(&mut self, k: &Coefficients<L>, x: L::F) -> L::F {
        let s2 = self.s2;
        let moved = self.step(k, x);
        Self::filled(k, s2, &moved)
    }

    /// One frame of all outputs.
    #[inline(always)]
    pub fn tick(&mut self, l: L, k: &Coefficients<L>, shape: &Shape<L>, x: L::F) -> Outputs<L> {
        let State { s1, s2 } = *self;
        let moved = self.step(k, x);
        // The integrators' ways, not as differences of their states: the band-pass raises them by the rate over the cutoff.
        let way1 = -k.b.fma(moved.gap, k.a * s1);
        let way2 = moved.first - moved.second;
        let half = l.f(0.5);
        let (first, second) = (way1.fma(half, s1), way2.fma(half, s2));
        let rest = shape.damping.nfma(first, x - second);
        Outputs {
            low: Self::filled(k, s2, &moved),
            high: rest * shape.high,
            band: (shape.g * way1).fma(shape.fill_band, way2) * shape.band,
            notch: rest.fma(shape.notch, second),
            peak: rest.nfma(shape.peak, second),
        }
    }

    /// Whether the low-pass already is at a constant input, in every lane; then it is there exactly. -140 dB of full scale.
    #[inline(always)]
    pub fn follow(&mut self, l: L, x: L::F) -> bool {
        let off = (self.s2 - x).abs().max(self.s1.abs());
        let there = l.f(2e-7).ge(off).all();
        if there {
            (self.s1, self.s2) = (l.f(0.0), x);
        }
        there
    }
}
