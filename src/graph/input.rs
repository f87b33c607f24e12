//! One input slot of a unit: knobs and cables become the signal that the kernel reads. Runs on engine threads.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Isa, Lanes},
    octaves::Octaves,
};
use crate::modules::{
    module::{In, Out, TimeCx},
    spec::{Law, ParamValue},
};

use super::{
    GraphEvent,
    amounts::Amounts,
    plan::{Map, Reads},
    ports::{Port, Reader, Sum},
    ramp::Knob,
};

/// An input slot at a reader's lane width.
pub struct Slot<A: Isa, R: Reader<A>> {
    pub knobs: Option<Knobs<R::L>>,
    pub terms: Vec<Term<A, R>>,
    pub law: Law,
    /// What the kernel may receive; a port is not clamped.
    pub range: Option<(f32, f32)>,
    /// An earlier slot that reads the very same, such as the left side of a mono cable.
    pub twin: Option<usize>,
    /// What its cables' amounts need to be turned; without cables none.
    pub amounts: Option<Box<Amounts<A, R>>>,
    /// They are on their way.
    pub turning: bool,
}

/// A slot's unmodulated values, one knob a member of the unit.
pub struct Knobs<L: Lanes> {
    pub knobs: Vec<Knob>,
    /// Per lane group: the value while nothing moves.
    pub held: Vec<L::F>,
    /// Per lane group.
    pub moving: Vec<bool>,
    /// The unit's one member has a voice in every lane.
    pub shared: bool,
}

/// A cable, or several from one unit.
pub struct Term<A: Isa, R: Reader<A>> {
    pub from: Reads,
    pub map: Map,
    /// Per lane group.
    pub gains: Vec<<R::L as Lanes>::F>,
    /// Lane groups of the source and their factors, where the reader sums its voices.
    pub reduce: Vec<(usize, <A::Wide as Lanes>::F)>,
    /// Passes the source through unchanged.
    pub plain: bool,
}

/// log2(10) / 20
const OCTAVES_A_DECIBEL: f32 = 0.166_096_4;

/// A parameter's law within its range, at a lane width.
pub(super) struct Bounded<L: Lanes> {
    lanes: L,
    law: Law,
    low: L::F,
    high: L::F,
}

impl<L: Lanes> Bounded<L> {
    #[inline(always)]
    fn new(l: L, law: Law, range: Option<(f32, f32)>) -> Self {
        let (low, high) = range.unwrap_or((f32::MIN, f32::MAX));
        Self {
            lanes: l,
            law,
            low: l.f(low),
            high: l.f(high),
        }
    }

    /// How many octaves a modulation is, and how they move the base.
    #[inline(always)]
    fn octaves(&self, base: L::F) -> (f32, Octaves<L>) {
        let by = match self.law {
            Law::Decibels => OCTAVES_A_DECIBEL,
            _ => 1.0,
        };
        (by, Octaves::new(self.lanes, base, self.low, self.high))
    }

    #[inline(always)]
    pub(super) fn apply(&self, base: L::F, modulation: L::F) -> L::F {
        match self.law {
            Law::Add => (base + modulation).max(self.low).min(self.high),
            Law::Octaves | Law::Decibels => {
                let (by, octaves) = self.octaves(base);
                octaves.at(modulation * self.lanes.f(by))
            }
        }
    }

    /// The law of `modulation` times `gain` for every frame: one loop for each law, without a branch in it.
    #[inline(always)]
    fn apply_all(
        &self,
        base: L::F,
        modulation: &[L::F; BLOCK],
        gain: L::F,
        to: &mut [L::F; BLOCK],
    ) {
        let rows = to.iter_mut().zip(modulation);
        match self.law {
            Law::Add => {
                for (to, x) in rows {
                    *to = x.fma(gain, base).max(self.low).min(self.high);
                }
            }
            Law::Octaves | Law::Decibels => {
                let (by, octaves) = self.octaves(base);
                let gain = gain * self.lanes.f(by);
                for (to, x) in rows {
                    *to = octaves.at(*x * gain);
                }
            }
        }
    }

