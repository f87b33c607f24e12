//! One callback, handed from a device that was lost to the one that takes its place. Run by the device's thread.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, TryLockError};

use super::device::{CallbackInfo, Fill};

/// Owns the callback, so that a device which hangs keeps nothing that the next one needs. At any moment one connection is
/// its owner; every other that still calls gets silence.
#[derive(Default)]
pub struct FillCell {
    owner: AtomicU32,
    /// Devices only ever `try_lock`: one compare-and-swap, never a wait. It fails only in the moment of a hand-over, and the
    /// device then plays silence.
    fill: Mutex<Option<Fill>>,
    panicked: AtomicBool,
}

impl FillCell {
    /// Puts the callback in; calls begin with the owner's next request. Not for audio threads.
    pub fn put(&self, fill: Fill) {
        let previous = match self.fill.lock() {
            Ok(mut place) => place.replace(fill),
            Err(poisoned) => poisoned.into_inner().replace(fill),
        };
        drop(previous);
    }

    /// Makes `owner` the only connection that is served. Not for audio threads.
    pub fn give_to(&self, owner: u32) {
        // Release: whoever reads its own number also sees what was prepared for it.
        self.owner.store(owner, Ordering::Release);
    }

    /// The callback panicked once and is not called again: its state can't be trusted.
    pub fn has_panicked(&self) -> bool {
        self.panicked.load(Ordering::Relaxed)
    }

    /// Fills `out`, with silence where `owner` is not the one to be served. Realtime.
    pub fn serve(&self, owner: u32, out: &mut [[f32; 2]], info: CallbackInfo) {
        if self.owner.load(Ordering::Acquire) != owner || self.has_panicked() {
            return out.fill([0.0; 2]);
        }
        let mut place = match self.fill.try_lock() {
            Ok(place) => place,
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => return out.fill([0.0; 2]),
        };
        let Some(fill) = place.as_mut() else {
            return out.fill([0.0; 2]);
        };
        if catch_unwind(AssertUnwindSafe(|| fill(out, info))).is_err() {
            self.panicked.store(true, Ordering::Relaxed);
            out.fill([0.0; 2]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: CallbackInfo = CallbackInfo {
        now_ns: 0,
        latency_ns: None,
    };

    #[test]
    fn only_the_owner_is_served_and_hand_over_loses_no_frame() {
        let cell = FillCell::default();
        let mut out = [[9.0; 2]; 3];
        cell.give_to(1);
        cell.serve(1, &mut out, INFO);
        assert_eq!(out, [[0.0; 2]; 3], "silence before the callback is there");

        let mut next = 0.0;
        cell.put(Box::new(move |out, _| {
            for frame in out {
                next += 1.0;
                *frame = [next; 2];
            }
        }));
        cell.serve(1, &mut out, INFO);
        cell.give_to(2);
        let mut late = [[9.0; 2]; 2];
        cell.serve(1, &mut late, INFO);
        assert_eq!(late, [[0.0; 2]; 2], "the lost device gets silence");
        cell.serve(2, &mut out, INFO);
        assert_eq!(
            out,
            [[4.0; 2], [5.0; 2], [6.0; 2]],
            "the next device goes on where the first one ended"
        );
    }

    #[test]
    fn a_panicking_callback_is_silenced_for_good() {
        let cell = FillCell::default();
        cell.give_to(1);
        cell.put(Box::new(|_, _| panic!("broken")));
        for _ in 0..2 {
            let mut out = [[9.0; 2]; 3];
            cell.serve(1, &mut out, INFO);
            assert_eq!(out, [[0.0; 2]; 3]);
        }
        assert!(cell.has_panicked());
    }
}
