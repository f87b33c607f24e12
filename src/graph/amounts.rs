//! Amounts of cables that are turned while they sound: from the old gains to the new ones in a straight line. Runs on engine threads.
use std::ops::Range;

use crate::dsp::{
    BLOCK,
    lanes::{Float, Isa, Lanes},
};
use crate::modules::module::In;

use super::{
    input::{Around, Slot, Term},
    plan::{Map, Reads},
    ports::{Port, Reader, Sum},
};

/// What the terms of one slot need to be turned.
pub struct Amounts<A: Isa, R: Reader<A>> {
    /// One a term.
    ways: Vec<Way<A>>,
    groups: usize,
    /// Rows of one vector a lane group: frames of the coming block before a lane sets out; those that it takes from there; then for
    /// each term where its gains go.
    rows: Vec<<R::L as Lanes>::F>,
    /// Frames of a whole way.
    frames: f32,
}

const WAIT: usize = 0;
const LEFT: usize = 1;
const TO: usize = 2;

/// What a term's gains would be for an amount of 1, and where those of a sum go.
pub struct Way<A: Isa> {
    /// As the plan has them: [`super::plan::TermPlan::shares`].
    pub shares: Vec<f32>,
    pub reduce_to: Vec<(usize, <A::Wide as Lanes>::F)>,
}

impl<A: Isa> Way<A> {
    fn share(&self, instance: usize) -> f32 {
        self.shares[instance.min(self.shares.len() - 1)]
    }
}

/// One cable's new amount, as a slot's terms see it.
#[derive(Clone, Debug)]
pub struct Turned {
    pub value: f32,
    /// Instances of the source that the cable comes from, and of the reader that it goes to.
    pub from: Range<usize>,
    pub into: Range<usize>,
    /// Frame of the block at which it sets out; none: it is there at once.
    pub at: Option<usize>,
}

impl<A: Isa, R: Reader<A>> Amounts<A, R> {
    /// For terms that stand. Allocates.
    pub fn new(
        l: R::L,
        ways: Vec<Way<A>>,
        terms: &[Term<A, R>],
        groups: usize,
        frames: f32,
    ) -> Self {
        let mut rows = Vec::with_capacity((TO + terms.len()) * groups);
        rows.resize(TO * groups, l.f(0.0));
        for term in terms {
            rows.extend_from_slice(&term.gains);
        }
        Self {
            ways,
            groups,
            rows,
            frames,
        }
    }

    fn at(&self, row: usize, group: usize) -> &<R::L as Lanes>::F {
        &self.rows[row * self.groups + group]
    }

    fn at_mut(&mut self, row: usize, group: usize) -> &mut <R::L as Lanes>::F {
        &mut self.rows[row * self.groups + group]
    }

    fn swap(&mut self, terms: &mut [Term<A, R>]) {
        let rows = self.rows[TO * self.groups..].chunks_exact_mut(self.groups);
        for ((way, to), term) in self.ways.iter_mut().zip(rows).zip(terms) {
            to.swap_with_slice(&mut term.gains);
            std::mem::swap(&mut way.reduce_to, &mut term.reduce);
        }
    }

    /// A lane's reader of the slot sets out, unless it is under way: then it takes a whole way from where it is.
    fn set_out(&mut self, instance: usize, at: usize) {
        let (group, lane) = (instance / R::L::N, instance % R::L::N);
        if self.at(LEFT, group).lanes()[lane] <= 0.0 {
            self.at_mut(WAIT, group).lanes_mut()[lane] = at as f32;
        }
        self.at_mut(LEFT, group).lanes_mut()[lane] = self.frames;
    }

    /// Each lane's place on its way, frame by frame: from 0 to 1.
    fn places(&self, l: R::L, group: usize) -> impl Fn(usize) -> <R::L as Lanes>::F + use<A, R> {
        let (wait, left) = (*self.at(WAIT, group), *self.at(LEFT, group));
        let pace = l.from_fn(|lane| match left.lanes()[lane] {
            left if left > 0.0 => 1.0 / left,
            _ => 0.0,
        });
        let (zero, one) = (l.f(0.0), l.f(1.0));
        #[inline(always)]
        move |i| ((l.f(i as f32 + 1.0) - wait) * pace).max(zero).min(one)
    }

    /// Lanes of a group that are under way.
    pub fn moving_lanes(&self, group: usize) -> u64 {
        let lanes = self.at(LEFT, group).lanes().iter().enumerate();
        lanes.fold(0, |all, (lane, left)| all | u64::from(*left > 0.0) << lane)
    }

    /// After a block: the gains as they stand. False once every lane has arrived.
    fn walk(&mut self, terms: &mut [Term<A, R>], group: usize) -> bool {
        for lane in 0..R::L::N {
            let left = self.at(LEFT, group).lanes()[lane];
            if left <= 0.0 {
                continue;
            }
            let went = BLOCK as f32 - self.at(WAIT, group).lanes()[lane];
            let place = (went / left).clamp(0.0, 1.0);
            let walk = |from: &mut f32, to: f32| match place < 1.0 {
                true => *from += (to - *from) * place,
                false => *from = to,
            };
            let rows = self.rows[TO * self.groups..].chunks_exact(self.groups);
            for ((way, to), term) in self.ways.iter().zip(rows).zip(&mut *terms) {
                let to = to[group].lanes()[lane];
                walk(&mut term.gains[group].lanes_mut()[lane], to);
                // Only a reader of one lane sums.
                for ((_, from), (_, to)) in term.reduce.iter_mut().zip(&way.reduce_to) {
                    for (from, to) in from.lanes_mut().iter_mut().zip(to.lanes()) {
                        walk(from, *to);
                    }
                }
            }
            self.at_mut(LEFT, group).lanes_mut()[lane] = (left - went).max(0.0);
            self.at_mut(WAIT, group).lanes_mut()[lane] = 0.0;
        }
        let left = &self.rows[LEFT * self.groups..TO * self.groups];
        let mut left = left.iter().flat_map(|left| left.lanes());
        left.any(|left| *left > 0.0)
    }
}

