//! The compiled graph at one instruction set. Runs on engine threads and, while primed, on the builder.
use crate::dsp::{
    BLOCK, StereoBlock,
    lanes::{Float, Isa, Lanes},
    swing::Swing,
};
use crate::modules::{
    module::{BlockCx, Out, VoiceEvent},
    spec::ParamValue,
};
use crate::patch::{Cable, Input};

use super::{
    Block, Change, Core, Snapshot,
    amounts::Turned,
    costs::Meter,
    input::{Around, Knobs},
    plan::{Origin, Place, Reads, Step},
    ports::{Port, ReadOne, ReadWide, Reader},
    unit::{MAX_NOTES, MAX_SLOTS, Unit},
};

/// A unit at either width.
pub enum AnyUnit<A: Isa> {
    One(Unit<A, ReadOne>),
    Wide(Unit<A, ReadWide>),
}

/// Calls a method of a unit, whatever its width.
macro_rules! each_width {
    ($unit:expr, $u:ident => $body:expr) => {
        match $unit {
            AnyUnit::One($u) => $body,
            AnyUnit::Wide($u) => $body,
        }
    };
}
pub(super) use each_width;

/// An output as it was one block ago.
pub struct Late<A: Isa> {
    pub from: Origin,
    pub copy: LateCopy<A>,
}

pub enum LateCopy<A: Isa> {
    One(Out<A::One>),
    /// One a lane group.
    Wide(Vec<Out<A::Wide>>),
}

pub struct LaneGraph<A: Isa> {
    pub isa: A,
    pub rate: f32,
    pub bpm: f64,
    pub swing: Swing,
    pub units: Vec<AnyUnit<A>>,
    /// For each of them: it has amplifiers to ask before it is rendered.
    pub rests: Vec<bool>,
    pub steps: Vec<Step>,
    /// For each module of the patch.
    pub places: Vec<Place>,
    /// Of the patch.
    pub cables: Vec<Cable>,
    pub late: Vec<Late<A>>,
    /// Units whose first two output slots are the patch's sound.
    pub sounding: Vec<usize>,
    pub scratch_one: Vec<[<A::One as Lanes>::F; BLOCK]>,
    pub scratch_wide: Vec<[<A::Wide as Lanes>::F; BLOCK]>,
    /// Nothing plays it: see [`Change::Release`].
    pub released: bool,
    pub meter: Meter,
}

/// The port that a slot reads, among the units rendered before and the late copies.
#[inline(always)]
fn port<'p, A: Isa>(before: &'p [AnyUnit<A>], late: &'p [Late<A>], reads: Reads) -> Port<'p, A> {
    match reads {
        Reads::Now(origin) => match &before[origin.unit] {
            AnyUnit::One(unit) => Port::One(&unit.outs[origin.slot]),
            AnyUnit::Wide(unit) => Port::Wide {
                outs: &unit.outs,
                first: origin.slot,
                stride: unit.out_stride,
            },
        },
        Reads::Late(index) => match &late[index].copy {
            LateCopy::One(out) => Port::One(out),
            LateCopy::Wide(outs) => Port::Wide {
                outs,
                first: 0,
                stride: 1,
            },
        },
    }
}

impl<A: Isa> LaneGraph<A> {
    fn render_one(&mut self, index: usize, around: Around<'_>, cx: &BlockCx<'_>) {
        let group = (0, self.resting(index, 0, around));
        let (before, rest) = self.units.split_at_mut(index);
        let (late, isa) = (&self.late, self.isa);
        if let Some(AnyUnit::One(unit)) = rest.first_mut() {
            let scratch = &mut self.scratch_one;
            isa.run(
                #[inline(always)]
                || unit.render(isa, group, around, cx, |r| port(before, late, r), scratch),
            );
        }
    }

    fn render_lanes(&mut self, index: usize, group: usize, around: Around<'_>, cx: &BlockCx<'_>) {
        let group = (group, self.resting(index, group, around));
        let (before, rest) = self.units.split_at_mut(index);
        let (late, isa) = (&self.late, self.isa);
        if let Some(AnyUnit::Wide(unit)) = rest.first_mut() {
            let scratch = &mut self.scratch_wide;
            isa.run(
                #[inline(always)]
                || unit.render(isa, group, around, cx, |r| port(before, late, r), scratch),
            );
        }
    }

    /// Lanes of a unit that only closed amplifiers hear.
    #[inline]
    fn resting(&mut self, index: usize, group: usize, around: Around<'_>) -> u64 {
        match self.rests.get(index) {
            Some(true) => self.ask(index, group, around),
            _ => 0,
        }
    }

