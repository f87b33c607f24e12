//! Two patches that don't fit into real time together: the one that is not heard waits unrendered, and starts shortly before
//! its swap.
use super::super::command::SlotId;
use super::super::event::What;
use super::super::slot::SlotState;
use super::Supervisor;
use crate::engine::msg::Act;
use crate::graph::Change;

/// The share of real time that both patches together may cost, by what their priming measured. The rest is for the callback,
/// the screen, and a machine that is not alone.
const BOTH: f32 = 0.85;
/// A parked patch starts this long before its swap: its ring fills while nothing is short of time yet.
const AHEAD_SECONDS: f64 = 0.25;

impl Supervisor {
    /// Parks the slot that is not heard where both do not fit, and starts it again where they do.
    pub(super) fn keep_within_budget(&mut self) {
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
        match (record.parked, both > BOTH) {
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
            (true, false) => self.resume(standby),
            (true, true) if self.is_wanted_soon() => self.resume(standby),
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

    fn resume(&mut self, slot: SlotId) {
        let from = self.rig.heads().earliest;
        self.slots[slot.index()].parked = false;
        self.rig.resume(slot, from);
        let generation = self.slots[slot.index()].generation;
        // Notes were not kept for it.
        for (note, velocity) in self.held.before(from).notes {
            let change = Change::Note { note, velocity };
            self.rig
                .act(slot, from, Act::Change { generation, change }, 0);
        }
        self.changed = true;
    }
}
