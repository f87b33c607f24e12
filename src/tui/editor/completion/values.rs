//! Values, in quotes and without: numbers with their units, lengths, choices.
use crate::dsp::scale::SCALES;
use crate::modules::notation::DRUMS;
use crate::modules::spec::{ModuleSpec, OptionKind, OptionSpec, ParamSpec, ParamValue, Unit};
use crate::patch::value::{bound, value_text};

use super::{Candidate, Fitting, among, candidate};

/// Note lengths as people write them.
const LENGTHS: [(&str, &str); 8] = [
    ("1/1", "a bar of four"),
    ("1/2", "two beats"),
    ("1/4", "a beat"),
    ("3/16", "three sixteenths"),
    ("1/8", "an eighth"),
    ("1/8t", "an eighth of a triplet"),
    ("1/16", "a sixteenth"),
    ("1/32", "a thirty-second"),
];

/// "20 Hz..20 kHz"
pub fn range(spec: &ParamSpec) -> String {
    format!("{}..{}", bound(spec, spec.min), bound(spec, spec.max))
}

/// As patches write a value: in quotes where it has a unit.
fn literal(spec: &ParamSpec, value: f32) -> String {
    value_text(spec, ParamValue::Fixed(value), None)
}

/// Of a parameter or an option.
pub(super) fn values(spec: &ModuleSpec, key: &str) -> Vec<Candidate> {
    if let Some(param) = spec.param(key) {
        let param = &spec.params[param];
        let ends = [
            (param.default, "default"),
            (param.min, "least"),
            (param.max, "most"),
        ];
        let mut found: Vec<Candidate> = Vec::new();
        for (value, word) in ends {
            let one = candidate(&literal(param, value), word, param.doc);
            if found.iter().all(|c| c.label != one.label) {
                found.push(one);
            }
        }
        if param.unit.follows_tempo() {
            found.extend(lengths(true));
        }
        return found;
    }
    let Some(option) = spec.option(key) else {
        return Vec::new();
    };
    let option = &spec.options[option];
    match &option.kind {
        OptionKind::Choice(names) => {
            let one = |name: &&str| candidate(name, "choice", option.doc);
            names.iter().map(one).collect()
        }
        OptionKind::Text(text) | OptionKind::File(text) => {
            let one = Candidate {
                back: 1,
                ..candidate(&format!("\"{text}\""), "default", option.doc)
            };
            vec![one]
        }
        OptionKind::Whole { min, max, default } => {
            let ends = [(default, "default"), (min, "least"), (max, "most")];
            let one = |(n, word): (&i64, &str)| candidate(&n.to_string(), word, option.doc);
            ends.into_iter().map(one).collect()
        }
        OptionKind::Length { .. } => lengths(true).collect(),
    }
}

fn lengths(quoted: bool) -> impl Iterator<Item = Candidate> {
    LENGTHS.into_iter().map(move |(length, doc)| Candidate {
        text: match quoted {
            true => format!("\"{length}\""),
            false => length.to_owned(),
        },
        ..candidate(length, "length", doc)
    })
}

/// Digits, then the unit.
pub(super) fn in_value(spec: &ParamSpec, string: &str) -> Fitting {
    if string.is_empty() {
        let mut found = vec![
            (spec.default, "default"),
            (spec.min, "least"),
            (spec.max, "most"),
        ];
        found.dedup_by_key(|(value, _)| *value);
        let one = |(value, word): (f32, &str)| {
            let text = literal(spec, value);
            candidate(text.trim_matches('"'), word, spec.doc)
        };
        let mut candidates: Vec<_> = found.into_iter().map(one).collect();
        if spec.unit.follows_tempo() {
            candidates.extend(lengths(false));
        }
        return Fitting {
            typed: String::new(),
            candidates,
        };
    }
    if string.contains('/') && spec.unit.follows_tempo() {
        return Fitting {
            candidates: among(lengths(false).collect(), string),
            typed: string.to_owned(),
        };
    }
    after_number(string, units(spec.unit))
}

pub(super) fn after_number(string: &str, units: &[(&str, &str)]) -> Fitting {
    let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | ' ');
    let typed = string.trim_start_matches(number);
    if typed.len() == string.len() {
        return Fitting::default();
    }
    let one = |(unit, doc): &(&str, &str)| candidate(unit, "unit", doc);
    Fitting {
        candidates: among(units.iter().map(one).collect(), typed),
        typed: typed.to_owned(),
    }
}

pub(super) fn units(unit: Unit) -> &'static [(&'static str, &'static str)] {
    match unit {
        Unit::Plain => &[("%", "hundredths")],
        Unit::Hz | Unit::TempoHz | Unit::HzShift => &[("Hz", "hertz"), ("kHz", "1,000 hertz")],
        Unit::Seconds | Unit::TempoSeconds => &[("ms", "milliseconds"), ("s", "seconds")],
        Unit::Decibels => &[("dB", "decibels")],
        Unit::Octaves | Unit::Semitones | Unit::Cents => &[
            ("st", "semitones"),
            ("oct", "octaves"),
            ("cents", "hundredths of a semitone"),
        ],
    }
}

pub(super) fn in_option(spec: &ModuleSpec, option: &OptionSpec, string: &str) -> Fitting {
    let typed = string
        .rsplit([' ', '[', '<', '{', ','])
        .next()
        .unwrap_or("");
    let candidates = match option.kind {
        OptionKind::Length { .. } => {
            return Fitting {
                candidates: among(lengths(false).collect(), string),
                typed: string.to_owned(),
            };
        }
        OptionKind::Text(_) if option.name == "scale" && string.contains(' ') => {
            let one = |(name, _): &(&str, &[u8])| candidate(name, "scale", "");
            SCALES.iter().map(one).collect()
        }
        // Its words are its outputs.
        OptionKind::Text(_) if spec.output(DRUMS[0].0).is_some() && !typed.is_empty() => {
            let doc = |name: &str| spec.output(name).map_or("", |o| spec.outputs[o].doc);
            let one = |(name, _): &(&str, &[&str])| candidate(name, "drum", doc(name));
            DRUMS.iter().map(one).collect()
        }
        _ => return Fitting::default(),
    };
    Fitting {
        candidates: among(candidates, typed),
        typed: typed.to_owned(),
    }
}
