//! Values as people write and read them: numbers with units, notes, note lengths.
use crate::modules::spec::{Law, ParamSpec, ParamValue, Signal, Unit};

use super::written::{Dimension, Written};

pub use super::literal::{amount_literal as amount_text, literal as value_text};
pub use super::written::{note_name, parse_length, parse_note};

/// Why a text is no value. `at` is where in the text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    pub at: usize,
    pub why: String,
}

impl ValueError {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self {
            at: 0,
            why: why.into(),
        }
    }
}

/// What a cable's amount means at its destination.
#[derive(Clone, Copy, Debug)]
pub enum AmountIn<'a> {
    /// A factor.
    Port(Signal),
    /// What a signal of 1 adds, in the parameter's law.
    Param(&'a ParamSpec),
}

/// Reads what stands in a parameter's field: "440", "1.2kHz", "A3", "-12dB", "3/16".
pub fn parse_value(spec: &ParamSpec, text: &str) -> Result<ParamValue, ValueError> {
    let value = match Written::parse(text) {
        Some(written) => convert(spec, &written, text)?,
        None => return Err(ValueError::new(not_a_value(spec, text))),
    };
    check_range(spec, value)
}

/// A bare number, in the parameter's unit.
pub fn bare_value(spec: &ParamSpec, number: f64) -> Result<ParamValue, ValueError> {
    check_range(spec, ParamValue::Fixed(number as f32))
}

/// The value itself where the parameter can have it; else the error names the range.
pub fn check_range(spec: &ParamSpec, value: ParamValue) -> Result<ParamValue, ValueError> {
    let name = spec.name;
    match value {
        ParamValue::Fixed(v) if (spec.min..=spec.max).contains(&v) => Ok(value),
        ParamValue::Fixed(v) => Err(ValueError::new(format!(
            "`{name}` goes from {} to {}, not {}",
            bound(spec, spec.min),
            bound(spec, spec.max),
            bound(spec, v),
        ))),
        ParamValue::Beats(_) if !spec.unit.follows_tempo() => Err(ValueError::new(format!(
            "`{name}` does not follow the tempo; try {}",
            hint(spec.unit)
        ))),
        ParamValue::Beats(b) if b > 0.0 && b <= MOST_BEATS => Ok(value),
        ParamValue::Beats(b) => Err(ValueError::new(format!(
            "a note length is above 0 and at most {MOST_BEATS} beats, not {b}"
        ))),
    }
}

/// 64 bars of four.
pub const MOST_BEATS: f32 = 256.0;

fn convert(spec: &ParamSpec, written: &Written, text: &str) -> Result<ParamValue, ValueError> {
    let (number, dimension) = match written {
        Written::Bare(number) => return Ok(ParamValue::Fixed(*number as f32)),
        Written::Note(midi) => (*midi, Dimension::Note),
        Written::Length(beats) => (*beats, Dimension::Beats),
        Written::Unit { number, unit } => match unit.dimension() {
            Some((dimension, factor)) => (number * factor, dimension),
            None => return Err(ValueError::new(unknown_unit(unit.word, text, spec.unit))),
        },
    };
    let octaves_from_c4 = (number - 60.0) / 12.0;
    let value = match (spec.unit, dimension) {
        (Unit::Hz | Unit::TempoHz | Unit::HzShift, Dimension::Frequency)
        | (Unit::Seconds | Unit::TempoSeconds, Dimension::Time)
        | (Unit::Decibels, Dimension::Level)
        | (Unit::Octaves, Dimension::Pitch)
        | (Unit::Plain, Dimension::Share) => number,
        (Unit::Semitones, Dimension::Pitch) => number * 12.0,
        (Unit::Cents, Dimension::Pitch) => number * 1200.0,
        (Unit::Hz | Unit::TempoHz, Dimension::Note) => 440.0 * ((number - 69.0) / 12.0).exp2(),
        (Unit::Octaves, Dimension::Note) => octaves_from_c4,
        (Unit::Semitones, Dimension::Note) => number - 60.0,
        (unit, Dimension::Beats) if unit.follows_tempo() => {
            return Ok(ParamValue::Beats(number as f32));
        }
        (unit, _) => {
            return Err(ValueError::new(format!(
                "\"{text}\" is {}; `{}` takes {}",
                dimension.name(),
                spec.name,
                hint(unit)
            )));
        }
    };
    Ok(ParamValue::Fixed(value as f32))
}

