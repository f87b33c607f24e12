//! How long something has hung, as far as whoever watches it was there to see: on a busy machine, or in a process that was
//! stopped, the watched thread did not run for the same reason as the watcher. Pure arithmetic.
use std::time::Duration;

/// What passes between two looks counts as no more than this.
const LOOK: Duration = Duration::from_millis(25);

/// Watches one thing that begins and ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    /// What is going on, by the time it began; 0: nothing.
    since_ns: u64,
    looked: Duration,
    seen: Duration,
}

impl Patience {
    /// Takes a look at what began at `since_ns` of its own clock (0: nothing is going on), and returns how long it has been seen.
    pub fn look(&mut self, since_ns: u64, now: Duration) -> Duration {
        let passed = now.saturating_sub(self.looked);
        self.looked = now;
        if since_ns == 0 || since_ns != self.since_ns {
            (self.since_ns, self.seen) = (since_ns, Duration::ZERO);
        } else {
            self.seen += passed.min(LOOK);
        }
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_hangs_is_seen_to_hang() {
        let mut patience = Patience::default();
        let mut seen = Duration::ZERO;
        for n in 0..=60 {
            seen = patience.look(7, ms(5 * n));
        }
        assert_eq!(seen, ms(300));
    }

    #[test]
    fn another_block_begins_anew() {
        let mut patience = Patience::default();
        for n in 1..1_000 {
            assert_eq!(patience.look(n, ms(10 * n)), Duration::ZERO);
        }
        assert_eq!(patience.look(0, ms(20_000)), Duration::ZERO);
    }

    #[test]
    fn a_watcher_that_slept_has_seen_little() {
        let mut patience = Patience::default();
        patience.look(7, ms(0));
        // The process was stopped for a minute in the middle of a block.
        assert_eq!(patience.look(7, ms(60_000)), LOOK);
        assert_eq!(patience.look(7, ms(60_004)), LOOK + ms(4));
    }
}
