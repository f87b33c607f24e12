//! In which order modules render, and how many voices each has. Runs on the builder.
use std::collections::BTreeMap;

use crate::modules::{self, module::Build, spec::Voicing};
use crate::patch::{Node, Patch};

/// Voices that a module may make.
const MAX_VOICES: usize = 64;

/// How deep each module lies: every module is deeper than what it hears, feedback apart, and `before` has the first less deep than
/// the second. `Err` names the modules of a cycle.
pub fn depths(patch: &Patch, before: &[(usize, usize)]) -> Result<Vec<usize>, Vec<String>> {
    let count = patch.modules.len();
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut waiting = vec![0usize; count];
    let cables = patch.cables.iter().filter(|c| !c.feedback);
    let cables = cables.map(|c| (c.from.node, c.to.node));
    for (first, then) in cables.chain(before.iter().copied()) {
        readers[first].push(then);
        waiting[then] += 1;
    }
    let mut depth = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|n| waiting[*n] == 0).collect();
    let mut done = 0;
    while let Some(node) = ready.pop() {
        done += 1;
        for &reader in &readers[node] {
            depth[reader] = depth[reader].max(depth[node] + 1);
            waiting[reader] -= 1;
            if waiting[reader] == 0 {
                ready.push(reader);
            }
        }
    }
    if done == count {
        return Ok(depth);
    }
    Err(one_cycle(&readers, &waiting)
        .into_iter()
        .map(|n| patch.modules[n].name.clone())
        .collect())
}

/// A cycle among the modules that still wait, in the direction of the cables, its first module again at the end.
fn one_cycle(readers: &[Vec<usize>], waiting: &[usize]) -> Vec<usize> {
    // Backwards from any waiting module there is always another one: walk until one comes again.
    let mut heard_by = vec![None; waiting.len()];
    for (node, list) in readers.iter().enumerate() {
        for &reader in list {
            if waiting[node] > 0 && waiting[reader] > 0 {
                heard_by[reader] = Some(node);
            }
        }
    }
    let Some(mut node) = (0..waiting.len()).find(|n| waiting[*n] > 0) else {
        return Vec::new();
    };
    let mut path: Vec<usize> = Vec::new();
    loop {
        if let Some(start) = path.iter().position(|p| *p == node) {
            let mut cycle = path.split_off(start);
            cycle.push(node);
            cycle.reverse();
            return cycle;
        }
        path.push(node);
        match heard_by[node] {
            Some(previous) => node = previous,
            None => return path,
        }
    }
}

/// Voices that a module makes, whatever the rate of its graph.
fn made_by(node: &Node, patch: usize) -> usize {
    let build = Build {
        rate: 48_000.0,
        options: &node.options,
        tuning: None,
        check: true,
    };
    modules::voices(node.spec, &build, patch.max(1)).clamp(1, MAX_VOICES)
}

/// How many instances share lanes, for each kind of module: voices, and what may be packed.
pub fn lanes(patch: &Patch) -> impl Iterator<Item = usize> {
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lanes = Vec::new();
    for (node, voices) in patch.modules.iter().zip(voices(patch)) {
        if voices > 1 {
            lanes.push(voices);
        } else if node.spec.voicing == Voicing::PerVoice {
            *alike.entry(node.spec.kind).or_default() += 1;
        }
    }
    lanes.extend(alike.into_values().filter(|n| *n > 1));
    lanes.into_iter()
}

/// Instances of each module: the patch's voices at note sources and below them, until a module sums its inputs.
pub fn voices(patch: &Patch) -> Vec<usize> {
    let mut voices: Vec<usize> = patch
        .modules
        .iter()
        .map(|node| match node.spec.voicing {
            Voicing::NoteSource | Voicing::OwnVoices => made_by(node, patch.voices),
            Voicing::PerVoice | Voicing::Summed => 1,
        })
        .collect();
    // To a fixed point, since feedback cables carry voices upwards.
    loop {
        let mut changed = false;
        for cable in &patch.cables {
            let to = cable.to.node;
            let spreads = patch.modules[to].spec.voicing == Voicing::PerVoice;
            if spreads && voices[cable.from.node] > voices[to] {
                voices[to] = voices[cable.from.node];
                changed = true;
            }
        }
        if !changed {
            return voices;
        }
    }
}
