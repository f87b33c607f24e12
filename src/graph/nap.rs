//! Lane groups that rest, and what amplifiers and filters tell them. Runs on engine threads.
//!
//! A source ([`Rest::Runs`]) that nobody hears is rendered until a block of it had nothing but constant inputs; while those stay, its
//! blocks are only counted, and made up for when somebody hears it again or its state is asked for. A filter
//! ([`Rest::Forgets`]) begins anew.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Isa, Lanes, Mask, same},
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

/// What an amplifier or a filter has told of a lane group.
#[derive(Clone, Copy)]
pub struct Told<L: Lanes> {
    /// Lanes that are closed, or silent without an input.
    pub lanes: u64,
    /// The block that it is of.
    pub block: u32,
    /// It holds until a knob is turned.
    pub settled: bool,
    /// It holds until a knob is turned or the only cable that controls it says something else: what that said.
    by: Option<L::F>,
}

impl<L: Lanes> Told<L> {
    pub const NOTHING: Self = Self {
        lanes: 0,
        block: 0,
        settled: false,
        by: None,
    };
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
    fn turning(&self) -> bool {
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

    /// What it has told of a lane group, where that still holds in this block.
    #[inline(always)]
    pub fn already_told(&self, (group, block): (usize, u32)) -> Option<u64> {
        let told = self.told[group];
        let holds = told.block == block || (told.settled && !self.awake[group]);
        holds.then_some(told.lanes)
    }

    /// Of an amplifier: whether it has told in this block that all lanes of a group are closed. Then it is silent.
    #[inline(never)]
    pub fn is_shut(&mut self, isa: A, group: usize, block: u32) -> bool {
        let shut = self.already_told((group, block)).unwrap_or(0) & self.used(group);
        if shut == 0 || shut != self.used(group) || self.awake[group] || self.turning() {
            return false;
        }
        isa.run(
            #[inline(always)]
            || self.silence(isa, group),
        );
        true
    }

    /// What it tells of a lane group in this block.
    #[inline(always)]
    pub fn tell<'p>(
        &mut self,
        isa: A,
        (group, block): (usize, u32),
        around: Around<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [[<R::L as Lanes>::F; BLOCK]],
    ) -> u64 {
        let says = match self.rest {
            Rest::Amplifier { controls, .. } => self.says(group, controls, &port),
            _ => None,
        };
        if let (Some(says), false) = (says, self.awake[group])
            && let told = &mut self.told[group]
            && let Some(by) = told.by
            && same(R::lanes(isa), says.bits(), by.bits())
        {
            told.block = block;
            return told.lanes;
        }
        let (lanes, settles) = match self.rest {
            Rest::Amplifier { controls, .. } => (
                self.find_shut(isa, group, around, port, scratch),
                controls.iter().all(
                    #[inline(always)]
                    |c| self.slots[*c].terms.is_empty(),
                ),
            ),
            _ => (self.may_rest(isa, group), true),
        };
        self.told[group] = Told {
            lanes,
            block,
            settled: settles && !self.awake[group],
            by: says.filter(
                #[inline(always)]
                |_| !self.awake[group],
            ),
        };
        lanes
    }

    /// What the only cable of an amplifier's controls says all through the block, as it is; none of any other.
    #[inline(always)]
    fn says<'p>(
        &self,
        group: usize,
        controls: &[usize],
        port: impl Fn(Reads) -> Port<'p, A>,
    ) -> Option<<R::L as Lanes>::F> {
        let mut cabled = self.cabled.iter().filter(
            #[inline(always)]
            |slot| controls.contains(slot),
        );
        let (only, None) = (cabled.next()?, cabled.next()) else {
            return None;
        };
        let (_, reads) = self.plain.iter().find(
            #[inline(always)]
            |(slot, _)| slot == only,
        )?;
        let out = R::out(&port(*reads), group)?;
        out.constant.then_some(out.block[0])
    }

    /// Whether one cable alone, at the end of the block, holds all lanes of an amplifier open, as an envelope mostly does. Where other
    /// controls take that away again, the amplifier is rendered though it is closed.
    #[inline(always)]
    fn is_opened<'p>(
        &self,
        isa: A,
        group: usize,
        controls: &[usize],
        port: impl Fn(Reads) -> Port<'p, A>,
    ) -> bool {
        let zero = R::lanes(isa).f(0.0);
        self.plain.iter().any(
            #[inline(always)]
            |(slot, reads)| {
                controls.contains(slot)
                    && R::out(&port(*reads), group).is_some_and(
                        #[inline(always)]
                        |out| out.as_in().at(BLOCK - 1).gt(zero).all(),
                    )
            },
        )
    }

    /// Lanes of an amplifier that are closed throughout the block. One whose own knob or amount may move is not.
    #[inline(always)]
    fn find_shut<'p>(
        &mut self,
        isa: A,
        group: usize,
        around: Around<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [[<R::L as Lanes>::F; BLOCK]],
    ) -> u64 {
        let Rest::Amplifier { controls, .. } = self.rest else {
            return 0;
        };
        let zero = R::lanes(isa).f(0.0);
        if self.is_opened(isa, group, controls, &port) {
            return 0;
        }
        let mut ins = [In::constant(zero); 4];
        let (mut last, mut moving) = (zero, 0);
        for (control, scratch) in controls.iter().zip(scratch) {
            let slot = &mut self.slots[*control];
            moving |= slot.moving_lanes(group, around);
            let x = slot.held(isa, group, &port, scratch);
            last = last + x.at(BLOCK - 1);
            ins[*control % 4] = x;
        }
        // Mostly all are open.
        if last.gt(zero).all() {
            return 0;
        }
        self.kernel.shut(&ins) & !moving
    }

    /// Lanes of a filter that don't sound by themselves, as its knobs stand.
    fn may_rest(&self, isa: A, group: usize) -> u64 {
        let mut knobs = [R::lanes(isa).f(0.0); MAX_SLOTS];
        for (knob, slot) in knobs.iter_mut().zip(&self.slots) {
            if let Some(knobs) = &slot.knobs {
                *knob = knobs.held[group];
            }
        }
        self.kernel.may_rest(&knobs)
    }
}
