//! What comes in: captured by a device, put on the timeline by the callback, read by both engines by frame number, so that both
//! slots hear the same and a swap changes nothing.
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::dsp::{BLOCK, StereoBlock, frame_ring::FrameRing};

/// Frames that a device may be ahead of the callback: 1.4 s at 48 kHz.
const CAPTURED: usize = 1 << 16;
/// Frames on the timeline: more than any lead, and what a standby lags behind.
const ON_TIMELINE: usize = 1 << 17;

/// Both rings between an input device and the engines.
#[derive(Debug)]
pub struct InputTape {
    /// Counted from the first frame that any device brought. Written by the one device that is open.
    pub captured: FrameRing,
    /// Counted as the timeline. Written by the callback.
    pub timeline: FrameRing,
    /// The most frames that a device brought at once.
    pub largest: AtomicU32,
    /// Frames that an engine wanted before they were there.
    pub late: AtomicU64,
}

impl Default for InputTape {
    fn default() -> Self {
        Self {
            captured: FrameRing::new(CAPTURED),
            timeline: FrameRing::new(ON_TIMELINE),
            largest: AtomicU32::new(0),
            late: AtomicU64::new(0),
        }
    }
}

impl InputTape {
    /// A device brings frames. One thread at a time; realtime.
    pub fn capture(&self, frames: &[[f32; 2]]) {
        self.largest.fetch_max(frames.len() as u32, Relaxed);
        self.captured.push(frames);
    }

    /// The block of the timeline that begins at a frame; none where nothing ever came in. Realtime.
    pub fn block(&self, frame: u64) -> Option<StereoBlock> {
        if self.timeline.end() == 0 {
            return None;
        }
        let mut block = [[0.0; 2]; BLOCK];
        let late = self.timeline.read(frame, &mut block);
        if late > 0 {
            self.late.fetch_add(late as u64, Relaxed);
        }
        Some(block)
    }
}
