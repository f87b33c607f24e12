//! Levels and a probe for the screen: each engine is given what to look at, anew for every graph.
use std::sync::Arc;

use super::super::command::{Jack, ProbeAt, SlotId, Watching};
use super::super::probe::ProbeFeed;
use super::Supervisor;
use crate::engine::watch::{Levels, Tap, Watch};
use crate::patch::{Patch, ports};

/// What an engine was told to look at.
pub struct Watched {
    generation: u32,
    probe: Option<ProbeAt>,
    pub levels: Arc<Levels>,
}

impl Supervisor {
    pub(super) fn set_watching(&mut self, watching: Option<Watching>) -> Result<(), String> {
        if let Some(at) = watching.as_ref().and_then(|w| w.probe.as_ref())
            && let Some(patch) = self.slots[at.slot.index()].patch()
        {
            taps(patch, at)?;
        }
        self.watching = watching;
        self.keep_watch();
        Ok(())
    }

    /// Gives engines what they are to look at, where that changed or their graph did.
    pub(super) fn keep_watch(&mut self) {
        for slot in SlotId::BOTH {
            let record = &self.slots[slot.index()];
            let generation = record.generation;
            let Some(watching) = &self.watching else {
                // An empty one takes the place of what was there.
                if let Some(old) = self.watched[slot.index()].take() {
                    let levels = Arc::new(Levels::new(old.generation, 0));
                    let (watch, _) = Watch::new(levels, Vec::new(), Vec::new());
                    self.rig.watch(slot, watch);
                    self.changed = true;
                }
                self.probe = None;
                continue;
            };
            let Some(patch) = record.patch() else {
                continue;
            };
            let probe = watching.probe.clone().filter(|at| at.slot == slot);
            let same = |w: &Watched| w.generation == generation && w.probe == probe;
            if self.watched[slot.index()].as_ref().is_some_and(same) {
                continue;
            }
            let outputs: Vec<(usize, usize)> = outputs(patch).collect();
            let taps = probe.as_ref().and_then(|at| taps(patch, at).ok());
            let probes = taps.is_some();
            let levels = Arc::new(Levels::new(generation, outputs.len()));
            let (watch, feed) = Watch::new(levels.clone(), outputs, taps.unwrap_or_default());
            self.rig.watch(slot, watch);
            let had = self.watched[slot.index()].replace(Watched {
                generation,
                probe,
                levels,
            });
            if probes {
                self.probe = Some(Arc::new(ProbeFeed::new(feed)));
            } else if had.is_some_and(|w| w.probe.is_some()) && !self.probes_elsewhere(slot) {
                self.probe = None;
            }
            self.changed = true;
        }
    }

    fn probes_elsewhere(&self, slot: SlotId) -> bool {
        let other = &self.watched[slot.other().index()];
        other.as_ref().is_some_and(|w| w.probe.is_some())
    }

    pub(super) fn levels_of(&self, slot: SlotId) -> Option<Arc<Levels>> {
        let watched = self.watched[slot.index()].as_ref()?;
        let current = watched.generation == self.slots[slot.index()].generation;
        current.then(|| watched.levels.clone())
    }

    pub(super) fn probe_feed(&self) -> Option<Arc<ProbeFeed>> {
        self.probe.clone()
    }
}

/// All outputs of a patch, in the order of [`Levels`].
fn outputs(patch: &Patch) -> impl Iterator<Item = (usize, usize)> + '_ {
    let modules = patch.modules.iter().enumerate();
    modules.flat_map(|(node, m)| (0..m.spec.outputs.len()).map(move |port| (node, port)))
}

/// What is probed, as outputs: an input hears the sum of its cables.
fn taps(patch: &Patch, at: &ProbeAt) -> Result<Vec<Tap>, String> {
    let node = super::super::params::find_module(patch, &at.module)?;
    let module = &patch.modules[node];
    match &at.jack {
        Jack::Output(port) => {
            let port = ports::output(&module.name, module.spec, Some(port)).map_err(|e| e.why)?;
            let gain = 1.0;
            Ok(vec![Tap { node, port, gain }])
        }
        Jack::Input(port) => {
            let input = ports::input(&module.name, module.spec, Some(port)).map_err(|e| e.why)?;
            let into = patch
                .cables
                .iter()
                .filter(|c| c.to.node == node && c.to.input == input);
            let taps = into.map(|c| Tap {
                node: c.from.node,
                port: c.from.port,
                gain: c.amount,
            });
            Ok(taps.collect())
        }
    }
}
