//! One movement that turns several knobs: a macro of the live patch, a morph between both slots.
use std::sync::Arc;

use super::super::command::{Focus, SlotId};
use super::super::event::What;
use super::super::history::{Gesture, KnobTurn, Step};
use super::super::morph::Morph;
use super::super::params;
use super::Supervisor;
use super::knobs::Recorded;
use crate::modules::spec::{ParamSpec, ParamValue};

impl Supervisor {
    /// Turns a macro of the live patch, 0..=1, and writes where it stands into the text.
    pub(super) fn turn_macro(&mut self, index: usize, at: f32, frame: u64) -> Result<(), String> {
        let live = self.live;
        let patch = self.slots[live.index()].patch().cloned();
        let patch = patch.ok_or_else(|| format!("{} holds no patch", live.name()))?;
        let Some(knob) = patch.macros.get(index) else {
            let names = patch.macros.iter().enumerate();
            let names: Vec<_> = names
                .map(|(i, m)| format!("{} {}", i + 1, m.name))
                .collect();
            return Err(match names.as_slice() {
                [] => format!("{} has no macros", patch.name),
                names => format!(
                    "{} has no macro {}; there is {}",
                    patch.name,
                    index + 1,
                    names.join(", ")
                ),
            });
        };
        if !(0.0..=1.0).contains(&at) {
            return Err(format!("a macro goes from 0 to 1, not to {at}"));
        }
        let mut turns = Vec::new();
        for (target, value) in knob.values(&patch, at) {
            let node = &patch.modules[target.node];
            for now in params::at(&patch, target) {
                let value = params::check(&now.spec, within(&now.spec, value))?;
                self.turn(live, &node.name, &now, value, frame);
                self.follow(&node.name, &now, value, frame);
                turns.push(KnobTurn {
                    module: node.name.clone(),
                    param: now.name.clone(),
                    from: now.value,
                    to: value,
                });
            }
        }
        self.place_macro(index, at);
        let shown = |at: f32| format!("{:.0}", at * 100.0);
        let (from, to) = (shown(knob.at), shown(at));
        let sentence = format!("macro {} {from} -> {to}", knob.name);
        let what = What::Param {
            module: "macro".to_owned(),
            param: knob.name.clone(),
            from,
            to,
        };
        self.tell_turned(what, sentence);
        if knob.at != at {
            let (from, to) = (knob.at, at);
            let gesture = Gesture::Macro { index, from, to };
            let step = Step::Gesture { gesture, turns };
            self.remember(step, frame);
        }
        Ok(())
    }

    /// Where a macro stands: in the live patch, in the standby and on the bench, if it is the same one there.
    fn place_macro(&mut self, index: usize, at: f32) {
        let live = self.slots[self.live.index()].patch();
        let Some(same) = live.and_then(|p| p.macros.get(index)).cloned() else {
            return;
        };
        let is_same = |there: &crate::patch::Macro| there.name == same.name && there.to == same.to;
        for slot in &mut self.slots {
            if let Some(loaded) = &mut slot.loaded
                && loaded.patch.macros.get(index).is_some_and(is_same)
            {
                Arc::make_mut(&mut loaded.patch).macros[index].at = at;
                if !slot.unwritten_macros.contains(&index) {
                    slot.unwritten_macros.push(index);
                }
            }
        }
        if let Some(bench) = &mut self.bench
            && bench.patch.macros.get(index).is_some_and(is_same)
        {
            bench.turn_macro(index, at);
        }
        self.changed = true;
    }

    // Morph

    /// Where the morph stands, if both slots hold patches of their own.
    pub(super) fn morph_at(&self) -> Option<f32> {
        let generations = self.own_generations()?;
        let running = self.morph.as_ref();
        let running = running.filter(|m| m.generations == generations && m.slot == self.live);
        Some(running.map_or(self.live.index() as f32, |m| m.at))
    }

    fn own_generations(&self) -> Option<[u32; 2]> {
        let own = |slot: &super::records::Slot| slot.loaded.is_some() && !slot.is_net;
        let both = self.slots.iter().all(own);
        both.then(|| [0, 1].map(|i| self.slots[i].generation))
    }

