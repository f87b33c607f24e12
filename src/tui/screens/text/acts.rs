//! What keys do to the text: editing, faults and their fixes, priming, saving.
use crate::control::command::{Command, Focus};
use crate::patch::edit::Edit;
use crate::tui::app::{App, Layer};
use crate::tui::editor::Editor;
use crate::tui::screens::Screen;
use crate::tui::words;

use super::{follow, nudge};

pub fn edit(app: &mut App) {
    app.go(Screen::Text);
    if app.text.editor.is_none() {
        return app.say("Nothing is loaded; files are on screen 7");
    }
    app.layer = Layer::Edit;
}

pub fn leave(app: &mut App) {
    app.text.popup = None;
    app.layer = Layer::Nav;
}

pub fn revert(app: &mut App) {
    app.text.editor = None;
    app.text.show(&app.view.clone());
    app.say("The text is what the live slot plays");
}

pub fn undo(app: &mut App) {
    walk(app, Editor::undo, "Nothing to undo in this text");
}

pub fn redo(app: &mut App) {
    walk(app, Editor::redo, "Nothing to redo in this text");
}

fn walk(app: &mut App, step: fn(&mut Editor) -> Option<bool>, otherwise: &str) {
    app.text.popup = None;
    app.text.check();
    let before = app.text.parsed.draft.clone();
    match app.text.editor.as_mut().and_then(step) {
        None => app.say(otherwise),
        Some(heard) => {
            // Knobs that were turned elsewhere meanwhile stay as they are heard.
            follow::keep_turns(&mut app.text);
            app.text.check();
            if let Some(before) = before.filter(|_| heard) {
                nudge::hear_values(app, &before);
            }
        }
    }
}

/// To the next finding, or the one before.
pub fn next_error(app: &mut App, forward: bool) {
    app.text.check();
    let Some(editor) = &mut app.text.editor else {
        return;
    };
    let cursor = editor.cursor_byte();
    let all = &app.text.parsed.diagnostics;
    let found = match forward {
        true => all.iter().find(|d| d.span.start > cursor).or(all.first()),
        false => {
            let before = all.iter().rev().find(|d| d.span.start < cursor);
            before.or(all.last())
        }
    };
    match found {
        Some(found) => {
            editor.set_cursor(found.line - 1, found.column - 1);
            let place = all.iter().position(|d| d == found).unwrap_or(0) + 1;
            let message = format!("{place} of {}: {}", all.len(), found.message);
            app.say(message);
        }
        None => app.say("No errors"),
    }
}

/// Takes what the list of completions offers; else applies the fix of the finding on the cursor's line, or of the only error there
/// is; else indents.
pub fn fix(app: &mut App) {
    if super::popup::accept(&mut app.text) {
        return;
    }
    app.text.check();
    let errors = app.text.parsed.errors().count();
    let only = app.text.first_error().filter(|_| errors == 1);
    let found = app.text.at_cursor().or(only);
    let fix = found.and_then(|d| d.fix.clone());
    let Some(editor) = &mut app.text.editor else {
        return;
    };
    match fix {
        Some(fix) => {
            editor.replace(fix.span, &fix.text);
            app.text.check();
            let left = app.text.parsed.errors().count();
            let more = match left {
                0 => String::new(),
                n => format!("; {} left, ^N goes to the next", words::count(n, "error")),
            };
            app.say(format!("Fixed: {}{more}", fix.text));
        }
        None => editor.indent(),
    }
}

/// Builds and primes the text; with an error it says so and touches nothing.
pub fn prime(app: &mut App) {
    app.text.popup = None;
    app.text.check();
    let Some(editor) = &app.text.editor else {
        return app.send(Command::Prime);
    };
    if app.text.first_error().is_some() {
        let sentence = error_sentence(app).unwrap_or_default();
        return app.complain(sentence);
    }
    let text = editor.text();
    // What is patched and what is typed are one text.
    if let Some(bench) = app.view.bench.as_ref().filter(|_| !app.text.from_file) {
        if *bench.text == text {
            return app.send(Command::Prime);
        }
        let edit = Edit::Rewrite(text.clone());
        let focus = Focus::Bench;
        if app.ask(Command::Edit { focus, edit }) {
            app.text.baseline = text;
            if !app.view.auto_prime {
                app.send(Command::Prime);
            }
        }
        return;
    }
    let path = app.text.path.clone();
    app.send(Command::LoadText { text, path });
}

/// "Error 7:10 unknown module `Lader`. A acid bass keeps playing."
pub fn error_sentence(app: &App) -> Option<String> {
    let error = app.text.first_error()?;
    let live = words::slot_and_name(&app.view, app.view.live);
    let message = error.message.split(';').next().unwrap_or_default();
    Some(format!(
        "Error {}:{} {message}. {live} keeps playing.",
        error.line, error.column
    ))
}
