//! What keys do to the pattern in focus.
use crate::modules::spec::{OptionKind, OptionValue, ParamValue};
use crate::patch::Node;
use crate::patch::value::format_value;
use crate::tui::app::App;
use crate::tui::knob::{Step, next_length, turned};
use crate::tui::overlays::prompt;

use super::hear::{self, When};
use super::words::Words;
use super::{Shape, drums, gate, here, is_muted, kit, modules, patch, text, words};

/// To the next module with a pattern.
pub fn next_module(app: &mut App, by: isize) {
    let Some(patch) = patch(app) else {
        return;
    };
    let all = modules(&patch);
    let now = here(app).map(|(node, _)| node.name);
    let at = all.iter().position(|n| Some(&n.name) == now.as_ref());
    let Some(at) = at else {
        return app.say("No pattern in this patch: Seq, Euclid, Pattern and Drums have one");
    };
    let to = (at as isize + by).rem_euclid(all.len() as isize) as usize;
    app.pattern.module = Some(all[to].name.clone());
    app.pattern.row = 0;
    app.pattern.column = 0;
}

/// Left and right: along the steps of drums; notes and knobs are turned.
pub fn across(app: &mut App, by: isize, step: Step) {
    let Some((node, shape)) = here(app) else {
        return;
    };
    match shape {
        Shape::Drums { option } => {
            let columns = kit::Kit::read(&text(&node, option)).map_or(16, |k| k.columns);
            let jump = if step == Step::Coarse { 1 } else { 4 };
            let now = app.pattern.column.min(columns - 1) as isize;
            app.pattern.column = (now + by * jump).rem_euclid(columns as isize) as usize;
        }
        Shape::Rows { option, .. } => {
            let semitones = if step == Step::Coarse { 1 } else { 12 };
            let (all, n) = row(app, &node, shape);
            match all.turned(n, by as i32 * semitones) {
                Some(text) => set(app, &node, option, text),
                None => app.say("No note in this step: Enter types one, ^T plays them in"),
            }
        }
        Shape::Rhythm => turn_row(app, &node, by as f32, step),
    }
}

fn row(app: &App, node: &Node, shape: Shape) -> (Words, usize) {
    match shape {
        Shape::Rows { option, notation } => {
            let all = words(node, option, notation);
            let n = app.pattern.row.min(all.places.len().saturating_sub(1));
            (all, n)
        }
        _ => (Words::new("", super::Notation::Steps, &[]), 0),
    }
}

fn set(app: &mut App, node: &Node, option: usize, text: String) {
    hear::choose(app, node, option, OptionValue::Text(text));
}

fn turn_row(app: &mut App, node: &Node, by: f32, step: Step) {
    let param = app.pattern.row.min(node.spec.params.len() - 1);
    let spec = &node.spec.params[param];
    let counted = matches!(spec.name, "hits" | "steps" | "turn");
    let to = match node.params[param] {
        ParamValue::Fixed(value) if counted => {
            let step = if step == Step::Coarse { 1.0 } else { 4.0 };
            ParamValue::Fixed((value.round() + by * step).clamp(spec.min, spec.max))
        }
        value => turned(spec, value, step, by),
    };
    turn(app, node, param, to);
}

fn turn(app: &mut App, node: &Node, param: usize, to: ParamValue) {
    let spec = &node.spec.params[param];
    if hear::turn(app, node, param, to) {
        app.say(format!(
            "{}.{} {}",
            node.name,
            spec.name,
            format_value(spec, to)
        ));
    }
}

/// Makes an edit of the row in focus; on drums another one of the step.
fn edit_row(
    app: &mut App,
    of_words: fn(&Words, usize) -> String,
    of_drums: fn(&mut App, &Node, usize),
) {
    match here(app) {
        Some((node, Shape::Drums { option })) => of_drums(app, &node, option),
        Some((node, shape @ Shape::Rows { option, .. })) => {
            let (all, n) = row(app, &node, shape);
            set(app, &node, option, of_words(&all, n));
        }
        Some((_, Shape::Rhythm)) => app.say("A rhythm has knobs: arrows turn them"),
        None => {}
    }
}

