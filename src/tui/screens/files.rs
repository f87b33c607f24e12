//! Patch files: which are valid, what is in them, and the way into the standby.
use std::path::{Path, PathBuf};

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::control::command::Command;
use crate::patch::file::parse;
use crate::tui::app::App;
use crate::tui::fuzzy;
use crate::tui::mouse::Spot;
use crate::tui::panels::preview;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::screens::{Screen, text};
use crate::tui::theme::Role;
use crate::tui::words;

/// Files read and checked at one look, so that a large folder does not hold the screen up.
const CHECKS_PER_LOOK: usize = 4;
/// Files of folders below that a filter may find: someone may look at a folder that holds a whole disk.
const MOST_BELOW: usize = 500;
/// Larger files are no patches.
const LARGEST: u64 = 1 << 20;

pub struct FilesScreen {
    folder: PathBuf,
    entries: Vec<Entry>,
    pub filter: String,
    /// Index into the rows shown.
    at: usize,
}

pub struct Entry {
    /// As shown: with its folder where that is not the one on the screen.
    name: String,
    pub path: PathBuf,
    folder: bool,
    /// In a folder below the one on the screen: found by a filter only.
    below: bool,
    pub content: Option<Content>,
}

/// What a file turned out to be.
pub enum Content {
    Patch {
        text: String,
        name: String,
        facts: String,
        bpm: Option<f64>,
    },
    Wrong {
        text: String,
        place: String,
        message: String,
    },
    Unreadable(String),
}

impl FilesScreen {
    pub fn new(folders: &[PathBuf]) -> Self {
        let there = folders.iter().find(|f| f.is_dir());
        let folder = there.cloned().unwrap_or_else(|| PathBuf::from("."));
        let mut screen = Self {
            folder,
            entries: Vec::new(),
            filter: String::new(),
            at: 0,
        };
        screen.rescan();
        let patch = screen.shown().position(|e| !e.folder);
        screen.at = patch.unwrap_or(0);
        screen
    }

    /// Reads the folder again; the focus stays on its file.
    pub fn rescan(&mut self) {
        let focused = self.focused().map(|e| e.path.clone());
        let mut entries = list(&self.folder, "");
        let folders = entries.iter().filter(|e| e.folder);
        let mut below: Vec<Entry> = folders.flat_map(|f| list(&f.path, &f.name)).collect();
        below.retain(|e| !e.folder);
        below.truncate(MOST_BELOW);
        entries.extend(below);
        entries.sort_by(|a, b| b.folder.cmp(&a.folder).then(a.name.cmp(&b.name)));
        self.entries = entries;
        let there = self.shown().position(|e| Some(&e.path) == focused.as_ref());
        self.at = there.unwrap_or(self.at);
    }

    /// Checks a few of the files that are not checked yet; those on the screen come first by their order.
    pub fn check_some(&mut self) {
        let unchecked = self
            .entries
            .iter_mut()
            .filter(|e| !e.folder && e.content.is_none());
        for entry in unchecked.take(CHECKS_PER_LOOK) {
            entry.content = Some(look_into(&entry.path));
        }
    }

    fn shown(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(|e| match self.filter.is_empty() {
                true => !e.below,
                false => fuzzy::score(&self.filter, &e.name).is_some(),
            })
    }

    fn focused(&self) -> Option<&Entry> {
        self.shown().nth(self.at)
    }

    /// Sets the filter; the best match gets the focus.
    pub fn set_filter(&mut self, filter: String) {
        self.filter = filter;
        let best = self
            .shown()
            .enumerate()
            .filter_map(|(i, e)| Some((fuzzy::score(&self.filter, &e.name)?, std::cmp::Reverse(i))))
            .max();
        self.at = best.map_or(0, |(_, i)| i.0);
    }

    /// The row that was pointed at.
    pub fn focus_on(&mut self, row: usize) {
        if row < self.shown().count() {
            self.at = row;
        }
    }

