//! One kernel at work: its state, inputs and outputs, for all its lane groups. Runs on engine threads.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Isa, Lanes},
};
use crate::modules::{
    module::{BlockCx, In, Io, Kernel, LaneInit, Out, VoiceEvent},
    spec::{Family, ModuleSpec, Signal},
};

use super::{
    input::{Around, Slot},
    notes::NoteAllocator,
    plan::Reads,
    ports::{Port, Reader},
};

/// Input slots that a kernel may have.
pub const MAX_SLOTS: usize = 24;

/// Notes that one block may bring to a unit; more wait for nobody and are dropped, which a person can't play.
pub const MAX_NOTES: usize = 256;

pub struct Unit<A: Isa, R: Reader<A>> {
    pub kernel: Box<dyn Kernel<R::L>>,
    pub spec: &'static ModuleSpec,
    /// Instances of each member.
    pub voices: usize,
    pub groups: usize,
    pub words: usize,
    /// Memory vectors of a group.
    pub memory_len: usize,
    pub state: Vec<<R::L as Lanes>::F>,
    pub memory: Vec<<R::L as Lanes>::F>,
    pub slots: Vec<Slot<A, R>>,
    /// Per lane group: a knob of it may move, so `constants` is not what the slots without cables hold.
    pub awake: Vec<bool>,
    /// What the slots hold, slot by slot, group after group.
    pub constants: Vec<<R::L as Lanes>::F>,
    /// Slots with a cable.
    pub cabled: Vec<usize>,
    /// Slot by slot, group after group; of one group only where `out_stride` is 0.
    pub outs: Vec<Out<R::L>>,
    pub out_slots: usize,
    /// From one group's outputs to the next one's: none where nobody but the units rendered right after in the same group reads
    /// them, so that the buffers stay in the first cache.
    pub out_stride: usize,
    pub notes: Option<NoteAllocator>,
    pub note_events: Vec<VoiceEvent>,
    /// One a member, times its voices.
    pub inits: Vec<LaneInit>,
    /// Amplifiers without which nothing of it is heard, and whether it is the first that asks them in a block.
    pub guards: Vec<(usize, bool)>,
    /// Of an amplifier: its control inputs, the units that it guards, and in each group its lanes that are closed.
    pub controls: &'static [usize],
    pub guarded: Vec<usize>,
    pub shut: Vec<u64>,
}