pub fn rest(app: &mut App) {
    edit_row(app, |w, n| w.put(n, w.rest()), drums::rest);
}

pub fn tie(app: &mut App) {
    edit_row(app, |w, n| w.put(n, "_"), drums::rest);
}

pub fn accent(app: &mut App) {
    edit_row(app, Words::accented, drums::accent);
}

pub fn slide(app: &mut App) {
    edit_row(app, Words::slid, drums::accent);
}

pub fn strike(app: &mut App) {
    edit_row(app, Words::struck, drums::accent);
}

/// A hit set or taken away; a note as in the step before, or a rest.
pub fn toggle(app: &mut App) {
    let repeat = |w: &Words, n: usize| match (w.is_rest(n), n) {
        (false, _) => w.put(n, w.rest()),
        (true, 0) => w.with_note(0, 48),
        (true, n) => (0..n)
            .rev()
            .find_map(|before| w.note(before))
            .map_or_else(|| w.with_note(n, 48), |midi| w.with_note(n, midi)),
    };
    edit_row(app, repeat, drums::toggle);
}

/// The word of the row before once more.
pub fn repeat(app: &mut App) {
    let again = |w: &Words, n: usize| match n.checked_sub(1) {
        Some(before) => w.put(n, &w.word(before)),
        None => w.text.clone(),
    };
    edit_row(app, again, drums::toggle);
    super::move_by(app, 1);
}

pub fn insert(app: &mut App) {
    edit_row(app, Words::inserted, drums::toggle);
    super::move_by(app, 1);
}

pub fn remove(app: &mut App) {
    let without = |w: &Words, n: usize| w.removed(n).unwrap_or_else(|| w.text.clone());
    edit_row(app, without, drums::rest);
}

/// A step more at the end, or one less.
pub fn length(app: &mut App, by: isize) {
    let Some((node, shape)) = here(app) else {
        return;
    };
    match shape {
        Shape::Rows { option, .. } => {
            let (all, _) = row(app, &node, shape);
            let last = all.places.len().saturating_sub(1);
            let text = match by > 0 {
                true => format!("{} {}", all.text.trim_end(), all.rest()),
                false => all.removed(last).unwrap_or(all.text),
            };
            set(app, &node, option, text);
        }
        Shape::Rhythm => {
            if let Some(param) = node.spec.param("steps")
                && let ParamValue::Fixed(now) = node.params[param]
            {
                let spec = &node.spec.params[param];
                let to = (now.round() + by as f32).clamp(spec.min, spec.max);
                turn(app, &node, param, ParamValue::Fixed(to));
            }
        }
        Shape::Drums { .. } => {
            app.say("A drum pattern has the steps that its text needs: E edits it")
        }
    }
}

/// Steps, or cycles, of another length.
pub fn rate(app: &mut App, by: f32) {
    let Some((node, _)) = here(app) else {
        return;
    };
    let lengths = |kind: &OptionKind| matches!(kind, OptionKind::Length { .. });
    let option = node.spec.options.iter().position(|o| lengths(&o.kind));
    if let Some(option) = option
        && let OptionValue::Length(beats) = node.options[option]
    {
        let to = f64::from(next_length(beats as f32, by));
        if hear::choose(app, &node, option, OptionValue::Length(to)) {
            let length = crate::patch::value::length_text(to as f32);
            app.say(format!(
                "{}.{} {length}",
                node.name, node.spec.options[option].name
            ));
        }
    }
}

pub fn rotate(app: &mut App, by: isize) {
    let Some((node, shape)) = here(app) else {
        return;
    };
    match shape {
        Shape::Rows { option, .. } => {
            let (all, _) = row(app, &node, shape);
            set(app, &node, option, all.rotated(by));
        }
        Shape::Drums { option } => drums::rotate(app, &node, option, by),
        Shape::Rhythm => {
            if let Some(param) = node.spec.param("turn")
                && let ParamValue::Fixed(now) = node.params[param]
            {
                // Turned by one more, its second step comes first.
                let to = (now.round() - by as f32).clamp(-32.0, 32.0);
                turn(app, &node, param, ParamValue::Fixed(to));
            }
        }
    }
}

