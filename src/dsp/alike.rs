//! Functions that give the same bits on every instruction set: nothing is fused. For coefficients whose error adds up over seconds.
//! Runs on engine threads.
use super::lanes::{Float, Int, Lanes};

/// Added to a float below 2^22 it leaves the nearest whole number in the lowest bits: 1.5 times 2^23.
const WHOLE: f32 = 12_582_912.0;

/// 2^x for |x| up to 126, as [`super::math::exp2`]; relative error below 3e-7.
#[inline(always)]
// A coefficient of the fit, near ln 2 and not it.
#[allow(clippy::approx_constant)]
pub fn exp2<L: Lanes>(l: L, x: L::F) -> L::F {
    let x = x.max(l.f(-126.0)).min(l.f(126.0));
    let shifted = x + l.f(WHOLE);
    let f = x - (shifted - l.f(WHOLE));
    let p = f * l.f(1.326_472_6e-3) + l.f(9.671_513e-3);
    let p = (p * f + l.f(5.550_733_6e-2)) * f + l.f(2.402_224_2e-1);
    let p = (p * f + l.f(6.931_47e-1)) * f + l.f(1.0);
    (p.bits() + shifted.bits().shl(23)).bits()
}

/// The sine of a turn of 2^32 that starts at 0, as [`super::sine::sin_turn`].
#[inline(always)]
pub fn sin_turn<L: Lanes>(l: L, phase: L::I) -> L::F {
    let quarter = l.i(1 << 30);
    let on = phase + quarter;
    let folded = L::I::select(on.negative(), l.i(0) - on, on) - quarter;
    let t = folded.to_float() * l.f(1.0 / (1u32 << 30) as f32);
    let y = t * t;
    let p = y * l.f(1.508_205_5e-4) + l.f(-4.672_228e-3);
    let p = (p * y + l.f(7.968_848e-2)) * y + l.f(-6.459_634e-1);
    t * (p * y + l.f(std::f32::consts::FRAC_PI_2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn they_are_what_they_say() {
        let l = Scalar::<false>;
        for i in -10_000..=10_000 {
            let x = i as f32 * 2e-3;
            let got = exp2(l, l.f(x)).lanes()[0] as f64;
            assert!((got / (x as f64).exp2() - 1.0).abs() < 3e-7, "{x}: {got}");
            let turn = i * 214_748;
            let sine = sin_turn(l, l.i(turn)).lanes()[0] as f64;
            let want = (turn as f64 / 4_294_967_296.0 * std::f64::consts::TAU).sin();
            assert!((sine - want).abs() < 2e-7, "{turn}: {sine} {want}");
        }
        let fused = Scalar::<true>;
        for i in -5_000..5_000 {
            let x = i as f32 * 0.013;
            assert_eq!(exp2(l, l.f(x)).lanes(), exp2(fused, fused.f(x)).lanes());
            let turn = i * 400_009;
            assert_eq!(
                sin_turn(l, l.i(turn)).lanes(),
                sin_turn(fused, fused.i(turn)).lanes()
            );
        }
    }
}