    pub fn move_by(&mut self, rows: isize) {
        let last = self.shown().count().saturating_sub(1);
        self.at = self.at.saturating_add_signed(rows).min(last);
    }

    fn open_folder(&mut self, folder: PathBuf) {
        let came_from = std::mem::replace(&mut self.folder, folder);
        self.filter.clear();
        self.at = 0;
        self.rescan();
        let there = self.shown().position(|e| e.path == came_from);
        self.at = there.unwrap_or(0);
    }
}

/// The folders and patch files of a folder that stands `within` the one on the screen, or is it.
fn list(folder: &Path, within: &str) -> Vec<Entry> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.filter_map(|entry| {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let folder = path.is_dir();
        let shown = folder || path.extension().is_some_and(|e| e == "ron");
        (shown && !name.starts_with('.')).then_some(Entry {
            name: match within.is_empty() {
                true => name,
                false => format!("{within}/{name}"),
            },
            path,
            folder,
            below: !within.is_empty(),
            content: None,
        })
    });
    entries.collect()
}

fn look_into(path: &Path) -> Content {
    match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() => return Content::Unreadable("not a file".into()),
        Ok(meta) if meta.len() > LARGEST => return Content::Unreadable("over 1 MiB".into()),
        Ok(_) => {}
        Err(why) => return Content::Unreadable(why.to_string()),
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(why) => return Content::Unreadable(why.to_string()),
    };
    let parsed = parse(&text, &path.display().to_string());
    match (&parsed.patch, parsed.errors().next()) {
        (Some(patch), None) => Content::Patch {
            facts: format!(
                "{}, {}, {}",
                words::count(patch.modules.len(), "module"),
                words::count(patch.cables.len(), "cable"),
                words::count(patch.voices, "voice")
            ),
            name: patch.name.clone(),
            bpm: patch.bpm,
            text,
        },
        (_, error) => Content::Wrong {
            place: error.map_or(String::new(), |d| format!("{}:{}", d.line, d.column)),
            message: error.map_or("no patch".to_owned(), |d| d.message.clone()),
            text,
        },
    }
}

/// Enter: opens a folder, loads a file. A path may be given by name.
pub fn load(app: &mut App, path: &str) {
    if !path.trim().is_empty() {
        app.send(Command::LoadFile(PathBuf::from(path.trim())));
        return app.go(Screen::Perform);
    }
    match app.files.focused().map(|e| (e.folder, e.path.clone())) {
        Some((true, path)) => app.files.open_folder(path),
        Some((false, path)) => {
            app.send(Command::LoadFile(path));
            app.go(Screen::Perform);
        }
        None => app.say("No file here"),
    }
}

/// Builds and primes the file in focus without leaving.
pub fn prime(app: &mut App) {
    match app.files.focused().map(|e| (e.folder, e.path.clone())) {
        Some((false, path)) => app.send(Command::LoadFile(path)),
        Some((true, path)) => app.files.open_folder(path),
        None => app.say("No file here"),
    }
}

pub fn up(app: &mut App) {
    let folder = std::path::absolute(&app.files.folder);
    let above = folder.ok().and_then(|f| f.parent().map(Path::to_owned));
    if let Some(above) = above {
        app.files.open_folder(above);
    }
}

pub fn edit(app: &mut App) {
    let Some((false, path)) = app.files.focused().map(|e| (e.folder, e.path.clone())) else {
        return app.say("No file here");
    };
    if app.text.edited() {
        return app
            .complain("The Text screen has unsaved edits: ^S saves them, :revert drops them");
    }
    match app.text.open_file(path) {
        Ok(()) => text::edit(app),
        Err(why) => app.complain(why.to_string()),
    }
}