    /// Blends the knobs that both patches have: 0 is A, 1 is B. What is heard is turned; the standby keeps its own values.
    pub(super) fn morph(&mut self, at: f32, frame: u64) -> Result<(), String> {
        if !(0.0..=1.0).contains(&at) {
            return Err(format!("a morph goes from 0 (A) to 1 (B), not to {at}"));
        }
        let generations = self
            .own_generations()
            .ok_or("nothing to morph to: the standby has no patch of its own")?;
        let live = self.live;
        let mut morph = match self.morph.take() {
            Some(m) if m.generations == generations && m.slot == live => m,
            _ => {
                let [a, b] = [0, 1].map(|i| self.slots[i].patch().cloned());
                let (Some(a), Some(b)) = (a, b) else {
                    return Err("nothing to morph to".into());
                };
                Morph::between([&a, &b], generations, live)
            }
        };
        if morph.knobs.is_empty() {
            return Err("A and B share no knob that is set differently".into());
        }
        let from = std::mem::replace(&mut morph.at, at);
        let mut turns = Vec::new();
        morph.knobs.retain_mut(|shared| {
            let Some(patch) = self.slots[live.index()].patch().cloned() else {
                return false;
            };
            let Ok(knob) = params::find(&patch, &shared.module, &shared.param) else {
                return false;
            };
            // A hand on the knob is stronger than the morph.
            if knob.value != shared.set {
                return false;
            }
            let Some(value) = shared.value(&patch, at).map(|v| within(&knob.spec, v)) else {
                return false;
            };
            if value != knob.value {
                self.turn(live, &shared.module, &knob, value, frame);
                self.bench_follows(&shared.module, &knob, value);
                turns.push(KnobTurn {
                    module: shared.module.clone(),
                    param: shared.param.clone(),
                    from: knob.value,
                    to: value,
                });
                shared.set = value;
            }
            true
        });
        let knobs = turns.len();
        self.morph = Some(morph);
        self.changed = true;
        let what = What::Param {
            module: "morph".to_owned(),
            param: "at".to_owned(),
            from: format!("{from:.2}"),
            to: format!("{at:.2}"),
        };
        let sentence = format!(
            "morph {at:.2} (0 A, 1 B): {knobs} {} of {} turned",
            if knobs == 1 { "knob" } else { "knobs" },
            live.name()
        );
        self.tell_turned(what, sentence);
        if from != at {
            let gesture = Gesture::Morph { from, to: at };
            let step = Step::Gesture { gesture, turns };
            self.remember(step, frame);
        }
        Ok(())
    }

    /// The other slot is heard now: the one that was morphed becomes the standby, with its own values again.
    pub(super) fn end_morph(&mut self) {
        let Some(morph) = self.morph.take() else {
            return;
        };
        let slot = morph.slot;
        if slot == self.live
            || self.slots[slot.index()].generation != morph.generations[slot.index()]
        {
            return;
        }
        let frame = self.rig.heads().earliest;
        for shared in &morph.knobs {
            let Some(patch) = self.slots[slot.index()].patch().cloned() else {
                return;
            };
            let Ok(knob) = params::find(&patch, &shared.module, &shared.param) else {
                continue;
            };
            if knob.value == shared.set {
                let home = shared.ends[slot.index()];
                self.turn(slot, &shared.module, &knob, home, frame);
            }
        }
    }

    // Undo

    /// Puts every knob of a gesture where it was before, or after.
    pub(super) fn put_gesture(
        &mut self,
        gesture: &Gesture,
        turns: &[KnobTurn],
        back: bool,
        frame: u64,
    ) -> Result<String, String> {
        for turn in turns {
            let value = if back { turn.from } else { turn.to };
            let (module, param) = (&turn.module, &turn.param);
            self.set_param(Focus::Live, module, param, value, frame, Recorded::Already)?;
        }
        match *gesture {
            Gesture::Amounts { .. } => Ok(match turns.first() {
                Some(turn) => format!("{}.{}", turn.module, turn.param),
                None => String::new(),
            }),
            Gesture::Macro { index, from, to } => {
                let at = if back { from } else { to };
                self.place_macro(index, at);
                let patch = self.slots[self.live.index()].patch();
                let name = patch.and_then(|p| p.macros.get(index));
                let name = name.map_or_else(|| (index + 1).to_string(), |m| m.name.clone());
                Ok(format!("macro {name} at {:.0}", at * 100.0))
            }
            Gesture::Morph { from, to } => {
                let at = if back { from } else { to };
                if let Some(morph) = &mut self.morph {
                    morph.at = at;
                    for shared in &mut morph.knobs {
                        let same =
                            |t: &&KnobTurn| t.module == shared.module && t.param == shared.param;
                        if let Some(turn) = turns.iter().find(same) {
                            shared.set = if back { turn.from } else { turn.to };
                        }
                    }
                }
                Ok(format!("morph {at:.2}"))
            }
        }
    }

    /// Which macro of the live patch a name or a number from 1 means.
    pub(super) fn macro_named(&self, name: &str) -> Result<usize, String> {
        if let Some(n) = name.parse::<usize>().ok().filter(|n| *n > 0) {
            return Ok(n - 1);
        }
        let live: SlotId = self.live;
        let patch = self.slots[live.index()].patch();
        let macros = patch.map_or(&[][..], |p| &p.macros);
        macros.iter().position(|m| m.name == name).ok_or_else(|| {
            let names: Vec<_> = macros.iter().map(|m| m.name.as_str()).collect();
            format!("no macro `{name}`; there is {}", names.join(", "))
        })
    }
}

/// Rounding on the way between two ends must not leave the range.
fn within(spec: &ParamSpec, value: ParamValue) -> ParamValue {
    match value {
        ParamValue::Fixed(v) => ParamValue::Fixed(v.clamp(spec.min, spec.max)),
        beats => beats,
    }
}

#[cfg(test)]
mod tests;
