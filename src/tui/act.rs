//! What actions do to the instrument: each takes the screen's state and what was typed behind the action's name.
mod remembered;

use std::path::{Path, PathBuf};

use crate::audio::wav_bits::Bits;
use crate::control::command::{Command, Quantum, Record};
use crate::control::controls::Controlled;
use crate::patch::value::parse_length;

use super::app::{App, Layer};
use super::notes::{KeyMode, NoteKeys};
use super::overlays;
use super::screens::{Screen, patch, pattern, text};
use super::seen::Whose;
use super::theme::Theme;
use super::words;
pub use remembered::{keys, layout, mouse, remember};

pub fn prime(app: &mut App) {
    if app.screen == Screen::Text || (app.text.edited() && app.screen != Screen::Patch) {
        text::prime(app);
    } else {
        app.send(Command::Prime);
    }
}

pub fn swap(app: &mut App, when: &str) {
    let quantum = match when.trim() {
        "" => None,
        when => match Quantum::parse(when) {
            Some(quantum) => Some(quantum),
            None => return app.complain(format!("no quantum `{when}`; try now, beat, bar, 4bars")),
        },
    };
    app.send(Command::Swap(quantum));
}

pub fn undo(app: &mut App) {
    if app.layer == Layer::Edit {
        text::undo(app);
    } else if app.screen == Screen::Pattern {
        pattern::hear::undo(app);
    } else {
        app.patch.forget_turns();
        app.send(Command::Undo);
    }
}

pub fn redo(app: &mut App) {
    if app.layer == Layer::Edit {
        text::redo(app);
    } else if app.screen == Screen::Pattern {
        pattern::hear::redo(app);
    } else {
        app.patch.forget_turns();
        app.send(Command::Redo);
    }
}

pub fn panic(app: &mut App) {
    let out = app.notes.all_off();
    app.play(out);
    app.send(Command::Panic);
}

pub fn record(app: &mut App, file: &str) {
    let file = file.trim();
    app.send(Command::Record(
        if app.view.recording.is_some() || file.is_empty() {
            Record::Toggle
        } else {
            Record::Start {
                path: Some(take_path(file)),
                bits: None,
            }
        },
    ));
}

/// The file of a recording as it was typed.
fn take_path(file: &str) -> PathBuf {
    let path = typed_path(file);
    match path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("wav"))
    {
        true => path,
        false => {
            let mut named = path.into_os_string();
            named.push(".wav");
            named.into()
        }
    }
}

pub fn record_bits(app: &mut App, bits: &str) {
    let bits = match bits.trim() {
        "" => Some(app.view.record_bits.next()),
        text => Bits::parse(text),
    };
    match bits {
        Some(bits) if app.ask(Command::Record(Record::Bits(bits))) => {
            app.say(format!("Recordings to come are of {} bits", bits.name()));
        }
        Some(_) => {}
        None => app.complain("record bits: 16, 24 or 32f"),
    }
}

pub fn keep(app: &mut App, seconds: &str) {
    let seconds = seconds.trim().trim_end_matches('s');
    let seconds = match seconds {
        "" => Ok(60.0),
        text => text.trim().parse(),
    };
    match seconds {
        Ok(seconds) => app.send(Command::Record(Record::Keep {
            path: None,
            seconds,
            bits: None,
        })),
        Err(_) => app.complain("keep takes seconds, 60 at most"),
    }
}

pub fn notes_off(app: &mut App) {
    app.notes.all_off();
    app.send(Command::NotesOff);
}

pub fn keyboard(app: &mut App, arg: &str) {
    let arg = arg.trim();
    if let Some(mode) = KeyMode::parse(arg) {
        app.notes.mode = mode;
    } else if !arg.is_empty() && !app.notes.set_layout(arg) {
        let layouts: Vec<_> = NoteKeys::layouts().collect();
        let known = layouts.join(", ");
        return app.complain(format!(
            "keyboard: gate, latch, legato, or a layout: {known}"
        ));
    }
    if app.layer == Layer::Keys && arg.is_empty() {
        return leave_keys(app);
    }
    app.filtering = false;
    app.layer = Layer::Keys;
    let live = app.loaded(app.view.live).map(|l| l.patch.clone());
    // Played into a pattern they are heard as steps.
    match live.filter(|p| app.screen != Screen::Pattern && !p.hears_notes()) {
        None => app.say("Letters are notes now: z to m and q to u are piano keys; Esc leaves"),
        Some(patch) => {
            let name = &patch.name;
            app.say(format!(
                "Letters are notes now, but {name} has no Keys or Arp to hear them; Esc leaves"
            ));
        }
    }
}

