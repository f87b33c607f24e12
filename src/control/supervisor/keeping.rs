//! Builds what is missing: a slot that failed, a copy of the live patch where nothing else stands by, something that sounds where
//! nothing does.
use std::time::Duration;

use super::super::builder::Source;
use super::super::command::{Quantum, SlotId};
use super::super::event::{Loaded, What};
use super::super::slot::SlotState;
use super::Supervisor;
use super::loading::Wish;
use super::records::{Pending, Purpose, Then};

/// A standby that fails this often within [`RECENT`] gets a copy of the live patch instead of its own.
const OWN_TRIES: usize = 2;
/// And after this many it is left alone until the failures are older.
const TRIES: usize = 4;
const RECENT: Duration = Duration::from_secs(10);
/// Between two attempts while the builder takes nothing.
const PAUSE: Duration = Duration::from_millis(500);

impl Supervisor {
    /// Rebuilds what failed, and keeps a copy of the live patch where nothing else stands by.
    pub(super) fn keep_net(&mut self) {
        let now = self.now.steady;
        for slot in &mut self.slots {
            slot.failures.retain(|at| now.saturating_sub(*at) < RECENT);
        }
        if now < self.next_try
            || self.ready.is_some()
            || self.arriving.is_some()
            || self.swapping.is_some()
            || self.pending.iter().any(|p| !p.forgotten)
        {
            return;
        }
        let (live, standby) = (self.live, self.live.other());
        if matches!(self.slots[live.index()].state, SlotState::Failed(_)) {
            return self.raise();
        }
        let record = &self.slots[standby.index()];
        let missing = match record.state {
            SlotState::Failed(_) => true,
            SlotState::Empty => self.config.net,
            _ => false,
        };
        let may = !record.stuck && record.failures.len() <= TRIES;
        if !missing || !may || !self.slots[live.index()].state.is_heard() {
            return;
        }
        let own = Some(standby).filter(|_| record.failures.len() <= OWN_TRIES);
        if let Some(from) = own.into_iter().chain([live]).find(|s| self.may_build(*s)) {
            self.build_again(from, standby);
        }
    }

    /// There is a patch in the slot, and it has not died too often.
    fn may_build(&self, slot: SlotId) -> bool {
        let patch = self.slots[slot.index()].patch();
        patch.is_some_and(|p| !self.deaths.is_given_up(p))
    }

    fn build_again(&mut self, from: SlotId, into: SlotId) {
        let Some(loaded) = self.slots[from.index()].loaded.clone() else {
            return;
        };
        let purpose = match from == into {
            true => Purpose::Rebuild,
            false => Purpose::Net,
        };
        self.rebuild(loaded, into, purpose, None);
    }

    /// The live slot is dead and nothing took over: its patch comes back, or one that was heard before.
    fn raise(&mut self) {
        let (live, other) = (self.live, self.live.other());
        match self.slots[other.index()].state {
            // The callback goes there by itself.
            SlotState::Primed | SlotState::Fading { .. } | SlotState::Live => return,
            SlotState::Filling if self.slots[other.index()].parked => return self.wake(other),
            SlotState::Filling => return,
            SlotState::Empty | SlotState::Failed(_) => {}
        }
        let into = self.standby();
        if self.slots[into.index()].stuck {
            // Told already; one that comes back is seen.
            return;
        }
        let slots = [live, other].into_iter();
        let stood = slots.filter_map(|s| self.slots[s.index()].loaded.as_ref());
        let next = stood
            .chain(self.history.heard_before())
            .find(|l| !self.deaths.is_given_up(&l.patch))
            .cloned();
        let Some(loaded) = next else {
            return self.tell_dead();
        };
        let purpose = match into == live {
            true => Purpose::Rebuild,
            false => Purpose::Net,
        };
        let then = (into != live).then(|| Then {
            quantum: Quantum::Now,
            asked: self.now.steady,
            asked_frame: self.rig.heads().played,
            retold: true,
        });
        self.rebuild(loaded, into, purpose, then);
    }

    fn tell_dead(&mut self) {
        if self.told_dead {
            return;
        }
        self.told_dead = true;
        let name = self.slots[self.live.index()].patch().map(|p| &p.name);
        let sentence = format!(
            "{} fails again and again and is not built any more. Nothing plays: load another patch.",
            name.map_or("the patch", String::as_str)
        );
        self.tell(What::Warning, sentence);
    }

    fn rebuild(&mut self, loaded: Loaded, into: SlotId, purpose: Purpose, then: Option<Then>) {
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
            words: None,
        };
        if let Err(why) = self.build(source, wish) {
            self.next_try = self.now.steady + PAUSE;
            if !self.told_stuck[into.index()] {
                self.told_stuck[into.index()] = true;
                let sentence = format!("{} can't be rebuilt: {why}", into.name());
                self.tell(What::Warning, sentence);
            }
        }
    }

    /// A build that was nobody's wish came to nothing: it counts as a failure, so that it is not begun for ever.
    pub(super) fn not_rebuilt(&mut self, pending: &Pending) {
        if pending.purpose == Purpose::Asked {
            return;
        }
        self.slots[pending.slot.index()]
            .failures
            .push(self.now.steady);
        if let Some(patch) = &pending.patch {
            self.deaths.add(patch, self.now.steady);
        }
    }
}
