//! What is to happen, in order of frames: a list of fixed size. Owned by one engine.
use super::msg::Act;

/// Events that may wait. Full: the engine leaves messages in its queue, and whoever sends is told when that is full too.
pub const PENDING: usize = 4_096;

/// Something that happens at a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    pub frame: u64,
    pub act: Act,
    /// When the key was pressed; 0 where that is not measured.
    pub sent_ns: u64,
}

/// Events in order of frames; those of one frame in the order in which they came.
#[derive(Debug)]
pub struct Pending {
    /// Never grows beyond the capacity it was made with.
    events: Vec<Timed>,
}

impl Default for Pending {
    fn default() -> Self {
        Self {
            events: Vec::with_capacity(PENDING),
        }
    }
}

impl Pending {
    pub fn room(&self) -> usize {
        PENDING - self.events.len()
    }

    /// False, and nothing done, where there is no room.
    pub fn insert(&mut self, event: Timed) -> bool {
        if self.room() == 0 {
            return false;
        }
        // Events mostly come in order: look from the end.
        let after = self.events.iter().rposition(|e| e.frame <= event.frame);
        self.events.insert(after.map_or(0, |i| i + 1), event);
        true
    }

    /// The events before `end`; [`Pending::drop_first`] removes them.
    pub fn before(&self, end: u64) -> &[Timed] {
        let count = self.events.iter().take_while(|e| e.frame < end).count();
        &self.events[..count]
    }

    pub fn get(&self, index: usize) -> Option<Timed> {
        self.events.get(index).copied()
    }

    pub fn drop_first(&mut self, count: usize) {
        self.events.drain(..count);
    }

    pub fn retain(&mut self, keep: impl FnMut(&Timed) -> bool) {
        self.events.retain(keep);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::graph::Change;

    fn event(frame: u64, tag: u64) -> Timed {
        Timed {
            frame,
            act: Act::Change {
                generation: 1,
                change: Change::NotesOff,
            },
            sent_ns: tag,
        }
    }

    proptest! {
        #[test]
        fn order_is_by_frame_then_by_arrival(frames in prop::collection::vec(0u64..50, 0..200)) {
            let mut pending = Pending::default();
            for (tag, frame) in frames.iter().enumerate() {
                prop_assert!(pending.insert(event(*frame, tag as u64)));
            }
            let mut expected: Vec<_> = frames.iter().enumerate().map(|(t, f)| (*f, t as u64)).collect();
            expected.sort();
            let early = pending.before(25);
            prop_assert!(early.iter().all(|e| e.frame < 25));
            let count = early.len();
            let mut got: Vec<_> = early.iter().map(|e| (e.frame, e.sent_ns)).collect();
            pending.drop_first(count);
            got.extend(pending.before(u64::MAX).iter().map(|e| (e.frame, e.sent_ns)));
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn a_full_list_takes_nothing_and_keeps_its_memory() {
        let mut pending = Pending::default();
        let memory = pending.events.as_ptr();
        for frame in (0..PENDING as u64).rev() {
            assert!(pending.insert(event(frame, 0)));
        }
        assert!(!pending.insert(event(0, 0)));
        pending.drop_first(1);
        assert!(pending.insert(event(7, 0)));
        assert_eq!(memory, pending.events.as_ptr());
    }
}
