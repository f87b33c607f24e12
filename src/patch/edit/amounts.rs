//! The amount of a cable in a patch's text: in its chain, beside it where the chain says one amount for several, and at the use of a
//! group for a cable of the group's own.
use std::ops::Range;

use crate::patch::chain::End;
use crate::patch::diagnostic::Fix;
use crate::patch::group_amounts::CABLES;
use crate::patch::literal::amount_literal;
use crate::patch::ports::{amount_in, input_name};
use crate::patch::read::Draft;
use crate::patch::spans::{CableSpans, ModuleSpans, Spans};
use crate::patch::tree::{Shape, Struct};
use crate::patch::write::quoted;
use crate::patch::{Cable, Patch, Source, Target};

use super::EditError;
use super::cables::{
    as_source, check_amount, end_with_amount, in_group, none, stretch, with_amount,
};
use super::doc::{Doc, Item, as_far_as, list_of, splice};
use super::entry::{self, List};
use super::names::{source, source_text, target, target_text};

/// Every such cable's amount as a number.
pub fn set_amount_value(
    text: &str,
    from: &str,
    to: &str,
    amount: f32,
) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let target = target(&doc, to)?;
    let node = &doc.patch.modules[target.node];
    // An amount of 1 need not be written.
    let amount = (amount != 1.0).then(|| amount_literal(amount_in(node, target.input), amount));
    set_amount(text, from, to, amount.as_deref())
}

pub fn set_amount(
    text: &str,
    from: &str,
    to: &str,
    amount: Option<&str>,
) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let (source, target) = (source(&doc, from)?, target(&doc, to)?);
    check_amount(&doc.patch, target, amount)?;
    for item in doc.items() {
        let Some(at) = find(&doc, &item, source, target) else {
            continue;
        };
        let ends = [
            &item.chain.stages[at.hop][at.from],
            &item.chain.stages[at.hop + 1][at.to],
        ];
        let is_module = |end: &&End| doc.patch.node(item.word(&end.module)).is_some();
        let plain = ends.iter().all(is_module);
        if plain && item.chain.stages[at.hop].len() == 1 {
            let end = &item.chain.stages[at.hop + 1][at.to];
            return Ok(splice(text, vec![amount_part(&item, end, amount)]));
        }
        // The amount behind several sources, or before several destinations in a group, belongs to all of them: this cable gets a
        // text of its own.
        let Some(list) = doc.cables() else {
            continue;
        };
        let alone = match plain {
            true => vec![one(&item, at, amount)],
            false => by_modules(&doc, &item, at, (source, target), amount),
        };
        let texts: Vec<String> = apart(&item, at, alone).iter().map(|t| quoted(t)).collect();
        return Ok(entry::replace(text, &list, item.index, &texts));
    }
    let mut cables = doc.patch.cables.iter();
    match cables.position(|c| c.from == source && c.to == target) {
        Some(cable) => at_use(&doc, cable, amount),
        None => Err(none(&doc.patch, source, target)),
    }
}

/// A cable's place in an item: its hop, and its ends among those of both stages.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    hop: usize,
    from: usize,
    to: usize,
}

fn times(amount: Option<&str>) -> String {
    amount.map_or(String::new(), |amount| format!(" * {}", amount.trim()))
}

/// A cable of an item alone.
fn one(item: &Item, at: Place, amount: Option<&str>) -> String {
    let stages = &item.chain.stages;
    let source = as_source(item, at.hop, &stages[at.hop][at.from]);
    let arrow = item.word(&item.chain.arrows[at.hop].span);
    let to = item.word(&stages[at.hop + 1][at.to].span());
    format!("{source} {arrow} {to}{}", times(amount))
}