    /// Asks a unit's amplifiers.
    #[inline(never)]
    fn ask(&mut self, index: usize, group: usize, around: Around<'_>) -> u64 {
        let guards = each_width!(&self.units[index], unit => unit.guards.len());
        let mut resting = u64::MAX;
        for k in 0..guards {
            let (amplifier, first) = each_width!(&self.units[index], unit => unit.guards[k]);
            resting &= match first {
                true => self.find_shut(amplifier, group, around),
                false => each_width!(&self.units[amplifier], unit => unit.shut[group]),
            };
        }
        resting
    }

    /// Lanes of an amplifier that are closed, and behind which everything may rest.
    fn find_shut(&mut self, index: usize, group: usize, around: Around<'_>) -> u64 {
        let (before, rest) = self.units.split_at_mut(index);
        let (late, isa) = (&self.late, self.isa);
        let shut = match rest.first_mut() {
            Some(AnyUnit::Wide(unit)) => {
                let scratch = &mut self.scratch_wide;
                isa.run(
                    #[inline(always)]
                    || unit.find_shut(isa, group, around, |r| port(before, late, r), scratch),
                )
            }
            Some(AnyUnit::One(unit)) => {
                let scratch = &mut self.scratch_one;
                isa.run(
                    #[inline(always)]
                    || unit.find_shut(isa, group, around, |r| port(before, late, r), scratch),
                )
            }
            None => 0,
        };
        let isa = self.isa;
        let guarded = match shut {
            0 => 0,
            _ => each_width!(&self.units[index], unit => unit.guarded.len()),
        };
        let mut resting = shut;
        for k in 0..guarded {
            let behind = each_width!(&self.units[index], unit => unit.guarded[k]);
            resting &= each_width!(&self.units[behind], unit => unit.may_rest(isa, group));
        }
        each_width!(&mut self.units[index], unit => unit.shut[group] = resting);
        resting
    }

    /// Where nothing plays the graph, what a note source says is not heard.
    fn close_gates(&mut self, index: usize, group: usize) {
        if self.released {
            let isa = self.isa;
            each_width!(&mut self.units[index], unit => unit.close_gates(isa, group));
        }
    }

