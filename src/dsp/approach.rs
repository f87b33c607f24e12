//! How much of the way to its target an exponential goes in one frame.
use super::lanes::{Float, Lanes};

/// The part of the remaining distance that one frame takes, so that after `seconds` the distance is `e^-curve` of what it was:
/// 1 - e^-(curve / frames). A distance times (1 - part) each frame loses no precision however slow it is, unlike a level that
/// creeps up to its target. The series is within 2e-3 for a single frame and 1e-6 from ten frames a curve on.
#[inline(always)]
pub fn approach<L: Lanes>(l: L, curve: f32, seconds: L::F, rate: f32) -> L::F {
    let x = (l.f(curve / rate) / seconds).min(l.f(1.0));
    let series = x
        .fma(l.f(1.0 / 120.0), l.f(-1.0 / 24.0))
        .fma(x, l.f(1.0 / 6.0))
        .fma(x, l.f(-0.5))
        .fma(x, l.f(1.0));
    x * series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn the_distance_left_after_the_time_is_the_curve() {
        let l = Scalar::<false>;
        for (curve, seconds) in [(1.466, 0.0005), (4.0, 0.01), (4.6, 1.0), (4.6, 20.0)] {
            let part = approach(l, curve, l.f(seconds), 48_000.0).lanes()[0] as f64;
            let left = (1.0 - part).powf(seconds as f64 * 48_000.0);
            let want = (-curve as f64).exp();
            assert!(
                (left / want - 1.0).abs() < 1e-4,
                "{curve} {seconds}: {left} {want}"
            );
        }
    }
}
