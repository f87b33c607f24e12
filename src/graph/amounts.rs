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
    ways: Vec<Way<A, R>>,
    /// Per lane group: frames of the coming block before a lane sets out, and those that it takes from there.
    wait: Vec<<R::L as Lanes>::F>,
    left: Vec<<R::L as Lanes>::F>,
    /// Frames of a whole way.
    frames: f32,
}

/// Where a term's gains go, beside what they would be for an amount of 1.
pub struct Way<A: Isa, R: Reader<A>> {
    pub shares: Vec<<R::L as Lanes>::F>,
    pub to: Vec<<R::L as Lanes>::F>,
    pub reduce_shares: Vec<(usize, <A::Wide as Lanes>::F)>,
    pub reduce_to: Vec<(usize, <A::Wide as Lanes>::F)>,
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
    pub fn new(l: R::L, ways: Vec<Way<A, R>>, groups: usize, frames: f32) -> Self {
        Self {
            ways,
            wait: vec![l.f(0.0); groups],
            left: vec![l.f(0.0); groups],
            frames,
        }
    }

    fn swap(&mut self, terms: &mut [Term<A, R>]) {
        for (way, term) in self.ways.iter_mut().zip(terms) {
            std::mem::swap(&mut way.to, &mut term.gains);
            std::mem::swap(&mut way.reduce_to, &mut term.reduce);
        }
    }

    /// A lane's reader of the slot sets out, unless it is under way: then it takes a whole way from where it is.
    fn set_out(&mut self, instance: usize, at: usize) {
        let (group, lane) = (instance / R::L::N, instance % R::L::N);
        let left = &mut self.left[group].lanes_mut()[lane];
        if *left <= 0.0 {
            self.wait[group].lanes_mut()[lane] = at as f32;
        }
        *left = self.frames;
    }

    /// Each lane's place on its way, frame by frame: from 0 to 1.
    fn places(&self, l: R::L, group: usize) -> impl Fn(usize) -> <R::L as Lanes>::F + use<A, R> {
        let wait = self.wait[group];
        let pace = l.from_fn(|lane| match self.left[group].lanes()[lane] {
            left if left > 0.0 => 1.0 / left,
            _ => 0.0,
        });
        let (zero, one) = (l.f(0.0), l.f(1.0));
        #[inline(always)]
        move |i| ((l.f(i as f32 + 1.0) - wait) * pace).max(zero).min(one)
    }

    /// Lanes of a group that are under way.
    pub fn moving_lanes(&self, group: usize) -> u64 {
        let lanes = self.left[group].lanes().iter().enumerate();
        lanes.fold(0, |all, (lane, left)| all | u64::from(*left > 0.0) << lane)
    }

    /// After a block: the gains as they stand. False once every lane has arrived.
    fn walk(&mut self, terms: &mut [Term<A, R>], group: usize) -> bool {
        for lane in 0..R::L::N {
            let left = self.left[group].lanes()[lane];
            if left <= 0.0 {
                continue;
            }
            let went = BLOCK as f32 - self.wait[group].lanes()[lane];
            let place = (went / left).clamp(0.0, 1.0);
            let walk = |from: &mut f32, to: f32| match place < 1.0 {
                true => *from += (to - *from) * place,
                false => *from = to,
            };
            for (way, term) in self.ways.iter().zip(&mut *terms) {
                let to = way.to[group].lanes()[lane];
                walk(&mut term.gains[group].lanes_mut()[lane], to);
                // Only a reader of one lane sums.
                for ((_, from), (_, to)) in term.reduce.iter_mut().zip(&way.reduce_to) {
                    for (from, to) in from.lanes_mut().iter_mut().zip(to.lanes()) {
                        walk(from, *to);
                    }
                }
            }
            self.left[group].lanes_mut()[lane] = (left - went).max(0.0);
            self.wait[group].lanes_mut()[lane] = 0.0;
        }
        let mut left = self.left.iter().flat_map(|left| left.lanes());
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
            let way = &mut amounts.ways[index];
            if let Map::Reduce(instances) = &term.map {
                for instance in instances.iter().filter(|i| turned.from.contains(i)) {
                    let (group, lane) = (instance / width, instance % width);
                    let rows = way.reduce_to.iter_mut().zip(&way.reduce_shares);
                    for ((at, to), (_, share)) in rows.filter(|((at, _), _)| *at == group) {
                        debug_assert_eq!(*at, group);
                        to.lanes_mut()[lane] = share.lanes()[lane] * turned.value;
                    }
                }
            } else {
                for instance in turned.into.clone() {
                    let source = match &term.map {
                        Map::Broadcast(one) => *one,
                        Map::Gather(each) => each.get(instance).copied().unwrap_or(usize::MAX),
                        Map::Same | Map::Reduce(_) => instance,
                    };
                    if turned.from.contains(&source) {
                        let (group, lane) = (instance / R::L::N, instance % R::L::N);
                        let share = way.shares[group].lanes()[lane];
                        way.to[group].lanes_mut()[lane] = share * turned.value;
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
                    let way = &amounts.ways[index];
                    term.gains.copy_from_slice(&way.to);
                    term.reduce.copy_from_slice(&way.reduce_to);
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
