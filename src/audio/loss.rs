//! Decides from its signs of life whether a device is lost. Run by the keeper's thread.
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use super::stream::{Connection, Vitals};

pub(super) const MS: u64 = 1_000_000;
/// A device that is this much later than its own longest block is lost.
pub(super) const SILENT_NS: u64 = 200 * MS;
/// Sound servers take up to 1.3 s to settle after the start, with one long gap in it.
const SETTLING_NS: u64 = 3_000 * MS;
pub(super) const SILENT_WHILE_SETTLING_NS: u64 = 2_500 * MS;
/// Errors without a single callback between them that make a device lost (ALSA's plug-ins report some 300 a ms for ever
/// when their server is gone).
const ERRORS_IN_A_ROW: u64 = 100;
/// Clocks faster than this factor are none (ALSA's `null` calls as fast as it can).
const RUNAWAY: u64 = 4;

/// A device that is served, under watch.
pub(super) struct Watch {
    pub connection: Connection,
    since_ns: u64,
    /// Callbacks and errors when a callback was last seen.
    errors_at: (u64, u64),
}

impl Watch {
    pub fn new(connection: Connection, now: u64) -> Self {
        Self {
            connection,
            since_ns: now,
            errors_at: (0, 0),
        }
    }

    /// Why the device has to be given up, if it has.
    pub fn lost(&mut self, now: u64, lenient_until_ns: u64) -> Option<String> {
        let vitals = &self.connection.vitals;
        let calls = vitals.callbacks.load(Ordering::Relaxed);
        if vitals.lost.load(Ordering::Relaxed) {
            return Some(take(&vitals.why).unwrap_or_else(|| "the device is gone".into()));
        }
        let errors = vitals.errors.load(Ordering::Relaxed);
        if calls != self.errors_at.0 {
            self.errors_at = (calls, errors);
        } else if errors > self.errors_at.1 + ERRORS_IN_A_ROW {
            return Some(
                take(&vitals.why).unwrap_or_else(|| "the device reports nothing but errors".into()),
            );
        }
        if now < lenient_until_ns {
            return None;
        }
        let rate = u64::from(self.connection.rate);
        let age = now.saturating_sub(self.since_ns);
        let frames = vitals.frames.load(Ordering::Relaxed);
        // A second's worth is allowed at once: servers fill their own buffers first.
        if age > 500 * MS
            && frames > rate + RUNAWAY * (u128::from(age) * u128::from(rate) / 1_000_000_000) as u64
        {
            return Some("the device has no clock: it takes sound as fast as it can".into());
        }
        let (last_ns, settling) = match calls {
            0 => (self.since_ns, true),
            _ => (vitals.last_ns.load(Ordering::Relaxed), age < SETTLING_NS),
        };
        let block_ns =
            u64::from(vitals.largest_frames.load(Ordering::Relaxed)) * 1_000_000_000 / rate;
        let patience = if settling {
            SILENT_WHILE_SETTLING_NS
        } else {
            SILENT_NS + block_ns.min(2_000 * MS)
        };
        let silent_ns = now.saturating_sub(last_ns);
        (silent_ns > patience).then(|| format!("no callback for {} ms", silent_ns / MS))
    }
}

pub(super) fn take(place: &Mutex<Option<String>>) -> Option<String> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Vitals {
    /// From error callbacks, which may run on an audio thread: it tries, and never waits.
    pub fn note(&self, text: String) {
        if let Ok(mut note) = self.note.try_lock() {
            *note = Some(text);
        }
    }

    /// Remembered for the case that the device is given up.
    pub fn suspect(&self, why: String) {
        if let Ok(mut place) = self.why.try_lock() {
            place.get_or_insert(why);
        }
    }

    pub fn fail(&self, why: String) {
        self.suspect(why);
        self.lost.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::stream::{Closing, Shared};
    use super::*;

    /// A device of 480 frames (10 ms) at 48 kHz that calls on a scripted clock, and who watches it.
    struct Bench {
        watch: Watch,
        vitals: Arc<Vitals>,
        now: u64,
    }

    impl Bench {
        fn new() -> Self {
            let server = Shared::new().server();
            let vitals = Arc::clone(server.vitals());
            let connection = Connection {
                name: "bench".into(),
                id: None,
                rate: 48_000,
                period: 480,
                owner: server.owner(),
                vitals: Arc::clone(&vitals),
                closing: Closing::Prompt,
                _hold: Box::new(()),
            };
            Self {
                watch: Watch::new(connection, 0),
                vitals,
                now: 0,
            }
        }

        /// Runs for a time, with callbacks or without; the first reason to give the device up, and when.
        fn run(&mut self, ms: u64, calls: bool) -> Option<(u64, String)> {
            for _ in 0..ms / 10 {
                self.now += 10 * MS;
                if calls {
                    self.vitals.called(self.now, 480);
                }
                if let Some(why) = self.watch.lost(self.now, 0) {
                    return Some((self.now / MS, why));
                }
            }
            None
        }
    }

    #[test]
    fn a_device_that_falls_silent_is_lost_within_250_ms_of_its_block() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(10_000, true), None);
        let (when, why) = bench.run(10_000, false).expect("lost");
        assert!((10_200..=10_250).contains(&when), "{when} ms: {why}");
        assert!(why.contains("no callback"), "{why}");
    }

    #[test]
    fn a_server_may_settle_but_not_for_ever() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(100, true), None);
        assert_eq!(
            bench.run(1_300, false),
            None,
            "one long gap after the start is normal"
        );
        assert_eq!(bench.run(5_000, true), None);
        let (when, _) = Bench::new()
            .run(10_000, false)
            .expect("a device that never calls");
        assert!(when <= 2_600, "{when} ms");
    }

    #[test]
    fn silence_proves_nothing_while_the_machine_was_stopped() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(5_000, true), None);
        let lenient_until = bench.now + 60_000 * MS;
        assert_eq!(
            bench.watch.lost(bench.now + 50_000 * MS, lenient_until),
            None
        );
    }

    #[test]
    fn errors_alone_make_it_lost_and_errors_between_callbacks_do_not() {
        let mut bench = Bench::new();
        for _ in 0..500 {
            bench.vitals.errors.fetch_add(1, Ordering::Relaxed);
            assert_eq!(bench.run(10, true), None);
        }
        bench.vitals.suspect("the plug-in is broken".into());
        bench.vitals.errors.fetch_add(1_000, Ordering::Relaxed);
        let (_, why) = bench.run(20, false).expect("lost");
        assert_eq!(why, "the plug-in is broken");
    }

    #[test]
    fn a_device_without_a_clock_is_given_up() {
        let mut bench = Bench::new();
        bench.vitals.called(1, 48_000);
        assert_eq!(
            bench.run(2_000, true),
            None,
            "a second at once is a server filling its buffer"
        );
        bench
            .vitals
            .frames
            .fetch_add(48_000 * 100, Ordering::Relaxed);
        let (_, why) = bench.run(20, true).expect("lost");
        assert!(why.contains("no clock"), "{why}");
    }

    #[test]
    fn what_the_device_said_is_the_reason() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(100, true), None);
        bench.vitals.xruns.fetch_add(10, Ordering::Relaxed);
        assert_eq!(bench.run(100, true), None, "an xrun is no loss");
        bench.vitals.fail("unplugged".into());
        assert_eq!(bench.run(10, true).expect("lost").1, "unplugged");
    }
}
