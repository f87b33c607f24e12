//! The `macros` of a patch text: one knob over several values.
use std::ops::Range;

use super::cable_names::{find_node, report, report_port};
use super::chain::parse_end;
use super::modules_text::Names;
use super::ports;
use super::quoted::Quoted;
use super::read::{Source, describe, is_bad};
use super::tree::{Shape, Struct, Value};
use super::value::{parse_amount, parse_value};
use super::{Input, Macro, MacroTarget, ParamValue, Patch, Target};

pub fn read_macros(value: &Value, names: &Names, patch: &Patch, source: &mut Source) -> Vec<Macro> {
    let Shape::List(items) = &value.shape else {
        if !is_bad(value) {
            let shown = describe(source, value);
            let message =
                format!("`macros` takes a list of (name: …, at: …, to: […]), not {shown}");
            source.findings.error(value.span.clone(), message);
        }
        return Vec::new();
    };
    let mut macros: Vec<Macro> = Vec::new();
    for item in items.iter().filter(|item| !is_bad(item)) {
        match &item.shape {
            Shape::Struct(group) if group.name.is_none() => {
                let Some(read) = read_macro(item, group, names, patch, source) else {
                    continue;
                };
                if macros.iter().any(|m| m.name == read.name) {
                    let message = format!("a macro \"{}\" is there already", read.name);
                    source.findings.error(item.span.clone(), message);
                }
                macros.push(read);
            }
            _ => {
                let shown = describe(source, item);
                let message = format!("a macro is (name: …, at: …, to: […]), not {shown}");
                source.findings.error(item.span.clone(), message);
            }
        }
    }
    macros
}

fn read_macro(
    item: &Value,
    group: &Struct,
    names: &Names,
    patch: &Patch,
    source: &mut Source,
) -> Option<Macro> {
    let (mut name, mut at, mut to) = (None, 0.0, Vec::new());
    let mut known: Vec<&str> = Vec::new();
    for value in group.loose.iter().filter(|v| !is_bad(v)) {
        let shown = describe(source, value);
        let message = format!("{shown} has no field name; a macro has name, at, to");
        source.findings.error(value.span.clone(), message);
    }
    for field in &group.fields {
        let word = source.slice(&field.name);
        if known.contains(&word) {
            let message = format!("`{word}` is given twice");
            source.findings.error(field.name.clone(), message);
            continue;
        }
        known.push(word);
        let value = &field.value;
        match (word, &value.shape) {
            (_, Shape::Bad) => {}
            ("name", Shape::Text(text)) => name = Some(text.text.clone()),
            ("at", _) => match source.number("at", value) {
                Some(number) if (0.0..=1.0).contains(&number) => at = number as f32,
                Some(number) => {
                    let message = format!("`at` goes from 0 to 1, not {number}");
                    source.findings.error(value.span.clone(), message);
                }
                None => {}
            },
            ("to", Shape::List(items)) => {
                for item in items {
                    to.extend(read_target(item, names, patch, source));
                }
            }
            ("name", _) => wrong(
                field.value.span.clone(),
                "`name` takes a text in quotes",
                source,
            ),
            ("to", _) => {
                let message = "`to` takes a list such as [\"vcf.cutoff 200Hz..4kHz\"]";
                wrong(value.span.clone(), message, source);
            }
            _ => {
                let message = format!("unknown field `{word}`; a macro has name, at, to");
                source.findings.error(field.name.clone(), message);
            }
        }
    }
    let Some(name) = name else {
        if !known.contains(&"name") {
            let message = "a macro needs a name: (name: \"bright\", …)";
            wrong(item.span.start..item.span.start + 1, message, source);
        }
        return None;
    };
    Some(Macro { name, at, to })
}

fn wrong(span: Range<usize>, message: &str, source: &mut Source) {
    source.findings.error(span, message);
}

