//! From a set's lines to what each slot is told in which order, with names made indices. What never became audible is left out.
//! Pure data, but for the building of a graph.
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::super::builder::{Job, Source, Unbuilt, build};
use super::super::command::SlotId;
use super::super::params;
use super::line::{Carry, Device, Given, What};
use super::player::{Due, Plan, Turn, Unplayable};
use super::read::Set;
use crate::dsp::lanes::IsaChoice;
use crate::dsp::transport::Transport;
use crate::engine::msg::{Act, Load, Start};
use crate::graph::prime::Proof;
use crate::graph::{Change, Env, PrimedGraph, Snapshot};
use crate::patch::{Patch, file};

/// A graph to be built.
pub(super) struct Recipe {
    pub generation: u32,
    pub text: Arc<str>,
    pub patch: Arc<Patch>,
    pub bpm: f64,
    pub from: Option<u64>,
    pub transport: Transport,
    pub carry: Option<Carry>,
    pub given: Vec<(u64, Act)>,
}

/// What an engine is told.
pub(super) enum Step {
    Act {
        frame: u64,
        act: Act,
    },
    Load {
        generation: u32,
    },
    /// For the graph of that generation, or for the parked one of the other slot.
    Save {
        into: Option<u32>,
        at: u64,
    },
    Park,
    Resume {
        from: u64,
        carries: bool,
    },
    Unload,
}

impl Step {
    /// It may be told while the slot is heard.
    pub fn needs_no_silence(&self) -> bool {
        matches!(self, Self::Act { .. } | Self::Save { .. })
    }
}

impl Recipe {
    pub fn build(&self, rate: f64, isa: IsaChoice, seed: u32) -> Result<PrimedGraph, String> {
        let job = Job {
            number: 0,
            source: Source::Patch {
                patch: self.patch.clone(),
                text: self.text.clone(),
            },
            env: Env {
                rate: rate as f32,
                isa,
                seed,
                bpm: self.bpm,
            },
            // Time is no matter here.
            budget: f32::INFINITY,
            proof: Proof::Verified,
            asked: Instant::now(),
        };
        match build(&job, &mut |_| {}) {
            Ok(built) => Ok(built.graph),
            Err(Unbuilt::Text(found)) => {
                Err(found.first().map_or_else(String::new, ToString::to_string))
            }
            Err(Unbuilt::Prime(failure)) => Err(format!("{}: {}", self.patch.name, failure.why)),
        }
    }

    pub fn load(self, graph: PrimedGraph, snapshot: Option<Box<Snapshot>>) -> Load {
        let start = self.from.map_or(Start::Head, Start::At);
        let load = Load::new(graph, self.generation, start)
            .with_transport(self.transport)
            .replaying(self.given);
        match snapshot {
            Some(snapshot) => load.carrying(snapshot),
            None => load,
        }
    }
}

/// Everything of a set in the order in which it is told.
pub(super) fn steps(set: &Set) -> Result<Plan, Unplayable> {
    let heard = heard(set);
    let mut plan = Plan::default();
    let mut patches: HashMap<u32, Arc<Patch>> = HashMap::new();
    let (mut after, mut silences) = (0, 0);
    for line in &set.lines {
        let at = line.at;
        let due = |step| Due { at, after, step };
        match &line.what {
            What::Load {
                slot, generation, ..
            } if heard.contains(generation) => {
                let recipe = recipe(set, &line.what)?;
                patches.insert(*generation, recipe.patch.clone());
                if let Some(carry) = recipe.carry {
                    let into = Some(*generation);
                    save(&mut plan, carry, into, after);
                }
                plan.recipes.insert(*generation, recipe);
                let step = Step::Load {
                    generation: *generation,
                };
                plan.slots[slot.index()].push_back(due(step));
            }
            What::Do {
                slot,
                generation,
                frame,
                act,
            } => {
                if let Some(patch) = patches.get(generation)
                    && let Some(act) = act_of(patch, *generation, act)
                {
                    let step = Step::Act { frame: *frame, act };
                    plan.slots[slot.index()].push_back(due(step));
                }
            }
            What::Transport(line) => {
                for slot in &mut plan.slots {
                    slot.push_back(due(Step::Act {
                        frame: line.anchor_frame,
                        act: Act::Transport(*line),
                    }));
                }
            }
            What::Park { slot } => plan.slots[slot.index()].push_back(due(Step::Park)),
            What::Unload { slot } => plan.slots[slot.index()].push_back(due(Step::Unload)),
            What::Failed { slot, generation } if heard.contains(generation) => {
                plan.slots[slot.index()].push_back(due(Step::Unload));
            }
            What::Resume { slot, from, carry } => {
                if let Some(carry) = carry {
                    save(&mut plan, *carry, None, after);
                }
                let carries = carry.is_some();
                plan.slots[slot.index()].push_back(due(Step::Resume {
                    from: *from,
                    carries,
                }));
            }
            What::Heard {
                to,
                generation,
                frame,
                fade_frames,
                spill_frames,
                rho,
                ..
            } => {
                after += 1;
                plan.turns.push_back(Turn {
                    to: *to,
                    generation: *generation,
                    frame: *frame,
                    fade_frames: *fade_frames,
                    spill_frames: *spill_frames,
                    rho: *rho,
                });
            }
            What::Device { tick, what } => {
                let tick = tick.saturating_sub(silences);
                match what {
                    Device::Begins { .. } if plan.begins.is_none() => plan.begins = Some(tick),
                    _ => plan.ticks.push_back((tick, *what)),
                }
            }
            What::Silence { frames } => silences += frames,
            _ => {}
        }
    }
    Ok(plan)
}

