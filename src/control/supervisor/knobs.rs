//! Knobs: checked, sent to the slots they belong to, written into the text, remembered.
use std::sync::Arc;

use super::super::command::{Focus, SlotId};
use super::super::draft::{DRAFT, MODE_SUFFIX};
use super::super::event::What;
use super::super::history::{Gesture, KnobTurn, Step};
use super::super::params::{self, Knob};
use super::super::predecessor::{self, MODES, Meant};
use super::super::written;
use super::Supervisor;
use super::records::Turned;
use crate::engine::msg::Act;
use crate::modules::spec::{ParamSpec, ParamValue};
use crate::patch::edit;
use crate::patch::value::format_value;

/// Whether a turn is a new step of the history.
#[derive(Clone, Copy, PartialEq)]
pub enum Recorded {
    New,
    Already,
}

impl Supervisor {
    /// Turns a knob; tells what it did, "vcf.cutoff 400 Hz -> 812 Hz".
    pub(super) fn set_param(
        &mut self,
        focus: Focus,
        module: &str,
        param: &str,
        value: ParamValue,
        frame: u64,
        recorded: Recorded,
    ) -> Result<String, String> {
        let slot = match focus {
            Focus::Bench if self.bench.is_some() => {
                return self.turn_on_bench(module, param, value, frame, recorded);
            }
            Focus::Bench => {
                return self.set_param(Focus::Live, module, param, value, frame, recorded);
            }
            Focus::Live => self.live,
            Focus::Slot(slot) => slot,
        };
        if focus == Focus::Live
            && let Some(told) = self.set_amounts(module, param, value, frame)
        {
            return told;
        }
        let found = match self.slots[slot.index()].patch() {
            Some(patch) => params::find(patch, module, param),
            None => Err(format!("{} holds no patch", slot.name())),
        };
        let knob = match found {
            Ok(knob) => knob,
            Err(why) if focus == Focus::Live => {
                return self.set_elsewhere(module, param, value, frame, why);
            }
            Err(why) => return Err(why),
        };
        let value = params::check(&knob.spec, value)?;
        self.turn(slot, module, &knob, value, frame);
        if focus == Focus::Live {
            self.follow(module, &knob, value, frame);
        }
        if recorded == Recorded::New && knob.value != value {
            let step = Step::Knob {
                focus,
                module: module.to_owned(),
                param: knob.name.clone(),
                from: knob.value,
                to: value,
            };
            self.remember(step, frame);
        }
        Ok(self.tell_turn(module, &knob.spec, Some(knob.value), value))
    }

    /// The amounts of several cables into a port of what is heard, as one movement; none where the name stands for one knob.
    fn set_amounts(
        &mut self,
        module: &str,
        port: &str,
        value: ParamValue,
        frame: u64,
    ) -> Option<Result<String, String>> {
        let live = self.live;
        let patch = self.slots[live.index()].patch()?;
        let knobs = params::named(patch, module, port);
        let [first, _, ..] = knobs.as_slice() else {
            return None;
        };
        let (spec, before) = (first.spec, first.value);
        let value = match params::check(&spec, value) {
            Ok(value) => value,
            Err(why) => return Some(Err(why)),
        };
        let turns = knobs.iter().map(|knob| {
            self.turn(live, module, knob, value, frame);
            self.follow(module, knob, value, frame);
            KnobTurn {
                module: module.to_owned(),
                param: knob.name.clone(),
                from: knob.value,
                to: value,
            }
        });
        let turns: Vec<KnobTurn> = turns.collect();
        if turns.iter().any(|turn| turn.from != turn.to) {
            let gesture = Gesture::Amounts {
                module_at: first.node,
            };
            let step = Step::Gesture { gesture, turns };
            self.remember(step, frame);
        }
        Some(Ok(self.tell_turn(module, &spec, Some(before), value)))
    }

    /// Knobs that one number in a text stands for, as one movement.
    pub(super) fn set_params(
        &mut self,
        focus: Focus,
        knobs: &[(String, String, ParamValue)],
        frame: u64,
    ) -> Result<(), String> {
        let live = focus == Focus::Live || focus == Focus::Slot(self.live);
        let patch = self.slots[self.live.index()].patch().filter(|_| live);
        let found = |(module, param, to): &(String, String, ParamValue)| {
            let knob = params::find(patch?, module, param).ok()?;
            let turn = KnobTurn {
                module: module.clone(),
                param: knob.name,
                from: knob.value,
                to: *to,
            };
            Some((knob.node, turn))
        };
        let (nodes, turns): (Vec<usize>, Vec<KnobTurn>) = knobs.iter().filter_map(found).unzip();
        // What is not heard has its steps one by one.
        let recorded = match live {
            true => Recorded::Already,
            false => Recorded::New,
        };
        for (module, param, value) in knobs {
            self.set_param(focus, module, param, *value, frame, recorded)?;
        }
        if let Some(module_at) = nodes.first().copied()
            && turns.iter().any(|turn| turn.from != turn.to)
        {
            let gesture = Gesture::Amounts { module_at };
            self.remember(Step::Gesture { gesture, turns }, frame);
        }
        Ok(())
    }

