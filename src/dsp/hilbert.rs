//! A signal and the same a quarter turn later: two chains of all-pass filters that differ by 90° from 20 Hz up. Runs on engine
//! threads.
//!
//! A half-band elliptic low-pass made of two all-pass chains, shifted up by a quarter of the rate: what it stops becomes the
//! negative frequencies.
use super::{
    half_band::coefficients,
    lanes::{Float, Lanes},
};

/// Sections of both chains: 5.8 dB of rejection each.
const SECTIONS: usize = 18;
/// Of one.
const CHAIN: usize = SECTIONS / 2;
/// Frames that each section remembers, of its input; the last one of its output.
const STAGES: usize = CHAIN + 1;
/// State words.
pub const WORDS: usize = 2 * 2 * STAGES;
/// From here on the chains differ by 90°, in hertz, up to as far below half the rate.
const LOWEST: f64 = 20.0;

#[derive(Clone, Debug)]
pub struct Hilbert {
    chains: [[f32; CHAIN]; 2],
}

impl Hilbert {
    pub fn new(rate: f32) -> Self {
        let all = coefficients::<SECTIONS>(2.0 * LOWEST / rate as f64);
        Self {
            chains: [0, 1].map(|c| std::array::from_fn(|k| all[2 * k + c] as f32)),
        }
    }

    /// One frame. `frame` counts up and says which memory is two frames old. The second value is the first a quarter turn later.
    #[inline(always)]
    pub fn tick<L: Lanes>(&self, l: L, words: &mut [L::F], frame: usize, x: L::F) -> (L::F, L::F) {
        let old = frame & 1;
        // The second chain hears the frame before.
        let before = words[2 * (1 - old)];
        let place = |stage: usize| 2 * stage + old;
        let mut y = x;
        for (k, a) in self.chains[0].iter().enumerate() {
            let next = l
                .f(*a)
                .fma(y + words[2 * place(k + 1)], -words[2 * place(k)]);
            words[2 * place(k)] = y;
            y = next;
        }
        words[2 * place(CHAIN)] = y;
        let mut z = before;
        for (k, a) in self.chains[1].iter().enumerate() {
            let next = l
                .f(*a)
                .fma(z + words[2 * place(k + 1) + 1], -words[2 * place(k) + 1]);
            words[2 * place(k) + 1] = z;
            z = next;
        }
        words[2 * place(CHAIN) + 1] = z;
        (y, z)
    }
}
