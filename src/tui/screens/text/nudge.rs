//! The number under the cursor, up and down: heard at once where it is a parameter of what plays.
use std::ops::Range;

use crate::control::command::{Command, Focus};
use crate::control::params::{self, Knob};
use crate::modules::spec::ParamValue;
use crate::patch::spans::Place;
use crate::patch::value::format_value;
use crate::patch::{Node, Patch};
use crate::tui::app::App;
use crate::tui::words;

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

/// Turns the knob whose value the cursor is in, or several whose value it is; whether there is one.
fn hear_cursor(app: &mut App) -> bool {
    let knobs = at_cursor(app).unwrap_or_default();
    let there = |(module, knob): &(String, Knob)| value_there(app, module, knob);
    let all: Option<Vec<ParamValue>> = knobs.iter().map(there).collect();
    let other = |values: &Vec<ParamValue>| {
        let mut both = values.iter().zip(&knobs);
        both.any(|(there, (_, knob))| *there != knob.value)
    };
    let heard = all.is_some_and(|values| other(&values));
    if heard {
        for (module, knob) in &knobs {
            turned_here(&mut app.text, module, &knob.name);
        }
        if let [(module, knob), more @ ..] = &knobs[..] {
            let value = format_value(&knob.spec, knob.value);
            let others = match more.len() {
                0 => String::new(),
                n => format!(", and of {}", words::count(n, "cable")),
            };
            app.say(format!("{module}.{} {value}{others}", knob.name));
        }
        send(app, &knobs);
    }
    heard
}

/// The knobs whose value the cursor is in, and their modules' names: a parameter, or an amount, which several cables may have
/// together. Those of groups stand for more.
fn at_cursor(app: &App) -> Option<Vec<(String, Knob)>> {
    let cursor = app.text.editor.as_ref()?.cursor_byte();
    let spans = &app.text.parsed.spans;
    // The patch as far as it is right is what the places belong to.
    let draft = app.text.parsed.draft.as_ref()?;
    let named = |knob: Knob| Some((draft.modules.get(knob.node)?.name.clone(), knob));
    match spans.at(cursor)? {
        Place::Param { module, param } => {
            let node = draft.modules.get(module)?;
            let name = node.spec.params[param].name;
            named(params::find(draft, &node.name, name).ok()?).map(|knob| vec![knob])
        }
        Place::Cable(cable) => {
            let amount = spans.cables[cable].amount.as_ref()?;
            let same = |c: &usize| spans.cables[*c].amount.as_ref() == Some(amount);
            let all: Vec<usize> = (0..spans.cables.len()).filter(same).collect();
            let of_group = |node: usize| spans.modules.get(node).is_none_or(|m| m.within.is_some());
            let plain = |c: &usize| {
                let ends = draft.cables.get(*c);
                ends.is_some_and(|c| !of_group(c.from.node) && !of_group(c.to.node))
            };
            let here = amount.start <= cursor && cursor <= amount.end;
            let all = all.iter().filter(|_| here && all.iter().all(plain));
            all.map(|c| named(params::of_cable(draft, *c))).collect()
        }
        _ => None,
    }
}

/// What the same knob has in what is followed.
fn value_there(app: &App, module: &str, knob: &Knob) -> Option<ParamValue> {
    let patch = followed(&app.text, &app.view)?;
    let there = params::find(&patch, module, &knob.name).ok()?;
    let kind = |patch: &Patch, node: usize| patch.modules[node].spec.kind;
    let draft = app.text.parsed.draft.as_ref()?;
    (kind(&patch, there.node) == kind(draft, knob.node)).then_some(there.value)
}

fn send(app: &mut App, knobs: &[(String, Knob)]) {
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
    app.ask(match knobs {
        [(module, knob)] => Command::SetParam {
            focus,
            module: module.clone(),
            param: knob.name.clone(),
            value: knob.value,
        },
        several => {
            let each =
                |(module, knob): &(String, Knob)| (module.clone(), knob.name.clone(), knob.value);
            let knobs = several.iter().map(each).collect();
            Command::SetParams { focus, knobs }
        }
    });
}

/// After undo of a nudge: every knob whose value is written otherwise than before, and otherwise than it is heard.
pub fn hear_values(app: &mut App, before: &Patch) {
    let Some(draft) = app.text.parsed.draft.clone() else {
        return;
    };
    let params = draft.modules.iter().flat_map(|node| {
        let old = before.node(&node.name).map(|n| &before.modules[n]);
        let params = node.spec.params.iter().enumerate();
        let other = params.filter(move |(i, _)| {
            let same = |old: &Node| old.params.get(*i) == node.params.get(*i);
            !old.is_some_and(same)
        });
        other.filter_map(|(_, spec)| params::find(&draft, &node.name, spec.name).ok())
    });
    // Amounts, where it is the same cables.
    let ends = |patch: &Patch| -> Vec<_> { patch.cables.iter().map(|c| (c.from, c.to)).collect() };
    let cables = match ends(&draft) == ends(before) {
        true => 0..draft.cables.len(),
        false => 0..0,
    };
    let other = cables.filter(|c| draft.cables[*c].amount != before.cables[*c].amount);
    let amounts = other.map(|cable| params::of_cable(&draft, cable));
    let named = |knob: Knob| (draft.modules[knob.node].name.clone(), knob);
    let other = |(module, knob): &(String, Knob)| {
        value_there(app, module, knob).is_some_and(|there| there != knob.value)
    };
    let knobs: Vec<_> = params.chain(amounts).map(named).filter(other).collect();
    if !knobs.is_empty() {
        send(app, &knobs);
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
