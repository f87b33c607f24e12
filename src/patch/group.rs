//! The `groups` of a patch text: an instrument that is written once and used several times. Each use is a copy of its modules
//! and cables; what the rest of the program sees has no groups.
use std::collections::BTreeMap;
use std::ops::Range;

use super::args::read_args;
use super::cable_text::read_group_cables;
use super::diagnostic::Fix;
use super::group_amounts::{self, CABLES};
use super::group_ports::Ports;
use super::modules_text::{Entry, Means, Names, read_modules};
use super::names::{list, nearest};
use super::read::{Draft, Source, describe, is_bad};
use super::spans::{ModuleSpans, Spans, Within};
use super::tree::{Field, Shape, Struct, Value};
use super::{Cable, Patch};

/// A patch with more modules would not play on any machine; a group of a thousand used a thousand times is a mistake.
const MOST_MODULES: usize = 20_000;
/// What a group's cables call its own inputs and outputs.
pub const IN: &str = "in";
pub const OUT: &str = "out";

#[derive(Default)]
pub struct Groups {
    list: Vec<Group>,
}

struct Group {
    name: String,
    at: Range<usize>,
    body: Draft,
    ports: Ports,
}

/// A use of a group.
#[derive(Clone, Copy)]
pub struct Instance {
    group: usize,
    /// Index of its first module in the patch.
    pub first: usize,
}

pub fn read_groups(value: &Value, source: &mut Source) -> Groups {
    let mut groups = Groups::default();
    let Shape::Struct(entries) = &value.shape else {
        if !is_bad(value) {
            let shown = describe(source, value);
            let message =
                format!("`groups` takes (name: (modules: (…), cables: […]), …), not {shown}");
            source.findings.error(value.span.clone(), message);
        }
        return groups;
    };
    for field in &entries.fields {
        let name = source.word(&field.name);
        if crate::modules::find(name).is_some() {
            let message = format!("`{name}` is a kind of module; a group needs another name");
            source.findings.error(field.name.clone(), message);
        } else if let Some(first) = groups.find(name) {
            let place = source.findings.place(groups.list[first].at.start);
            let message = format!("`{name}` is there twice (first at {place})");
            source.findings.error(field.name.clone(), message);
        }
        if let Some((body, ports)) = read_body(name, &field.value, source) {
            let (name, at) = (name.to_owned(), field.name.clone());
            groups.list.push(Group {
                name,
                at,
                body,
                ports,
            });
        }
    }
    groups
}

fn read_body(name: &str, value: &Value, source: &mut Source) -> Option<(Draft, Ports)> {
    let body = match &value.shape {
        Shape::Struct(body) if body.name.is_none() => body,
        Shape::Bad => return None,
        _ => {
            let shown = describe(source, value);
            let message =
                format!("the group `{name}` takes (modules: (…), cables: […]), not {shown}");
            source.findings.error(value.span.clone(), message);
            return None;
        }
    };
    let mut draft = Draft {
        patch: Patch::empty(name),
        spans: Spans::default(),
        modules_at: value.span.clone(),
    };
    let mut found: BTreeMap<&str, &Field> = BTreeMap::new();
    for field in &body.fields {
        let word = source.slice(&field.name);
        if !["modules", "cables"].contains(&word) {
            let message = format!("unknown field `{word}`; a group has modules, cables");
            source.findings.error(field.name.clone(), message);
        } else if found.insert(word, field).is_some() {
            let message = format!("`{word}` is given twice");
            source.findings.error(field.name.clone(), message);
        }
    }
    let names = match found.get("modules") {
        Some(field) => read_modules(&field.value, &Groups::default(), &mut draft, source),
        None => Names::default(),
    };
    for (node, spans) in draft.patch.modules.iter().zip(&draft.spans.modules) {
        if [IN, OUT].contains(&node.name.as_str()) {
            let message = format!(
                "in a group `{}` means the group's own; the module needs another name",
                node.name
            );
            source.findings.error(spans.name.clone(), message);
        }
        if node.spec.family == crate::modules::spec::Family::Output {
            let message = "an `Out` belongs to the patch; a group ends in `> out`";
            source.findings.error(spans.kind.clone(), message);
        }
    }
    let mut ports = Ports::default();
    if let Some(field) = found.get("cables") {
        read_group_cables(&field.value, &names, &mut draft, &mut ports, source);
    }
    Some((draft, ports))
}