fn unknown_unit(word: &str, text: &str, wanted: Unit) -> String {
    format!("unknown unit `{word}` in \"{text}\"; try {}", hint(wanted))
}

fn not_a_value(spec: &ParamSpec, text: &str) -> String {
    let hint = hint(spec.unit);
    format!("\"{text}\" is no value for `{}`; try {hint}", spec.name)
}

/// What may be written, for "try …".
fn hint(unit: Unit) -> &'static str {
    match unit {
        Unit::Plain => "a number or %",
        Unit::Hz | Unit::TempoHz | Unit::HzShift => "Hz or kHz",
        Unit::Seconds => "ms or s",
        Unit::TempoSeconds => "ms, s or a note length such as 1/8",
        Unit::Decibels => "dB",
        Unit::Octaves | Unit::Semitones | Unit::Cents => "oct, st or cents",
    }
}

/// Reads a cable's amount: "0.4", "2.5oct", "7st", "-6dB", "30%".
pub fn parse_amount(to: AmountIn<'_>, text: &str) -> Result<f32, ValueError> {
    let Some(written) = Written::parse(text) else {
        return Err(ValueError::new(format!(
            "`{text}` is no amount; try {}",
            amount_hint(to)
        )));
    };
    let (number, dimension) = match &written {
        Written::Bare(number) => return check_amount(to, *number),
        Written::Unit { number, unit } => match unit.dimension() {
            Some((dimension, factor)) => (number * factor, dimension),
            None => {
                return Err(ValueError::new(format!(
                    "unknown unit `{}` in `{text}`; try {}",
                    unit.word,
                    amount_hint(to)
                )));
            }
        },
        Written::Note(_) => (0.0, Dimension::Note),
        Written::Length(_) => (0.0, Dimension::Beats),
    };
    let amount = match (to, dimension) {
        (AmountIn::Port(Signal::Pitch), Dimension::Pitch) => number,
        (AmountIn::Port(Signal::Pitch), _) => return Err(wrong_amount(to, text, dimension)),
        (AmountIn::Port(_), Dimension::Level) => 10f64.powf(number / 20.0),
        (AmountIn::Port(_), Dimension::Share) => number,
        (AmountIn::Param(spec), Dimension::Pitch) => match (spec.unit.law(), spec.unit) {
            (Law::Octaves, _) | (_, Unit::Octaves) => number,
            (_, Unit::Semitones) => number * 12.0,
            (_, Unit::Cents) => number * 1200.0,
            _ => return Err(wrong_amount(to, text, dimension)),
        },
        (AmountIn::Param(spec), Dimension::Level) if spec.unit == Unit::Decibels => number,
        (AmountIn::Param(spec), Dimension::Share) if spec.unit == Unit::Plain => number,
        (AmountIn::Param(spec), Dimension::Frequency) if spec.unit == Unit::HzShift => number,
        _ => return Err(wrong_amount(to, text, dimension)),
    };
    check_amount(to, amount)
}

/// The largest amount that a cable can have, either way.
pub fn most_amount(to: AmountIn<'_>) -> f64 {
    match to {
        // More octaves than from the lowest to the highest frequency there is.
        AmountIn::Param(spec) if spec.unit.law() == Law::Octaves => 24.0,
        AmountIn::Param(spec) if spec.unit.law() == Law::Decibels => 120.0,
        _ => 10_000.0,
    }
}

/// An amount that a cable can have.
pub fn check_amount(to: AmountIn<'_>, amount: f64) -> Result<f32, ValueError> {
    let most = most_amount(to);
    if (-most..=most).contains(&amount) {
        return Ok(amount as f32);
    }
    Err(ValueError::new(format!(
        "an amount here goes from -{most} to {most}, not {}",
        number_text(amount)
    )))
}

fn wrong_amount(to: AmountIn<'_>, text: &str, dimension: Dimension) -> ValueError {
    let (is, hint) = (dimension.name(), amount_hint(to));
    ValueError::new(format!("`{text}` is {is}; the amount here is in {hint}"))
}

