//! Functions on vectors that no instruction has.
use super::lanes::{Float, Int, Lanes};

/// Added to a float below 2^22 it leaves the nearest whole number in the lowest bits: 1.5 times 2^23.
pub(super) const WHOLE: f32 = 12_582_912.0;

/// 2^x for x from -0.5 to 0.5: minimax of degree 5, the highest power first; relative error 9e-8.
// A factor of the fit, near ln 2 and not it.
#[allow(clippy::approx_constant)]
pub(super) const EXP2: [f32; 6] = [
    1.326_472_6e-3,
    9.671_513e-3,
    5.550_733_6e-2,
    2.402_224_2e-1,
    6.931_47e-1,
    1.0,
];

/// 2^x for |x| up to 126; relative error below 2e-7, and none for whole x. The rest beyond the nearest whole number, at most a half
/// either way, goes through a polynomial, the whole part is added to the result's exponent.
#[inline(always)]
pub fn exp2<L: Lanes>(l: L, x: L::F) -> L::F {
    let x = x.max(l.f(-126.0)).min(l.f(126.0));
    let shifted = x + l.f(WHOLE);
    let f = x - (shifted - l.f(WHOLE));
    let mut p = l.f(EXP2[0]);
    for factor in &EXP2[1..] {
        p = p.fma(f, l.f(*factor));
    }
    (p.bits() + shifted.bits().shl(23)).bits()
}

/// tan(x) as numerator and denominator, for x in pi times 0..0.49: a cutoff over the rate, prewarped. From the continued fraction
/// of the tangent; relative error below 1e-8 up to 0.25 pi and 4e-6 (0.006 cent) up to 0.4 pi.
#[inline(always)]
pub fn tan_fraction<L: Lanes>(l: L, x: L::F) -> (L::F, L::F) {
    let (over, d) = tan_parts(l, x * x);
    (x * over, d)
}

/// tan(x) / x as numerator and denominator, from x²; as [`tan_fraction`].
#[inline(always)]
pub fn tan_parts<L: Lanes>(l: L, y: L::F) -> (L::F, L::F) {
    let n = y
        .fma(l.f(1.0 / 945.0), l.f(-105.0 / 945.0))
        .fma(y, l.f(1.0));
    let d = y
        .fma(l.f(15.0 / 945.0), l.f(-420.0 / 945.0))
        .fma(y, l.f(1.0));
    (n, d)
}

/// tanh within 1e-4, and within -1..1. From the continued fraction, cut off just before it reaches 1 (there it is 0.9999994).
#[inline(always)]
pub fn tanh<L: Lanes>(l: L, x: L::F) -> L::F {
    let x = x.max(l.f(-4.97)).min(l.f(4.97));
    let y = x * x;
    let n = (y + l.f(378.0))
        .fma(y, l.f(17_325.0))
        .fma(y, l.f(135_135.0));
    let d = y
        .fma(l.f(28.0), l.f(3_150.0))
        .fma(y, l.f(62_370.0))
        .fma(y, l.f(135_135.0));
    x * n / d
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn tangent_and_hyperbolic_tangent_are_close() {
        let l = Scalar::<false>;
        for i in 1..=2_000 {
            let turn = i as f32 * 2e-4;
            let (n, d) = tan_fraction(l, l.f(std::f32::consts::PI * turn));
            let got = n.lanes()[0] as f64 / d.lanes()[0] as f64;
            let want = (std::f64::consts::PI * turn as f64).tan();
            assert!((got / want - 1.0).abs() < 5e-6, "{turn}: {got} {want}");
        }
        for i in -8_000..=8_000 {
            let x = i as f32 * 1e-3;
            let got = tanh(l, l.f(x)).lanes()[0] as f64;
            assert!((got - (x as f64).tanh()).abs() < 1e-4, "{x}: {got}");
            assert!(got.abs() <= 1.0, "{x}: {got}");
        }
    }

    #[test]
    fn exp2_is_within_two_parts_in_ten_million() {
        for i in -20_000..=20_000 {
            let x = i as f32 * 1e-3;
            let got = exp2(Scalar::<false>, Scalar::<false>.f(x)).lanes()[0] as f64;
            let want = (x as f64).exp2();
            assert!((got / want - 1.0).abs() < 2e-7, "{x}: {got} {want}");
        }
    }
}