pub fn leave_keys(app: &mut App) {
    let out = app.notes.all_off();
    app.play(out);
    app.layer = Layer::Nav;
    app.say("Letters are commands again");
}

pub fn sustain(app: &mut App) {
    let out = app.notes.toggle_sustain();
    app.play(out);
}

pub fn next_key_mode(app: &mut App) {
    let out = app.notes.all_off();
    app.play(out);
    app.notes.mode = app.notes.mode.next();
}

pub fn gate_length(app: &mut App, arg: &str) {
    match parse_length(arg.trim()).filter(|beats| (0.0..=16.0).contains(beats)) {
        Some(beats) => {
            app.notes.gate_beats = beats;
            app.notes.gate_text = arg.trim().to_owned();
        }
        None => app.complain("gate takes a note length such as 1/8"),
    }
}

pub fn toggle_play(app: &mut App) {
    app.send(Command::TogglePlay);
}

pub fn quantum(app: &mut App, arg: &str) {
    let quantum = match arg.trim() {
        "" => match app.view.quantum {
            Quantum::Now => Quantum::Beat,
            Quantum::Beat => Quantum::Bar,
            Quantum::Bar => Quantum::Bars(2),
            Quantum::Bars(n) if n < 8 => Quantum::Bars(n * 2),
            Quantum::Bars(_) => Quantum::Beat,
        },
        named => match Quantum::parse(named) {
            Some(quantum) => quantum,
            None => return app.complain(format!("no quantum `{named}`; try beat, bar, 4bars")),
        },
    };
    app.send(Command::SetQuantum(quantum));
    app.say(format!("Swaps happen {}", words::when(quantum)));
}

pub fn bpm(app: &mut App, arg: &str) {
    if arg.trim().is_empty() {
        return overlays::prompt::ask_bpm(app);
    }
    match arg.trim().parse::<f64>() {
        Ok(bpm) if (20.0..=400.0).contains(&bpm) => app.send(Command::Bpm(bpm)),
        _ => app.complain("bpm goes from 20 to 400"),
    }
}

pub fn fade(app: &mut App, arg: &str) {
    let number = arg.trim().trim_end_matches("ms").trim();
    match number.parse::<f32>() {
        Ok(ms) if ms > 0.0 => app.send(Command::SetFade(ms)),
        _ => app.complain("fade takes milliseconds, such as 20"),
    }
}

pub fn carry(app: &mut App, arg: &str) {
    let on = match arg.trim() {
        "on" => true,
        "off" => false,
        "" => !app.view.state_carry,
        _ => return app.complain("carry takes on or off"),
    };
    app.send(Command::SetStateCarry(on));
    app.say(match on {
        true => "Modules of the same name and kind keep their state across a swap",
        false => "Every patch starts from silence",
    });
}

pub fn reset_counters(app: &mut App) {
    app.meters.clear_clips();
    app.black_box.forget();
    app.incident = 0;
    app.send(Command::ResetCounters);
}

pub fn theme(app: &mut App, arg: &str) {
    let name = match arg.trim() {
        "" => return overlays::themes::open(app),
        name => name,
    };
    match Theme::load(name, app.depth) {
        Ok(theme) => {
            app.say(format!("Theme {}", theme.name));
            app.theme = theme;
        }
        Err(why) => app.complain(why),
    }
}

/// What a save is about: on the Patch screen the bench, else the text, else the live patch with the knob turns in it.
fn saved_here(app: &App) -> Option<Whose> {
    if app.screen == Screen::Patch && app.view.bench.is_some() {
        return Some(Whose::Bench);
    }
    if app.text.is_open() && (app.screen == Screen::Text || app.text.edited()) {
        return Some(Whose::Text);
    }
    let live = app.view.live;
    app.loaded(live).map(|_| Whose::Slot(live))
}

