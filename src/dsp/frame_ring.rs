//! Stereo frames by their running number, from one writer to any number of readers, without a lock. A reader that comes too late
//! or too early reads silence, one that lags by a whole ring reads newer frames; never is anything torn but between two frames.
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::dsp::sync::AtomicU64;

/// The newest frames of a stream.
pub struct FrameRing {
    /// Left in the upper half's bits, right in the lower's.
    frames: Box<[AtomicU64]>,
    /// Numbers of the first frame that counts, and of the one after the last.
    start: AtomicU64,
    end: AtomicU64,
}

impl FrameRing {
    /// Room for so many frames; a power of two. Allocates.
    pub fn new(len: usize) -> Self {
        let len = len.next_power_of_two();
        Self {
            frames: (0..len).map(|_| AtomicU64::new(0)).collect(),
            start: AtomicU64::new(0),
            end: AtomicU64::new(0),
        }
    }

    fn place(&self, number: u64) -> &AtomicU64 {
        &self.frames[number as usize & (self.frames.len() - 1)]
    }

    /// Writes the next frames. One thread at a time.
    #[inline]
    pub fn push(&self, frames: &[[f32; 2]]) {
        let end = self.end.load(Relaxed);
        for (number, frame) in (end..).zip(frames) {
            let bits = (frame[0].to_bits() as u64) << 32 | frame[1].to_bits() as u64;
            self.place(number).store(bits, Relaxed);
        }
        // Whoever sees the new end sees the frames before it.
        self.end.store(end + frames.len() as u64, Release);
    }

    /// Goes on at a number; what was before is silence. By the writer.
    pub fn restart(&self, at: u64) {
        self.start.store(at, Relaxed);
        self.end.store(at, Release);
    }

    /// The number of the next frame to be written.
    #[inline]
    pub fn end(&self) -> u64 {
        self.end.load(Acquire)
    }

    /// A frame, where it is there.
    #[inline]
    pub fn frame(&self, number: u64) -> [f32; 2] {
        self.read_one(number, self.end())
    }

    #[inline]
    fn read_one(&self, number: u64, end: u64) -> [f32; 2] {
        let oldest = end.saturating_sub(self.frames.len() as u64);
        if number >= end || number < oldest.max(self.start.load(Relaxed)) {
            return [0.0; 2];
        }
        let bits = self.place(number).load(Relaxed);
        [
            f32::from_bits((bits >> 32) as u32),
            f32::from_bits(bits as u32),
        ]
    }

    /// Frames from a number on; how many of them are not written yet.
    #[inline]
    pub fn read(&self, from: u64, out: &mut [[f32; 2]]) -> usize {
        let end = self.end();
        for (number, out) in (from..).zip(out.iter_mut()) {
            *out = self.read_one(number, end);
        }
        (from + out.len() as u64).saturating_sub(end.max(from)) as usize
    }
}

impl std::fmt::Debug for FrameRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FrameRing(..{})", self.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::sync::model;

    #[test]
    fn frames_are_found_by_their_number_and_else_there_is_silence() {
        model(found_by_number);
    }

    fn found_by_number() {
        let ring = FrameRing::new(8);
        ring.restart(100);
        let frames: Vec<[f32; 2]> = (0..6).map(|n| [n as f32, -(n as f32)]).collect();
        ring.push(&frames);
        assert_eq!(
            (ring.end(), ring.frame(99), ring.frame(105)),
            (106, [0.0; 2], [5.0, -5.0])
        );
        let mut out = [[9.0; 2]; 4];
        assert_eq!(ring.read(104, &mut out), 2);
        assert_eq!(out, [[4.0, -4.0], [5.0, -5.0], [0.0; 2], [0.0; 2]]);
        ring.push(&frames);
        assert_eq!(
            (ring.frame(100), ring.frame(104), ring.frame(111)),
            ([0.0; 2], [4.0, -4.0], [5.0, -5.0])
        );
    }
}
