//! To twice the rate and back: an elliptic half-band low-pass made of two chains of all-pass filters, of which each makes every
//! second frame. Runs on engine threads.
use std::f64::consts::{FRAC_PI_4, PI};

use super::lanes::{Float, Lanes};

/// Sections of both chains: with [`TRANSITION`] 100 dB of rejection.
const SECTIONS: usize = 8;
/// Of one.
const CHAIN: usize = SECTIONS / 2;
/// From what passes to what is stopped, in parts of the doubled rate: 20 to 28 kHz where frames come at 48 kHz.
#[cfg(test)]
const TRANSITION: f64 = 1.0 / 24.0;

/// A chain's state: each section's last input, and the last one's output.
pub type Chain<L> = [<L as Lanes>::F; CHAIN + 1];

/// State words of one way, up or down.
pub const WORDS: usize = 2 * (CHAIN + 1);

/// A way's state from its words.
#[inline(always)]
pub fn load<L: Lanes>(l: L, words: &[L::F]) -> [Chain<L>; 2] {
    let mut chains = [[l.f(0.0); CHAIN + 1]; 2];
    chains.as_flattened_mut().copy_from_slice(words);
    chains
}

/// Of the first chain and of the second: [`coefficients`] in turns. Written out, for a graph that is edited live is built in
/// microseconds.
const CHAINS: [[f32; CHAIN]; 2] = [
    [0.039_731_08, 0.295_456_47, 0.602_787_4, 0.845_343_6],
    [0.147_442_16, 0.454_132_5, 0.732_784_6, 0.948_309_3],
];

/// The two frames of one, as loud as it.
#[inline(always)]
pub fn up<L: Lanes>(l: L, state: &mut [Chain<L>; 2], x: L::F) -> [L::F; 2] {
    let [first, second] = state;
    [
        all_pass(l, &CHAINS[0], first, x),
        all_pass(l, &CHAINS[1], second, x),
    ]
}

/// One frame of two.
#[inline(always)]
pub fn down<L: Lanes>(l: L, state: &mut [Chain<L>; 2], x: [L::F; 2]) -> L::F {
    let [second, first] = state;
    let later = all_pass(l, &CHAINS[0], second, x[1]);
    (later + all_pass(l, &CHAINS[1], first, x[0])) * l.f(0.5)
}

#[inline(always)]
fn all_pass<L: Lanes>(l: L, chain: &[f32; CHAIN], state: &mut Chain<L>, x: L::F) -> L::F {
    let mut y = x;
    for (k, a) in chain.iter().enumerate() {
        let next = l.f(*a).fma(y - state[k + 1], state[k]);
        state[k] = y;
        y = next;
    }
    state[CHAIN] = y;
    y
}

/// The all-pass coefficients of an elliptic half-band filter whose transition is so wide, in parts of the rate, in rising order
/// (Valenzuela and Constantinides 1983).
pub fn coefficients<const SECTIONS: usize>(transition: f64) -> [f64; SECTIONS] {
    let k = ((1.0 - 2.0 * transition) * FRAC_PI_4).tan().powi(2);
    let root = (1.0 - k * k).sqrt().sqrt();
    let e = 0.5 * (1.0 - root) / (1.0 + root);
    let e4 = e.powi(4);
    let q = e * (1.0 + e4 * (2.0 + e4 * (15.0 + 150.0 * e4)));
    let order = (2 * SECTIONS + 1) as f64;
    std::array::from_fn(|index| {
        let turn = (index + 1) as f64 * PI / order;
        let sign = |i: i32| if i % 2 == 0 { 1.0 } else { -1.0 };
        let above: f64 = (0..20)
            .map(|i| sign(i) * q.powi(i * (i + 1)) * ((2 * i + 1) as f64 * turn).sin())
            .sum();
        let below: f64 = (1..20)
            .map(|i| sign(i) * q.powi(i * i) * ((2 * i) as f64 * turn).cos())
            .sum();
        let w = (above * q.powf(0.25) / (below + 0.5)).powi(2);
        let root = ((1.0 - w * k) * (1.0 - w / k)).sqrt() / (1.0 + w);
        (1.0 - root) / (1.0 + root)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;
    use std::f64::consts::TAU;

    #[test]
    fn the_chains_are_an_elliptic_half_band_filter() {
        for (k, wanted) in coefficients::<SECTIONS>(TRANSITION).into_iter().enumerate() {
            let a = f64::from(CHAINS[k % 2][k / 2]);
            assert!((a - wanted).abs() < 1e-7, "{k}: {a} {wanted}");
        }
    }

    #[test]
    fn up_and_down_again_passes_20_khz_and_puts_nothing_beside_it() {
        let l = Scalar::<false>;
        let zero = [[l.f(0.0); CHAIN + 1]; 2];
        for hz in [100.0f64, 5_000.0, 20_000.0] {
            let (mut risen, mut fallen) = (zero, zero);
            // The image, at 48 kHz - hz of the doubled rate's 96 kHz, and the sine itself; then what comes back.
            let (mut image, mut level) = ([0.0f64; 2], [0.0f64; 2]);
            for t in 0..4_800 {
                let turn = TAU * hz * t as f64 / 48_000.0;
                let two = up(l, &mut risen, l.f(turn.sin() as f32));
                for (m, x) in two.iter().enumerate().filter(|_| t >= 2_400) {
                    let turn = TAU * (48_000.0 - hz) * (2 * t + m) as f64 / 96_000.0;
                    image[0] += x.lanes()[0] as f64 * turn.cos();
                    image[1] += x.lanes()[0] as f64 * turn.sin();
                }
                let y = down(l, &mut fallen, two).lanes()[0] as f64;
                if t >= 2_400 {
                    level[0] += y * turn.cos();
                    level[1] += y * turn.sin();
                }
            }
            let db = |s: [f64; 2], n: f64| 20.0 * (2.0 * s[0].hypot(s[1]) / n).log10();
            assert!(db(image, 4_800.0) < -95.0, "{hz}: {}", db(image, 4_800.0));
            assert!(
                db(level, 2_400.0).abs() < 1e-3,
                "{hz}: {}",
                db(level, 2_400.0)
            );
        }
    }
}
