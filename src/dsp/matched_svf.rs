//! The state-variable filter of [`super::svf`], stable however fast its cutoff moves, with outputs matched to its model: its responses are the analog filter's up to 16 kHz at 48 kHz, not the bilinear transform's. Runs on engine threads.
//!
//! The poles are close to the analog ones (impulse invariance, as in Vicanek, Matched Second Order Digital Filters), without their
//! exponentials and roots: with c the cutoff in hertz and k = 1 / Q, g = c P(c²) / Q(c²) and k' = g (k/x + k c · a constant), x half the
//! cutoff's angle a frame. At k = 0, g is tan x, and the self-oscillation in tune. The trapezoids' zeros at half the rate are filled by a
//! little of what the integrators move in a frame.
use std::f32::consts::PI;

use super::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
};

/// With r = x / SCALE, tan x is r (OVER - r²) / ((r² - UNDER[0]) r² + UNDER[1]) without another factor: a minimax fit, within 2.5e-6
/// (0.004 cent) up to 0.42 pi, 2e-5 up to 0.4535 pi, 7e-4 up to 0.49 pi.
const SCALE: f32 = 9.526_175_5;
const OVER: f32 = 0.113_553_46;
const UNDER: [f32; 2] = [0.465_583_2, 0.011_920_182];
const SQUARE: f32 = SCALE * SCALE;
/// Polynomials in k, up to [`MOST`]: what k² adds to UNDER[0] and to the 1 before it, what k² r² adds to the damping's fraction, and what
/// the low-pass takes of the second integrator's gap to its input, times c, and of the first integrator, times b, in parts without and
/// with r². Fitted at once, with the constants below, to the analog responses of all outputs for Q from 0.5, cutoffs from 100 Hz to
/// 16 kHz and 20 Hz to 16 kHz, the largest error in decibels being the least: of the low-pass 0.33 dB.
const MOST: f32 = 3.3;
const UNDER_1: [f32; 3] = [-0.059_221_5, 0.237_411_5, -0.050_540_2];
const UNDER_2: [f32; 3] = [34.262_71, -31.869_26, 6.064_055];
const RATIO: [f32; 3] = [3.775_864, -0.759_294_4, 0.130_691_7];
const GAP: ([f32; 2], [f32; 3]) = (
    [1.500_063, 0.001_942_5],
    [-25.939_51, 22.673_87, -2.295_506],
);
const FIRST: ([f32; 2], [f32; 3]) = (
    [1.246_342, -0.008_292_7],
    [-21.328_34, -52.806_19, 16.268_97],
);
/// The band-pass takes a part of the second integrator's way and, times g, of the first one's: f0 + x² (f1 + f2 k²), k up to 2. So its
/// gain, which needs a few percent.
const FILL_BAND: [f32; 3] = [0.760_659_8, -0.244_709_2, 0.087_162_2];
const BAND: [f32; 3] = [0.503_504_3, 0.022_345_6, -0.003_140_8];

/// A rate's part of the arithmetic.
#[derive(Clone, Copy)]
pub struct Reach {
    /// r of a cutoff of 1 Hz.
    per_hz: f32,
    most: f32,
}

impl Reach {
    pub fn new(rate: f32) -> Self {
        Self {
            per_hz: PI / SCALE / rate,
            most: 0.49 * rate,
        }
    }

    /// The highest cutoff in hertz for which the tangent's fraction holds.
    pub fn most(&self) -> f32 {
        self.most
    }
}

/// The polynomial with these factors, from the lowest power on.
#[inline(always)]
fn polynomial<L: Lanes, const K: usize>(l: L, factors: [f32; K], x: L::F) -> L::F {
    let mut sum = l.f(factors[K - 1]);
    for factor in factors[..K - 1].iter().rev() {
        sum = sum.fma(x, l.f(*factor));
    }
    sum
}

/// Factors of f0 + x² (f1 + f2 k²), k up to 2.
#[inline(always)]
fn by_square<L: Lanes>(l: L, [f0, f1, f2]: [f32; 3], damping: L::F, per_hz: f32) -> [L::F; 2] {
    let k = damping.min(l.f(2.0));
    let squares = (k * k).fma(l.f(f2), l.f(f1));
    [l.f(f0), squares * l.f(SQUARE * per_hz * per_hz)]
}

