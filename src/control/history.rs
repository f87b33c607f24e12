//! What can be undone: a tree of knob turns, edits and swaps. Pure data, owned by the supervisor.
//!
//! Loading a file into the standby is no step of its own: nobody heard it. It becomes one when it is swapped in.
use std::time::Duration;

use super::bench::Sheet;
use super::command::{Focus, SlotId};
use super::event::Loaded;
use crate::modules::spec::ParamValue;
use crate::patch::edit::Edit;

/// Turns of one knob closer together than this are one step.
const SAME_TURN: Duration = Duration::from_millis(600);
/// Steps kept. A patch in a step is shared, so a step costs little; a night of knob turns must still end somewhere.
const KEPT: usize = 4_096;

/// Something that can be taken back.
#[derive(Clone, Debug)]
pub enum Step {
    Knob {
        focus: Focus,
        module: String,
        param: String,
        from: ParamValue,
        to: ParamValue,
    },
    /// An edit of the bench: what lay there before and after, byte by byte, is what undo and redo put back.
    Edit {
        edit: Box<Edit>,
        before: Option<Sheet>,
        after: Option<Sheet>,
    },
    /// One movement that turned several knobs of what is heard.
    Gesture {
        gesture: Gesture,
        turns: Vec<KnobTurn>,
    },
    /// `to` became audible in place of `from`.
    Swap {
        to: SlotId,
        from: Box<Loaded>,
        into: Box<Loaded>,
    },
}

/// What turned several knobs at once, and from where to where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gesture {
    /// A macro, by its place in the patch.
    Macro {
        index: usize,
        from: f32,
        to: f32,
    },
    Morph {
        from: f32,
        to: f32,
    },
}

/// A knob as a gesture found it and left it.
#[derive(Clone, Debug, PartialEq)]
pub struct KnobTurn {
    pub module: String,
    pub param: String,
    pub from: ParamValue,
    pub to: ParamValue,
}

impl Gesture {
    /// Goes on with the same movement; false where it is another one.
    fn joins(&mut self, next: &Self) -> bool {
        match (self, next) {
            (
                Self::Macro { index: a, to, .. },
                Self::Macro {
                    index: b,
                    to: newest,
                    ..
                },
            ) if a == b => *to = *newest,
            (Self::Morph { to, .. }, Self::Morph { to: newest, .. }) => *to = *newest,
            _ => return false,
        }
        true
    }
}

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
}

impl History {
    /// Adds a step after the one in effect. `now` is any steady clock.
    pub fn add(&mut self, step: Step, frame: u64, now: Duration) {
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
        });
        match self.here {
            Some(here) => self.entries[here].next = Some(index),
            None => self.first = Some(index),
        }
        self.here = Some(index);
        self.sealed = false;
    }

    /// The step to take back; from now on it is not in effect.
    pub fn undo(&mut self) -> Option<Step> {
        let here = self.here?;
        self.here = self.entries[here].parent;
        self.sealed = true;
        Some(self.entries[here].step.clone())
    }

    /// The step to make again; from now on it is in effect.
    pub fn redo(&mut self) -> Option<Step> {
        let next = self.next()?;
        self.here = Some(next);
        self.sealed = true;
        Some(self.entries[next].step.clone())
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
        if let (
            Step::Gesture { gesture, turns },
            Step::Gesture {
                gesture: next,
                turns: newer,
            },
        ) = (&mut last.step, step)
            && gesture.joins(next)
        {
            for turn in newer {
                let same = |t: &&mut KnobTurn| t.module == turn.module && t.param == turn.param;
                match turns.iter_mut().find(same) {
                    Some(had) => had.to = turn.to,
                    None => turns.push(turn.clone()),
                }
            }
            last.made = now;
            return true;
        }
        let (
            Step::Knob {
                focus: f,
                module: m,
                param: p,
                to,
                ..
            },
            Step::Knob {
                focus,
                module,
                param,
                to: newest,
                ..
            },
        ) = (&mut last.step, step)
        else {
            return false;
        };
        if f != focus || m != module || p != param {
            return false;
        }
        *to = *newest;
        last.made = now;
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    fn knob(param: &str, from: f32, to: f32) -> Step {
        Step::Knob {
            focus: Focus::Live,
            module: "vcf".into(),
            param: param.into(),
            from: ParamValue::Fixed(from),
            to: ParamValue::Fixed(to),
        }
    }

    fn shown(step: Option<Step>) -> String {
        match step {
            Some(Step::Knob {
                param, from, to, ..
            }) => format!("{param} {from:?} {to:?}"),
            other => format!("{other:?}"),
        }
    }

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn undo_and_redo_walk_the_same_steps() {
        let mut h = History::default();
        for i in 0..5u8 {
            h.add(
                knob("cutoff", i.into(), (i + 1).into()),
                0,
                at(1_000 * u64::from(i)),
            );
        }
        assert_eq!(h.depth(), (5, 0));
        let back: Vec<_> = (0..5).map(|_| shown(h.undo())).collect();
        assert_eq!(h.depth(), (0, 5));
        assert!(h.undo().is_none());
        let mut ahead: Vec<_> = (0..5).map(|_| shown(h.redo())).collect();
        ahead.reverse();
        assert_eq!(back, ahead);
        assert!(h.redo().is_none());
    }

    #[test]
    fn one_turn_is_one_step_and_an_undo_ends_it() {
        let mut h = History::default();
        h.add(knob("cutoff", 1.0, 2.0), 0, at(0));
        h.add(knob("cutoff", 2.0, 3.0), 0, at(500));
        h.add(knob("cutoff", 3.0, 4.0), 0, at(1_000));
        assert_eq!(h.depth(), (1, 0));
        h.add(knob("res", 0.0, 1.0), 0, at(1_010));
        assert_eq!(shown(h.undo()), "res Fixed(0.0) Fixed(1.0)");
        h.add(knob("cutoff", 4.0, 5.0), 0, at(1_020));
        assert_eq!(h.depth(), (2, 0));
        h.undo();
        assert_eq!(shown(h.undo()), "cutoff Fixed(1.0) Fixed(4.0)");
    }

    #[test]
    fn a_new_step_after_undo_grows_a_branch_and_keeps_the_old_one() {
        let mut h = History::default();
        h.add(knob("a", 0.0, 1.0), 0, at(0));
        h.add(knob("b", 0.0, 1.0), 0, at(0));
        h.undo();
        h.add(knob("c", 0.0, 1.0), 0, at(0));
        assert_eq!(h.entries().0.len(), 3);
        assert_eq!(h.entries().0[2].parent, Some(0));
        h.undo();
        assert!(shown(h.redo()).starts_with("c "));
    }

    #[test]
    fn the_tree_stays_bounded() {
        let mut h = History::default();
        for i in 0..3 * KEPT {
            let name = if i % 2 == 0 { "a" } else { "b" };
            h.add(knob(name, 0.0, i as f32), 0, at(0));
        }
        assert!(h.entries().0.len() <= KEPT);
        assert!(shown(h.undo()).starts_with("b "));
        assert!(h.depth().0 >= KEPT / 2 - 1);
    }
}
