//! Engines of a lock-step session that do not get their turn, as if they hung or were too slow: for tests.
use std::sync::atomic::Ordering::Relaxed;

use super::command::SlotId;
use crate::dsp::BLOCK;
use crate::engine::Engine;
use crate::engine::telemetry::SlotTelemetry;

/// What keeps an engine from its work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Hindrance {
    #[default]
    None,
    /// It is in a block that does not end.
    Hangs,
    /// It renders this share of what is played meanwhile.
    Slow(f64),
}

/// A slow engine makes up for so many blocks of idling, no more.
const SAVED_UP: f64 = 4.0;

#[derive(Default)]
pub(super) struct Hindered {
    slots: [Hindrance; 2],
    /// Blocks that a slow engine may render now.
    allowed: [f64; 2],
    given_up: Vec<Engine>,
}

impl Hindered {
    pub fn set(&mut self, slot: SlotId, hindrance: Hindrance, told: &SlotTelemetry, now_ns: u64) {
        let hangs = |h: Hindrance| h == Hindrance::Hangs;
        let before = std::mem::replace(&mut self.slots[slot.index()], hindrance);
        if hangs(before) != hangs(hindrance) {
            let since = if hangs(hindrance) { now_ns.max(1) } else { 0 };
            told.rendering_since_ns.store(since, Relaxed);
        }
        self.allowed[slot.index()] = 0.0;
    }

    pub fn may_step(&mut self, slot: SlotId) -> bool {
        let allowed = &mut self.allowed[slot.index()];
        match self.slots[slot.index()] {
            Hindrance::None => true,
            Hindrance::Hangs => false,
            Hindrance::Slow(_) if *allowed >= 1.0 => {
                *allowed -= 1.0;
                true
            }
            Hindrance::Slow(_) => false,
        }
    }

    /// So many frames were played.
    pub fn pass(&mut self, frames: usize) {
        for (hindrance, allowed) in self.slots.iter().zip(&mut self.allowed) {
            if let Hindrance::Slow(share) = hindrance {
                let blocks = share * frames as f64 / BLOCK as f64;
                *allowed = (*allowed + blocks).min(SAVED_UP);
            }
        }
    }

    /// The engine that hung has been replaced by one that does not.
    pub fn give_up(&mut self, slot: SlotId, engine: Engine) {
        self.slots[slot.index()] = Hindrance::None;
        self.given_up.push(engine);
    }

    pub fn release(&mut self) -> Vec<Engine> {
        std::mem::take(&mut self.given_up)
    }
}