/// The cables that two ends make by a group's port, each from module to module, one of them with another amount.
fn by_modules(
    doc: &Doc,
    item: &Item,
    at: Place,
    turned: (Source, Target),
    amount: Option<&str>,
) -> Vec<String> {
    let cables = item.cables(at.hop, at.from, at.to).iter();
    let text = |cable: &Cable| {
        let into = amount_in(&doc.patch.modules[cable.to.node], cable.to.input);
        let held = (cable.amount != 1.0).then(|| amount_literal(into, cable.amount));
        let amount = match (cable.from, cable.to) == turned {
            true => amount,
            false => held.as_deref(),
        };
        let (from, to) = (
            source_text(&doc.patch, cable.from),
            target_text(&doc.patch, cable.to),
        );
        let arrow = if cable.feedback { "~>" } else { ">" };
        format!("{from} {arrow} {to}{}", times(amount))
    };
    cables.map(|cable| text(doc.cable(*cable))).collect()
}

/// The chains of an item with other texts for one of its cables, in the same order.
fn apart(item: &Item, at: Place, alone: Vec<String>) -> Vec<String> {
    let stages = &item.chain.stages;
    let arrow = item.word(&item.chain.arrows[at.hop].span);
    let mut alone = Some(alone);
    let mut texts = Vec::new();
    if at.hop > 0 {
        texts.push(stretch(item, 0, at.hop));
    }
    for (from, end) in stages[at.hop].iter().enumerate() {
        let source = as_source(item, at.hop, end);
        let mut others = Vec::new();
        for (to, end) in stages[at.hop + 1].iter().enumerate() {
            if (from, to) != (at.from, at.to) {
                others.push(with_amount(item, end));
                continue;
            }
            texts.extend(alone.take().unwrap_or_default());
        }
        if !others.is_empty() {
            texts.push(format!("{source} {arrow} {}", others.join(" + ")));
        }
    }
    if stages.len() > at.hop + 2 {
        texts.push(stretch(item, at.hop + 1, stages.len() - 1));
    }
    texts
}

/// The first such cable of an item.
fn find(doc: &Doc, item: &Item, from: Source, to: Target) -> Option<Place> {
    let stages = &item.chain.stages;
    for hop in 0..item.chain.arrows.len() {
        for t in 0..stages[hop + 1].len() {
            for f in 0..stages[hop].len() {
                let is = |cable: &usize| {
                    let cable = doc.cable(*cable);
                    cable.from == from && cable.to == to
                };
                if item.cables(hop, f, t).iter().any(is) {
                    return Some(Place {
                        hop,
                        from: f,
                        to: t,
                    });
                }
            }
        }
    }
    None
}

/// What an end's amount becomes, as a part of the file.
pub fn amount_part(item: &Item, end: &End, amount: Option<&str>) -> (Range<usize>, String) {
    let bare = end.span().end;
    let here = item.quoted.byte(bare)..item.quoted.byte(end_with_amount(end));
    match (amount, &end.amount) {
        (Some(new), Some(old)) => (item.quoted.span(old.clone()), new.trim().to_owned()),
        (Some(new), None) => (here, format!(" * {}", new.trim())),
        (None, _) => (here, String::new()),
    }
}

