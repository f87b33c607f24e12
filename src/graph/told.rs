//! What amplifiers and filters tell those before them: in which lanes of a group nobody hears them. Runs on engine threads.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Isa, Lanes, Mask, same},
};
use crate::modules::module::{In, Rest};

use super::{
    input::Around,
    plan::Reads,
    ports::{Port, Reader},
    unit::{MAX_SLOTS, Unit},
};

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

impl<A: Isa, R: Reader<A>> Unit<A, R> {
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
