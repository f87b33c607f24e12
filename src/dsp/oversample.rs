//! A waveshaper at four times the rate, between half-band filters: what it adds above the audible range is filtered off, not
//! folded back. Runs on engine threads.
use std::f64::consts::PI;

use super::{
    BLOCK,
    lanes::{Float, Lanes},
};

/// Frames that the shaped signal is late.
pub const DELAY: usize = 38;

/// Frames of four times the rate that a shape sees before this block's: its curve is taken between frames too (see
/// [`super::waveshape`]), and together with the filters' delay they make whole frames.
pub const LEAD: usize = 6;
/// A block of four times the rate, after [`LEAD`] earlier frames.
pub type Up<L> = [<L as Lanes>::F; LEAD + 4 * BLOCK];
/// Shaped frames `1..` of an [`Up`].
pub type Knots<L> = [<L as Lanes>::F; 4 * BLOCK + 2];

/// Taps of the half-band filters' even branch, a quarter of 4 x rate and of 2 x rate; the odd branch is a delay. The inner pair
/// passes 20 kHz at 48 kHz and stops 28 kHz by 90 dB; the outer one only has to stop what folds onto the inner's pass band.
const INNER: usize = 32;
const OUTER: usize = 12;
/// Of the Kaiser windows: 90 dB.
const BETA: f64 = 9.0;

/// Lengths of what is carried from block to block: input, twice the rate, four times the rate, shaped at four times the rate (even
/// and odd frames), and that at twice the rate again (odd and even frames).
const CARRY: [usize; 7] = [
    INNER - 1,
    OUTER - 1,
    LEAD,
    OUTER - 1,
    OUTER / 2,
    INNER,
    INNER / 2,
];

/// State words.
pub const WORDS: usize = CARRY[0] + CARRY[1] + CARRY[2] + CARRY[3] + CARRY[4] + CARRY[5] + CARRY[6];

/// The filters' coefficients.
#[derive(Clone, Debug)]
pub struct Oversampler {
    inner: [f32; INNER],
    outer: [f32; OUTER],
}

impl Default for Oversampler {
    fn default() -> Self {
        Self {
            inner: half_band(),
            outer: half_band(),
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

impl Oversampler {
    /// Shapes a block; the result is [`DELAY`] frames late. `shape` gives the shaped frames, and the part of their neighbours that
    /// has to be taken away so that the response is flat.
    #[inline(always)]
    pub fn shape<L: Lanes>(
        &self,
        l: L,
        state: &mut [L::F],
        x: impl Fn(usize) -> L::F,
        shape: impl FnOnce(&Up<L>, &mut Knots<L>) -> f32,
        shaped: &mut [L::F; BLOCK],
    ) {
        let zero = l.f(0.0);
        let mut xs = [zero; CARRY[0] + BLOCK];
        let mut us = [zero; CARRY[1] + 2 * BLOCK];
        let mut up = [zero; CARRY[2] + 4 * BLOCK];
        let mut even = [zero; CARRY[3] + 2 * BLOCK];
        let mut odd = [zero; CARRY[4] + 2 * BLOCK];
        let mut wo = [zero; CARRY[5] + BLOCK];
        let mut we = [zero; CARRY[6] + BLOCK];
        let mut at = 0;
        for (buffer, carry) in [
            &mut xs[..],
            &mut us[..],
            &mut up[..],
            &mut even[..],
            &mut odd[..],
            &mut wo[..],
            &mut we[..],
        ]
        .into_iter()
        .zip(CARRY)
        {
            buffer[..carry].copy_from_slice(&state[at..at + carry]);
            at += carry;
        }

        // To twice the rate.
        for i in 0..BLOCK {
            xs[CARRY[0] + i] = x(i);
        }
        let mut branch = [zero; BLOCK];
        fir(l, &self.inner, 2.0, &xs, &mut branch);
        for i in 0..BLOCK {
            us[CARRY[1] + 2 * i] = branch[i];
            us[CARRY[1] + 2 * i + 1] = xs[INNER / 2 + i];
        }
        // To four times the rate, and shaped there.
        let mut branch = [zero; 2 * BLOCK];
        fir(l, &self.outer, 2.0, &us, &mut branch);
        for n in 0..2 * BLOCK {
            up[LEAD + 2 * n] = branch[n];
            up[LEAD + 2 * n + 1] = us[OUTER / 2 + n];
        }
        let mut knots = [zero; 4 * BLOCK + 2];
        let sides = shape(&up, &mut knots);
        let (sides, middle) = (l.f(-sides), l.f(1.0 + 2.0 * sides));
        for n in 0..2 * BLOCK {
            let k = &knots[2 * n..2 * n + 4];
            even[CARRY[3] + n] = k[1].fma(middle, (k[0] + k[2]) * sides);
            odd[CARRY[4] + n] = k[2].fma(middle, (k[1] + k[3]) * sides);
        }
        // Back to twice the rate.
        let half = l.f(0.5);
        fir(l, &self.outer, 1.0, &even, &mut branch);
        for i in 0..BLOCK {
            we[CARRY[6] + i] = odd[2 * i].fma(half, branch[2 * i]);
            wo[CARRY[5] + i] = odd[2 * i + 1].fma(half, branch[2 * i + 1]);
        }
        // And to the rate itself, from one frame of twice the rate earlier: so the whole delay is whole frames.
        fir(l, &self.inner, 1.0, &wo, shaped);
        for i in 0..BLOCK {
            shaped[i] = we[i].fma(half, shaped[i]);
        }

        let mut at = 0;
        for (buffer, carry) in [&xs[..], &us, &up, &even, &odd, &wo, &we]
            .into_iter()
            .zip(CARRY)
        {
            state[at..at + carry].copy_from_slice(&buffer[buffer.len() - carry..]);
            at += carry;
        }
    }
}

/// y\[i] is the sum over j of `gain` x `taps`\[j] x `x`\[i + j]; the taps are symmetric. Eight sums at a time: one lane wide they make
/// a vector along time.
#[inline(always)]
pub fn fir<L: Lanes, const T: usize, const Y: usize>(
    l: L,
    taps: &[f32; T],
    gain: f32,
    x: &[L::F],
    y: &mut [L::F; Y],
) {
    for (i, y) in y.chunks_exact_mut(8).enumerate() {
        let x = &x[8 * i..][..T + 7];
        let mut sums = [l.f(0.0); 8];
        for j in 0..T {
            let tap = l.f(gain * taps[j]);
            for k in 0..8 {
                sums[k] = x[j + k].fma(tap, sums[k]);
            }
        }
        y.copy_from_slice(&sums);
    }
}
