//! Cables made and cut: from the port in focus with a list, or from words as patches write them.
use crate::modules::spec::Signal;
use crate::patch::edit::{Edit, source_text, target_text};
use crate::patch::ports::amount_in;
use crate::patch::{Cable, Input, Patch, Source, Target};
use crate::tui::app::App;
use crate::tui::overlays::pick::{self, Then};
use crate::tui::overlays::prompt;

use super::cables::{closes_loop, near};
use super::edits::send;
use super::lists::{cable_items, sources, targets};
use super::rows::{Field, Row, field_of};
use super::{row_in_focus, shown};

/// "env > vcf.cutoff * 2.5oct", chains too; without words from the port in focus to one of a list, or from one of a list into it.
pub fn wire(app: &mut App, arg: &str) {
    if !arg.trim().is_empty() {
        return wire_words(app, arg);
    }
    let Some((shown, row)) = row_in_focus(app) else {
        return app.say("Nothing is here yet: a adds a module");
    };
    let patch = &shown.patch;
    if let Some(source) = row.source() {
        let from = source_text(patch, source);
        let title = format!("wire {from} > … (* amount)");
        return pick::open(app, &title, targets(patch, source), Then::WireTo { from });
    }
    match row.target() {
        Some(target) => {
            let to = target_text(patch, target);
            let title = format!("wire … > {to} (* amount)");
            pick::open(app, &title, sources(patch, target), Then::WireFrom { to });
        }
        None => app.say("A choice is made when the patch is built: no cable can move it"),
    }
}

fn wire_words(app: &mut App, words: &str) {
    let mut from: Option<&str> = None;
    let mut feedback = false;
    for stage in words.split_inclusive('>') {
        let arrow = stage.ends_with('>');
        let stage = stage.trim_end_matches('>');
        let late = arrow && stage.ends_with('~');
        let stage = stage.trim_end_matches('~').trim();
        let (end, amount) = match stage.split_once('*') {
            Some((end, amount)) => (end.trim(), Some(amount.trim().to_owned())),
            None => (stage, None),
        };
        // In the middle of a chain the signal goes on from the first output.
        let module = end.split('.').next().unwrap_or(end);
        let source = if from.is_none() { end } else { module };
        if let Some(from) = from.replace(source) {
            let edit = Edit::Wire {
                from: from.to_owned(),
                to: end.to_owned(),
                amount,
                feedback,
            };
            if !send(app, edit) {
                return;
            }
        }
        feedback = late;
    }
    if !words.contains('>') {
        app.complain("wire takes a cable such as env > vcf.cutoff * 2.5oct");
    }
}

/// Wires two ends by name; asks for the amount where one is needed and none was typed.
pub fn wire_ends(app: &mut App, from: String, to: String, amount: Option<String>) {
    let Some(shown) = shown(app) else { return };
    let patch = &shown.patch;
    let ends = source_of(patch, &from).zip(target_of(patch, &to));
    let Some((source, target)) = ends else {
        return;
    };
    let feedback = closes_loop(patch, source.node, target.node);
    if let Some(cable) = patch
        .cables
        .iter()
        .find(|c| c.from == source && c.to == target)
    {
        return match amount {
            Some(_) => {
                send(app, Edit::Amount { from, to, amount });
            }
            None => ask_amount(app, patch, *cable),
        };
    }
    let out = patch.modules[source.node].spec.outputs[source.port].signal;
    let plain = match target.input {
        Input::Port(i) => patch.modules[target.node].spec.inputs[i].signal == out,
        // An octave is an octave.
        Input::Param(_) => out == Signal::Pitch,
    };
    if amount.is_some() || plain {
        return wire_now(app, from, to, amount, feedback);
    }
    let into = amount_in(&patch.modules[target.node], target.input);
    prompt::ask_amount(app, from, to, into, prompt::Cabled::New { feedback });
}

pub fn wire_now(app: &mut App, from: String, to: String, amount: Option<String>, feedback: bool) {
    let ends = shown(app).and_then(|s| {
        let ends = source_of(&s.patch, &from).zip(target_of(&s.patch, &to))?;
        Some((s.patch, ends))
    });
    let edit = Edit::Wire {
        from,
        to,
        amount,
        feedback,
    };
    if !send(app, edit) {
        return;
    }
    // On to where the signal went.
    if let Some((patch, (source, target))) = ends {
        let module = &patch.modules[target.node];
        let signal = patch.modules[source.node].spec.outputs[source.port].signal;
        // A modulation is turned next, everything else goes through.
        let field = match module.spec.outputs.first() {
            Some(_) if signal != Signal::Cv => Field::Out(0),
            _ => field_of(target.input),
        };
        app.patch.focus_on(&module.name.clone(), field);
    }
    if feedback {
        let text = format!(
            "{}; it closes a loop, so it is 64 frames late (~>)",
            app.sentence.text
        );
        app.say(text);
    }
}

fn source_of(patch: &Patch, text: &str) -> Option<Source> {
    let all = patch.modules.iter().enumerate();
    let mut sources =
        all.flat_map(|(node, m)| (0..m.spec.outputs.len()).map(move |port| Source { node, port }));
    sources.find(|s| source_text(patch, *s) == text)
}

fn target_of(patch: &Patch, text: &str) -> Option<Target> {
    let rows = super::rows(patch, false);
    let mut targets = rows.iter().filter_map(Row::target);
    targets.find(|t| target_text(patch, *t) == text)
}

/// "env > vca.cv"; without words the cable of the row in focus, or one of them.
pub fn cut(app: &mut App, arg: &str) {
    if let Some((from, to)) = arg.split_once('>') {
        let (from, to) = (from.trim_end_matches('~').trim(), to.trim());
        let (from, to) = (from.to_owned(), to.to_owned());
        send(app, Edit::Cut { from, to });
        return;
    }
    let Some((shown, row)) = row_in_focus(app) else {
        return app.say("No cable to cut");
    };
    match near(&shown.patch, row).as_slice() {
        [] => app.say("No cable is on this row"),
        [cable] => cut_cable(app, &shown.patch, *cable),
        cables => pick::open(app, "cut", cable_items(&shown.patch, cables), Then::Cut),
    }
}

pub fn cut_cable(app: &mut App, patch: &Patch, cable: Cable) {
    let from = source_text(patch, cable.from);
    let to = target_text(patch, cable.to);
    send(app, Edit::Cut { from, to });
}

/// The amount of the cable on the row, or of one of them.
pub fn amount(app: &mut App) {
    let Some((shown, row)) = row_in_focus(app) else {
        return app.say("No cable is here");
    };
    match near(&shown.patch, row).as_slice() {
        [] => app.say("No cable is on this row: w wires one"),
        [cable] => ask_amount(app, &shown.patch, *cable),
        cables => pick::open(
            app,
            "the amount of",
            cable_items(&shown.patch, cables),
            Then::Amount,
        ),
    }
}

pub fn wire_or_amount(app: &mut App) {
    let wired = row_in_focus(app).is_some_and(|(s, row)| !near(&s.patch, row).is_empty());
    match wired {
        true => amount(app),
        false => wire(app, ""),
    }
}

pub fn ask_amount(app: &mut App, patch: &Patch, cable: Cable) {
    let into = amount_in(&patch.modules[cable.to.node], cable.to.input);
    let from = source_text(patch, cable.from);
    let to = target_text(patch, cable.to);
    let now = cable.amount;
    prompt::ask_amount(app, from, to, into, prompt::Cabled::Now { amount: now });
}
