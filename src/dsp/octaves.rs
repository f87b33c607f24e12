//! A value moved by octaves within a range: a parameter's exponential law. Runs on engine threads.
use super::{
    lanes::{Float, Int, Lanes},
    math::{EXP2, WHOLE},
};

/// Between these a base may be moved, and nothing comes out that is smaller or larger.
const LEAST: f32 = 1e-36;
const MOST: f32 = 1e36;

/// `base` times a power of two, `low` to `high`. The base is in the polynomial's factors and the range in the octaves, so that neither
/// takes anything of a frame's arithmetic.
#[derive(Clone, Copy)]
pub struct Octaves<L: Lanes> {
    lanes: L,
    /// How far the base may be moved.
    down: L::F,
    up: L::F,
    factors: [L::F; EXP2.len()],
}

impl<L: Lanes> Octaves<L> {
    /// A base below the range's least positive value, 0 above all, stays where it is.
    #[inline(always)]
    pub fn new(l: L, base: L::F, low: L::F, high: L::F) -> Self {
        let (least, zero) = (low.max(l.f(LEAST)), l.f(0.0));
        let moves = base.gt(least);
        let up = log2(l, high.min(l.f(MOST)) / base);
        let rises = base.ge(least) & high.gt(base);
        Self {
            lanes: l,
            down: zero - L::F::select(moves, log2(l, base / least), zero),
            up: L::F::select(rises, up, zero),
            factors: EXP2.map(
                #[inline(always)]
                |factor| base * l.f(factor),
            ),
        }
    }

    /// As [`super::math::exp2`], times the base.
    #[inline(always)]
    pub fn at(&self, octaves: L::F) -> L::F {
        let l = self.lanes;
        let x = octaves.max(self.down).min(self.up);
        let shifted = x + l.f(WHOLE);
        let f = x - (shifted - l.f(WHOLE));
        let [c5, c4, c3, c2, c1, c0] = self.factors;
        let p = f.fma(c5, c4).fma(f, c3).fma(f, c2).fma(f, c1).fma(f, c0);
        (p.bits() + shifted.bits().shl(23)).bits()
    }
}

/// The logarithm of what is 1 or more, within 3e-7, and 0 of 1. With 1 above the root of a half and two parts on either side.
#[inline(always)]
fn log2<L: Lanes>(l: L, x: L::F) -> L::F {
    let root = l.i(std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32);
    let whole = (x.bits() - root).shr(23);
    let m = (x.bits() - whole.shl(23)).bits();
    let t = (m - l.f(1.0)) / (m + l.f(1.0));
    let y = t * t;
    let per = std::f32::consts::LOG2_E * 2.0;
    let p = y
        .fma(l.f(per / 9.0), l.f(per / 7.0))
        .fma(y, l.f(per / 5.0))
        .fma(y, l.f(per / 3.0))
        .fma(y, l.f(per));
    p.fma(t, whole.to_float())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    fn moved(base: f32, (low, high): (f32, f32), octaves: f32) -> f32 {
        let l = Scalar::<false>;
        Octaves::new(l, l.f(base), l.f(low), l.f(high))
            .at(l.f(octaves))
            .lanes()[0]
    }

    #[test]
    fn a_base_moves_by_octaves_and_stays_in_its_range() {
        for base in [10.0f32, 11.3, 261.625_58, 7_999.0, 20_000.0] {
            for i in -1_600..=1_600 {
                let octaves = i as f32 * 0.01;
                let got = moved(base, (10.0, 20_000.0), octaves) as f64;
                let want = (base as f64 * (octaves as f64).exp2()).clamp(10.0, 20_000.0);
                assert!(
                    (got / want - 1.0).abs() < 1e-6,
                    "{base} {octaves}: {got} {want}"
                );
            }
            assert_eq!(moved(base, (10.0, 20_000.0), 0.0), base);
        }
        assert_eq!(moved(100.0, (10.0, 20_000.0), 3.0), 800.0);
    }

    #[test]
    fn nothing_becomes_of_nothing_and_no_modulation_is_too_large() {
        for octaves in [-1e30, -500.0, -1.0, 0.0, 1.0, 500.0, 1e30] {
            assert_eq!(moved(0.0, (0.0, 2.0), octaves), 0.0, "{octaves}");
            assert_eq!(moved(0.0, (f32::MIN, f32::MAX), octaves), 0.0, "{octaves}");
            let free = moved(3.0, (f32::MIN, f32::MAX), octaves);
            assert!(
                (LEAST / 2.0..MOST * 2.0).contains(&free),
                "{octaves}: {free}"
            );
            let least = moved(1e-3, (0.0, 2.0), octaves);
            assert!((0.0..2.000_01).contains(&least), "{octaves}: {least}");
        }
    }
}
