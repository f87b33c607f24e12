//! Follows each slot's ring and engine: reached, fallen behind, fading, hung, too slow.
use std::time::Duration;

use super::super::command::SlotId;
use super::super::event::What;
use super::super::rig::SlotLook;
use super::super::slot::{SlotEvent, SlotState};
use super::Supervisor;
use crate::engine::telemetry::SlotPhase;
use crate::graph::prime::Check;

/// A block that was seen under way for this long hangs: a graph that renders at all takes a hundredth of it, and this leaves time
/// to bring the sound back within half a second.
const STALL: Duration = Duration::from_millis(250);
/// A standby that does not reach the timeline in so much of it never will.
const TOO_SLOW_SECONDS: f64 = 3.0;

impl Supervisor {
    pub(super) fn watch_slots(&mut self) {
        for slot in SlotId::BOTH {
            let look = self.rig.slot(slot);
            self.watch_ring(slot, &look);
            self.watch_return(slot);
            // The reply may have been lost; the phase is not.
            let settled = matches!(look.phase, SlotPhase::Live | SlotPhase::Primed);
            if settled && matches!(self.slots[slot.index()].state, SlotState::Fading { .. }) {
                self.settled();
            }
            self.watch_engine(slot, &look);
            self.watch_filling(slot);
        }
    }

    fn watch_ring(&mut self, slot: SlotId, look: &SlotLook) {
        let live = slot == self.live;
        let record = &mut self.slots[slot.index()];
        let reached = record.generation != 0 && look.playing == record.generation;
        let before = record.state.clone();
        let event = match &record.state {
            SlotState::Filling if reached && live => Some(SlotEvent::Heard),
            SlotState::Filling if reached => Some(SlotEvent::Reached),
            SlotState::Primed if !reached => Some(SlotEvent::FellBehind),
            SlotState::Fading { .. } => Some(SlotEvent::FadeAt {
                percent: look.fade_percent,
            }),
            _ => None,
        };
        if let Some(event) = event {
            record.on(&event);
        }
        self.changed |= record.state != before;
    }

    /// A slot that failed stands again.
    fn watch_return(&mut self, slot: SlotId) {
        let record = &mut self.slots[slot.index()];
        let stands = matches!(record.state, SlotState::Primed | SlotState::Live);
        if stands && let Some(failed_at) = record.failed_at.take() {
            let after = self.now.steady.saturating_sub(failed_at);
            let after_ms = after.as_secs_f32() * 1e3;
            let sentence = format!("{} is back after {after_ms:.0} ms", slot.name());
            self.tell(What::Rebuilt { slot, after_ms }, sentence);
        }
    }

    fn watch_engine(&mut self, slot: SlotId, look: &SlotLook) {
        let now = self.now.steady;
        let record = &mut self.slots[slot.index()];
        let hung_for = record.patience.look(look.rendering_since_ns, now);
        if hung_for >= STALL {
            self.stalled(slot, hung_for);
        } else if record.stuck && look.rendering_since_ns == 0 {
            record.stuck = false;
            self.told_stuck[slot.index()] = false;
            if look.renders != 0 && look.renders == record.generation {
                // It came back by itself, and goes on with what it has.
                record.on(&SlotEvent::Loaded);
            }
            self.changed = true;
        }
    }

    /// An engine's thread hangs in its graph: it is left alone and replaced, once.
    fn stalled(&mut self, slot: SlotId, hung_for: Duration) {
        let generation = self.slots[slot.index()].generation;
        let why = format!("a block took more than {} ms", hung_for.as_millis());
        self.failed(slot, generation, Check::Stall, &why);
        match self.rig.replace_engine(slot, self.tempo.last()) {
            Ok(()) => {
                self.slots[slot.index()].stuck = false;
                self.told_stuck[slot.index()] = false;
            }
            Err(why) => {
                self.slots[slot.index()].stuck = true;
                if !self.told_stuck[slot.index()] {
                    self.told_stuck[slot.index()] = true;
                    let sentence = format!("{} can't be rebuilt: {why}", slot.name());
                    self.tell(What::Warning, sentence);
                }
            }
        }
    }

    /// A standby that renders more slowly than it is played burns time and is no net.
    fn watch_filling(&mut self, slot: SlotId) {
        let played = self.rig.heads().played;
        let timeline_runs = self.slots[self.live.index()].state.is_heard();
        let record = &mut self.slots[slot.index()];
        let fills = record.state == SlotState::Filling && !record.parked && timeline_runs;
        if !fills {
            record.filling_from = None;
            return;
        }
        let generation = record.generation;
        let (of, from) = *record.filling_from.get_or_insert((generation, played));
        if of != generation {
            // Another patch took its place before it had caught up.
            record.filling_from = Some((generation, played));
        } else if played.saturating_sub(from) as f64 > TOO_SLOW_SECONDS * self.config.rate {
            let why = format!(
                "in {TOO_SLOW_SECONDS:.0} s it did not catch up with the time: it renders too slowly"
            );
            self.failed(slot, generation, Check::Cost, &why);
            self.rig.unload(slot);
        }
    }
}