/// Saves what is being edited. What another program wrote, and a file of another name that is there, is written over only when asked.
pub fn save(app: &mut App, arg: &str) {
    let Some(whose) = saved_here(app) else {
        return app.complain("there is nothing to save");
    };
    let (own, name) = match whose {
        Whose::Text => (app.text.path(), app.text.name()),
        Whose::Bench => {
            let bench = app.view.bench.as_ref();
            let named = bench.map(|b| (b.path.clone(), b.patch.name.clone()));
            named.unwrap_or_default()
        }
        Whose::Slot(slot) => {
            let loaded = app.loaded(slot);
            let named = loaded.map(|l| (l.path.clone(), l.patch.name.clone()));
            named.unwrap_or_default()
        }
    };
    // What came from standard input has no file.
    let own = own.filter(|path| path.as_os_str() != "-");
    let named = Some(patch_path(arg)).filter(|_| !arg.trim().is_empty());
    match (named.filter(|path| Some(path) != own.as_ref()), own) {
        (Some(path), _) if path.exists() => {
            overlays::prompt::ask_path(app, &path.display().to_string());
        }
        (Some(path), _) => save_to(app, path),
        (None, Some(path)) if is_other(app, whose, &path) => {
            overlays::conflict::open(app, path, whose);
        }
        (None, Some(path)) => save_to(app, path),
        (None, None) => overlays::prompt::ask_path(app, &file_name(&name)),
    }
}

/// Whether another program wrote the file of what is saved.
fn is_other(app: &App, whose: Whose, path: &Path) -> bool {
    match whose {
        Whose::Text => app.text.is_other_on_disk(path),
        _ => app.seen.is_other(whose, path),
    }
}

/// Saves into a file, whatever is there.
pub fn save_to(app: &mut App, path: PathBuf) {
    match saved_here(app) {
        None => app.complain("there is nothing to save"),
        Some(Whose::Text) => text::write(app, path),
        Some(Whose::Bench) => app.send(Command::SaveBench { path: Some(path) }),
        Some(Whose::Slot(slot)) => app.send(Command::Save {
            slot,
            path: Some(path),
        }),
    }
}

/// The file of a patch as it was typed: without an ending it would be no patch to anybody.
pub fn patch_path(text: &str) -> PathBuf {
    let path = typed_path(text);
    match path.extension().is_none() && path.file_name().is_some() && !path.is_dir() {
        true => path.with_extension("ron"),
        false => path,
    }
}

/// A path as it was typed: `~/` is the home folder, as in shells.
pub fn typed_path(text: &str) -> PathBuf {
    let text = text.trim();
    let home = text.strip_prefix("~/").zip(std::env::var_os("HOME"));
    match home {
        Some((rest, home)) => Path::new(&home).join(rest),
        None => text.into(),
    }
}

/// A file name for a patch that has none: beside other patches, where there are any.
pub fn file_name(patch: &str) -> String {
    let stem: String = patch
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    let file = format!("{}.ron", stem.to_lowercase());
    match std::path::Path::new("patches").is_dir() {
        true => format!("patches/{file}"),
        false => file,
    }
}

pub fn picture(app: &mut App, arg: &str) {
    let path = match arg.trim() {
        "" => free_picture(),
        named => typed_path(named),
    };
    if path.exists() {
        return app.complain(format!("{} is there already", path.display()));
    }
    app.picture = Some(path);
}

/// "chronus.svg", "chronus-2.svg".
fn free_picture() -> PathBuf {
    let mut names = (2..1_000).map(|n| PathBuf::from(format!("chronus-{n}.svg")));
    let first = PathBuf::from("chronus.svg");
    match first.exists() {
        true => names.find(|path| !path.exists()).unwrap_or(first),
        false => first,
    }
}

/// The knob that a MIDI controller is to turn: named, in focus on the Patch screen, or the picked macro.
pub fn learn(app: &mut App, arg: &str) {
    let arg = arg.trim();
    if arg.is_empty() && app.view.learning.is_some() {
        app.send(Command::Learn(None));
        return app.say("No controller is waited for any more");
    }
    let knob = match arg.split_once('.') {
        Some((module, param)) => Some(Controlled::Param {
            module: module.to_owned(),
            param: param.to_owned(),
        }),
        None if !arg.is_empty() => None,
        None if app.screen == Screen::Patch => patch::row_in_focus(app).and_then(|(shown, row)| {
            let node = &shown.patch.modules[row.node];
            match row.field {
                patch::Field::Param(param) => Some(Controlled::Param {
                    module: node.name.clone(),
                    param: node.spec.params[param].name.to_owned(),
                }),
                _ => None,
            }
        }),
        None => {
            (!super::stage::macros(app).is_empty()).then_some(Controlled::Macro(app.picked_macro))
        }
    };
    let Some(knob) = knob else {
        return app
            .complain("learn takes a knob: vcf.cutoff, the one in focus on Patch, or a macro");
    };
    let text = format!("Move a MIDI controller: it will turn {knob}");
    if app.ask(Command::Learn(Some(knob))) {
        app.say(text);
    }
}