impl<A: Isa, R: Reader<A>> Unit<A, R> {
    /// Of an amplifier: lanes of a group that are closed throughout the block. Where a knob or an amount may move, none.
    #[inline(always)]
    pub fn find_shut<'p>(
        &mut self,
        isa: A,
        group: usize,
        around: Around<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [[<R::L as Lanes>::F; BLOCK]],
    ) -> u64 {
        let zero = R::lanes(isa).f(0.0);
        let mut ins = [In::constant(zero); 8];
        for (control, scratch) in self.controls.iter().zip(scratch) {
            let slot = &mut self.slots[*control];
            let knobs = slot.knobs.as_ref();
            if slot.turning || knobs.is_some_and(|k| k.moving[group]) {
                return 0;
            }
            ins[*control % 8] = match slot.terms.is_empty() {
                true => In::constant(knobs.map_or(zero, |k| k.held[group])),
                false => slot.prepare(isa, group, around, &port, scratch),
            };
        }
        self.kernel.shut(&ins)
    }

    /// Lanes of a group that may rest, as its knobs stand.
    pub fn may_rest(&self, isa: A, group: usize) -> u64 {
        let mut knobs = [R::lanes(isa).f(0.0); MAX_SLOTS];
        for (knob, slot) in knobs.iter_mut().zip(&self.slots) {
            if let Some(knobs) = &slot.knobs {
                *knob = knobs.held[group];
            }
        }
        self.kernel.may_rest(&knobs)
    }

    /// Renders one lane group, of which nobody hears the lanes `resting`. `port` finds what the slots read; `scratch` has a block for every slot.
    #[inline(always)]
    pub fn render<'p>(
        &mut self,
        isa: A,
        (group, resting): (usize, u64),
        around: Around<'_>,
        cx: &BlockCx<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [[<R::L as Lanes>::F; BLOCK]],
    ) {
        let group = (group, resting);
        // Setting up more slots than a kernel has is a good part of a small kernel's cost.
        match self.slots.len() {
            0..=4 => self.render_slots::<4>(isa, group, around, cx, port, scratch),
            5..=8 => self.render_slots::<8>(isa, group, around, cx, port, scratch),
            _ => self.render_slots::<MAX_SLOTS>(isa, group, around, cx, port, scratch),
        }
    }

    #[inline(always)]
    fn render_slots<'p, const SLOTS: usize>(
        &mut self,
        isa: A,
        (group, resting): (usize, u64),
        around: Around<'_>,
        cx: &BlockCx<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [[<R::L as Lanes>::F; BLOCK]],
    ) {
        let count = self.slots.len();
        let mut ins = [In::constant(R::lanes(isa).f(0.0)); SLOTS];
        let constants = &mut self.constants[group * count..][..count];
        if self.awake[group] {
            self.awake[group] = false;
            let rows = self.slots.iter_mut().zip(constants).zip(scratch);
            for (index, ((slot, constant), scratch)) in rows.enumerate() {
                ins[index % SLOTS] = slot.prepare(isa, group, around, &port, scratch);
                if let Some(knobs) = &slot.knobs {
                    *constant = knobs.held[group];
                    self.awake[group] |= knobs.moving[group];
                }
            }
        } else {
            for (input, constant) in ins.iter_mut().zip(constants) {
                *input = In::constant(*constant);
            }
            for (index, scratch) in self.cabled.iter().zip(scratch) {
                let slot = &mut self.slots[*index];
                ins[*index % SLOTS] = match slot.twin {
                    Some(twin) => ins[twin % SLOTS],
                    None => slot.prepare(isa, group, around, &port, scratch),
                };
            }
        }
        let outs = &mut self.outs[group * self.out_stride..][..self.out_slots];
        match outs {
            [out] => out.constant = false,
            outs => {
                for out in outs {
                    out.constant = false;
                }
            }
        }
        let outs = &mut self.outs[group * self.out_stride..][..self.out_slots];
        let with_notes;
        let mut io = Io {
            ins: &ins[..count],
            outs,
            state: &mut self.state[group * self.words..][..self.words],
            memory: &mut self.memory[group * self.memory_len..][..self.memory_len],
            first_voice: group * <R::L as Lanes>::N,
            voices: self.voices,
            cx: match self.note_events.is_empty() {
                true => cx,
                false => {
                    with_notes = BlockCx {
                        notes: &self.note_events,
                        ..*cx
                    };
                    &with_notes
                }
            },
        };
        let all = u64::MAX >> (64 - <R::L as Lanes>::N);
        if resting & all == all && !self.awake[group] && self.kernel.rest(&mut io) {
            return;
        }
        self.kernel.render(&mut io);
        if resting != 0 {
            self.kernel.forget(io.state, resting);
        }
    }

    /// Closes the gates that a note source has just opened in a lane group.
    pub fn close_gates(&mut self, isa: A, group: usize) {
        if self.spec.family != Family::Notes {
            return;
        }
        let zero = R::lanes(isa).f(0.0);
        for (port, about) in self.spec.outputs.iter().enumerate() {
            let slot = group * self.out_stride + self.spec.output_slot(port);
            if about.signal == Signal::Gate
                && let Some(out) = self.outs.get_mut(slot)
            {
                out.fill(zero);
            }
        }
    }

    /// State words of one voice: the kernel's, then those of the notes given to it.
    pub fn carried_words(&self) -> usize {
        let of_notes = self.notes.as_ref().map_or(0, NoteAllocator::words);
        self.words + of_notes
    }

    /// Instances of a lane group.
    pub fn width(&self) -> usize {
        <R::L as Lanes>::N
    }

    /// The state of a fresh graph; the knobs stay.
    pub fn reset(&mut self, isa: A) {
        let zero = R::lanes(isa).f(0.0);
        self.state.fill(zero);
        self.memory.fill(zero);
        for out in &mut self.outs {
            out.fill(zero);
        }
        if let Some(notes) = &mut self.notes {
            notes.reset();
        }
        self.note_events.clear();
        let mut words = [0.0; 512];
        let words = &mut words[..self.words.min(512)];
        for instance in 0..self.inits.len() {
            words.fill(0.0);
            self.kernel.init(self.inits[instance], words);
            self.set_words(instance, words);
        }
        // Lanes without an instance copy the last one, so that nothing in them divides by zero.
        let last = self.inits.len().saturating_sub(1);
        for instance in self.inits.len()..self.groups * <R::L as Lanes>::N {
            words.fill(0.0);
            self.kernel.init(self.inits[last], words);
            self.set_words(instance, words);
        }
    }

    pub fn set_words(&mut self, instance: usize, words: &[f32]) {
        let (group, lane) = (instance / <R::L as Lanes>::N, instance % <R::L as Lanes>::N);
        let state = &mut self.state[group * self.words..][..self.words];
        for (to, from) in state.iter_mut().zip(words) {
            to.lanes_mut()[lane] = *from;
        }
    }

    pub fn get_words(&self, instance: usize, words: &mut [f32]) {
        let (group, lane) = (instance / <R::L as Lanes>::N, instance % <R::L as Lanes>::N);
        let state = &self.state[group * self.words..][..self.words];
        for (to, from) in words.iter_mut().zip(state) {
            *to = from.lanes()[lane];
        }
    }

    pub fn set_memory(&mut self, instance: usize, words: &[f32]) {
        let (group, lane) = (instance / <R::L as Lanes>::N, instance % <R::L as Lanes>::N);
        let memory = &mut self.memory[group * self.memory_len..][..self.memory_len];
        for (to, from) in memory.iter_mut().zip(words) {
            to.lanes_mut()[lane] = *from;
        }
    }

    pub fn get_memory(&self, instance: usize, words: &mut [f32]) {
        let (group, lane) = (instance / <R::L as Lanes>::N, instance % <R::L as Lanes>::N);
        let memory = &self.memory[group * self.memory_len..][..self.memory_len];
        for (to, from) in words.iter_mut().zip(memory) {
            *to = from.lanes()[lane];
        }
    }
}
