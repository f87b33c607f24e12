//! Values as patch texts write them: the shortest text that reads back as the same value.
use crate::modules::spec::{Law, ParamSpec, ParamValue, Unit};

use super::value::{AmountIn, length_text, note_name, parse_amount, parse_value};
use super::written::{Dimension, Written};

/// A value as a literal of a patch, quotes and all, in the unit of the literal that stood there before.
pub fn literal(spec: &ParamSpec, value: ParamValue, before: Option<&str>) -> String {
    let number = match value {
        ParamValue::Beats(beats) => return quoted(&length_text(beats)),
        ParamValue::Fixed(number) => number,
    };
    let Some(inside) = before.and_then(unquoted) else {
        return match before {
            Some(bare) => bare_number(number, bare.contains('.')),
            None => in_usual_unit(spec, number),
        };
    };
    match Written::parse(inside) {
        Some(Written::Bare(_)) => quoted(&bare_number(number, inside.contains('.'))),
        Some(Written::Note(_)) => match as_note(spec, number) {
            Some(name) => quoted(&name),
            None => in_usual_unit(spec, number),
        },
        Some(Written::Unit { unit, .. }) => match unit.dimension() {
            Some((dimension, factor)) if dimension != Dimension::Beats => {
                let space = if unit.spaced { " " } else { "" };
                with_unit(spec, number, factor, &format!("{space}{}", unit.word))
            }
            _ => in_usual_unit(spec, number),
        },
        Some(Written::Length(_)) | None => in_usual_unit(spec, number),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn unquoted(literal: &str) -> Option<&str> {
    let literal = literal.strip_prefix('r').unwrap_or(literal);
    let literal = literal.trim_matches('#');
    literal.strip_prefix('"')?.strip_suffix('"')
}

fn bare_number(number: f32, point: bool) -> String {
    match point && number.fract() == 0.0 {
        true => format!("{number:.1}"),
        false => format!("{number}"),
    }
}

fn in_usual_unit(spec: &ParamSpec, number: f32) -> String {
    match spec.unit {
        Unit::Plain => bare_number(number, false),
        Unit::Hz | Unit::TempoHz if number >= 10_000.0 => with_unit(spec, number, 1e3, "kHz"),
        Unit::Hz | Unit::TempoHz | Unit::HzShift => with_unit(spec, number, 1.0, "Hz"),
        Unit::Seconds | Unit::TempoSeconds if number < 1.0 => with_unit(spec, number, 1e-3, "ms"),
        Unit::Seconds | Unit::TempoSeconds => with_unit(spec, number, 1.0, "s"),
        Unit::Decibels => with_unit(spec, number, 1.0, "dB"),
        Unit::Octaves => with_unit(spec, number, 1.0, "oct"),
        Unit::Semitones => with_unit(spec, number, 1.0 / 12.0, "st"),
        Unit::Cents => with_unit(spec, number, 1.0 / 1200.0, "cents"),
    }
}

/// `factor` of the unit's dimension, which for intervals is octaves.
fn with_unit(spec: &ParamSpec, number: f32, factor: f64, unit: &str) -> String {
    let to_dimension = match spec.unit {
        Unit::Semitones => 1.0 / 12.0,
        Unit::Cents => 1.0 / 1200.0,
        _ => 1.0,
    };
    let scaled = f64::from(number) * to_dimension / factor;
    let same = |text: &str| parse_value(spec, text) == Ok(ParamValue::Fixed(number));
    quoted(&shortest(scaled, unit, same))
}

/// The number with as few decimals as read back the same.
fn shortest(number: f64, unit: &str, same: impl Fn(&str) -> bool) -> String {
    for decimals in 0..12 {
        let text = format!("{number:.decimals$}{unit}");
        if same(&text) {
            return text;
        }
    }
    format!("{number}{unit}")
}

fn as_note(spec: &ParamSpec, number: f32) -> Option<String> {
    let midi = match spec.unit {
        Unit::Hz | Unit::TempoHz => 69.0 + 12.0 * (f64::from(number) / 440.0).log2(),
        Unit::Octaves => 60.0 + 12.0 * f64::from(number),
        Unit::Semitones => 60.0 + f64::from(number),
        _ => return None,
    };
    let name = note_name(midi.round() as i32);
    let same = parse_value(spec, &name) == Ok(ParamValue::Fixed(number));
    same.then_some(name)
}

/// A cable's amount as its text has it behind the `*`.
pub fn amount_literal(to: AmountIn<'_>, amount: f32) -> String {
    let unit = match to {
        _ if super::ports::is_pitch(to) => "oct",
        AmountIn::Param(spec) if spec.unit.law() == Law::Octaves => "oct",
        AmountIn::Param(spec) => match spec.unit {
            Unit::Decibels => "dB",
            Unit::Octaves => "oct",
            _ => "",
        },
        AmountIn::Port(_) => "",
    };
    shortest(f64::from(amount), unit, |text| {
        parse_amount(to, text) == Ok(amount)
    })
}
