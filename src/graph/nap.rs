//! Lane groups that rest. Runs on engine threads.
//!
//! A source ([`Rest::Runs`]) that nobody hears is rendered until a block of it had nothing but constant inputs; while those stay, its
//! blocks are only counted, and made up for when somebody hears it again or its state is asked for. A filter
//! ([`Rest::Forgets`]) begins anew.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Isa, Lanes, same},
    swing::Swing,
    transport::Transport,
};
use crate::modules::module::{BlockCx, In, Io, Rest, TimeCx};

use super::{
    input::Around,
    plan::Reads,
    ports::{Port, Reader},
    unit::{MAX_SLOTS, Unit},
};

/// Those of a unit's lane groups.
pub struct Naps<L: Lanes> {
    groups: Vec<Nap>,
    slots: usize,
    terms: usize,
    /// Group by group: the inputs of the blocks left out, slot by slot.
    inputs: Vec<L::F>,
    /// Group by group: what the cables said, term by term of the slots that have some.
    heard: Vec<L::F>,
}

/// One lane group's.
#[derive(Clone, Copy, Default)]
struct Nap {
    asleep: bool,
    /// Blocks left out.
    blocks: u64,
}

impl<L: Lanes> Naps<L> {
    /// For so many lane groups, none where they never rest, of so many slots and cables. Allocates.
    pub fn new(l: L, groups: usize, slots: usize, terms: usize) -> Self {
        Self {
            groups: vec![Nap::default(); groups],
            slots,
            terms,
            inputs: vec![l.f(0.0); groups * slots],
            heard: vec![l.f(0.0); groups * terms],
        }
    }

    /// Lane groups that may rest at all.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    #[inline]
    pub fn is_asleep(&self, group: usize) -> bool {
        self.groups[group].asleep
    }

    /// Takes down the inputs of the blocks that will be left out.
    #[inline(always)]
    pub fn take(&mut self, group: usize, ins: &[In<'_, L>]) {
        let held = &mut self.inputs[group * self.slots..][..self.slots];
        for (held, x) in held.iter_mut().zip(ins) {
            *held = x.head();
        }
    }

    /// All awake, whatever was left out.
    pub fn forget(&mut self) {
        self.groups.fill(Nap::default());
    }
}

impl<A: Isa, R: Reader<A>> Unit<A, R> {
    /// A block that nobody hears: it rests, or is rendered and may from then on.
    #[inline(always)]
    pub fn render_unheard<'p>(
        &mut self,
        isa: A,
        group: usize,
        around: Around<'_>,
        cx: &BlockCx<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [[<R::L as Lanes>::F; BLOCK]],
    ) {
        let asleep = self.naps.is_asleep(group);
        if !self.awake[group] && !self.turning() {
            if let Rest::Forgets { .. } = self.rest {
                if !asleep {
                    let zero = R::lanes(isa).f(0.0);
                    self.state[group * self.words..][..self.words].fill(zero);
                    self.naps.groups[group].asleep = true;
                }
                return self.silence(isa, group);
            }
            if asleep && self.hears_the_same(isa, group, &port) {
                self.naps.groups[group].blocks += 1;
                return self.silence(isa, group);
            }
        }
        self.wake_up(group, cx.rate);
        if self.render_and_see(isa, group, around, cx, &port, scratch) && !self.turning() {
            self.fall_asleep(isa, group, port);
        }
        self.forget(isa, group, u64::MAX);
    }

    /// Whether the amount of a cable is on its way: such a slot is summed.
    #[inline(always)]
    pub(super) fn turning(&self) -> bool {
        self.summed.iter().any(
            #[inline(always)]
            |slot| self.slots[*slot].turning,
        )
    }

