//! What fails and how it comes back: replies of engines and callback, failover, rebuilding, and the net.
use std::time::Duration;

use super::super::builder::Source;
use super::super::command::{Quantum, SlotId};
use super::super::event::What;
use super::super::rig::Report;
use super::super::slot::{SlotEvent, SlotState};
use super::Supervisor;
use super::loading::{Wish, capital};
use super::records::{Purpose, Then};
use crate::audio::msg::OutputReply;
use crate::engine::msg::{EngineReply, Failure};
use crate::engine::telemetry::SlotPhase;
use crate::graph::prime::Check;

/// A slot that fails this often within [`RECENT`] gets a copy of the live patch instead of its own.
const OWN_TRIES: usize = 2;
/// And after this many it is left alone until the failures are older.
const TRIES: usize = 4;
const RECENT: Duration = Duration::from_secs(10);
/// A block under way for this long is a stall: three periods of the largest usual host.
const STALL: Duration = Duration::from_millis(250);

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
            EngineReply::Loaded { .. } | EngineReply::Retired(_) | EngineReply::Detached(_) => {}
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
            OutputReply::Failover { to, frame, .. } => {
                let to = SlotId::BOTH[to & 1];
                self.failed_over(to, frame);
            }
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
                self.tell(What::Warning, sentence);
            }
            OutputReply::Returned {
                slot, none_frames, ..
            } => {
                let slot = SlotId::BOTH[slot & 1];
                let ms = none_frames as f64 * 1e3 / self.config.rate;
                let sentence = format!("{} sounds again after {ms:.0} ms", slot.name());
                self.tell(What::Warning, sentence);
            }
            // The phases are read from the telemetry, which is never lost.
            OutputReply::InStep { .. } | OutputReply::OutOfStep { .. } => {}
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
    fn failed(&mut self, slot: SlotId, generation: u32, check: Check, why: &str) {
        let record = &mut self.slots[slot.index()];
        if generation != record.generation || matches!(record.state, SlotState::Failed(_)) {
            return;
        }
        record.on(&SlotEvent::Failed(why.to_owned()));
        record.failed_at = Some(self.now.steady);
        record.failures.push(self.now.steady);
        if self.arriving.as_ref().is_some_and(|a| a.from == slot)
            && let Some(arriving) = self.arriving.take()
        {
            // Its state is lost; the new patch starts afresh.
            self.ready = Some(arriving.ready);
        }
        let goes_on = match slot == self.live {
            true if self.other_can_play(slot) => format!("{} takes over", slot.other().name()),
            true => "no net: it is built again".into(),
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

    fn failed_over(&mut self, to: SlotId, frame: u64) {
        let from = to.other();
        let reason = match &self.slots[from.index()].state {
            SlotState::Failed(why) => why.clone(),
            _ => "its ring ran low".into(),
        };
        self.swapping = None;
        // What was armed has happened, in its own way.
        self.armed = None;
        self.turn_to(to);
        let sentence = format!(
            "failover {} -> {}: {reason}. {} plays on.",
            from.name(),
            to.name(),
            to.name()
        );
        let what = What::Failover { to, frame, reason };
        self.tell_at(frame, what, sentence);
    }

    /// Follows each slot's ring: reached, fallen behind, fading, hung.
    pub(super) fn watch_slots(&mut self) {
        for slot in SlotId::BOTH {
            let view = self.rig.slot(slot);
            let record = &self.slots[slot.index()];
            let reached = record.generation != 0 && view.playing == record.generation;
            let before = record.state.clone();
            let live = slot == self.live;
            let event = match &record.state {
                SlotState::Filling if reached && live => Some(SlotEvent::Heard),
                SlotState::Filling if reached => Some(SlotEvent::Reached),
                SlotState::Primed if !reached => Some(SlotEvent::FellBehind),
                SlotState::Fading { .. } => Some(SlotEvent::FadeAt {
                    percent: view.fade_percent,
                }),
                _ => None,
            };
            if let Some(event) = event {
                self.slots[slot.index()].on(&event);
            }
            self.changed |= self.slots[slot.index()].state != before;
            let stands = matches!(
                self.slots[slot.index()].state,
                SlotState::Primed | SlotState::Live
            );
            if stands && let Some(failed_at) = self.slots[slot.index()].failed_at.take() {
                let after = self.now.steady.saturating_sub(failed_at);
                let after_ms = after.as_secs_f32() * 1e3;
                let sentence = format!("{} is back after {after_ms:.0} ms", slot.name());
                self.tell(What::Rebuilt { slot, after_ms }, sentence);
            }
            // The reply may have been lost; the phase is not.
            let settled = matches!(view.phase, SlotPhase::Live | SlotPhase::Primed);
            if settled && matches!(self.slots[slot.index()].state, SlotState::Fading { .. }) {
                self.settled();
            }
            if view.stalled_for > STALL {
                self.stalled(slot, view.stalled_for);
            }
        }
    }

    /// An engine's thread hangs in its graph: it is left alone and replaced, once.
    fn stalled(&mut self, slot: SlotId, since: Duration) {
        let generation = self.slots[slot.index()].generation;
        let why = format!("a block took more than {} ms", since.as_millis());
        self.failed(slot, generation, Check::Stall, &why);
        if let Err(why) = self.rig.replace_engine(slot, self.tempo.last())
            && !self.told_stuck[slot.index()]
        {
            self.told_stuck[slot.index()] = true;
            let sentence = format!("{} can't be rebuilt: {why}", slot.name());
            self.tell(What::Warning, sentence);
        }
    }

    /// Rebuilds what failed, and keeps a copy of the live patch where nothing else stands by.
    pub(super) fn keep_net(&mut self) {
        let now = self.now.steady;
        for slot in &mut self.slots {
            slot.failures.retain(|at| now.saturating_sub(*at) < RECENT);
        }
        if self.ready.is_some()
            || self.arriving.is_some()
            || self.swapping.is_some()
            || self.pending.iter().any(|p| !p.forgotten)
        {
            return;
        }
        let (live, standby) = (self.live, self.live.other());
        if matches!(self.slots[live.index()].state, SlotState::Failed(_)) {
            return self.raise(live);
        }
        if !self.slots[live.index()].state.is_heard() {
            return;
        }
        let failures = self.slots[standby.index()].failures.len();
        match &self.slots[standby.index()].state {
            SlotState::Failed(_) if failures > TRIES => {}
            SlotState::Failed(_) if failures <= OWN_TRIES => {
                self.build_again(standby, standby, None);
            }
            SlotState::Failed(_) => self.build_again(live, standby, None),
            SlotState::Empty if self.config.net => self.build_again(live, standby, None),
            _ => {}
        }
    }

    /// The live slot is dead and nothing took over: its patch comes back in the other slot.
    fn raise(&mut self, live: SlotId) {
        if self.slots[live.index()].failures.len() > TRIES {
            return;
        }
        let other = live.other();
        match self.slots[other.index()].state {
            // The callback goes there by itself.
            SlotState::Primed | SlotState::Fading { .. } | SlotState::Live => {}
            SlotState::Filling => {}
            SlotState::Empty | SlotState::Failed(_) => {
                let own = self.slots[other.index()].loaded.is_some()
                    && self.slots[live.index()].failures.len() > OWN_TRIES;
                let from = if own { other } else { live };
                let then = Then {
                    quantum: Quantum::Now,
                    asked: self.now.steady,
                    asked_frame: self.rig.heads().played,
                    retold: true,
                };
                self.build_again(from, other, Some(then));
            }
        }
    }

    /// Builds the patch of one slot for another (or the same).
    fn build_again(&mut self, from: SlotId, into: SlotId, then: Option<Then>) {
        let Some(loaded) = self.slots[from.index()].loaded.clone() else {
            return;
        };
        let purpose = match self.slots[into.index()].failed_at {
            Some(_) if from == into => Purpose::Rebuild,
            _ => Purpose::Net,
        };
        let source = Source::Patch {
            patch: loaded.patch,
            text: loaded.text,
        };
        let wish = Wish {
            start: 0,
            purpose,
            path: loaded.path,
            modified: loaded.modified,
            then,
            draft: None,
        };
        if let Err(why) = self.build(source, wish) {
            // Tried again when the builder is free; the slot stays as it is.
            self.slots[into.index()].failures.push(self.now.steady);
            let sentence = format!("{} can't be rebuilt: {why}", into.name());
            self.tell(What::Warning, sentence);
        }
    }
}