/// One "op1.fm 0.1..0.9".
fn read_target(
    item: &Value,
    names: &Names,
    patch: &Patch,
    source: &mut Source,
) -> Option<MacroTarget> {
    let Shape::Text(quoted) = &item.shape else {
        if !is_bad(item) {
            let shown = describe(source, item);
            let message = format!("a target is a text such as \"vcf.res 0.1..0.9\", not {shown}");
            source.findings.error(item.span.clone(), message);
        }
        return None;
    };
    let text = quoted.text.as_str();
    let start = text.len() - text.trim_start().len();
    let Some(len) = text[start..].find(char::is_whitespace) else {
        let message = "a target needs a range: \"vcf.res 0.1..0.9\"";
        source.findings.error(quoted.inside(), message);
        return None;
    };
    let end = match parse_end(&text[..start + len]) {
        Ok(end) => end,
        Err(mistake) => {
            report(&mistake, quoted, source);
            return None;
        }
    };
    let node = find_node(text, &end.module, quoted, names, source)?;
    let module = &patch.modules[node];
    let port = end.port.as_ref().map(|port| &text[port.clone()]);
    let input = match ports::input(&module.name, module.spec, port) {
        Ok(input) => input,
        Err(error) => {
            report_port(error, &end, quoted, source);
            return None;
        }
    };
    let target = Target { node, input };
    let (low, high) = read_range(start + len, target, patch, quoted, source)?;
    if matches!(input, Input::Port(_)) && !patch.cables.iter().any(|c| c.to == target) {
        let name = ports::input_name(module.spec, input);
        let message = format!(
            "no cable enters `{}.{name}`, so this moves nothing",
            module.name
        );
        source.findings.warn(quoted.span(end.span()), message);
    }
    Some(MacroTarget { target, low, high })
}

/// The "0.1..0.9" that begins at byte `from` of the text.
fn read_range(
    from: usize,
    target: Target,
    patch: &Patch,
    quoted: &Quoted,
    source: &mut Source,
) -> Option<(ParamValue, ParamValue)> {
    let module = &patch.modules[target.node];
    let read = |text: &str| match target.input {
        Input::Param(param) => parse_value(&module.spec.params[param], text),
        Input::Port(_) => {
            parse_amount(ports::amount_in(module, target.input), text).map(ParamValue::Fixed)
        }
    };
    let range = &quoted.text[from..];
    let mut first_error = None;
    // "1/8...1/4" has two places to split; the one where both sides are values is meant.
    for split in [0, 1] {
        let Some(dots) = range.find("..").map(|at| at + split) else {
            let span = quoted.span(from + lead(range)..quoted.text.len());
            let message = "a range has two ends: \"0.1..0.9\"";
            source.findings.error(span, message);
            return None;
        };
        let (Some(low_text), Some(high_text)) = (range.get(..dots), range.get(dots + 2..)) else {
            break;
        };
        if !range[dots..].starts_with("..") {
            break;
        }
        match (read(low_text.trim()), read(high_text.trim())) {
            (Ok(low), Ok(high)) if same_form(low, high) => return Some((low, high)),
            (Ok(_), Ok(_)) => {
                let span = quoted.span(from + lead(range)..quoted.text.len());
                let message = "both ends of a range are note lengths, or neither is";
                first_error.get_or_insert((span, message.to_owned()));
            }
            (Err(error), _) => {
                let start = from + lead(low_text);
                let span = quoted.span(start..start + low_text.trim().len());
                first_error.get_or_insert((span, error.why));
            }
            (_, Err(error)) => {
                let start = from + dots + 2 + lead(high_text);
                let span = quoted.span(start..start + high_text.trim().len());
                first_error.get_or_insert((span, error.why));
            }
        }
    }
    if let Some((span, why)) = first_error {
        source.findings.error(span, why);
    }
    None
}

fn lead(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn same_form(low: ParamValue, high: ParamValue) -> bool {
    matches!(
        (low, high),
        (ParamValue::Fixed(_), ParamValue::Fixed(_)) | (ParamValue::Beats(_), ParamValue::Beats(_))
    )
}
