//! Two patches that don't fit into real time together: the one that is not heard waits unrendered, and starts shortly before
//! its swap.
use super::super::command::SlotId;
use super::super::event::What;
use super::super::slot::SlotState;
use super::Supervisor;
use super::arriving::HAND_OVER;
use super::records::Waking;
use crate::dsp::BLOCK;
use crate::engine::msg::Act;
use crate::graph::Snapshot;

/// A parked patch starts this long before its swap: its ring fills while nothing is short of time yet.
const AHEAD_SECONDS: f64 = 0.25;

impl Supervisor {
    /// Parks the slot that is not heard where both do not fit, and starts it again where they do.
    pub(super) fn keep_within_budget(&mut self) {
        self.wake_without_state();
        let (live, standby) = (self.live, self.live.other());
        let record = &self.slots[standby.index()];
        if !self.slots[live.index()].state.is_heard()
            || !matches!(record.state, SlotState::Filling | SlotState::Primed)
        {
            return;
        }
        let cost = |slot: SlotId| {
            let loaded = self.slots[slot.index()].loaded.as_ref();
            loaded.map_or(0.0, |l| l.report.load)
        };
        let both = cost(live) + cost(standby);
        match (record.parked, both > self.config.both) {
            (false, true) if !self.is_wanted_soon() && self.swapping.is_none() => {
                self.slots[standby.index()].parked = true;
                self.rig.park(standby);
                let sentence = format!(
                    "both patches together cost {:.0} % of the time: {} waits and starts just before the swap; no net",
                    100.0 * both,
                    standby.name()
                );
                self.tell(What::Warning, sentence);
            }
            (true, false) => self.wake(standby),
            (true, true) if self.is_wanted_soon() => self.wake(standby),
            _ => {}
        }
    }

    /// A swap to the standby is near.
    fn is_wanted_soon(&self) -> bool {
        let Some(armed) = self.armed.as_ref().filter(|a| a.waits_for.is_none()) else {
            return false;
        };
        let heads = self.rig.heads();
        let ahead = (AHEAD_SECONDS * self.config.rate) as u64;
        armed.due.frame(&self.tempo.last(), heads.earliest) <= self.horizon(&heads) + ahead
    }

    /// Renders a parked patch again: from the live patch's state where it is carried, else from its own beginning.
    pub(super) fn wake(&mut self, slot: SlotId) {
        if self.waking.is_some() || self.arriving.is_some() {
            return;
        }
        let live = &self.slots[self.live.index()];
        if !self.state_carry || !live.state.is_heard() {
            return self.resume(slot, None);
        }
        let snapshot = Snapshot::plan(&live.layout, &self.slots[slot.index()].layout);
        if snapshot.is_empty() {
            return self.resume(slot, None);
        }
        let (from, from_generation) = (self.live, live.generation);
        let at = self.rig.heads().earliest.next_multiple_of(BLOCK as u64);
        self.rig.save(from, Box::new(snapshot), at);
        self.waking = Some(Waking {
            slot,
            from,
            from_generation,
            asked: self.now.steady,
        });
    }

    /// The live engine did not hand its state over in time.
    fn wake_without_state(&mut self) {
        let now = self.now.steady;
        let is_late = |w: &mut Waking| now.saturating_sub(w.asked) > HAND_OVER;
        if let Some(waking) = self.waking.take_if(is_late) {
            self.resume(waking.slot, None);
        }
    }

    pub(super) fn resume(&mut self, slot: SlotId, state: Option<(u64, Box<Snapshot>)>) {
        if !self.slots[slot.index()].parked {
            // Something else was loaded meanwhile.
            return;
        }
        let (from, snapshot) = match state {
            Some((frame, snapshot)) => (frame, Some(snapshot)),
            // Nothing plays, so that the timeline stands: a graph that began ahead of it would never be reached.
            None if !self.slots[self.live.index()].state.is_heard() => {
                (self.rig.heads().played / BLOCK as u64 * BLOCK as u64, None)
            }
            None => {
                let earliest = self.rig.heads().earliest;
                (earliest.next_multiple_of(BLOCK as u64), None)
            }
        };
        let record = &mut self.slots[slot.index()];
        record.parked = false;
        let (generation, patch) = (record.generation, record.patch().cloned());
        // Neither notes nor gates were kept for it.
        let carried = snapshot.as_deref();
        let acts = patch.map(|p| self.held_acts(&p, from, carried));
        self.rig.resume(slot, from, snapshot);
        for (frame, change) in acts.into_iter().flatten() {
            let act = Act::Change { generation, change };
            self.rig.act(slot, frame.max(from), act, 0);
        }
        self.changed = true;
    }
}
