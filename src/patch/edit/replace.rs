//! Another kind for a module of a patch's text: what both kinds have stays, cables and values alike.
use std::ops::Range;

use crate::modules::spec::{ModuleSpec, PortSpec, Signal};
use crate::patch::chain::parse_end;
use crate::patch::diagnostic::Severity;
use crate::patch::ports::amount_in;
use crate::patch::read::{Source as Reading, read_patch};
use crate::patch::tree;
use crate::patch::value::parse_amount;
use crate::patch::{Cable, Input, Node, Patch};

use super::EditError;
use super::amounts::amount_part;
use super::cables::cut_all;
use super::doc::{Doc, splice};
use super::entry::{self, List};
use super::modules::find_kind;

pub fn replace(text: &str, module: &str, kind: &str) -> Result<String, EditError> {
    let new = find_kind(kind)?;
    let doc = Doc::read(text)?;
    let node = doc.own_node(module)?;
    let old = doc.patch.modules[node].spec;
    if old.kind == new.kind {
        return Err(EditError::Name(format!("`{module}` is a {kind} already")));
    }
    // Cables that the new kind has no place for.
    let doomed = |patch: &Patch, cable: &Cable| {
        let is = |node: usize| patch.modules[node].name == module;
        let out = is(cable.from.node) && output(old, new, cable.from.port).is_none();
        let into = is(cable.to.node) && input(old, new, cable.to.input).is_none();
        out || into
    };
    let text = cut_all(text, doomed)?;
    let text = drop_macro_targets(&text, module, old, new)?;
    let doc = Doc::read(&text)?;
    let node = doc.node(module)?;
    let mut parts = vec![(doc.spans.modules[node].kind.clone(), new.kind.to_owned())];
    let as_new = Node::new(module, new);
    for item in doc.items() {
        for (stage, end) in item.ends().filter(|(_, e)| item.word(&e.module) == module) {
            let port = end.port.clone();
            let here = item.quoted.span(end.module.end..end.span().end);
            // In the first stage it is a source, in all others a destination (and a source by its first output).
            if stage == 0 {
                let was = port.map_or(Some(0), |p| old.output(item.word(&p)));
                let is = was.and_then(|was| output(old, new, was));
                if let Some(is) = is.filter(|is| Some(*is) != was || end.port.is_some()) {
                    parts.push((here, dotted(is != 0, new.outputs[is].name)));
                }
                continue;
            }
            let was = match port {
                Some(port) => named_input(old, item.word(&port)),
                None => Some(Input::Port(0)),
            };
            let Some(is) = was.and_then(|was| input(old, new, was)) else {
                continue;
            };
            let bare = is == Input::Port(0) && end.port.is_none();
            parts.push((here, dotted(!bare, input_name(new, is))));
            if let Some(amount) = &end.amount
                && parse_amount(amount_in(&as_new, is), item.word(amount)).is_err()
            {
                parts.push(amount_part(&item, end, None));
            }
        }
    }
    parts.extend(values_by_own_names(&doc, node, new));
    parts.extend(macros_by_own_names(&doc, module, old, new));
    drop_unreadable(splice(&text, parts), module)
}

fn dotted(wanted: bool, port: &str) -> String {
    match wanted {
        true => format!(".{port}"),
        false => String::new(),
    }
}

/// The output of the new kind that a cable from the old one's goes on from: of the same name, else the first that carries the same.
fn output(old: &ModuleSpec, new: &ModuleSpec, port: usize) -> Option<usize> {
    let was = &old.outputs[port];
    let same = new
        .output(was.name)
        .filter(|p| alike(was.signal, &new.outputs[*p]));
    same.or_else(|| new.outputs.iter().position(|p| alike(was.signal, p)))
}

/// The same for inputs and parameters; a parameter only finds its own name.
fn input(old: &ModuleSpec, new: &ModuleSpec, was: Input) -> Option<Input> {
    match was {
        Input::Port(port) => {
            let was = &old.inputs[port];
            let same = new
                .input(was.name)
                .filter(|p| alike(was.signal, &new.inputs[*p]));
            let first = || new.inputs.iter().position(|p| alike(was.signal, p));
            // Only what stands for the whole module may go elsewhere: its first input.
            let found = same.or_else(|| if port == 0 { first() } else { None });
            found.map(Input::Port)
        }
        Input::Param(param) => new.param(old.params[param].name).map(Input::Param),
    }
}

/// Modulation is modulation, be it a gate or not; sound and pitch are themselves.
fn alike(was: Signal, is: &PortSpec) -> bool {
    let control = |s: Signal| matches!(s, Signal::Cv | Signal::Gate);
    was == is.signal || (control(was) && control(is.signal))
}

fn named_input(spec: &ModuleSpec, name: &str) -> Option<Input> {
    let port = spec.input(name).map(Input::Port);
    port.or_else(|| spec.param(name).map(Input::Param))
}

