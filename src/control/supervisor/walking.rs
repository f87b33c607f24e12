//! Undo and redo: a knob goes back at once, an edit on the bench and through prime, a swap goes back through prime and swap.
use super::super::builder::Source;
use super::super::event::{Loaded, What};
use super::super::history::Step;
use super::super::slot::SlotState;
use super::Supervisor;
use super::knobs::Recorded;
use super::loading::{Wish, same_structure};
use super::records::Then;
use crate::modules::spec::ParamValue;

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Back,
    Again,
}

impl Supervisor {
    pub(super) fn undo(&mut self, frame: u64) -> Result<(), String> {
        let step = self.history.undo().ok_or("nothing to undo")?;
        self.walk(&step, Way::Back, frame).inspect_err(|_| {
            self.history.redo();
        })
    }

    pub(super) fn redo(&mut self, frame: u64) -> Result<(), String> {
        let step = self.history.redo().ok_or("nothing to redo")?;
        self.walk(&step, Way::Again, frame).inspect_err(|_| {
            self.history.undo();
        })
    }

    fn walk(&mut self, step: &Step, way: Way, frame: u64) -> Result<(), String> {
        let (what, word) = match way {
            Way::Back => (What::Undone, "undo"),
            Way::Again => (What::Redone, "redo"),
        };
        let sentence = match step {
            Step::Knob {
                focus,
                module,
                param,
                from,
                to,
            } => {
                let value: ParamValue = if way == Way::Back { *from } else { *to };
                let told =
                    self.set_param(*focus, module, param, value, frame, Recorded::Already)?;
                format!("{word}: {told}")
            }
            Step::Gesture { gesture, turns } => {
                let told = self.put_gesture(gesture, turns, way == Way::Back, frame)?;
                format!("{word}: {told}")
            }
            Step::Edit {
                edit,
                before,
                after,
            } => {
                let sheet = if way == Way::Back { before } else { after };
                let words = format!("{word}: {}", edit.words());
                return self.put_back(sheet.as_ref(), what, words, frame);
            }
            Step::Swap { from, into, .. } => {
                let target = if way == Way::Back { from } else { into };
                self.back_to(target, frame)?;
                format!("{word}: {} comes back", target.patch.name)
            }
        };
        self.tell(what, sentence);
        Ok(())
    }

    /// Makes a patch audible again: from the standby if it still stands there, else it is built anew.
    fn back_to(&mut self, target: &Loaded, frame: u64) -> Result<(), String> {
        let live = &self.slots[self.live.index()];
        if self.swapping.is_some() || self.armed.is_some() {
            return Err("a swap is under way".into());
        }
        if live.patch().is_some_and(|p| p == &target.patch) && live.state.is_heard() {
            return Ok(());
        }
        let standby = &self.slots[self.live.other().index()];
        let there = standby
            .patch()
            .is_some_and(|p| same_structure(p, &target.patch));
        if there && matches!(standby.state, SlotState::Primed | SlotState::Filling) {
            self.arm(self.quantum, frame, None, true);
            return Ok(());
        }
        let source = Source::Patch {
            patch: target.patch.clone(),
            text: target.text.clone(),
        };
        let then = Then {
            quantum: self.quantum,
            asked: self.now.steady,
            asked_frame: self.rig.heads().played,
            retold: true,
        };
        let wish = Wish::asked(frame, target.path.clone(), target.modified, Some(then));
        self.build(source, wish)
    }
}
