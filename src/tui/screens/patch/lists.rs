//! The lists that edits pick from: kinds of modules with their ports, ends of cables, modules and ports to go to.
use crate::modules::REGISTRY;
use crate::modules::spec::{Family, ModuleSpec, PortSpec, Signal};
use crate::patch::edit::{source_text, target_text};
use crate::patch::value::bound;
use crate::patch::{Cable, Input, Patch, Source, Target};
use crate::tui::app::App;
use crate::tui::difference;
use crate::tui::overlays::pick::{self, Item, Then};

use super::rows::{Field, Row};
use super::shown;

/// Goes to a module or a port by a few letters of its name.
pub fn find(app: &mut App) {
    let Some(shown) = shown(app) else {
        return app.say("Nothing is here to look for");
    };
    let mut items = Vec::new();
    for (node, module) in shown.patch.modules.iter().enumerate() {
        let mut item = Item::new(&module.name, module.spec.kind, module.spec.doc);
        item.more = ports_of(module.spec);
        items.push(item.going_to(node, None));
        for row in super::rows(&shown.patch, false) {
            if row.node == node {
                let (label, tag) = named(&shown.patch, row);
                items.push(Item::new(&label, &tag, "").going_to(node, Some(row.field)));
            }
        }
    }
    pick::open(app, "go to", items, Then::Go);
}

fn named(patch: &Patch, row: Row) -> (String, String) {
    let node = &patch.modules[row.node];
    let (port, tag) = match row.field {
        Field::In(i) => (node.spec.inputs[i].name, "input"),
        Field::Param(i) => (node.spec.params[i].name, "knob"),
        Field::Choice(i) => (node.spec.options[i].name, "choice"),
        Field::Out(i) => (node.spec.outputs[i].name, "output"),
    };
    (format!("{}.{port}", node.name), tag.to_owned())
}

/// All kinds of modules, those of a kind's own family first.
pub fn kinds(like: Option<&'static ModuleSpec>) -> Vec<Item> {
    let mut specs: Vec<&'static ModuleSpec> = REGISTRY.to_vec();
    if let Some(like) = like {
        specs.retain(|s| s.kind != like.kind);
        specs.sort_by_key(|s| s.family != like.family);
    }
    let item = |spec: &&'static ModuleSpec| {
        let mut item = Item::new(spec.kind, family_name(spec.family), spec.doc);
        item.more = ports_of(spec);
        item
    };
    specs.iter().map(item).collect()
}

fn family_name(family: Family) -> &'static str {
    match family {
        Family::Source => "source",
        Family::Notes => "notes",
        Family::Modulation => "modulation",
        Family::Shaping => "shaping",
        Family::Filter => "filter",
        Family::Effect => "effect",
        Family::Output => "output",
    }
}

/// What a kind has, a line each: inputs, knobs with their ranges, choices, outputs.
pub fn ports_of(spec: &ModuleSpec) -> Vec<String> {
    let port = |mark: &str, p: &PortSpec| {
        format!("{mark} {} {}: {}", p.name, signal_name(p.signal), p.doc)
    };
    let inputs = spec.inputs.iter().map(|p| port("◀", p));
    let params = spec.params.iter().map(|p| {
        format!(
            "● {} {}..{}: {}",
            p.name,
            bound(p, p.min),
            bound(p, p.max),
            p.doc
        )
    });
    let options = spec
        .options
        .iter()
        .map(|o| format!("▪ {}: {}", o.name, o.doc));
    let outputs = spec.outputs.iter().map(|p| port("○", p));
    inputs.chain(params).chain(options).chain(outputs).collect()
}

pub fn signal_name(signal: Signal) -> &'static str {
    match signal {
        Signal::Audio => "audio",
        Signal::Pitch => "pitch",
        Signal::Cv => "cv",
        Signal::Gate => "gate",
    }
}

/// What a cable from there can go to: the likeliest first.
pub fn targets(patch: &Patch, source: Source) -> Vec<Item> {
    let signal = patch.modules[source.node].spec.outputs[source.port].signal;
    let mut items = Vec::new();
    for row in super::rows(patch, false) {
        let Some(target) = row.target() else { continue };
        let node = &patch.modules[row.node];
        let mut also = Vec::new();
        let (tag, doc, likely) = match target.input {
            Input::Port(i) => {
                let port = &node.spec.inputs[i];
                (signal_name(port.signal), port.doc, port.signal == signal)
            }
            Input::Param(i) => {
                let param = &node.spec.params[i];
                also.extend(param.aliases.iter().map(|a| format!("{}.{a}", node.name)));
                let likely = match signal {
                    Signal::Pitch => param.aliases.contains(&"pitch"),
                    Signal::Cv | Signal::Gate => true,
                    Signal::Audio => false,
                };
                ("knob", param.doc, likely)
            }
        };
        let wired = patch
            .cables
            .iter()
            .any(|c| c.from == source && c.to == target);
        let label = target_label(patch, target);
        let mut item = Item::new(&label, tag, &marked(doc, wired));
        item.name = target_text(patch, target);
        item.also = also;
        items.push(((wired, row.node == source.node, !likely), item));
    }
    items.sort_by_key(|(rank, _)| *rank);
    items.into_iter().map(|(_, item)| item).collect()
}

/// "vca.in": in a list the first input has its name too.
fn target_label(patch: &Patch, target: Target) -> String {
    difference::target(patch, target)
}

fn marked(doc: &str, wired: bool) -> String {
    match wired {
        true => format!("(wired) {doc}"),
        false => doc.to_owned(),
    }
}

/// What a cable into there can come from.
pub fn sources(patch: &Patch, target: Target) -> Vec<Item> {
    let wanted = match target.input {
        Input::Port(i) => Some(patch.modules[target.node].spec.inputs[i].signal),
        Input::Param(_) => None,
    };
    let mut items = Vec::new();
    for (node, module) in patch.modules.iter().enumerate() {
        for (port, output) in module.spec.outputs.iter().enumerate() {
            let source = Source { node, port };
            let likely = match wanted {
                Some(wanted) => output.signal == wanted,
                None => matches!(output.signal, Signal::Cv | Signal::Gate),
            };
            let wired = patch
                .cables
                .iter()
                .any(|c| c.from == source && c.to == target);
            let label = format!("{}.{}", module.name, output.name);
            let doc = marked(output.doc, wired);
            let item = Item::new(&label, signal_name(output.signal), &doc)
                .naming(&source_text(patch, source));
            items.push(((wired, node == target.node, !likely), item));
        }
    }
    items.sort_by_key(|(rank, _)| *rank);
    items.into_iter().map(|(_, item)| item).collect()
}

pub fn cable_items(patch: &Patch, cables: &[Cable]) -> Vec<Item> {
    let item = |c: &Cable| {
        let mut item = Item::new(&difference::cable(patch, c), "", "");
        item.cable = Some(*c);
        item
    };
    cables.iter().map(item).collect()
}