pub fn rescan(app: &mut App) {
    app.files.rescan();
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let screen = &app.files;
    let preview_width = match area.width {
        0..=59 => 0,
        width => width - (width * 2 / 5).clamp(34, 60),
    };
    let list = Rect {
        width: area.width - preview_width,
        ..area
    };
    let title = format!("{}/", screen.folder.display());
    let foot = if screen.filter.is_empty() {
        "/ filter".to_owned()
    } else {
        format!("/{}", screen.filter)
    };
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Text).add_modifier(Modifier::BOLD),
        foot: &foot,
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, list, theme, &labels);
    let rows = usize::from(inner.height);
    if screen.shown().next().is_none() {
        Pen::row(buf, inner, 0)
            .gap(1)
            .text("no patch files here", theme.style(Role::Muted));
    }
    let top = (screen.at + 1).saturating_sub(rows);
    for (row, (i, entry)) in (0..inner.height).zip(screen.shown().enumerate().skip(top)) {
        draw_entry(app, entry, i == screen.at, inner, row, buf);
        let place = Rect::new(inner.x, inner.y + row, inner.width, 1);
        app.spots.note(place, Spot::File(i));
    }
    if preview_width > 0 {
        let side = Rect {
            x: list.right(),
            width: preview_width,
            ..area
        };
        preview::draw(app, screen.focused(), side, buf);
    }
    let y = inner.y + (screen.at - top) as u16;
    Some(Position::new(
        inner.x + 1,
        y.min(inner.bottom().saturating_sub(1)),
    ))
}

fn draw_entry(app: &App, entry: &Entry, focused: bool, area: Rect, row: u16, buf: &mut Buffer) {
    let theme = &app.theme;
    if focused {
        let whole = Rect::new(area.x, area.y + row, area.width, 1);
        buf.set_style(whole, theme.raised());
    }
    let muted = theme.style(Role::Muted);
    let mut pen = Pen::row(buf, area, row);
    pen.text(if focused { "▸ " } else { "  " }, theme.style(Role::Focus));
    let name_width = area.width.saturating_sub(16).min(24);
    if entry.folder {
        let name = format!("{}/", entry.name);
        pen.cell(name, name_width, theme.style(Role::Focus));
        return;
    }
    let name = if focused {
        theme.style(Role::Text).add_modifier(Modifier::BOLD)
    } else {
        theme.style(Role::Text)
    };
    pen.cell(&entry.name, name_width, name).gap(1);
    match &entry.content {
        None => pen.text("…", muted),
        Some(Content::Patch { bpm, facts, .. }) => {
            pen.text("✓ ", theme.style(Role::Live));
            let bpm = bpm.map_or("   ".to_owned(), |b| format!("{b:>3.0}"));
            pen.text(bpm, theme.style(Role::Text)).gap(2);
            let modules = facts.split(',').next().unwrap_or_default();
            pen.text(modules, muted)
        }
        Some(Content::Wrong { place, .. }) => {
            pen.text(format!("✗ {place}"), theme.style(Role::DiagError))
        }
        Some(Content::Unreadable(_)) => pen.text("✗", theme.style(Role::DiagError)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_marked_filtered_and_kept_in_focus() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
        };
        put(
            "acid.ron",
            r#"(modules: (o: Sine(), out: Out()), cables: ["o > out"])"#,
        );
        put("broken.ron", "(\n  modules: (o: Sin()),\n)");
        put("notes.txt", "no patch");
        std::fs::create_dir(folder.path().join("drums")).expect("a folder");
        let mut screen = FilesScreen::new(&[folder.path().to_owned()]);
        screen.check_some();
        let names: Vec<_> = screen.shown().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["drums", "acid.ron", "broken.ron"]);
        assert!(matches!(
            screen.entries[1].content,
            Some(Content::Patch { .. })
        ));
        let Some(Content::Wrong { place, .. }) = &screen.entries[2].content else {
            panic!("broken.ron is not marked");
        };
        assert!(place.starts_with("2:"), "{place}");
        screen.set_filter("bro".into());
        assert_eq!(
            screen.focused().map(|e| e.name.as_str()),
            Some("broken.ron")
        );
        screen.set_filter(String::new());
        screen.move_by(100);
        put("aaa.ron", "()");
        screen.rescan();
        assert_eq!(
            screen.focused().map(|e| e.name.as_str()),
            Some("broken.ron")
        );
    }
}
