//! The input slots of a unit: its knobs, and its cables over lane groups. Runs on the builder.
use crate::dsp::lanes::{Float, Isa, Lanes};
use crate::modules::spec::{Law, ModuleSpec, ParamValue, Signal, kernel_value};
use crate::patch::Input;

use super::Compiler;
use crate::graph::{
    amounts::{Amounts, Way},
    input::{Knobs, Slot, Term},
    plan::{Map, SlotPlan, TermPlan, UnitPlan},
    ports::Reader,
    ramp::{Knob, Ramp},
};

/// A parameter's way to a new value.
const RAMP_SECONDS: f32 = 0.005;

impl Compiler<'_> {
    /// All slots of a unit.
    pub(super) fn slots<A: Isa, R: Reader<A>>(
        &self,
        isa: A,
        unit: &mut UnitPlan,
        groups: usize,
    ) -> Vec<Slot<A, R>> {
        let twins: Vec<Option<usize>> = (0..unit.slots.len()).map(|s| twin(unit, s)).collect();
        let plans = std::mem::take(&mut unit.slots);
        let slots = plans.into_iter().zip(twins).enumerate();
        slots
            .map(|(index, (plan, twin))| Slot {
                twin,
                ..self.slot::<A, R>(isa, unit, index, plan, groups)
            })
            .collect()
    }

    fn slot<A: Isa, R: Reader<A>>(
        &self,
        isa: A,
        unit: &UnitPlan,
        index: usize,
        plan: SlotPlan,
        groups: usize,
    ) -> Slot<A, R> {
        let l = R::lanes(isa);
        let spec = unit.spec;
        let param = index.checked_sub(spec.input_slots());
        let knobs = match param {
            Some(param) => Some(self.knobs(unit, Input::Param(param))),
            None => gate_port(spec, index).map(|port| self.knobs(unit, Input::Port(port))),
        };
        let mut terms: Vec<Term<A, R>> = Vec::with_capacity(plan.terms.len());
        let mut ways = Vec::with_capacity(plan.terms.len());
        for plan in plan.terms {
            let term = Term {
                plain: is_plain(&plan),
                gains: by_lane(l, &plan.gains, groups),
                reduce: match &plan.map {
                    Map::Reduce(instances) => by_group(isa.wide(), instances, &plan.gains),
                    _ => Vec::new(),
                },
                from: plan.from,
                map: plan.map,
            };
            ways.push(Way {
                shares: plan.shares,
                reduce_to: term.reduce.clone(),
            });
            terms.push(term);
        }
        let frames = (RAMP_SECONDS * self.env.rate).max(1.0).round();
        let amounts =
            (!terms.is_empty()).then(|| Box::new(Amounts::new(l, ways, &terms, groups, frames)));
        Slot {
            terms,
            knobs: knobs.map(|k| Knobs::new(l, k, groups, unit.voices > 1)),
            law: param.map_or(Law::Add, |p| spec.params[p].unit.law()),
            range: param.map(|p| {
                let spec = &spec.params[p];
                (kernel_value(spec, spec.min), kernel_value(spec, spec.max))
            }),
            twin: None,
            amounts,
            turning: false,
        }
    }

    fn knobs(&self, unit: &UnitPlan, input: Input) -> Vec<Knob> {
        let knobs = unit.members.iter().map(|node| {
            let (spec, value, frames) = match input {
                Input::Param(p) => (
                    Some(&unit.spec.params[p]),
                    self.patch.modules[*node].params[p],
                    (RAMP_SECONDS * self.env.rate) as u32,
                ),
                Input::Port(_) => (None, ParamValue::Fixed(0.0), 0),
            };
            let mut knob = Knob {
                node: *node,
                input,
                spec,
                value,
                ramp: Ramp::held(0.0),
                frames,
            };
            knob.set_now(value, self.env.bpm);
            knob
        });
        knobs.collect()
    }
}

/// An earlier port slot whose cables are the same: it is summed once.
fn twin(plan: &UnitPlan, slot: usize) -> Option<usize> {
    if plan.slots[slot].terms.is_empty() || !knobless(plan.spec, slot) {
        return None;
    }
    let mut before = (0..slot).filter(|s| gate_port(plan.spec, *s).is_none());
    before.find(|s| plan.slots[*s] == plan.slots[slot])
}

/// Passes its source on as it is, lane by lane.
pub(super) fn is_plain(term: &TermPlan) -> bool {
    term.map == Map::Same && term.gains.iter().all(|g| *g == 1.0)
}

/// Whether nobody but cables moves a slot.
pub(super) fn knobless(spec: &ModuleSpec, slot: usize) -> bool {
    slot < spec.input_slots() && gate_port(spec, slot).is_none()
}

/// The port of a slot, where it is a gate: users may hold it open.
fn gate_port(spec: &ModuleSpec, slot: usize) -> Option<usize> {
    (0..spec.inputs.len())
        .find(|p| spec.input_slot(*p) == slot)
        .filter(|p| spec.inputs[*p].signal == Signal::Gate)
}

/// Factors of instances, the last one for all that follow it, as vectors of their lane groups.
fn by_lane<L: Lanes>(l: L, factors: &[f32], groups: usize) -> Vec<L::F> {
    if let [factor] = factors {
        return vec![l.f(*factor); groups];
    }
    let last = factors.len() - 1;
    (0..groups)
        .map(|group| l.from_fn(|lane| factors[(group * L::N + lane).min(last)]))
        .collect()
}

/// Factors of named instances as vectors of the lane groups that hold them, in their order.
fn by_group<L: Lanes>(l: L, instances: &[usize], gains: &[f32]) -> Vec<(usize, L::F)> {
    let mut groups: Vec<(usize, L::F)> = Vec::with_capacity(instances.len().div_ceil(L::N));
    for (instance, gain) in instances.iter().zip(gains) {
        let group = instance / L::N;
        // Instances mostly come in order.
        let at = match groups.last() {
            Some((last, _)) if *last == group => groups.len() - 1,
            _ => match groups.binary_search_by_key(&group, |(group, _)| *group) {
                Ok(at) => at,
                Err(at) => {
                    groups.insert(at, (group, l.f(0.0)));
                    at
                }
            },
        };
        groups[at].1.lanes_mut()[instance % L::N] += gain;
    }
    groups
}
