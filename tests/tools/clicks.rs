//! Clicks: blind, against what the signal itself predicts, and exact, against a reference.

/// A step of this height is about the threshold of hearing in quiet, full scale at 100 dB SPL, less a margin of 6 dB.
pub const FLOOR_DB: f64 = -66.0;
/// How far a click stands out above the third loudest surprise around it. Edges of a wave and onsets of drums have peers.
const PROMINENCE_DB: f64 = 20.0;
/// Samples that predict the next one.
const ORDER: usize = 32;
const FRAME: usize = 2_048;
const CONTEXT_SECONDS: f64 = 0.25;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Click {
    pub sample: usize,
    pub step_db: f64,
    pub prominence_db: f64,
}

pub struct Difference {
    pub peak_db: f64,
    pub differing: usize,
    pub first: Option<usize>,
}

/// What is left of `x` without `reference`, over what both have.
pub fn difference(x: &[f32], reference: &[f32]) -> Difference {
    let mut result = Difference {
        peak_db: f64::NEG_INFINITY,
        differing: 0,
        first: None,
    };
    let mut peak = 0.0f64;
    for (n, (&a, &b)) in x.iter().zip(reference).enumerate() {
        let apart = (f64::from(a) - f64::from(b)).abs();
        if a.to_bits() != b.to_bits() && apart != 0.0 {
            result.differing += 1;
            result.first.get_or_insert(n);
            peak = if apart.is_finite() {
                peak.max(apart)
            } else {
                f64::INFINITY
            };
        }
    }
    result.peak_db = db(peak);
    result
}

/// Places that can be predicted neither from before nor from after, and that stand out among all such within 250 ms. Not
/// evidence of cleanliness for noise and sharp edges: use [`difference`] there.
pub fn find(samples: &[f32], rate: u32) -> Vec<Click> {
    let x: Vec<f64> = samples
        .iter()
        .map(|&value| if value.is_finite() { value.into() } else { 4.0 })
        .collect();
    let surprise = two_sided_error(&x);
    let bin = (rate as usize / 1_000).max(1);
    let peaks: Vec<f64> = surprise
        .chunks(bin)
        .map(|piece| piece.iter().copied().fold(0.0, f64::max))
        .collect();
    let reach = (CONTEXT_SECONDS * 1_000.0) as usize;
    let mut clicks: Vec<Click> = Vec::new();
    for (n, &peak) in peaks.iter().enumerate() {
        let near = &peaks[n.saturating_sub(2)..(n + 3).min(peaks.len())];
        if db(peak) < FLOOR_DB || near.iter().any(|&other| other > peak) {
            continue;
        }
        // The louder side counts: a drum has its peers after it, a note that ends has them before.
        let before = third_loudest(&peaks[n.saturating_sub(reach)..n.saturating_sub(1)]);
        let after = third_loudest(&peaks[(n + 2).min(peaks.len())..(n + reach).min(peaks.len())]);
        let prominence_db = db(peak / before.max(after).max(1e-7));
        let from = n * bin;
        let within = &surprise[from..(from + bin).min(surprise.len())];
        let sample = from + within.iter().position(|&value| value == peak).unwrap_or(0);
        let new = clicks
            .last()
            .is_none_or(|last| sample > last.sample + 3 * bin);
        if prominence_db >= PROMINENCE_DB && new {
            clicks.push(Click {
                sample,
                step_db: db(peak),
                prominence_db,
            });
        }
    }
    clicks
}

fn db(value: f64) -> f64 {
    20.0 * value.abs().max(1e-15).log10()
}

fn third_loudest(peaks: &[f64]) -> f64 {
    let mut loudest = [0.0f64; 3];
    for &peak in peaks {
        if peak > loudest[2] {
            loudest[2] = peak;
            loudest.sort_by(|a, b| b.total_cmp(a));
        }
    }
    loudest[2]
}

/// For each seam between two samples the smaller of the errors of predicting across it forwards and backwards: an onset can't
/// be foreseen but is clear in hindsight, a click is neither.
fn two_sided_error(x: &[f64]) -> Vec<f64> {
    let mut error = vec![0.0f64; x.len()];
    let hop = FRAME / 2;
    let mut start = 0;
    while start < x.len() {
        // The model is fitted to a frame around the hop that it is used for.
        let end = (start + hop).min(x.len());
        let around = &x[start.saturating_sub(hop / 2)..(end + hop / 2).min(x.len())];
        if let Some(model) = robust_model(around) {
            for n in start..end {
                let ahead = |k: usize| x.get(n + k).copied().unwrap_or(0.0);
                let behind = |k: usize| n.checked_sub(k).map_or(0.0, |n| x[n]);
                let forward: f64 = (0..=ORDER).map(|k| model[k] * behind(k)).sum();
                let across: f64 = (1..=ORDER).map(|k| model[k] * ahead(k - 1)).sum();
                let backward = model[0] * behind(1) + across;
                error[n] = forward.abs().min(backward.abs());
            }
        }
        start = end;
    }
    error
}

