//! Looking at what modules put out: for meters and probes. Runs on engine threads, after a block is rendered.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Isa, Lanes},
};
use crate::modules::module::Out;
use crate::modules::spec::Signal;

use super::lane_graph::{AnyUnit, LaneGraph, each_width};

/// The lanes of a unit's output that belong to one module.
#[derive(Clone, Copy)]
struct Lanesful {
    /// Its instances: of them those that can be seen.
    first: usize,
    end: usize,
    /// The port's first slot, and how many it has.
    slot: usize,
    slots: usize,
    /// From one lane group's outputs to the next one's.
    stride: usize,
}

impl Lanesful {
    /// Where lane groups share their buffers, these hold the group that was rendered last: of many voices some are seen, and a
    /// module that is packed into another group is not.
    fn seen(mut self, groups: usize, width: usize) -> Option<Self> {
        if self.stride == 0 && groups > 1 {
            self.first = self.first.max((groups - 1) * width);
        }
        (self.first < self.end).then_some(self)
    }

    fn instances(self) -> std::ops::Range<usize> {
        self.first..self.end
    }
}

/// An instance's frame of a slot.
#[inline]
fn frame<L: Lanes>(outs: &[Out<L>], at: Lanesful, instance: usize, slot: usize, i: usize) -> f32 {
    let out = &outs[instance / L::N * at.stride + slot];
    let i = if out.constant { 0 } else { i };
    out.block[i].lanes()[instance % L::N]
}

fn range_of<L: Lanes>(outs: &[Out<L>], at: Lanesful) -> Option<[f32; 2]> {
    let mut range = [f32::INFINITY, f32::NEG_INFINITY];
    for slot in at.slot..at.slot + at.slots {
        for instance in at.instances() {
            let out = outs.get(instance / L::N * at.stride + slot)?;
            if !out.wanted {
                return None;
            }
            let frames = if out.constant { 1 } else { BLOCK };
            let lane = instance % L::N;
            for value in &out.block[..frames] {
                let value = value.lanes()[lane];
                range = [range[0].min(value), range[1].max(value)];
            }
        }
    }
    Some(range)
}

/// Adds one output to `into`. Of voices, sound is summed, as who reads them hears it; of anything else the value furthest from 0
/// is taken, which is that of the voice that is at work.
fn tap_of<L: Lanes>(outs: &[Out<L>], at: Lanesful, sum: bool, gain: f32, into: &mut [f32; BLOCK]) {
    let share = gain / at.slots as f32;
    for slot in at.slot..at.slot + at.slots {
        for (i, into) in into.iter_mut().enumerate() {
            let mut total = 0.0f32;
            for instance in at.instances() {
                let value = frame(outs, at, instance, slot, i);
                total = match sum {
                    true => total + value,
                    false if value.abs() > total.abs() => value,
                    false => total,
                };
            }
            *into += share * total;
        }
    }
}

impl<A: Isa> LaneGraph<A> {
    fn lanesful(&self, node: usize, port: usize) -> Option<(usize, Lanesful)> {
        let place = self.places.get(node)?;
        each_width!(self.units.get(place.unit)?, unit => {
            let spec = unit.spec;
            let width = spec.outputs.get(port)?.width;
            let all = Lanesful {
                first: place.instance,
                end: place.instance + unit.voices,
                slot: spec.output_slot(port),
                slots: width.slots(),
                stride: unit.out_stride,
            };
            Some((place.unit, all.seen(unit.groups, unit.width())?))
        })
    }

    pub(super) fn range_of(&self, node: usize, port: usize) -> Option<[f32; 2]> {
        let (unit, at) = self.lanesful(node, port)?;
        match &self.units[unit] {
            AnyUnit::One(unit) => range_of(&unit.outs, at),
            AnyUnit::Wide(unit) => range_of(&unit.outs, at),
        }
    }

    pub(super) fn tap_of(&self, node: usize, port: usize, gain: f32, into: &mut [f32; BLOCK]) {
        let Some((unit, at)) = self.lanesful(node, port) else {
            return;
        };
        match &self.units[unit] {
            AnyUnit::One(unit) => {
                let sum = unit.spec.outputs[port].signal == Signal::Audio;
                tap_of(&unit.outs, at, sum, gain, into);
            }
            AnyUnit::Wide(unit) => {
                let sum = unit.spec.outputs[port].signal == Signal::Audio;
                tap_of(&unit.outs, at, sum, gain, into);
            }
        }
    }

    pub(super) fn want_of(&mut self, node: usize, port: usize, wanted: bool) -> bool {
        let Some((unit, at)) = self.lanesful(node, port) else {
            return true;
        };
        let mut before = true;
        each_width!(&mut self.units[unit], unit => {
            for (i, out) in unit.outs.iter_mut().enumerate() {
                let slot = i % unit.out_slots;
                if (at.slot..at.slot + at.slots).contains(&slot) {
                    before &= out.wanted;
                    out.wanted = wanted;
                }
            }
        });
        before
    }
}
