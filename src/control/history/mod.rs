//! What can be undone: a tree of knob turns, edits and swaps. Pure data, owned by the supervisor.
//!
//! Loading a file into the standby is no step of its own: nobody heard it. It becomes one when it is swapped in.
mod step;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::event::Loaded;
pub use step::{Gesture, KnobTurn, Step};

/// Turns of one knob closer together than this are one step.
const SAME_TURN: Duration = Duration::from_millis(600);
/// Steps kept. A patch in a step is shared, so a step costs little; a night of knob turns must still end somewhere.
const KEPT: usize = 4_096;

/// A step in the tree.
#[derive(Clone, Debug)]
pub struct Entry {
    pub step: Step,
    /// Timeline frame at which it was made.
    pub frame: u64,
    /// The step before it; none for the first.
    pub parent: Option<usize>,
    /// The newest step after it: what redo takes.
    next: Option<usize>,
    made: Duration,
    /// Stays the same as long as the step is there.
    pub id: u64,
    pub label: Label,
}

/// A step for people.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Label {
    /// What was done.
    pub words: String,
    /// When: "13.2.1".
    pub bar: String,
    /// The patch that was heard.
    pub heard: String,
}

/// A step on the way from one place of the tree to another.
#[derive(Clone, Debug)]
pub struct Leg {
    pub step: Step,
    pub words: String,
    pub back: bool,
}

/// The tree and where in it the performance stands.
#[derive(Clone, Debug, Default)]
pub struct History {
    entries: Vec<Entry>,
    /// The latest step that is in effect.
    here: Option<usize>,
    /// What redo takes where nothing is in effect.
    first: Option<usize>,
    /// The next turn of the same knob is a new step: something happened in between.
    sealed: bool,
    /// Steps that were ever added.
    added: u64,
    /// Changes with the tree, and with the place in it.
    version: u64,
}

impl History {
    /// Adds a step after the one in effect. `now` is any steady clock.
    pub fn add(&mut self, step: Step, frame: u64, now: Duration) {
        self.version += 1;
        if !self.sealed && self.merge(&step, now) {
            return;
        }
        if self.entries.len() >= KEPT {
            self.prune();
        }
        let index = self.entries.len();
        self.entries.push(Entry {
            step,
            frame,
            parent: self.here,
            next: None,
            made: now,
            id: self.added,
            label: Label::default(),
        });
        self.added += 1;
        match self.here {
            Some(here) => self.entries[here].next = Some(index),
            None => self.first = Some(index),
        }
        self.here = Some(index);
        self.sealed = false;
    }

    /// Says in words what the step in effect is.
    pub fn label(&mut self, label: Label) {
        if let Some(here) = self.here {
            self.entries[here].label = label;
        }
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// The step before the one in effect; none where nothing is.
    pub fn before(&self) -> Option<Option<usize>> {
        self.here.map(|here| self.entries[here].parent)
    }

    /// The step that redo takes.
    pub fn after(&self) -> Option<usize> {
        self.next()
    }

    pub fn here(&self) -> Option<usize> {
        self.here
    }

    /// The place of a step that is still there.
    pub fn place(&self, id: u64) -> Option<usize> {
        self.entries.iter().position(|e| e.id == id)
    }

    /// The steps to take back and to make again on the way to a place; none is before the first step.
    pub fn way(&self, to: Option<usize>) -> Vec<Leg> {
        let up = |from: Option<usize>| std::iter::successors(from, |&i| self.entries[i].parent);
        let above: std::collections::HashSet<usize> = up(to).collect();
        let leg = |i: usize, back: bool| Leg {
            step: self.entries[i].step.clone(),
            words: self.entries[i].label.words.clone(),
            back,
        };
        let back = up(self.here).take_while(|i| !above.contains(i));
        let mut way: Vec<Leg> = back.map(|i| leg(i, true)).collect();
        let below: std::collections::HashSet<usize> = up(self.here).collect();
        let mut ahead: Vec<usize> = up(to).take_while(|i| !below.contains(i)).collect();
        ahead.reverse();
        way.extend(ahead.into_iter().map(|i| leg(i, false)));
        way
    }

    /// From now on that step is the latest in effect, and redo goes on from there.
    pub fn go(&mut self, to: Option<usize>) {
        let mut step = to;
        while let Some(i) = step {
            match self.entries[i].parent {
                Some(parent) => self.entries[parent].next = Some(i),
                None => self.first = Some(i),
            }
            step = self.entries[i].parent;
        }
        self.here = to;
        self.sealed = true;
        self.version += 1;
    }

    /// Puts a tree back that was kept: parents come before their children.
    pub fn restore(&mut self, steps: Vec<(Option<usize>, Step, u64, Label)>, here: Option<usize>) {
        *self = Self {
            version: self.version,
            ..Self::default()
        };
        for (parent, step, frame, label) in steps {
            self.here = parent.filter(|p| *p < self.entries.len());
            self.sealed = true;
            self.add(step, frame, Duration::ZERO);
            self.label(label);
        }
        self.go(here.filter(|h| *h < self.entries.len()));
    }

    /// How many undos and how many redos there are.
    pub fn depth(&self) -> (usize, usize) {
        let back = std::iter::successors(self.here, |&i| self.entries[i].parent).count();
        let ahead = std::iter::successors(self.next(), |&i| self.entries[i].next).count();
        (back, ahead)
    }

    /// All steps, oldest first, and the index of the one in effect.
    pub fn entries(&self) -> (&[Entry], Option<usize>) {
        (&self.entries, self.here)
    }

    /// The patches that were heard before this one, newest first.
    pub fn heard_before(&self) -> impl Iterator<Item = &Loaded> {
        let back = std::iter::successors(self.here, |&i| self.entries[i].parent);
        back.filter_map(|i| match &self.entries[i].step {
            Step::Swap { from, .. } => Some(from.as_ref()),
            Step::Knob { .. } | Step::Edit { .. } | Step::Gesture { .. } => None,
        })
    }

    fn next(&self) -> Option<usize> {
        match self.here {
            Some(here) => self.entries[here].next,
            None => self.first,
        }
    }

    fn merge(&mut self, step: &Step, now: Duration) -> bool {
        let Some(last) = self.here.map(|i| &mut self.entries[i]) else {
            return false;
        };
        if last.next.is_some() || now.saturating_sub(last.made) > SAME_TURN {
            return false;
        }
        let same = last.step.joins(step);
        if same {
            last.made = now;
        }
        same
    }

    /// Keeps the newest half of the branch that is in effect.
    fn prune(&mut self) {
        let mut branch: Vec<usize> =
            std::iter::successors(self.here, |&i| self.entries[i].parent).collect();
        branch.truncate(KEPT / 2);
        branch.reverse();
        self.entries = branch
            .iter()
            .enumerate()
            .map(|(n, &i)| Entry {
                parent: n.checked_sub(1),
                next: (n + 1 < branch.len()).then_some(n + 1),
                ..self.entries[i].clone()
            })
            .collect();
        self.first = (!self.entries.is_empty()).then_some(0);
        self.here = self.entries.len().checked_sub(1);
    }
}
