//! What is in a steady tone that should not be: aliasing and THD+N, by one long windowed transform.
use realfft::RealFftPlanner;

/// 7-term Blackman-Harris: side lobes under −180 dB, main lobe 7 bins to each side.
const WINDOW: [f64; 7] = [
    0.271_051_400_693_42,
    -0.433_297_939_234_48,
    0.218_122_999_543_11,
    -0.065_925_446_388_03,
    0.010_811_742_098_37,
    -0.000_776_584_825_22,
    0.000_013_888_717_35,
];
/// Bins to each side of a harmonic that belong to it.
const LOBE: usize = 10;
const LOWEST_HZ: f64 = 20.0;
const ALIAS_BELOW_HZ: f64 = 16_000.0;
const NOISE_BELOW_HZ: f64 = 20_000.0;
const LONGEST: usize = 1 << 19;
const SHORTEST: usize = 1 << 14;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    pub hz: f64,
    pub fundamental_db: f64,
    /// Loudest line from 20 Hz to 16 kHz that is no harmonic, relative to the fundamental.
    pub alias_db: f64,
    pub alias_hz: f64,
    /// Everything but the fundamental, 20 Hz to 20 kHz, relative to it.
    pub thd_n_db: f64,
}

/// Of the last 2^n samples: skip what swings in before. None where there are too few.
pub fn analyse(samples: &[f32], rate: u32, near_hz: f64) -> Option<Report> {
    let size = (SHORTEST..=samples.len().min(LONGEST))
        .rev()
        .find(|n| n.is_power_of_two())?;
    let rate = f64::from(rate);
    let amplitude = amplitudes(&samples[samples.len() - size..]);
    let bin_of = |hz: f64| hz * size as f64 / rate;

    let hz = fundamental(&amplitude, bin_of(near_hz)) * rate / size as f64;
    let around = |hz: f64| {
        let bin = bin_of(hz).round() as usize;
        bin.saturating_sub(LOBE)..(bin + LOBE + 1).min(amplitude.len())
    };
    let peak = amplitude[around(hz)].iter().copied().fold(0.0, f64::max);

    let mut rest = amplitude.clone();
    rest[..bin_of(LOWEST_HZ) as usize].fill(0.0);
    let fundamental_power: f64 = rest[around(hz)].iter().map(|a| a * a).sum();
    rest[around(hz)].fill(0.0);
    let noise_end = (bin_of(NOISE_BELOW_HZ) as usize).min(rest.len());
    let noise_power: f64 = rest[..noise_end].iter().map(|a| a * a).sum();

    let mut harmonic = 2.0;
    while harmonic * hz < rate / 2.0 {
        rest[around(harmonic * hz)].fill(0.0);
        harmonic += 1.0;
    }
    let end = (bin_of(ALIAS_BELOW_HZ) as usize).min(rest.len());
    let (bin, loudest) = rest[..end]
        .iter()
        .copied()
        .enumerate()
        .fold(
            (0, 0.0),
            |best, next| if next.1 > best.1 { next } else { best },
        );
    Some(Report {
        hz,
        fundamental_db: db(peak),
        alias_db: db(loudest / peak),
        alias_hz: bin as f64 * rate / size as f64,
        thd_n_db: db((noise_power / fundamental_power).sqrt()),
    })
}

fn db(ratio: f64) -> f64 {
    20.0 * ratio.max(1e-15).log10()
}

/// Of the bins from 0 to half the rate; a sine of amplitude 1 peaks at 1. Of a power of two of samples.
pub fn amplitudes(samples: &[f32]) -> Vec<f64> {
    let size = samples.len();
    let mean = samples.iter().map(|&value| f64::from(value)).sum::<f64>() / size as f64;
    let mut gain = 0.0;
    let mut input: Vec<f64> = samples
        .iter()
        .enumerate()
        .map(|(n, &value)| {
            let angle = std::f64::consts::TAU * n as f64 / size as f64;
            let weight: f64 = WINDOW
                .iter()
                .enumerate()
                .map(|(k, a)| a * (k as f64 * angle).cos())
                .sum();
            gain += weight;
            weight * (f64::from(value) - mean)
        })
        .collect();
    let transform = RealFftPlanner::new().plan_fft_forward(size);
    let mut bins = transform.make_output_vec();
    // The sizes are the plan's own.
    let done = transform.process(&mut input, &mut bins);
    debug_assert!(done.is_ok());
    bins.iter().map(|bin| 2.0 * bin.norm() / gain).collect()
}

/// The peak near `bin`, to a fraction of a bin by a parabola through the logarithms of three bins.
fn fundamental(amplitude: &[f64], bin: f64) -> f64 {
    // A third of a semitone to each side, and at least what the window's main lobe takes.
    let reach = (bin * 0.02).max(LOBE as f64);
    let range = (bin - reach).max(1.0) as usize
        ..((bin + reach) as usize).min(amplitude.len().saturating_sub(1));
    let peak = range
        .max_by(|&a, &b| amplitude[a].total_cmp(&amplitude[b]))
        .unwrap_or(1);
    let log = |n: usize| amplitude[n].max(1e-30).ln();
    let (left, top, right) = (log(peak - 1), log(peak), log(peak + 1));
    let bend = left - 2.0 * top + right;
    peak as f64
        + if bend < 0.0 {
            0.5 * (left - right) / bend
        } else {
            0.0
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(parts: &[(f64, f64)]) -> Vec<f32> {
        let step = std::f64::consts::TAU / 48_000.0;
        let value = |n: u32| {
            parts
                .iter()
                .map(|&(hz, gain)| gain * (f64::from(n) * step * hz).sin())
                .sum::<f64>()
        };
        (0..1 << 17).map(|n| value(n) as f32).collect()
    }

    #[test]
    fn finds_the_line_that_is_no_harmonic() {
        for under_db in [-20.0, -60.0, -110.0] {
            let gain = 0.5 * 10f64.powf(under_db / 20.0);
            let x = tones(&[(997.3, 0.5), (2.0 * 997.3, 0.1), (3_500.0, gain)]);
            let report = analyse(&x, 48_000, 1_000.0).expect("long enough");
            assert!((report.hz - 997.3).abs() < 0.01, "{report:?}");
            assert!(
                (report.alias_db - under_db).abs() < 0.5 && (report.alias_hz - 3_500.0).abs() < 1.0,
                "{report:?}"
            );
            let others = (0.1f64.powi(2) + gain.powi(2)).sqrt() / 0.5;
            assert!(
                (report.thd_n_db - 20.0 * others.log10()).abs() < 0.1,
                "{report:?}"
            );
        }
    }

    #[test]
    fn a_pure_tone_is_clean_down_to_the_floats() {
        let report = analyse(&tones(&[(440.0, 0.9)]), 48_000, 440.0).expect("long enough");
        assert!(
            report.alias_db < -140.0 && report.thd_n_db < -140.0,
            "{report:?}"
        );
        assert_eq!(analyse(&[0.0; 1_000], 48_000, 440.0), None);
    }
}