/// As cables name it: where a port has a parameter's name, another of its names says which is meant.
fn input_name(spec: &'static ModuleSpec, input: Input) -> &'static str {
    match input {
        Input::Port(port) => spec.inputs[port].name,
        Input::Param(param) => {
            let param = &spec.params[param];
            let mut all = std::iter::once(param.name).chain(param.aliases.iter().copied());
            all.find(|name| spec.input(name).is_none())
                .unwrap_or(param.name)
        }
    }
}

/// A name that no parameter has: [`drop_unreadable`] takes the value out.
const UNKNOWN: &str = "none";

/// Values written by another name of their parameter, which the new kind may not know or mean another parameter by, are
/// written by the name that both kinds have.
fn values_by_own_names(
    doc: &Doc,
    node: usize,
    new: &'static ModuleSpec,
) -> Vec<(Range<usize>, String)> {
    let old = doc.patch.modules[node].spec;
    let place = |p: usize| new.param(old.params[p].name);
    let spans = &doc.spans.modules[node].params;
    let written = || (0..spans.len()).filter_map(|p| Some((p, spans[p].as_ref()?)));
    let taken = |is: usize| written().any(|(p, _)| place(p) == Some(is));
    let mut parts = Vec::new();
    for (p, arg) in written() {
        let by_word = new.param(&doc.text[arg.name.clone()]);
        let name = match place(p) {
            Some(is) if by_word != Some(is) => new.params[is].name,
            // What the new kind has no place for gives way to what it has one for.
            None if by_word.is_some_and(taken) => UNKNOWN,
            _ => continue,
        };
        parts.push((arg.name.clone(), name.to_owned()));
    }
    parts
}

/// The same for the targets of macros.
fn macros_by_own_names(
    doc: &Doc,
    module: &str,
    old: &'static ModuleSpec,
    new: &'static ModuleSpec,
) -> Vec<(Range<usize>, String)> {
    let mut parts = Vec::new();
    for (_, _, quoted) in doc.macro_targets() {
        let start = quoted.text.len() - quoted.text.trim_start().len();
        let word = quoted.text[start..].split_whitespace().next().unwrap_or("");
        let Ok(end) = parse_end(word) else { continue };
        let Some(port) = end.port.filter(|_| &word[end.module] == module) else {
            continue;
        };
        let Some(was @ Input::Param(_)) = named_input(old, &word[port.clone()]) else {
            continue;
        };
        if let Some(is) = input(old, new, was)
            && named_input(new, &word[port.clone()]) != Some(is)
        {
            let span = start + port.start..start + port.end;
            parts.push((quoted.span(span), input_name(new, is).to_owned()));
        }
    }
    parts
}

/// Macro targets whose parameter or range the new kind does not have.
fn drop_macro_targets(
    text: &str,
    module: &str,
    old: &'static ModuleSpec,
    new: &'static ModuleSpec,
) -> Result<String, EditError> {
    let mut text = text.to_owned();
    loop {
        let doc = Doc::read(&text)?;
        let found = doc.macro_targets().into_iter().find(|(_, _, quoted)| {
            let word = quoted.text.split_whitespace().next().unwrap_or("");
            let Ok(end) = parse_end(word) else {
                return false;
            };
            if &word[end.module.clone()] != module {
                return false;
            }
            // A range is only sure to be right where both have the very same parameter.
            let port = end.port.map(|port| &word[port]);
            let was = port.map_or(Some(Input::Port(0)), |port| named_input(old, port));
            let same = match was {
                Some(Input::Param(p)) => new.param(old.params[p].name).is_some_and(|n| {
                    let (a, b) = (&old.params[p], &new.params[n]);
                    a.unit == b.unit && b.min <= a.min && b.max >= a.max
                }),
                _ => false,
            };
            !same || port.is_none()
        });
        match found {
            Some((list, index, _)) => text = entry::remove(doc.text, &list, index),
            None => return Ok(text),
        }
    }
}

/// Takes out the module's values that its kind can't read, one by one.
fn drop_unreadable(mut text: String, module: &str) -> Result<String, EditError> {
    loop {
        let tree = tree::read("", &text);
        let mut findings = tree.findings;
        let Some(root) = tree.root else {
            return Ok(text.clone());
        };
        let mut source = Reading {
            text: &text,
            findings: &mut findings,
        };
        let draft = read_patch(&root, "", &mut source);
        let all = findings.finish();
        let Some(first) = all.iter().find(|d| d.severity == Severity::Error) else {
            return Ok(text.clone());
        };
        let node = draft.patch.node(module);
        let list = node.and_then(|node| args(&root, &text, &draft.spans.modules[node].whole));
        let Some(list) = list.filter(|list| !list.entries.is_empty()) else {
            let why = format!("{}:{} {}", first.line, first.column, first.message);
            return Err(EditError::Broken(why));
        };
        // A finding without a place of its own is about all of them together: the last one goes.
        let on =
            |e: &std::ops::Range<usize>| e.start <= first.span.start && first.span.start < e.end;
        let at = list.entries.iter().position(on);
        let index = at.unwrap_or(list.entries.len() - 1);
        let shorter = entry::remove(&text, &list, index);
        text = shorter;
    }
}

/// The values in the brackets of the module that stands there.
fn args(root: &tree::Value, text: &str, whole: &std::ops::Range<usize>) -> Option<List> {
    let tree::Shape::Struct(root) = &root.shape else {
        return None;
    };
    let modules = root
        .fields
        .iter()
        .find(|f| &text[f.name.clone()] == "modules")?;
    let tree::Shape::Struct(modules) = &modules.value.shape else {
        return None;
    };
    let field = modules
        .fields
        .iter()
        .find(|f| f.name.start == whole.start)?;
    match &field.value.shape {
        tree::Shape::Struct(args) => Some(List {
            inside: args.inside.clone(),
            entries: args
                .fields
                .iter()
                .map(|f| f.name.start..f.value.span.end)
                .collect(),
        }),
        _ => None,
    }
}