    /// Wakes the knobs and gives out the notes that a block's events concern.
    fn take_events(&mut self, block: &Block<'_>) {
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
            }
        });
    }

    /// Gives a cable another amount, from a frame of the block on or at once.
    fn turn(&mut self, cable: usize, value: f32, at: Option<usize>) {
        let Some(cable) = self.cables.get(cable).copied() else {
            return;
        };
        let (from, into) = (self.places[cable.from.node], self.places[cable.to.node]);
        let (outputs, voices) = each_width!(&self.units[from.unit], unit => {
            let first = unit.spec.output_slot(cable.from.port);
            let slots = unit.spec.outputs[cable.from.port].width.slots();
            (first..first + slots, unit.voices)
        });
        let late = &self.late;
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
        for unit in &mut self.units {
            match unit {
                AnyUnit::One(unit) => retune(unit, isa.one(), bpm, within),
                AnyUnit::Wide(unit) => retune(unit, isa.wide(), bpm, within),
            }
        }
    }

    fn note(&mut self, offset: usize, note: f32, velocity: f32) {
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

    fn notes_off(&mut self, offset: usize) {
        for unit in &mut self.units {
            each_width!(unit, unit => if let Some(allocator) = &mut unit.notes {
                while let Some(event) = allocator.off_any(offset) {
                    push_note(&mut unit.note_events, Some(event));
                }
            });
        }
    }

    fn keep_late(&mut self) {
        for late in &mut self.late {
            match (&self.units[late.from.unit], &mut late.copy) {
                (AnyUnit::One(unit), LateCopy::One(copy)) => {
                    keep(&unit.outs[late.from.slot], copy);
                }
                (AnyUnit::Wide(unit), LateCopy::Wide(copies)) => {
                    let outs = unit.outs[late.from.slot..].iter().step_by(unit.out_slots);
                    for (out, copy) in outs.zip(copies) {
                        keep(out, copy);
                    }
                }
                _ => {}
            }
        }
    }

    fn sum_into(&self, sound: &mut StereoBlock) {
        *sound = [[0.0; 2]; BLOCK];
        for index in &self.sounding {
            if let AnyUnit::One(unit) = &self.units[*index] {
                for side in 0..2 {
                    let out = unit.outs[side].as_in();
                    for (i, frame) in sound.iter_mut().enumerate() {
                        frame[side] += out.at(i).lanes()[0];
                    }
                }
            }
        }
    }

    /// Sets every knob that `pick` finds a value for, at once.
    fn set_knobs(&mut self, mut pick: impl FnMut(&super::ramp::Knob) -> Option<ParamValue>) {
        let (bpm, isa) = (self.bpm, self.isa);
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

fn keep<L: Lanes>(out: &Out<L>, copy: &mut Out<L>) {
    copy.constant = out.constant;
    if out.constant {
        copy.block[0] = out.block[0];
    } else {
        copy.block.copy_from_slice(&out.block[..]);
    }
}

fn set_slots<A: Isa, R: Reader<A>>(
    unit: &mut Unit<A, R>,
    l: R::L,
    bpm: f64,
    pick: &mut impl FnMut(&super::ramp::Knob) -> Option<ParamValue>,
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

impl<A: Isa> Core for LaneGraph<A> {
    fn render(&mut self, block: &Block<'_>, out: &mut StereoBlock) {
        self.take_events(block);
        let around = Around {
            events: block.events,
            time: &block.time,
        };
        let cx = BlockCx {
            rate: self.rate,
            frame: block.frame,
            time: block.time,
            swing: self.swing,
            input: block.input,
            notes: &[],
        };
        let measured = self.meter.begin();
        for step in 0..self.steps.len() {
            match self.steps[step] {
                Step::One(index) => {
                    self.render_one(index, around, &cx);
                    self.close_gates(index, 0);
                    if measured {
                        self.meter.mark(index);
                    }
                }
                Step::Lanes { first, end, groups } => {
                    for group in 0..groups {
                        for index in first..end {
                            self.render_lanes(index, group, around, &cx);
                            self.close_gates(index, group);
                            if measured {
                                self.meter.mark(index);
                            }
                        }
                    }
                }
            }
        }
        if measured {
            self.meter.publish(&self.places);
        }
        self.keep_late();
        self.sum_into(out);
        for unit in &mut self.units {
            each_width!(unit, unit => unit.note_events.clear());
        }
    }

    fn set_now(&mut self, node: usize, param: usize, value: ParamValue) {
        self.set_knobs(|knob| {
            (knob.node == node && knob.input == Input::Param(param)).then_some(value)
        });
    }

    fn set_amount_now(&mut self, cable: usize, value: f32) {
        self.turn(cable, value, None);
    }

    fn test_note(&mut self, note: Option<f32>) {
        let open = ParamValue::Fixed(if note.is_some() { 1.0 } else { 0.0 });
        self.set_knobs(|knob| matches!(knob.input, Input::Port(_)).then_some(open));
        self.notes_off(0);
        if let Some(pitch) = note {
            self.note(0, 60.0 + 12.0 * pitch, 1.0);
        }
    }

    fn reset(&mut self) {
        let isa = self.isa;
        for unit in &mut self.units {
            each_width!(unit, unit => unit.reset(isa));
        }
        for late in &mut self.late {
            match &mut late.copy {
                LateCopy::One(out) => out.fill(isa.one().f(0.0)),
                LateCopy::Wide(outs) => outs.iter_mut().for_each(|o| o.fill(isa.wide().f(0.0))),
            }
        }
    }

    fn range(&self, node: usize, port: usize) -> Option<[f32; 2]> {
        self.range_of(node, port)
    }

    fn tap(&self, node: usize, port: usize, gain: f32, into: &mut [f32; BLOCK]) {
        self.tap_of(node, port, gain, into);
    }

    fn want(&mut self, node: usize, port: usize, wanted: bool) -> bool {
        self.want_of(node, port, wanted)
    }

    fn save(&self, into: &mut Snapshot) {
        for carried in &mut into.carried {
            let place = self.places[carried.from];
            each_width!(&self.units[place.unit], unit => {
                let size = unit.carried_words();
                for voice in 0..carried.voices {
                    let words = &mut carried.words[voice * size..][..size];
                    let (module, note) = words.split_at_mut(unit.words);
                    unit.get_words(place.instance + voice, module);
                    if let Some(allocator) = &unit.notes {
                        allocator.save(voice, note);
                    }
                    let memory = &mut carried.memory[voice * unit.memory_len..][..unit.memory_len];
                    unit.get_memory(place.instance + voice, memory);
                }
            });
        }
    }

    fn restore(&mut self, from: &Snapshot) {
        for carried in &from.carried {
            let place = self.places[carried.to];
            each_width!(&mut self.units[place.unit], unit => {
                let size = unit.carried_words();
                for voice in 0..carried.voices {
                    let (module, note) = carried.words[voice * size..][..size].split_at(unit.words);
                    unit.set_words(place.instance + voice, module);
                    if let Some(allocator) = &mut unit.notes {
                        allocator.restore(voice, note);
                    }
                    let memory = &carried.memory[voice * unit.memory_len..][..unit.memory_len];
                    unit.set_memory(place.instance + voice, memory);
                }
            });
        }
    }
}

/// Scratch blocks for the widest module.
pub fn scratch<L: Lanes>(l: L) -> Vec<[L::F; BLOCK]> {
    vec![[l.f(0.0); BLOCK]; MAX_SLOTS]
}