    /// The same of modulations, and what they have in common, in place.
    #[inline(always)]
    fn apply_here(&self, base: L::F, modulation: &mut [L::F; BLOCK], common: L::F) {
        match self.law {
            Law::Add => {
                for x in modulation {
                    *x = (base + (*x + common)).max(self.low).min(self.high);
                }
            }
            Law::Octaves | Law::Decibels => {
                let (by, octaves) = self.octaves(base);
                let by = self.lanes.f(by);
                for x in modulation {
                    *x = octaves.at((*x + common) * by);
                }
            }
        }
    }
}

/// The surroundings of one block.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    pub events: &'a [GraphEvent],
    pub time: &'a TimeCx,
}

impl<L: Lanes> Knobs<L> {
    pub fn new(l: L, knobs: Vec<Knob>, groups: usize, shared: bool) -> Self {
        let mut this = Self {
            knobs,
            held: vec![l.f(0.0); groups],
            moving: vec![false; groups],
            shared,
        };
        this.hold_all(l);
        this
    }

    /// The knob of a lane. Lanes without an instance follow the last one, which is always in their group: a harmless value.
    fn index(&self, group: usize, lane: usize) -> usize {
        if self.shared {
            0
        } else {
            (group * L::N + lane).min(self.knobs.len() - 1)
        }
    }

    /// Takes the knobs' values as the held ones: after they were set at once.
    pub fn hold_all(&mut self, l: L) {
        if self.shared {
            return self.held.fill(l.f(self.knobs[0].ramp.value()));
        }
        for group in 0..self.held.len() {
            self.held[group] = l.from_fn(
                #[inline(always)]
                |lane| self.knobs[self.index(group, lane)].ramp.value(),
            );
        }
    }

    /// A member's knob moves in the block to come.
    pub fn wake(&mut self, member: usize) {
        if self.shared {
            self.moving.fill(true);
        } else {
            self.moving[member / L::N] = true;
        }
    }

    /// Lanes of a group whose own knob moves in this block.
    pub fn moving_lanes(&self, group: usize, around: Around<'_>) -> u64 {
        let moves = |knob: &Knob| {
            let turned = |e: &GraphEvent| knob.value_of(&e.change).is_some();
            let beats = matches!(knob.value, ParamValue::Beats(_));
            !knob.ramp.arrived()
                || around.events.iter().any(turned)
                || (beats && around.time.split < BLOCK)
        };
        let lanes = (0..L::N).filter(|lane| moves(&self.knobs[self.index(group, *lane)]));
        lanes.fold(0, |all, lane| all | 1 << lane)
    }

    /// Renders a moving group's values. A shared knob moves on with the last group that reads it.
    pub(super) fn walk(&mut self, group: usize, around: Around<'_>, block: &mut [L::F; BLOCK]) {
        let commit = !self.shared || group + 1 == self.held.len();
        let mut row = [0.0; BLOCK];
        let (mut walked, mut still) = (usize::MAX, false);
        for lane in 0..L::N {
            let index = self.index(group, lane);
            if index != walked {
                let after = self.knobs[index].walk(around.events, around.time, &mut row);
                still |= !after.ramp.arrived();
                if commit {
                    self.knobs[index] = after;
                }
                walked = index;
            }
            for (frame, value) in block.iter_mut().zip(row) {
                frame.lanes_mut()[lane] = value;
            }
        }
        self.held[group] = block[BLOCK - 1];
        self.moving[group] = still;
    }
}

