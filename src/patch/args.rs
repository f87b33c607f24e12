//! The values in a module's brackets, against its spec.
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::modules;
use crate::modules::module::Build;
use crate::modules::spec::{
    ModuleSpec, OptionKind, OptionSpec, OptionValue, ParamSpec, ParamValue,
};

use super::Node;
use super::diagnostic::Fix;
use super::names::{list, nearest};
use super::read::{Source, describe, is_bad, is_no_number, parse_number};
use super::spans::ArgSpans;
use super::tree::{Field, Shape, Struct, Value};
use super::value::{MOST_BEATS, ValueError, bare_value, parse_value};
use super::written::{Dimension, Written};

/// The rate at which options are tried; the builder tries them again at the real one.
const RATE: f32 = 48_000.0;

/// A module's values in the order of its spec, defaults filled in.
pub struct Args {
    pub params: Vec<ParamValue>,
    pub options: Vec<OptionValue>,
    pub param_spans: Vec<Option<ArgSpans>>,
    pub option_spans: Vec<Option<ArgSpans>>,
}

impl Args {
    /// The values of a module that was read before, none of them written here.
    fn of(node: &Node) -> Self {
        let spec = node.spec;
        Self {
            params: node.params.clone(),
            options: node.options.clone(),
            param_spans: vec![None; spec.params.len()],
            option_spans: vec![None; spec.options.len()],
        }
    }
}

/// Reads what is written; the rest is as in `base`, or the kind's defaults.
pub fn read_args(
    spec: &'static ModuleSpec,
    written: Option<&Struct>,
    base: Option<&Node>,
    source: &mut Source,
) -> Args {
    let mut args = match base {
        Some(node) => Args::of(node),
        None => Args::of(&Node::new("", spec)),
    };
    let Some(written) = written else {
        check_options(spec, &args, None, source);
        return args;
    };
    for value in written.loose.iter().filter(|v| !is_bad(v)) {
        let example = spec.params.first().map_or("name", |p| p.name);
        let message = format!(
            "{} has no name; write `{example}: value`",
            describe(source, value)
        );
        source.findings.error(value.span.clone(), message);
    }
    let mut readable = true;
    for field in &written.fields {
        readable &= read_arg(spec, field, &mut args, source);
    }
    if readable {
        check_options(spec, &args, Some(written), source);
    }
    args
}

/// One `name: value`; false where an option could not be read.
fn read_arg(spec: &ModuleSpec, field: &Field, args: &mut Args, source: &mut Source) -> bool {
    let word = source.word(&field.name);
    let (param, option) = (spec.param(word), spec.option(word));
    let spans = match (param, option) {
        (Some(param), _) => &mut args.param_spans[param],
        (None, Some(option)) => &mut args.option_spans[option],
        (None, None) => {
            unknown_arg(spec, word, &field.name, source);
            return true;
        }
    };
    if let Some(first) = spans {
        let place = source.findings.place(first.name.start);
        let message = format!("`{word}` is given twice (first at {place})");
        source.findings.error(field.name.clone(), message);
        return true;
    }
    *spans = Some(ArgSpans {
        name: field.name.clone(),
        value: field.value.span.clone(),
    });
    match (param, option) {
        (Some(param), _) => {
            if let Some(value) = read_param(&spec.params[param], &field.value, source) {
                args.params[param] = value;
            }
            true
        }
        (None, Some(option)) => match read_option(&spec.options[option], &field.value, source) {
            Some(value) => {
                args.options[option] = value;
                true
            }
            None => false,
        },
        (None, None) => true,
    }
}

fn unknown_arg(spec: &ModuleSpec, word: &str, span: &Range<usize>, source: &mut Source) {
    let kind = spec.kind;
    if spec.input(word).is_some() {
        let message =
            format!("`{word}` is an input of `{kind}`, not a value; connect it in `cables`");
        return source.findings.error(span.clone(), message);
    }
    let params = || spec.params.iter().map(|p| p.name);
    let options = || spec.options.iter().map(|o| o.name);
    let aliases = spec.params.iter().flat_map(|p| p.aliases.iter().copied());
    let near = nearest(word, params().chain(options()).chain(aliases));
    let all = || params().chain(options());
    let rest = list(all().filter(|name| Some(*name) != near));
    let hint = match near {
        Some(near) if rest.is_empty() => format!("did you mean `{near}`?"),
        Some(near) => format!("did you mean `{near}`? ({rest})"),
        None if rest.is_empty() => "it takes no values".to_owned(),
        None => format!("it has {rest}"),
    };
    let fix = near.map(|near| Fix::replace(span.clone(), near));
    let message = format!("`{kind}` has no `{word}`; {hint}");
    source.findings.fixable(span.clone(), message, fix);
}

