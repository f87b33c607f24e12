//! Two gains whose squares add up to one.
use super::lanes::{Float, Lanes};

/// Cosine and sine of a quarter turn travelled from `at` = 0 (1 and 0, to the last bit) to 1 (0 and 1).
#[inline(always)]
pub fn equal_power<L: Lanes>(l: L, at: L::F) -> (L::F, L::F) {
    let one = l.f(1.0);
    (
        quarter_sine(l, one - at).min(one),
        quarter_sine(l, at).min(one),
    )
}

/// sin(x · π/2) for x in 0..1: odd minimax polynomial of degree 9, error below 1e-8 before rounding.
#[inline(always)]
fn quarter_sine<L: Lanes>(l: L, x: L::F) -> L::F {
    let y = x * x;
    let p = y.fma(l.f(1.508_205_5e-4), l.f(-4.672_228e-3));
    let p = p.fma(y, l.f(7.968_848e-2)).fma(y, l.f(-6.459_634e-1));
    x * p.fma(y, l.f(std::f32::consts::FRAC_PI_2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn the_power_is_one_all_the_way() {
        let l = Scalar::<false>;
        for i in 0..=1000 {
            let (a, b) = equal_power(l, l.f(i as f32 / 1000.0));
            let (a, b) = (a.lanes()[0], b.lanes()[0]);
            assert!((a * a + b * b - 1.0).abs() < 1e-6, "{i}: {a} {b}");
        }
    }

    #[test]
    fn the_ends_are_exact() {
        let l = Scalar::<false>;
        let ends = |at| {
            let (a, b) = equal_power(l, l.f(at));
            (a.lanes()[0], b.lanes()[0])
        };
        assert_eq!(ends(0.0), (1.0, 0.0));
        assert_eq!(ends(1.0), (0.0, 1.0));
    }
}
