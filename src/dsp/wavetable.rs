//! Single cycles at many bandwidths: three an octave, so that every harmonic up to 19 kHz is there and none above half the rate.
//! Made on the builder, read on engine threads.
use realfft::{RealFftPlanner, num_complex::Complex};

/// The most harmonics that a cycle keeps: all up to 20 kHz from 40 Hz on.
pub const HARMONICS: usize = 512;
/// Bandwidths; from one to the next a third of an octave is gone, in the last only the fundamental is left.
const LEVELS: usize = 28;
/// Longest table, and the least points for one cycle of the highest harmonic where that allows: cubic interpolation leaves images
/// around -120 dB.
const LONGEST: usize = 4_096;
const POINTS: usize = 32;

/// A harmonic's amplitude (imaginary: of a sine) as FFTs write it.
pub type Harmonics = Vec<Complex<f64>>;

struct Level {
    /// Points in a cycle are 2^bits; one more stands before them and two behind.
    bits: u32,
    points: Vec<f32>,
}

/// One waveform.
struct Wave {
    levels: Vec<Level>,
}

/// Waveforms to morph through.
pub struct Waves {
    waves: Vec<Wave>,
}

fn harmonics_of(level: usize) -> usize {
    (HARMONICS as f64 / (level as f64 / 3.0).exp2())
        .round()
        .max(1.0) as usize
}

/// A cycle's harmonics, the first is the fundamental; direct current is left out.
pub fn analyse(cycle: &[f32]) -> Harmonics {
    let n = cycle.len();
    let mut input: Vec<f64> = cycle.iter().map(|x| *x as f64).collect();
    let mut bins = vec![Complex::default(); n / 2 + 1];
    // The sizes match by construction.
    let _ = RealFftPlanner::new()
        .plan_fft_forward(n)
        .process(&mut input, &mut bins);
    let keep = HARMONICS.min(n.div_ceil(2).saturating_sub(1));
    bins[1..]
        .iter()
        .take(keep)
        .map(|b| b * 2.0 / n as f64)
        .collect()
}

impl Waves {
    /// At least one waveform.
    pub fn new(waves: &[Harmonics]) -> Self {
        let mut planner = RealFftPlanner::new();
        let waves = waves.iter().map(|harmonics| {
            let levels = (0..LEVELS).map(|level| {
                let keep = harmonics_of(level);
                let len = (POINTS * keep).next_power_of_two().clamp(64, LONGEST);
                let mut bins = vec![Complex::default(); len / 2 + 1];
                for (bin, harmonic) in bins[1..].iter_mut().zip(harmonics.iter().take(keep)) {
                    *bin = harmonic * 0.5;
                }
                let mut cycle = vec![0.0f64; len];
                let _ = planner.plan_fft_inverse(len).process(&mut bins, &mut cycle);
                let at = |i: usize| cycle[(i + len - 1) % len] as f32;
                Level {
                    bits: len.ilog2(),
                    points: (0..len + 3).map(at).collect(),
                }
            });
            Wave {
                levels: levels.collect(),
            }
        });
        Self {
            waves: waves.collect(),
        }
    }

    /// The level whose harmonics all stay below half the rate at so many cycles a frame.
    #[inline(always)]
    pub fn level(&self, cycles: f32) -> usize {
        let most = 0.5 / cycles.abs().max(1e-9);
        let below = (HARMONICS as f32 / most).max(1.0).log2() * 3.0;
        // Half a harmonic of margin for the rounding of their number.
        ((below + 0.02).ceil() as usize).min(LEVELS - 1)
    }

    /// The value at a phase of 2^32 a cycle, `morph` of the way (0..1) through the waveforms.
    #[inline(always)]
    pub fn read(&self, level: usize, phase: u32, morph: f32) -> f32 {
        let last = self.waves.len() - 1;
        let place = morph.clamp(0.0, 1.0) * last as f32;
        let first = (place as usize).min(last);
        let between = place - first as f32;
        let a = self.waves[first].read(level, phase);
        if between <= 0.0 {
            return a;
        }
        let b = self.waves[(first + 1).min(last)].read(level, phase);
        a + (b - a) * between
    }
}

impl Wave {
    #[inline(always)]
    fn read(&self, level: usize, phase: u32) -> f32 {
        let level = &self.levels[level.min(LEVELS - 1)];
        let index = (phase >> (32 - level.bits)) as usize;
        let t = (phase << level.bits) as f32 * (1.0 / 4_294_967_296.0);
        let Some(x) = level.points.get(index..index + 4) else {
            return 0.0;
        };
        // Third-order Lagrange between the middle two.
        let (up, down, far) = (t + 1.0, t - 1.0, t - 2.0);
        let outer = t * down * (1.0 / 6.0);
        let inner = up * far * 0.5;
        outer * (up * x[3] - far * x[0]) + inner * (down * x[1] - t * x[2])
    }
}
