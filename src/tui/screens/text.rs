//! The patch as text: errors as it is typed, fixes, saving and priming. What plays goes on meanwhile.
use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::control::command::{Command, Focus};
use crate::control::event::View;
use crate::patch::diagnostic::{Diagnostic, Severity};
use crate::patch::edit::Edit;
use crate::patch::file::{Parsed, parse, save_atomic};
use crate::patch::spans::Place;
use crate::patch::value::bound;
use crate::tui::act;
use crate::tui::app::{App, Layer};
use crate::tui::editor::{Editor, highlight};
use crate::tui::overlays;
use crate::tui::panels::changes;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::screens::Screen;
use crate::tui::theme::Role;
use crate::tui::words;

#[derive(Default)]
pub struct TextScreen {
    editor: Option<Editor>,
    path: Option<PathBuf>,
    /// What the text was when it was opened, saved or heard.
    baseline: String,
    /// Not the live slot's text: opened from a file.
    from_file: bool,
    parsed: Parsed,
    checked: Option<u64>,
}

impl TextScreen {
    fn open(&mut self, text: &str, path: Option<PathBuf>, from_file: bool) {
        let cursor = match (&self.editor, self.path == path) {
            (Some(editor), true) => editor.cursor(),
            _ => (0, 0),
        };
        let mut editor = Editor::new(text);
        editor.set_cursor(cursor.0, cursor.1);
        self.editor = Some(editor);
        self.baseline = text.to_owned();
        self.path = path;
        self.from_file = from_file;
        self.checked = None;
    }

    /// Opens a file's text.
    pub fn open_file(&mut self, path: PathBuf) -> std::io::Result<()> {
        let text = std::fs::read_to_string(&path)?;
        self.open(&text, Some(path), true);
        Ok(())
    }

    /// The screen is shown: without edits, with what plays.
    pub fn show(&mut self, view: &View) {
        if self.editor.is_none() {
            self.from_file = false;
        }
        self.follow(view);
    }

    /// Shows what is on the bench, else what the live slot plays, knob turns and all, while nobody edited.
    pub fn follow(&mut self, view: &View) {
        if self.from_file || self.edited() {
            return;
        }
        let bench = view.bench.as_ref().map(|b| (&b.text, &b.path));
        let live = view.slots[view.live.index()].loaded.as_ref();
        if let Some((text, path)) = bench.or(live.map(|l| (&l.text, &l.path)))
            && (self.editor.is_none() || **text != *self.baseline)
        {
            self.open(text, path.clone(), false);
        }
    }

    /// A swap happened: where it brought this text, the text is what plays.
    pub fn heard(&mut self, view: &View) {
        let live = view.slots[view.live.index()].loaded.as_ref();
        if let (Some(editor), Some(live)) = (&self.editor, live)
            && editor.text() == *live.text
        {
            self.baseline = editor.text();
            self.from_file = false;
        }
    }

    /// Whether the text differs from what it was.
    pub fn edited(&self) -> bool {
        self.editor
            .as_ref()
            .is_some_and(|e| e.revision() > 0 && e.text() != self.baseline)
    }

    /// Reads the text again where it changed.
    pub fn check(&mut self) {
        let Some(editor) = &self.editor else {
            return;
        };
        if self.checked != Some(editor.revision()) {
            self.checked = Some(editor.revision());
            self.parsed = parse(&editor.text(), &self.file_name());
        }
    }

    fn file_name(&self) -> String {
        let path = self.path.as_ref();
        path.map_or("patch.ron".to_owned(), |p| p.display().to_string())
    }

    pub fn key(&mut self, key: &KeyEvent) {
        if let Some(editor) = &mut self.editor {
            editor.key(key);
        }
    }

    pub fn paste(&mut self, text: &str) {
        if let Some(editor) = &mut self.editor {
            editor.insert(text);
        }
    }

    pub fn undo(&mut self) -> bool {
        self.editor.as_mut().is_some_and(Editor::undo)
    }

    pub fn redo(&mut self) -> bool {
        self.editor.as_mut().is_some_and(Editor::redo)
    }

