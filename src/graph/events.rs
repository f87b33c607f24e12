//! What comes from outside into a graph: knobs, gates, notes, the tempo. Runs on engine threads.
use crate::dsp::{BLOCK, lanes::Isa};
use crate::modules::{module::VoiceEvent, spec::ParamValue};
use crate::patch::Input;

use super::{
    Block, Change,
    amounts::Turned,
    input::Knobs,
    lane_graph::{AnyUnit, LaneGraph, each_width},
    plan::Reads,
    ports::Reader,
    ramp::Knob,
    unit::{MAX_NOTES, Unit},
};

impl<A: Isa> LaneGraph<A> {
    /// Wakes the knobs and gives out the notes that a block's events concern.
    pub(super) fn take_events(&mut self, block: &Block<'_>) {
        for event in block.events {
            match event.change {
                Change::Param { node, param, .. } => self.wake(node, Input::Param(param)),
                Change::Amount { cable, value } => self.turn(cable, value, Some(event.offset)),
                Change::Gate { node, .. } => self.wake_gates(node),
                // A note that is let go of is let go of in either state; what is struck while released was not meant for it.
                Change::Note { note, velocity } if velocity == 0.0 || !self.released => {
                    self.note(event.offset, note, velocity);
                }
                Change::Note { .. } => {}
                Change::NotesOff => self.notes_off(event.offset),
                Change::Release(on) => {
                    self.released = on;
                    if on {
                        self.notes_off(event.offset);
                    }
                }
            }
        }
        let bpm = block.time.at(BLOCK - 1).bpm;
        if bpm != self.bpm {
            self.bpm = bpm;
            self.wake_tempo(block.time.split < BLOCK);
        }
    }

    fn wake(&mut self, node: usize, input: Input) {
        let Some(place) = self.places.get(node) else {
            return;
        };
        let member_of = |voices: usize| if voices > 1 { 0 } else { place.instance };
        each_width!(&mut self.units[place.unit], unit => {
            let slot = match input {
                Input::Port(port) => unit.spec.input_slot(port),
                Input::Param(param) => unit.spec.input_slots() + param,
            };
            let member = member_of(unit.voices);
            if let Some(knobs) = unit.slots.get_mut(slot).and_then(|s| s.knobs.as_mut()) {
                knobs.wake(member);
                unit.awake.fill(true);
                self.asks.forget();
            }
        });
    }

    /// Gives a cable another amount, from a frame of the block on or at once.
    pub(super) fn turn(&mut self, cable: usize, value: f32, at: Option<usize>) {
        let Some(cable) = self.cables.get(cable).copied() else {
            return;
        };
        let (from, into) = (self.places[cable.from.node], self.places[cable.to.node]);
        let (outputs, voices) = each_width!(&self.units[from.unit], unit => {
            let first = unit.spec.output_slot(cable.from.port);
            let slots = unit.spec.outputs[cable.from.port].width.slots();
            (first..first + slots, unit.voices)
        });
        let (late, rate) = (&self.late, self.rate);
        let reads = |reads: Reads| {
            let origin = match reads {
                Reads::Now(origin) if !cable.feedback => origin,
                Reads::Late(index) if cable.feedback => late[index].from,
                _ => return false,
            };
            origin.unit == from.unit && outputs.contains(&origin.slot)
        };
        each_width!(&mut self.units[into.unit], unit => {
            let slots = match cable.to.input {
                Input::Port(port) => {
                    let first = unit.spec.input_slot(port);
                    first..first + unit.spec.inputs[port].width.slots()
                }
                Input::Param(param) => {
                    let slot = unit.spec.input_slots() + param;
                    slot..slot + 1
                }
            };
            // What was summed once for several is not the same for all of them any more.
            for index in 0..unit.slots.len() {
                let twin = unit.slots[index].twin;
                if slots.contains(&index) || twin.is_some_and(|twin| slots.contains(&twin)) {
                    unit.slots[index].twin = None;
                }
            }
            let turned = Turned {
                value,
                from: from.instance..from.instance + voices,
                into: into.instance..into.instance + unit.voices,
                at,
            };
            for slot in slots {
                unit.turn(slot, rate);
                unit.slots[slot].turn(reads, &turned);
            }
        });
    }

