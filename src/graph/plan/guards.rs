//! Which modules only closed amplifiers hear. The patch alone decides, so that the same ones rest however they are packed into lanes.
//! Runs on the builder.
use std::cmp::Reverse;

use crate::modules::module::Rest;

use super::{Place, UnitPlan, hops::Hops};

pub struct Guards {
    /// For each module: the amplifiers without which nothing of it is heard, and the filters on the way there, itself among them,
    /// that may sound by themselves. None where it has to be rendered always.
    asked: Vec<Vec<usize>>,
    /// What opens an amplifier, and what it guards: to be rendered in this order.
    pub before: Vec<(usize, usize)>,
}

impl Guards {
    /// What each member of a unit asks, once modules have their places.
    pub fn asks(&self, unit: &UnitPlan, places: &[Place]) -> Vec<Vec<Place>> {
        if unit.members.iter().all(|m| self.asked[*m].is_empty()) {
            return Vec::new();
        }
        let asks = unit.members.iter().map(|member| {
            let asked = self.asked[*member].iter();
            asked.map(|a| places[*a]).collect()
        });
        asks.collect()
    }
}

/// A slot that reads a module.
struct Reader {
    node: usize,
    slot: usize,
    feedback: bool,
}

/// Finds them; `depth` has every module deeper than what it hears.
pub fn guards(rests: &[Rest], voices: &[usize], hops: &Hops, depth: &[usize]) -> Guards {
    let count = rests.len();
    let mut search = Search {
        rests,
        voices,
        hops,
        readers: (0..count).map(|_| Vec::new()).collect(),
        first: vec![Vec::new(); count],
        seen: vec![0; count],
        time: 0,
        found: Guards {
            asked: vec![Vec::new(); count],
            before: Vec::new(),
        },
    };
    for (node, slots) in hops.iter().enumerate() {
        for (slot, hops) in slots.iter().enumerate() {
            for hop in hops {
                search.readers[hop.node].push(Reader {
                    node,
                    slot,
                    feedback: hop.feedback,
                });
            }
        }
    }
    // Readers before what they read: a module asks what its readers ask.
    let mut nodes: Vec<usize> = (0..count).collect();
    nodes.sort_by_key(|n| (Reverse(depth[*n]), *n));
    for node in nodes {
        if let Some(asked) = search.asked_by(node) {
            search.found.asked[node] = asked;
        }
    }
    search.found
}

struct Search<'a> {
    rests: &'a [Rest],
    voices: &'a [usize],
    hops: &'a Hops,
    /// For each module.
    readers: Vec<Vec<Reader>>,
    /// For each module: what it opens the amplifiers of.
    first: Vec<Vec<usize>>,
    /// When a module was last come by on the way from another.
    seen: Vec<u32>,
    time: u32,
    found: Guards,
}

impl Search<'_> {
    fn rest(&self, node: usize) -> Rest {
        self.rests[node]
    }

    fn asked_by(&mut self, node: usize) -> Option<Vec<usize>> {
        let mut asked: Vec<usize> = Vec::new();
        match self.rest(node) {
            Rest::Runs => {}
            Rest::Forgets { still } => {
                if still.iter().any(|slot| !self.hops[node][*slot].is_empty()) {
                    return None;
                }
                // Where its knobs don't decide anything there is nothing to ask.
                asked.extend((!still.is_empty()).then_some(node));
            }
            Rest::Never | Rest::Amplifier { .. } => return None,
        }
        let mut heard = false;
        for reader in &self.readers[node] {
            if reader.feedback || self.voices[reader.node] != self.voices[node] {
                return None;
            }
            match self.rest(reader.node) {
                Rest::Amplifier { input, .. } if reader.slot == input => asked.push(reader.node),
                Rest::Forgets { .. } if !self.found.asked[reader.node].is_empty() => {
                    asked.extend(&self.found.asked[reader.node]);
                }
                _ => return None,
            }
            heard = true;
        }
        if !heard {
            return None;
        }
        // Amplifiers first: they say no most of the time.
        asked.sort_by_key(|a| (!matches!(self.rest(*a), Rest::Amplifier { .. }), *a));
        asked.dedup();
        let openers = self.openers(&asked);
        if openers.iter().any(|opener| self.reaches(node, *opener)) {
            return None;
        }
        for opener in openers {
            self.first[opener].push(node);
            self.found.before.push((opener, node));
        }
        Some(asked)
    }

    /// What moves the controls of amplifiers within a block.
    fn openers(&self, asked: &[usize]) -> Vec<usize> {
        let mut openers: Vec<usize> = Vec::new();
        for amplifier in asked {
            if let Rest::Amplifier { controls, .. } = self.rest(*amplifier) {
                let hops = controls.iter().flat_map(|c| &self.hops[*amplifier][*c]);
                openers.extend(hops.filter(|h| !h.feedback).map(|h| h.node));
            }
        }
        openers.sort();
        openers.dedup();
        openers
    }

    /// Whether a module comes to be heard by another, or has to be rendered before it.
    fn reaches(&mut self, from: usize, to: usize) -> bool {
        self.time += 1;
        let mut next = vec![from];
        while let Some(node) = next.pop() {
            if node == to {
                return true;
            }
            if self.seen[node] == self.time {
                continue;
            }
            self.seen[node] = self.time;
            let readers = self.readers[node].iter().filter(|r| !r.feedback);
            next.extend(
                readers
                    .map(|r| r.node)
                    .chain(self.first[node].iter().copied()),
            );
        }
        false
    }
}
