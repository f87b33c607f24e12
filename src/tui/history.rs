//! The last minute of the meters, for the Diagnostics screen.
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::control::reading::Reading;

const EVERY: Duration = Duration::from_millis(250);
const KEPT: usize = 240;

/// What is kept of a reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Both engines' CPU time over real time.
    pub load: f32,
    /// Share of the lead that the audible ring held at its lowest.
    pub ring: f32,
    pub none_reads: f32,
    pub xruns: f32,
    pub rms: [f32; 2],
    /// Frames of the screen a second.
    pub fps: f32,
}

/// A minute of samples.
#[derive(Default)]
pub struct History {
    samples: VecDeque<Sample>,
    last: Option<Instant>,
    totals: (u64, u64),
    /// Looks since the last sample.
    looks: u32,
    pub frozen: bool,
}

impl History {
    pub fn update(&mut self, reading: &Reading, now: Instant) {
        self.looks += 1;
        if self.last.is_some_and(|last| now < last + EVERY) {
            return;
        }
        let first = self.last.is_none();
        let since_last = self.last.map_or(EVERY, |last| now - last);
        let fps = std::mem::take(&mut self.looks) as f32 / since_last.as_secs_f32().max(1e-3);
        self.last = Some(now);
        let totals = (reading.none_reads(), reading.xruns);
        let before = std::mem::replace(&mut self.totals, totals);
        if self.frozen {
            return;
        }
        let since = |now: u64, before: u64| match first {
            true => 0.0,
            false => now.saturating_sub(before) as f32,
        };
        let live = reading.slots[reading.live.min(1)];
        if self.samples.len() == KEPT {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            load: reading.slots.iter().map(|s| s.load).sum(),
            ring: live.ring as f32 / live.ring_size.max(1) as f32,
            none_reads: since(totals.0, before.0),
            xruns: since(totals.1, before.1),
            rms: reading.slots.map(|s| s.rms[0].max(s.rms[1])),
            fps,
        });
    }

    pub fn toggle_freeze(&mut self) {
        self.frozen = !self.frozen;
    }

    /// The newest `columns` values of the whole minute, each the highest of its stretch; oldest first.
    pub fn columns(&self, columns: usize, value: impl Fn(&Sample) -> f32) -> Vec<Option<f32>> {
        let columns = columns.max(1);
        (0..columns)
            .map(|column| {
                let from = column * KEPT / columns;
                let to = ((column + 1) * KEPT / columns).max(from + 1);
                let missing = KEPT - self.samples.len();
                (from..to)
                    .filter_map(|i| self.samples.get(i.checked_sub(missing)?))
                    .map(&value)
                    .reduce(f32::max)
            })
            .collect()
    }

    pub fn newest(&self) -> Sample {
        self.samples.back().copied().unwrap_or_default()
    }

    pub fn max(&self, value: impl Fn(&Sample) -> f32) -> f32 {
        self.samples.iter().map(value).fold(0.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_kept_and_counts_are_per_sample() {
        let (mut history, start) = (History::default(), Instant::now());
        let mut reading = Reading::default();
        for n in 0..300u32 {
            reading.xruns = u64::from(n / 10);
            history.update(&reading, start + EVERY * n);
            history.update(&reading, start + EVERY * n + EVERY / 2);
        }
        assert_eq!(history.samples.len(), KEPT);
        assert_eq!(history.max(|s| s.xruns), 1.0);
        assert_eq!(history.columns(24, |s| s.xruns), [Some(1.0); 24]);
    }
}
