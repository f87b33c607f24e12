//! In which order units are rendered, and which of them group by group. Runs on the builder.
use std::{cmp::Reverse, collections::BinaryHeap};

use crate::modules::module::Rest;

use super::{Map, Origin, Place, Reads, SlotPlan, Step, UnitPlan};

/// Units in render order, where modules are and what is read late among them; for each unit those that tell it whether it may rest.
type Ordered = (Vec<UnitPlan>, Vec<Place>, Vec<Origin>, Vec<Vec<usize>>);

/// Sorts units so that runs of wide ones stay together: all ready ones of one lane first, then all ready wide ones, and again.
pub fn in_render_order(
    units: Vec<UnitPlan>,
    mut places: Vec<Place>,
    mut late: Vec<Origin>,
    before: &[(usize, usize)],
) -> Ordered {
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
    let mut before: Vec<(usize, usize)> = before
        .iter()
        .map(|(first, then)| (places[*first].unit, places[*then].unit))
        .collect();
    before.sort_unstable();
    before.dedup();
    for (first, then) in &before {
        readers[*first].push(*then);
        waiting[*then] += 1;
    }
    // The lowest first: the order must not depend on how it was found.
    let mut ready: [BinaryHeap<Reverse<usize>>; 2] = [BinaryHeap::new(), BinaryHeap::new()];
    for (unit, _) in waiting.iter().enumerate().filter(|(_, w)| **w == 0) {
        ready[units[unit].wide as usize].push(Reverse(unit));
    }
    let mut order: Vec<usize> = Vec::with_capacity(count);
    let mut kind = 0;
    while order.len() < count {
        if ready[kind].is_empty() {
            kind = 1 - kind;
        }
        let Some(Reverse(unit)) = ready[kind].pop() else {
            break; // `depths` has refused cycles, so every unit has come by now
        };
        order.push(unit);
        for &reader in &readers[unit] {
            waiting[reader] -= 1;
            if waiting[reader] == 0 {
                ready[units[reader].wide as usize].push(Reverse(reader));
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
    let mut unsorted: Vec<Option<UnitPlan>> = units.into_iter().map(Some).collect();
    let sorted = order.iter().filter_map(|unit| unsorted[*unit].take());
    let mut units: Vec<UnitPlan> = sorted.collect();
    for term in units
        .iter_mut()
        .flat_map(|u| &mut u.slots)
        .flat_map(|s| &mut s.terms)
    {
        if let Reads::Now(origin) = &mut term.from {
            origin.unit = position[origin.unit];
        }
    }
    let mut tellers = vec![Vec::new(); count];
    for (first, then) in before {
        tellers[position[then]].push(position[first]);
    }
    (units, places, late, tellers)
}

/// Runs of wide units of as many lane groups, each of which reads the others lane by lane.
pub fn steps(units: &[UnitPlan], tellers: &[Vec<usize>], width: usize) -> Vec<Step> {
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
                groups: so_far,
            }) if *so_far == groups && lane_by_lane(units, &tellers[index], index, *first) => {
                *end = index + 1;
            }
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
pub fn mark_private(
    units: &mut [UnitPlan],
    steps: &[Step],
    tellers: &[Vec<usize>],
    late: &[Origin],
) {
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
    for (told, tellers) in tellers.iter().enumerate() {
        for teller in tellers {
            private[*teller] &= step_of[*teller] == step_of[told];
        }
    }
    for origin in late {
        private[origin.unit] = false;
    }
    for (unit, private) in units.iter_mut().zip(private) {
        unit.private = private;
    }
}

/// Whether a unit reads the units from `first` on only in its own lanes, and is told in its own lanes whether it may rest.
fn lane_by_lane(units: &[UnitPlan], tellers: &[usize], index: usize, first: usize) -> bool {
    let unit = &units[index];
    if !same(unit.slots.iter(), first) {
        return false;
    }
    let mut asks = unit.asks.iter().enumerate();
    tellers.iter().all(|teller| *teller < first)
        || asks.all(|(member, asks)| {
            let mine = member * unit.voices;
            let mut asks = asks.iter();
            asks.all(|ask| ask.instance == mine && same_controls(&units[ask.unit], first))
        })
}

/// Whether slots read the units from `first` on only in their own lanes.
fn same<'a>(slots: impl Iterator<Item = &'a SlotPlan>, first: usize) -> bool {
    let mut terms = slots.flat_map(|s| &s.terms);
    terms.all(|t| match t.from {
        Reads::Now(origin) => origin.unit < first || t.map == Map::Same,
        Reads::Late(_) => true,
    })
}

/// Whether an amplifier reads its controls from the units from `first` on only in its own lanes.
fn same_controls(amplifier: &UnitPlan, first: usize) -> bool {
    let controls = match amplifier.rest {
        Rest::Amplifier { controls, .. } => controls,
        _ => &[],
    };
    same(controls.iter().map(|c| &amplifier.slots[*c]), first)
}
