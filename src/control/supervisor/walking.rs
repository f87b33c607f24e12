//! Undo, redo and leaps in the tree: a knob goes back at once, an edit on the bench and through prime, a swap goes back through
//! prime and swap. Whatever is under way already, it is from where that leads that one goes on.
use std::sync::Arc;

use super::super::builder::Source;
use super::super::command::Focus;
use super::super::event::{Loaded, What};
use super::super::history::{Gesture, KnobTurn, Label, Leg, Step};
use super::super::params;
use super::super::position::bar_text;
use super::super::slot::SlotState;
use super::Supervisor;
use super::knobs::Recorded;
use super::loading::{Wish, same_structure};
use super::records::Then;
use crate::modules::spec::ParamValue;
use crate::patch::edit;
use crate::patch::value::format_value;

impl Supervisor {
    /// A new step of the tree.
    pub(super) fn remember(&mut self, step: Step, frame: u64) {
        self.history.add(step, frame, self.now.steady);
        let (entries, here) = self.history.entries();
        let Some(step) = here.map(|here| &entries[here].step) else {
            return;
        };
        let words = self.words(step);
        let heard = self.slots[self.live.index()].patch();
        let heard = heard.map_or(String::new(), |p| p.name.clone());
        let bar = bar_text(&self.tempo.at(frame), frame);
        self.history.label(Label { words, bar, heard });
    }

    fn words(&self, step: &Step) -> String {
        match step {
            Step::Knob {
                module,
                param,
                from,
                to,
                ..
            } => {
                let mut patches = self.slots.iter().filter_map(|s| s.patch());
                let spec = patches.find_map(|p| params::find(p, module, param).ok());
                let bench = self.bench.as_ref();
                let spec = spec.or_else(|| params::find(&bench?.patch, module, param).ok());
                match spec.map(|knob| knob.spec) {
                    Some(spec) => format!(
                        "{module}.{param} {} -> {}",
                        format_value(&spec, *from),
                        format_value(&spec, *to)
                    ),
                    None => format!("{module}.{param}"),
                }
            }
            Step::Gesture {
                gesture: Gesture::Amounts { .. },
                turns,
            } => amounts_words(turns),
            Step::Gesture { gesture, .. } => self.gesture_words(gesture),
            Step::Edit { edit, after, .. } => match after {
                Some(_) => edit.words(),
                None => "edits thrown away".into(),
            },
            Step::Swap { from, into, .. } => {
                format!("swap {} -> {}", from.patch.name, into.patch.name)
            }
        }
    }

    fn gesture_words(&self, gesture: &Gesture) -> String {
        let shown = |at: f32| format!("{:.0}", at * 100.0);
        match gesture {
            Gesture::Macro { index, from, to } => {
                let patch = self.slots[self.live.index()].patch();
                let name = patch.and_then(|p| p.macros.get(*index));
                let name = name.map_or_else(|| (index + 1).to_string(), |m| m.name.clone());
                format!("macro {name} {} -> {}", shown(*from), shown(*to))
            }
            Gesture::Amounts { .. } => "amounts".into(),
            Gesture::Morph { from, to } => format!("morph {} -> {}", shown(*from), shown(*to)),
        }
    }

    pub(super) fn undo(&mut self, frame: u64) -> Result<(), String> {
        let to = self.history.before().ok_or("nothing to undo")?;
        self.travel(to, frame)
    }

    pub(super) fn redo(&mut self, frame: u64) -> Result<(), String> {
        let to = self.history.after().ok_or("nothing to redo")?;
        self.travel(Some(to), frame)
    }

    /// To any place of the tree, by the number of its step; none is the beginning.
    pub(super) fn leap(&mut self, id: Option<u64>, frame: u64) -> Result<(), String> {
        let to = match id {
            None => None,
            Some(id) => {
                let place = self.history.place(id);
                Some(place.ok_or("that step is gone: the tree keeps the newest few thousand")?)
            }
        };
        if to == self.history.here() {
            return Err("that is where you are".into());
        }
        self.travel(to, frame)
    }

    fn travel(&mut self, to: Option<usize>, frame: u64) -> Result<(), String> {
        let way = self.history.way(to);
        let swaps = way.iter().any(|leg| matches!(leg.step, Step::Swap { .. }));
        match swaps || self.heading.is_some() {
            true => self.travel_far(&way, frame)?,
            false => self.travel_near(&way, frame)?,
        }
        self.history.go(to);
        Ok(())
    }

    fn told(way: &[Leg]) -> (What, String) {
        let back = way.iter().all(|leg| leg.back);
        let (what, word) = match back {
            true => (What::Undone, "undo"),
            false => (What::Redone, "redo"),
        };
        let sentence = match way {
            [leg] => format!("{word}: {}", leg.words),
            way => format!(
                "{} steps: {}",
                way.len(),
                way.last().map_or("", |leg| &leg.words)
            ),
        };
        (what, sentence)
    }

