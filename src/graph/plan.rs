//! The shape of a compiled graph, before any lane type is chosen: which modules share lanes, what each input reads, in which
//! order. Runs on the builder.
use std::collections::{BTreeSet, HashMap};

use crate::modules::{
    self,
    module::Rest,
    spec::{ModuleSpec, OptionValue, Voicing, Width},
};
use crate::patch::{Cable, Input, Patch};

use super::order;

/// A patch's modules laid over lanes.
pub struct Plan {
    /// In render order.
    pub units: Vec<UnitPlan>,
    /// For each module of the patch.
    pub places: Vec<Place>,
    /// Outputs that feedback cables read one block late.
    pub late: Vec<Origin>,
    pub steps: Vec<Step>,
}

/// One kernel over one or more instances: the voices of one module, or alike mono modules.
pub struct UnitPlan {
    pub spec: &'static ModuleSpec,
    pub options: Vec<OptionValue>,
    /// Modules of the patch, in lane order.
    pub members: Vec<usize>,
    /// Instances of each member; more than one only where there is one member.
    pub voices: usize,
    /// Many lanes, or one.
    pub wide: bool,
    /// In the kernel's order: input slots, then parameters.
    pub slots: Vec<SlotPlan>,
    /// Read only by units that are rendered in the same step, group by group.
    pub private: bool,
    /// Amplifiers without which nothing of it is heard; none where it has to be rendered always.
    pub guards: Vec<usize>,
}

impl UnitPlan {
    pub fn instances(&self) -> usize {
        self.members.len() * self.voices
    }
}

/// Where a module's instances are.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub unit: usize,
    /// Its first instance; its voices follow.
    pub instance: usize,
}

/// What one input slot of a unit reads, summed.
#[derive(Default, PartialEq)]
pub struct SlotPlan {
    pub terms: Vec<TermPlan>,
}

#[derive(PartialEq)]
pub struct TermPlan {
    pub from: Reads,
    pub map: Map,
    /// One factor per instance of the reader; for [`Map::Reduce`], of those it names.
    pub gains: Vec<f32>,
    /// The same for an amount of 1.
    pub shares: Vec<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// An output of this block.
    Now(Origin),
    /// Index into [`Plan::late`].
    Late(usize),
}

/// An output slot of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    pub unit: usize,
    pub slot: usize,
}

/// Which instance of the source each instance of the reader hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Map {
    /// The one in the same lane.
    Same,
    /// All the same one.
    Broadcast(usize),
    /// Each its own.
    Gather(Vec<usize>),
    /// These, summed into the reader's one instance.
    Reduce(Vec<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A unit of one lane.
    One(usize),
    /// Units `first..end` of as many lane groups each: rendered group by group, so that their buffers stay in the first cache.
    Lanes {
        first: usize,
        end: usize,
        groups: usize,
    },
}

/// One cable end, split into the slots it touches.
#[derive(Clone, Copy)]
struct Hop {
    node: usize,
    slot: usize,
    feedback: bool,
    gain: f32,
    /// The gain for an amount of 1.
    share: f32,
}

impl Plan {
    /// Lays a patch over lanes of `width`. `Err` names the modules of a cycle.
    pub fn new(patch: &Patch, width: usize) -> Result<Self, Vec<String>> {
        let depth = order::depths(patch)?;
        let voices = order::voices(patch);
        let hops = hops(patch);
        let mut builder = Builder {
            patch,
            voices: &voices,
            hops: &hops,
            width,
            units: Vec::new(),
            places: vec![
                Place {
                    unit: usize::MAX,
                    instance: 0
                };
                patch.modules.len()
            ],
        };
        let mut by_depth: Vec<Vec<usize>> =
            vec![Vec::new(); depth.iter().max().map_or(0, |d| d + 1)];
        for (node, d) in depth.iter().enumerate() {
            by_depth[*d].push(node);
        }
        for nodes in by_depth {
            builder.place(nodes);
        }
        Ok(builder.finish())
    }
}

