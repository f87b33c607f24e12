//! The state-variable filter of [`super::svf`], stable however fast its cutoff moves, with outputs matched to its model: its responses are the analog filter's up to 16 kHz at 48 kHz, not the bilinear transform's. Runs on engine threads.
//!
//! The poles are the analog ones (impulse invariance, as in Vicanek, Matched Second Order Digital Filters), found without
//! exponentials: with x = half the cutoff's angle a frame, 1/g² = cot²x + k²/3 and k'/g = (k/x)(1 + x²/3) are the first terms of
//! their exact series, and stay within 5 % up to 20 kHz where Q is 0.5 or more. The trapezoids' zeros at half the rate are filled by
//! a little of what the integrators move in a frame.
use super::{
    lanes::{Float, Lanes, Mask},
    math::tan_parts,
};

/// The low-pass takes a part of the second integrator's way and, times g, of the first one's: f0 + x² (f1 + f2 k²), k up to 2.
/// Fitted to the analog responses for Q 0.5 to 50, cutoffs up to 16 kHz and 20 Hz to 16 kHz: largest error 0.29 dB.
const FILL: [f32; 3] = [1.548, -0.184_192, 0.070_578];
const FILL_FIRST: [f32; 3] = [0.521, -0.144_209, 0.054_463];
/// The same of the band-pass, whose gain needs half a percent.
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
    /// Of the second integrator's way and of the first one's in the low-pass.
    fill: L::F,
    fill_first: L::F,
    g: L::F,
}

impl<L: Lanes> Coefficients<L> {
    /// `angle` is pi times the cutoff over the rate, which stays below 0.49; `damping` is 1 / Q.
    #[inline(always)]
    pub fn new(l: L, angle: L::F, damping: L::F) -> Self {
        let y = angle * angle;
        let (over, d) = tan_parts(l, y);
        let n = angle * over;
        // Everything times n²: q² for 1/g², then one division for 1 / (1/g² + k'/g + 1) and for g.
        let kn = damping * n;
        let q2 = kn.fma(kn * l.f(1.0 / 3.0), d * d);
        let q = q2.sqrt();
        let m = damping.fma(over * y.fma(l.f(1.0 / 3.0), l.f(1.0)), n);
        let s = n.fma(m, q2);
        let i = n / (s * q);
        let u = (q + q) * i;
        let g = s * i;
        Self {
            a: m * u,
            b: q * u,
            c: n * u,
            fill: fill(l, FILL, y, damping),
            fill_first: fill(l, FILL_FIRST, y, damping) * g,
            g,
        }
    }
}

/// What the other outputs are made with.
#[derive(Clone, Copy)]
pub struct Shape<L: Lanes> {
    /// k'.
    damping: L::F,
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
        let y = angle * angle;
        let (over, d) = tan_parts(l, y);
        let n = angle * over;
        let third = damping * n * l.f(1.0 / 3.0);
        let d2 = d * d;
        let q2 = (damping * n).fma(third, d2);
        let under = l.f(1.0) / q2;
        let risen = over * y.fma(l.f(1.0 / 3.0), l.f(1.0));
        // The place of the cutoff on the integrators' own scale is tan x / g, of which these are made.
        let notch = d2 * under;
        let (across, along) = (n * third, risen * d);
        let high = across.fma(across, along * along).sqrt() * under;
        Self {
            damping: damping * risen * q2.sqrt() * under,
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

    /// Moves both integrators by a frame; their ways.
    #[inline(always)]
    fn step(&mut self, k: &Coefficients<L>, x: L::F, half: L::F) -> (L::F, L::F) {
        let v = x.nfma(half, self.s2);
        let d2 = k.c.nfma(v, k.b * self.s1);
        let d1 = -k.b.fma(v, k.a * self.s1);
        self.s1 = self.s1 + d1;
        self.s2 = self.s2 + d2;
        (d1, d2)
    }

    /// One frame's low-pass.
    #[inline(always)]
    pub fn low(&mut self, k: &Coefficients<L>, x: L::F, half: L::F) -> L::F {
        let before = self.s2;
        let (d1, d2) = self.step(k, x, half);
        k.fill_first.fma(d1, k.fill.fma(d2, before + self.s2))
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
        let (d1, d2) = self.step(k, x, half);
        let (first, second) = (s1 + self.s1, s2 + self.s2);
        let rest = shape.damping.nfma(first, x - second);
        Outputs {
            low: k.fill_first.fma(d1, k.fill.fma(d2, second)),
            high: rest * shape.high,
            band: (k.g * d1).fma(shape.fill_band, d2) * shape.band,
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