    /// What is heard stays the patch it is: its knobs turn at once, the bench is what it was.
    fn travel_near(&mut self, way: &[Leg], frame: u64) -> Result<(), String> {
        let (what, mut sentence) = Self::told(way);
        let mut sheet = None;
        for leg in way {
            let done = match &leg.step {
                Step::Knob {
                    focus,
                    module,
                    param,
                    from,
                    to,
                } => {
                    let value: ParamValue = if leg.back { *from } else { *to };
                    self.set_param(*focus, module, param, value, frame, Recorded::Already)
                }
                Step::Gesture { gesture, turns } => {
                    self.put_gesture(gesture, turns, leg.back, frame)
                }
                Step::Edit { before, after, .. } => {
                    sheet = Some(if leg.back { before } else { after });
                    continue;
                }
                Step::Swap { .. } => continue,
            };
            match (done, way.len()) {
                (Ok(told), 1) => {
                    let word = if leg.back { "undo" } else { "redo" };
                    sentence = format!("{word}: {told}");
                }
                (Err(why), 1) => return Err(why),
                // On a longer way a knob that is not there any more is no reason to stop.
                _ => {}
            }
        }
        match sheet {
            Some(sheet) => self.put_back(sheet.as_ref(), what, sentence, frame),
            None => {
                self.tell(what, sentence);
                Ok(())
            }
        }
    }

    /// Another patch comes back, as it stood there.
    fn travel_far(&mut self, way: &[Leg], frame: u64) -> Result<(), String> {
        let (what, sentence) = Self::told(way);
        let mut target = self.heading.clone();
        let mut sheet = None;
        for leg in way {
            match &leg.step {
                Step::Swap { from, into, .. } => {
                    target = Some(if leg.back { from } else { into }.clone());
                }
                Step::Edit { before, after, .. } => {
                    sheet = Some(if leg.back { before } else { after });
                }
                Step::Knob {
                    module,
                    param,
                    from,
                    to,
                    focus: Focus::Live | Focus::Bench,
                } => {
                    let value = if leg.back { *from } else { *to };
                    turn_in(target.as_deref_mut(), module, param, value);
                }
                Step::Gesture { turns, .. } => {
                    for turn in turns {
                        let value = if leg.back { turn.from } else { turn.to };
                        turn_in(target.as_deref_mut(), &turn.module, &turn.param, value);
                    }
                }
                Step::Knob { .. } => {}
            }
        }
        let target = target.ok_or("nothing to go back to")?;
        if let Some(sheet) = sheet {
            self.lay_sheet(sheet.as_ref())?;
        }
        let comes = format!("{sentence}: {} comes back", target.patch.name);
        self.tell(what, comes);
        self.heading = Some(target);
        self.pursuing = true;
        self.pursue(frame)
    }

    /// Goes towards the patch that is to come back, as soon as nothing else is under way.
    pub(super) fn pursue(&mut self, frame: u64) -> Result<(), String> {
        if !self.pursuing || self.swapping.is_some() {
            return Ok(());
        }
        self.pursuing = false;
        let Some(target) = self.heading.take() else {
            return Ok(());
        };
        self.armed = None;
        let live = &self.slots[self.live.index()];
        let is_heard = live.state.is_heard();
        if is_heard
            && live
                .patch()
                .is_some_and(|p| same_structure(p, &target.patch))
        {
            self.drop_builds();
            self.match_knobs(self.live, &target, frame);
            return Ok(());
        }
        self.back_to(&target, frame)?;
        self.heading = Some(target);
        Ok(())
    }

    pub(super) fn go_on_back(&mut self) {
        if self.pursuing {
            let frame = self.rig.heads().earliest;
            if let Err(why) = self.pursue(frame) {
                self.tell(What::Warning, format!("not undone: {why}"));
            }
        }
    }

    /// The tree led to another patch, and that is no longer where one goes.
    pub(super) fn head_nowhere(&mut self) {
        self.heading = None;
        self.pursuing = false;
    }

    /// Turns a slot's knobs to where they stood.
    fn match_knobs(&mut self, slot: super::super::command::SlotId, target: &Loaded, frame: u64) {
        for there in params::all(&target.patch) {
            let module = &target.patch.modules[there.node].name;
            let patch = self.slots[slot.index()].patch();
            let Some(Ok(knob)) = patch.map(|p| params::find(p, module, &there.name)) else {
                continue;
            };
            if knob.value != there.value {
                self.turn(slot, module, &knob, there.value, frame);
            }
        }
    }

    /// Makes a patch audible again: from the standby if it still stands there, else it is built anew.
    fn back_to(&mut self, target: &Loaded, frame: u64) -> Result<(), String> {
        let standby = self.live.other();
        let there = &self.slots[standby.index()];
        let same = there
            .patch()
            .is_some_and(|p| same_structure(p, &target.patch));
        // What still waits for the live engine's state will take its place.
        let stays = same && self.arriving.is_none();
        if stays && matches!(there.state, SlotState::Primed | SlotState::Filling) {
            self.drop_builds();
            self.match_knobs(standby, target, frame);
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

/// "op1.fm 0.40 -> 0.70": what went into a port.
fn amounts_words(turns: &[KnobTurn]) -> String {
    let shown = |value: ParamValue| match value {
        ParamValue::Fixed(v) | ParamValue::Beats(v) => format!("{v:.2}"),
    };
    match turns.first() {
        Some(turn) => {
            let port = turn.param.split('<').next().unwrap_or_default();
            let (from, to) = (shown(turn.from), shown(turn.to));
            format!("{}.{port} {from} -> {to}", turn.module)
        }
        None => "amounts".into(),
    }
}

/// A knob of a patch that is not heard yet.
fn turn_in(target: Option<&mut Loaded>, module: &str, param: &str, value: ParamValue) {
    let Some(target) = target else {
        return;
    };
    let Ok(knob) = params::find(&target.patch, module, param) else {
        return;
    };
    knob.put(Arc::make_mut(&mut target.patch), value);
    // A text that can't be edited keeps its old value: the patch, not the text, is what sounds.
    if let Ok(text) = edit::set_knob(&target.text, module, param, value) {
        target.text = text.into();
    }
}