/// What every input slot of every module reads.
fn hops(patch: &Patch) -> Vec<Vec<Vec<Hop>>> {
    let mut all: Vec<Vec<Vec<Hop>>> = patch
        .modules
        .iter()
        .map(|n| vec![Vec::new(); n.spec.input_slots() + n.spec.params.len()])
        .collect();
    for cable in &patch.cables {
        let from = patch.modules[cable.from.node].spec;
        let first = from.output_slot(cable.from.port);
        let stereo = from.outputs[cable.from.port].width == Width::Stereo;
        let to = patch.modules[cable.to.node].spec;
        let mut read = |into: usize, slot: usize, share: f32| {
            all[cable.to.node][into].push(Hop {
                node: cable.from.node,
                slot,
                feedback: cable.feedback,
                gain: cable.amount * share,
                share,
            });
        };
        match (target_slot(to, cable), stereo) {
            ((into, Width::Stereo), true) => {
                read(into, first, 1.0);
                read(into + 1, first + 1, 1.0);
            }
            ((into, Width::Stereo), false) => {
                read(into, first, 1.0);
                read(into + 1, first, 1.0);
            }
            ((into, Width::Mono), true) => {
                read(into, first, 0.5);
                read(into, first + 1, 0.5);
            }
            ((into, Width::Mono), false) => read(into, first, 1.0),
        }
    }
    all
}

fn target_slot(spec: &ModuleSpec, cable: &Cable) -> (usize, Width) {
    match cable.to.input {
        Input::Port(port) => (spec.input_slot(port), spec.inputs[port].width),
        Input::Param(param) => (spec.input_slots() + param, Width::Mono),
    }
}

struct Builder<'a> {
    patch: &'a Patch,
    voices: &'a [usize],
    hops: &'a [Vec<Vec<Hop>>],
    width: usize,
    units: Vec<UnitPlan>,
    places: Vec<Place>,
}

/// What mono modules must share to share lanes: kind, options, and which units their inputs read.
#[derive(PartialEq, Eq, Hash)]
struct Likeness {
    kind: &'static str,
    options: String,
    slots: Vec<Vec<Origin>>,
}

