//! Sound figures for tests: aliasing, THD+N, response, pitch. A 7-term Blackman-Harris window (side lobes below -180 dB) over an
//! FFT in f64.
use std::f64::consts::TAU;

use realfft::{RealFftPlanner, num_complex::Complex};

/// Bins of the window's main lobe on either side, with a margin.
const LOBE: usize = 10;

const WINDOW: [f64; 7] = [
    0.271_051_400_693_42,
    -0.433_297_939_234_48,
    0.218_122_999_543_11,
    -0.065_925_446_388_03,
    0.010_811_742_098_37,
    -0.000_776_584_825_22,
    0.000_013_887_217_35,
];

/// Powers of the bins of the last frames, so many that they are a power of two; a sine of amplitude 1 peaks at 1.
pub struct Spectrum {
    power: Vec<f64>,
    frames: usize,
    rate: f64,
    /// Equivalent noise bandwidth of the window, in bins.
    noise_bins: f64,
}

impl Spectrum {
    pub fn new(x: &[f32], rate: f32) -> Self {
        let frames = 1 << x.len().ilog2();
        let x = &x[x.len() - frames..];
        assert!(x.iter().all(|v| v.is_finite()));
        let mean = x.iter().map(|v| *v as f64).sum::<f64>() / frames as f64;
        let window: Vec<f64> = (0..frames)
            .map(|i| {
                let turn = TAU * i as f64 / frames as f64;
                let terms = WINDOW.iter().enumerate();
                terms.map(|(k, a)| a * (k as f64 * turn).cos()).sum()
            })
            .collect();
        let gain: f64 = window.iter().sum();
        let energy: f64 = window.iter().map(|w| w * w).sum();
        let mut windowed: Vec<f64> = x
            .iter()
            .zip(&window)
            .map(|(x, w)| (*x as f64 - mean) * w)
            .collect();
        let mut bins = vec![Complex::default(); frames / 2 + 1];
        RealFftPlanner::new()
            .plan_fft_forward(frames)
            .process(&mut windowed, &mut bins)
            .expect("sizes match");
        Self {
            power: bins
                .iter()
                .map(|b| b.norm_sqr() * 4.0 / (gain * gain))
                .collect(),
            frames,
            rate: rate as f64,
            noise_bins: frames as f64 * energy / (gain * gain),
        }
    }

    fn bin(&self, hz: f64) -> usize {
        (hz * self.frames as f64 / self.rate).round() as usize
    }

    fn around(&self, hz: f64) -> std::ops::Range<usize> {
        let bin = self.bin(hz);
        bin.saturating_sub(LOBE)..(bin + LOBE + 1).min(self.power.len())
    }

    /// Amplitude of the sine at a frequency.
    pub fn amplitude(&self, hz: f64) -> f64 {
        let power: f64 = self.power[self.around(hz)].iter().sum();
        (power / self.noise_bins).sqrt()
    }

    pub fn amplitude_db(&self, hz: f64) -> f64 {
        20.0 * self.amplitude(hz).log10()
    }

    /// Power between two frequencies, in dB of a sine of amplitude 1.
    pub fn band_db(&self, from: f64, to: f64) -> f64 {
        let power: f64 = self.power[self.bin(from)..self.bin(to)].iter().sum();
        10.0 * (power / self.noise_bins).max(1e-30).log10()
    }

    /// The loudest line between two frequencies, in dB of full scale.
    pub fn loudest_db(&self, from: f64, to: f64) -> f64 {
        let lines = self.power.get(self.bin(from)..self.bin(to)).unwrap_or(&[]);
        10.0 * lines.iter().copied().fold(1e-30, f64::max).log10()
    }

    /// The loudest line that is no harmonic of `f0`, from 20 Hz to 16 kHz, in dB of full scale.
    pub fn alias_db(&self, f0: f64) -> f64 {
        let mut power = self.power.clone();
        for k in 0..=(self.rate / 2.0 / f0) as usize {
            let around = self.around(k as f64 * f0);
            power[around].fill(0.0);
        }
        let loudest = power[self.bin(20.0)..self.bin(16_000.0)]
            .iter()
            .copied()
            .fold(1e-30, f64::max);
        10.0 * loudest.log10()
    }

    /// All but the sine at `f0`, from 20 Hz to 20 kHz, against that sine.
    pub fn thd_n_db(&self, f0: f64) -> f64 {
        let mut power = self.power.clone();
        let around = self.around(f0);
        let sine: f64 = power[around.clone()].iter().sum();
        power[around].fill(0.0);
        let rest: f64 = power[self.bin(20.0)..self.bin(20_000.0)].iter().sum();
        10.0 * (rest / sine).log10()
    }
}

/// The frequency near `guess` from the phase advance between two halves: good to a hundredth of a cent over a second.
pub fn pitch(x: &[f32], guess: f64, rate: f32) -> f64 {
    let half = x.len() / 2;
    let mut f = guess;
    for _ in 0..3 {
        let phase = |from: usize| {
            let sum: Complex<f64> = (0..half)
                .map(|i| {
                    let w = 0.5 - 0.5 * (TAU * i as f64 / half as f64).cos();
                    let t = (from + i) as f64;
                    Complex::from_polar(w * x[from + i] as f64, -TAU * f * t / rate as f64)
                })
                .sum();
            sum
        };
        let turn = (phase(half) * phase(0).conj()).arg() / TAU;
        f += turn * rate as f64 / half as f64;
    }
    f
}

pub fn cents(a: f64, b: f64) -> f64 {
    1_200.0 * (a / b).log2()
}

pub fn rms(x: &[f32]) -> f64 {
    (x.iter().map(|v| (*v as f64).powi(2)).sum::<f64>() / x.len() as f64).sqrt()
}

/// Gains at some frequencies, from the response to an impulse of 1 that has died away.
pub fn gains(response: &[f32], rate: f32, at: &[f64]) -> Vec<f64> {
    at.iter()
        .map(|f| {
            let sum: Complex<f64> = response
                .iter()
                .enumerate()
                .map(|(t, y)| Complex::from_polar(*y as f64, -TAU * f * t as f64 / rate as f64))
                .sum();
            sum.norm()
        })
        .collect()
}