impl Groups {
    pub fn find(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|group| group.name == name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|group| group.name.as_str())
    }

    pub fn ports(&self, instance: Instance) -> &Ports {
        &self.list[instance.group].ports
    }

    /// A use of a group whose modules come next in the patch.
    pub fn instance(&self, group: usize, draft: &Draft) -> Instance {
        let first = draft.patch.modules.len();
        Instance { group, first }
    }

    /// Copies a group's modules and cables into the patch: `bell_car` for the module `car` of the group's use `bell`.
    pub fn place(
        &self,
        group: usize,
        (name, entry): (&str, &Entry),
        draft: &mut Draft,
        names: &mut Names,
        source: &mut Source,
    ) {
        let group = &self.list[group];
        let body = &group.body;
        let first = draft.patch.modules.len();
        if first + body.patch.modules.len() > MOST_MODULES {
            let message = format!("these are more than {MOST_MODULES} modules");
            return source.findings.error(entry.whole.clone(), message);
        }
        let own = own_values(group, entry.args, source);
        for (index, inner) in body.patch.modules.iter().enumerate() {
            let mut node = inner.clone();
            node.name = format!("{name}_{}", inner.name);
            let mut spans = ModuleSpans {
                name: entry.name.clone(),
                kind: entry.kind.clone(),
                whole: entry.whole.clone(),
                inside: None,
                params: vec![None; inner.params.len()],
                options: vec![None; inner.options.len()],
                within: Some(Within {
                    module: inner.name.clone(),
                    inside: entry.args.map(|args| args.inside.clone()),
                }),
            };
            if let Some(written) = own.get(&index) {
                let read = read_args(inner.spec, Some(written), Some(inner), source);
                (node.params, node.options) = (read.params, read.options);
                (spans.params, spans.options) = (read.param_spans, read.option_spans);
                spans.inside = Some(written.inside.clone());
            }
            let means = Means::Node(draft.patch.modules.len());
            names.add(node.name.clone().into(), &entry.name, means, source);
            draft.patch.modules.push(node);
            draft.spans.modules.push(spans);
        }
        let amounts = own_cables(group, entry.args, source).map_or_else(BTreeMap::new, |value| {
            group_amounts::read_own(value, &group.name, &body.patch, source)
        });
        let cables = body.patch.cables.iter().zip(&body.spans.cables);
        for (index, (cable, spans)) in cables.enumerate() {
            let mut cable: Cable = *cable;
            cable.from.node += first;
            cable.to.node += first;
            let own = amounts.get(&index);
            cable.amount = own.map_or(cable.amount, |own| own.amount);
            draft.patch.cables.push(cable);
            let spans = own.map_or(spans, |own| &own.spans);
            draft.spans.cables.push(spans.clone());
        }
    }

    pub fn tell_unused(&self, names: &Names, source: &mut Source) {
        let used: Vec<usize> = names
            .all()
            .filter_map(|means| match means {
                Means::Group(instance) => Some(instance.group),
                _ => None,
            })
            .collect();
        for (index, group) in self.list.iter().enumerate() {
            if !used.contains(&index) {
                let name = &group.name;
                let message = format!("the group `{name}` is never used; `a: {name}` uses it");
                source.findings.warn(group.at.clone(), message);
            }
        }
    }
}

/// The amounts that one use gives the group's cables, as they are written.
fn own_cables<'v>(
    group: &Group,
    written: Option<&'v Struct>,
    source: &Source,
) -> Option<&'v Value> {
    let written = written.filter(|_| group.body.patch.node(CABLES).is_none())?;
    let mut fields = written.fields.iter();
    let found = fields.find(|field| source.word(&field.name) == CABLES);
    found.map(|field| &field.value)
}

/// The values that one use gives itself, by the index of the module: `bell(car: (ratio: 2), env: (d: "2s"))`.
fn own_values<'v>(
    group: &Group,
    written: Option<&'v Struct>,
    source: &mut Source,
) -> BTreeMap<usize, &'v Struct> {
    let mut own = BTreeMap::new();
    let Some(written) = written else {
        return own;
    };
    let modules = &group.body.patch.modules;
    let inner = || modules.iter().map(|m| m.name.as_str());
    for value in written.loose.iter().filter(|v| !is_bad(v)) {
        let message = format!(
            "{} has no name; write `module: (value: …)` for a module of `{}`",
            describe(source, value),
            group.name
        );
        source.findings.error(value.span.clone(), message);
    }
    for field in &written.fields {
        let word = source.word(&field.name);
        let Some(index) = modules.iter().position(|m| m.name == word) else {
            if word == CABLES {
                continue;
            }
            let near = nearest(word, inner());
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", list(inner())),
            };
            let fix = near.map(|near| Fix::replace(field.name.clone(), near));
            let message = format!("the group `{}` has no module `{word}`; {hint}", group.name);
            source.findings.fixable(field.name.clone(), message, fix);
            continue;
        };
        match &field.value.shape {
            Shape::Struct(values) if values.name.is_none() => {
                if own.insert(index, values).is_some() {
                    let message = format!("`{word}` is given twice");
                    source.findings.error(field.name.clone(), message);
                }
            }
            Shape::Bad => {}
            _ => {
                let shown = describe(source, &field.value);
                let message = format!("`{word}` takes values in brackets, (…: …), not {shown}");
                source.findings.error(field.value.span.clone(), message);
            }
        }
    }
    own
}
