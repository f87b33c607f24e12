//! What each module of a graph costs: measured by the thread that renders it, in one block of sixteen, and told in atomics. No lock,
//! no allocation; the clock is read without a system call.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

use super::plan::Place;

/// One block of so many is measured.
const EVERY: u32 = 16;
/// The cheapest of so many measurements counts: 170 ms. A thread that was interrupted in one of them does not look slow.
const KEPT: usize = 8;

/// Nanoseconds that a block of each module takes, in the order of the patch. Each number stands alone, so Relaxed.
#[derive(Debug, Default)]
pub struct Costs {
    ns: Vec<AtomicU32>,
}

impl Costs {
    pub fn len(&self) -> usize {
        self.ns.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ns.is_empty()
    }

    /// 0 before the first measurement.
    pub fn ns(&self, module: usize) -> u32 {
        self.ns.get(module).map_or(0, |ns| ns.load(Relaxed))
    }

    /// All modules together.
    pub fn total_ns(&self) -> u64 {
        self.ns.iter().map(|ns| u64::from(ns.load(Relaxed))).sum()
    }

    /// The module that costs most, and what.
    pub fn dearest(&self) -> Option<(usize, u32)> {
        let all = (0..self.len()).map(|i| (i, self.ns(i)));
        all.max_by_key(|(_, ns)| *ns).filter(|(_, ns)| *ns > 0)
    }

    /// For whoever plays a graph in a test.
    pub fn with(ns: &[u32]) -> Self {
        Self {
            ns: ns.iter().map(|ns| AtomicU32::new(*ns)).collect(),
        }
    }
}

/// The measuring end, in the graph.
pub struct Meter {
    shared: Arc<Costs>,
    blocks: u32,
    turn: usize,
    last: Instant,
    told: bool,
    /// For each unit: the latest measurements, and how many modules of the patch it stands for.
    units: Vec<([u32; KEPT], u32)>,
}

impl Meter {
    /// For a graph whose modules stand in these places. Allocates.
    pub fn new(units: usize, places: &[Place]) -> (Self, Arc<Costs>) {
        let mut all = vec![([0; KEPT], 0); units];
        for place in places {
            all[place.unit].1 += 1;
        }
        let shared = Arc::new(Costs::with(&vec![0; places.len()]));
        let meter = Self {
            shared: shared.clone(),
            blocks: 0,
            turn: 0,
            last: Instant::now(),
            told: false,
            units: all,
        };
        (meter, shared)
    }

    /// At the start of a block; true where this one is measured.
    #[inline]
    pub fn begin(&mut self) -> bool {
        self.blocks = self.blocks.wrapping_add(1);
        if !self.blocks.is_multiple_of(EVERY) {
            return false;
        }
        for (samples, _) in &mut self.units {
            samples[self.turn] = 0;
        }
        self.last = Instant::now();
        true
    }

    /// A unit, or one lane group of it, was rendered.
    pub fn mark(&mut self, unit: usize) {
        let now = Instant::now();
        let ns = now.duration_since(self.last).as_nanos();
        self.last = now;
        let sample = &mut self.units[unit].0[self.turn];
        *sample = sample.saturating_add(u32::try_from(ns).unwrap_or(u32::MAX));
    }

    /// At the end of a measured block. Told are the first one and then whole windows.
    pub fn publish(&mut self, places: &[Place]) {
        self.turn = (self.turn + 1) % KEPT;
        if self.turn != 1 && self.told {
            return;
        }
        self.told = true;
        for (told, place) in self.shared.ns.iter().zip(places) {
            let (samples, modules) = &self.units[place.unit];
            // Before the window is full some are 0.
            let least = samples.iter().copied().filter(|ns| *ns > 0).min();
            told.store(least.unwrap_or(0) / (*modules).max(1), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn one_interrupted_block_does_not_look_like_a_slow_module() {
        let place = |unit| Place { unit, instance: 0 };
        let places = [place(0), place(1), place(1)];
        let (mut meter, costs) = Meter::new(2, &places);
        for block in 0..EVERY * (KEPT as u32 + 1) {
            if meter.begin() {
                // The second block takes long once.
                let pause = if block > EVERY * 2 { 0 } else { 3 };
                std::thread::sleep(std::time::Duration::from_millis(pause));
                meter.mark(0);
                meter.mark(1);
                meter.publish(&places);
            }
        }
        assert!(
            costs.ns(0) > 0 && costs.ns(0) < 1_000_000,
            "{}",
            costs.ns(0)
        );
        assert_eq!(costs.ns(1), costs.ns(2));
        assert_eq!(costs.len(), 3);
    }
}