impl Builder<'_> {
    /// Makes units of the modules of one depth: what they read has its place already.
    fn place(&mut self, nodes: Vec<usize>) {
        let mut alike: HashMap<Likeness, Vec<usize>> = HashMap::new();
        let mut order: Vec<Vec<usize>> = Vec::new();
        for node in nodes {
            if self.width < 2 || !self.may_pack(node) {
                order.push(vec![node]);
                continue;
            }
            alike.entry(self.likeness(node)).or_default().push(node);
        }
        order.extend(alike.into_values());
        // A hash map has no order of its own: the patch's decides, so that a patch always compiles alike.
        for members in &mut order {
            members.sort_by_key(|n| (self.first_read(*n), *n));
        }
        order.sort_by_key(|members| members.iter().min().copied());
        for members in order {
            let unit = self.units.len();
            for (instance, node) in members.iter().enumerate() {
                self.places[*node] = Place { unit, instance };
            }
            let node = &self.patch.modules[members[0]];
            let voices = self.voices[members[0]];
            self.units.push(UnitPlan {
                spec: node.spec,
                options: node.options.clone(),
                wide: members.len() * voices > 1 && self.width > 1,
                voices,
                members,
                slots: Vec::new(),
                private: false,
                guards: Vec::new(),
            });
        }
    }

    fn may_pack(&self, node: usize) -> bool {
        self.voices[node] == 1
            && self.patch.modules[node].spec.voicing == Voicing::PerVoice
            && !self.hops[node].iter().flatten().any(|h| h.feedback)
    }

    fn origin(&self, hop: &Hop) -> Origin {
        Origin {
            unit: self.places[hop.node].unit,
            slot: hop.slot,
        }
    }

    fn likeness(&self, node: usize) -> Likeness {
        let module = &self.patch.modules[node];
        let slots = self.hops[node].iter().map(|hops| {
            let mut origins: Vec<Origin> = hops.iter().map(|h| self.origin(h)).collect();
            origins.sort();
            origins
        });
        Likeness {
            kind: module.spec.kind,
            options: format!("{:?}", module.options),
            slots: slots.collect(),
        }
    }

    /// The instance that a module's first cable reads: members in this order mostly find their sources in their own lane.
    fn first_read(&self, node: usize) -> usize {
        let hops = self.hops[node].iter().flatten();
        hops.map(|h| self.places[h.node].instance)
            .max()
            .unwrap_or(0)
    }

    fn finish(mut self) -> Plan {
        let mut late: Vec<Origin> = Vec::new();
        let slots: Vec<Vec<SlotPlan>> = self
            .units
            .iter()
            .map(|unit| self.slots(unit, &mut late))
            .collect();
        for (unit, slots) in self.units.iter_mut().zip(slots) {
            unit.slots = slots;
        }
        let (mut units, places, late) = in_render_order(self.units, self.places, late);
        let steps = steps(&units, self.width);
        mark_private(&mut units, &steps, &late);
        mark_guards(&mut units, &late);
        Plan {
            units,
            places,
            late,
            steps,
        }
    }

    fn slots(&self, unit: &UnitPlan, late: &mut Vec<Origin>) -> Vec<SlotPlan> {
        let count = self.hops[unit.members[0]].len();
        let slots = (0..count).map(|slot| {
            // Members are alike, so their hops line up once sorted by origin.
            let rows: Vec<Vec<&Hop>> = unit
                .members
                .iter()
                .map(|node| {
                    let mut row: Vec<&Hop> = self.hops[*node][slot].iter().collect();
                    row.sort_by_key(|h| (h.feedback, self.origin(h)));
                    row
                })
                .collect();
            let mut terms: Vec<TermPlan> = Vec::new();
            for column in 0..rows[0].len() {
                let hops: Vec<&Hop> = rows.iter().map(|row| row[column]).collect();
                self.add_term(unit, &hops, &mut terms, late);
            }
            SlotPlan { terms }
        });
        slots.collect()
    }

    fn add_term(
        &self,
        unit: &UnitPlan,
        hops: &[&Hop],
        terms: &mut Vec<TermPlan>,
        late: &mut Vec<Origin>,
    ) {
        let origin = self.origin(hops[0]);
        let source = &self.units[origin.unit];
        let from = if hops[0].feedback {
            let index = late.iter().position(|l| *l == origin).unwrap_or_else(|| {
                late.push(origin);
                late.len() - 1
            });
            Reads::Late(index)
        } else {
            Reads::Now(origin)
        };
        if !unit.wide && source.wide {
            // Several cables from one unit become one sum.
            let existing = terms
                .iter()
                .position(|t| t.from == from && matches!(t.map, Map::Reduce(_)));
            let index = existing.unwrap_or_else(|| {
                terms.push(TermPlan {
                    from,
                    map: Map::Reduce(Vec::new()),
                    gains: Vec::new(),
                    shares: Vec::new(),
                });
                terms.len() - 1
            });
            let first = self.places[hops[0].node].instance;
            let voices = self.voices[hops[0].node];
            if let Map::Reduce(instances) = &mut terms[index].map {
                instances.extend(first..first + voices);
            }
            terms[index].gains.extend(vec![hops[0].gain; voices]);
            terms[index].shares.extend(vec![hops[0].share; voices]);
            return;
        }
        let instances = unit.instances();
        let reads: Vec<usize> = (0..instances)
            .map(|k| {
                let hop = hops[if unit.voices > 1 { 0 } else { k }];
                let voice = if unit.voices > 1 && source.voices > 1 {
                    k.min(source.voices - 1)
                } else {
                    0
                };
                self.places[hop.node].instance + voice
            })
            .collect();
        let map = if source.wide == unit.wide && reads.iter().enumerate().all(|(k, r)| k == *r) {
            Map::Same
        } else if reads.iter().all(|r| *r == reads[0]) {
            Map::Broadcast(reads[0])
        } else {
            Map::Gather(reads)
        };
        let each = |factor: fn(&Hop) -> f32| {
            let instances = 0..instances;
            instances
                .map(
                    |k| match unit.voices > 1 && source.voices > 1 && k >= source.voices {
                        // A source of fewer voices has nothing to say to the others.
                        true => 0.0,
                        false => factor(hops[if unit.voices > 1 { 0 } else { k }]),
                    },
                )
                .collect()
        };
        terms.push(TermPlan {
            from,
            map,
            gains: each(|hop| hop.gain),
            shares: each(|hop| hop.share),
        });
    }
}

