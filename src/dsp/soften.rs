//! Keeps a feedback loop bounded without touching what is not loud.
use super::lanes::{Float, Lanes};

/// The signal itself up to ±1, then a parabola that reaches ±2 at ±3 and stays there; the slope has no step.
#[inline(always)]
pub fn soften<L: Lanes>(l: L, x: L::F) -> L::F {
    let size = x.abs();
    let over = (size - l.f(1.0)).max(l.f(0.0)).min(l.f(2.0));
    let bounded = size.min(l.f(1.0)) + over.nfma(over * l.f(0.25), over);
    L::F::select(l.f(0.0).gt(x), -bounded, bounded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn quiet_signals_pass_and_loud_ones_are_bounded() {
        let l = Scalar::<false>;
        let of = |x: f32| soften(l, l.f(x)).lanes()[0];
        assert_eq!((of(0.7), of(-1.0), of(0.0)), (0.7, -1.0, 0.0));
        assert_eq!((of(3.0), of(-1e9)), (2.0, -2.0));
        let mut last = of(-4.0);
        for i in -3_999..4_000 {
            let y = of(i as f32 * 1e-3);
            assert!((0.0..1.01e-3).contains(&(y - last)), "{i}");
            last = y;
        }
    }
}