/// Fitted once, then again without what the first fit can't explain: else a click would teach the model to expect it.
fn robust_model(frame: &[f64]) -> Option<[f64; ORDER + 1]> {
    let first = model(frame)?;
    let error =
        |n: usize, frame: &[f64]| -> f64 { (0..=ORDER).map(|k| first[k] * frame[n - k]).sum() };
    let mut sizes: Vec<f64> = (ORDER..frame.len())
        .map(|n| error(n, frame).abs())
        .collect();
    if sizes.is_empty() {
        return Some(first);
    }
    let middle = sizes.len() / 2;
    let median = *sizes.select_nth_unstable_by(middle, f64::total_cmp).1;
    let limit = 8.0 * 1.4826 * median + 1e-12;
    let mut repaired = frame.to_vec();
    for n in ORDER..frame.len() {
        let miss = error(n, &repaired);
        if miss.abs() > limit {
            repaired[n] -= miss;
        }
    }
    model(&repaired)
}

/// Linear prediction by autocorrelation, solved after Levinson and Durbin; its first coefficient is 1.
fn model(frame: &[f64]) -> Option<[f64; ORDER + 1]> {
    let last = frame.len().max(2) as f64 - 1.0;
    let window = |n: usize| 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / last).cos();
    let shaped: Vec<f64> = frame
        .iter()
        .enumerate()
        .map(|(n, value)| value * window(n))
        .collect();
    let mut r = [0.0; ORDER + 1];
    for (lag, sum) in r.iter_mut().enumerate().take(frame.len()) {
        *sum = shaped.iter().zip(&shaped[lag..]).map(|(a, b)| a * b).sum();
    }
    if r[0] < 1e-20 {
        return None;
    }
    // A floor of −90 dB keeps the solution tame for pure tones.
    r[0] *= 1.0 + 1e-9;
    let mut a = [0.0; ORDER + 1];
    a[0] = 1.0;
    let mut left = r[0];
    for k in 1..=ORDER {
        let reflection = -(0..k).map(|j| a[j] * r[k - j]).sum::<f64>() / left;
        let before = a;
        for j in 1..=k {
            a[j] = before[j] + reflection * before[k - j];
        }
        left *= 1.0 - reflection * reflection;
        if left <= r[0] * 1e-12 {
            break;
        }
    }
    Some(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    fn tone(hz: f64, gain: f64) -> Vec<f32> {
        let step = std::f64::consts::TAU * hz / f64::from(RATE);
        (0..RATE)
            .map(|n| (gain * (f64::from(n) * step).sin()) as f32)
            .collect()
    }

    fn chord() -> Vec<f32> {
        let notes = [220.0, 277.2, 329.6, 440.0].map(|hz| tone(hz, 0.2));
        (0..RATE as usize)
            .map(|n| notes.iter().map(|note| note[n]).sum())
            .collect()
    }

    fn noise() -> Vec<f32> {
        let mut state = 0x2545_f491_4f6c_dd1du64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..RATE).map(|_| 0.4 * next()).collect()
    }

    fn square() -> Vec<f32> {
        (0..RATE)
            .map(|n| if (n / 109) % 2 == 0 { 0.5 } else { -0.5 })
            .collect()
    }

    #[test]
    fn clean_signals_have_none() {
        let plucks: Vec<f32> = tone(330.0, 0.4)
            .iter()
            .enumerate()
            .map(|(n, value)| {
                let t = (n % 12_000) as f32;
                // 2 ms in, 40 ms out before the next one.
                let edge = (t / 96.0).min(1.0) * ((12_000.0 - t) / 1_920.0).min(1.0);
                let edge = edge * edge * (3.0 - 2.0 * edge);
                value * edge * (-t / 6_000.0).exp()
            })
            .collect();
        for (name, x) in [
            ("sine", tone(440.0, 0.7)),
            ("high sine", tone(12_000.0, 0.7)),
            ("chord", chord()),
            ("noise", noise()),
            ("square", square()),
            ("plucks", plucks),
            ("silence", vec![0.0; RATE as usize]),
        ] {
            assert_eq!(find(&x, RATE), [], "{name}");
        }
    }

    #[test]
    fn steps_in_smooth_signals_are_found_where_they_are() {
        for (name, clean) in [("sine", tone(440.0, 0.7)), ("chord", chord())] {
            for step_db in [-20.0f32, -40.0, -50.0] {
                for at in [14_407, 24_000, 33_333] {
                    let mut x = clean.clone();
                    let step = 10f32.powf(step_db / 20.0);
                    for (n, value) in x[at..].iter_mut().enumerate() {
                        *value += step * (-(n as f32) / 480.0).exp();
                    }
                    let found = find(&x, RATE);
                    let hit = found.iter().any(|click| click.sample.abs_diff(at) < 96);
                    assert!(hit, "{step_db} dB in {name} at {at}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn a_difference_is_measured_and_placed() {
        let x = chord();
        let mut y = x.clone();
        assert_eq!(difference(&x, &y).first, None);
        y[1_000] += 0.01;
        let found = difference(&x, &y);
        assert_eq!((found.first, found.differing), (Some(1_000), 1));
        assert!((found.peak_db + 40.0).abs() < 0.01, "{}", found.peak_db);
        y[2_000] = f32::NAN;
        assert!(
            difference(&x, &y).peak_db > 200.0,
            "not a number is no small difference"
        );
    }
}
