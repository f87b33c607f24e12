//! What a device with four outputs hears on the second pair: the slot that is not heard, for the player's headphones. Filled and
//! read within one callback, on the device's thread; atomics only because both ends are shared with threads that open devices.
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Frames of one request at most: what a converter asks for at a time.
const FRAMES: usize = 2_048;

pub struct CuePair {
    frames: Box<[AtomicU64]>,
    /// Frames of this request that are filled.
    count: AtomicU32,
    /// Of the device that serves now.
    channels: AtomicU32,
}

impl Default for CuePair {
    fn default() -> Self {
        Self {
            frames: (0..FRAMES).map(|_| AtomicU64::new(0)).collect(),
            count: AtomicU32::new(0),
            channels: AtomicU32::new(0),
        }
    }
}

impl CuePair {
    /// At the begin of a request: nothing is there yet. Realtime. Relaxed throughout: one thread writes and reads.
    pub fn begin(&self) {
        self.count.store(0, Relaxed);
    }

    /// The next frames of the request. Realtime.
    pub fn push(&self, frames: impl Iterator<Item = [f32; 2]>) {
        let from = self.count.load(Relaxed) as usize;
        let mut at = from;
        for (place, [left, right]) in self.frames.iter().skip(from).zip(frames) {
            let packed = u64::from(left.to_bits()) << 32 | u64::from(right.to_bits());
            place.store(packed, Relaxed);
            at += 1;
        }
        self.count.store(at as u32, Relaxed);
    }

    /// A frame of the request; silence where none was filled. Realtime.
    pub fn frame(&self, index: usize) -> [f32; 2] {
        if index >= self.count.load(Relaxed) as usize {
            return [0.0; 2];
        }
        let packed = self.frames[index].load(Relaxed);
        [(packed >> 32) as u32, packed as u32].map(f32::from_bits)
    }

    /// A device with so many outputs is opened.
    pub fn opened(&self, channels: u16) {
        self.channels.store(channels.into(), Relaxed);
    }

    /// The device has a second pair.
    pub fn is_there(&self) -> bool {
        self.channels.load(Relaxed) >= 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_filled_in_order_and_the_rest_is_silence() {
        let pair = CuePair::default();
        for round in 0..3 {
            pair.begin();
            pair.push((0..5).map(|i| [i as f32 + round as f32, -0.5]));
            pair.push((5..9).map(|i| [i as f32 + round as f32, -0.5]));
            assert_eq!(pair.frame(7), [7.0 + round as f32, -0.5]);
            assert_eq!(pair.frame(9), [0.0; 2]);
        }
        pair.begin();
        assert_eq!(pair.frame(0), [0.0; 2]);
        pair.push((0..3 * FRAMES).map(|_| [1.0; 2]));
        assert_eq!(pair.frame(3 * FRAMES), [0.0; 2]);
    }
}
