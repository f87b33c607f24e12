//! The rows of a patch: a line for each port, knob and choice of each module.
use std::collections::HashSet;

use crate::modules::spec::{OptionKind, OptionValue};
use crate::patch::value::length_text;
use crate::patch::{Input, Node, Patch, Source, Target};

/// A line of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    In(usize),
    Param(usize),
    Choice(usize),
    Out(usize),
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub node: usize,
    pub field: Field,
    /// The module's name stands on it.
    pub first: bool,
}

impl Row {
    /// Where a cable into this row ends.
    pub fn target(&self) -> Option<Target> {
        let input = match self.field {
            Field::In(port) => Input::Port(port),
            Field::Param(param) => Input::Param(param),
            Field::Choice(_) | Field::Out(_) => return None,
        };
        Some(Target {
            node: self.node,
            input,
        })
    }

    /// Something that is turned.
    pub fn is_knob(&self) -> bool {
        matches!(self.field, Field::Param(_) | Field::Choice(_))
    }

    pub fn source(&self) -> Option<Source> {
        match self.field {
            Field::Out(port) => Some(Source {
                node: self.node,
                port,
            }),
            _ => None,
        }
    }
}

pub fn field_of(input: Input) -> Field {
    match input {
        Input::Port(port) => Field::In(port),
        Input::Param(param) => Field::Param(param),
    }
}

/// All rows of a patch, in the order of signal within each module: inputs, knobs, choices, outputs.
pub fn rows(patch: &Patch, wired_only: bool) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let ends = patch.cables.iter().flat_map(|cable| {
        let to = (cable.to.node, field_of(cable.to.input));
        [(cable.from.node, Field::Out(cable.from.port)), to]
    });
    let wired: HashSet<(usize, Field)> = match wired_only {
        true => ends.collect(),
        false => HashSet::new(),
    };
    for (node, module) in patch.modules.iter().enumerate() {
        let spec = module.spec;
        let fields = (0..spec.inputs.len())
            .map(Field::In)
            .chain((0..spec.params.len()).map(Field::Param))
            .chain((0..spec.options.len()).map(Field::Choice))
            .chain((0..spec.outputs.len()).map(Field::Out));
        let all: Vec<Field> = fields.collect();
        let stays = |field: &&Field| !wired_only || wired.contains(&(node, **field));
        let mut shown: Vec<Field> = all.iter().filter(stays).copied().collect();
        // A module without cables keeps one row, or it could not be found any more.
        if shown.is_empty() {
            shown.extend(all.first());
        }
        for (i, field) in shown.into_iter().enumerate() {
            rows.push(Row {
                node,
                field,
                first: i == 0,
            });
        }
    }
    rows
}

/// The row in focus: where the focus was, else the first knob.
pub fn focused(focus: &Option<(String, Field)>, patch: &Patch, rows: &[Row]) -> usize {
    let same_module = |row: &Row| {
        let name = focus.as_ref().map(|(name, _)| name);
        name.is_some_and(|name| patch.modules[row.node].name == *name)
    };
    let same = |row: &Row| {
        let field = focus.as_ref().map(|(_, field)| *field);
        same_module(row) && field == Some(row.field)
    };
    let knob = |row: &Row| matches!(row.field, Field::Param(_));
    rows.iter()
        .position(same)
        .or_else(|| rows.iter().position(same_module))
        .or_else(|| rows.iter().position(knob))
        .unwrap_or(0)
}

/// "Tri", "\"C2 C2\"", "1/16".
pub fn option_text(node: &Node, option: usize) -> String {
    let names = match node.spec.options[option].kind {
        OptionKind::Choice(names) => names,
        _ => &[],
    };
    match &node.options[option] {
        OptionValue::Choice(i) => names.get(*i).copied().unwrap_or("?").to_owned(),
        OptionValue::Text(text) | OptionValue::File { written: text, .. } => format!("\"{text}\""),
        OptionValue::Whole(n) => n.to_string(),
        OptionValue::Length(beats) if *beats <= 0.0 => "-".to_owned(),
        OptionValue::Length(beats) => length_text(*beats as f32),
    }
}
