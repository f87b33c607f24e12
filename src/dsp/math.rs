//! Functions on vectors that no instruction has.
use super::lanes::{Float, Int, Lanes};

/// 2^x for |x| up to 126; relative error below 2e-7. The whole part goes into the exponent, the rest, at most a half either way,
/// through the exponential series up to the seventh power (5e-9 beyond it).
#[inline(always)]
pub fn exp2<L: Lanes>(l: L, x: L::F) -> L::F {
    let x = x.max(l.f(-126.0)).min(l.f(126.0));
    let whole = x.round();
    let f = x - whole;
    let p = f
        .fma(l.f(1.525_273_4e-5), l.f(1.540_353e-4))
        .fma(f, l.f(1.333_355_8e-3))
        .fma(f, l.f(9.618_129e-3))
        .fma(f, l.f(5.550_411e-2))
        .fma(f, l.f(2.402_265_1e-1))
        .fma(f, l.f(std::f32::consts::LN_2))
        .fma(f, l.f(1.0));
    p * (whole.to_int() + l.i(127)).shl(23).bits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

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
