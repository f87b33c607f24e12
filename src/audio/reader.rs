//! One slot's stream as the callback reads it: block by block on the timeline's grid. Realtime.
use crate::dsp::BLOCK;
use crate::engine::block::{Block, Feed};

/// The callback's place in one slot's ring.
pub struct Reader {
    feed: Box<Feed>,
    current: Block,
    /// `current` is to be played; else the slot is silent in this block.
    in_step: bool,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// It is heard: another graph must not come in without a fade.
    SameGeneration,
    /// It is not heard: the newest graph counts, what is left of older ones is thrown away.
    Newest,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The next block of the same graph.
    InStep,
    /// The first block of a graph that has reached the timeline, or caught up with it.
    Joined,
    /// It was in step, and has no block for this frame.
    Lost,
    /// It was not in step and still isn't.
    Out,
    /// A block was there, but not the one that had to follow. Must never happen.
    Broken,
}

impl Reader {
    pub fn new(feed: Box<Feed>) -> Self {
        Self {
            feed,
            current: Block::SILENCE,
            in_step: false,
        }
    }

    /// Another ring; the old one goes home.
    pub fn replace(&mut self, feed: Box<Feed>) -> Box<Feed> {
        self.in_step = false;
        self.current = Block::SILENCE;
        std::mem::replace(&mut self.feed, feed)
    }

    /// Goes on to the block at `frame`, which is on the grid.
    pub fn turn(&mut self, frame: u64, accept: Accept) -> Turn {
        let was_in_step = self.in_step;
        let lost = if was_in_step { Turn::Lost } else { Turn::Out };
        self.in_step = false;
        if accept == Accept::Newest {
            self.discard_replaced();
        }
        while let Some(front) = self.feed.front() {
            let follows = was_in_step && front.generation == self.current.generation;
            if accept == Accept::SameGeneration && front.generation != self.current.generation {
                return lost;
            }
            match front.first_frame {
                first if first == frame => {
                    // There is a front: the block of silence is never taken.
                    self.current = self.feed.pop().unwrap_or(Block::SILENCE);
                    self.in_step = true;
                    return if follows { Turn::InStep } else { Turn::Joined };
                }
                _ if follows => {
                    // Out of step from here on: the next turn looks for the timeline as after a fall-back.
                    return Turn::Broken;
                }
                first if first < frame => self.feed.discard(1),
                _ => return lost,
            }
        }
        lost
    }

    /// A newer graph's blocks wait behind the one at the timeline.
    pub fn is_replaced(&self) -> bool {
        let newest = self.feed.back().map(|b| b.generation);
        self.in_step && newest.is_some_and(|g| g != self.current.generation)
    }

    /// Gives the block at the timeline up, unheard.
    pub fn give_up(&mut self) {
        self.in_step = false;
    }

    /// Of the latest block that was at the timeline.
    pub fn last_generation(&self) -> u32 {
        self.current.generation
    }

    /// Throws away what is left of graphs that were replaced.
    fn discard_replaced(&mut self) {
        let Some(newest) = self.feed.back().map(|b| b.generation) else {
            return;
        };
        if self.feed.front().is_some_and(|b| b.generation != newest) {
            let stale = self.feed.iter().take_while(|b| b.generation != newest);
            let stale = stale.count();
            self.feed.discard(stale);
        }
    }

    /// Frames that can be played without a break from `frame` on, which is in the current block or right after it.
    pub fn available(&self, frame: u64) -> u64 {
        if !self.in_step {
            return 0;
        }
        let generation = self.current.generation;
        // A ring holds the blocks of its graphs one graph after the other.
        let blocks = match self.feed.back() {
            Some(newest) if newest.generation == generation => self.feed.len(),
            Some(_) => {
                let same = self.feed.iter().take_while(|b| b.generation == generation);
                same.count()
            }
            None => 0,
        };
        self.current.end().saturating_sub(frame) + (blocks * BLOCK) as u64
    }

