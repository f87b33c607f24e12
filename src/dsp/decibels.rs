//! Levels as logarithms. Runs on engine threads.
use super::lanes::{Float, Int, Lanes};

/// log2 of a normal number above 0; absolute error below 2e-7 between 0.5 and 2, relative 1e-7 beyond. The mantissa, centered on 1,
/// goes through the series of the area tangent (to degree 9).
#[inline(always)]
pub fn log2<L: Lanes>(l: L, x: L::F) -> L::F {
    // The square root of a half: mantissas lie between it and its double.
    const CENTER: i32 = 0x3f35_04f3;
    let bits = x.bits();
    let exponent = (bits - l.i(CENTER) + l.i(128 << 23)).shr(23) - l.i(128);
    let mantissa: L::F = (bits - exponent.shl(23)).bits();
    let one = l.f(1.0);
    let t = (mantissa - one) / (mantissa + one);
    let y = t * t;
    let series = y
        .fma(l.f(1.0 / 9.0), l.f(1.0 / 7.0))
        .fma(y, l.f(1.0 / 5.0))
        .fma(y, l.f(1.0 / 3.0))
        .fma(y, one);
    (t * series).fma(l.f(2.0 * std::f32::consts::LOG2_E), exponent.to_float())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn log2_is_close_over_all_magnitudes() {
        let l = Scalar::<false>;
        for i in -12_000..12_000 {
            let x = (i as f32 * 0.01).exp2();
            let got = log2(l, l.f(x)).lanes()[0] as f64;
            let want = (x as f64).log2();
            assert!(
                (got - want).abs() < 2e-7 * want.abs().max(1.0),
                "{x}: {got} {want}"
            );
        }
    }
}
