//! How edits of patterns come to be heard: made on the bench, built and primed, and swapped in by themselves; and how they are
//! taken back the same way, one at a time.
use std::time::{Duration, Instant};

use crate::control::command::{Command, Focus, Quantum};
use crate::control::slot::{Incoming, SlotState};
use crate::modules::spec::{OptionValue, ParamValue};
use crate::patch::Node;
use crate::patch::edit::Edit;
use crate::tui::app::App;

use super::patch;

/// A swap that was asked for is asked for again after this long, where it was forgotten for another edit.
const AGAIN: Duration = Duration::from_millis(250);
/// An edit that can't be heard for so long is left to the user.
const PATIENCE: Duration = Duration::from_secs(8);
/// Steps that can be taken back.
const STEPS: usize = 1_000;

/// When an edit is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    #[default]
    Now,
    /// At the quantum of swaps.
    Quantum,
    /// When the user swaps.
    Standby,
}

impl When {
    pub fn words(self) -> &'static str {
        match self {
            Self::Now => "heard at once",
            Self::Quantum => "heard at the quantum",
            Self::Standby => "edits stand by; ^G swaps",
        }
    }
}

#[derive(Default)]
pub struct Hear {
    pub when: When,
    /// Edits that are to be heard: since when, and when the swap was asked for last.
    due: Option<(Instant, Instant)>,
    done: Vec<Change>,
    undone: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Choice {
        module: String,
        option: &'static str,
        before: OptionValue,
        after: OptionValue,
    },
    Knob {
        module: String,
        param: &'static str,
        before: ParamValue,
        after: ParamValue,
    },
}

/// Gives an option of a module another value, to be heard.
pub fn choose(app: &mut App, node: &Node, option: usize, value: OptionValue) -> bool {
    let before = node.options[option].clone();
    if before == value {
        return false;
    }
    let change = Change::Choice {
        module: node.name.clone(),
        option: node.spec.options[option].name,
        before,
        after: value,
    };
    make(app, change)
}

/// Turns a knob of a module: heard at once, wherever the patch plays.
pub fn turn(app: &mut App, node: &Node, param: usize, value: ParamValue) -> bool {
    let change = Change::Knob {
        module: node.name.clone(),
        param: node.spec.params[param].name,
        before: node.params[param],
        after: value,
    };
    make(app, change)
}

fn make(app: &mut App, change: Change) -> bool {
    let made = carry_out(app, &change);
    if made {
        let hear = &mut app.pattern.hear;
        hear.undone.clear();
        hear.done.push(change);
        if hear.done.len() > STEPS {
            hear.done.remove(0);
        }
    }
    made
}

fn carry_out(app: &mut App, change: &Change) -> bool {
    let focus = Focus::Bench;
    match change.clone() {
        Change::Knob {
            module,
            param,
            after,
            ..
        } => app.ask(Command::SetParam {
            focus,
            module,
            param: param.to_owned(),
            value: after,
        }),
        Change::Choice {
            module,
            option,
            after,
            ..
        } => {
            let edit = Edit::Choose {
                module,
                option: option.to_owned(),
                value: after,
            };
            let made = app.ask(Command::Edit { focus, edit });
            if made {
                ask_swap(app);
            }
            made
        }
    }
}

fn ask_swap(app: &mut App) {
    if app.pattern.hear.when == When::Standby {
        return;
    }
    if !app.view.auto_prime {
        app.send(Command::Prime);
    }
    app.pattern.hear.due = Some((app.now, app.now));
    swap(app);
}

fn swap(app: &mut App) {
    let quantum = match app.pattern.hear.when {
        When::Now => Quantum::Now,
        _ => app.view.quantum,
    };
    app.send_quietly(Command::Swap(Some(quantum)));
}

/// Sees to it that the last edit is swapped in, where a swap was going on when it was made.
pub fn follow(app: &mut App) {
    let Some((since, asked)) = app.pattern.hear.due else {
        return;
    };
    let view = &app.view;
    let standby = &view.slots[view.live.other().index()];
    let fading = |s: &SlotState| matches!(s, SlotState::Fading { .. });
    let refused = matches!(standby.incoming, Some(Incoming::Refused { .. }));
    let over = match &view.bench {
        None => app.now > asked + AGAIN,
        Some(bench) => bench.trouble.is_some() || refused,
    };
    if over || app.now > since + PATIENCE {
        app.pattern.hear.due = None;
        return;
    }
    let busy = view.armed.is_some() || view.slots.iter().any(|s| fading(&s.state));
    let there = standby.state == SlotState::Primed
        && view
            .bench
            .as_ref()
            .zip(standby.loaded.as_ref())
            .is_some_and(|(b, l)| b.text == l.text);
    if busy || app.now < asked + AGAIN || !(there || standby.incoming.is_some()) {
        return;
    }
    app.pattern.hear.due = Some((since, app.now));
    swap(app);
}

pub fn undo(app: &mut App) {
    match app.pattern.hear.done.pop() {
        Some(change) if stands(app, &change, Side::After) => {
            let back = reversed(&change);
            if carry_out(app, &back) {
                app.say(format!("Undone: {}", words(&change)));
                app.pattern.hear.undone.push(change);
            }
        }
        // Something else was done since: its own undo comes first.
        Some(_) => {
            app.pattern.hear.done.clear();
            app.send(Command::Undo);
        }
        None => app.send(Command::Undo),
    }
}

pub fn redo(app: &mut App) {
    match app.pattern.hear.undone.pop() {
        Some(change) if stands(app, &change, Side::Before) => {
            if carry_out(app, &change) {
                app.say(format!("Done again: {}", words(&change)));
                app.pattern.hear.done.push(change);
            }
        }
        _ => {
            app.pattern.hear.undone.clear();
            app.send(Command::Redo);
        }
    }
}

fn words(change: &Change) -> String {
    match change {
        Change::Choice { module, option, .. } => format!("{module}.{option}"),
        Change::Knob { module, param, .. } => format!("{module}.{param}"),
    }
}

fn reversed(change: &Change) -> Change {
    let mut back = change.clone();
    match &mut back {
        Change::Choice { before, after, .. } => std::mem::swap(before, after),
        Change::Knob { before, after, .. } => std::mem::swap(before, after),
    }
    back
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Before,
    After,
}

/// Whether the patch is as the change left it, or as it found it.
fn stands(app: &App, change: &Change, side: Side) -> bool {
    let Some(patch) = patch(app) else {
        return false;
    };
    let node = |name: &str| patch.node(name).map(|n| &patch.modules[n]);
    match change {
        Change::Choice {
            module,
            option,
            before,
            after,
        } => node(module).is_some_and(|n| {
            let want = if side == Side::After { after } else { before };
            n.spec.option(option).is_some_and(|o| n.options[o] == *want)
        }),
        Change::Knob {
            module,
            param,
            before,
            after,
        } => node(module).is_some_and(|n| {
            let want = if side == Side::After { after } else { before };
            n.spec.param(param).is_some_and(|p| n.params[p] == *want)
        }),
    }
}
