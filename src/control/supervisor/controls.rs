//! Controllers of the outside: learned for a knob, and turning it; the pitch wheel, which moves notes and no knob.
use super::super::command::{Focus, SlotId};
use super::super::controls::{Assigned, Controlled, MOST, assign, value_at};
use super::super::event::What;
use super::super::params::{self, Place};
use super::Supervisor;
use super::knobs::Recorded;
use crate::engine::msg::Act;
use crate::graph::Change;
use crate::modules::spec::{ParamValue, Voicing};

/// The parameter of note sources that a pitch wheel moves.
const BEND: &str = "bend";

impl Supervisor {
    /// The next controller that moves is for this knob; None: no longer.
    pub(super) fn learn(&mut self, knob: Option<Controlled>) -> Result<(), String> {
        let patch = self.slots[self.live.index()].patch();
        let patch = patch.ok_or("nothing plays that could be turned")?;
        match &knob {
            Some(Controlled::Param { module, param }) => {
                params::find(patch, module, param)?;
            }
            Some(Controlled::Macro(index)) if patch.macros.get(*index).is_none() => {
                return Err(format!("{} has no macro {}", patch.name, index + 1));
            }
            _ => {}
        }
        self.learning = knob;
        Ok(())
    }

    /// A controller moved, to 0..=1.
    pub(super) fn control(
        &mut self,
        channel: u8,
        controller: u8,
        value: f32,
        frame: u64,
    ) -> Result<(), String> {
        if channel > 15 || controller > 127 || !(0.0..=1.0).contains(&value) {
            return Err("a controller has channel 0..15, number 0..127, value 0..1".into());
        }
        if let Some(to) = self.learning.take() {
            let sentence = format!("Controller {controller} turns {to}");
            let new = Assigned {
                channel,
                controller,
                to,
            };
            assign(&mut self.controls, new);
            self.tell(What::Warning, sentence);
        }
        let same = |a: &&Assigned| (a.channel, a.controller) == (channel, controller);
        let Some(to) = self.controls.iter().find(same).map(|a| a.to.clone()) else {
            return Ok(());
        };
        match to {
            Controlled::Macro(index) => self.turn_macro(index, value, frame),
            Controlled::Param { module, param } => {
                let patch = self.slots[self.live.index()].patch();
                let patch = patch.ok_or("nothing plays")?;
                let knob = params::find(patch, &module, &param)?;
                let value = match knob.place {
                    Place::Param(_) => value_at(&knob.spec, value),
                    Place::Cable(_) => value,
                };
                let value = ParamValue::Fixed(value);
                let focus = Focus::Live;
                self.set_param(focus, &module, &param, value, frame, Recorded::New)?;
                Ok(())
            }
        }
    }

    pub(super) fn set_controls(&mut self, controls: Vec<Assigned>) {
        self.controls.clear();
        let whole = |a: &Assigned| a.channel < 16 && a.controller < 128;
        for new in controls.into_iter().filter(whole).take(MOST) {
            assign(&mut self.controls, new);
        }
    }

    /// Moves every note from where the patch has it. The text and the history know nothing of it: a wheel comes back by itself.
    pub(super) fn bend(&mut self, semitones: f32, frame: u64) -> Result<(), String> {
        if !semitones.is_finite() {
            return Err("a bend is a number of semitones".into());
        }
        for slot in SlotId::BOTH {
            let record = &self.slots[slot.index()];
            let (generation, Some(patch)) = (record.generation, record.patch()) else {
                continue;
            };
            let patch = patch.clone();
            for (node, module) in patch.modules.iter().enumerate() {
                let source = module.spec.voicing == Voicing::NoteSource;
                let Some(param) = module.spec.param(BEND).filter(|_| source) else {
                    continue;
                };
                let spec = &module.spec.params[param];
                let ParamValue::Fixed(written) = module.params[param] else {
                    continue;
                };
                let value = (written + semitones).clamp(spec.min, spec.max);
                let change = Change::Param {
                    node,
                    param,
                    value: ParamValue::Fixed(value),
                };
                let act = Act::Change { generation, change };
                self.rig.act(slot, frame, act, 0);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
