//! What may stand in a cable: the patch's modules and its uses of groups, their ports, the units of amounts.
use crate::modules::spec::{Law, ModuleSpec, PortSpec, Signal, Unit};
use crate::tui::editor::scan::End;

use super::values::{after_number, range, units};
use super::{Candidate, Fitting, among, candidate};

/// Which ends of a cable.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    Sources,
    Targets,
    Knobs,
}

/// `a.out + b > c.cutoff * 2.5oct`
pub(super) fn in_cable(string: &str, all: &[End]) -> Fitting {
    let (before, word) = match string.rfind(['>', '+']) {
        Some(at) => (&string[..=at], &string[at + 1..]),
        None => ("", string),
    };
    let ends = match before.contains('>') {
        true => Ends::Targets,
        false => Ends::Sources,
    };
    match word.split_once('*') {
        Some((end, amount)) => after_number(amount, amounts(end.trim(), all)),
        None => end_of_cable(word.trim_start(), all, ends),
    }
}

/// What a macro turns.
pub(super) fn knob(word: &str, all: &[End]) -> Fitting {
    end_of_cable(word, all, Ends::Knobs)
}

/// Units of an amount into a port or a knob.
fn amounts(end: &str, all: &[End]) -> &'static [(&'static str, &'static str)] {
    let (name, port) = end.split_once('.').unwrap_or((end, ""));
    let spec = match all.iter().find(|end| end.name() == name) {
        Some(End::Module { spec, .. }) => spec,
        // What a group's port is, its own cables say.
        Some(End::Use { .. }) => {
            return &[
                ("%", "hundredths"),
                ("dB", "decibels"),
                ("oct", "octaves"),
                ("st", "semitones"),
            ];
        }
        _ => return &[],
    };
    let octaves = match (spec.param(port), spec.input(port)) {
        (Some(param), _) => match spec.params[param].unit.law() {
            Law::Octaves => true,
            Law::Decibels => return units(Unit::Decibels),
            Law::Add => spec.params[param].unit != Unit::Plain,
        },
        (None, Some(port)) => spec.inputs[port].signal == Signal::Pitch,
        (None, None) => false,
    };
    match octaves {
        true => units(Unit::Octaves),
        false => &[("%", "hundredths"), ("dB", "decibels")],
    }
}

fn end_of_cable(word: &str, all: &[End], ends: Ends) -> Fitting {
    let Some((name, typed)) = word.split_once('.') else {
        let found = all.iter().filter_map(|end| whole(end, ends));
        return Fitting {
            candidates: among(found.collect(), word),
            typed: word.to_owned(),
        };
    };
    let named = all.iter().find(|end| end.name() == name);
    Fitting {
        candidates: among(named.map_or(Vec::new(), |end| ports(end, ends)), typed),
        typed: typed.to_owned(),
    }
}

/// An end without a port.
fn whole(end: &End, ends: Ends) -> Option<Candidate> {
    match end {
        End::Module { name, spec } => {
            let fits = match ends {
                Ends::Sources => !spec.outputs.is_empty(),
                Ends::Targets => !spec.inputs.is_empty() || !spec.params.is_empty(),
                Ends::Knobs => !spec.params.is_empty(),
            };
            let dot = if ends == Ends::Knobs { "." } else { "" };
            fits.then(|| Candidate {
                text: format!("{name}{dot}"),
                ..candidate(name, spec.kind, spec.doc)
            })
        }
        End::Use {
            name,
            group,
            inputs,
            outputs,
        } => {
            let ports = match ends {
                Ends::Sources => outputs,
                Ends::Targets => inputs,
                Ends::Knobs => return None,
            };
            let doc = format!("a use of {group}: {}", ports.join(", "));
            (!ports.is_empty()).then(|| candidate(name, "group", &doc))
        }
        End::In if ends == Ends::Sources => Some(candidate(
            "in",
            "group",
            "what comes into the group, by a name of your own: in.pitch",
        )),
        End::Out if ends == Ends::Targets => {
            Some(candidate("out", "group", "what leaves the group"))
        }
        End::In | End::Out => None,
    }
}

fn ports(end: &End, ends: Ends) -> Vec<Candidate> {
    match end {
        End::Module { spec, .. } => ports_of(spec, ends),
        End::Use {
            group,
            inputs,
            outputs,
            ..
        } => {
            let ports = match ends {
                Ends::Sources => outputs,
                Ends::Targets => inputs,
                Ends::Knobs => return Vec::new(),
            };
            let doc = format!("as the cables of {group} have it");
            ports.iter().map(|p| candidate(p, "port", &doc)).collect()
        }
        End::In | End::Out => Vec::new(),
    }
}

fn ports_of(spec: &ModuleSpec, ends: Ends) -> Vec<Candidate> {
    let port = |p: &PortSpec| candidate(p.name, &format!("{:?}", p.signal).to_lowercase(), p.doc);
    let mut found: Vec<Candidate> = match ends {
        Ends::Sources => spec.outputs.iter().map(port).collect(),
        Ends::Targets => spec.inputs.iter().map(port).collect(),
        Ends::Knobs => Vec::new(),
    };
    if ends != Ends::Sources {
        let knobs = spec.params.iter();
        found.extend(knobs.map(|p| candidate(p.name, &range(p), p.doc)));
    }
    found
}
