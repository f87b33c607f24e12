//! The patch as text: errors as it is typed, fixes, completion, saving and priming. What plays goes on meanwhile, and knobs that
//! are turned elsewhere turn here too.
mod acts;
mod beside;
mod disk;
pub mod external;
mod follow;
pub mod keep;
mod nudge;
pub mod popup;
mod search;
mod view;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crossterm::event::KeyEvent;

use crate::patch::diagnostic::Diagnostic;
use crate::patch::file::{LoadError, Parsed, parse, read};
use crate::tui::editor::{Editor, char_at};

pub use acts::{edit, error_sentence, fix, leave, next_error, prime, redo, revert, undo};
pub use disk::{reload, write};
pub use follow::text_follows;
pub use nudge::nudge;
pub use search::{find, find_next};
pub use view::draw;

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
    /// When it was read again: a sentence that is newer matters more than its errors.
    changed: Option<Instant>,
    /// What the text follows: what it said when it was last looked at.
    source: follow::Source,
    disk: disk::Disk,
    popup: Option<popup::Popup>,
    /// The first line that was drawn.
    top: std::cell::Cell<Option<usize>>,
    kept: keep::Kept,
    /// What `find` looks for.
    pub search: String,
}

impl TextScreen {
    fn open(&mut self, text: &str, path: Option<PathBuf>, from_file: bool) {
        let cursor = match (&self.editor, self.path == path) {
            (Some(editor), true) if path.is_some() => editor.cursor(),
            _ => (0, 0),
        };
        let mut editor = Editor::new(text);
        editor.set_cursor(cursor.0, cursor.1);
        self.editor = Some(editor);
        self.baseline = text.to_owned();
        self.disk = disk::Disk::of(path.as_deref());
        self.path = path;
        self.from_file = from_file;
        self.checked = None;
        self.popup = None;
        self.top.set(None);
        self.source = follow::Source::default();
    }

    /// Opens a file's text.
    pub fn open_file(&mut self, path: PathBuf) -> Result<(), LoadError> {
        // What is no file is refused: a pipe would hold up the screen for ever.
        let text = read(&path)?;
        self.open(&text, Some(path), true);
        Ok(())
    }

    pub fn is_open(&self) -> bool {
        self.editor.is_some()
    }

    /// The text's file.
    pub fn path(&self) -> Option<PathBuf> {
        self.path.clone()
    }

    /// The patch's name, as far as the text is one.
    pub fn name(&self) -> String {
        let named = self.parsed.draft.as_ref().map(|p| p.name.clone());
        named.unwrap_or_else(|| "patch".to_owned())
    }

    /// Another program wrote the text's file since it was read.
    pub fn is_other_on_disk(&self, path: &Path) -> bool {
        self.disk.changed(path)
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
            self.changed = None;
            self.parsed = parse(&editor.text(), &self.file_name());
        }
    }

    fn file_name(&self) -> String {
        let path = self.path.as_ref();
        path.map_or("patch.ron".to_owned(), |p| p.display().to_string())
    }

    /// Whether something that was said then comes after the last change of the text.
    pub fn changed_before(&self, then: Instant) -> bool {
        self.changed.is_some_and(|changed| changed <= then)
    }

    /// A key that no action has.
    pub fn key(&mut self, key: &KeyEvent) {
        if let Some(editor) = &mut self.editor {
            editor.key(key);
            self.popup = popup::after(key, editor, self.popup.take());
        }
    }

    pub fn paste(&mut self, text: &str) {
        self.popup = None;
        if let Some(editor) = &mut self.editor {
            editor.insert(text);
        }
    }

    /// More of what was pasted just now: the same step.
    pub fn paste_on(&mut self, text: &str) {
        if let Some(editor) = &mut self.editor {
            editor.insert_on(text);
        }
    }

    /// The mouse's button went down so many columns behind the first character that is shown.
    pub fn click(&mut self, line: usize, left: usize, column: u16) {
        self.popup = None;
        if let Some(editor) = &mut self.editor {
            let last = editor.lines().len() - 1;
            let line = line.min(last);
            let column = char_at(&editor.lines()[line], left, column);
            editor.set_cursor(line, column);
        }
    }

    pub fn move_by(&mut self, rows: isize) {
        if let Some(editor) = &mut self.editor {
            let (line, column) = editor.cursor();
            let last = editor.lines().len() as isize - 1;
            let to = (line as isize).saturating_add(rows).clamp(0, last);
            editor.set_cursor(to as usize, column);
        }
    }

    #[cfg(test)]
    pub fn text(&self) -> String {
        self.editor.as_ref().map(Editor::text).unwrap_or_default()
    }

    #[cfg(test)]
    pub fn cursor(&self) -> (usize, usize) {
        self.editor.as_ref().map(Editor::cursor).unwrap_or_default()
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
