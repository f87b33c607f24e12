//! A recording in memory, read at any place and speed: windowed sinc over 48 frames, widened where it plays faster than recorded
//! so that what would alias is filtered first. Made on the builder, read on engine threads.
use std::sync::OnceLock;

/// Frames on either side that a place is read from, at speeds up to 1.
pub const HALF: usize = 24;
/// The fastest that a recording is read.
pub const FASTEST: f64 = 8.0;
/// Silence on either side of the frames: the widest kernel that still touches them never leaves it.
const PAD: usize = 2 * HALF * FASTEST as usize + 2;
/// Positions between two frames in the tables; between them it is linear, 116 dB below the signal at the worst.
const POSITIONS: usize = 512;
/// Of the Kaiser window: stop band below -110 dB, from 0.58 of the rate on.
const BETA: f64 = 11.0;

/// Frames of one or two channels.
pub struct Sample {
    /// Each with `PAD` frames of silence at both ends; the second is empty where it is mono.
    channels: [Vec<f32>; 2],
    frames: usize,
    rate: f32,
    kernel: &'static Kernel,
}

/// The sinc, as rows of taps at each position between two frames, and as a curve.
struct Kernel {
    rows: Vec<[f32; 2 * HALF]>,
    curve: Vec<f32>,
}

fn kernel() -> &'static Kernel {
    static KERNEL: OnceLock<Kernel> = OnceLock::new();
    KERNEL.get_or_init(|| {
        let at = |t: f64| {
            let x = std::f64::consts::PI * t;
            let sinc = if t == 0.0 { 1.0 } else { x.sin() / x };
            let inside = 1.0 - (t / HALF as f64).powi(2);
            let window = if inside <= 0.0 {
                0.0
            } else {
                bessel(BETA * inside.sqrt())
            };
            (sinc * window / bessel(BETA)) as f32
        };
        let position = |p: usize| p as f64 / POSITIONS as f64;
        let row = |p| std::array::from_fn(|k| at(k as f64 - (HALF - 1) as f64 - position(p)));
        Kernel {
            rows: (0..=POSITIONS).map(row).collect(),
            curve: (0..HALF * POSITIONS + 2).map(|p| at(position(p))).collect(),
        }
    })
}

fn bessel(x: f64) -> f64 {
    let terms = (1..64).scan(1.0, |term, k| {
        *term *= (x / (2 * k) as f64).powi(2);
        Some(*term)
    });
    1.0 + terms.sum::<f64>()
}

impl Sample {
    /// One or two channels of equal length; more are left out.
    pub fn new(channels: Vec<Vec<f32>>, rate: f32) -> Self {
        let frames = channels.iter().map(Vec::len).min().unwrap_or(0);
        let mut padded = channels.into_iter().map(|channel| {
            let silence = std::iter::repeat_n(0.0, PAD);
            let inside = channel.into_iter().take(frames);
            silence.clone().chain(inside).chain(silence).collect()
        });
        let left = padded.next().unwrap_or_else(|| vec![0.0; 2 * PAD]);
        Self {
            channels: [left, padded.next().unwrap_or_default()],
            frames,
            rate,
            kernel: kernel(),
        }
    }

    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Frames a second.
    pub fn rate(&self) -> f32 {
        self.rate
    }

    pub fn is_stereo(&self) -> bool {
        !self.channels[1].is_empty()
    }

    pub fn bytes(&self) -> usize {
        4 * (self.channels[0].len() + self.channels[1].len())
    }

    /// The frames of a channel, without the silence around them.
    pub fn channel(&self, channel: usize) -> &[f32] {
        let all = match self.is_stereo() {
            true => &self.channels[channel & 1],
            false => &self.channels[0],
        };
        &all[PAD..all.len() - PAD]
    }

    /// Both channels at a place in frames, read at a speed; silence beyond the ends.
    #[inline(always)]
    pub fn read(&self, at: f64, speed: f64) -> [f32; 2] {
        let speed = speed.abs().min(FASTEST);
        let reach = HALF as f64 * speed.max(1.0);
        // Not a number is no place either.
        if !(at > -reach && at < self.frames as f64 + reach) {
            return [0.0; 2];
        }
        match speed <= 1.0 {
            true => self.slow(at),
            false => self.fast(at, speed),
        }
    }

    #[inline(always)]
    fn slow(&self, at: f64) -> [f32; 2] {
        let whole = at.floor();
        let place = (at - whole) * POSITIONS as f64;
        let row = (place as usize).min(POSITIONS - 1);
        let between = (place - row as f64) as f32;
        let (a, b) = (&self.kernel.rows[row], &self.kernel.rows[row + 1]);
        let first = (PAD as i64 + whole as i64 - HALF as i64 + 1) as usize;
        let mut taps = [0.0; 2 * HALF];
        for ((tap, a), b) in taps.iter_mut().zip(a).zip(b) {
            *tap = a + (b - a) * between;
        }
        let sum = |channel: &[f32]| {
            let Some(run) = channel.get(first..first + 2 * HALF) else {
                return 0.0;
            };
            // Eight sums side by side, so that they need not wait for each other.
            let mut sums = [0.0f32; 8];
            for (x, tap) in run.chunks_exact(8).zip(taps.chunks_exact(8)) {
                for ((sum, x), tap) in sums.iter_mut().zip(x).zip(tap) {
                    *sum += x * tap;
                }
            }
            sums.iter().sum()
        };
        self.both(sum)
    }

    #[inline(always)]
    fn fast(&self, at: f64, speed: f64) -> [f32; 2] {
        let (reach, narrow) = (HALF as f64 * speed, (POSITIONS as f64 / speed) as f32);
        let first = (at - reach).ceil();
        let count = ((at + reach).floor() - first) as usize + 1;
        let from = (first - at) as f32;
        let start = (PAD as i64 + first as i64) as usize;
        let curve = &self.kernel.curve;
        let sum = |channel: &[f32]| {
            let Some(run) = channel.get(start..start + count) else {
                return 0.0;
            };
            let mut sum = 0.0f32;
            for (k, x) in run.iter().enumerate() {
                let place = (from + k as f32).abs() * narrow;
                let index = (place as usize).min(HALF * POSITIONS);
                let (a, b) = (curve[index], curve[index + 1]);
                sum += x * (a + (b - a) * (place - index as f32));
            }
            sum / speed as f32
        };
        self.both(sum)
    }

    #[inline(always)]
    fn both(&self, sum: impl Fn(&[f32]) -> f32) -> [f32; 2] {
        let left = sum(&self.channels[0]);
        match self.is_stereo() {
            true => [left, sum(&self.channels[1])],
            false => [left; 2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_places_are_the_frames_themselves_and_beyond_the_ends_is_silence() {
        let frames: Vec<f32> = (0..500).map(|i| (i as f32 * 0.7).sin()).collect();
        let sample = Sample::new(vec![frames.clone()], 48_000.0);
        for (i, x) in frames.iter().enumerate() {
            assert!((sample.read(i as f64, 1.0)[0] - x).abs() < 1e-6);
        }
        for at in [-1e12, -24.0, 524.0, f64::NAN, f64::INFINITY] {
            assert_eq!(sample.read(at, 0.5), [0.0; 2]);
            assert!(sample.read(at, 8.0)[0].is_finite());
        }
        for i in -3_000..8_000 {
            let at = i as f64 * 0.1;
            for speed in [0.0, 0.99, 1.01, 3.3, 8.0, 99.0] {
                assert!(sample.read(at, speed)[1].abs() < 2.0);
            }
        }
    }
}
