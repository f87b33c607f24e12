//! Patterns while they play: the sequences, rhythms and drum patterns of the patch, one of them as a grid with its text below it.
//! Edits go the way of all edits (bench, build, prime) and are swapped in as soon as they can be heard; knobs turn at once.
mod acts;
mod drums;
pub mod hear;
pub mod kit;
mod view;
pub mod words;

use std::collections::HashMap;
use std::sync::Arc;

use crate::modules::spec::{OptionKind, OptionValue, ParamValue};
use crate::patch::{Node, Patch};
use crate::tui::app::App;
use crate::tui::sounding;

pub use acts::*;
pub use view::draw;
use words::{Notation, Words};

#[derive(Default)]
pub struct PatternScreen {
    /// The module in focus, by name, so that it survives edits.
    module: Option<String>,
    row: usize,
    /// Of drums: the step.
    column: usize,
    pub hear: hear::Hear,
    /// What gates stood at before they were muted.
    open: HashMap<(String, &'static str), ParamValue>,
}

/// What a module's pattern is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A row for each word of an option's text.
    Rows { option: usize, notation: Notation },
    /// A row for each drum.
    Drums { option: usize },
    /// A row for each knob.
    Rhythm,
}

/// How a module's pattern is shown; none where it has none.
pub fn shape(node: &Node) -> Option<Shape> {
    let text = |o: &crate::modules::spec::OptionSpec| matches!(o.kind, OptionKind::Text(_));
    if node.spec.param("hits").is_some() && node.spec.param("turn").is_some() {
        return Some(Shape::Rhythm);
    }
    if !sounding::has_words(node) {
        return None;
    }
    let words = sounding::read(node)?.words();
    let option = words.first().map(|part| part.option);
    let option = option.or_else(|| node.spec.options.iter().position(text))?;
    Some(match () {
        () if node.spec.output("bd").is_some() => Shape::Drums { option },
        () if node.spec.option("steps").is_some() => Shape::Rows {
            option,
            notation: Notation::Steps,
        },
        () if node.spec.option("pattern").is_some() => Shape::Rows {
            option,
            notation: Notation::Mini,
        },
        () => return None,
    })
}

/// The patch that is shown: the one being worked on, else what plays.
pub fn patch(app: &App) -> Option<Arc<Patch>> {
    let bench = app.view.bench.as_ref().map(|b| b.patch.clone());
    bench.or_else(|| app.loaded(app.view.live).map(|l| l.patch.clone()))
}

/// Its modules that have patterns.
pub fn modules(patch: &Patch) -> Vec<&Node> {
    let all = patch.modules.iter();
    all.filter(|node| shape(node).is_some()).collect()
}

/// The module in focus, and how it is shown.
pub fn here(app: &App) -> Option<(Node, Shape)> {
    let patch = patch(app)?;
    let all = modules(&patch);
    let named = |node: &&&Node| Some(&node.name) == app.pattern.module.as_ref();
    let node = all.iter().find(named).or(all.first())?;
    Some(((*node).clone(), shape(node)?))
}

/// The text of an option.
pub fn text(node: &Node, option: usize) -> String {
    match &node.options[option] {
        OptionValue::Text(text) => text.clone(),
        _ => String::new(),
    }
}

/// The words of a module that is shown by rows.
pub fn words(node: &Node, option: usize, notation: Notation) -> Words {
    let parts = sounding::read(node).map(|w| w.words()).unwrap_or_default();
    let of_option = parts.into_iter().filter(|p| p.option == option);
    let places: Vec<_> = of_option.map(|p| p.chars).collect();
    Words::new(&text(node, option), notation, &places)
}

/// Rows of a module's grid.
pub fn rows(node: &Node, shape: Shape) -> usize {
    match shape {
        Shape::Rows { option, notation } => words(node, option, notation).places.len(),
        Shape::Drums { .. } => crate::modules::notation::DRUMS.len(),
        Shape::Rhythm => node.spec.params.len(),
    }
}

/// The knob that silences a pattern at once.
pub fn gate(node: &Node) -> Option<usize> {
    node.spec
        .param("gate")
        .or_else(|| node.spec.param("length"))
}

pub fn is_muted(node: &Node) -> bool {
    gate(node).is_some_and(|g| node.params[g] == ParamValue::Fixed(0.0))
}

pub fn move_by(app: &mut App, by: isize) {
    let Some((node, shape)) = here(app) else {
        return;
    };
    let last = rows(&node, shape).saturating_sub(1);
    let row = app.pattern.row.min(last);
    app.pattern.row = row.saturating_add_signed(by).min(last);
}
