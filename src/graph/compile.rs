//! From a patch to a graph. All allocation is here; runs on the builder.
use std::collections::{BTreeMap, HashSet};

use crate::dsp::{
    lanes::{Float, Isa, IsaChoice, IsaMissing, Lanes, WithIsa, with_isa},
    swing::Swing,
};
use crate::modules::{
    self,
    module::{Build, LaneInit, Out, seed},
    spec::{Law, ModuleSpec, ParamValue, Signal, Voicing, kernel_value},
};
use crate::patch::{Input, Patch};

use super::{
    Graph, Layout,
    amounts::{Amounts, Way},
    asks::Asks,
    costs::Meter,
    input::{Knobs, Slot, Term},
    lane_graph::{AnyUnit, LaneGraph, Late, LateCopy, each_width, scratch},
    nap::{Nap, Told},
    notes::NoteAllocator,
    order,
    plan::{Map, Origin, Plan, Reads, SlotPlan, TermPlan, UnitPlan},
    ports::{ReadOne, ReadWide, Reader},
    ramp::{Knob, Ramp},
    snapshot::NodeLayout,
    unit::{MAX_NOTES, MAX_SLOTS, Unit, row},
};

/// A parameter's way to a new value.
const RAMP_SECONDS: f32 = 0.005;

/// What a graph is compiled for.
#[derive(Clone, Copy, Debug)]
pub struct Env {
    /// Frames a second.
    pub rate: f32,
    pub isa: IsaChoice,
    /// Seeds every noise of the patch.
    pub seed: u32,
    /// Tempo until the first transport arrives.
    pub bpm: f64,
}

/// Why a patch can't be made runnable.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CompileError {
    /// The modules on the way round, the first again at the end.
    #[error("cycle without a feedback mark: {}", .0.join(" > "))]
    Cycle(Vec<String>),
    #[error("`{module}`: {why}")]
    Option { module: String, why: String },
    #[error(transparent)]
    Isa(#[from] IsaMissing),
}

/// Makes a patch runnable. Allocates.
pub fn compile(patch: &Patch, env: &Env) -> Result<(Graph, Layout), CompileError> {
    with_isa(isa_for(patch, env.isa)?, Compiler { patch, env })?
}

/// The instruction set that a patch is compiled for: never `Auto`.
pub fn isa_for(patch: &Patch, chosen: IsaChoice) -> Result<IsaChoice, IsaMissing> {
    match chosen {
        IsaChoice::Auto => IsaChoice::best_for(order::lanes(patch)).resolve(),
        chosen => chosen.resolve(),
    }
}

struct Compiler<'a> {
    patch: &'a Patch,
    env: &'a Env,
}

impl WithIsa for Compiler<'_> {
    type Output = Result<(Graph, Layout), CompileError>;

    fn with<A: Isa>(self, isa: A) -> Self::Output {
        let plan = Plan::new(self.patch, A::Wide::N).map_err(CompileError::Cycle)?;
        let (meter, costs) = Meter::new(plan.units.len(), &plan.places);
        let mut graph = LaneGraph {
            isa,
            rate: self.env.rate,
            bpm: self.env.bpm,
            swing: Swing::new(self.patch.swing, Swing::GRID),
            units: Vec::with_capacity(plan.units.len()),
            asks: Asks::new(&plan.units, A::Wide::N),
            steps: plan.steps,
            places: plan.places,
            cables: self.patch.cables.clone(),
            late: Vec::with_capacity(plan.late.len()),
            sounding: Vec::new(),
            scratch_one: scratch(isa.one()),
            scratch_wide: scratch(isa.wide()),
            released: false,
            meter,
            block: 0,
        };
        for unit in &plan.units {
            if unit.spec.voicing == Voicing::Summed && unit.spec.kind == "Out" {
                graph.sounding.push(graph.units.len());
            }
            graph.units.push(if unit.wide {
                AnyUnit::Wide(self.unit::<A, ReadWide>(isa, unit)?)
            } else {
                AnyUnit::One(self.unit::<A, ReadOne>(isa, unit)?)
            });
        }
        mark_wanted(&mut graph, &plan.units, &plan.late);
        for from in plan.late {
            let copy = match &graph.units[from.unit] {
                AnyUnit::One(_) => LateCopy::One(Out::new(isa.one())),
                AnyUnit::Wide(u) => {
                    LateCopy::Wide((0..u.groups).map(|_| Out::new(isa.wide())).collect())
                }
            };
            graph.late.push(Late { from, copy });
        }
        let layout = Layout {
            costs,
            ..self.layout(&graph)
        };
        let mut graph = Graph::new(Box::new(graph));
        graph.reset();
        Ok((graph, layout))
    }
}

