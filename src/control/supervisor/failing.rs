//! What fails: replies of engines and callback, and the failover.
use std::time::Duration;

use super::super::command::SlotId;
use super::super::event::What;
use super::super::rig::Report;
use super::super::slot::{SlotEvent, SlotState};
use super::Supervisor;
use super::loading::capital;
use crate::audio::msg::OutputReply;
use crate::engine::msg::{EngineReply, Failure};
use crate::graph::prime::Check;

/// A ring that runs dry again and again is told of this often.
const DRY_PERIOD: Duration = Duration::from_secs(1);

impl Supervisor {
    pub(super) fn hear_reports(&mut self) {
        while let Some(report) = self.rig.poll() {
            match report {
                Report::Engine(slot, reply) => self.hear_engine(slot, reply),
                Report::Output(reply) => self.hear_output(reply),
            }
        }
    }

    fn hear_engine(&mut self, slot: SlotId, reply: EngineReply) {
        match reply {
            EngineReply::Saved {
                snapshot,
                generation,
                frame,
            } => self.saved(slot, generation, Some((frame, snapshot))),
            EngineReply::Unsaved(_) => self.saved(slot, 0, None),
            EngineReply::Failed { load, why, .. } => {
                let check = match why {
                    Failure::Panic(_) => Check::Panic,
                    Failure::NonFinite => Check::Nan,
                };
                self.failed(slot, load.generation(), check, &why.sentence());
            }
            // What came home is freed here.
            EngineReply::Loaded { .. }
            | EngineReply::Retired(_)
            | EngineReply::Spent(_)
            | EngineReply::Detached(_)
            | EngineReply::Unwatched(_) => {}
        }
    }

    fn hear_output(&mut self, reply: OutputReply) {
        match reply {
            OutputReply::Swapped {
                id,
                frame,
                fade_frames,
                rho,
                ..
            } => self.swapped(id, frame, fade_frames, rho),
            OutputReply::Refused { id, why, .. } => self.swap_refused(id, why),
            OutputReply::Settled { .. } => self.settled(),
            OutputReply::Failover {
                to,
                frame,
                fade_frames,
                rho,
                ..
            } => self.failed_over(SlotId::BOTH[to & 1], frame, fade_frames, rho),
            OutputReply::NonFinite { slot, generation } => {
                let slot = SlotId::BOTH[slot & 1];
                let why = "samples that are not numbers reached the output guard";
                self.failed(slot, generation, Check::Nan, why);
                self.rig.unload(slot);
            }
            OutputReply::Dry { slot, .. } => {
                let slot = SlotId::BOTH[slot & 1];
                let sentence = format!(
                    "{} has nothing left to play and fades out: none-read",
                    slot.name()
                );
                self.tell_dry(sentence);
            }
            OutputReply::Returned {
                slot, none_frames, ..
            } => {
                let slot = SlotId::BOTH[slot & 1];
                let ms = none_frames as f64 * 1e3 / self.config.rate;
                let sentence = format!("{} sounds again after {ms:.0} ms", slot.name());
                self.tell_dry(sentence);
            }
            // The phases are read from the telemetry, which is never lost.
            OutputReply::InStep { .. }
            | OutputReply::OutOfStep { .. }
            | OutputReply::AtTick { .. } => {}
            OutputReply::Detached {
                slot,
                feed,
                attached,
            } => {
                // The old ring is freed here; a new one that could not be taken yet is offered again.
                if !attached {
                    self.rig.attach(SlotId::BOTH[slot & 1], feed);
                }
            }
        }
    }

    /// A slot's graph can't play any more.
    pub(super) fn failed(&mut self, slot: SlotId, generation: u32, check: Check, why: &str) {
        let record = &mut self.slots[slot.index()];
        if generation != record.generation || matches!(record.state, SlotState::Failed(_)) {
            return;
        }
        record.on(&SlotEvent::Failed(why.to_owned()));
        record.failed_at = Some(self.now.steady);
        record.failures.push(self.now.steady);
        // A patch that only costs too much, here and now, may do well elsewhere.
        if check != Check::Cost
            && let Some(patch) = record.patch().cloned()
        {
            self.deaths.add(&patch, self.now.steady);
        }
        if let Some(waking) = self.waking.take_if(|w| w.from == slot) {
            self.resume(waking.slot, None);
        }
        if self.arriving.as_ref().is_some_and(|a| a.from == slot)
            && let Some(arriving) = self.arriving.take()
        {
            // Its state is lost; the new patch starts afresh.
            self.ready = Some(arriving.ready);
        }
        let goes_on = match slot == self.live {
            true if self.other_can_play(slot) => format!("{} takes over", slot.other().name()),
            true => "No net: something else has to be built".into(),
            false => capital(&self.goes_on()),
        };
        let sentence = format!("{} FAILED {}: {why}. {goes_on}.", slot.name(), check.name());
        let what = What::Failed {
            slot,
            generation,
            check,
            why: why.to_owned(),
        };
        self.tell(what, sentence);
    }

    fn other_can_play(&self, slot: SlotId) -> bool {
        let other = &self.slots[slot.other().index()].state;
        matches!(other, SlotState::Primed | SlotState::Fading { .. })
    }

    fn failed_over(&mut self, to: SlotId, frame: u64, fade_frames: u32, rho: f32) {
        let from = to.other();
        let reason = match &self.slots[from.index()].state {
            SlotState::Failed(why) => why.clone(),
            _ => "its ring ran low".into(),
        };
        self.swapping = None;
        // What was armed has happened, in its own way; what is still being built comes into the other slot.
        self.armed.take_if(|armed| armed.waits_for.is_none());
        self.turn_to(to);
        let sentence = format!(
            "failover {} -> {}: {reason}. {} plays on.",
            from.name(),
            to.name(),
            to.name()
        );
        let what = What::Failover {
            to,
            frame,
            fade_frames,
            rho,
            reason,
        };
        self.tell_at(frame, what, sentence);
    }

    /// An engine that is too slow would fill the screen with this.
    fn tell_dry(&mut self, sentence: String) {
        let now = self.now.steady;
        let is_due = |told: Duration| now.saturating_sub(told) >= DRY_PERIOD;
        if self.told_dry.is_none_or(is_due) {
            self.told_dry = Some(now);
            self.tell(What::Warning, sentence);
        }
    }
}
