//! Is it one unbroken sine? A sine obeys x[n+1] = c·x[n] − x[n−1]: whatever breaks it leaves a residual at that sample.

/// Residual, as a share of the amplitude, from which on a sample is a break. A smooth fade of 5 ms stays below it, the
/// rounding of 16 bits does, and a missing or doubled block is two orders above it.
const BREAK: f64 = 4e-3;
/// Breaks nearer than this are one.
const ONE_BREAK: usize = 64;

#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// First and last sample that sound.
    pub from: usize,
    pub to: usize,
    pub hz: f64,
    /// Median of the peaks of whole periods: fades don't count.
    pub amplitude: f64,
    /// Samples at which it breaks.
    pub breaks: Vec<usize>,
    /// Largest residual, as a share of the amplitude, and the sample that has it. A fade has one of its own: -96 dB of 250 ms.
    pub worst: f64,
    pub worst_at: usize,
}

/// None where it is silent.
pub fn analyse(samples: &[f32], rate: u32) -> Option<Report> {
    let x: Vec<f64> = samples.iter().map(|&sample| sample.into()).collect();
    // −80 dBFS: quieter than any tone that is meant, louder than dither.
    let sounds = |value: &f64| value.abs() > 1e-4;
    let from = x.iter().position(sounds)?;
    let to = x.iter().rposition(sounds)?;
    if to < from + rate as usize / 10 {
        return None;
    }
    let c = coefficient(&x[from..=to]);
    let hz = (c / 2.0).clamp(-1.0, 1.0).acos() / std::f64::consts::TAU * f64::from(rate);
    let amplitude = amplitude(&x[from..=to], (f64::from(rate) / hz).ceil() as usize);
    let (mut breaks, mut worst, mut worst_at) = (Vec::<usize>::new(), 0.0f64, from);
    for n in from + 1..to.saturating_sub(1) {
        let residual = (x[n + 1] - c * x[n] + x[n - 1]).abs() / amplitude;
        if (!residual.is_finite() || residual > BREAK)
            && breaks.last().is_none_or(|&last| n > last + ONE_BREAK)
        {
            breaks.push(n);
        }
        if residual > worst {
            (worst, worst_at) = (residual, n);
        }
    }
    Some(Report {
        from,
        to,
        hz,
        amplitude,
        breaks,
        worst,
        worst_at,
    })
}

/// The c of the recurrence that fits best: first over all, then without the samples that are broken.
fn coefficient(x: &[f64]) -> f64 {
    let fit = |keep: &dyn Fn(f64) -> bool, c: f64| {
        let (mut top, mut bottom) = (0.0, 0.0);
        for w in x.windows(3) {
            if keep((w[2] - c * w[1] + w[0]).abs()) {
                top += w[1] * (w[0] + w[2]);
                bottom += w[1] * w[1];
            }
        }
        if bottom > 0.0 { top / bottom } else { 2.0 }
    };
    let rough = fit(&f64::is_finite, 0.0);
    let peak = x.iter().fold(0.0f64, |peak, value| peak.max(value.abs()));
    fit(&|residual| residual < 0.05 * peak, rough)
}

fn amplitude(x: &[f64], period: usize) -> f64 {
    let mut peaks: Vec<f64> = x
        .chunks(2 * period.max(1))
        .map(|piece| {
            piece
                .iter()
                .fold(0.0f64, |peak, value| peak.max(value.abs()))
        })
        .collect();
    peaks.sort_by(f64::total_cmp);
    peaks.get(peaks.len() / 2).copied().unwrap_or(1.0).max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, seconds: f64) -> Vec<f32> {
        let step = std::f64::consts::TAU * hz / 48_000.0;
        (0..(48_000.0 * seconds) as usize)
            .map(|n| (0.3 * (n as f64 * step).sin()) as f32)
            .collect()
    }

    #[test]
    fn a_faded_sine_has_no_break_and_every_fault_is_one() {
        for hz in [55.0, 440.0, 3_520.0] {
            let mut clean = tone(hz, 1.0);
            for n in 0..480 {
                let share = n as f32 / 480.0;
                let gain = share * share * share * (share * (share * 6.0 - 15.0) + 10.0);
                clean[n] *= gain;
                clean[47_999 - n] *= gain;
            }
            let report = analyse(&clean, 48_000).expect("sound");
            assert_eq!(report.breaks, [], "{hz} Hz, worst {}", report.worst);
            assert!((report.hz - hz).abs() < 0.5, "{} Hz", report.hz);
            assert!(
                (report.amplitude - 0.3).abs() < 0.003,
                "{}",
                report.amplitude
            );

            type Fault = fn(&mut Vec<f32>);
            let faults: [(&str, Fault); 5] = [
                ("a none-read", |x| x[20_000..20_256].fill(0.0)),
                ("a block left out", |x| drop(x.drain(20_000..20_257))),
                ("a block twice", |x| x.copy_within(20_000..20_257, 20_257)),
                ("a jump in level", |x| {
                    x[20_000..].iter_mut().for_each(|value| *value *= 0.8)
                }),
                ("not a number", |x| x[20_000] = f32::NAN),
            ];
            for (name, fault) in faults {
                let mut broken = clean.clone();
                fault(&mut broken);
                let report = analyse(&broken, 48_000).expect("sound");
                assert!(
                    (1..=3).contains(&report.breaks.len()),
                    "{name} at {hz} Hz: {:?}",
                    report.breaks
                );
            }
        }
        assert_eq!(analyse(&[0.0; 48_000], 48_000), None);
    }
}
