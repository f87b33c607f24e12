//! Cables in a patch's text: a new one is a text of its own, a cut one leaves the rest of its chain as it stood.
use std::ops::Range;

use crate::patch::chain::End;
use crate::patch::literal::amount_literal;
use crate::patch::ports::amount_in;
use crate::patch::value::parse_amount;
use crate::patch::write::quoted;
use crate::patch::{Cable, Patch, Source, Target};

use super::EditError;
use super::doc::{Doc, Item, splice};
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
    let arrow = if feedback { "~>" } else { ">" };
    let (from, to) = (source_text(&doc.patch, from), target_text(&doc.patch, to));
    let times = amount.map_or(String::new(), |a| format!(" * {}", a.trim()));
    Ok(add(&doc, &quoted(&format!("{from} {arrow} {to}{times}"))))
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

fn none(patch: &Patch, from: Source, to: Target) -> EditError {
    let (from, to) = (source_text(patch, from), target_text(patch, to));
    EditError::Cable(format!("there is no cable {from} > {to}"))
}

fn in_group(patch: &Patch, from: Source, to: Target) -> EditError {
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
fn stretch(item: &Item, first: usize, last: usize) -> String {
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

fn end_with_amount(end: &End) -> usize {
    let bare = end.span().end;
    end.amount.as_ref().map_or(bare, |a| a.end.max(bare))
}

fn with_amount<'i>(item: &'i Item, end: &End) -> &'i str {
    item.word(&(end.span().start..end_with_amount(end)))
}

/// In the middle of a chain a port is where the signal enters; it leaves by the first output.
fn as_source<'i>(item: &'i Item, stage: usize, end: &End) -> &'i str {
    match stage {
        0 => item.word(&end.span()),
        _ => item.word(&end.module),
    }
}

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
        if !ends.iter().all(is_module) {
            return Err(in_group(&doc.patch, source, target));
        }
        if item.chain.stages[at.hop].len() == 1 {
            let end = &item.chain.stages[at.hop + 1][at.to];
            return Ok(splice(text, vec![amount_part(&item, end, amount)]));
        }
        // The amount behind several sources belongs to all of them: this cable gets a text of its own.
        let Some(list) = doc.cables() else {
            continue;
        };
        let texts: Vec<String> = apart(&item, at, amount).iter().map(|t| quoted(t)).collect();
        return Ok(entry::replace(text, &list, item.index, &texts));
    }
    let wired = |c: &Cable| c.from == source && c.to == target;
    Err(match doc.patch.cables.iter().any(wired) {
        true => in_group(&doc.patch, source, target),
        false => none(&doc.patch, source, target),
    })
}

/// A cable's place in an item: its hop, and its ends among those of both stages.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    hop: usize,
    from: usize,
    to: usize,
}

/// The chains of an item with another amount for one cable, in the same order.
fn apart(item: &Item, at: Place, amount: Option<&str>) -> Vec<String> {
    let stages = &item.chain.stages;
    let arrow = item.word(&item.chain.arrows[at.hop].span);
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
            let times = amount.map_or(String::new(), |amount| format!(" * {}", amount.trim()));
            texts.push(format!(
                "{source} {arrow} {}{times}",
                item.word(&end.span())
            ));
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
