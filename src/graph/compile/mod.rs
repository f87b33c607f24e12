//! From a patch to a graph. All allocation is here; runs on the builder.
mod slots;

use crate::dsp::{
    lanes::{Isa, IsaChoice, IsaMissing, Lanes, WithIsa, with_isa},
    swing::Swing,
};
use crate::modules::{
    self,
    module::{Build, LaneInit, Out, Seeds},
    spec::Voicing,
};
use crate::patch::Patch;

use super::{
    Graph, Layout,
    asks::Asks,
    costs::Meter,
    lane_graph::{AnyUnit, LaneGraph, Late, LateCopy, each_width, scratch},
    nap::Naps,
    notes::NoteAllocator,
    order,
    plan::{Origin, Plan, Reads, UnitPlan},
    ports::{ReadOne, ReadWide, Reader},
    snapshot::NodeLayout,
    told::Told,
    unit::{MAX_NOTES, MAX_SLOTS, Unit, row},
};

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
        let read = plan.read();
        let scratch_slots = |wide: bool| {
            let units = plan.units.iter().filter(|u| u.wide == wide);
            units.map(|u| u.slots.len()).max().unwrap_or(0)
        };
        let (scratch_one, scratch_wide) = (
            scratch(isa.one(), scratch_slots(false)),
            scratch(isa.wide(), scratch_slots(true)),
        );
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
            scratch_one,
            scratch_wide,
            released: false,
            meter,
            block: 0,
        };
        for unit in plan.units {
            if unit.spec.voicing == Voicing::Summed && unit.spec.kind == "Out" {
                graph.sounding.push(graph.units.len());
            }
            graph.units.push(if unit.wide {
                AnyUnit::Wide(self.unit::<A, ReadWide>(isa, unit)?)
            } else {
                AnyUnit::One(self.unit::<A, ReadOne>(isa, unit)?)
            });
        }
        mark_wanted(&mut graph, &read);
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
        Ok((Graph::new(Box::new(graph)), layout))
    }
}

impl Compiler<'_> {
    fn unit<A: Isa, R: Reader<A>>(
        &self,
        isa: A,
        mut plan: UnitPlan,
    ) -> Result<Unit<A, R>, CompileError> {
        let l = R::lanes(isa);
        let spec = plan.spec;
        let first = &self.patch.modules[plan.members[0]];
        let kernel = modules::kernel(
            spec,
            isa,
            l,
            &Build {
                rate: self.env.rate,
                options: &first.options,
                tuning: self.patch.tuning.as_ref().map(|t| &t.keys),
                check: false,
            },
        )
        .map_err(|e| CompileError::Option {
            module: first.name.clone(),
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
        let count = plan.slots.len();
        let terms: usize = plan.slots.iter().map(|s| s.terms.len()).sum();
        let cabled: Vec<usize> = (0..count)
            .filter(|s| !plan.slots[*s].terms.is_empty())
            .collect();
        let plain = cabled
            .iter()
            .filter_map(|slot| match &plan.slots[*slot].terms[..] {
                [term] if slots::is_plain(term) && slots::knobless(spec, *slot) => {
                    Some((*slot, term.from))
                }
                _ => None,
            });
        let plain: Vec<(usize, Reads)> = plain.collect();
        // An amount that is turned moves a slot from there to here.
        let mut summed = Vec::with_capacity(cabled.len());
        summed.extend(cabled.iter().filter(|s| plain.iter().all(|(p, _)| p != *s)));
        let mut unit = Unit {
            kernel,
            spec,
            voices: plan.voices,
            groups,
            words,
            memory_len,
            state: vec![zero; words * groups],
            memory: vec![zero; memory_len * groups],
            slots: self.slots::<A, R>(isa, &mut plan, groups),
            awake: vec![true; groups],
            constants: vec![zero; row(count) * groups],
            row: row(count),
            plain,
            summed,
            cabled,
            outs: (0..out_slots * out_groups).map(|_| Out::new(l)).collect(),
            out_slots,
            out_stride: if plan.private { 0 } else { out_slots },
            note_events: Vec::with_capacity(if notes.is_some() { MAX_NOTES } else { 0 }),
            notes,
            inits: self.inits(&plan),
            rest: plan.rest,
            naps: Naps::new(
                l,
                if plan.asks.is_empty() { 0 } else { groups },
                count,
                terms,
            ),
            told: vec![Told::NOTHING; groups],
        };
        unit.init_lanes();
        Ok(unit)
    }

    fn inits(&self, plan: &UnitPlan) -> Vec<LaneInit> {
        let mut inits = Vec::with_capacity(plan.instances());
        for node in &plan.members {
            let seeds = Seeds::new(self.env.seed, &self.patch.modules[*node].name);
            inits.extend((0..plan.voices).map(|voice| LaneInit {
                voice,
                seed: seeds.of(voice),
                module_seed: seeds.of(0),
                rate: self.env.rate,
            }));
        }
        inits
    }

    fn layout<A: Isa>(&self, graph: &LaneGraph<A>) -> Layout {
        let nodes = self.patch.modules.iter().zip(&graph.places);
        let nodes = nodes.map(|(node, place)| {
            each_width!(&graph.units[place.unit], unit => NodeLayout {
                name: node.name.clone(),
                kind: node.spec.kind,
                options: node.options.clone(),
                voices: unit.voices,
                lanes: unit.width(),
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
fn mark_wanted<A: Isa>(graph: &mut LaneGraph<A>, read: &[Origin]) {
    for (index, unit) in graph.units.iter_mut().enumerate() {
        let heard = graph.sounding.contains(&index);
        each_width!(unit, unit => for (i, out) in unit.outs.iter_mut().enumerate() {
            let slot = i % unit.out_slots;
            let origin = Origin { unit: index, slot };
            out.wanted = heard || read.binary_search(&origin).is_ok();
        });
    }
}