    pub fn move_by(&mut self, rows: isize) {
        if let Some(editor) = &mut self.editor {
            let (line, column) = editor.cursor();
            let last = editor.lines().len() as isize - 1;
            let to = (line as isize).saturating_add(rows).clamp(0, last);
            editor.set_cursor(to as usize, column);
        }
    }

    fn first_error(&self) -> Option<&Diagnostic> {
        self.parsed.errors().next()
    }

    /// The finding at the cursor's line, the nearest first.
    fn at_cursor(&self) -> Option<&Diagnostic> {
        let (line, column) = self.editor.as_ref()?.cursor();
        self.parsed
            .diagnostics
            .iter()
            .filter(|d| d.line == line + 1)
            .min_by_key(|d| d.column.abs_diff(column + 1))
    }
}

pub fn edit(app: &mut App) {
    app.go(Screen::Text);
    if app.text.editor.is_none() {
        return app.say("Nothing is loaded; files are on screen 7");
    }
    app.layer = Layer::Edit;
}

pub fn leave(app: &mut App) {
    app.layer = Layer::Nav;
}

pub fn revert(app: &mut App) {
    app.text.editor = None;
    app.text.show(&app.view.clone());
    app.say("The text is what the live slot plays");
}

pub fn next_error(app: &mut App) {
    let Some(editor) = &mut app.text.editor else {
        return;
    };
    let cursor = editor.cursor_byte();
    let all = &app.text.parsed.diagnostics;
    let after = all.iter().find(|d| d.span.start > cursor);
    match after.or(all.first()) {
        Some(found) => {
            editor.set_cursor(found.line - 1, found.column - 1);
            let message = found.message.clone();
            app.say(message);
        }
        None => app.say("No errors"),
    }
}

/// Applies the fix of the finding on the cursor's line, else of the only error there is, else indents.
pub fn fix(app: &mut App) {
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
            app.say(format!("Fixed: {}", fix.text));
        }
        None => editor.indent(),
    }
}

/// Adds to the last digit of the number under the cursor.
pub fn nudge(app: &mut App, by: f64) {
    let Some(editor) = &mut app.text.editor else {
        return;
    };
    let (line, column) = editor.cursor();
    let text: Vec<char> = editor.lines()[line].chars().collect();
    let numeric = |i: usize| text.get(i).is_some_and(|c| c.is_ascii_digit() || *c == '.');
    let Some(mut start) = [column, column.wrapping_sub(1)]
        .into_iter()
        .find(|i| numeric(*i))
    else {
        return app.say("No number under the cursor");
    };
    while start > 0 && numeric(start - 1) {
        start -= 1;
    }
    let mut end = start;
    while numeric(end) {
        end += 1;
    }
    if start > 0 && text[start - 1] == '-' {
        start -= 1;
    }
    let old: String = text[start..end].iter().collect();
    let Ok(number) = old.parse::<f64>() else {
        return;
    };
    let decimals = old.rfind('.').map_or(0, |dot| old.len() - dot - 1);
    let new = format!(
        "{:.decimals$}",
        number + by * 10f64.powi(-(decimals as i32))
    );
    let byte = |column: usize| -> usize { text[..column].iter().map(|c| c.len_utf8()).sum() };
    let line_start = editor.cursor_byte() - byte(column);
    editor.replace(line_start + byte(start)..line_start + byte(end), &new);
}

