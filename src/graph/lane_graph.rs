//! The compiled graph at one instruction set. Runs on engine threads and, while primed, on the builder.
use crate::dsp::{
    BLOCK, StereoBlock,
    lanes::{Float, Isa, Lanes},
    swing::Swing,
};
use crate::modules::{
    module::{BlockCx, Out},
    spec::ParamValue,
};
use crate::patch::{Cable, Input};

use super::{
    Block, Core, Snapshot,
    asks::{Asks, Part},
    costs::Meter,
    input::Around,
    plan::{Origin, Place, Reads, Step},
    ports::{Port, ReadOne, ReadWide},
    unit::Unit,
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

/// Gives a unit its turn, whatever its width: with the units before it and the late copies, which it reads, and a block for each slot.
macro_rules! give_turn {
    ($graph:expr, $index:expr, ($unit:ident, $before:ident, $late:ident, $scratch:ident) => $body:expr) => {{
        let ($before, rest) = $graph.units.split_at_mut($index);
        let $late = &$graph.late;
        match rest.first_mut() {
            Some(AnyUnit::One($unit)) => {
                let $scratch = &mut $graph.scratch_one;
                $body
            }
            Some(AnyUnit::Wide($unit)) => {
                let $scratch = &mut $graph.scratch_wide;
                $body
            }
            None => Default::default(),
        }
    }};
}

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
    pub asks: Asks,
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
    /// Counts blocks, from 1 on.
    pub block: u32,
}

