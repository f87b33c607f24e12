//! Where a signal rises through zero, to a small part of a frame. Runs on engine threads.
use super::{
    BLOCK,
    lanes::{Float, Int, Lanes, Mask},
};

/// Frames before the block that a crossing is judged by.
pub const WORDS: usize = 5;

/// A block's crossings.
pub struct Rises<L: Lanes> {
    /// Lanes that have risen since the frame before, two frames late: the polynomial looks ahead.
    pub lanes: [u64; BLOCK],
    /// The time since, in frames; of those lanes only.
    pub past: [L::F; BLOCK],
}

impl<L: Lanes> Rises<L> {
    /// Finds a block's crossings; `words` hold the frames before it.
    #[inline(always)]
    pub fn find(l: L, signal: &[L::F; BLOCK], words: &mut [L::F]) -> Self {
        let mut s = [l.f(0.0); WORDS + BLOCK];
        s[..WORDS].copy_from_slice(words);
        s[WORDS..].copy_from_slice(signal);
        let mut rises = Self {
            lanes: [0; BLOCK],
            past: [l.f(0.0); BLOCK],
        };
        let zero = l.f(0.0);
        for (lanes, s) in rises.lanes.iter_mut().zip(s.windows(WORDS + 1)) {
            *lanes = (s[3].gt(zero) & s[2].gt(zero).not()).to_bits();
        }
        for i in 0..BLOCK {
            let mut lanes = rises.lanes[i];
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize & (L::N - 1);
                lanes &= lanes - 1;
                let nodes = std::array::from_fn(
                    #[inline(always)]
                    |k| s[i + k].lanes()[lane],
                );
                rises.past[i].lanes_mut()[lane] = 1.0 - root(nodes);
            }
        }
        words.copy_from_slice(&s[BLOCK..]);
        rises
    }
}

/// Whether a block that is `level` throughout has no crossing and leaves `words` as they are.
#[inline(always)]
pub fn is_still<L: Lanes>(l: L, level: L::F, words: &[L::F]) -> bool {
    let mut differ = l.i(0);
    for word in words {
        differ = differ | (word.bits() ^ level.bits());
    }
    !(differ | (l.i(0) - differ)).negative().any()
}

/// Where between the third node (not above 0) and the fourth (above) the polynomial of degree 5 through all six is 0. Sines up to
/// an eighth of the rate are found within 1e-5 frames, straight ramps exactly.
#[inline(always)]
fn root(s: [f32; WORDS + 1]) -> f32 {
    let d1 = s[3] - s[2];
    let d2 = s[3] - 2.0 * s[2] + s[1];
    let d3 = s[4] - 3.0 * (s[3] - s[2]) - s[1];
    let d4 = s[4] - 4.0 * (s[3] + s[1]) + 6.0 * s[2] + s[0];
    let d5 = s[5] - 5.0 * (s[4] - s[1]) + 10.0 * (s[3] - s[2]) - s[0];
    // Gauss' forward differences; what is beyond the straight line is small, so that the line's root, corrected, settles soon.
    let straight = -s[2] / d1;
    let mut t = straight;
    for _ in 0..6 {
        let beyond = t
            * (t - 1.0)
            * (d2 / 2.0
                + (t + 1.0) * (d3 / 6.0 + (t - 2.0) * (d4 / 24.0 + (t + 2.0) * d5 / 120.0)));
        t = (straight - beyond / d1).clamp(0.0, 1.0);
    }
    // The gap between two infinite frames is no number.
    if t.is_finite() { t } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn a_sine_is_found_where_it_rises() {
        let l = Scalar::<false>;
        for (f, within) in [(0.001, 2e-5), (0.01, 2e-6), (0.05, 1e-5), (0.1, 3e-4)] {
            let mut words = [l.f(0.0); WORDS];
            let mut found = 0;
            for block in 0..100usize {
                let at = |i: usize| {
                    (std::f64::consts::TAU * f * ((block * BLOCK + i) as f64 + 0.3)).sin()
                };
                let signal = std::array::from_fn(|i| l.f(at(i) as f32));
                let rises = Rises::find(l, &signal, &mut words);
                for i in (0..BLOCK).filter(|i| rises.lanes[*i] != 0 && block + i > 2) {
                    // Two frames late.
                    let t =
                        (block * BLOCK + i) as f64 - 2.0 - rises.past[i].lanes()[0] as f64 + 0.3;
                    let off = t * f - (t * f).round();
                    assert!((off / f).abs() < within, "{f} at {t}: {}", off / f);
                    found += 1;
                }
            }
            assert!(found as f64 > 6_400.0 * f - 2.0, "{f}: {found}");
        }
    }

    #[test]
    fn a_gate_rises_once() {
        let l = Scalar::<false>;
        let mut words = [l.f(0.0); WORDS];
        let signal = std::array::from_fn(|i| l.f(if (10..40).contains(&i) { 1.0 } else { 0.0 }));
        let rises = Rises::find(l, &signal, &mut words);
        let lanes: Vec<usize> = (0..BLOCK).filter(|i| rises.lanes[*i] != 0).collect();
        assert_eq!((lanes, rises.past[12].lanes()[0]), (vec![12], 1.0));
        assert!(is_still(l, l.f(0.0), &words) && !is_still(l, l.f(1.0), &words));
    }
}
