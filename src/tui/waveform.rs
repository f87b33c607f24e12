//! The latest frames of the output, for scope and spectrum: triggered columns, and a level for each column of a spectrum.
use std::collections::VecDeque;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};

/// Frames kept: the spectrum's window, and the scope's with room to look for a trigger.
const KEPT: usize = 8_192;
/// 85 ms at 48 kHz: 12 Hz a bin.
const WINDOW: usize = 4_096;
/// How fast the spectrum's columns fall, in dB a look.
const FALL_DB: f32 = 2.5;
/// The spectrum's lower edge.
pub const SPECTRUM_FLOOR_DB: f32 = -72.0;
const LOWEST_HZ: f32 = 20.0;
const HIGHEST_HZ: f32 = 20_000.0;

/// The frames that were sent to the device last.
#[derive(Default)]
pub struct Recent {
    frames: VecDeque<f32>,
}

impl Recent {
    /// Adds frames, oldest first, as their mean of left and right.
    pub fn push(&mut self, frames: &[[f32; 2]]) {
        for [left, right] in frames.iter().rev().take(KEPT).rev() {
            if self.frames.len() == KEPT {
                self.frames.pop_front();
            }
            let mean = 0.5 * (left + right);
            self.frames
                .push_back(if mean.is_finite() { mean } else { 0.0 });
        }
    }

    pub fn clear(&mut self) {
        self.frames.clear();
    }

    /// The same with one channel.
    pub fn push_mono(&mut self, frames: &[f32]) {
        for value in frames.iter().rev().take(KEPT).rev() {
            if self.frames.len() == KEPT {
                self.frames.pop_front();
            }
            self.frames
                .push_back(if value.is_finite() { *value } else { 0.0 });
        }
    }

    /// `columns` pairs of lowest and highest value over `span` frames that begin at a rising crossing of zero where there is one.
    pub fn trace(&self, columns: usize, span: usize) -> Vec<(f32, f32)> {
        let have = self.frames.len();
        if columns == 0 || have < span + 2 {
            return vec![(0.0, 0.0); columns];
        }
        let start = self.trigger(have - span);
        (0..columns)
            .map(|column| {
                let from = start + column * span / columns;
                // One frame of overlap joins neighbouring columns.
                let to = (start + (column + 1) * span / columns + 1).min(have);
                self.frames
                    .range(from..to.max(from + 1))
                    .fold((f32::MAX, f32::MIN), |(low, high), v| {
                        (low.min(*v), high.max(*v))
                    })
            })
            .collect()
    }

    /// The largest magnitude of the last `span` frames.
    pub fn peak(&self, span: usize) -> f32 {
        let skip = self.frames.len().saturating_sub(span);
        self.frames
            .iter()
            .skip(skip)
            .fold(0.0, |peak, v| peak.max(v.abs()))
    }

    /// The last rising crossing of zero, at or before `latest`, that came from clearly below.
    fn trigger(&self, latest: usize) -> usize {
        let enough = -0.2 * self.peak(KEPT);
        let mut crossing = None;
        for i in (1..=latest).rev() {
            let (before, after) = (self.frames[i - 1], self.frames[i]);
            if before < 0.0 && after >= 0.0 {
                crossing = Some(i);
            }
            match crossing {
                Some(at) if before < enough => return at,
                Some(_) if before > -enough => crossing = None,
                _ => {}
            }
        }
        latest
    }
}

/// Levels over a logarithmic frequency axis.
pub struct Spectrum {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    input: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    columns: Vec<f32>,
}

impl Default for Spectrum {
    fn default() -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(WINDOW);
        let hann = |i: usize| {
            let turn = i as f32 / WINDOW as f32 * std::f32::consts::TAU;
            0.5 - 0.5 * turn.cos()
        };
        Self {
            window: (0..WINDOW).map(hann).collect(),
            input: fft.make_input_vec(),
            bins: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            columns: Vec::new(),
            fft,
        }
    }
}

