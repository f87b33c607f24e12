//! What inputs read: outputs of earlier units at either lane width, and the two ways to read them. Runs on engine threads.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Isa, Lanes, WIDEST},
};
use crate::modules::module::{In, Out};

use super::{input::Term, plan::Map};

/// One output slot of a unit: one buffer, or one a lane group.
pub enum Port<'a, A: Isa> {
    One(&'a Out<A::One>),
    Wide {
        /// Of all groups; this slot's are `stride` apart, from `first` on.
        outs: &'a [Out<A::Wide>],
        first: usize,
        stride: usize,
    },
}

impl<'a, A: Isa> Port<'a, A> {
    #[inline(always)]
    fn group(&self, group: usize) -> Option<&'a Out<A::Wide>> {
        match self {
            Port::One(_) => None,
            Port::Wide {
                outs,
                first,
                stride,
            } => outs.get(first + group * stride),
        }
    }
}

/// The sum of an input's cables over one block: constants apart, so that a sum of constants stays one.
pub struct Sum<'a, L: Lanes> {
    pub constant: L::F,
    pub block: &'a mut [L::F; BLOCK],
    /// The block holds something.
    pub moving: bool,
}

impl<L: Lanes> Sum<'_, L> {
    #[inline(always)]
    fn add_in(&mut self, x: In<'_, L>, gain: L::F) {
        match x.block() {
            None => self.constant = x.head().fma(gain, self.constant),
            Some(block) => self.add_frames(
                #[inline(always)]
                |i| block[i],
                gain,
            ),
        }
    }

    #[inline(always)]
    fn add_frames(&mut self, x: impl Fn(usize) -> L::F, gain: L::F) {
        if self.moving {
            for (i, sum) in self.block.iter_mut().enumerate() {
                *sum = x(i).fma(gain, *sum);
            }
        } else {
            for (i, sum) in self.block.iter_mut().enumerate() {
                *sum = x(i) * gain;
            }
            self.moving = true;
        }
    }
}

/// An output's value, where it does not move.
#[inline(always)]
fn constant<L: Lanes>(out: &Out<L>) -> Option<L::F> {
    match out.constant {
        true => Some(out.block[0]),
        false => None,
    }
}

/// A lane width as a reader of ports.
pub trait Reader<A: Isa>: Sized + Copy + Send + 'static {
    type L: Lanes;
    fn lanes(isa: A) -> Self::L;
    /// A port's buffer for one lane group, where it has the reader's width.
    fn out<'a>(port: &Port<'a, A>, group: usize) -> Option<&'a Out<Self::L>>;
    /// The port's buffer where each of the reader's instances hears the one in its own lane.
    fn direct<'a>(
        port: &Port<'a, A>,
        term: &Term<A, Self>,
        group: usize,
    ) -> Option<&'a Out<Self::L>>;
    /// What one lane group of the reader hears of a port, where nothing of it moves.
    fn constant(
        isa: A,
        port: &Port<'_, A>,
        term: &Term<A, Self>,
        group: usize,
    ) -> Option<<Self::L as Lanes>::F>;
    /// Adds what one lane group of the reader hears of a port.
    fn add(
        isa: A,
        sum: &mut Sum<'_, Self::L>,
        port: &Port<'_, A>,
        term: &Term<A, Self>,
        group: usize,
    );
}

#[derive(Clone, Copy)]
pub struct ReadOne;

impl<A: Isa> Reader<A> for ReadOne {
    type L = A::One;

    fn lanes(isa: A) -> A::One {
        isa.one()
    }

    #[inline(always)]
    fn out<'a>(port: &Port<'a, A>, _: usize) -> Option<&'a Out<A::One>> {
        match port {
            Port::One(out) => Some(out),
            Port::Wide { .. } => None,
        }
    }

    #[inline(always)]
    fn direct<'a>(port: &Port<'a, A>, _: &Term<A, Self>, group: usize) -> Option<&'a Out<A::One>> {
        Self::out(port, group)
    }

    #[inline(always)]
    fn constant(
        _: A,
        port: &Port<'_, A>,
        _: &Term<A, Self>,
        _: usize,
    ) -> Option<<A::One as Lanes>::F> {
        match port {
            Port::One(out) => constant(out),
            Port::Wide { .. } => None,
        }
    }

    #[inline(always)]
    fn add(
        isa: A,
        sum: &mut Sum<'_, A::One>,
        port: &Port<'_, A>,
        term: &Term<A, Self>,
        group: usize,
    ) {
        let (one, wide) = (isa.one(), isa.wide());
        if let Port::One(out) = port {
            return sum.add_in(out.as_in(), term.gains[group]);
        }
        let mut constant = wide.f(0.0);
        let mut moving = false;
        for (group, gains) in &term.reduce {
            let Some(out) = port.group(*group) else { break };
            match out.constant {
                true => constant = out.block[0].fma(*gains, constant),
                false => moving = true,
            }
        }
        sum.constant = sum.constant + one.f(constant.sum());
        if moving {
            let mut mixed = [one.f(0.0); BLOCK];
            reduce(wide, one, port, &term.reduce, &mut mixed);
            sum.add_in(In::signal(&mixed), one.f(1.0));
        }
    }
}