/// A cable of a group's own: its amount stands at the use, for that use alone.
fn at_use(doc: &Doc, index: usize, amount: Option<&str>) -> Result<String, EditError> {
    let cable = doc.cable(index);
    let refused = || in_group(&doc.patch, cable.from, cable.to);
    let spans = &doc.spans.modules[cable.to.node];
    let Some(within) = &spans.within else {
        return Err(refused());
    };
    let written = &doc.spans.cables[index];
    if within
        .inside
        .as_ref()
        .is_some_and(|inside| holds(inside, &written.to))
        && !is_shared(&doc.patch, &doc.spans, index)
    {
        return Ok(splice(doc.text, vec![own_part(written, amount)]));
    }
    // As the group itself calls them.
    let bare = |text: String, node: usize| {
        let inner = doc.spans.modules[node].within.as_ref()?;
        let prefix = doc.patch.modules[node].name.len() - inner.module.len();
        Some(text[prefix..].to_owned())
    };
    let from = bare(source_text(&doc.patch, cable.from), cable.from.node);
    let to = bare(target_text(&doc.patch, cable.to), cable.to.node);
    let (from, to) = from.zip(to).ok_or_else(refused)?;
    let arrow = if cable.feedback { "~>" } else { ">" };
    let new = quoted(&format!("{from} {arrow} {to}{}", times(amount)));
    let field = format!("{CABLES}: [{new}]");
    let same_use = |m: &&ModuleSpans| m.name == spans.name;
    let mut others = doc.spans.modules.iter().filter(same_use);
    if others.any(|m| m.within.as_ref().is_some_and(|w| w.module == CABLES)) {
        // A module of the group has the name.
        return Err(refused());
    }
    let Some(written) = use_of(doc, spans) else {
        let at = spans.whole.end;
        return Ok(splice(doc.text, vec![(at..at, format!("({field})"))]));
    };
    let mut fields = written.fields.iter();
    if let Some(own) = fields.find(|f| &doc.text[f.name.clone()] == CABLES) {
        return match &own.value.shape {
            Shape::List(items) => {
                let list = list_of(&own.value, items);
                Ok(entry::insert(doc.text, &list, None, &new))
            }
            _ => Err(refused()),
        };
    }
    if doc.text[written.inside.clone()].trim().is_empty() {
        return Ok(splice(doc.text, vec![(written.inside.clone(), field)]));
    }
    let entries = written.fields.iter();
    let list = List {
        inside: written.inside.clone(),
        entries: entries.map(|f| f.name.start..f.value.span.end).collect(),
    };
    Ok(entry::insert(doc.text, &list, None, &field))
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// What stands in the place of an amount that a use gives.
fn own_part(written: &CableSpans, amount: Option<&str>) -> (Range<usize>, String) {
    let bare = written.to.end;
    match (amount, &written.amount) {
        (Some(new), Some(old)) => (old.clone(), new.trim().to_owned()),
        (_, old) => {
            let end = old.as_ref().map_or(bare, |old| old.end);
            (bare..end, times(amount))
        }
    }
}

/// Whether other cables have their amount from the same words.
fn is_shared(patch: &Patch, spans: &Spans, index: usize) -> bool {
    let here = &spans.cables[index];
    let all = spans.cables.iter().enumerate();
    let mut others = all.filter(|(other, spans)| *other != index && spans.to == here.to);
    others.any(|(other, _)| {
        let (a, b) = (&patch.cables[index], &patch.cables[other]);
        (a.from, a.to) != (b.from, b.to)
    })
}

/// An amount that has words of its own, in a text that may have mistakes elsewhere.
pub fn edit_in_place(
    text: &str,
    from: &str,
    (module, input): (&str, &str),
    amount: f32,
) -> Result<Fix, EditError> {
    let Draft { patch, spans, .. } = as_far_as(text)?;
    let is = |cable: &Cable| {
        let node = &patch.modules[cable.to.node];
        node.name == module
            && input_name(node.spec, cable.to.input) == input
            && source_text(&patch, cable.from) == from
    };
    let none = || EditError::Cable(format!("there is no cable {from} > {module}.{input}"));
    let index = patch.cables.iter().position(is).ok_or_else(none)?;
    let cable = &patch.cables[index];
    let of_group = |node: usize| spans.modules[node].within.is_some();
    if of_group(cable.from.node) || of_group(cable.to.node) || is_shared(&patch, &spans, index) {
        let why = "this amount can be written once the text has no errors";
        return Err(EditError::Broken(why.into()));
    }
    let into = amount_in(&patch.modules[cable.to.node], cable.to.input);
    let amount = (amount != 1.0).then(|| amount_literal(into, amount));
    let (span, new) = own_part(&spans.cables[index], amount.as_deref());
    Ok(Fix::replace(span, new))
}

/// The brackets of a group's use.
fn use_of<'d>(doc: &'d Doc, spans: &ModuleSpans) -> Option<&'d Struct> {
    let Shape::Struct(modules) = &doc.field("modules")?.1.value.shape else {
        return None;
    };
    let field = modules.fields.iter().find(|f| f.name == spans.name)?;
    match &field.value.shape {
        Shape::Struct(written) => Some(written),
        _ => None,
    }
}
