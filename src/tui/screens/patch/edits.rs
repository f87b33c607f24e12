//! Edits of the structure: each opens a list or a line where it has to ask, or takes its words from the palette.
use crate::control::command::Command;
use crate::modules;
use crate::modules::spec::{Family, ModuleSpec};
use crate::patch::Patch;
use crate::patch::edit::{Edit, free_like, free_name};
use crate::tui::app::App;
use crate::tui::overlays::pick::{self, Item, Then};
use crate::tui::overlays::prompt;

use super::lists::kinds;
use super::rows::{Field, Row};
use super::wiring::{ask_amount, cut_cable, wire_ends};
use super::{Shown, focus_module, row_in_focus, shown};

/// Makes an edit; true where it was made.
pub fn send(app: &mut App, edit: Edit) -> bool {
    let focus = super::focus_of(app);
    app.patch.forget_turns();
    let made = app.ask(Command::Edit { focus, edit });
    if made {
        app.patch.look = 0;
    }
    made
}

fn module_in_focus(app: &App) -> Option<(Shown, Row, String)> {
    let (shown, row) = row_in_focus(app)?;
    let name = shown.patch.modules[row.node].name.clone();
    Some((shown, row, name))
}

// Modules

/// "Ladder", "Ladder filter"; without words a list.
pub fn add(app: &mut App, arg: &str) {
    let mut words = arg.split_whitespace();
    match words.next() {
        None => pick::open(app, "add a module", kinds(None), Then::Add),
        Some(kind) => add_kind(app, kind, words.next()),
    }
}

pub fn add_kind(app: &mut App, kind: &str, name: Option<&str>) {
    let empty = Patch::empty("");
    let now = shown(app);
    let patch = now.as_ref().map_or(&empty, |s| &s.patch);
    let Some(spec) = modules::find(kind) else {
        let name = name.unwrap_or(kind).to_lowercase();
        let edit = Edit::Add {
            name,
            kind: kind.to_owned(),
            after: None,
        };
        // Refused, with what was meant.
        send(app, edit);
        return;
    };
    let name = name.map_or_else(|| free_name(patch, spec), str::to_owned);
    let edit = Edit::Add {
        name: name.clone(),
        kind: spec.kind.to_owned(),
        after: place(app, patch, spec),
    };
    if send(app, edit) {
        let field = match (spec.outputs.first(), spec.inputs.first()) {
            (Some(_), _) => Field::Out(0),
            (None, Some(_)) => Field::In(0),
            _ => Field::Param(0),
        };
        app.patch.focus_on(&name, field);
    }
}

/// Behind the module in focus, and before what is heard last.
fn place(app: &App, patch: &Patch, new: &ModuleSpec) -> Option<String> {
    let is_out = |node: usize| patch.modules[node].spec.family == Family::Output;
    if new.family == Family::Output {
        return None;
    }
    let at = row_in_focus(app).map(|(_, row)| row.node)?;
    let at = (0..=at).rev().find(|node| !is_out(*node))?;
    Some(patch.modules[at].name.clone())
}

pub fn rename(app: &mut App, arg: &str) {
    let Some((shown, _, module)) = module_in_focus(app) else {
        return app.say("No module to rename");
    };
    match arg.trim() {
        "" => prompt::ask_name(app, shown.patch, module),
        to => rename_to(app, module, to),
    }
}

pub fn rename_to(app: &mut App, module: String, to: &str) {
    let to = to.to_owned();
    let field = row_in_focus(app).map(|(_, row)| row.field);
    let edit = Edit::Rename {
        module,
        to: to.clone(),
    };
    if send(app, edit)
        && let Some(field) = field
    {
        app.patch.focus_on(&to, field);
    }
}

pub fn duplicate(app: &mut App, arg: &str) {
    let Some((shown, row, module)) = module_in_focus(app) else {
        return app.say("No module to duplicate");
    };
    let to = match arg.trim() {
        "" => free_like(&shown.patch, &module),
        name => name.to_owned(),
    };
    let edit = Edit::Duplicate {
        module,
        to: to.clone(),
    };
    if send(app, edit) {
        app.patch.focus_on(&to, row.field);
    }
}

pub fn replace(app: &mut App, arg: &str) {
    let Some((shown, row, module)) = module_in_focus(app) else {
        return app.say("No module to replace");
    };
    let spec = shown.patch.modules[row.node].spec;
    match arg.trim() {
        "" => {
            let title = format!("replace {module}: {} by", spec.kind);
            pick::open(app, &title, kinds(Some(spec)), Then::Replace { module });
        }
        kind => replace_by(app, module, kind),
    }
}

pub fn replace_by(app: &mut App, module: String, kind: &str) {
    let kind = kind.to_owned();
    send(app, Edit::Replace { module, kind });
}

pub fn delete(app: &mut App) {
    let Some((shown, row, module)) = module_in_focus(app) else {
        return app.say("No module to delete");
    };
    let next = match row.node + 1 < shown.patch.modules.len() {
        true => Some(row.node + 1),
        false => row.node.checked_sub(1),
    };
    let edit = Edit::Delete {
        module,
        bridge: true,
    };
    if send(app, edit)
        && let Some(next) = next
    {
        focus_module(app, &shown.patch, next);
    }
}

pub fn voices(app: &mut App, arg: &str) {
    match arg.trim().parse() {
        Ok(voices) => {
            send(app, Edit::Voices(voices));
        }
        Err(_) => app.complain("voices takes a number from 1 to 64"),
    }
}

pub fn title(app: &mut App, arg: &str) {
    match arg.trim() {
        "" => app.complain("title takes the patch's name"),
        name => {
            send(app, Edit::Title(name.to_owned()));
        }
    }
}

pub fn new_patch(app: &mut App) {
    app.patch.forget_turns();
    if app.ask(Command::NewPatch) {
        app.patch.look = 0;
        app.go(crate::tui::screens::Screen::Patch);
    }
}

pub fn throw_away(app: &mut App) {
    app.patch.forget_turns();
    app.ask(Command::ClearBench);
}

pub fn auto_prime(app: &mut App, arg: &str) {
    let on = match arg.trim() {
        "on" => true,
        "off" => false,
        "" => !app.view.auto_prime,
        _ => return app.complain("auto prime takes on or off"),
    };
    app.ask(Command::SetAutoPrime(on));
    app.say(match on {
        true => "Edits are built and primed in the standby as they are made",
        false => "Edits are built and primed when ^E asks for it",
    });
}

/// What was picked from a list.
pub fn picked(app: &mut App, then: Then, item: &Item, amount: Option<String>) {
    match then {
        Then::Add => add_kind(app, &item.label, None),
        Then::Replace { module } => replace_by(app, module, &item.label),
        Then::WireTo { from } => wire_ends(app, from, item.name.clone(), amount),
        Then::WireFrom { to } => wire_ends(app, item.name.clone(), to, amount),
        Then::Go => {
            if let (Some(shown), Some((node, field))) = (shown(app), item.place) {
                match (field, shown.patch.modules.get(node)) {
                    (Some(field), Some(module)) => {
                        app.patch.wired_only = false;
                        app.patch.focus_on(&module.name.clone(), field);
                    }
                    (None, Some(_)) => focus_module(app, &shown.patch, node),
                    (_, None) => {}
                }
            }
        }
        Then::Cut | Then::Amount => {
            let (Some(shown), Some(cable)) = (shown(app), item.cable) else {
                return;
            };
            match then {
                Then::Cut => cut_cable(app, &shown.patch, cable),
                _ => ask_amount(app, &shown.patch, cable),
            }
        }
    }
}
