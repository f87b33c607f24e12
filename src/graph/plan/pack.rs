//! Lays the modules of a patch over lanes: voices of one module, or alike mono modules. Runs on the builder.
use std::collections::HashMap;

use crate::modules::{module::Rest, spec::Voicing};
use crate::patch::Patch;

use super::{
    Map, Origin, Place, Reads, SlotPlan, TermPlan, UnitPlan,
    hops::{Hop, Hops},
};

pub struct Packer<'a> {
    patch: &'a Patch,
    rests: &'a [Rest],
    voices: &'a [usize],
    hops: &'a Hops,
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

impl<'a> Packer<'a> {
    pub fn new(
        patch: &'a Patch,
        rests: &'a [Rest],
        voices: &'a [usize],
        hops: &'a Hops,
        width: usize,
    ) -> Self {
        let nowhere = Place {
            unit: usize::MAX,
            instance: 0,
        };
        Self {
            patch,
            rests,
            voices,
            hops,
            width,
            units: Vec::new(),
            places: vec![nowhere; patch.modules.len()],
        }
    }

    /// Makes units of the modules of one depth: what they read has its place already.
    pub fn place(&mut self, nodes: Vec<usize>) {
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
                rest: self.rests[members[0]],
                wide: members.len() * voices > 1 && self.width > 1,
                voices,
                members,
                slots: Vec::new(),
                private: false,
                asks: Vec::new(),
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

    /// The units, the places of the patch's modules, and the outputs that are read late.
    pub fn finish(mut self) -> (Vec<UnitPlan>, Vec<Place>, Vec<Origin>) {
        let mut late: Vec<Origin> = Vec::new();
        let slots: Vec<Vec<SlotPlan>> = self
            .units
            .iter()
            .map(|unit| self.slots(unit, &mut late))
            .collect();
        for (unit, slots) in self.units.iter_mut().zip(slots) {
            unit.slots = slots;
        }
        (self.units, self.places, late)
    }

    fn slots(&self, unit: &UnitPlan, late: &mut Vec<Origin>) -> Vec<SlotPlan> {
        let count = self.hops[unit.members[0]].len();
        let slots = (0..count).map(|slot| {
            if self.hops[unit.members[0]][slot].is_empty() {
                return SlotPlan::default();
            }
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
            let each = |factor| std::iter::repeat_n(factor, voices);
            terms[index].gains.extend(each(hops[0].gain));
            terms[index].shares.extend(each(hops[0].share));
            return;
        }
        let instances = unit.instances();
        let voiced = unit.voices > 1;
        let read = |k: usize| {
            let hop = hops[if voiced { 0 } else { k }];
            let voice = if voiced { k.min(source.voices - 1) } else { 0 };
            self.places[hop.node].instance + voice
        };
        let map = if source.wide == unit.wide && (0..instances).all(|k| read(k) == k) {
            Map::Same
        } else if (1..instances).all(|k| read(k) == read(0)) {
            Map::Broadcast(read(0))
        } else {
            Map::Gather((0..instances).map(read).collect())
        };
        let each = |factor: fn(&Hop) -> f32| -> Vec<f32> {
            if voiced && (2..instances).contains(&source.voices) {
                // A source of fewer voices has nothing to say to the others.
                let mut factors = vec![factor(hops[0]); source.voices];
                factors.push(0.0);
                return factors;
            }
            let first = factor(hops[0]);
            match hops.iter().all(|h| factor(h).to_bits() == first.to_bits()) {
                true => vec![first],
                false => hops.iter().map(|h| factor(h)).collect(),
            }
        };
        terms.push(TermPlan {
            from,
            map,
            gains: each(|hop| hop.gain),
            shares: each(|hop| hop.share),
        });
    }
}
