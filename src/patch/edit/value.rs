//! One value of a patch's text anew: every other byte stays.
use crate::modules::spec::{OptionValue, ParamValue};
use crate::patch::diagnostic::Fix;
use crate::patch::literal::literal;
use crate::patch::names::nearest;
use crate::patch::spans::{ModuleSpans, Within};
use crate::patch::value::check_range;
use crate::patch::write;

use super::EditError;
use super::amounts;
use super::doc::{Doc, as_far_as};

/// The text with one parameter changed and every other byte kept. The unit that the user wrote stays; an argument that was
/// not written is added.
pub fn set_param(
    text: &str,
    module: &str,
    param: &str,
    value: ParamValue,
) -> Result<String, EditError> {
    param_edit(text, module, param, value).map(|edit| edit.apply(text))
}

/// The text with a knob at another value: a parameter, or the amount of a cable, called "fm<op2".
pub fn set_knob(
    text: &str,
    module: &str,
    name: &str,
    value: ParamValue,
) -> Result<String, EditError> {
    match (name.split_once('<'), value) {
        (Some((input, from)), ParamValue::Fixed(amount) | ParamValue::Beats(amount)) => {
            let from = from.trim_start_matches('~');
            amounts::set_amount_value(text, from, &format!("{module}.{input}"), amount)
        }
        (None, value) => set_param(text, module, name, value),
    }
}

/// The same as one replacement, for editors that keep a cursor. Mistakes elsewhere in the text are none of its business.
pub fn knob_edit(
    text: &str,
    module: &str,
    name: &str,
    value: ParamValue,
) -> Result<Fix, EditError> {
    let Some((input, from)) = name.split_once('<') else {
        return param_edit(text, module, name, value);
    };
    let (ParamValue::Fixed(amount) | ParamValue::Beats(amount)) = value;
    let (from, to) = (from.trim_start_matches('~'), format!("{module}.{input}"));
    match amounts::set_amount_value(text, from, &to, amount) {
        Ok(new) => Ok(Fix::between(text, &new)),
        Err(EditError::Broken(_)) => amounts::edit_in_place(text, from, (module, input), amount),
        Err(other) => Err(other),
    }
}

/// A parameter's value as one replacement.
pub fn param_edit(
    text: &str,
    module: &str,
    param: &str,
    value: ParamValue,
) -> Result<Fix, EditError> {
    let draft = as_far_as(text)?;
    let node = draft.patch.node(module).ok_or_else(|| {
        let names = draft.patch.modules.iter().map(|m| m.name.as_str());
        match nearest(module, names) {
            Some(near) => EditError::NoModule(format!("`{module}`; did you mean `{near}`?")),
            None => EditError::NoModule(format!("`{module}`")),
        }
    })?;
    let spec = draft.patch.modules[node].spec;
    let index = spec.param(param).ok_or_else(|| {
        let near = nearest(param, spec.params.iter().map(|p| p.name));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        EditError::NoPort(format!("`{module}` ({}) has no `{param}`{hint}", spec.kind))
    })?;
    let spec = &spec.params[index];
    check_range(spec, value).map_err(|error| EditError::Value(error.why))?;
    let spans = &draft.spans.modules[node];
    Ok(match &spans.params[index] {
        Some(arg) => {
            let before = &text[arg.value.clone()];
            Fix::replace(arg.value.clone(), literal(spec, value, Some(before)))
        }
        None => {
            let new = format!("{}: {}", spec.name, literal(spec, value, None));
            added(text, spans, &new)
        }
    })
}

/// The text with one option changed and every other byte kept.
pub fn set_option(
    text: &str,
    module: &str,
    option: &str,
    value: &OptionValue,
) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let node = doc.node(module)?;
    let spec = doc.patch.modules[node].spec;
    let index = spec.option(option).ok_or_else(|| {
        let near = nearest(option, spec.options.iter().map(|o| o.name));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        EditError::NoPort(format!(
            "`{module}` ({}) has no `{option}`{hint}",
            spec.kind
        ))
    })?;
    let spec = &spec.options[index];
    let spans = &doc.spans.modules[node];
    let new = write::option(&spec.kind, value);
    let fix = match &spans.options[index] {
        Some(arg) => Fix::replace(arg.value.clone(), new),
        None => added(text, spans, &format!("{}: {new}", spec.name)),
    };
    let new = fix.apply(text);
    // The module itself has the last word on what its options mean: steps that are no steps, lengths out of range.
    match Doc::read(&new) {
        Ok(_) => Ok(new),
        Err(EditError::Broken(why)) => Err(EditError::Value(why)),
        Err(other) => Err(other),
    }
}

/// Adds an argument behind those that are written, in their layout.
fn added(text: &str, spans: &ModuleSpans, new: &str) -> Fix {
    let Some(inside) = &spans.inside else {
        return match &spans.within {
            Some(within) => added_to_use(text, spans, within, new),
            None => Fix::insert(spans.whole.end, format!("({new})")),
        };
    };
    let written = spans.params.iter().chain(&spans.options).flatten();
    let Some(last) = written.max_by_key(|arg| arg.value.end) else {
        return Fix::insert(inside.start, new);
    };
    // An argument on a line of its own is followed by another such line.
    let line = text[..last.name.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line..last.name.start];
    let own_line = line > inside.start && indent.trim().is_empty();
    let separator = match own_line {
        true => format!(",\n{indent}"),
        false => ", ".to_owned(),
    };
    Fix::insert(last.value.end, format!("{separator}{new}"))
}

/// The first value that a group's use gives one of its modules.
fn added_to_use(text: &str, spans: &ModuleSpans, within: &Within, new: &str) -> Fix {
    let new = format!("{}: ({new})", within.module);
    let Some(inside) = &within.inside else {
        return Fix::insert(spans.whole.end, format!("({new})"));
    };
    let rest = if text[inside.clone()].trim().is_empty() {
        ""
    } else {
        ", "
    };
    Fix::insert(inside.start, new + rest)
}
