//! Files on a shelf, over any screen: recordings (`R`) and sets. What they hold is looked up by a thread of its own, so that a long
//! recording or a slow disk holds nothing up.
pub mod sets;
pub mod takes;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::tui::app::App;
use crate::tui::overlays::{Overlay, middle, type_key};
use crate::tui::pen::{Labels, Pen, panel, tail, wipe};
use crate::tui::theme::Role;

pub struct Shelf {
    kind: Kind,
    rows: Vec<Row>,
    at: usize,
    asking: Option<Asking>,
    found: Receiver<Found>,
    /// A recording was under way when the rows were read.
    recording: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Takes,
    Sets,
}

/// A file.
#[derive(Clone, Default)]
struct Row {
    path: PathBuf,
    name: String,
    facts: String,
    /// It is no recording, or no set.
    trouble: bool,
    /// It is being written.
    open: bool,
}

/// What was found out about one.
struct Found {
    path: PathBuf,
    facts: String,
    trouble: bool,
}

/// What is asked before something is done to the file in focus.
enum Asking {
    Delete,
    Line(Wanted, String),
}

#[derive(Clone, Copy)]
enum Wanted {
    Rename,
    /// The set from a moment on, into the standby.
    From,
    /// The patch of a moment, into the standby.
    Moment,
    /// The same into a file.
    Export,
    /// As a sound file.
    Render,
}

impl Wanted {
    fn words(self) -> &'static str {
        match self {
            Self::Rename => "new name",
            Self::From => "heard from second",
            Self::Moment => "the patch as it stood at second",
            Self::Export => "second and file",
            Self::Render => "sound file",
        }
    }
}

pub fn takes(app: &mut App) {
    open(app, Kind::Takes);
}

pub fn sets(app: &mut App) {
    open(app, Kind::Sets);
}

fn open(app: &mut App, kind: Kind) {
    let (_, found) = channel();
    let mut shelf = Shelf {
        kind,
        rows: Vec::new(),
        at: 0,
        asking: None,
        found,
        recording: false,
    };
    shelf.rescan(app);
    app.overlay = Some(Overlay::Shelf(shelf));
}

/// Takes in what was found out since the last look, and a recording that began or ended.
pub fn look(app: &mut App) {
    if !matches!(app.overlay, Some(Overlay::Shelf(_))) {
        return;
    }
    let Some(Overlay::Shelf(mut shelf)) = app.overlay.take() else {
        return;
    };
    if shelf.recording != app.view.recording.is_some() {
        shelf.rescan(app);
    }
    while let Ok(found) = shelf.found.try_recv() {
        if let Some(row) = shelf.rows.iter_mut().find(|row| row.path == found.path) {
            (row.facts, row.trouble) = (found.facts, found.trouble);
        }
    }
    app.overlay = Some(Overlay::Shelf(shelf));
}

impl Shelf {
    /// Reads the folder again; the focus stays on its file.
    fn rescan(&mut self, app: &App) {
        let focused = self.rows.get(self.at).map(|row| row.path.clone());
        self.recording = app.view.recording.is_some();
        let (tell, found) = channel();
        self.found = found;
        self.rows = match self.kind {
            Kind::Takes => takes::rows(app, tell),
            Kind::Sets => sets::rows(app, tell),
        };
        let there = self
            .rows
            .iter()
            .position(|row| Some(&row.path) == focused.as_ref());
        let last = self.rows.len().saturating_sub(1);
        self.at = there.unwrap_or(self.at).min(last);
    }

    pub fn type_text(&mut self, text: &str) {
        if let Some(Asking::Line(_, line)) = &mut self.asking {
            *line += text;
        }
    }
}

/// Finds out what the files hold, until nobody wants to know.
fn look_up(
    files: Vec<PathBuf>,
    tell: Sender<Found>,
    facts: impl Fn(&std::path::Path) -> Result<String, String> + Send + 'static,
) {
    let work = move || {
        for path in files {
            let (facts, trouble) = match facts(&path) {
                Ok(facts) => (facts, false),
                Err(why) => (why, true),
            };
            let found = Found {
                path,
                facts,
                trouble,
            };
            if tell.send(found).is_err() {
                return;
            }
        }
    };
    // Without a thread the names are all there is.
    let _ = std::thread::Builder::new().name("shelf".into()).spawn(work);
}

pub fn on_key(app: &mut App, mut shelf: Shelf, key: &KeyEvent) -> Option<Shelf> {
    match shelf.asking.take() {
        Some(Asking::Delete) => {
            if key.code == KeyCode::Char('y') {
                delete(app, &shelf);
                shelf.rescan(app);
            }
            return Some(shelf);
        }
        Some(Asking::Line(wanted, mut line)) => {
            match key.code {
                KeyCode::Esc => {}
                KeyCode::Enter => finish(app, &mut shelf, wanted, line.trim()),
                _ => {
                    type_key(&mut line, key);
                    shelf.asking = Some(Asking::Line(wanted, line));
                }
            }
            return Some(shelf);
        }
        None => {}
    }
    let last = shelf.rows.len().saturating_sub(1);
    let focused = shelf.rows.get(shelf.at).cloned();
    match (key.code, focused) {
        (KeyCode::Esc | KeyCode::Char('q' | 'R'), _) => return None,
        (KeyCode::Up | KeyCode::Char('k'), _) => shelf.at = shelf.at.saturating_sub(1),
        (KeyCode::Down | KeyCode::Char('j'), _) => shelf.at = (shelf.at + 1).min(last),
        (KeyCode::PageUp, _) => shelf.at = shelf.at.saturating_sub(10),
        (KeyCode::PageDown, _) => shelf.at = (shelf.at + 10).min(last),
        (KeyCode::Home, _) => shelf.at = 0,
        (KeyCode::End, _) => shelf.at = last,
        (KeyCode::Char('b'), _) if shelf.kind == Kind::Takes => takes::next_bits(app),
        (_, None) => {}
        (KeyCode::Char('o'), Some(row)) => {
            let path = std::fs::canonicalize(&row.path).unwrap_or(row.path);
            app.say(format!("It is {}", path.display()));
        }
        (KeyCode::Char('d') | KeyCode::Delete | KeyCode::Char('r'), Some(row)) if row.open => {
            app.complain(format!("{} is being written", row.name));
        }
        (KeyCode::Char('d') | KeyCode::Delete, Some(_)) => shelf.asking = Some(Asking::Delete),
        (code, Some(row)) => match shelf.kind {
            Kind::Takes => takes::on_key(app, &mut shelf, &row, code),
            Kind::Sets => sets::on_key(app, &mut shelf, &row, code),
        },
    }
    Some(shelf)
}