/// All notes up or down, by the module's knob: heard at once.
pub fn transpose(app: &mut App, arg: &str, by: f32) {
    let Some((node, _)) = here(app) else {
        return;
    };
    let by = match arg.trim() {
        "" => by,
        semitones => match semitones.parse() {
            Ok(semitones) => semitones,
            Err(_) => return app.complain("transpose takes semitones, such as -5"),
        },
    };
    let Some(param) = node.spec.param("transpose") else {
        return app.say(format!("{} has nothing to transpose", node.name));
    };
    let ParamValue::Fixed(now) = node.params[param] else {
        return;
    };
    let spec = &node.spec.params[param];
    let to = (now + by).clamp(spec.min, spec.max);
    turn(app, &node, param, ParamValue::Fixed(to));
}

/// The whole pattern in focus: its gate closed, or as it was.
pub fn mute(app: &mut App) {
    let Some((node, _)) = here(app) else {
        return;
    };
    let Some(param) = gate(&node) else {
        return;
    };
    let spec = &node.spec.params[param];
    let key = (node.name.clone(), spec.name);
    let (to, word) = match is_muted(&node) {
        true => {
            let before = app.pattern.open.remove(&key);
            let open = before.unwrap_or(ParamValue::Fixed(spec.default));
            (open, "plays again")
        }
        false => {
            app.pattern.open.insert(key, node.params[param]);
            (ParamValue::Fixed(0.0), "is muted")
        }
    };
    if hear::turn(app, &node, param, to) {
        app.say(format!("{} {word}", node.name));
    }
}

/// The drum in focus; of other patterns the whole.
pub fn mute_lane(app: &mut App) {
    match here(app) {
        Some((node, Shape::Drums { option })) => drums::mute(app, &node, option),
        _ => mute(app),
    }
}

/// When edits are heard.
pub fn when(app: &mut App) {
    let hear = &mut app.pattern.hear;
    hear.when = match hear.when {
        When::Now => When::Quantum,
        When::Quantum => When::Standby,
        When::Standby => When::Now,
    };
    let words = hear.when.words();
    app.say(format!("Edits of patterns: {words}"));
}

/// Types the word in focus; sets the step of a drum; types a knob's value.
pub fn enter(app: &mut App) {
    match here(app) {
        Some((node, Shape::Drums { option })) => drums::toggle(app, &node, option),
        Some((node, shape @ Shape::Rows { option, .. })) => {
            let (all, n) = row(app, &node, shape);
            if let Some(place) = all.places.get(n) {
                prompt::ask_words(app, node, option, place.clone());
            }
        }
        Some((node, Shape::Rhythm)) => {
            let param = app.pattern.row.min(node.spec.params.len() - 1);
            let spec = &node.spec.params[param];
            let now = format_value(spec, node.params[param]);
            let focus = crate::control::command::Focus::Bench;
            prompt::ask_value(app, focus, node.name, spec, now);
        }
        None => app.say("No pattern in this patch: Seq, Euclid, Pattern and Drums have one"),
    }
}

/// Types the whole text.
pub fn enter_text(app: &mut App) {
    match here(app) {
        Some((node, Shape::Drums { option } | Shape::Rows { option, .. })) => {
            let whole = 0..text(&node, option).chars().count();
            prompt::ask_words(app, node, option, whole);
        }
        Some((_, Shape::Rhythm)) => app.say("A rhythm has knobs: arrows turn them"),
        None => {}
    }
}

/// What was typed for a part of a text.
pub fn typed(app: &mut App, node: &Node, option: usize, text: String) {
    if hear::choose(app, node, option, OptionValue::Text(text)) {
        super::move_by(app, 1);
    }
}

/// A note that was played in the KEYS layer: it is the step's, and the next step is in focus.
pub fn play_in(app: &mut App, midi: i32) {
    let Some((node, shape @ Shape::Rows { option, .. })) = here(app) else {
        return;
    };
    let (all, n) = row(app, &node, shape);
    set(app, &node, option, all.with_note(n, midi));
    // Round and round, as it plays.
    app.pattern.row = (n + 1) % all.places.len().max(1);
}