impl Spectrum {
    /// Takes a look. The columns of [`Self::levels`] follow at once upwards and slowly downwards.
    pub fn update(&mut self, recent: &Recent, rate: f32, columns: usize) {
        let have = recent.frames.len();
        if have < WINDOW || rate <= 0.0 {
            self.columns.clear();
            self.columns.resize(columns, SPECTRUM_FLOOR_DB - 1.0);
            return;
        }
        let newest = recent.frames.range(have - WINDOW..);
        for ((to, from), window) in self.input.iter_mut().zip(newest).zip(&self.window) {
            *to = from * window;
        }
        let done =
            self.fft
                .process_with_scratch(&mut self.input, &mut self.bins, &mut self.scratch);
        if done.is_err() {
            return;
        }
        if self.columns.len() != columns {
            self.columns.clear();
            self.columns.resize(columns, SPECTRUM_FLOOR_DB - 1.0);
        }
        for (i, column) in self.columns.iter_mut().enumerate() {
            let low = edge(i, columns) / rate * WINDOW as f32;
            let high = edge(i + 1, columns) / rate * WINDOW as f32;
            let level = band_db(&self.bins, low, high);
            *column = level.max(*column - FALL_DB).max(SPECTRUM_FLOOR_DB - 1.0);
        }
    }

    /// dBFS of a sine for each column.
    pub fn levels(&self) -> &[f32] {
        &self.columns
    }
}

/// The frequency of a column's left edge.
fn edge(column: usize, columns: usize) -> f32 {
    LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ).powf(column as f32 / columns.max(1) as f32)
}

/// The column of a frequency, for the axis.
pub fn column_of(hz: f32, columns: u16) -> u16 {
    let share = (hz / LOWEST_HZ).ln() / (HIGHEST_HZ / LOWEST_HZ).ln();
    (share * f32::from(columns)) as u16
}

/// The highest bin between two places in bins; narrower bands are interpolated.
fn band_db(bins: &[Complex<f32>], low: f32, high: f32) -> f32 {
    let magnitude = |i: usize| bins.get(i).map_or(0.0, |b| b.norm());
    let (first, last) = (low.ceil() as usize, high.floor() as usize);
    let highest = if first <= last {
        (first..=last).map(magnitude).fold(0.0, f32::max)
    } else {
        let middle = 0.5 * (low + high);
        let (i, share) = (middle.floor() as usize, middle.fract());
        magnitude(i) * (1.0 - share) + magnitude(i + 1) * share
    };
    // A full-scale sine through a Hann window has a bin of WINDOW / 4.
    super::meters::decibels(highest * 4.0 / WINDOW as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, amplitude: f32, frames: usize) -> Recent {
        let mut recent = Recent::default();
        let wave: Vec<[f32; 2]> = (0..frames)
            .map(|i| {
                let v = amplitude * (i as f32 * hz / 48_000.0 * std::f32::consts::TAU).sin();
                [v, v]
            })
            .collect();
        recent.push(&wave);
        recent
    }

    #[test]
    fn a_sine_stands_still_on_the_scope() {
        let mut seen: Vec<(f32, f32)> = Vec::new();
        for extra in [0, 17, 60, 101] {
            let trace = sine(440.0, 0.5, 8_000 + extra).trace(40, 960);
            assert!(trace[0].0.abs() < 0.05, "{:?}", trace[0]);
            assert!(trace[1].1 > trace[0].1);
            if !seen.is_empty() {
                for (a, b) in seen.iter().zip(&trace) {
                    assert!((a.1 - b.1).abs() < 0.04);
                }
            }
            seen = trace;
        }
    }

    #[test]
    fn a_full_scale_sine_reads_zero_decibels_in_its_own_column() {
        let mut spectrum = Spectrum::default();
        spectrum.update(&sine(996.0, 1.0, KEPT), 48_000.0, 60);
        let levels = spectrum.levels();
        let loudest = (0..60).max_by(|a, b| levels[*a].total_cmp(&levels[*b]));
        assert_eq!(loudest, Some(usize::from(column_of(996.0, 60))));
        let peak = levels.iter().copied().fold(f32::MIN, f32::max);
        assert!(peak.abs() < 1.5, "{peak}");
        assert!(levels[50] < -60.0);
    }

    #[test]
    fn bad_frames_and_no_frames_are_drawn_as_silence() {
        let mut recent = Recent::default();
        assert_eq!(recent.trace(3, 480), [(0.0, 0.0); 3]);
        recent.push(&[[f32::NAN, 1.0]; 1_000]);
        assert_eq!(recent.trace(2, 480), [(0.0, 0.0); 2]);
        assert_eq!(recent.peak(100), 0.0);
    }
}
