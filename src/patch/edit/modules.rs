//! Modules in a patch's text: added, duplicated, renamed, deleted.
use crate::modules::{self, spec::ModuleSpec, spec::Signal};
use crate::patch::chain::parse_end;
use crate::patch::literal::amount_literal;
use crate::patch::names::{list, nearest};
use crate::patch::ports::amount_in;
use crate::patch::write::quoted;
use crate::patch::{Cable, Input, Patch};

use super::cables::{beside, cut_all, wire};
use super::doc::{Doc, Item, splice};
use super::names::{check_name, source, source_text, target, target_text};
use super::{EditError, entry};

/// As many as a patch may ask for.
const VOICES: std::ops::RangeInclusive<usize> = 1..=64;

pub fn find_kind(kind: &str) -> Result<&'static ModuleSpec, EditError> {
    let kinds = || modules::REGISTRY.iter().map(|spec| spec.kind);
    modules::find(kind).ok_or_else(|| {
        let hint = match nearest(kind, kinds()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", list(kinds())),
        };
        EditError::NoModule(format!("of kind `{kind}`; {hint}"))
    })
}

pub fn add(text: &str, name: &str, kind: &str, after: Option<&str>) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let spec = find_kind(kind)?;
    check_name(&doc.patch, name)?;
    let after = after.map(|after| doc.node(after)).transpose()?;
    Ok(add_text(&doc, after, &format!("{name}: {}()", spec.kind)))
}

fn add_text(doc: &Doc, after: Option<usize>, new: &str) -> String {
    if let Some(list) = doc.modules() {
        let after = after.map(|node| doc.entry(node));
        return entry::insert(doc.text, &list, after, new);
    }
    let field = format!("modules: (\n    {new},\n  )");
    let after = doc.field("name").map(|(index, _)| index);
    entry::insert(doc.text, &doc.fields(), after, &field)
}

pub fn duplicate(text: &str, module: &str, to: &str) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let node = doc.own_node(module)?;
    check_name(&doc.patch, to)?;
    let spans = &doc.spans.modules[node];
    let value = &doc.text[spans.kind.start..spans.whole.end];
    let mut new = add_text(&doc, Some(node), &format!("{to}: {value}"));
    for cable in doc.patch.cables.iter().filter(|c| c.to.node == node) {
        let from = match cable.from.node == node {
            true => source_text(&doc.patch, cable.from).replacen(module, to, 1),
            false => source_text(&doc.patch, cable.from),
        };
        let into = target_text(&doc.patch, cable.to).replacen(module, to, 1);
        let amount = amount_text(&doc.patch, cable);
        // Read anew each time: a cable moves what stands behind it. Two side by side are two in the copy.
        let doc = Doc::read(&new)?;
        let (from, into) = (source(&doc, &from)?, target(&doc, &into)?);
        new = beside(&doc, from, into, amount.as_deref(), cable.feedback);
    }
    Ok(new)
}

fn amount_text(patch: &Patch, cable: &Cable) -> Option<String> {
    let into = amount_in(&patch.modules[cable.to.node], cable.to.input);
    (cable.amount != 1.0).then(|| amount_literal(into, cable.amount))
}

pub fn rename(text: &str, module: &str, to: &str) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let node = doc.own_node(module)?;
    check_name(&doc.patch, to)?;
    let mut parts = vec![(doc.spans.modules[node].name.clone(), to.to_owned())];
    for item in doc.items() {
        for (_, end) in item
            .ends()
            .filter(|(_, end)| item.word(&end.module) == module)
        {
            parts.push((item.quoted.span(end.module.clone()), to.to_owned()));
        }
    }
    for (_, _, quoted) in doc.macro_targets() {
        let start = quoted.text.len() - quoted.text.trim_start().len();
        let word = quoted.text[start..].split_whitespace().next().unwrap_or("");
        if let Ok(end) = parse_end(word)
            && &word[end.module.clone()] == module
        {
            let span = start + end.module.start..start + end.module.end;
            parts.push((quoted.span(span), to.to_owned()));
        }
    }
    Ok(splice(doc.text, parts))
}

pub fn delete(text: &str, module: &str, bridge: bool) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let node = doc.own_node(module)?;
    let bridges = match bridge {
        true => bridges(&doc, node),
        false => Vec::new(),
    };
    let mut new = match in_line(&doc, node, bridges.len()) {
        Some(joined) => joined,
        None => doc.text.to_owned(),
    };
    let touches = |patch: &Patch, cable: &Cable| {
        let is = |node: usize| patch.modules[node].name == module;
        is(cable.from.node) || is(cable.to.node)
    };
    new = cut_all(&new, touches)?;
    for (from, to, amount, feedback) in &bridges {
        match wire(&new, from, to, amount.as_deref(), *feedback) {
            Ok(wired) => new = wired,
            // It was in line, or is there anyway.
            Err(EditError::Cable(_)) => {}
            Err(why) => return Err(why),
        }
    }
    new = drop_macro_targets(&new, module)?;
    let doc = Doc::read(&new)?;
    let node = doc.node(module)?;
    Ok(match doc.modules() {
        Some(list) => entry::remove(doc.text, &list, doc.entry(node)),
        None => new,
    })
}

type Bridge = (String, String, Option<String>, bool);

