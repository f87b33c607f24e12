//! State carry: what a running graph hands to the next, planned where it may allocate, copied where it may not.
use std::sync::Arc;

use super::costs::Costs;
use crate::modules::spec::OptionValue;

/// Where a compiled patch keeps the state of its modules: plain data, kept by whoever may load another graph after it.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub nodes: Vec<NodeLayout>,
    /// What each module costs, measured while it renders.
    pub costs: Arc<Costs>,
}

/// One module's state.
#[derive(Clone, Debug)]
pub struct NodeLayout {
    pub name: String,
    pub kind: &'static str,
    pub options: Vec<OptionValue>,
    pub voices: usize,
    /// Instances of one of its lane groups.
    pub lanes: usize,
    /// State words of one voice.
    pub words: usize,
    /// Memory words of one voice.
    pub memory: usize,
}

/// The state of the modules that two patches share by name and kind.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub carried: Vec<Carried>,
}

/// One module's saved state: its own words, voice by voice or as `whole` says, then those of the notes given to each voice.
#[derive(Clone, Debug)]
pub struct Carried {
    /// Node of the graph that is saved.
    pub from: usize,
    /// Node of the graph that takes it.
    pub to: usize,
    /// Voices that both have.
    pub voices: usize,
    /// They fill lane groups that are alike in both graphs: copied as they lie there.
    pub whole: bool,
    pub words: Vec<f32>,
    pub memory: Vec<f32>,
}

impl Snapshot {
    /// Allocates for what `from` and `to` share: modules of the same name, kind and sizes.
    pub fn plan(from: &Layout, to: &Layout) -> Self {
        let carried = to.nodes.iter().enumerate().filter_map(|(t, into)| {
            let shared = |n: &NodeLayout| {
                n.name == into.name
                    && n.kind == into.kind
                    && n.words == into.words
                    && n.memory == into.memory
            };
            // Mostly it stands where it stood.
            let f = match from.nodes.get(t).is_some_and(shared) {
                true => t,
                false => from.nodes.iter().position(shared)?,
            };
            let voices = from.nodes[f].voices.min(into.voices);
            // Modules that share lane groups with others have one voice each.
            let alone = voices > 1 || into.lanes == 1;
            Some(Carried {
                from: f,
                to: t,
                voices,
                whole: alone
                    && from.nodes[f].lanes == into.lanes
                    && voices.is_multiple_of(into.lanes),
                words: vec![0.0; voices * into.words],
                memory: vec![0.0; voices * into.memory],
            })
        });
        Self {
            carried: carried.collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.carried.is_empty()
    }
}