/// Sorts units so that runs of wide ones stay together: all ready ones of one lane first, then all ready wide ones, and again.
fn in_render_order(
    units: Vec<UnitPlan>,
    mut places: Vec<Place>,
    mut late: Vec<Origin>,
) -> (Vec<UnitPlan>, Vec<Place>, Vec<Origin>) {
    let count = units.len();
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut waiting = vec![0usize; count];
    for (reader, unit) in units.iter().enumerate() {
        for term in unit.slots.iter().flat_map(|s| &s.terms) {
            if let Reads::Now(origin) = term.from {
                readers[origin.unit].push(reader);
                waiting[reader] += 1;
            }
        }
    }
    // The lowest first: the order must not depend on how it was found.
    // What may rest comes after what tells whether it may.
    let rests: Vec<bool> = units
        .iter()
        .map(|u| matches!(modules::rest(u.spec), Rest::Runs | Rest::Forgets { .. }))
        .collect();
    let mut ready: [BTreeSet<(bool, usize)>; 2] = [BTreeSet::new(), BTreeSet::new()];
    for (unit, _) in waiting.iter().enumerate().filter(|(_, w)| **w == 0) {
        ready[units[unit].wide as usize].insert((rests[unit], unit));
    }
    let mut order: Vec<usize> = Vec::with_capacity(count);
    let mut kind = 0;
    while order.len() < count {
        let first = |kind: usize| ready[kind].first().map(|(rests, _)| *rests);
        // On with the same width, unless only units that may rest are left there and not elsewhere.
        kind = match (first(kind), first(1 - kind)) {
            (None, _) | (Some(true), Some(false)) => 1 - kind,
            _ => kind,
        };
        let Some((_, unit)) = ready[kind].pop_first() else {
            break; // `depths` has refused cycles, so every unit has come by now
        };
        order.push(unit);
        for &reader in &readers[unit] {
            waiting[reader] -= 1;
            if waiting[reader] == 0 {
                ready[units[reader].wide as usize].insert((rests[reader], reader));
            }
        }
    }
    let mut position = vec![0; count];
    for (at, unit) in order.iter().enumerate() {
        position[*unit] = at;
    }
    for place in &mut places {
        place.unit = position[place.unit];
    }
    for origin in &mut late {
        origin.unit = position[origin.unit];
    }
    let mut sorted: Vec<(usize, UnitPlan)> = units
        .into_iter()
        .enumerate()
        .map(|(i, u)| (position[i], u))
        .collect();
    sorted.sort_by_key(|(at, _)| *at);
    let mut units: Vec<UnitPlan> = sorted.into_iter().map(|(_, u)| u).collect();
    for term in units
        .iter_mut()
        .flat_map(|u| &mut u.slots)
        .flat_map(|s| &mut s.terms)
    {
        if let Reads::Now(origin) = &mut term.from {
            origin.unit = position[origin.unit];
        }
    }
    (units, places, late)
}

