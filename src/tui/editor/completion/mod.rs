//! What could stand at the cursor of a patch's text: kinds, names, ports, units and choices, all from the modules' specs and the
//! text's own groups.
mod bare;
mod cables;
#[cfg(test)]
mod tests;
mod values;

use crate::tui::fuzzy;

use super::scan::{Scan, scan};

pub use values::range;

/// One thing that could stand there.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub label: String,
    /// What it is, in a word or two.
    pub tag: String,
    pub doc: String,
    /// What is written for it; the cursor ends `back` characters before its end.
    pub text: String,
    pub back: usize,
}

/// What fits at a place, best first, and how many characters before the cursor it replaces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fitting {
    pub typed: String,
    pub candidates: Vec<Candidate>,
}

/// What could stand at a byte of a text.
pub fn fitting(text: &str, at: usize) -> Fitting {
    let scan = scan(text, at);
    let place = &scan.place;
    if place.in_comment {
        return Fitting::default();
    }
    let follows = text.get(at..).unwrap_or("");
    match &place.string {
        Some(string) => in_string(&scan, string),
        None => Fitting {
            candidates: among(bare::candidates(&scan, follows), &place.word),
            typed: place.word.clone(),
        },
    }
}

fn in_string(scan: &Scan, string: &str) -> Fitting {
    let frames = &scan.place.frames;
    let Some(last) = frames.last() else {
        return Fitting::default();
    };
    let list = |key: &str| {
        let before = frames.len().checked_sub(2).map(|at| &frames[at]);
        last.bracket == '[' && before.is_some_and(|f| f.key.as_deref() == Some(key))
    };
    if list("cables") {
        return cables::in_cable(string, &scan.ends());
    }
    if list("to") {
        let word = string.trim_start();
        return match word.contains(' ') {
            true => Fitting::default(),
            false => cables::knob(word, &scan.ends()),
        };
    }
    let spec = bare::spec_here(scan);
    let Some((spec, key)) = spec.zip(last.key.as_deref()) else {
        return Fitting::default();
    };
    if let Some(param) = spec.param(key) {
        return values::in_value(&spec.params[param], string);
    }
    match spec.option(key) {
        Some(option) => values::in_option(spec, &spec.options[option], string),
        None => Fitting::default(),
    }
}

/// Those that match what is typed, best first.
fn among(candidates: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
    let lower = typed.to_lowercase();
    let scored = candidates.into_iter().filter_map(|c| {
        let begins = c.label.to_lowercase().starts_with(&lower);
        let score = fuzzy::score(typed, &c.label)?;
        // In longer names letters are found anywhere.
        (begins || typed.len() >= 2).then_some((score + 1_000 * i32::from(begins), c))
    });
    let mut scored: Vec<_> = scored.collect();
    if !typed.is_empty() {
        scored.sort_by_key(|(score, _)| -score);
    }
    scored.into_iter().map(|(_, c)| c).collect()
}

fn candidate(label: &str, tag: &str, doc: &str) -> Candidate {
    Candidate {
        label: label.to_owned(),
        tag: tag.to_owned(),
        doc: doc.to_owned(),
        text: label.to_owned(),
        back: 0,
    }
}