/// The cables that take a module's place: from all that its first input hears to all that hears its first output, where both
/// are sound.
fn bridges(doc: &Doc, node: usize) -> Vec<Bridge> {
    let patch = &doc.patch;
    let spec = patch.modules[node].spec;
    let sound =
        |port: Option<&modules::spec::PortSpec>| port.is_some_and(|p| p.signal == Signal::Audio);
    if !sound(spec.inputs.first()) || !sound(spec.outputs.first()) {
        return Vec::new();
    }
    let mut found: Vec<Bridge> = Vec::new();
    let into =
        |c: &&Cable| c.to.node == node && c.to.input == Input::Port(0) && c.from.node != node;
    let out_of = |c: &&Cable| c.from.node == node && c.from.port == 0 && c.to.node != node;
    for first in patch.cables.iter().filter(into) {
        for second in patch.cables.iter().filter(out_of) {
            // Two modules that only fed each other through it would close a loop without it.
            if first.from.node == second.to.node {
                continue;
            }
            let from = source_text(patch, first.from);
            let to = target_text(patch, second.to);
            if found.iter().any(|(f, t, ..)| *f == from && *t == to) {
                continue;
            }
            let joined = Cable {
                from: first.from,
                to: second.to,
                amount: first.amount * second.amount,
                feedback: first.feedback || second.feedback,
            };
            found.push((from, to, amount_text(patch, &joined), joined.feedback));
        }
    }
    found
}

/// `a > m > b` without `m`, where that one chain is all that is to be bridged: it stays one chain.
fn in_line(doc: &Doc, node: usize, bridges: usize) -> Option<String> {
    if doc.has_groups() {
        // A pair of ends may be several cables: what joins them is wired anew.
        return None;
    }
    let name = &doc.patch.modules[node].name;
    for item in doc.items() {
        let stages = &item.chain.stages;
        for stage in 1..stages.len() - 1 {
            let [end] = stages[stage].as_slice() else {
                continue;
            };
            let plain = end.amount.is_none() && item.word(&end.module) == name;
            let arrows = &item.chain.arrows[stage - 1..=stage];
            let (froms, tos) = (stages[stage - 1].len(), stages[stage + 1].len());
            let first = doc.cable(item.cable(stage - 1, 0, 0));
            if plain
                && froms * tos == bridges
                && (froms, tos) == through(doc, node)
                && first.to.input == Input::Port(0)
                && arrows.iter().all(|a| !a.feedback)
                && unwired_otherwise(doc, &item, stage)
            {
                let gone = arrows[0].span.start..arrows[1].span.start;
                return Some(splice(
                    doc.text,
                    vec![(item.quoted.span(gone), String::new())],
                ));
            }
        }
    }
    None
}

/// How many cables enter a module by its first input, and leave it by its first output.
fn through(doc: &Doc, node: usize) -> (usize, usize) {
    let cables = || doc.patch.cables.iter();
    let into = cables().filter(|c| c.to.node == node && c.to.input == Input::Port(0));
    let out_of = cables().filter(|c| c.from.node == node && c.from.port == 0);
    (into.count(), out_of.count())
}

/// Whether none of the cables that the joined chain makes is there already.
fn unwired_otherwise(doc: &Doc, item: &Item, stage: usize) -> bool {
    let stages = &item.chain.stages;
    let (froms, tos) = (stages[stage - 1].len(), stages[stage + 1].len());
    (0..froms).all(|f| {
        (0..tos).all(|t| {
            let from = doc.cable(item.cable(stage - 1, f, 0)).from;
            let to = doc.cable(item.cable(stage, 0, t)).to;
            let there = |c: &Cable| c.from == from && c.to == to;
            from.node != to.node && !doc.patch.cables.iter().any(there)
        })
    })
}

fn drop_macro_targets(text: &str, module: &str) -> Result<String, EditError> {
    let mut text = text.to_owned();
    loop {
        let doc = Doc::read(&text)?;
        let targets = doc.macro_targets();
        let found = targets.iter().find(|(_, _, quoted)| {
            let word = quoted.text.split_whitespace().next().unwrap_or("");
            parse_end(word).is_ok_and(|end| &word[end.module] == module)
        });
        let Some((list, index, _)) = found else {
            return Ok(text);
        };
        text = entry::remove(doc.text, list, *index);
    }
}

pub fn set_voices(text: &str, voices: usize) -> Result<String, EditError> {
    if !VOICES.contains(&voices) {
        let (least, most) = (VOICES.start(), VOICES.end());
        let why = format!("`voices` goes from {least} to {most}, not {voices}");
        return Err(EditError::Value(why));
    }
    let doc = Doc::read(text)?;
    if let Some((_, field)) = doc.field("voices") {
        let part = (field.value.span.clone(), voices.to_string());
        return Ok(splice(text, vec![part]));
    }
    let after = doc
        .field("bpm")
        .or(doc.field("name"))
        .map(|(index, _)| index);
    Ok(entry::insert(
        text,
        &doc.fields(),
        after,
        &format!("voices: {voices}"),
    ))
}

pub fn set_title(text: &str, name: &str) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    if let Some((_, field)) = doc.field("name") {
        let part = (field.value.span.clone(), quoted(name));
        return Ok(splice(text, vec![part]));
    }
    // A name stands first.
    let fields = doc.fields();
    let Some(first) = fields.entries.first() else {
        return Ok(entry::insert(
            text,
            &fields,
            None,
            &format!("name: {}", quoted(name)),
        ));
    };
    let line = text[..first.start].rfind('\n').map_or(0, |at| at + 1);
    let lead = &text[line..first.start];
    let between = match lead.trim().is_empty() && line > fields.inside.start {
        true => format!(",\n{lead}"),
        false => ", ".to_owned(),
    };
    let part = (
        first.start..first.start,
        format!("name: {}{between}", quoted(name)),
    );
    Ok(splice(text, vec![part]))
}
