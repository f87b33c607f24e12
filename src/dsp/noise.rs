//! Noise: white from a hash of the frame number, pink and brown from white through parallel one-poles. Runs on engine threads.
use std::f64::consts::TAU;

use super::lanes::{Float, Int, Lanes};

/// Uniform in -1..1, by a count and a seed: two rounds of multiply and shift (the constants are Chris Wellons' lowbias32, public
/// domain), which leave no bit of the count visible in the result.
#[inline(always)]
pub fn white<L: Lanes>(l: L, count: L::I, seed: L::I) -> L::F {
    // The count is spread before the seed comes in: seeds give streams of their own, not places in one stream.
    let x = (count * l.i(0x9e37_79b1_u32 as i32)) ^ seed;
    let x = (x ^ x.shr(16)) * l.i(0x7feb_352d);
    let x = (x ^ x.shr(15)) * l.i(0x846c_a68b_u32 as i32);
    let x = x ^ x.shr(16);
    x.to_float() * l.f(1.0 / 2_147_483_648.0)
}

/// One-poles of [`Color`].
pub const POLES: usize = 5;

/// RMS of pink and brown noise: their peaks stay near full scale.
const RMS: f64 = 0.25;
/// Below this all fades, so that no direct current is left.
const LOWEST_HZ: f64 = 10.0;

/// A spectrum for white noise: parallel one-poles, a direct part, and a high-pass at the bottom.
#[derive(Clone, Copy, Debug)]
pub struct Color {
    decay: [f32; POLES],
    share: [f32; POLES],
    direct: f32,
    blocker: f32,
}

impl Color {
    /// 3 dB an octave: poles and zeros take turns, as far apart as the ripple (0.2 dB) allows; fitted for 20 Hz..20 kHz at 44.1
    /// kHz and up, relative to the rate.
    pub fn pink(rate: f32) -> Self {
        let (top, ratio, top_zero) = (0.246, 7.406f64, -0.071);
        let poles = std::array::from_fn(|k| (-TAU * top / ratio.powi(k as i32)).exp());
        let zeros = std::array::from_fn(|k| match k {
            0 => top_zero,
            _ => (-TAU * top * ratio.sqrt() / ratio.powi(k as i32)).exp(),
        });
        Self::new(rate, poles, zeros)
    }

    /// 6 dB an octave: one pole at the bottom, a zero that keeps the top falling; the others cancel.
    pub fn brown(rate: f32) -> Self {
        let mut poles = [0.1, 0.2, 0.3, 0.4, 0.0];
        let mut zeros = poles;
        zeros[4] = -0.17;
        poles[4] = (-TAU * LOWEST_HZ / rate as f64).exp();
        Self::new(rate, poles, zeros)
    }

    /// The cascade of `(1 - zero / z) / (1 - pole / z)` in partial fractions, scaled to [`RMS`].
    fn new(rate: f32, poles: [f64; POLES], zeros: [f64; POLES]) -> Self {
        let share: [f64; POLES] = std::array::from_fn(|k| {
            let over: f64 = zeros.iter().map(|z| 1.0 - z / poles[k]).product();
            let others = (0..POLES).filter(|j| *j != k);
            let under: f64 = others.map(|j| 1.0 - poles[j] / poles[k]).product();
            over / under
        });
        let direct: f64 = (0..POLES).map(|k| zeros[k] / poles[k]).product();
        let blocker = (TAU * LOWEST_HZ / rate as f64).min(1.0);
        // Power of the whole, by the midpoint rule over octaves of frequency.
        let steps = 2_000;
        let (low, octaves) = (1e-6f64, (0.5f64 / 1e-6).log2());
        let power: f64 = (0..steps)
            .map(|i| {
                let at = |i: f64| low * (octaves * i / steps as f64).exp2();
                let turn = at(i as f64 + 0.5);
                let one_pole = |x: f64| 1.0 - 2.0 * x * (TAU * turn).cos() + x * x;
                let cascade: f64 = (0..POLES)
                    .map(|k| one_pole(zeros[k]) / one_pole(poles[k]))
                    .product();
                let blocked = one_pole(1.0) * (1.0 - blocker).powi(2) / one_pole(1.0 - blocker);
                cascade * blocked * 2.0 * (at(i as f64 + 1.0) - at(i as f64))
            })
            .sum();
        // White noise between -1 and 1 has a third of full power.
        let scale = RMS / (power / 3.0).sqrt();
        Self {
            decay: poles.map(|p| p as f32),
            share: share.map(|s| (s * scale) as f32),
            direct: (direct * scale) as f32,
            blocker: blocker as f32,
        }
    }

    /// One frame. The last state is the high-pass's.
    #[inline(always)]
    pub fn tick<L: Lanes>(&self, l: L, state: &mut [L::F; POLES + 1], white: L::F) -> L::F {
        let mut sum = white * l.f(self.direct);
        let poles = self.decay.iter().zip(&self.share);
        for (state, (decay, share)) in state.iter_mut().zip(poles) {
            *state = state.fma(l.f(*decay), white * l.f(*share));
            sum = sum + *state;
        }
        let low = state[POLES];
        state[POLES] = (sum - low).fma(l.f(self.blocker), low);
        sum - state[POLES]
    }
}
