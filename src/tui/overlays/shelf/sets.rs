//! The shelf of sets: one heard again in the standby, a moment of one as a patch, the whole as a sound file.
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use crossterm::event::KeyCode;

use super::{Asking, Found, Row, Shelf, Wanted, look_up};
use crate::control::command::{At, Command, Request};
use crate::control::handle::Handle;
use crate::control::set::{self, Set, patch_at};
use crate::control::takes::{ago, patch_playing};
use crate::patch::file::save_atomic;
use crate::tui::app::App;

pub(super) fn rows(app: &App, tell: Sender<Found>) -> Vec<Row> {
    let Some(folder) = app.view.sets.clone() else {
        return Vec::new();
    };
    let list = set::Shelf::new(folder).list();
    let open = app.view.set.clone();
    let rows: Vec<Row> = list
        .iter()
        .map(|shelved| Row {
            path: shelved.path.clone(),
            name: name(&shelved.path),
            facts: ago(shelved.changed),
            trouble: false,
            open: open.as_ref() == Some(&shelved.path),
        })
        .collect();
    let when: Vec<_> = list.iter().map(|s| (s.path.clone(), s.changed)).collect();
    let files = rows.iter().map(|row| row.path.clone()).collect();
    look_up(files, tell, move |path| {
        let set = Set::read(path).map_err(|why| why.to_string())?;
        let changed = when.iter().find(|(p, _)| p == path).map(|(_, at)| *at);
        Ok(facts(&set, changed.map_or(String::new(), ago)))
    });
    rows
}

fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn facts(set: &Set, when: String) -> String {
    let seconds = set.last_frame() as f64 / set.header.rate;
    let swaps = set
        .lines
        .iter()
        .filter(|line| matches!(line.what, set::What::Heard { .. }))
        .count();
    let mut text = format!(
        "{:>3.0}:{:04.1}  {swaps:>3} swaps  {:>6} entries  {when}",
        (seconds / 60.0).floor(),
        seconds % 60.0,
        set.lines.len()
    );
    let places = set.hindrances().count();
    if places > 0 {
        text += &format!("; {places} places can't be the same again");
    }
    if set.listener().is_some() {
        text += "; what came in is not in it";
    }
    text
}

pub(super) fn on_key(app: &mut App, shelf: &mut Shelf, row: &Row, code: KeyCode) {
    let ask = |wanted, line: String| Some(Asking::Line(wanted, line));
    match code {
        KeyCode::Enter if row.open => app.complain(format!(
            "{} is being written: it can be heard when it has ended; p takes the patch of a moment",
            row.name
        )),
        KeyCode::Enter => hear(app, row),
        KeyCode::Char('p') => shelf.asking = ask(Wanted::Moment, String::new()),
        KeyCode::Char('e') => {
            shelf.asking = ask(Wanted::Export, format!("0 {}.ron", row.name));
        }
        KeyCode::Char('w') => {
            let file = as_sound(app, row);
            shelf.asking = ask(Wanted::Render, file.display().to_string());
        }
        _ => {}
    }
}

/// Does it on a thread of its own: a set may be long. The last word is a command: a sentence, or a patch for the standby.
fn apart(app: &mut App, words: &str, work: impl FnOnce() -> Command + Send + 'static) {
    let handle: Handle = app.handle.clone();
    let spawned = std::thread::Builder::new()
        .name("set".into())
        .spawn(move || {
            let request = Request {
                command: work(),
                at: At::Soon,
                answer: None,
            };
            // The instrument may have ended meanwhile.
            let _ = handle.send(request);
        });
    match spawned {
        Ok(_) => app.say(words),
        Err(why) => app.complain(why.to_string()),
    }
}