/// A save of the live slot's state: among what that slot is told, where its frame is still ahead.
fn save(plan: &mut Plan, carry: Carry, into: Option<u32>, after: usize) {
    let at = carry.frame;
    let slot: &mut VecDeque<Due> = &mut plan.slots[carry.from.index()];
    let place = slot.partition_point(|due| due.at <= at);
    let step = Step::Save { into, at };
    slot.insert(place, Due { at, after, step });
}

/// Generations that were audible at some time.
fn heard(set: &Set) -> HashSet<u32> {
    let mut heard = HashSet::new();
    let mut live: Option<SlotId> = None;
    for line in &set.lines {
        match &line.what {
            What::Load {
                slot, generation, ..
            } if live.is_none_or(|live| live == *slot) => {
                live = Some(*slot);
                heard.insert(*generation);
            }
            What::Heard { to, generation, .. } => {
                live = Some(*to);
                heard.insert(*generation);
            }
            _ => {}
        }
    }
    heard
}

/// A load as it was made. The error names what of the patch is not there any more.
pub(super) fn recipe(set: &Set, what: &What) -> Result<Recipe, Unplayable> {
    let What::Load {
        generation,
        from,
        text,
        path,
        bpm,
        transport,
        knobs,
        carry,
        given,
        ..
    } = what
    else {
        return Err(Unplayable::Silent);
    };
    let unplayable = |why: String| Unplayable::Patch {
        generation: *generation,
        why,
    };
    let text = set
        .text(*text)
        .ok_or_else(|| unplayable("its text is missing".into()))?;
    let name = path.as_deref().unwrap_or("patch");
    let parsed = file::parse(text, &Path::new(name).display().to_string());
    let mut patch = parsed.patch.ok_or_else(|| {
        let first = parsed.diagnostics.first();
        unplayable(first.map_or_else(String::new, ToString::to_string))
    })?;
    for (module, param, value) in knobs {
        let knob = params::find(&patch, module, param);
        let gone = |_| unplayable(format!("there is no `{module}.{param}` any more"));
        knob.map_err(gone)?.put(&mut patch, *value);
    }
    let patch = Arc::new(patch);
    let acts = given.iter();
    let acts = acts.filter_map(|(frame, act)| Some((*frame, act_of(&patch, *generation, act)?)));
    Ok(Recipe {
        generation: *generation,
        text: text.into(),
        bpm: *bpm,
        from: *from,
        transport: *transport,
        carry: *carry,
        given: acts.collect(),
        patch,
    })
}

fn act_of(patch: &Patch, generation: u32, given: &Given) -> Option<Act> {
    let change = match given {
        Given::Reset => return Some(Act::Reset { generation }),
        Given::Knob(module, param, value) => {
            params::find(patch, module, param).ok()?.change(*value)
        }
        Given::Note(note, velocity) => Change::Note {
            note: *note,
            velocity: *velocity,
        },
        Given::Gate(module, open) => Change::Gate {
            node: patch.node(module)?,
            open: *open,
        },
        Given::NotesOff => Change::NotesOff,
        Given::Release(on) => Change::Release(*on),
    };
    Some(Act::Change { generation, change })
}