/// Builds and primes the text; with an error it says so and touches nothing.
pub fn prime(app: &mut App) {
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

/// Writes the text to its file, atomically.
pub fn save(app: &mut App, path: Option<PathBuf>) {
    let Some(text) = app.text.editor.as_ref().map(Editor::text) else {
        return;
    };
    let Some(path) = path.or_else(|| app.text.path.clone()) else {
        let name = app.text.parsed.patch.as_ref().map(|p| p.name.clone());
        let suggestion = act::file_name(&name.unwrap_or_else(|| "patch".to_owned()));
        return overlays::prompt::ask_path(app, &suggestion);
    };
    match save_atomic(&path, &text) {
        Ok(()) => {
            app.say(format!("Saved {}", path.display()));
            app.text.baseline = text;
            app.text.path = Some(path);
            app.text.from_file = true;
        }
        Err(why) => app.complain(format!("{} is not saved: {why}", path.display())),
    }
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

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let screen = &app.text;
    let theme = &app.theme;
    let side = match area.width {
        0..=99 => 0,
        width => (width / 3).min(60),
    };
    let main = Rect {
        width: area.width - side,
        ..area
    };
    let star = if screen.edited() { " *" } else { "" };
    let name = match &screen.path {
        Some(path) => path.display().to_string(),
        None => "not in a file yet".to_owned(),
    };
    let title = format!("{name}{star}  → slot {}", app.view.live.other().name());
    let errors = screen.parsed.errors().count();
    let cursor = screen.editor.as_ref().map_or((0, 0), Editor::cursor);
    let foot = format!(
        "{}:{}  {}",
        cursor.0 + 1,
        cursor.1 + 1,
        words::count(errors, "error")
    );
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Text).add_modifier(Modifier::BOLD),
        foot: &foot,
        foot_style: theme.style(if errors > 0 {
            Role::DiagError
        } else {
            Role::Live
        }),
    };
    let inner = panel(buf, main, theme, &labels);
    let Some(editor) = &screen.editor else {
        Pen::row(buf, inner, 0).gap(1).text(
            "Nothing is loaded; files are on screen 7.",
            theme.style(Role::Muted),
        );
        return None;
    };
    let cursor = lines(app, editor, inner, buf);
    if side > 0 {
        let right = Rect {
            x: main.right(),
            width: side,
            ..area
        };
        beside(app, editor, right, buf);
    }
    cursor.filter(|_| app.layer == Layer::Edit)
}

/// Columns of the mark and the line number.
const GUTTER: u16 = 6;

/// The text with its findings below their lines; returns where the cursor is.
fn lines(app: &App, editor: &Editor, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let (cursor_line, cursor_column) = editor.cursor();
    let findings = |line: usize| {
        app.text
            .parsed
            .diagnostics
            .iter()
            .filter(move |d| d.line == line + 1)
    };
    let height_of = |line: usize| 1 + findings(line).take(1).count();
    // The cursor's line stays in the upper two thirds; findings above it take rows too.
    let mut top = cursor_line;
    let mut rows = height_of(cursor_line);
    let wanted = usize::from(area.height) * 2 / 3;
    while top > 0 && rows + height_of(top - 1) <= wanted.max(1) {
        top -= 1;
        rows += height_of(top);
    }
    let last = editor.lines().len();
    let to_end: usize = (top..last).map(height_of).sum();
    let mut spare = usize::from(area.height).saturating_sub(to_end);
    while top > 0 && height_of(top - 1) <= spare {
        top -= 1;
        spare -= height_of(top);
    }
    let width = usize::from(area.width.saturating_sub(GUTTER + 1));
    let left = (cursor_column + 1).saturating_sub(width);
    let mut in_comment = false;
    for line in &editor.lines()[..top] {
        highlight::pieces(line, &mut in_comment);
    }
    let mut y = 0;
    let mut cursor = None;
    for (n, line) in editor.lines().iter().enumerate().skip(top) {
        if y >= area.height {
            break;
        }
        let found: Vec<&Diagnostic> = findings(n).collect();
        if n == cursor_line {
            let whole = Rect::new(area.x, area.y + y, area.width, 1);
            buf.set_style(whole, theme.raised());
            let x = area.x + GUTTER + (cursor_column - left) as u16;
            cursor = Some(Position::new(x.min(area.right() - 1), area.y + y));
        }
        let mut pen = Pen::row(buf, area, y);
        let (mark, role) = match found.first().map(|d| d.severity) {
            Some(Severity::Error) => ("✗", Role::DiagError),
            Some(Severity::Warning) => ("!", Role::DiagWarn),
            None => (" ", Role::Muted),
        };
        pen.text(mark, theme.style(role));
        let number = if n == cursor_line {
            Role::Text
        } else {
            Role::Muted
        };
        pen.text(format!("{:>4} ", n + 1), theme.style(number));
        let mut skip = left;
        for (piece, role) in highlight::pieces(line, &mut in_comment) {
            let length = piece.chars().count();
            let visible: String = piece.chars().skip(skip).collect();
            skip = skip.saturating_sub(length);
            pen.text(visible, theme.style(role));
        }
        y += 1;
        if let Some(finding) = found.first() {
            finding_row(
                app,
                finding,
                left,
                Rect {
                    y: area.y + y,
                    height: area.height.saturating_sub(y).min(1),
                    ..area
                },
                buf,
            );
            y += 1;
        }
    }
    cursor
}