/// Every lane of a group that has an instance.
const ALL: u64 = u64::MAX;

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
    /// Renders one lane group of a unit, unless it rests.
    #[inline(always)]
    fn render_group(&mut self, index: usize, group: usize, around: Around<'_>, cx: &BlockCx<'_>) {
        let part = self.asks.parts[index];
        if part == Part::Told && self.is_shut(index, group) {
            return;
        }
        let resting = match part {
            Part::Asks => match self.asks.known(index, group, self.block) {
                Some(known) if known == ALL || !self.is_asleep(index, group) => known,
                _ => self.resting(index, group, around),
            },
            Part::None | Part::Told => 0,
        };
        if resting == ALL {
            return self.render_unheard(index, group, around, cx);
        }
        let isa = self.isa;
        give_turn!(self, index, (unit, before, late, scratch) => unit.render(
            isa,
            group,
            around,
            cx,
            #[inline(always)]
            |r| port(before, late, r),
            scratch,
        ));
        if resting != 0 {
            each_width!(&mut self.units[index], unit => isa.run(
                #[inline(always)]
                || unit.forget(isa, group, resting),
            ));
        }
    }

    /// Lanes of a group that nobody hears in this block; `ALL` where that is all with an instance.
    #[inline(never)]
    fn resting(&mut self, index: usize, group: usize, around: Around<'_>) -> u64 {
        let asking = self.asks.asking(index, group);
        let (mut resting, mut settled) = (asking.may, true);
        for k in asking.first..asking.end {
            let ask = self.asks.ask(k);
            let told = self.told(ask.unit, ask.group, around);
            settled &= each_width!(&self.units[ask.unit], unit => unit.told[ask.group].settled);
            resting &= self.asks.heard(ask, told);
            if resting & asking.used == 0 {
                resting = 0;
                break;
            }
        }
        if resting & asking.used == asking.used {
            resting = ALL;
        }
        self.asks.keep(index, group, self.block, resting, settled);
        if resting == ALL {
            return ALL;
        }
        let rate = self.rate;
        each_width!(&mut self.units[index], unit => if unit.naps.is_asleep(group) {
            unit.wake_up(group, rate);
        });
        resting
    }

    #[inline(always)]
    fn is_asleep(&self, index: usize, group: usize) -> bool {
        each_width!(&self.units[index], unit => unit.naps.is_asleep(group))
    }

    /// What an amplifier or a filter says of a lane group.
    #[inline(always)]
    fn told(&mut self, index: usize, group: usize, around: Around<'_>) -> u64 {
        let (isa, at) = (self.isa, (group, self.block));
        give_turn!(self, index, (unit, before, late, scratch) => {
            unit.already_told(at).unwrap_or_else(|| {
                isa.run(
                    #[inline(always)]
                    || unit.tell(isa, at, around, |r| port(before, late, r), scratch),
                )
            })
        })
    }

    /// Whether an amplifier has said that it is closed in all lanes of a group: then it is silent.
    #[inline(always)]
    fn is_shut(&mut self, index: usize, group: usize) -> bool {
        let isa = self.isa;
        each_width!(&mut self.units[index], unit => {
            unit.told[group].lanes != 0 && unit.is_shut(isa, group, self.block)
        })
    }

    /// A lane group that nobody hears: it rests, or is rendered so that it may.
    #[inline(never)]
    fn render_unheard(&mut self, index: usize, group: usize, around: Around<'_>, cx: &BlockCx<'_>) {
        let isa = self.isa;
        give_turn!(self, index, (unit, before, late, scratch) => isa.run(
            #[inline(always)]
            || unit.render_unheard(isa, group, around, cx, |r| port(before, late, r), scratch),
        ))
    }

    /// All units, in order. The loop that measures each of them is apart, so that the other one is short.
    #[inline(always)]
    fn render_steps<const MEASURED: bool>(&mut self, around: Around<'_>, cx: &BlockCx<'_>) {
        for step in 0..self.steps.len() {
            match self.steps[step] {
                Step::One(index) => self.render_unit::<MEASURED>(index, 0, around, cx),
                Step::Lanes { first, end, groups } => {
                    for group in 0..groups {
                        for index in first..end {
                            self.render_unit::<MEASURED>(index, group, around, cx);
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn render_unit<const MEASURED: bool>(
        &mut self,
        index: usize,
        group: usize,
        around: Around<'_>,
        cx: &BlockCx<'_>,
    ) {
        self.render_group(index, group, around, cx);
        if self.released {
            self.close_gates(index, group);
        }
        if MEASURED {
            self.meter.mark(index);
        }
    }

    /// Where nothing plays the graph, what a note source says is not heard.
    #[inline(never)]
    fn close_gates(&mut self, index: usize, group: usize) {
        let isa = self.isa;
        each_width!(&mut self.units[index], unit => unit.close_gates(isa, group));
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

    #[inline(always)]
    fn sum_into(&self, sound: &mut StereoBlock) {
        *sound = [[0.0; 2]; BLOCK];
        let zeros = [self.isa.one().f(0.0); BLOCK];
        for index in &self.sounding {
            let AnyUnit::One(unit) = &self.units[*index] else {
                continue;
            };
            let [left, right, ..] = &unit.outs[..] else {
                continue;
            };
            let (mut flat_l, mut flat_r) = (zeros, zeros);
            let left = left.as_in().expand(&mut flat_l).iter();
            let right = right.as_in().expand(&mut flat_r).iter();
            for (frame, (l, r)) in sound.iter_mut().zip(left.zip(right)) {
                frame[0] += l.lanes()[0];
                frame[1] += r.lanes()[0];
            }
        }
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
        self.block = self.block.wrapping_add(1);
        let isa = self.isa;
        match self.meter.begin() {
            true => {
                isa.run(
                    #[inline(always)]
                    || self.render_steps::<true>(around, &cx),
                );
                self.meter.publish(&self.places);
            }
            false => isa.run(
                #[inline(always)]
                || self.render_steps::<false>(around, &cx),
            ),
        }
        self.keep_late();
        isa.run(
            #[inline(always)]
            || self.sum_into(out),
        );
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

    fn save(&mut self, into: &mut Snapshot) {
        self.save_to(into);
    }

    fn restore(&mut self, from: &Snapshot) {
        self.restore_from(from);
    }
}

/// Scratch blocks for units of so many slots.
pub fn scratch<L: Lanes>(l: L, slots: usize) -> Vec<[L::F; BLOCK]> {
    vec![[l.f(0.0); BLOCK]; slots]
}