    /// A bare number, in the predecessor's unit where the module was made under one of its names.
    pub(super) fn set_number(
        &mut self,
        module: &str,
        param: &str,
        value: f32,
        frame: u64,
        recorded: Recorded,
    ) -> Result<(), String> {
        let value = match self.meant(module, param, value) {
            None => value,
            Some(Meant::Value(value)) => value,
            Some(Meant::Mode(mode)) => return self.set_mode(module, mode, frame, recorded),
        };
        let value = ParamValue::Fixed(value);
        self.set_param(Focus::Live, module, param, value, frame, recorded)?;
        Ok(())
    }

    fn meant(&self, module: &str, param: &str, value: f32) -> Option<Meant> {
        let (_, kind) = self.made_as.iter().find(|(name, _)| name == module)?;
        let live = self.slots[self.live.index()].patch();
        let is_draft = live.is_some_and(|p| p.name == DRAFT && p.node(module).is_some());
        let building = self.pending.iter().filter_map(|p| p.draft.as_ref());
        let mut drafts = building.chain(&self.draft);
        let comes = drafts.any(|d| d.spec(module).is_some());
        (is_draft || comes).then(|| predecessor::meant(kind, param, value))?
    }

    /// Lets another output of a filter through.
    fn set_mode(
        &mut self,
        module: &str,
        mode: usize,
        frame: u64,
        recorded: Recorded,
    ) -> Result<(), String> {
        if let Some(draft) = self.draft.as_mut().filter(|d| d.spec(module).is_some()) {
            draft.set_mode(module, mode);
            return Ok(());
        }
        let vca = format!("{module}{MODE_SUFFIX}");
        for (n, output) in MODES.iter().enumerate() {
            let from = match n {
                // The first output goes by the module's name.
                0 => module.to_owned(),
                _ => format!("{module}.{output}"),
            };
            let value = ParamValue::Fixed(if n == mode { 1.0 } else { 0.0 });
            let name = format!("in<{from}");
            self.set_param(Focus::Live, &vca, &name, value, frame, recorded)?;
        }
        Ok(())
    }

    /// The same with a value as people write it.
    pub(super) fn set_param_text(
        &mut self,
        focus: Focus,
        module: &str,
        param: &str,
        text: &str,
        frame: u64,
    ) -> Result<String, String> {
        let slot = match focus {
            Focus::Live | Focus::Bench => self.live,
            Focus::Slot(slot) => slot,
        };
        let patch = self.slots[slot.index()].patch();
        let patch = patch.ok_or_else(|| format!("{} holds no patch", slot.name()))?;
        let knob = params::find(patch, module, param)?;
        let value = params::read(patch, &knob, text)?;
        self.set_param(focus, module, param, value, frame, Recorded::New)
    }