/// The patch that was audible at a second, every knob where it stood; the standby gets it, or a file.
pub(super) fn moment(app: &mut App, path: &Path, second: &str, file: Option<PathBuf>) {
    let Some(second) = second.parse().ok().filter(|s: &f64| *s >= 0.0) else {
        return app.complain(format!("a moment is a number of seconds, not `{second}`"));
    };
    if file.as_ref().is_some_and(|f| f.exists()) {
        let file = file.unwrap_or_default();
        return app.complain(format!("{} is there already", file.display()));
    }
    let path = path.to_owned();
    apart(app, "Reading the set …", move || {
        let name = name(&path);
        let text = Set::read(&path).map_err(|e| e.to_string()).and_then(|set| {
            let frame = (second * set.header.rate) as u64;
            patch_at(&set, frame).map_err(|e| e.to_string())
        });
        match (text, file) {
            (Err(why), _) => Command::Tell(why),
            (Ok(text), None) => Command::LoadText { text, path: None },
            (Ok(text), Some(file)) => Command::Tell(match save_atomic(&file, &text) {
                Ok(()) => format!("{} is {name} at {second} s", file.display()),
                Err(why) => format!("{}: {why}", file.display()),
            }),
        }
    });
}

/// "12.5 moment.ron".
pub(super) fn export(app: &mut App, path: &Path, line: &str) {
    match line.split_once(char::is_whitespace) {
        Some((second, file)) if !file.trim().is_empty() => {
            moment(app, path, second, Some(PathBuf::from(file.trim())));
        }
        _ => app.complain("a second and a file: 12.5 moment.ron"),
    }
}

/// Where a set lies as sound, unless somebody says otherwise.
fn as_sound(app: &App, row: &Row) -> PathBuf {
    app.view.recordings.join(format!("{}.wav", row.name))
}

/// The whole set again, as sound, in the standby: what plays goes on. A set that has ended is written once.
fn hear(app: &mut App, row: &Row) {
    let (path, file) = (row.path.clone(), as_sound(app, row));
    let bits = app.view.record_bits;
    let words = format!(
        "{} becomes sound for the standby; ^G swaps it in when it is primed",
        row.name
    );
    apart(app, &words, move || {
        let written = match file.exists() {
            true => Ok(String::new()),
            false => render(&path, &file, bits),
        };
        match written {
            Ok(_) => Command::LoadText {
                text: patch_playing(&file),
                path: None,
            },
            Err(why) => Command::Tell(format!("{} can't be heard: {why}", name(&path))),
        }
    });
}

pub(super) fn write(app: &mut App, path: &Path, file: &str) {
    if file.is_empty() {
        return app.complain("a sound file needs a name");
    }
    let (path, file) = (path.to_owned(), PathBuf::from(file));
    if file.exists() {
        return app.complain(format!("{} is there already", file.display()));
    }
    let bits = app.view.record_bits;
    apart(app, "Writing the set as sound …", move || {
        Command::Tell(match render(&path, &file, bits) {
            Ok(more) => format!("{} is {} as sound{more}", file.display(), name(&path)),
            Err(why) => format!("{} can't be written: {why}", file.display()),
        })
    });
}

fn render(path: &Path, file: &Path, bits: crate::audio::wav_bits::Bits) -> Result<String, String> {
    let set = Set::read(path).map_err(|e| e.to_string())?;
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    }
    let wanted = set::Wanted {
        first: 0,
        last: set.last_frame(),
        bits,
    };
    // Under another name until it is whole: a file of that name is the whole set.
    let part = file.with_extension("part");
    let rendered = set::render(&set, wanted, &part, |_| true).map_err(|e| e.to_string());
    let moved = rendered.and_then(|differences| {
        std::fs::rename(&part, file).map_err(|e| e.to_string())?;
        Ok(differences)
    });
    let differences = moved.inspect_err(|_| {
        // What is left of it is of no use to anybody.
        let _ = std::fs::remove_file(&part);
    })?;
    let places = differences.len() + set.hindrances().count();
    let mut more = match places {
        0 => String::new(),
        n => format!("; {n} places are not as they were heard"),
    };
    if let Some(listener) = set.listener() {
        more += &format!("; {}", listener.sentence(set.header.rate));
    }
    Ok(more)
}
