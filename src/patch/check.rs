//! The graph pass: what is wrong with a patch whose every name and value is right.
use std::collections::HashMap;
use std::ops::Range;

use super::cable_text::target_text;
use super::diagnostic::{Findings, Fix};
use super::spans::Spans;
use super::{Cable, Patch};

/// Checks a patch as a graph. `modules_at` is where a finding about no module in particular goes.
pub fn check(patch: &Patch, spans: &Spans, modules_at: Range<usize>, findings: &mut Findings) {
    for (cable, loop_text) in cycles(patch) {
        let Some(spans) = spans.cables.get(cable) else {
            continue;
        };
        let message = format!(
            "cycle without a feedback mark: {loop_text}; `~>` here reads one block (64 frames) late"
        );
        let fix = Fix::replace(spans.arrow.clone(), "~>");
        findings.fixable(
            spans.from.start..spans.to.end.max(spans.from.end),
            message,
            Some(fix),
        );
    }
    for (again, first) in repeated(patch) {
        if let (Some(again), Some(first)) = (spans.cables.get(again), spans.cables.get(first)) {
            let place = findings.place(first.from.start);
            let message = format!("this cable is there twice (first at {place}); both are summed");
            findings.warn(again.from.start..again.to.end.max(again.from.end), message);
        }
    }
    if !patch.modules.iter().any(is_out) {
        let message =
            "no `Out` module, so nothing can be heard; add `out: Out()` and a cable to it";
        return findings.error(modules_at, message);
    }
    let heard = heard(patch);
    for (node, module) in patch.modules.iter().enumerate() {
        let Some(spans) = spans.modules.get(node).filter(|_| !heard[node]) else {
            continue;
        };
        let name = &module.name;
        let message = match is_out(module) {
            true => format!("nothing reaches `{name}`"),
            false => format!("`{name}` reaches no output"),
        };
        findings.warn(spans.name.clone(), message);
    }
}

fn is_out(node: &super::Node) -> bool {
    node.spec.family == crate::modules::spec::Family::Output
}

/// Cables that close a loop without a feedback mark: the cable's index, and the loop in words.
pub fn cycles(patch: &Patch) -> Vec<(usize, String)> {
    let leaving = leaving(patch, |cable| !cable.feedback);
    let mut state = vec![Visit::New; patch.modules.len()];
    let mut found = Vec::new();
    for start in search_order(patch) {
        if state[start] != Visit::New {
            continue;
        }
        state[start] = Visit::OnPath;
        // Each step of the path: a module, and how many of its cables were followed.
        let mut path = vec![(start, 0)];
        while let Some((node, followed)) = path.last_mut() {
            let node = *node;
            let Some(&cable) = leaving[node].get(*followed) else {
                state[node] = Visit::Done;
                path.pop();
                continue;
            };
            *followed += 1;
            let next = patch.cables[cable].to.node;
            match state[next] {
                Visit::New => {
                    state[next] = Visit::OnPath;
                    path.push((next, 0));
                }
                Visit::OnPath => found.push((cable, loop_text(patch, &path, next))),
                Visit::Done => {}
            }
        }
    }
    found.sort_by_key(|(cable, _)| *cable);
    found
}

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    New,
    OnPath,
    Done,
}

/// Sources first, so that it is the cable back that is found, not one on the way.
fn search_order(patch: &Patch) -> impl Iterator<Item = usize> {
    let mut entered = vec![false; patch.modules.len()];
    for cable in patch.cables.iter().filter(|cable| !cable.feedback) {
        entered[cable.to.node] = true;
    }
    let sources: Vec<usize> = (0..entered.len()).filter(|&n| !entered[n]).collect();
    sources.into_iter().chain(0..patch.modules.len())
}

fn loop_text(patch: &Patch, path: &[(usize, usize)], back_to: usize) -> String {
    let from = path
        .iter()
        .position(|(node, _)| *node == back_to)
        .unwrap_or(0);
    let name = |node: usize| patch.modules[node].name.as_str();
    let mut names: Vec<&str> = path[from..].iter().map(|(node, _)| name(*node)).collect();
    // The two ends of a long loop say enough.
    if names.len() > 8 {
        names.splice(4..names.len() - 3, ["…"]);
    }
    names.push(name(back_to));
    names.join(" > ")
}

/// The cables that leave each module.
fn leaving(patch: &Patch, keep: impl Fn(&Cable) -> bool) -> Vec<Vec<usize>> {
    let mut leaving = vec![Vec::new(); patch.modules.len()];
    for (index, cable) in patch.cables.iter().enumerate().filter(|(_, c)| keep(c)) {
        leaving[cable.from.node].push(index);
    }
    leaving
}

/// Cables with the same two ends as an earlier one.
fn repeated(patch: &Patch) -> Vec<(usize, usize)> {
    let mut seen: HashMap<_, usize> = HashMap::new();
    let mut found = Vec::new();
    for (index, cable) in patch.cables.iter().enumerate() {
        let ends = (
            cable.from.node,
            cable.from.port,
            target_text(patch, cable.to),
        );
        match seen.get(&ends) {
            Some(&first) => found.push((index, first)),
            None => {
                seen.insert(ends, index);
            }
        }
    }
    found
}

/// Which modules an output hears; an output, where something reaches it.
fn heard(patch: &Patch) -> Vec<bool> {
    let mut entering = vec![Vec::new(); patch.modules.len()];
    for cable in &patch.cables {
        entering[cable.to.node].push(cable.from.node);
    }
    let mut heard = vec![false; patch.modules.len()];
    let outs = (0..patch.modules.len()).filter(|&n| is_out(&patch.modules[n]));
    let mut open: Vec<usize> = outs.collect();
    for &out in &open {
        heard[out] = !entering[out].is_empty();
    }
    while let Some(node) = open.pop() {
        for &from in &entering[node] {
            if !std::mem::replace(&mut heard[from], true) {
                open.push(from);
            }
        }
    }
    heard
}