    /// A knob that the live patch does not have: the draft's, that of a patch on its way, or the standby's.
    fn set_elsewhere(
        &mut self,
        module: &str,
        param: &str,
        value: ParamValue,
        frame: u64,
        why: String,
    ) -> Result<String, String> {
        if let Some(spec) = self.draft.as_ref().and_then(|d| d.spec(module)) {
            let spec = &spec.params[params::find_param(spec, module, param)?];
            let value = params::check(spec, value)?;
            if let Some(draft) = &mut self.draft {
                draft.set(module, spec.name, value);
            }
            return Ok(self.tell_turn(module, spec, None, value));
        }
        let coming = self.pending.iter_mut().rev().find(|p| !p.forgotten);
        if let Some(pending) = coming
            && let Some(spec) = pending.draft.as_ref().and_then(|d| d.spec(module))
        {
            let spec = &spec.params[params::find_param(spec, module, param)?];
            let value = params::check(spec, value)?;
            pending.turned.push(Turned {
                module: module.to_owned(),
                param: spec.name.to_owned(),
                from: None,
                to: value,
                frame,
            });
            return Ok(self.tell_turn(module, spec, None, value));
        }
        if let Some(ready) = self
            .ready
            .as_mut()
            .or(self.arriving.as_mut().map(|a| &mut a.ready))
            && let Ok(knob) = params::find(&ready.built.patch, module, param)
        {
            let value = params::check(&knob.spec, value)?;
            ready.pending.turned.push(Turned {
                module: module.to_owned(),
                param: knob.name.clone(),
                from: None,
                to: value,
                frame,
            });
            return Ok(self.tell_turn(module, &knob.spec, Some(knob.value), value));
        }
        if let Some(bench) = &self.bench
            && params::find(&bench.patch, module, param).is_ok()
        {
            return self.turn_on_bench(module, param, value, frame, Recorded::New);
        }
        let standby = self.live.other();
        let found = self.slots[standby.index()]
            .patch()
            .map(|p| params::find(p, module, param));
        let Some(Ok(knob)) = found else {
            return Err(why);
        };
        let value = params::check(&knob.spec, value)?;
        self.turn(standby, module, &knob, value, frame);
        Ok(self.tell_turn(module, &knob.spec, Some(knob.value), value))
    }

    /// The same knob wherever it stood as the live one did: the standby, patches on their way, the draft.
    pub(super) fn follow(&mut self, module: &str, knob: &Knob, value: ParamValue, frame: u64) {
        let (param, before) = (knob.name.as_str(), knob.value);
        let standby = self.live.other();
        if let Some(Ok(there)) = self.slots[standby.index()]
            .patch()
            .map(|p| params::find(p, module, param))
            && there.value == before
        {
            self.turn(standby, module, &there, value, frame);
        }
        let turned = Turned {
            module: module.to_owned(),
            param: param.to_owned(),
            from: Some(before),
            to: value,
            frame,
        };
        for pending in self.coming_mut() {
            pending.turned.push(turned.clone());
        }
        self.bench_follows(module, knob, value);
        if let Some(draft) = &mut self.draft
            && let Some(there) = draft.spec(module).and_then(|s| s.param(param))
            && draft.value(module, there) == Some(before)
        {
            draft.set(module, knob.spec.name, value);
        }
    }

    /// Turns a knob of one slot: in its patch, in its text, in its engine.
    pub(super) fn turn(
        &mut self,
        slot: SlotId,
        module: &str,
        knob: &Knob,
        value: ParamValue,
        frame: u64,
    ) {
        let record = &mut self.slots[slot.index()];
        let generation = record.generation;
        let Some(loaded) = &mut record.loaded else {
            return;
        };
        knob.put(Arc::make_mut(&mut loaded.patch), value);
        let name = (module.to_owned(), knob.name.clone());
        if !record.unwritten.contains(&name) {
            record.unwritten.push(name);
        }
        let change = knob.change(value);
        self.rig
            .act(slot, frame, Act::Change { generation, change }, 0);
        self.changed = true;
    }

    pub(super) fn tell_turn(
        &mut self,
        module: &str,
        spec: &ParamSpec,
        from: Option<ParamValue>,
        to: ParamValue,
    ) -> String {
        let shown = from.map_or(String::new(), |v| format_value(spec, v));
        let what = What::Param {
            module: module.to_owned(),
            param: spec.name.to_owned(),
            from: shown.clone(),
            to: format_value(spec, to),
        };
        let name = spec.name;
        let sentence = match from {
            Some(_) => format!("{module}.{name} {shown} -> {}", format_value(spec, to)),
            None => format!("{module}.{name} {}", format_value(spec, to)),
        };
        self.tell_turned(what, sentence.clone());
        sentence
    }

    /// Brings the texts up to the knobs. Once a turn of the supervisor, not once a knob: an edit reads the text.
    pub(super) fn write_texts(&mut self) {
        self.write_bench();
        for slot in &mut self.slots {
            let Some(loaded) = &mut slot.loaded else {
                continue;
            };
            let turned = std::mem::take(&mut slot.unwritten);
            if let Some(text) = written::write(&loaded.text, &loaded.patch, turned) {
                loaded.text = text.into();
                loaded.modified = true;
            }
            for index in slot.unwritten_macros.drain(..) {
                let at = loaded.patch.macros.get(index).map(|m| m.at);
                if let Some(at) = at
                    && let Ok(text) = edit::set_macro_at(&loaded.text, index, at)
                {
                    loaded.text = text.into();
                    loaded.modified = true;
                }
            }
        }
    }
}