/// What an amount may be written in.
pub fn amount_hint(to: AmountIn<'_>) -> &'static str {
    match to {
        AmountIn::Port(Signal::Pitch) => "oct, st or cents",
        AmountIn::Port(_) => "a number, % or dB",
        AmountIn::Param(spec) => match (spec.unit.law(), spec.unit) {
            (Law::Octaves, _) => "oct, st or cents",
            (Law::Decibels, _) => "dB",
            (_, Unit::Plain) => "a number or %",
            _ => "oct, st or cents",
        },
    }
}

/// A value as screens show it: "400 Hz", "1.20 kHz", "-12.0 dB", "180 ms", "3/16".
pub fn format_value(spec: &ParamSpec, value: ParamValue) -> String {
    let value = match value {
        ParamValue::Fixed(v) => v,
        ParamValue::Beats(beats) => return length_text(beats),
    };
    let (number, unit) = scaled(spec.unit, value);
    let decimals = match spec.unit {
        Unit::Decibels | Unit::Semitones => 1,
        Unit::Cents => 0,
        Unit::Plain | Unit::Octaves => 2,
        _ if number.abs() < 9.995 => 2,
        _ if number.abs() < 99.95 => 1,
        _ => 0,
    };
    let decimals = match spec.unit {
        Unit::Decibels | Unit::Semitones | Unit::Plain | Unit::Octaves => finer(number, decimals),
        _ => decimals,
    };
    let mut text = format!("{number:.decimals$}");
    if text.starts_with('-') && !text.contains(|c: char| ('1'..='9').contains(&c)) {
        text.remove(0);
    }
    match unit {
        "" => text,
        unit => format!("{text} {unit}"),
    }
}

/// One decimal more where that says more: what a fine turn changes is seen.
fn finer(number: f64, decimals: usize) -> usize {
    let rounded = |decimals: usize| {
        let step = 10f64.powi(decimals as i32);
        (number * step).round() / step
    };
    let more = (rounded(decimals + 1) - rounded(decimals)).abs() > 1e-9;
    decimals + usize::from(more)
}

/// An amount as screens show it: "2.50 oct", "-6.0 dB", "0.40".
pub fn format_amount(to: AmountIn<'_>, amount: f32) -> String {
    match to {
        _ if super::ports::is_octaves(to) => format!("{amount:.2} oct"),
        AmountIn::Param(spec) => format_value(spec, ParamValue::Fixed(amount)),
        AmountIn::Port(_) => format!("{amount:.2}"),
    }
}

/// A value rounded to what people read: three digits, four from 1,000 on. Knobs step along these.
pub fn tidy(spec: &ParamSpec, value: f32) -> f32 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let magnitude = f64::from(value.abs()).log10().floor();
    let digits = if magnitude >= 3.0 { 3.0 } else { 2.0 };
    let step = 10f64.powf(digits - magnitude);
    let rounded = (f64::from(value) * step).round() / step;
    (rounded as f32).clamp(spec.min, spec.max)
}

/// A limit of a range, without needless digits: "20 kHz".
pub fn bound(spec: &ParamSpec, value: f32) -> String {
    if !value.is_finite() {
        return format!("{value}");
    }
    let (number, unit) = scaled(spec.unit, value);
    // f32 first: 0.1 is meant where 0.10000000149 stands.
    let number = number_text(f64::from(number as f32));
    match unit {
        "" => number,
        unit => format!("{number} {unit}"),
    }
}

fn number_text(number: f64) -> String {
    match number.abs() >= 1e9 {
        true => format!("{number:e}"),
        // The shortest text of an f32 is shorter than that of the same f64.
        false => format!("{}", number as f32),
    }
}

fn scaled(unit: Unit, value: f32) -> (f64, &'static str) {
    let v = f64::from(value);
    match unit {
        Unit::Hz | Unit::TempoHz if v.abs() >= 999.5 => (v / 1e3, "kHz"),
        Unit::Seconds | Unit::TempoSeconds if v.abs() < 0.9995 && v != 0.0 => (v * 1e3, "ms"),
        unit => (v, unit.label()),
    }
}

/// "3/16", "1/8t"; in beats where it is no such fraction.
pub fn length_text(beats: f32) -> String {
    let whole_notes = f64::from(beats) / 4.0;
    for (factor, mark) in [(1.0, ""), (1.5, "t")] {
        for shift in 0..=7 {
            let denominator = 1u32 << shift;
            let numerator = (whole_notes * factor * f64::from(denominator)).round();
            let text = format!("{numerator}/{denominator}{mark}");
            // Only where it is exactly this value again.
            if (1.0..=1024.0).contains(&numerator)
                && parse_length(&text).is_some_and(|b| b as f32 == beats)
            {
                return text;
            }
        }
    }
    format!("{beats}beats")
}
