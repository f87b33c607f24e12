//! Curves applied to the straight lines between frames instead of to the frames alone: what a curve adds far above the rate is
//! averaged away before it can fold back (Parker, Zavalishin and Le Bivic 2016, of second order). Runs on engine threads.
use super::{
    lanes::{Float, Lanes},
    oversample::{Knots, Up},
};

/// A smooth curve, taken at the frames and halfway between them. Gives what [`super::oversample::Oversampler::shape`] wants.
#[inline(always)]
pub fn smooth<L: Lanes>(
    l: L,
    up: &Up<L>,
    knots: &mut Knots<L>,
    curve: impl Fn(L::F) -> L::F,
) -> f32 {
    let (half, quarter) = (l.f(0.5), l.f(0.25));
    let mut between: Up<L> = [l.f(0.0); _];
    for (k, o) in between[..knots.len() + 1].iter_mut().enumerate() {
        *o = curve((up[k] + up[k + 1]) * half);
    }
    for (k, o) in knots.iter_mut().enumerate() {
        *o = curve(up[k + 1]).fma(half, (between[k] + between[k + 1]) * quarter);
    }
    // 1/8 is what lines between frames take from a high tone; a little more is best over the whole band, 0.02 dB off at 20 kHz.
    0.1275
}

/// Clipping at -1 and 1, integrated exactly.
///
/// On the way from `a` to `b` the clipped line stands, moves and stands; in units of the way it moves from `enter` to `leave`. The
/// sums below hold no differences of large numbers, so that single precision is enough.
#[inline(always)]
pub fn clip<L: Lanes>(l: L, up: &Up<L>, knots: &mut Knots<L>) -> f32 {
    let (one, half, sixth) = (l.f(1.0), l.f(0.5), l.f(1.0 / 6.0));
    let mut to_first: Up<L> = [l.f(0.0); _];
    let mut to_second: Up<L> = [l.f(0.0); _];
    let ways = knots.len() + 1;
    for k in 0..ways {
        let (a, b) = (up[k], up[k + 1]);
        let (from, to) = (a.max(-one).min(one), b.max(-one).min(one));
        let (way, moved) = (b - a, to - from);
        // Where nothing moves, when it does so does not matter.
        let rising = L::F::select(l.f(0.0).gt(way), way.min(l.f(-1e-12)), way.max(l.f(1e-12)));
        let per = one / rising;
        let enter = ((from - a) * per).max(l.f(0.0)).min(one);
        let leave = ((to - a) * per).max(enter).min(one);
        let mean = to - moved * ((enter + leave) * half);
        let square = enter.fma(enter, leave.fma(enter, leave * leave));
        let second = to.fma(half, -(moved * (square * sixth)));
        to_second[k] = second;
        to_first[k] = mean - second;
    }
    for (k, o) in knots.iter_mut().enumerate() {
        *o = to_second[k] + to_first[k + 1];
    }
    // 1/6, and a little more as above.
    0.171
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn clipping_is_the_integral_of_the_clipped_line() {
        let l = Scalar::<false>;
        let mut up: Up<Scalar<false>> = [l.f(0.0); _];
        let wave =
            |k: usize| 3.0 * (k as f32 * 0.7).sin() + if k.is_multiple_of(7) { 9.0 } else { 0.0 };
        for (k, x) in up.iter_mut().enumerate() {
            *x = l.f(wave(k));
        }
        let mut knots: Knots<Scalar<false>> = [l.f(0.0); _];
        clip(l, &up, &mut knots);
        for (k, y) in knots.iter().enumerate().take(200) {
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
