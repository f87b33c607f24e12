//! The shelf of sets: one heard again in the standby, a moment of one as a patch, the whole as a sound file.
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use crossterm::event::KeyCode;

use super::{Asking, Found, Row, Shelf, Wanted, look_up};
use crate::control::command::{At, Command, Request};
use crate::control::handle::Handle;
use crate::control::set::{self, Set, patch_at};
use crate::control::takes::{ago, patch_playing};
use crate::modules::audio_file;
use crate::patch::file::save_atomic;
use crate::tui::app::App;
use crate::tui::words;

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
    let tenths = (set.last_frame() as f64 / set.header.rate * 10.0).round() as u64;
    let swaps = set
        .lines
        .iter()
        .filter(|line| matches!(line.what, set::What::Heard { .. }))
        .count();
    let mut text = format!(
        "{:>3}:{:02}.{}  {swaps:>3} swaps  {:>6} entries  {when}",
        tenths / 600,
        tenths / 10 % 60,
        tenths % 10,
        set.lines.len()
    );
    let places = set.hindrances().count();
    if places > 0 {
        let places = words::count(places, "place");
        text += &format!("; {places} can't be the same again");
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
        KeyCode::Enter => hear(app, row, 0.0),
        KeyCode::Char('f') if !row.open => shelf.asking = ask(Wanted::From, String::new()),
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

/// What a sampler holds: so much of a set is heard at once.
fn most_frames() -> u64 {
    (audio_file::LARGEST / 2) as u64
}

/// The frames of a set that are heard from a second on, and whether they are all of it.
fn part(end: u64, rate: f64, from: f64) -> (u64, u64, bool) {
    let first = (from * rate) as u64;
    let last = end.min(first.saturating_add(most_frames()));
    (first, last, first == 0 && last == end)
}

/// The set again, as sound, in the standby: what plays goes on. What was written once is there; of a set that is longer than a
/// sampler holds it is the part from a second on.
pub(super) fn hear(app: &mut App, row: &Row, from: f64) {
    let (path, whole) = (row.path.clone(), as_sound(app, row));
    let bits = app.view.record_bits;
    let words = format!(
        "{} becomes sound for the standby; ^G swaps it in when it is primed",
        row.name
    );
    apart(app, &words, move || {
        let heard = Set::read(&path).map_err(|e| e.to_string()).and_then(|set| {
            let (first, last, all) = part(set.last_frame(), set.header.rate, from);
            if first >= last {
                return Err("it ends before".to_owned());
            }
            let seconds = |frame: u64| frame as f64 / set.header.rate;
            let file = match all {
                true => whole,
                false => {
                    let part = format!(
                        "{} {:.2}-{:.2}s",
                        name(&path),
                        seconds(first),
                        seconds(last)
                    );
                    whole.with_file_name(format!("{part}.wav"))
                }
            };
            if !file.exists() {
                render(&set, (first, last), &file, bits)?;
            }
            Ok(file)
        });
        match heard {
            Ok(file) => Command::LoadText {
                text: patch_playing(&file),
                path: None,
            },
            Err(why) => Command::Tell(format!("{} can't be heard: {why}", name(&path))),
        }
    });
}

/// From a second that was typed.
pub(super) fn hear_from(app: &mut App, row: &Row, second: &str) {
    match second.parse().ok().filter(|s: &f64| *s >= 0.0) {
        Some(second) => hear(app, row, second),
        None => app.complain(format!("a moment is a number of seconds, not `{second}`")),
    }
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
        let written = Set::read(&path).map_err(|e| e.to_string());
        let written = written.and_then(|set| render(&set, (0, set.last_frame()), &file, bits));
        Command::Tell(match written {
            Ok(more) => format!("{} is {} as sound{more}", file.display(), name(&path)),
            Err(why) => format!("{} can't be written: {why}", file.display()),
        })
    });
}

fn render(
    set: &Set,
    (first, last): (u64, u64),
    file: &Path,
    bits: crate::audio::wav_bits::Bits,
) -> Result<String, String> {
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    }
    let wanted = set::Wanted { first, last, bits };
    // Under another name until it is whole: a file of that name is the whole set.
    let part = file.with_extension("part");
    let rendered = set::render(set, wanted, &part, |_| true).map_err(|e| e.to_string());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_set_as_much_is_heard_as_a_sampler_holds() {
        let most = most_frames();
        let rate = 48_000.0;
        assert_eq!(part(480_000, rate, 0.0), (0, 480_000, true));
        assert_eq!(part(480_000, rate, 2.0), (96_000, 480_000, false));
        assert_eq!(part(most, rate, 0.0), (0, most, true));
        let hours = 4 * 3_600 * 48_000;
        assert_eq!(part(hours, rate, 0.0), (0, most, false));
        assert_eq!(part(hours, rate, 3_600.0).0, 3_600 * 48_000);
        let (first, last, _) = part(480_000, rate, f64::INFINITY);
        assert!(first >= last, "nothing is left");
    }
}