fn steps(units: &[UnitPlan], width: usize) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (index, unit) in units.iter().enumerate() {
        if !unit.wide {
            steps.push(Step::One(index));
            continue;
        }
        let groups = unit.instances().div_ceil(width);
        match steps.last_mut() {
            Some(Step::Lanes {
                first,
                end,
                groups: before,
            }) if *before == groups && lane_by_lane(unit, *first) => *end = index + 1,
            _ => steps.push(Step::Lanes {
                first: index,
                end: index + 1,
                groups,
            }),
        }
    }
    steps
}

/// Finds the units whose outputs nobody reads after their group's turn.
fn mark_private(units: &mut [UnitPlan], steps: &[Step], late: &[Origin]) {
    let mut step_of = vec![usize::MAX; units.len()];
    for (at, step) in steps.iter().enumerate() {
        if let Step::Lanes { first, end, .. } = step {
            step_of[*first..*end].fill(at);
        }
    }
    let mut private: Vec<bool> = step_of.iter().map(|s| *s != usize::MAX).collect();
    for (reader, unit) in units.iter().enumerate() {
        for term in unit.slots.iter().flat_map(|s| &s.terms) {
            if let Reads::Now(origin) = term.from {
                private[origin.unit] &= step_of[origin.unit] == step_of[reader];
            }
        }
    }
    for origin in late {
        private[origin.unit] = false;
    }
    for (unit, private) in units.iter_mut().zip(private) {
        unit.private = private;
    }
}

/// Finds the units that closed amplifiers make unheard: whatever reads them, in their own lanes, is such an amplifier or such a unit.
fn mark_guards(units: &mut [UnitPlan], late: &[Origin]) {
    for index in (0..units.len()).rev() {
        if late.iter().any(|origin| origin.unit == index) {
            continue;
        }
        if let Some(guards) = guards(units, index) {
            units[index].guards = guards;
        }
    }
}

fn guards(units: &[UnitPlan], index: usize) -> Option<Vec<usize>> {
    let unit = &units[index];
    let still = match modules::rest(unit.spec) {
        Rest::Runs => &[][..],
        Rest::Forgets { still } => still,
        Rest::Never | Rest::Amplifier { .. } => return None,
    };
    if still.iter().any(|s| !unit.slots[*s].terms.is_empty()) {
        return None;
    }
    let mut guards: Vec<usize> = Vec::new();
    for (reader, other) in units.iter().enumerate().skip(index + 1) {
        for (slot, plan) in other.slots.iter().enumerate() {
            for term in &plan.terms {
                if !matches!(term.from, Reads::Now(origin) if origin.unit == index) {
                    continue;
                }
                if term.map != Map::Same {
                    return None;
                }
                match modules::rest(other.spec) {
                    Rest::Amplifier { input, controls }
                        if slot == input && told_before(other, controls, index) =>
                    {
                        guards.push(reader);
                    }
                    Rest::Forgets { .. } if !other.guards.is_empty() => {
                        guards.extend(&other.guards);
                    }
                    _ => return None,
                }
            }
        }
    }
    // The amplifiers of a reader may be told after this unit.
    let told = guards.iter().all(|g| match modules::rest(units[*g].spec) {
        Rest::Amplifier { controls, .. } => told_before(&units[*g], controls, index),
        _ => false,
    });
    guards.sort();
    guards.dedup();
    told.then_some(guards)
}

/// Whether an amplifier's controls are rendered before a unit.
fn told_before(amplifier: &UnitPlan, controls: &[usize], index: usize) -> bool {
    let mut terms = controls.iter().flat_map(|c| &amplifier.slots[*c].terms);
    terms.all(|t| matches!(t.from, Reads::Now(origin) if origin.unit < index))
}

/// Whether a unit reads the units from `first` on only in its own lanes.
fn lane_by_lane(unit: &UnitPlan, first: usize) -> bool {
    let mut terms = unit.slots.iter().flat_map(|s| &s.terms);
    terms.all(|t| match t.from {
        Reads::Now(origin) => origin.unit < first || t.map == Map::Same,
        Reads::Late(_) => true,
    })
}