impl<A: Isa, R: Reader<A>> Slot<A, R> {
    /// Turns the amount of the cables that `reads` tells, as far as they are `turned`.
    pub fn turn(&mut self, reads: impl Fn(Reads) -> bool, turned: &Turned) {
        let Some(amounts) = &mut self.amounts else {
            return;
        };
        let width = <A::Wide as Lanes>::N;
        for (index, term) in self.terms.iter_mut().enumerate() {
            if !reads(term.from) {
                continue;
            }
            if let Map::Reduce(instances) = &term.map {
                let Way { shares, reduce_to } = &mut amounts.ways[index];
                let mut each = |set: fn(&mut f32, f32)| {
                    let parts = instances.iter().zip(&*shares);
                    for (instance, share) in parts.filter(|(i, _)| turned.from.contains(i)) {
                        let (group, lane) = (instance / width, instance % width);
                        let to = reduce_to.iter_mut().find(|(at, _)| *at == group);
                        if let Some((_, to)) = to {
                            set(&mut to.lanes_mut()[lane], share * turned.value);
                        }
                    }
                };
                // A cable that is there twice is summed.
                each(|to, _| *to = 0.0);
                each(|to, gain| *to += gain);
            } else {
                for instance in turned.into.clone() {
                    let source = match &term.map {
                        Map::Broadcast(one) => *one,
                        Map::Gather(each) => each.get(instance).copied().unwrap_or(usize::MAX),
                        Map::Same | Map::Reduce(_) => instance,
                    };
                    if turned.from.contains(&source) {
                        let (group, lane) = (instance / R::L::N, instance % R::L::N);
                        let gain = amounts.ways[index].share(instance) * turned.value;
                        amounts.at_mut(TO + index, group).lanes_mut()[lane] = gain;
                    }
                }
            }
            term.plain = false;
            match turned.at {
                Some(at) => {
                    for instance in turned.into.clone() {
                        amounts.set_out(instance, at);
                    }
                    self.turning = true;
                }
                None => {
                    let to = &amounts.rows[(TO + index) * amounts.groups..][..amounts.groups];
                    term.gains.copy_from_slice(to);
                    term.reduce.copy_from_slice(&amounts.ways[index].reduce_to);
                }
            }
        }
    }

    /// [`Slot::prepare`] while amounts are on their way.
    #[inline(never)]
    pub(super) fn prepare_turning<'p>(
        &mut self,
        isa: A,
        group: usize,
        around: Around<'_>,
        port: impl Fn(Reads) -> Port<'p, A>,
        scratch: &'p mut [<R::L as Lanes>::F; BLOCK],
    ) -> In<'p, R::L> {
        let Some(mut amounts) = self.amounts.take() else {
            return In::constant(R::lanes(isa).f(0.0));
        };
        isa.run(
            #[inline(always)]
            || {
                let l = R::lanes(isa);
                let zero = l.f(0.0);
                let mut bases = [zero; BLOCK];
                if let Some(knobs) = &mut self.knobs {
                    match knobs.moving[group] {
                        true => knobs.walk(group, around, &mut bases),
                        false => bases.fill(knobs.held[group]),
                    }
                }
                let law = self.bounded(l);
                let place = amounts.places(l, group);
                let mut ends = [zero; BLOCK];
                let before = sum::<A, R>(isa, &self.terms, group, &port, scratch);
                amounts.swap(&mut self.terms);
                let after = sum::<A, R>(isa, &self.terms, group, &port, &mut ends);
                amounts.swap(&mut self.terms);
                for (i, x) in scratch.iter_mut().enumerate() {
                    let (from, to) = (*x + before, ends[i] + after);
                    let modulation = (to - from).fma(place(i), from);
                    *x = match self.knobs {
                        Some(_) => law.apply(bases[i], modulation),
                        None => modulation,
                    };
                }
            },
        );
        self.turning = amounts.walk(&mut self.terms, group);
        self.amounts = Some(amounts);
        In::signal(scratch)
    }
}

/// Terms summed: what moves into the block, what stays is returned.
#[inline(always)]
fn sum<'p, A: Isa, R: Reader<A>>(
    isa: A,
    terms: &[Term<A, R>],
    group: usize,
    port: &impl Fn(Reads) -> Port<'p, A>,
    block: &mut [<R::L as Lanes>::F; BLOCK],
) -> <R::L as Lanes>::F {
    let zero = R::lanes(isa).f(0.0);
    block.fill(zero);
    let mut sum = Sum {
        constant: zero,
        block,
        moving: false,
    };
    for term in terms {
        R::add(isa, &mut sum, &port(term.from), term, group);
    }
    sum.constant
}
