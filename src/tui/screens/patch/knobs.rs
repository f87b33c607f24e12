//! Knobs and choices of the row in focus: turned, typed, set back.
use std::time::Duration;

use crate::control::command::Command;
use crate::modules::spec::{OptionKind, OptionValue, ParamSpec, ParamValue};
use crate::patch::Node;
use crate::patch::edit::Edit;
use crate::patch::value::format_value;
use crate::tui::app::App;
use crate::tui::knob::{Step, next_length, turned};
use crate::tui::overlays::prompt;

use super::rows::Field;
use super::{Layout, edits, focus_of, row_in_focus, wiring};
use crate::tui::panels::matrix;

/// A turned value counts as the parameter's for this long, until the supervisor's view has it.
const TURN_STANDS: Duration = Duration::from_millis(400);

/// The knob in focus: its module's name, spec and value.
pub fn in_focus(app: &App) -> Option<(String, usize, &'static ParamSpec, ParamValue)> {
    let (shown, row) = row_in_focus(app)?;
    let Field::Param(param) = row.field else {
        return None;
    };
    let node = &shown.patch.modules[row.node];
    let value = value_of(app, node, param);
    Some((node.name.clone(), param, &node.spec.params[param], value))
}

/// A parameter's value, with the turn of a moment ago.
pub fn value_of(app: &App, node: &Node, param: usize) -> ParamValue {
    let turned =
        app.patch.turns.iter().rev().find(|(name, p, _, at)| {
            *name == node.name && *p == param && app.now < *at + TURN_STANDS
        });
    turned.map_or(node.params[param], |(_, _, value, _)| *value)
}

pub fn turn(app: &mut App, step: Step, direction: f32) {
    if app.patch.layout == Layout::Matrix {
        return matrix::move_pin(app, 0, direction as isize);
    }
    if let Some((_, row)) = row_in_focus(app)
        && let Field::Choice(option) = row.field
    {
        return next_choice(app, option, direction as i64);
    }
    let Some((module, param, spec, value)) = in_focus(app) else {
        return app.say("No knob on this row: arrows up and down move to one");
    };
    let to = turned(spec, value, step, direction);
    set(app, module, param, spec, to);
}

pub fn to_default(app: &mut App) {
    if let Some((shown, row)) = row_in_focus(app)
        && let Field::Choice(option) = row.field
    {
        let node = &shown.patch.modules[row.node];
        let value = node.spec.options[option].default_value();
        return choose(
            app,
            node.name.clone(),
            node.spec.options[option].name,
            value,
        );
    }
    if let Some((module, param, spec, _)) = in_focus(app) {
        set(app, module, param, spec, ParamValue::Fixed(spec.default));
    }
}

fn set(app: &mut App, module: String, param: usize, spec: &'static ParamSpec, value: ParamValue) {
    let now = app.now;
    app.patch
        .turns
        .retain(|(m, p, _, at)| now < *at + TURN_STANDS && (m, *p) != (&module, param));
    app.patch.turns.push((module.clone(), param, value, now));
    app.say(format!(
        "{module}.{} {}",
        spec.name,
        format_value(spec, value)
    ));
    let focus = focus_of(app);
    app.send(Command::SetParam {
        focus,
        module,
        param: spec.name.to_owned(),
        value,
    });
}

/// Types a value; on a port, its cable.
pub fn enter(app: &mut App) {
    if app.patch.layout == Layout::Matrix {
        return matrix::toggle(app);
    }
    let Some((shown, row)) = row_in_focus(app) else {
        return app.say("Nothing is here yet: a adds a module");
    };
    match row.field {
        Field::Choice(option) => {
            let node = &shown.patch.modules[row.node];
            prompt::ask_choice(app, node, option);
        }
        Field::In(_) | Field::Out(_) => wiring::wire_or_amount(app),
        Field::Param(_) => {
            let Some((module, _, spec, value)) = in_focus(app) else {
                return;
            };
            let focus = focus_of(app);
            let now = format_value(spec, value);
            app.patch.forget_turns();
            prompt::ask_value(app, focus, module, spec, now);
        }
    }
}

/// The choice before or after; it takes a new build to be heard.
fn next_choice(app: &mut App, option: usize, by: i64) {
    let Some((shown, row)) = row_in_focus(app) else {
        return;
    };
    let node = &shown.patch.modules[row.node];
    let spec = &node.spec.options[option];
    let value = match (&spec.kind, &node.options[option]) {
        (OptionKind::Choice(names), OptionValue::Choice(at)) => {
            let next = (*at as i64 + by).rem_euclid(names.len() as i64);
            OptionValue::Choice(next as usize)
        }
        (OptionKind::Whole { min, max, .. }, OptionValue::Whole(n)) => {
            OptionValue::Whole((n + by).clamp(*min, *max))
        }
        (OptionKind::Length { .. }, OptionValue::Length(beats)) => {
            OptionValue::Length(f64::from(next_length(*beats as f32, by as f32)))
        }
        _ => return app.say(format!("Enter types {}.{}", node.name, spec.name)),
    };
    if value != node.options[option] {
        choose(app, node.name.clone(), spec.name, value);
    }
}

pub fn choose(app: &mut App, module: String, option: &str, value: OptionValue) {
    let option = option.to_owned();
    edits::send(
        app,
        Edit::Choose {
            module,
            option,
            value,
        },
    );
}