fn read_param(spec: &ParamSpec, value: &Value, source: &mut Source) -> Option<ParamValue> {
    let literal = source.slice(&value.span);
    match &value.shape {
        Shape::Bad => None,
        Shape::Text(quoted) => match parse_value(spec, &quoted.text) {
            Ok(value) => Some(value),
            Err(error) => {
                let start = quoted.byte(error.at);
                let end = quoted.inside().end.max(start);
                source.findings.error(start..end, error.why);
                None
            }
        },
        Shape::Number if parse_number(literal).is_some() => {
            let number = parse_number(literal).unwrap_or(f64::NAN);
            in_place(bare_value(spec, number), value, source)
        }
        Shape::Word if is_no_number(literal) => {
            let number = literal.parse().unwrap_or(f64::NAN);
            in_place(bare_value(spec, number), value, source)
        }
        Shape::Number | Shape::Word => {
            let name = spec.name;
            let quotes = format!("\"{literal}\"");
            if literal.len() <= 40 && parse_value(spec, literal).is_ok() {
                let fix = Fix::replace(value.span.clone(), quotes.clone());
                let message = format!("write {quotes} with quotes");
                source
                    .findings
                    .fixable(value.span.clone(), message, Some(fix));
                return None;
            }
            let message = match literal.len() <= 40 {
                true => format!("`{literal}` is no value for `{name}`"),
                false => format!("this is no value for `{name}`"),
            };
            source.findings.error(value.span.clone(), message);
            None
        }
        _ => {
            let message = format!(
                "`{}` takes a number or a text such as \"{}\", not {}",
                spec.name,
                super::value::bound(spec, spec.default),
                describe(source, value)
            );
            source.findings.error(value.span.clone(), message);
            None
        }
    }
}

fn in_place<T>(read: Result<T, ValueError>, value: &Value, source: &mut Source) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            source.findings.error(value.span.clone(), error.why);
            None
        }
    }
}

fn read_option(spec: &OptionSpec, value: &Value, source: &mut Source) -> Option<OptionValue> {
    let name = spec.name;
    let literal = source.slice(&value.span);
    let wanted = match (&spec.kind, &value.shape) {
        (_, Shape::Bad) => return None,
        (OptionKind::Choice(names), Shape::Word) => {
            return choice(name, names, literal, value, source);
        }
        (OptionKind::Choice(names), Shape::Text(quoted)) => {
            return choice(name, names, &quoted.text, value, source);
        }
        (OptionKind::Choice(names), _) => format!("one of {}", list(names.iter().copied())),
        (OptionKind::Text(_), Shape::Text(quoted)) => {
            return Some(OptionValue::Text(quoted.text.clone()));
        }
        (OptionKind::File(_), Shape::Text(quoted)) => {
            let folder = Path::new(source.findings.file()).parent();
            let path = match quoted.text.as_str() {
                "" => PathBuf::new(),
                text => folder.unwrap_or(Path::new("")).join(text),
            };
            return Some(OptionValue::File {
                written: quoted.text.clone(),
                path,
            });
        }
        (OptionKind::File(_), _) => "the name of a file in quotes".to_owned(),
        (OptionKind::Text(_), _) => "a text in quotes".to_owned(),
        (OptionKind::Whole { min, max, .. }, Shape::Number) => {
            let number = parse_number(literal).filter(|n| n.fract() == 0.0);
            let within = number.filter(|n| (*min as f64..=*max as f64).contains(n));
            if let Some(number) = within {
                return Some(OptionValue::Whole(number as i64));
            }
            format!("a whole number from {min} to {max}")
        }
        (OptionKind::Whole { min, max, .. }, _) => {
            format!("a whole number from {min} to {max}")
        }
        (OptionKind::Length { .. }, Shape::Text(quoted)) => {
            let beats = match Written::parse(&quoted.text) {
                Some(Written::Length(beats)) => Some(beats),
                Some(Written::Unit { number, unit }) => unit
                    .dimension()
                    .filter(|(dimension, _)| *dimension == Dimension::Beats)
                    .map(|(_, factor)| number * factor),
                _ => None,
            };
            let within = beats.filter(|b| *b > 0.0 && *b <= f64::from(MOST_BEATS));
            if let Some(beats) = within {
                return Some(OptionValue::Length(beats));
            }
            "a note length such as \"1/16\"".to_owned()
        }
        (OptionKind::Length { .. }, _) => "a note length such as \"1/16\"".to_owned(),
    };
    let message = format!("`{name}` takes {wanted}, not {}", describe(source, value));
    source.findings.error(value.span.clone(), message);
    None
}

fn choice(
    option: &str,
    names: &'static [&'static str],
    word: &str,
    value: &Value,
    source: &mut Source,
) -> Option<OptionValue> {
    if let Some(index) = names.iter().position(|name| *name == word) {
        return Some(OptionValue::Choice(index));
    }
    let near = nearest(word, names.iter().copied());
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}", list(names.iter().copied())),
    };
    let fix = near.map(|near| Fix::replace(value.span.clone(), near));
    let shown = describe(source, value);
    let message = format!("`{option}` has no {shown}; {hint}");
    source.findings.fixable(value.span.clone(), message, fix);
    None
}

/// Lets the module read its options, and places what it says inside the option's text.
fn check_options(
    spec: &'static ModuleSpec,
    args: &Args,
    written: Option<&Struct>,
    source: &mut Source,
) {
    let build = Build {
        rate: RATE,
        options: &args.options,
        tuning: None,
        check: true,
    };
    let Err(error) = modules::check_options(spec, &build) else {
        return;
    };
    let spans = args.option_spans.get(error.option).cloned().flatten();
    let value = written.zip(spans).and_then(|(written, spans)| {
        let mut fields = written.fields.iter();
        fields.find(|field| field.value.span == spans.value)
    });
    let Some(field) = value else {
        let at = written.map_or(0, |w| w.inside.start);
        return source.findings.error(at..at, error.why);
    };
    let span = match &field.value.shape {
        Shape::Text(quoted) => {
            let text = &quoted.text;
            let from = text
                .char_indices()
                .nth(error.at)
                .map_or(text.len(), |(at, _)| at);
            let rest = &text[from..];
            let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
            quoted.span(from..from + len)
        }
        _ => field.value.span.clone(),
    };
    source.findings.error(span, error.why);
}
