//! What a signal reaches between its frames: seven points between two frames, by a windowed sinc (ITU-R BS.1770,
//! annex 2, asks for three).
//! Runs on engine threads.
use std::f64::consts::PI;

use super::{
    BLOCK,
    lanes::{Float, Lanes},
    oversample::fir,
};

/// Frames that go into a point between the two in the middle.
pub const TAPS: usize = 32;
/// Frames that the loudest of a frame's surroundings is late.
pub const LATE: usize = TAPS / 2;
/// Frames carried from block to block.
pub const CARRY: usize = TAPS;

/// Points between two frames.
const POINTS: usize = 7;

#[derive(Clone, Debug)]
pub struct TruePeak {
    between: [[f32; TAPS]; POINTS],
}

impl Default for TruePeak {
    fn default() -> Self {
        Self {
            between: std::array::from_fn(|point| {
                let part = (point + 1) as f64 / (POINTS + 1) as f64;
                let taps: [f64; TAPS] = std::array::from_fn(|j| {
                    let t = j as f64 - (TAPS / 2 - 1) as f64 - part;
                    let window = (PI * t / TAPS as f64).cos().powi(2);
                    (PI * t).sin() / (PI * t) * window
                });
                let sum: f64 = taps.iter().sum();
                taps.map(|t| (t / sum) as f32)
            }),
        }
    }
}

impl TruePeak {
    /// The largest magnitude from half way before to half way after each frame, [`LATE`] frames late: both ways to the neighbours
    /// are counted whole. `x` is a block after [`CARRY`] earlier frames; `most` is raised to it.
    #[inline(always)]
    pub fn raise<L: Lanes>(&self, l: L, x: &[L::F; CARRY + BLOCK], most: &mut [L::F; BLOCK]) {
        // Between frames LATE + 1 and LATE before each one, and one earlier for the first.
        let mut ways = [l.f(0.0); BLOCK + 1];
        for taps in &self.between {
            let mut points = [l.f(0.0); BLOCK];
            fir(l, taps, &x[1..], &mut points);
            let mut first = l.f(0.0);
            for (tap, x) in taps.iter().zip(x) {
                first = x.fma(l.f(*tap), first);
            }
            ways[0] = ways[0].max(first.abs());
            for (way, point) in ways[1..].iter_mut().zip(points) {
                *way = way.max(point.abs());
            }
        }
        for (i, most) in most.iter_mut().enumerate() {
            let here = x[i + CARRY - LATE].abs();
            *most = most.max(here).max(ways[i]).max(ways[i + 1]);
        }
    }
}