fn delete(app: &mut App, shelf: &Shelf) {
    let Some(row) = shelf.rows.get(shelf.at) else {
        return;
    };
    match crate::control::takes::delete(&row.path) {
        Ok(()) => app.say(format!("{} is deleted", row.name)),
        Err(why) => app.complain(why),
    }
}

fn finish(app: &mut App, shelf: &mut Shelf, wanted: Wanted, line: &str) {
    let Some(row) = shelf.rows.get(shelf.at).cloned() else {
        return;
    };
    match wanted {
        Wanted::Rename => match crate::control::takes::rename(&row.path, line) {
            Ok(path) => {
                shelf.rows[shelf.at].path = path;
                shelf.rescan(app);
            }
            Err(why) => app.complain(why),
        },
        Wanted::From => sets::hear_from(app, &row, line),
        Wanted::Moment => sets::moment(app, &row.path, line, None),
        Wanted::Export => sets::export(app, &row.path, line),
        Wanted::Render => sets::write(app, &row.path, line),
    }
}

pub fn draw(app: &App, shelf: &Shelf, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    // The sentence below stays in sight: it answers keys.
    let area = middle(area, 100, area.height.saturating_sub(3).min(26));
    wipe(buf, area, theme);
    let (title, foot) = match shelf.kind {
        Kind::Takes => (
            format!("recordings · {}", app.view.recordings.display()),
            format!(
                "Enter play  r rename  d delete  o where  b next in {}",
                app.view.record_bits.name()
            ),
        ),
        Kind::Sets => (
            "sets".to_owned(),
            "Enter hear it  f from  p patch of a moment  e export  w write  d delete  o where"
                .to_owned(),
        ),
    };
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: &foot,
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let (muted, text) = (theme.style(Role::Muted), theme.style(Role::Text));
    if shelf.rows.is_empty() {
        let words = match shelf.kind {
            Kind::Takes => "nothing recorded yet: ^R begins, ^R ends; :keep writes the last minute",
            Kind::Sets if app.view.set.is_none() => {
                "no sets; this performance is not written down (--state off, or 6 says why)"
            }
            Kind::Sets => "no sets yet: every performance becomes one",
        };
        Pen::row(buf, inner, 0).gap(1).text(words, muted);
    }
    let asks = u16::from(shelf.asking.is_some());
    let rows = usize::from(inner.height.saturating_sub(asks));
    let top = (shelf.at + 1).saturating_sub(rows);
    let names = shelf.rows.iter().map(|row| row.name.chars().count());
    let width = (names.max().unwrap_or(8) as u16 + 2).clamp(10, (inner.width / 2).max(10));
    for (y, (i, row)) in (0..rows).zip(shelf.rows.iter().enumerate().skip(top)) {
        let picked = i == shelf.at;
        if picked {
            let whole = Rect::new(inner.x, inner.y + y as u16, inner.width, 1);
            buf.set_style(whole, theme.raised());
        }
        let mut pen = Pen::row(buf, inner, y as u16);
        pen.text(if picked { "▸" } else { " " }, theme.style(Role::Focus));
        pen.cell(&row.name, width, text);
        if row.open {
            pen.text("being written  ", theme.style(Role::Busy));
        }
        let style = match row.trouble {
            true => theme.style(Role::DiagWarn),
            false => muted,
        };
        pen.cell(&row.facts, pen.room(), style);
    }
    let mut pen = Pen::row(buf, inner, inner.height.saturating_sub(1));
    match &shelf.asking {
        None => None,
        Some(Asking::Delete) => {
            let name = shelf.rows.get(shelf.at).map_or("", |row| &row.name);
            pen.gap(1)
                .text(
                    format!("Delete {name} for good?  "),
                    theme.style(Role::DiagWarn),
                )
                .text("y", theme.style(Role::Focus))
                .text(" yes   ", muted)
                .text("any other key", theme.style(Role::Focus))
                .text(" no", muted);
            None
        }
        Some(Asking::Line(wanted, line)) => {
            pen.gap(1).text(format!("{}: ", wanted.words()), muted);
            let room = usize::from(pen.room().saturating_sub(1));
            pen.text(tail(line, room), text.add_modifier(Modifier::BOLD));
            let x = pen.x().min(inner.right().saturating_sub(1));
            Some(Position::new(x, inner.bottom().saturating_sub(1)))
        }
    }
}
