//! Durations counted by size: written by one realtime thread without a lock, read by anyone.
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Buckets an octave: a percentile is told to within 9 %.
const STEPS: u32 = 8;
/// 2^8 ns to 2^32 ns: a quarter of a microsecond to four seconds.
const LOWEST: u32 = 8;
const OCTAVES: u32 = 24;
const BUCKETS: usize = (STEPS * OCTAVES) as usize;

/// Counts of durations since the last reset. Relaxed throughout: every bucket stands alone.
#[derive(Debug)]
pub struct Histogram {
    counts: [AtomicU32; BUCKETS],
    max_ns: AtomicU32,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: [const { AtomicU32::new(0) }; BUCKETS],
            max_ns: AtomicU32::new(0),
        }
    }
}

impl Histogram {
    /// Realtime; one writer.
    pub fn add(&self, ns: u64) {
        let ns = u32::try_from(ns).unwrap_or(u32::MAX);
        self.counts[bucket(ns)].fetch_add(1, Relaxed);
        self.max_ns.fetch_max(ns, Relaxed);
    }

    pub fn reset(&self) {
        for count in &self.counts {
            count.store(0, Relaxed);
        }
        self.max_ns.store(0, Relaxed);
    }

    pub fn count(&self) -> u64 {
        self.counts.iter().map(|c| u64::from(c.load(Relaxed))).sum()
    }

    /// Nanoseconds that this share (0..=1) of all durations does not exceed; 0 before the first.
    pub fn quantile(&self, share: f64) -> u64 {
        let total = self.count();
        if total == 0 {
            return 0;
        }
        let wanted = ((share * total as f64).ceil() as u64).clamp(1, total);
        let mut seen = 0;
        for (i, count) in self.counts.iter().enumerate() {
            seen += u64::from(count.load(Relaxed));
            if seen >= wanted {
                return upper_edge(i).min(self.max());
            }
        }
        self.max()
    }

    /// How many took up to a sixteenth, an eighth, a quarter, a half, the whole of a budget, and more.
    pub fn spread(&self, budget_ns: u64) -> [u32; 6] {
        let mut parts = [0u32; 6];
        for (i, count) in self.counts.iter().enumerate() {
            // Half a step lower than its upper edge: a bucket is where its middle is.
            let edge = upper_edge(i) - upper_edge(i) / (4 * u64::from(STEPS));
            let part = (0..5).find(|p| edge <= budget_ns >> (4 - p)).unwrap_or(5);
            parts[part] += count.load(Relaxed);
        }
        // The longest one is known exactly: what it is not over, none is.
        if self.max() <= budget_ns {
            parts[4] += std::mem::take(&mut parts[5]);
        }
        parts
    }

    pub fn max(&self) -> u64 {
        u64::from(self.max_ns.load(Relaxed))
    }
}

/// Octave from the leading bit, step from the three bits after it.
fn bucket(ns: u32) -> usize {
    let ns = ns.max(1 << LOWEST);
    let octave = ns.ilog2();
    let step = (ns >> (octave - STEPS.ilog2())) & (STEPS - 1);
    (((octave - LOWEST) * STEPS + step) as usize).min(BUCKETS - 1)
}

fn upper_edge(bucket: usize) -> u64 {
    let (octave, step) = (bucket as u32 / STEPS + LOWEST, bucket as u32 % STEPS);
    (u64::from(STEPS + step + 1) << octave) / u64::from(STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_told_to_within_a_step() {
        let h = Histogram::default();
        assert_eq!(h.quantile(0.5), 0);
        for us in 1..=1_000u64 {
            h.add(us * 1_000);
        }
        for (share, exact) in [(0.5, 500_000.0), (0.99, 990_000.0), (1.0, 1_000_000.0)] {
            let told = h.quantile(share) as f64;
            assert!((exact..=exact * 1.13).contains(&told), "{share}: {told}");
        }
        assert_eq!(h.max(), 1_000_000);
        h.reset();
        assert_eq!((h.count(), h.max()), (0, 0));
    }

    #[test]
    fn every_duration_has_a_bucket_that_holds_it() {
        for ns in (0..=u64::from(u32::MAX)).step_by(7_919_773) {
            let edge = upper_edge(bucket(ns as u32));
            assert!(edge >= ns.max(1 << LOWEST) || edge >= u64::from(u32::MAX));
        }
        Histogram::default().add(u64::MAX);
    }
}