impl<A: Isa, R: Reader<A>> Slot<A, R> {
    /// Makes the block's signal of a lane group ready: a constant, the one cable's buffer as it is, or a sum in `scratch`.
    #[inline(always)]
    pub fn prepare<'p>(
        &mut self,
        isa: A,
        group: usize,
        around: Around<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [<R::L as Lanes>::F; BLOCK],
    ) -> In<'p, R::L> {
        if self.turning {
            return self.prepare_turning(isa, group, around, port, scratch);
        }
        let moves = match &self.knobs {
            Some(knobs) => knobs.moving[group],
            None => false,
        };
        match moves {
            false => self.held(isa, group, port, scratch),
            true => self.sum(isa, group, Some(around), port, scratch),
        }
    }

    /// Lanes of a group whose own knob, or the amount of whose own cable, moves in this block.
    pub fn moving_lanes(&self, group: usize, around: Around<'_>) -> u64 {
        let knobs = match &self.knobs {
            Some(knobs) if knobs.moving[group] => knobs.moving_lanes(group, around),
            _ => 0,
        };
        match &self.amounts {
            Some(amounts) if self.turning => knobs | amounts.moving_lanes(group),
            _ => knobs,
        }
    }

    /// The same of knobs and amounts that stand, as they were at the end of the block before.
    #[inline(always)]
    pub fn held<'p>(
        &mut self,
        isa: A,
        group: usize,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [<R::L as Lanes>::F; BLOCK],
    ) -> In<'p, R::L> {
        match &self.terms[..] {
            [] => In::constant(self.base(isa, group)),
            [term] => match R::direct(&port(term.from), term, group) {
                Some(out) if term.plain && self.knobs.is_none() => out.as_in(),
                Some(out) => self.shape(isa, group, out, scratch),
                None => self.sum(isa, group, None, port, scratch),
            },
            _ => self.sum(isa, group, None, port, scratch),
        }
    }

    #[inline(always)]
    fn base(&self, isa: A, group: usize) -> <R::L as Lanes>::F {
        match &self.knobs {
            None => R::lanes(isa).f(0.0),
            Some(knobs) => knobs.held[group],
        }
    }

    /// One cable into a parameter that stays: straight through the parameter's law. Apart from the path of plain cables, which is short
    /// without it.
    #[inline(never)]
    fn shape<'p>(
        &self,
        isa: A,
        group: usize,
        out: &Out<R::L>,
        scratch: &'p mut [<R::L as Lanes>::F; BLOCK],
    ) -> In<'p, R::L> {
        isa.run(
            #[inline(always)]
            || {
                let (law, base) = (self.bounded(R::lanes(isa)), self.base(isa, group));
                let gain = self.terms[0].gains[group];
                match out.as_in().block() {
                    None => In::constant(law.apply(base, out.block[0] * gain)),
                    Some(block) => {
                        law.apply_all(base, block, gain, scratch);
                        In::signal(scratch)
                    }
                }
            },
        )
    }

    /// The sum of the cables on what the knobs say; `moves` where they are turned in this block.
    #[inline(never)]
    fn sum<'p>(
        &mut self,
        isa: A,
        group: usize,
        moves: Option<Around<'_>>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [<R::L as Lanes>::F; BLOCK],
    ) -> In<'p, R::L> {
        isa.run(
            #[inline(always)]
            || self.sum_up(isa, group, moves, port, scratch),
        )
    }

    #[inline(always)]
    fn sum_up<'p>(
        &mut self,
        isa: A,
        group: usize,
        moves: Option<Around<'_>>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [<R::L as Lanes>::F; BLOCK],
    ) -> In<'p, R::L> {
        let l = R::lanes(isa);
        let (zero, base) = (l.f(0.0), self.base(isa, group));
        let mut sum = Sum {
            constant: zero,
            block: scratch,
            moving: false,
        };
        for term in &self.terms {
            R::add(isa, &mut sum, &port(term.from), term, group);
        }
        let (constant, moving) = (sum.constant, sum.moving);
        let law = self.bounded(l);
        if let (Some(around), Some(knobs)) = (moves, &mut self.knobs) {
            let mut bases = [zero; BLOCK];
            knobs.walk(group, around, &mut bases);
            for (i, x) in scratch.iter_mut().enumerate() {
                let modulation = if moving { *x + constant } else { constant };
                *x = law.apply(bases[i], modulation);
            }
            return In::signal(scratch);
        }
        if !moving {
            return In::constant(law.apply(base, constant));
        }
        if self.knobs.is_some() {
            law.apply_here(base, scratch, constant);
        } else if constant.lanes().iter().any(|c| *c != 0.0) {
            for x in scratch.iter_mut() {
                *x = *x + constant;
            }
        }
        In::signal(scratch)
    }

    #[inline(always)]
    pub(super) fn bounded(&self, l: R::L) -> Bounded<R::L> {
        Bounded::new(l, self.law, self.range)
    }
}
