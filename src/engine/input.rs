//! What comes in: captured by a device, put on the timeline by the callback, read by both engines by frame number, so that both
//! slots hear the same and a swap changes nothing.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::dsp::{BLOCK, StereoBlock, frame_ring::FrameRing};

/// Frames that a device may be ahead of the callback: 1.4 s at 48 kHz.
const CAPTURED: usize = 1 << 16;
/// Frames on the timeline: more than any lead, and what a standby lags behind.
const ON_TIMELINE: usize = 1 << 17;

/// What lies between an input device and the engines.
#[derive(Debug, Default)]
pub struct InputTape {
    /// A megabyte and a half, which patches that hear nothing don't need.
    rings: OnceLock<Rings>,
    /// The most frames that a device brought at once.
    pub largest: AtomicU32,
    /// Frames that an engine wanted before they were there.
    pub late: AtomicU64,
}

#[derive(Debug)]
pub struct Rings {
    /// Counted from the first frame that any device brought. Written by the one device that is open.
    pub captured: FrameRing,
    /// Counted as the timeline. Written by the callback.
    pub timeline: FrameRing,
}

impl InputTape {
    /// For whoever opens a device, before its first frame. Allocates.
    pub fn open(&self) -> &Rings {
        self.rings.get_or_init(|| Rings {
            captured: FrameRing::new(CAPTURED),
            timeline: FrameRing::new(ON_TIMELINE),
        })
    }

    /// None where nothing was ever opened.
    pub fn rings(&self) -> Option<&Rings> {
        self.rings.get()
    }

    /// Frames that any device has brought.
    pub fn brought(&self) -> u64 {
        self.rings().map_or(0, |rings| rings.captured.end())
    }

    /// An open device brings frames. One thread at a time; realtime.
    pub fn capture(&self, frames: &[[f32; 2]]) {
        self.largest.fetch_max(frames.len() as u32, Relaxed);
        if let Some(rings) = self.rings() {
            rings.captured.push(frames);
        }
    }

    /// The block of the timeline that begins at a frame; none where nothing ever came in. Realtime.
    pub fn block(&self, frame: u64) -> Option<StereoBlock> {
        let timeline = &self.rings()?.timeline;
        if timeline.end() == 0 {
            return None;
        }
        let mut block = [[0.0; 2]; BLOCK];
        let late = timeline.read(frame, &mut block);
        if late > 0 {
            self.late.fetch_add(late as u64, Relaxed);
        }
        Some(block)
    }
}
