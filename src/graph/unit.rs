//! One kernel at work: its state, inputs and outputs, for all its lane groups. Runs on engine threads.
use crate::dsp::{
    BLOCK,
    lanes::{Isa, Lanes},
};
use crate::modules::{
    module::{BlockCx, In, Io, Kernel, LaneInit, Out, Rest, VoiceEvent},
    spec::{Family, ModuleSpec, Signal},
};

use super::{
    input::{Around, Slot},
    nap::Naps,
    notes::NoteAllocator,
    plan::Reads,
    ports::{Port, Reader},
    told::Told,
};

/// Input slots that a kernel may have.
pub const MAX_SLOTS: usize = 24;

/// Slots that `render` sets up at once: the least that hold a kernel's.
const FEW: usize = 4;
const SOME: usize = 8;

/// The row of so many slots.
pub fn row(slots: usize) -> usize {
    match slots {
        0..=FEW => FEW,
        _ if slots <= SOME => SOME,
        _ => MAX_SLOTS,
    }
}

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
    /// From one group's row in `constants` to the next one's: slots, and what fills them up to what `render` sets up.
    pub row: usize,
    /// Slots with a cable.
    pub cabled: Vec<usize>,
    /// Those of them that hear one output as it is, and the others.
    pub plain: Vec<(usize, Reads)>,
    pub summed: Vec<usize>,
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
    /// What it may leave out while nobody hears it.
    pub rest: Rest,
    pub naps: Naps<R::L>,
    /// Per lane group, of an amplifier or a filter: what it has told those who ask whether they may rest.
    pub told: Vec<Told<R::L>>,
}

impl<A: Isa, R: Reader<A>> Unit<A, R> {
    /// Renders one lane group. `port` finds what the slots read; `scratch` has a block for every slot.
    #[inline(always)]
    pub fn render<'p>(
        &mut self,
        isa: A,
        group: usize,
        around: Around<'_>,
        cx: &BlockCx<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [[<R::L as Lanes>::F; BLOCK]],
    ) {
        // Setting up more slots than a kernel has is a good part of a small kernel's cost.
        match self.row {
            FEW => self.render_slots::<FEW, false>(isa, group, around, cx, port, scratch),
            SOME => self.render_slots::<SOME, false>(isa, group, around, cx, port, scratch),
            _ => self.render_slots::<MAX_SLOTS, false>(isa, group, around, cx, port, scratch),
        };
    }

    /// The same, and whether the next blocks may be left out while nobody hears them and the inputs stay as they are.
    #[inline(always)]
    pub fn render_and_see<'p>(
        &mut self,
        isa: A,
        group: usize,
        around: Around<'_>,
        cx: &BlockCx<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [[<R::L as Lanes>::F; BLOCK]],
    ) -> bool {
        self.render_slots::<MAX_SLOTS, true>(isa, group, around, cx, port, scratch)
    }

    // A closure can be told to be inlined, which a path to a function can't.
    #[allow(clippy::redundant_closure)]
    #[inline(always)]
    fn render_slots<'p, const SLOTS: usize, const SEE: bool>(
        &mut self,
        isa: A,
        group: usize,
        around: Around<'_>,
        cx: &BlockCx<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [[<R::L as Lanes>::F; BLOCK]],
    ) -> bool {
        let count = self.slots.len();
        let constants = &mut self.constants[group * self.row..][..self.row];
        let mut ins = match constants.first_chunk::<SLOTS>() {
            // Not `row.map`, which copies the row first.
            Some(row) => std::array::from_fn(
                #[inline(always)]
                |slot| In::constant(row[slot]),
            ),
            None => [In::constant(R::lanes(isa).f(0.0)); SLOTS],
        };
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
            if SEE {
                for (input, constant) in ins.iter_mut().zip(constants) {
                    *input = In::constant(*constant);
                }
            }
            for (index, reads) in &self.plain {
                if let Some(out) = R::out(&port(*reads), group) {
                    ins[*index % SLOTS] = out.as_in();
                }
            }
            for (index, scratch) in self.summed.iter().zip(scratch) {
                let slot = &mut self.slots[*index];
                ins[*index % SLOTS] = match slot.twin {
                    Some(twin) => ins[twin % SLOTS],
                    None => slot.prepare(isa, group, around, &port, scratch),
                };
            }
        }
        let outs = &mut self.outs[group * self.out_stride..][..self.out_slots];
        // A loop over one or two is longer than what it does.
        match &mut *outs {
            [out] => out.constant = false,
            [left, right] => (left.constant, right.constant) = (false, false),
            outs => {
                for out in outs {
                    out.constant = false;
                }
            }
        }
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
        self.kernel.render(&mut io);
        let may_skip = SEE
            && !self.awake[group]
            && ins[..count].iter().all(In::is_constant)
            && self.kernel.may_skip(&io);
        if may_skip {
            self.naps.take(group, &ins[..count]);
        }
        may_skip
    }

    /// A slot that heard one output as it is has its amount turned: it is summed from now on. What rests is woken.
    pub fn turn(&mut self, slot: usize, rate: f32) {
        if let Some(at) = self.plain.iter().position(|(plain, _)| *plain == slot) {
            self.plain.remove(at);
            let at = self.summed.partition_point(|other| *other < slot);
            self.summed.insert(at, slot);
        }
        for group in 0..self.naps.len() {
            self.wake_up(group, rate);
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
        self.naps.forget();
        self.init_lanes();
    }

    /// A fresh lane's words into a state that is zero.
    pub fn init_lanes(&mut self) {
        let mut words = [0.0; 512];
        let words = &mut words[..self.words.min(512)];
        // Lanes without an instance copy the last one, so that nothing in them divides by zero.
        let last = self.inits.len().saturating_sub(1);
        for instance in 0..self.groups * <R::L as Lanes>::N {
            self.kernel.init(self.inits[instance.min(last)], words);
            if words.iter().any(|word| word.to_bits() != 0) {
                self.set_words(instance, words);
                words.fill(0.0);
            }
        }
    }
}
