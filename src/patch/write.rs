//! A patch as a text in the house layout: for patches that were built by messages and have no text yet.
use crate::modules::spec::{OptionKind, OptionValue};

use super::literal::{amount_literal, literal};
use super::ports::amount_in;
use super::value::{length_text, note_name};
use super::{Cable, Input, Macro, Node, Patch, PrimeMode, Target};

/// Writes a patch. Reading the text gives the same patch again.
pub fn to_ron(patch: &Patch) -> String {
    let mut text = String::from("(\n");
    text += &format!("  name: {}", quoted(&patch.name));
    if let Some(bpm) = patch.bpm {
        text += &format!(", bpm: {bpm}");
    }
    if patch.voices != 1 {
        text += &format!(", voices: {}", patch.voices);
    }
    if patch.swing != 0.0 {
        text += &format!(", swing: {}", patch.swing);
    }
    if let Some(tuning) = &patch.tuning {
        text += &format!(", tuning: {}", tuning.written());
    }
    text += ",\n  modules: (\n";
    for node in &patch.modules {
        text += &format!("    {}: {},\n", word(&node.name), module(node));
    }
    text += "  ),\n  cables: [\n";
    for chain in chains(&patch.cables) {
        text += &format!("    {},\n", quoted(&chain_text(patch, chain)));
    }
    text += "  ],\n";
    if !patch.macros.is_empty() {
        text += "  macros: [\n";
        for knob in &patch.macros {
            text += &format!("    {},\n", macro_text(patch, knob));
        }
        text += "  ],\n";
    }
    match patch.prime {
        PrimeMode::Sound => {}
        PrimeMode::Silent => text += "  prime: Silent,\n",
        PrimeMode::Note(octaves) => text += &format!("  prime: (note: {}),\n", note(octaves)),
    }
    if patch.spill {
        text += "  spill: true,\n";
    }
    text + ")\n"
}

pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            c if c.is_control() => quoted += &format!("\\u{{{:x}}}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// A name as a bare word; RON wants a mark where it does not begin like one.
fn word(name: &str) -> String {
    let plain = name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    if plain {
        name.to_owned()
    } else {
        format!("r#{name}")
    }
}

fn module(node: &Node) -> String {
    let spec = node.spec;
    let mut args: Vec<String> = Vec::new();
    for (spec, value) in spec.options.iter().zip(&node.options) {
        if *value != spec.default_value() {
            args.push(format!("{}: {}", spec.name, option(&spec.kind, value)));
        }
    }
    for (spec, value) in spec.params.iter().zip(&node.params) {
        if *value != super::ParamValue::Fixed(spec.default) {
            args.push(format!("{}: {}", spec.name, literal(spec, *value, None)));
        }
    }
    format!("{}({})", spec.kind, args.join(", "))
}

pub fn option(kind: &OptionKind, value: &OptionValue) -> String {
    match (kind, value) {
        (OptionKind::Choice(names), OptionValue::Choice(index)) => {
            names.get(*index).copied().unwrap_or_default().to_owned()
        }
        (_, OptionValue::Choice(index)) => index.to_string(),
        (_, OptionValue::Text(text) | OptionValue::File { written: text, .. }) => quoted(text),
        (_, OptionValue::Whole(number)) => number.to_string(),
        (_, OptionValue::Length(beats)) => {
            let short = length_text(*beats as f32);
            // f32 is enough for every fraction; other lengths keep all their digits.
            match super::value::parse_length(&short) == Some(*beats) {
                true => quoted(&short),
                false => quoted(&format!("{beats}beats")),
            }
        }
    }
}

/// Runs of cables that each go on where the last one ended.
fn chains(cables: &[Cable]) -> Vec<&[Cable]> {
    let goes_on = |a: &Cable, b: &Cable| {
        a.to.input == Input::Port(0)
            && a.amount == 1.0
            && b.from.node == a.to.node
            && b.from.port == 0
    };
    cables.chunk_by(goes_on).collect()
}

fn chain_text(patch: &Patch, chain: &[Cable]) -> String {
    let mut text = String::new();
    for (index, cable) in chain.iter().enumerate() {
        if index == 0 {
            let node = &patch.modules[cable.from.node];
            text += &node.name;
            if cable.from.port != 0 {
                text += &format!(".{}", node.spec.outputs[cable.from.port].name);
            }
        }
        text += if cable.feedback { " ~> " } else { " > " };
        text += &target(patch, cable.to, Bare::First);
        if cable.amount != 1.0 {
            let to = amount_in(&patch.modules[cable.to.node], cable.to.input);
            text += &format!(" * {}", amount_literal(to, cable.amount));
        }
    }
    text
}

/// Whether the first input needs no name.
#[derive(PartialEq)]
pub enum Bare {
    First,
    Never,
}

pub fn target(patch: &Patch, to: Target, bare: Bare) -> String {
    let node = &patch.modules[to.node];
    let port = match to.input {
        Input::Port(0) if bare == Bare::First => return node.name.clone(),
        Input::Port(port) => node.spec.inputs[port].name,
        Input::Param(param) => {
            // Where a port has the parameter's name, another of its names says which is meant.
            let spec = &node.spec.params[param];
            let mut names = std::iter::once(spec.name).chain(spec.aliases.iter().copied());
            names
                .find(|name| node.spec.input(name).is_none())
                .unwrap_or(spec.name)
        }
    };
    format!("{}.{port}", node.name)
}

fn macro_text(patch: &Patch, knob: &Macro) -> String {
    let targets = knob.to.iter().map(|to| {
        let node = &patch.modules[to.target.node];
        let end = |value: super::ParamValue| match (to.target.input, value) {
            (Input::Param(param), value) => {
                let text = literal(&node.spec.params[param], value, None);
                text.trim_matches('"').to_owned()
            }
            (input, super::ParamValue::Fixed(amount) | super::ParamValue::Beats(amount)) => {
                amount_literal(amount_in(node, input), amount)
            }
        };
        let name = target(patch, to.target, Bare::Never);
        quoted(&format!("{name} {}..{}", end(to.low), end(to.high)))
    });
    let targets: Vec<String> = targets.collect();
    let (name, at) = (quoted(&knob.name), knob.at);
    format!("(name: {name}, at: {at}, to: [{}])", targets.join(", "))
}

/// A note as its name, or as a MIDI number where it has none.
fn note(octaves: f32) -> String {
    let midi = f64::from(octaves) * 12.0 + 60.0;
    let nearest = midi.round();
    let same = ((nearest - 60.0) / 12.0) as f32 == octaves;
    match same {
        true => quoted(&note_name(nearest as i32)),
        false => format!("{midi}"),
    }
}
