//! What an engine hands to the callback: tagged blocks in a ring of their own. Written by the engine, read by the callback.
use std::sync::Arc;

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::wake::Waker;
use crate::dsp::{BLOCK, StereoBlock};

/// Blocks that a ring can hold: 1.4 s at 48 kHz. The lead target decides how many of them are in use; the rest is there for a
/// host that asks for 8,192 frames in bursts, and for the blocks of a graph that was replaced before they were read.
pub const RING_BLOCKS: usize = 1_024;

/// 64 frames of one slot, with whose they are and when.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Of the graph that rendered it.
    pub generation: u32,
    /// Timeline frame of the first of the 64. A multiple of 64: both slots render on one grid.
    pub first_frame: u64,
    /// When the oldest key press that this block is the first to sound was made, in nanoseconds of the audio clock; 0: none.
    pub sent_ns: u64,
    /// Largest magnitude, left and right.
    pub peak: [f32; 2],
    /// Sum of squares, left and right.
    pub squares: [f32; 2],
    pub frames: StereoBlock,
}

impl Block {
    pub const SILENCE: Self = Self {
        generation: 0,
        first_frame: 0,
        sent_ns: 0,
        peak: [0.0; 2],
        squares: [0.0; 2],
        frames: [[0.0; 2]; BLOCK],
    };

    /// The frame after its last.
    pub fn end(&self) -> u64 {
        self.first_frame + BLOCK as u64
    }
}

/// The engine's end of a ring. When it is full the engine waits.
pub struct Writer {
    pub(super) blocks: HeapProd<Block>,
}

/// The callback's end of a ring, with the way to wake the engine behind it.
pub struct Feed {
    blocks: HeapCons<Block>,
    waker: Arc<Waker>,
}

/// A new ring: for each incarnation of an engine. Allocates.
pub fn ring(waker: Arc<Waker>) -> (Box<Writer>, Box<Feed>) {
    let (producer, consumer) = HeapRb::new(RING_BLOCKS).split();
    let feed = Feed {
        blocks: consumer,
        waker,
    };
    (Box::new(Writer { blocks: producer }), Box::new(feed))
}

impl Writer {
    pub fn is_full(&self) -> bool {
        self.blocks.is_full()
    }

    /// False where the ring is full.
    pub fn push(&mut self, block: Block) -> bool {
        self.blocks.try_push(block).is_ok()
    }
}

impl Feed {
    pub fn len(&self) -> usize {
        self.blocks.occupied_len()
    }

    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The oldest block.
    pub fn front(&self) -> Option<&Block> {
        self.blocks.first()
    }

    /// The newest block.
    pub fn back(&self) -> Option<&Block> {
        self.blocks.last()
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter()
    }

    pub fn pop(&mut self) -> Option<Block> {
        self.blocks.try_pop()
    }

    /// Throws the oldest `count` away unread.
    pub fn discard(&mut self, count: usize) {
        self.blocks.skip(count);
    }

    /// Wakes the engine, which looks whether there is room.
    pub fn wake(&self) {
        self.waker.wake();
    }
}