    fn wake_gates(&mut self, node: usize) {
        let Some(place) = self.places.get(node) else {
            return;
        };
        let inputs = each_width!(&self.units[place.unit], unit => unit.spec.inputs.len());
        for input in 0..inputs {
            self.wake(node, Input::Port(input));
        }
    }

    /// Knobs whose value follows the tempo move: within the block where it changes there, else at once.
    fn wake_tempo(&mut self, within: bool) {
        let bpm = self.bpm;
        let isa = self.isa;
        self.asks.forget();
        for unit in &mut self.units {
            match unit {
                AnyUnit::One(unit) => retune(unit, isa.one(), bpm, within),
                AnyUnit::Wide(unit) => retune(unit, isa.wide(), bpm, within),
            }
        }
    }

    pub(super) fn note(&mut self, offset: usize, note: f32, velocity: f32) {
        for unit in &mut self.units {
            each_width!(unit, unit => if let Some(allocator) = &mut unit.notes {
                let event = if velocity > 0.0 {
                    allocator.on(offset, note, velocity)
                } else {
                    allocator.off(offset, note)
                };
                push_note(&mut unit.note_events, event);
            });
        }
    }

    pub(super) fn notes_off(&mut self, offset: usize) {
        for unit in &mut self.units {
            each_width!(unit, unit => if let Some(allocator) = &mut unit.notes {
                while let Some(event) = allocator.off_any(offset) {
                    push_note(&mut unit.note_events, Some(event));
                }
            });
        }
    }

    /// Sets every knob that `pick` finds a value for, at once.
    pub(super) fn set_knobs(&mut self, mut pick: impl FnMut(&Knob) -> Option<ParamValue>) {
        let (bpm, isa) = (self.bpm, self.isa);
        self.asks.forget();
        for unit in &mut self.units {
            match unit {
                AnyUnit::One(unit) => set_slots(unit, isa.one(), bpm, &mut pick),
                AnyUnit::Wide(unit) => set_slots(unit, isa.wide(), bpm, &mut pick),
            }
        }
    }
}

fn push_note(events: &mut Vec<VoiceEvent>, event: Option<VoiceEvent>) {
    if let Some(event) = event
        && events.len() < MAX_NOTES
    {
        events.push(event);
    }
}

fn set_slots<A: Isa, R: Reader<A>>(
    unit: &mut Unit<A, R>,
    l: R::L,
    bpm: f64,
    pick: &mut impl FnMut(&Knob) -> Option<ParamValue>,
) {
    unit.awake.fill(true);
    for knobs in unit.slots.iter_mut().filter_map(|s| s.knobs.as_mut()) {
        let mut changed = false;
        for knob in &mut knobs.knobs {
            if let Some(value) = pick(knob) {
                knob.set_now(value, bpm);
                changed = true;
            }
        }
        if changed {
            knobs.moving.fill(false);
            knobs.hold_all(l);
        }
    }
}

fn retune<A: Isa, R: Reader<A>>(unit: &mut Unit<A, R>, l: R::L, bpm: f64, within: bool) {
    unit.awake.fill(true);
    for knobs in unit.slots.iter_mut().filter_map(|s| s.knobs.as_mut()) {
        let mut at_once = false;
        for member in 0..knobs.knobs.len() {
            if let ParamValue::Beats(_) = knobs.knobs[member].value {
                if within {
                    knobs.wake(member);
                } else {
                    let value = knobs.knobs[member].value;
                    knobs.knobs[member].set_now(value, bpm);
                    at_once = true;
                }
            }
        }
        if at_once {
            Knobs::hold_all(knobs, l);
        }
    }
}