    /// Where the newest graph's blocks begin, of those still in the ring.
    pub fn next_start(&self) -> Option<u64> {
        let newest = self.feed.back()?.generation;
        let first = self.feed.iter().find(|b| b.generation == newest)?;
        Some(first.first_frame)
    }

    /// The block at the timeline; None where there is none.
    pub fn block(&self) -> Option<&Block> {
        self.in_step.then_some(&self.current)
    }

    /// The block at the timeline and those that follow it in the ring.
    pub fn ahead(&self) -> impl Iterator<Item = &Block> {
        let generation = self.current.generation;
        let follow = self.feed.iter().filter(|_| self.in_step);
        let follow = follow.take_while(move |b| b.generation == generation);
        self.block().into_iter().chain(follow)
    }

    /// Of the block at the timeline; 0 without one.
    pub fn generation(&self) -> u32 {
        self.block().map_or(0, |b| b.generation)
    }

    pub fn wake(&self) {
        self.feed.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::block::{Writer, ring};

    fn rig() -> (Box<Writer>, Reader) {
        let (writer, feed) = ring(Arc::default());
        (writer, Reader::new(feed))
    }

    fn push(writer: &mut Writer, generation: u32, first_frame: u64) {
        assert!(writer.push(Block {
            generation,
            first_frame,
            ..Block::SILENCE
        }));
    }

    #[test]
    fn blocks_come_in_order_and_are_counted() {
        let (mut w, mut r) = rig();
        for n in 0..3 {
            push(&mut w, 1, n * 64);
        }
        assert_eq!(r.turn(0, Accept::Newest), Turn::Joined);
        assert_eq!((r.available(0), r.available(63)), (192, 129));
        assert_eq!(r.turn(64, Accept::SameGeneration), Turn::InStep);
        assert_eq!(r.turn(128, Accept::SameGeneration), Turn::InStep);
        assert_eq!(r.available(192), 0);
        assert_eq!(r.turn(192, Accept::SameGeneration), Turn::Lost);
        assert_eq!(r.turn(192, Accept::SameGeneration), Turn::Out);
    }

    #[test]
    fn an_unheard_slot_leaps_to_the_newest_graph_and_a_heard_one_does_not() {
        let (mut w, mut r) = rig();
        push(&mut w, 1, 0);
        push(&mut w, 1, 64);
        push(&mut w, 2, 64);
        push(&mut w, 2, 128);
        assert_eq!(r.next_start(), Some(64));
        assert_eq!(r.turn(0, Accept::SameGeneration), Turn::Out);
        assert_eq!(r.turn(0, Accept::Newest), Turn::Out);
        assert_eq!(r.turn(64, Accept::Newest), Turn::Joined);
        assert_eq!((r.generation(), r.available(64)), (2, 128));
        push(&mut w, 3, 192);
        assert_eq!(r.available(64), 128);
        assert_eq!(r.turn(128, Accept::SameGeneration), Turn::InStep);
        assert_eq!(r.turn(192, Accept::SameGeneration), Turn::Lost);
        assert_eq!(r.turn(192, Accept::Newest), Turn::Joined);
    }

    #[test]
    fn late_blocks_are_thrown_away_and_early_ones_wait() {
        let (mut w, mut r) = rig();
        for n in 0..10 {
            push(&mut w, 1, n * 64);
        }
        assert_eq!(r.turn(256, Accept::Newest), Turn::Joined);
        assert_eq!(r.available(256), 6 * 64);
        let (mut w, mut r) = rig();
        push(&mut w, 1, 128);
        assert_eq!(r.turn(64, Accept::Newest), Turn::Out);
        assert_eq!(r.turn(128, Accept::Newest), Turn::Joined);
    }

    #[test]
    fn a_hole_or_a_repeat_is_broken() {
        for second in [0, 128] {
            let (mut w, mut r) = rig();
            push(&mut w, 1, 0);
            push(&mut w, 1, second);
            assert_eq!(r.turn(0, Accept::Newest), Turn::Joined);
            assert_eq!(r.turn(64, Accept::Newest), Turn::Broken);
            assert_eq!(r.block().map(|b| b.first_frame), None);
        }
    }
}
