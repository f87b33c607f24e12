//! What the device was given, on its way to whoever records it. The writing end is the callback's.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// What the reader may be behind: 2.7 s at 48 kHz.
const TAPE_FRAMES: usize = 1 << 17;

/// The callback's end.
pub struct TapeIn {
    ring: HeapProd<[f32; 2]>,
    missed: Arc<AtomicU64>,
}

/// The end of the one who records.
pub struct TapeOut {
    ring: HeapCons<[f32; 2]>,
    missed: Arc<AtomicU64>,
}

pub fn tape() -> (TapeIn, TapeOut) {
    let (input, output) = HeapRb::new(TAPE_FRAMES).split();
    let missed = Arc::new(AtomicU64::new(0));
    (
        TapeIn {
            ring: input,
            missed: missed.clone(),
        },
        TapeOut {
            ring: output,
            missed,
        },
    )
}

impl TapeIn {
    /// Realtime. Frames for which there is no room are missed, and counted.
    pub fn push(&mut self, frames: &[[f32; 2]]) {
        let taken = self.ring.push_slice(frames);
        if taken < frames.len() {
            let missed = (frames.len() - taken) as u64;
            self.missed.fetch_add(missed, Relaxed);
        }
    }
}

impl TapeOut {
    /// Moves what there is into `block`; how many frames that were.
    pub fn pop(&mut self, block: &mut [[f32; 2]]) -> usize {
        self.ring.pop_slice(block)
    }

    /// Frames that found no room since the last call.
    pub fn missed(&self) -> u64 {
        self.missed.swap(0, Relaxed)
    }
}