/// "      ^^^^^ unknown module `Lader`; did you mean `Ladder`?  Tab fixes"
fn finding_row(app: &App, finding: &Diagnostic, left: usize, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let style = theme.style(match finding.severity {
        Severity::Error => Role::DiagError,
        Severity::Warning => Role::DiagWarn,
    });
    let length = finding.span.len().clamp(1, 12);
    let fix = if finding.fix.is_some() {
        "  Tab fixes"
    } else {
        ""
    };
    let text = format!("{} {}{fix}", "^".repeat(length), finding.message);
    // Under its place where the message then fits, else further left.
    let wanted = (finding.column - 1).saturating_sub(left) as u16;
    let room = area.width.saturating_sub(GUTTER);
    let fits = room.saturating_sub(crate::tui::pen::columns(&text));
    Pen::row(buf, area, 0)
        .gap(GUTTER + wanted.min(fits))
        .text(text, style);
}

/// What priming would change, and what the module under the cursor has.
fn beside(app: &App, editor: &Editor, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let upper = Rect {
        height: area.height / 2,
        ..area
    };
    let lower = Rect {
        y: upper.bottom(),
        height: area.height - upper.height,
        ..area
    };
    let title = format!("^E and a swap change in {}", app.view.live.name());
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Muted),
        ..Labels::default()
    };
    let inner = panel(buf, upper, theme, &labels);
    let live = app.loaded(app.view.live);
    match (&app.text.parsed.patch, live) {
        (Some(new), Some(live)) => changes::draw(&live.patch, new, theme, inner, buf),
        _ => {
            let blocked = format!(
                "blocked: {}",
                words::count(app.text.parsed.errors().count(), "error")
            );
            Pen::row(buf, inner, 0)
                .gap(1)
                .text(blocked, theme.style(Role::DiagError));
        }
    }
    port_help(app, editor, lower, buf);
}

fn port_help(app: &App, editor: &Editor, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let byte = editor.cursor_byte();
    let module = match app.text.parsed.spans.at(byte) {
        Some(
            Place::Module(m) | Place::Param { module: m, .. } | Place::Option { module: m, .. },
        ) => Some(m),
        _ => None,
    };
    // The kind as it stands in the text: it is known where the rest is not right yet.
    let text = editor.text();
    let kind = module
        .and_then(|m| app.text.parsed.spans.modules.get(m))
        .and_then(|spans| text.get(spans.kind.clone()));
    let spec = kind.and_then(crate::modules::find);
    let title = spec.map_or("modules there are".to_owned(), |s| {
        format!("ports of {}", s.kind)
    });
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Muted),
        ..Labels::default()
    };
    let inner = panel(buf, area, theme, &labels);
    let Some(spec) = spec else {
        for (y, each) in (0..inner.height).zip(crate::modules::REGISTRY) {
            Pen::row(buf, inner, y)
                .gap(1)
                .cell(each.kind, 9, theme.style(Role::Focus))
                .text(each.doc, theme.style(Role::Muted));
        }
        return;
    };
    let mut rows = vec![(String::new(), spec.doc.to_owned(), Role::Muted)];
    for port in spec.inputs {
        rows.push((format!("◀ {}", port.name), port.doc.to_owned(), Role::Audio));
    }
    for param in spec.params {
        let range = format!(
            "{}..{}  {}",
            bound(param, param.min),
            bound(param, param.max),
            param.doc
        );
        rows.push((format!("● {}", param.name), range, Role::Cv));
    }
    for option in spec.options {
        rows.push((
            format!("  {}", option.name),
            option.doc.to_owned(),
            Role::SynString,
        ));
    }
    for port in spec.outputs {
        rows.push((format!("○ {}", port.name), port.doc.to_owned(), Role::Audio));
    }
    for (y, (name, doc, role)) in (0..inner.height).zip(rows) {
        let mut pen = Pen::row(buf, inner, y);
        pen.gap(1);
        if !name.is_empty() {
            pen.cell(name, 12, theme.style(role));
        }
        pen.text(doc, theme.style(Role::Muted));
    }
}
