//! The reading end of a probe: frames of one port of a graph that plays. Read by whoever shows them, never by an engine.
use std::fmt;
use std::sync::{Mutex, PoisonError};

use ringbuf::HeapCons;
use ringbuf::traits::Consumer;

pub struct ProbeFeed {
    frames: Mutex<HeapCons<f32>>,
}

impl fmt::Debug for ProbeFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProbeFeed")
    }
}

impl ProbeFeed {
    pub fn new(frames: HeapCons<f32>) -> Self {
        Self {
            frames: Mutex::new(frames),
        }
    }

    /// Appends what came since the last call.
    pub fn read(&self, into: &mut Vec<f32>) {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        into.extend(frames.pop_iter());
    }
}
