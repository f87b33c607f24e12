//! Curves applied to the straight lines between frames instead of to the frames alone: what a curve adds far above the rate is
//! averaged away before it can fold back (Parker, Zavalishin and Le Bivic 2016, of second order). Runs on engine threads.
use super::{
    lanes::{Float, Lanes, RunF},
    oversample::Shape,
};

/// A smooth curve, taken at the frames and halfway between them.
pub struct Smooth<C>(pub C);

impl<L: Lanes, C: Fn(RunF<L>) -> RunF<L>> Shape<L> for Smooth<C> {
    /// 1/8 is what lines between frames take from a high tone; a little more is best over the whole band, 0.02 dB off at 20 kHz.
    const SIDES: f32 = 0.1275;

    #[inline(always)]
    fn way(&self, r: L::Run, a: RunF<L>, b: RunF<L>) -> (RunF<L>, RunF<L>) {
        let between = (self.0)((a + b) * r.f(0.5)) * r.f(0.25);
        (between, (self.0)(b).fma(r.f(0.5), between))
    }
}

/// Clipping at -1 and 1, integrated exactly.
pub struct Clip;

impl<L: Lanes> Shape<L> for Clip {
    /// 1/6, and a little more as above.
    const SIDES: f32 = 0.171;

    /// The clipped line stands, moves and stands; in units of the way it moves from `enter` to `leave`. The sums below hold no
    /// differences of large numbers, so that single precision is enough.
    #[inline(always)]
    fn way(&self, r: L::Run, a: RunF<L>, b: RunF<L>) -> (RunF<L>, RunF<L>) {
        let (zero, one, half, sixth) = (r.f(0.0), r.f(1.0), r.f(0.5), r.f(1.0 / 6.0));
        let (from, to) = (a.max(-one).min(one), b.max(-one).min(one));
        let (way, moved) = (b - a, to - from);
        // Where nothing moves, when it does so does not matter.
        let falls = way.min(r.f(-1e-12));
        let way = Float::select(zero.gt(way), falls, way.max(r.f(1e-12)));
        let per = one / way;
        let enter = ((from - a) * per).max(zero).min(one);
        let leave = ((to - a) * per).max(enter).min(one);
        let mean = to - moved * ((enter + leave) * half);
        let square = enter.fma(enter, leave.fma(enter, leave * leave));
        let at_b = to.fma(half, -(moved * (square * sixth)));
        (mean - at_b, at_b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn clipping_is_the_integral_of_the_clipped_line() {
        let l = Scalar::<false>;
        let wave =
            |k: usize| 3.0 * (k as f32 * 0.7).sin() + if k.is_multiple_of(7) { 9.0 } else { 0.0 };
        let way = |k: usize| Shape::<Scalar<false>>::way(&Clip, l, l.f(wave(k)), l.f(wave(k + 1)));
        for k in 0..200 {
            let y = way(k).1 + way(k + 1).0;
            let steps = 2_000;
            let line = |t: f64| {
                let (k, t) = if t < 0.0 { (k, t + 1.0) } else { (k + 1, t) };
                let (a, b) = (wave(k) as f64, wave(k + 1) as f64);
                (a + (b - a) * t).clamp(-1.0, 1.0)
            };
            let want: f64 = (0..2 * steps)
                .map(|i| {
                    let t = (i as f64 + 0.5) / steps as f64 - 1.0;
                    line(t) * (1.0 - t.abs()) / steps as f64
                })
                .sum();
            assert!((y.lanes()[0] as f64 - want).abs() < 1e-5, "{k}");
        }
    }
}
