//! The shape of a compiled graph, before any lane type is chosen: which modules share lanes, what each input reads, in which
//! order. Runs on the builder.
mod guards;
mod hops;
mod pack;
mod sequence;

use crate::modules::{self, module::Rest, spec::ModuleSpec};
use crate::patch::Patch;

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
    /// What it may leave out while nobody hears it.
    pub rest: Rest,
    /// Modules of the patch, in lane order; their options are the same.
    pub members: Vec<usize>,
    /// Instances of each member; more than one only where there is one member.
    pub voices: usize,
    /// Many lanes, or one.
    pub wide: bool,
    /// In the kernel's order: input slots, then parameters.
    pub slots: Vec<SlotPlan>,
    /// Read only by units that are rendered in the same step, group by group.
    pub private: bool,
    /// For each member, the amplifiers and filters that say whether it may rest, each of its voices the one in its own place; none
    /// where it has to be rendered always. Empty where no member may rest.
    pub asks: Vec<Vec<Place>>,
}

impl UnitPlan {
    pub fn instances(&self) -> usize {
        self.members.len() * self.voices
    }
}

/// Where a module's instances are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// One factor per instance of the reader, the last one for all that follow it too; for [`Map::Reduce`], one per instance that
    /// it names.
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

impl Plan {
    /// Lays a patch over lanes of `width`. `Err` names the modules of a cycle.
    pub fn new(patch: &Patch, width: usize) -> Result<Self, Vec<String>> {
        let depth = order::depths(patch, &[])?;
        let voices = order::voices(patch);
        let hops = hops::hops(patch);
        let rests: Vec<Rest> = patch
            .modules
            .iter()
            .map(|m| modules::rest(m.spec))
            .collect();
        let guards = guards::guards(&rests, &voices, &hops, &depth);
        // What tells whether a module may rest lies less deep, and is rendered before.
        let depth = order::depths(patch, &guards.before)?;
        let mut packer = pack::Packer::new(patch, &rests, &voices, &hops, width);
        let mut by_depth: Vec<Vec<usize>> =
            vec![Vec::new(); depth.iter().max().map_or(0, |d| d + 1)];
        for (node, d) in depth.iter().enumerate() {
            by_depth[*d].push(node);
        }
        for nodes in by_depth {
            packer.place(nodes);
        }
        let (units, places, late) = packer.finish();
        let (mut units, places, late, tellers) =
            sequence::in_render_order(units, places, late, &guards.before);
        for unit in &mut units {
            unit.asks = guards.asks(unit, &places);
        }
        let steps = sequence::steps(&units, &tellers, width);
        sequence::mark_private(&mut units, &steps, &tellers, &late);
        Ok(Self {
            units,
            places,
            late,
            steps,
        })
    }

    /// All outputs that something reads, sorted.
    pub fn read(&self) -> Vec<Origin> {
        let terms = self.units.iter().flat_map(|u| &u.slots);
        let terms = terms.flat_map(|s| &s.terms);
        let mut read: Vec<Origin> = terms
            .filter_map(|term| match term.from {
                Reads::Now(origin) => Some(origin),
                Reads::Late(index) => self.late.get(index).copied(),
            })
            .collect();
        read.sort_unstable();
        read.dedup();
        read
    }
}
