//! Our own lock-free code in every order that two threads can take it, stale reads included: the files themselves, on loom's atomics.
#![allow(dead_code, reason = "of each file, what the orders concern")]
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

mod dsp {
    pub mod sync {
        use std::sync::atomic::Ordering::{self, Relaxed};

        pub use loom::model;
        pub use loom::thread::{Thread, current};

        loom::lazy_static! {
            static ref ORDER: loom::sync::atomic::AtomicUsize = Default::default();
        }

        /// loom's, with every order tried: of one atomic loom itself remembers the last access alone, and takes a writer that reads
        /// what it wrote before for one that nobody else concerns. Relaxed, so it brings no order of its own.
        pub struct AtomicU64(loom::sync::atomic::AtomicU64);

        impl AtomicU64 {
            pub fn new(value: u64) -> Self {
                Self(loom::sync::atomic::AtomicU64::new(value))
            }

            pub fn load(&self, order: Ordering) -> u64 {
                ORDER.fetch_add(0, Relaxed);
                self.0.load(order)
            }

            pub fn store(&self, value: u64, order: Ordering) {
                ORDER.fetch_add(0, Relaxed);
                self.0.store(value, order);
            }
        }
        /// Set before the threads part, so its own orders are not at stake.
        pub use std::sync::OnceLock;
    }
}

#[path = "../../src/dsp/frame_ring.rs"]
mod frame_ring;
#[path = "../../src/engine/wake.rs"]
mod wake;

use frame_ring::FrameRing;
use wake::Waker;

/// What frame `number` holds, never silence.
fn frame(number: u64) -> [f32; 2] {
    [number as f32 + 1.0, -(number as f32 + 1.0)]
}

/// Sides belong together, and what is there is the frame that was asked for or one of the same place a whole ring later.
fn check(number: u64, len: u64, read: [f32; 2]) {
    assert_eq!(read[0], -read[1], "torn: {read:?}");
    let found = read[0] as u64;
    if found != 0 {
        let behind = (found - 1).checked_sub(number);
        assert_eq!(behind.map(|b| b % len), Some(0), "{number}: {read:?}");
    }
}

#[test]
fn a_frame_that_is_told_is_there_in_every_order() {
    for number in 0..3 {
        loom::model(move || {
            let ring = Arc::new(FrameRing::new(2));
            let writer = {
                let ring = ring.clone();
                loom::thread::spawn(move || {
                    ring.push(&[frame(0), frame(1)]);
                    ring.push(&[frame(2)]);
                })
            };
            let end = ring.end();
            let read = ring.frame(number);
            check(number, 2, read);
            // What was told before is there, but where the second push has overtaken it: then it is silence or a newer frame.
            let kept = number < end && (number > 0 || ring.end() < 3);
            assert!(
                !kept || read != [0.0; 2],
                "frame {number} of {end} is not there"
            );
            writer.join().expect("the writer ends");
            assert_eq!((ring.frame(1), ring.frame(2)), (frame(1), frame(2)));
        });
    }
}

#[test]
fn after_a_restart_nothing_of_before_is_read_in_any_order() {
    loom::model(|| {
        let ring = Arc::new(FrameRing::new(4));
        ring.push(&[frame(0), frame(1)]);
        let writer = {
            let ring = ring.clone();
            loom::thread::spawn(move || {
                ring.restart(9);
                ring.push(&[frame(9)]);
            })
        };
        let mut out = [[7.0; 2]; 3];
        let missing = ring.read(8, &mut out);
        // Of before the restart, 8 is not written; after it, 8 is silence.
        assert_eq!(out[0], [0.0; 2]);
        check(9, 4, out[1]);
        assert_eq!(out[2], [0.0; 2]);
        if missing == 1 {
            assert_eq!(out[1], frame(9));
        }
        writer.join().expect("the writer ends");
    });
}

#[test]
fn an_engine_that_goes_to_sleep_sees_what_was_told_before_it_is_woken() {
    loom::model(|| {
        let waker = Arc::new(Waker::default());
        let told = Arc::new(dsp::sync::AtomicU64::new(0));
        waker.attach_current_thread();
        let teller = {
            let (waker, told) = (waker.clone(), told.clone());
            loom::thread::spawn(move || {
                for message in 1..=2 {
                    told.store(message, Relaxed);
                    waker.wake();
                }
            })
        };
        // The loop of the engine's thread without its net of a timeout: a wake-up that is lost is a deadlock, which loom reports.
        let mut seen = 0;
        while seen < 2 {
            let now = told.load(Relaxed);
            assert!(now >= seen, "told twice");
            if now == seen {
                loom::thread::park();
            }
            seen = now;
        }
        teller.join().expect("the teller ends");
    });
}