/// All moving voices into one: groups first, then across their lanes, as many frames at once as there are lanes.
#[inline(always)]
fn reduce<A: Isa>(
    wide: A::Wide,
    one: A::One,
    port: &Port<'_, A>,
    gains: &[(usize, <A::Wide as Lanes>::F)],
    mixed: &mut [<A::One as Lanes>::F; BLOCK],
) {
    let lanes = <A::Wide as Lanes>::N;
    for at in (0..BLOCK).step_by(lanes) {
        let mut totals = [wide.f(0.0); WIDEST];
        for (group, gain) in gains {
            let Some(out) = port.group(*group) else { break };
            if out.constant {
                continue;
            }
            for (total, x) in totals.iter_mut().zip(&out.block[at..at + lanes]) {
                *total = x.fma(*gain, *total);
            }
        }
        wide.sums(&mut totals);
        for (mixed, total) in mixed[at..at + lanes].iter_mut().zip(totals[0].lanes()) {
            *mixed = one.f(*total);
        }
    }
}

#[derive(Clone, Copy)]
pub struct ReadWide;

impl<A: Isa> Reader<A> for ReadWide {
    type L = A::Wide;

    fn lanes(isa: A) -> A::Wide {
        isa.wide()
    }

    #[inline(always)]
    fn out<'a>(port: &Port<'a, A>, group: usize) -> Option<&'a Out<A::Wide>> {
        port.group(group)
    }

    #[inline(always)]
    fn direct<'a>(
        port: &Port<'a, A>,
        term: &Term<A, Self>,
        group: usize,
    ) -> Option<&'a Out<A::Wide>> {
        match term.map {
            Map::Same => port.group(group),
            _ => None,
        }
    }

    #[inline(always)]
    fn constant(
        isa: A,
        port: &Port<'_, A>,
        term: &Term<A, Self>,
        group: usize,
    ) -> Option<<A::Wide as Lanes>::F> {
        let (wide, width) = (isa.wide(), <A::Wide as Lanes>::N);
        match (port, &term.map) {
            (Port::One(out), _) => Some(wide.f(constant(out)?.lanes()[0])),
            (_, Map::Same) => constant(port.group(group)?),
            (_, Map::Broadcast(instance)) => {
                let said = constant(port.group(instance / width)?)?;
                Some(wide.f(said.lanes()[instance % width]))
            }
            (_, Map::Gather(_) | Map::Reduce(_)) => None,
        }
    }

    #[inline(always)]
    fn add(
        isa: A,
        sum: &mut Sum<'_, A::Wide>,
        port: &Port<'_, A>,
        term: &Term<A, Self>,
        group: usize,
    ) {
        let (wide, gain) = (isa.wide(), term.gains[group]);
        let width = <A::Wide as Lanes>::N;
        if let Port::One(out) = port {
            let head = out.block[0].lanes()[0];
            if out.constant {
                sum.constant = wide.f(head).fma(gain, sum.constant);
            } else {
                sum.add_frames(
                    #[inline(always)]
                    |i| wide.f(out.block[i].lanes()[0]),
                    gain,
                );
            }
            return;
        }
        match &term.map {
            Map::Same | Map::Reduce(_) => {
                if let Some(out) = port.group(group) {
                    sum.add_in(out.as_in(), gain);
                }
            }
            Map::Broadcast(instance) => {
                let Some(out) = port.group(instance / width) else {
                    return;
                };
                let lane = instance % width;
                if out.constant {
                    let value = wide.f(out.block[0].lanes()[lane]);
                    sum.constant = value.fma(gain, sum.constant);
                } else {
                    sum.add_frames(
                        #[inline(always)]
                        |i| wide.f(out.block[i].lanes()[lane]),
                        gain,
                    );
                }
            }
            Map::Gather(instances) => {
                let mine = &instances[(group * width).min(instances.len())..];
                let mut gathered = [wide.f(0.0); BLOCK];
                for (lane, instance) in mine.iter().take(width).enumerate() {
                    let Some(out) = port.group(instance / width) else {
                        continue;
                    };
                    let (x, from) = (out.as_in(), instance % width);
                    for (i, to) in gathered.iter_mut().enumerate() {
                        to.lanes_mut()[lane] = x.at(i).lanes()[from];
                    }
                }
                sum.add_frames(
                    #[inline(always)]
                    |i| gathered[i],
                    gain,
                );
            }
        }
    }
}
