//! Actions whose outcome is remembered: keys of one's own, the keyboard's layout, whether the mouse is asked for.
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::control::event::{Event, What};
use crate::patch::diagnostic::{Diagnostic, Severity};
use crate::patch::file::save_atomic;
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::keys_file;
use crate::tui::notes::NoteKeys;
use crate::tui::settings::{self, Settings};
use crate::tui::theme::Role;

/// Brings back what was remembered, and the user's keys; what is wrong with them becomes the sentence.
pub fn remember(app: &mut App) {
    app.settings = Settings::read(app.options.config.as_deref());
    let layout = app.settings.layout.clone();
    app.notes.set_layout(&layout);
    load_keys(app);
}

fn keys_file(app: &App) -> Option<PathBuf> {
    let own = || Some(settings::keys_path(app.options.config.as_deref()?));
    app.options.keys.clone().or_else(own)
}

/// Reads the user's keys again; true where there were any.
fn load_keys(app: &mut App) -> bool {
    let Some(path) = keys_file(app) else {
        return false;
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(why) => {
            let none = [ErrorKind::NotFound, ErrorKind::NotADirectory];
            if !none.contains(&why.kind()) || app.options.keys.is_some() {
                app.complain(format!("{}: {why}", path.display()));
            }
            return false;
        }
    };
    let read = keys_file::read(&text, &path.display().to_string());
    app.keymap = read.keymap;
    if let Some(layout) = read.layout {
        app.notes.set_layout(&layout);
    }
    for found in &read.diagnostics {
        app.journal.push(Event {
            what: What::Warning,
            sentence: found.to_string(),
            ..Event::default()
        });
    }
    // What is left out matters more than what is only worth knowing.
    let wrong = |d: &&Diagnostic| d.severity == Severity::Error;
    let first = read.diagnostics.iter().find(wrong);
    if let Some(first) = first.or(read.diagnostics.first()) {
        let others = match read.diagnostics.len() {
            1 => String::new(),
            n => format!(" (and {} more: the log tells)", n - 1),
        };
        app.complain(format!("{first}{others}"));
    }
    true
}

/// Writes a file to bind keys in, or reads it again.
pub fn keys(app: &mut App, arg: &str) {
    if arg.trim() == "load" {
        app.keymap = Keymap::default();
        app.say("The keys of the table hold: there is no file of your own");
        if load_keys(app) && app.sentence.role != Role::Failed {
            app.say("Your keys hold; ? lists them");
        }
        return;
    }
    let path = match arg.trim() {
        "" => keys_file(app),
        named => Some(super::typed_path(named)),
    };
    let Some(path) = path else {
        return app.complain("there is no configuration folder; name a file");
    };
    if path.exists() {
        let path = path.display();
        return app.say(format!(
            "Your keys are in {path}; `:keys load` reads them again"
        ));
    }
    let text = keys_file::template(&app.keymap, app.notes.layout());
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    let written = folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| save_atomic(&path, &text));
    match written {
        Ok(()) => {
            let path = path.display();
            app.say(format!("Bind keys in {path}; `:keys load` reads it again"));
        }
        Err(why) => app.complain(format!("{}: {why}", path.display())),
    }
}

pub fn layout(app: &mut App, arg: &str) {
    let arg = arg.trim();
    if !app.notes.set_layout(arg) {
        let known: Vec<_> = NoteKeys::layouts().collect();
        return app.complain(format!("no layout `{arg}`; there is {}", known.join(", ")));
    }
    let out = app.notes.all_off();
    app.play(out);
    app.settings.layout = arg.to_owned();
    app.say(format!(
        "The keyboard is {arg}: notes lie where its keys are"
    ));
    write_settings(app);
}

pub fn mouse(app: &mut App, arg: &str) {
    let on = match arg.trim() {
        "on" => true,
        "off" => false,
        "" => app.settings.mouse_off,
        _ => return app.complain("mouse takes on or off"),
    };
    app.settings.mouse_off = !on;
    app.say(match on {
        true => "The mouse focuses, turns and wires; with Shift it is the terminal's",
        false => "The mouse is the terminal's",
    });
    write_settings(app);
}

fn write_settings(app: &mut App) {
    if let Err(why) = app.settings.write(app.options.config.as_deref()) {
        app.complain(format!("this is not remembered: {why}"));
    }
}