    /// Whether all its cables say what they said when it fell asleep.
    #[inline(always)]
    fn hears_the_same<'p>(
        &self,
        isa: A,
        group: usize,
        port: impl Fn(Reads) -> Port<'p, A>,
    ) -> bool {
        let terms = self.cabled.iter().flat_map(
            #[inline(always)]
            |slot| &self.slots[*slot].terms,
        );
        let mut terms = terms.zip(&self.naps.heard[group * self.naps.terms..]);
        terms.all(
            #[inline(always)]
            |(term, heard)| {
                let says = R::constant(isa, &port(term.from), term, group);
                says.is_some_and(
                    #[inline(always)]
                    |says| same(R::lanes(isa), says.bits(), heard.bits()),
                )
            },
        )
    }

    /// After a block of constant inputs that may be left out from now on, unless cables change what they say.
    #[inline(always)]
    fn fall_asleep<'p>(&mut self, isa: A, group: usize, port: impl Fn(Reads) -> Port<'p, A>) {
        let nap = &mut self.naps.groups[group];
        nap.asleep = true;
        let heard = &mut self.naps.heard[group * self.naps.terms..];
        let terms = self.cabled.iter().flat_map(
            #[inline(always)]
            |slot| &self.slots[*slot].terms,
        );
        for (term, heard) in terms.zip(heard) {
            match R::constant(isa, &port(term.from), term, group) {
                Some(says) => *heard = says,
                None => nap.asleep = false,
            }
        }
    }

    /// All its outputs are silent.
    #[inline(always)]
    pub fn silence(&mut self, isa: A, group: usize) {
        let zero = R::lanes(isa).f(0.0);
        for out in &mut self.outs[group * self.out_stride..][..self.out_slots] {
            out.fill(zero);
        }
    }

    /// Makes up for the blocks that a lane group left out; it may sleep on.
    pub fn catch_up(&mut self, group: usize, rate: f32) {
        let Some(nap) = self.naps.groups.get_mut(group) else {
            return;
        };
        let blocks = std::mem::take(&mut nap.blocks);
        if blocks == 0 {
            return;
        }
        let inputs = &self.naps.inputs[group * self.naps.slots..][..self.naps.slots];
        let mut ins = [In::constant(inputs[0]); MAX_SLOTS];
        for (x, held) in ins.iter_mut().zip(inputs) {
            *x = In::constant(*held);
        }
        let count = inputs.len().min(MAX_SLOTS);
        let state = &mut self.state[group * self.words..][..self.words];
        if blocks > 1 {
            self.kernel.skip(state, (blocks - 1) * BLOCK as u64);
        }
        let outs = &mut self.outs[group * self.out_stride..][..self.out_slots];
        for out in &mut *outs {
            out.constant = false;
        }
        // A source hears nothing of its surroundings.
        let cx = BlockCx {
            rate,
            frame: 0,
            time: TimeCx::steady(Transport::new(f64::from(rate), 120.0)),
            swing: Swing::new(0.0, Swing::GRID),
            input: None,
            notes: &[],
        };
        self.kernel.render(&mut Io {
            ins: &ins[..count],
            outs,
            state,
            memory: &mut self.memory[group * self.memory_len..][..self.memory_len],
            first_voice: group * <R::L as Lanes>::N,
            voices: self.voices,
            cx: &cx,
        });
    }

    /// Wakes a lane group.
    pub fn wake_up(&mut self, group: usize, rate: f32) {
        self.catch_up(group, rate);
        self.naps.groups[group].asleep = false;
    }

    /// After a block: filters begin anew in lanes that nobody has heard.
    #[inline(always)]
    pub fn forget(&mut self, isa: A, group: usize, resting: u64) {
        if let Rest::Forgets { .. } = self.rest {
            let keep = R::lanes(isa).from_fn(
                #[inline(always)]
                |lane| (resting >> lane & 1 == 0) as u32 as f32,
            );
            for word in &mut self.state[group * self.words..][..self.words] {
                *word = *word * keep;
            }
        }
    }

    /// Lanes with an instance.
    pub fn used(&self, group: usize) -> u64 {
        let n = <R::L as Lanes>::N;
        match self.inits.len().saturating_sub(group * n).min(n) {
            0 => 0,
            used => u64::MAX >> (64 - used),
        }
    }
}