/// What a damping makes of the fit at a rate: factors of powers of the cutoff's square, the lowest first.
#[derive(Clone, Copy)]
pub struct Damped<L: Lanes> {
    damping: L::F,
    per_hz: L::F,
    /// Of both sides of g, less the power that P has without a factor.
    over: L::F,
    under: [L::F; 3],
    /// Of k'/g times the cutoff; and without k.
    ratio: [L::F; 2],
    risen: [L::F; 2],
    /// Of what k adds to Q, over k and from the second power on.
    away: [L::F; 2],
    gap: [L::F; 2],
    first: [L::F; 2],
    band: [L::F; 2],
    fill_band: [L::F; 2],
}

impl<L: Lanes> Damped<L> {
    /// `damping` is 1 / Q.
    #[inline(always)]
    pub fn new(l: L, reach: &Reach, damping: L::F) -> Self {
        let s = reach.per_hz;
        let (per_hz, square) = (l.f(s), l.f(s * s));
        let most = l.f(MOST);
        let held = most / damping.max(most);
        let k = damping * held;
        let away = k * held;
        let away = [
            away * polynomial(l, UNDER_1, k) * l.f(1.0 / s),
            away * polynomial(l, UNDER_2, k) * per_hz,
        ];
        let risen = [
            l.f(1.0 / SCALE / s),
            held * polynomial(l, RATIO, k) * per_hz,
        ];
        Self {
            damping,
            per_hz,
            over: l.f(OVER / (s * s)),
            under: [
                l.f(UNDER[1] / (s * s * s)),
                damping.fma(away[0], l.f(-UNDER[0] / s)),
                damping.fma(away[1], per_hz),
            ],
            ratio: [damping * risen[0], damping * risen[1]],
            risen,
            away,
            gap: [polynomial(l, GAP.0, k), polynomial(l, GAP.1, k) * square],
            first: [
                polynomial(l, FIRST.0, k),
                polynomial(l, FIRST.1, k) * square,
            ],
            band: by_square(l, BAND, damping, s),
            fill_band: by_square(l, FILL_BAND, damping, s),
        }
    }
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

/// Both sides of g, as far as both kinds of coefficients need them.
struct Tuned<L: Lanes> {
    /// The square of the cutoff.
    y: L::F,
    over: L::F,
    /// c P and Q.
    p: L::F,
    q: L::F,
}

impl<L: Lanes> Tuned<L> {
    #[inline(always)]
    fn new(k: &Damped<L>, cutoff: L::F) -> Self {
        let y = cutoff * cutoff;
        let over = k.over - y;
        Self {
            y,
            over,
            p: cutoff * over,
            q: k.under[2].fma(y, k.under[1]).fma(y, k.under[0]),
        }
    }
}

impl<L: Lanes> Coefficients<L> {
    /// Of a cutoff in hertz, at most [`Reach::most`]. All speed is in how few multiplications this takes.
    #[inline(always)]
    pub fn new(l: L, k: &Damped<L>, cutoff: L::F) -> Self {
        let Tuned { y, over, p, q } = Tuned::new(k, cutoff);
        // Everything over q² + (1 + k'/g) p² takes one division.
        let m = (k.ratio[1].fma(y, k.ratio[0]) + cutoff) * over;
        let u = p * (l.f(2.0) / q.fma(q, m * p));
        Self {
            a: m * u,
            b: q * u,
            c: p * u,
            first: k.first[1].fma(y, k.first[0]),
            gap: k.gap[1].fma(y, k.gap[0]),
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
    pub fn new(l: L, k: &Damped<L>, cutoff: L::F) -> Self {
        let Tuned { y, over, p, q } = Tuned::new(k, cutoff);
        let one = l.f(1.0);
        // Of tan x, which is c P over this.
        let under = one
            / k.per_hz
                .fma(y, l.f(-UNDER[0]) / k.per_hz)
                .fma(y, k.under[0]);
        // The place of the cutoff on the integrators' own scale, tan x / g.
        let place = q * under;
        let risen = over * k.risen[1].fma(y, k.risen[0]) * under;
        let notch = one / (place * place);
        // The distance of its square from 1, over k: without a difference of what is nearly alike.
        let across = y * k.away[1].fma(y, k.away[0]) * under * (place + one);
        let high = across.fma(across, risen * risen).sqrt() * notch;
        Self {
            damping: k.damping * risen / place,
            g: p / q,
            band: k.damping * k.band[1].fma(y, k.band[0]) / (k.per_hz * cutoff * l.f(SCALE)),
            fill_band: k.fill_band[1].fma(y, k.fill_band[0]),
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
