//! The number under the cursor, up and down: heard at once where it is a parameter of what plays.
use std::ops::Range;

use crate::control::command::{Command, Focus};
use crate::modules::spec::ParamValue;
use crate::patch::spans::Place;
use crate::patch::value::format_value;
use crate::patch::{Node, Patch};
use crate::tui::app::App;

use super::follow::{followed, turned_here};

/// Adds to the last digit of the number under the cursor.
pub fn nudge(app: &mut App, by: f64) {
    app.text.popup = None;
    let Some(editor) = &mut app.text.editor else {
        return;
    };
    let (line, column) = editor.cursor();
    let Some((columns, new)) = nudged(&editor.lines()[line], column, by) else {
        return app.say("No number under the cursor");
    };
    let clean = editor.text() == app.text.baseline;
    let span = editor.byte_of(line, columns.start)..editor.byte_of(line, columns.end);
    // Behind the number, or where the cursor was in it: the next nudge means the same digit.
    editor.replace_heard(span, &new);
    app.text.check();
    if hear_cursor(app) && clean {
        // What is heard is what is written: nothing is left to be primed.
        if let Some(editor) = &app.text.editor {
            app.text.baseline = editor.text();
        }
    }
}

/// The columns of the number at a column, and the number beside it.
fn nudged(line: &str, column: usize, by: f64) -> Option<(Range<usize>, String)> {
    let text: Vec<char> = line.chars().collect();
    let numeric = |i: usize| text.get(i).is_some_and(|c| c.is_ascii_digit() || *c == '.');
    let mut near = [column, column.wrapping_sub(1)].into_iter();
    let mut start = near.find(|i| numeric(*i))?;
    while start > 0 && numeric(start - 1) {
        start -= 1;
    }
    let mut end = start;
    while numeric(end) {
        end += 1;
    }
    let digits = start;
    let sign = start > 0 && text[start - 1] == '-';
    start -= usize::from(sign);
    let old: String = text[start..end].iter().collect();
    let number: f64 = old.parse().ok()?;
    let whole: String = text[digits..end].iter().collect();
    let decimals = whole.rfind('.').map_or(0, |dot| whole.len() - dot - 1);
    let step = by * 10f64.powi(-(decimals as i32));
    let mut new = format!("{:.decimals$}", number + step);
    if new.starts_with('-') && !new.contains(|c: char| ('1'..='9').contains(&c)) {
        new.remove(0);
    }
    Some((start..end, new))
}

/// Turns the knob whose value the cursor is in; whether there is one.
fn hear_cursor(app: &mut App) -> bool {
    let Some(editor) = &app.text.editor else {
        return false;
    };
    let parsed = &app.text.parsed;
    let place = parsed.spans.at(editor.cursor_byte());
    let Some(Place::Param { module, param }) = place else {
        return false;
    };
    // The patch as far as it is right is what the places belong to.
    let Some(node) = parsed.draft.as_ref().and_then(|d| d.modules.get(module)) else {
        return false;
    };
    let (name, value) = (node.name.clone(), node.params[param]);
    let spec = &node.spec.params[param];
    let heard = node_like(app, node).is_some_and(|there| there.params[param] != value);
    if heard {
        turned_here(&mut app.text, &name, spec.name);
        send(app, &name, spec.name, value);
        app.say(format!(
            "{name}.{} {}",
            spec.name,
            format_value(spec, value)
        ));
    }
    heard
}

/// The same module of what is followed.
fn node_like(app: &App, node: &Node) -> Option<Node> {
    let patch = followed(&app.text, &app.view)?;
    let there = patch.node(&node.name).map(|n| patch.modules[n].clone())?;
    (there.spec.kind == node.spec.kind).then_some(there)
}

fn send(app: &mut App, module: &str, param: &str, value: ParamValue) {
    let of_file = |s: &crate::control::command::SlotId| {
        app.loaded(*s).is_some_and(|l| l.path == app.text.path)
    };
    let slots = [app.view.live.other(), app.view.live];
    let focus = match app.text.from_file {
        true => slots.into_iter().find(of_file).map(Focus::Slot),
        false => Some(Focus::Bench),
    };
    let Some(focus) = focus else {
        return;
    };
    app.ask(Command::SetParam {
        focus,
        module: module.to_owned(),
        param: param.to_owned(),
        value,
    });
}

/// After undo of a nudge: every knob whose value is written otherwise than before, and otherwise than it is heard.
pub fn hear_values(app: &mut App, before: &Patch) {
    let Some(draft) = app.text.parsed.draft.clone() else {
        return;
    };
    let mut turned = Vec::new();
    for node in &draft.modules {
        let Some(there) = node_like(app, node) else {
            continue;
        };
        for (param, spec) in node.spec.params.iter().enumerate() {
            let same = |old: &Node| old.params.get(param) == node.params.get(param);
            let old = before.node(&node.name).map(|n| &before.modules[n]);
            if there.params[param] != node.params[param] && !old.is_some_and(same) {
                turned.push((node.name.clone(), spec.name, node.params[param]));
            }
        }
    }
    for (module, param, value) in turned {
        send(app, &module, param, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_counts_and_the_sign_stays_with_its_number() {
        for (line, column, by, want) in [
            ("cutoff: \"400Hz\"", 9, 1.0, "401"),
            ("cutoff: \"400Hz\"", 12, -1.0, "399"),
            ("res: 0.82,", 7, 1.0, "0.83"),
            ("gain: \"-9dB\"", 8, 1.0, "-8"),
            ("gain: \"-1dB\"", 8, 1.0, "0"),
            ("s: 0", 3, -1.0, "-1"),
            ("x: 9.9", 3, 1.0, "10.0"),
        ] {
            let (_, new) = nudged(line, column, by).expect(line);
            assert_eq!(new, want, "{line}");
        }
        assert_eq!(nudged("name: x", 2, 1.0), None);
    }
}