impl Compiler<'_> {
    fn unit<A: Isa, R: Reader<A>>(
        &self,
        isa: A,
        plan: &UnitPlan,
    ) -> Result<Unit<A, R>, CompileError> {
        let l = R::lanes(isa);
        let spec = plan.spec;
        let kernel = modules::kernel(
            spec,
            isa,
            l,
            &Build {
                rate: self.env.rate,
                options: &plan.options,
                tuning: self.patch.tuning.as_ref().map(|t| &t.keys),
                check: false,
            },
        )
        .map_err(|e| CompileError::Option {
            module: self.patch.modules[plan.members[0]].name.clone(),
            why: e.why,
        })?;
        let groups = plan.instances().div_ceil(<R::L as Lanes>::N);
        let notes = (spec.voicing == Voicing::NoteSource)
            .then(|| NoteAllocator::new(plan.voices, kernel.notes()));
        let (words, memory_len) = (kernel.words(), kernel.memory());
        let out_slots = spec.output_slots();
        let out_groups = if plan.private { 1 } else { groups };
        debug_assert!(
            plan.slots.len() <= MAX_SLOTS,
            "{} has too many inputs",
            spec.kind
        );
        let zero = l.f(0.0);
        let terms = plan.slots.iter().map(|s| s.terms.len()).sum();
        let cabled: Vec<usize> = (0..plan.slots.len())
            .filter(|s| !plan.slots[*s].terms.is_empty())
            .collect();
        let plain = cabled
            .iter()
            .filter_map(|slot| match &plan.slots[*slot].terms[..] {
                [term] if is_plain(term) && knobless(spec, *slot) => Some((*slot, term.from)),
                _ => None,
            });
        let plain: Vec<(usize, Reads)> = plain.collect();
        // An amount that is turned moves a slot from there to here.
        let mut summed = Vec::with_capacity(cabled.len());
        summed.extend(cabled.iter().filter(|s| plain.iter().all(|(p, _)| p != *s)));
        Ok(Unit {
            kernel,
            spec,
            voices: plan.voices,
            groups,
            words,
            memory_len,
            state: vec![zero; words * groups],
            memory: vec![zero; memory_len * groups],
            slots: plan
                .slots
                .iter()
                .enumerate()
                .map(|(i, slot)| Slot {
                    twin: twin(plan, i),
                    ..self.slot::<A, R>(isa, plan, i, slot, groups)
                })
                .collect(),
            awake: vec![true; groups],
            constants: vec![zero; row(plan.slots.len()) * groups],
            row: row(plan.slots.len()),
            plain: plain.clone(),
            summed,
            cabled,
            outs: (0..out_slots * out_groups).map(|_| Out::new(l)).collect(),
            out_slots,
            out_stride: if plan.private { 0 } else { out_slots },
            notes,
            note_events: Vec::with_capacity(MAX_NOTES),
            inits: self.inits(plan),
            rest: modules::rest(spec),
            naps: match plan.asks.is_empty() {
                true => Vec::new(),
                false => (0..groups)
                    .map(|_| Nap::new(l, plan.slots.len(), terms))
                    .collect(),
            },
            told: vec![Told::default(); groups],
        })
    }

    fn inits(&self, plan: &UnitPlan) -> Vec<LaneInit> {
        let instances = plan.members.iter().flat_map(|node| {
            let name = &self.patch.modules[*node].name;
            (0..plan.voices).map(move |voice| (name, voice))
        });
        instances
            .map(|(name, voice)| LaneInit {
                voice,
                seed: seed(self.env.seed, name, voice),
                module_seed: seed(self.env.seed, name, 0),
                rate: self.env.rate,
            })
            .collect()
    }

    fn slot<A: Isa, R: Reader<A>>(
        &self,
        isa: A,
        unit: &UnitPlan,
        index: usize,
        plan: &SlotPlan,
        groups: usize,
    ) -> Slot<A, R> {
        let l = R::lanes(isa);
        let spec = unit.spec;
        let param = index.checked_sub(spec.input_slots());
        let knobs = match param {
            Some(param) => Some(self.knobs(unit, Input::Param(param))),
            None => gate_port(spec, index).map(|port| self.knobs(unit, Input::Port(port))),
        };
        let each = |gains: &[f32]| -> Vec<<R::L as Lanes>::F> {
            let last = gains.len() - 1;
            let gain = |instance: usize| gains[instance.min(last)];
            (0..groups)
                .map(|g| l.from_fn(|lane| gain(g * <R::L as Lanes>::N + lane)))
                .collect()
        };
        let reduce = |map: &Map, gains: &[f32]| match map {
            Map::Reduce(instances) => by_group(isa.wide(), instances, gains),
            _ => Vec::new(),
        };
        let ways = plan.terms.iter().map(|term| Way {
            shares: each(&term.shares),
            to: each(&term.gains),
            reduce_shares: reduce(&term.map, &term.shares),
            reduce_to: reduce(&term.map, &term.gains),
        });
        let ways: Vec<_> = ways.collect();
        let frames = (RAMP_SECONDS * self.env.rate).max(1.0).round();
        let amounts = Amounts::new(l, ways, groups, frames);
        let terms = plan.terms.iter().map(|term| Term {
            from: term.from,
            map: term.map.clone(),
            gains: each(&term.gains),
            reduce: reduce(&term.map, &term.gains),
            plain: is_plain(term),
        });
        Slot {
            terms: terms.collect(),
            knobs: knobs.map(|k| Knobs::new(l, k, groups, unit.voices > 1)),
            law: param.map_or(Law::Add, |p| spec.params[p].unit.law()),
            range: param.map(|p| {
                let spec = &spec.params[p];
                (kernel_value(spec, spec.min), kernel_value(spec, spec.max))
            }),
            twin: None,
            amounts: (!plan.terms.is_empty()).then(|| Box::new(amounts)),
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

    fn layout<A: Isa>(&self, graph: &LaneGraph<A>) -> Layout {
        let nodes = self.patch.modules.iter().zip(&graph.places);
        let nodes = nodes.map(|(node, place)| {
            each_width!(&graph.units[place.unit], unit => NodeLayout {
                name: node.name.clone(),
                kind: node.spec.kind,
                options: node.options.clone(),
                voices: unit.voices,
                words: unit.carried_words(),
                memory: unit.memory_len,
            })
        });
        Layout {
            nodes: nodes.collect(),
            costs: Default::default(),
        }
    }
}

/// Tells the modules which of their outputs nobody reads: what is heard is read by the slot.
fn mark_wanted<A: Isa>(graph: &mut LaneGraph<A>, plans: &[UnitPlan], late: &[Origin]) {
    let terms = plans.iter().flat_map(|u| &u.slots).flat_map(|s| &s.terms);
    let read: HashSet<Origin> = terms
        .filter_map(|term| match term.from {
            Reads::Now(origin) => Some(origin),
            Reads::Late(index) => late.get(index).copied(),
        })
        .collect();
    for (index, unit) in graph.units.iter_mut().enumerate() {
        let heard = graph.sounding.contains(&index);
        each_width!(unit, unit => for (i, out) in unit.outs.iter_mut().enumerate() {
            let slot = i % unit.out_slots;
            out.wanted = heard || read.contains(&Origin { unit: index, slot });
        });
    }
}

/// An earlier port slot whose cables are the same: it is summed once.
fn twin(plan: &UnitPlan, slot: usize) -> Option<usize> {
    let spec = plan.spec;
    if slot >= spec.input_slots() || gate_port(spec, slot).is_some() {
        return None;
    }
    let mut before = (0..slot).filter(|s| gate_port(spec, *s).is_none());
    before.find(|s| plan.slots[*s] == plan.slots[slot] && !plan.slots[slot].terms.is_empty())
}

/// Passes its source on as it is, lane by lane.
fn is_plain(term: &TermPlan) -> bool {
    term.map == Map::Same && term.gains.iter().all(|g| *g == 1.0)
}

/// Whether nobody but cables moves a slot.
fn knobless(spec: &ModuleSpec, slot: usize) -> bool {
    slot < spec.input_slots() && gate_port(spec, slot).is_none()
}

/// The port of a slot, where it is a gate: users may hold it open.
fn gate_port(spec: &ModuleSpec, slot: usize) -> Option<usize> {
    (0..spec.inputs.len())
        .find(|p| spec.input_slot(*p) == slot)
        .filter(|p| spec.inputs[*p].signal == Signal::Gate)
}

/// Factors of instances as vectors of the lane groups that hold them.
fn by_group<L: Lanes>(l: L, instances: &[usize], gains: &[f32]) -> Vec<(usize, L::F)> {
    let mut groups: BTreeMap<usize, L::F> = BTreeMap::new();
    for (instance, gain) in instances.iter().zip(gains) {
        let vector = groups.entry(instance / L::N).or_insert_with(|| l.f(0.0));
        vector.lanes_mut()[instance % L::N] += gain;
    }
    groups.into_iter().collect()
}
