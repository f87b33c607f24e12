//! Cables in a patch's text: a new one is a text of its own, a cut one leaves the rest of its chain as it stood.
use crate::patch::chain::End;
use crate::patch::ports::amount_in;
use crate::patch::value::parse_amount;
use crate::patch::write::quoted;
use crate::patch::{Cable, Patch, Source, Target};

use super::EditError;
use super::doc::{Doc, Item};
use super::entry;
use super::names::{source, source_text, target, target_text};

pub fn wire(
    text: &str,
    from: &str,
    to: &str,
    amount: Option<&str>,
    feedback: bool,
) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let (from, to) = (source(&doc, from)?, target(&doc, to)?);
    check_amount(&doc.patch, to, amount)?;
    if doc
        .patch
        .cables
        .iter()
        .any(|c| c.from == from && c.to == to)
    {
        let (from, to) = (source_text(&doc.patch, from), target_text(&doc.patch, to));
        return Err(EditError::Cable(format!("{from} > {to} is wired already")));
    }
    Ok(beside(&doc, from, to, amount, feedback))
}

/// The text with one more cable, whether or not there is one already: cables side by side add up.
pub(super) fn beside(
    doc: &Doc,
    from: Source,
    to: Target,
    amount: Option<&str>,
    feedback: bool,
) -> String {
    let arrow = if feedback { "~>" } else { ">" };
    let (from, to) = (source_text(&doc.patch, from), target_text(&doc.patch, to));
    let times = amount.map_or(String::new(), |a| format!(" * {}", a.trim()));
    add(doc, &quoted(&format!("{from} {arrow} {to}{times}")))
}

/// The text with one more entry in `cables`.
fn add(doc: &Doc, new: &str) -> String {
    if let Some(list) = doc.cables() {
        return entry::insert(doc.text, &list, None, new);
    }
    let field = format!("cables: [\n    {new},\n  ]");
    let after = doc.field("modules").map(|(index, _)| index);
    entry::insert(doc.text, &doc.fields(), after, &field)
}

pub fn check_amount(patch: &Patch, to: Target, amount: Option<&str>) -> Result<(), EditError> {
    let into = amount_in(&patch.modules[to.node], to.input);
    let read = amount.map(|amount| parse_amount(into, amount.trim()));
    match read {
        Some(Err(error)) => Err(EditError::Value(error.why)),
        _ => Ok(()),
    }
}

pub fn cut(text: &str, from: &str, to: &str) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let (from, to) = (source(&doc, from)?, target(&doc, to)?);
    if !doc
        .patch
        .cables
        .iter()
        .any(|c| c.from == from && c.to == to)
    {
        return Err(none(&doc.patch, from, to));
    }
    cut_all(text, |_, cable| cable.from == from && cable.to == to)
}

pub(super) fn none(patch: &Patch, from: Source, to: Target) -> EditError {
    let (from, to) = (source_text(patch, from), target_text(patch, to));
    EditError::Cable(format!("there is no cable {from} > {to}"))
}

pub(super) fn in_group(patch: &Patch, from: Source, to: Target) -> EditError {
    let (from, to) = (source_text(patch, from), target_text(patch, to));
    EditError::Group(format!(
        "{from} > {to} stands in a group, or goes by a group's port: change it in the text, on screen 3"
    ))
}

/// The text without the cables that `doomed` names.
pub fn cut_all(text: &str, doomed: impl Fn(&Patch, &Cable) -> bool) -> Result<String, EditError> {
    let mut text = text.to_owned();
    loop {
        let doc = Doc::read(&text)?;
        let is_doomed = |cable: usize| doomed(&doc.patch, doc.cable(cable));
        // An end that is a group's port goes where all goes that it stands for.
        let all = |cables: &[usize]| cables.iter().all(|c| is_doomed(*c));
        let found = doc.items().into_iter().find(|item| {
            let stages = &item.chain.stages;
            let mut hops = stages.windows(2).enumerate();
            hops.any(|(hop, pair)| {
                let mut froms = 0..pair[0].len();
                froms.any(|from| (0..pair[1].len()).any(|to| all(item.cables(hop, from, to))))
            })
        });
        let (Some(item), Some(list)) = (found, doc.cables()) else {
            let left = doc.patch.cables.iter().find(|c| doomed(&doc.patch, c));
            return match left {
                None => Ok(text),
                Some(cable) => Err(in_group(&doc.patch, cable.from, cable.to)),
            };
        };
        let left: Vec<String> = without(&item, all).iter().map(|t| quoted(t)).collect();
        text = entry::replace(doc.text, &list, item.index, &left);
    }
}

/// The chains that are left of one: whole stretches as they were written, and what is left of a hop that lost some of its cables.
fn without(item: &Item, doomed: impl Fn(&[usize]) -> bool) -> Vec<String> {
    let stages = &item.chain.stages;
    let mut left = Vec::new();
    let mut start = 0;
    for hop in 0..item.chain.arrows.len() {
        let (froms, tos) = (stages[hop].len(), stages[hop + 1].len());
        let mut pairs = (0..froms).flat_map(|from| (0..tos).map(move |to| (from, to)));
        if !pairs.any(|(from, to)| doomed(item.cables(hop, from, to))) {
            continue;
        }
        if hop > start {
            left.push(stretch(item, start, hop));
        }
        for from in 0..froms {
            let kept = (0..tos).filter(|to| !doomed(item.cables(hop, from, *to)));
            let kept: Vec<&str> = kept
                .map(|to| with_amount(item, &stages[hop + 1][to]))
                .collect();
            if !kept.is_empty() {
                let source = as_source(item, hop, &stages[hop][from]);
                let arrow = item.word(&item.chain.arrows[hop].span);
                left.push(format!("{source} {arrow} {}", kept.join(" + ")));
            }
        }
        start = hop + 1;
    }
    if stages.len() - 1 > start {
        left.push(stretch(item, start, stages.len() - 1));
    }
    left
}

/// The stages from one to another, as written; the first one as a source.
pub(super) fn stretch(item: &Item, first: usize, last: usize) -> String {
    let end = stage_end(item, last);
    if first == 0 {
        let start = item.chain.stages[0][0].module.start;
        return item.quoted.text[start..end].to_owned();
    }
    let ends = &item.chain.stages[first];
    let sources: Vec<&str> = ends.iter().map(|e| as_source(item, first, e)).collect();
    let rest = &item.quoted.text[item.chain.arrows[first].span.start..end];
    format!("{} {rest}", sources.join(" + "))
}

fn stage_end(item: &Item, stage: usize) -> usize {
    let last = item.chain.stages[stage].last();
    last.map_or(0, end_with_amount)
}

pub(super) fn end_with_amount(end: &End) -> usize {
    let bare = end.span().end;
    end.amount.as_ref().map_or(bare, |a| a.end.max(bare))
}

pub(super) fn with_amount<'i>(item: &'i Item, end: &End) -> &'i str {
    item.word(&(end.span().start..end_with_amount(end)))
}

/// In the middle of a chain a port is where the signal enters; it leaves by the first output.
pub(super) fn as_source<'i>(item: &'i Item, stage: usize, end: &End) -> &'i str {
    match stage {
        0 => item.word(&end.span()),
        _ => item.word(&end.module),
    }
}
