//! The list of completions below the cursor: comes while typing, Tab or Enter takes one, Esc closes it.
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use crate::tui::app::App;
use crate::tui::editor::Editor;
use crate::tui::editor::completion::{Candidate, Fitting, fitting};
use crate::tui::options::Glyphs;
use crate::tui::pen::{Pen, columns, wipe};
use crate::tui::theme::Role;

use super::TextScreen;

/// Rows of the list.
const ROWS: u16 = 8;

pub struct Popup {
    fitting: Fitting,
    picked: usize,
    /// One was picked with the arrows: Enter takes it whatever is typed.
    chosen: bool,
}

impl Popup {
    fn at_cursor(editor: &Editor) -> Option<Self> {
        let fitting = fitting(&editor.text(), editor.cursor_byte());
        // What is typed in full needs no list.
        let [only] = &fitting.candidates[..] else {
            return (!fitting.candidates.is_empty()).then_some(Self {
                fitting,
                picked: 0,
                chosen: false,
            });
        };
        (only.label != fitting.typed).then_some(Self {
            fitting,
            picked: 0,
            chosen: false,
        })
    }

    fn complete(&self) -> bool {
        let typed = &self.fitting.typed;
        let exact = |c: &Candidate| c.label == *typed;
        self.fitting.candidates.first().is_some_and(exact)
    }
}

/// The list after a key that went into the text.
pub fn after(key: &KeyEvent, editor: &Editor, before: Option<Popup>) -> Option<Popup> {
    let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
    match key.code {
        KeyCode::Char(_) if plain => Popup::at_cursor(editor),
        KeyCode::Backspace => before.and_then(|_| Popup::at_cursor(editor)),
        _ => None,
    }
}

/// A key while the list is open; whether it was the list's.
pub fn key(screen: &mut TextScreen, key: &KeyEvent) -> bool {
    let Some(popup) = &mut screen.popup else {
        return false;
    };
    if !key.modifiers.is_empty() {
        return false;
    }
    let last = popup.fitting.candidates.len() - 1;
    let step = |by: isize, popup: &mut Popup| {
        popup.picked = popup.picked.saturating_add_signed(by).min(last);
        popup.chosen = true;
    };
    match key.code {
        KeyCode::Up => step(-1, popup),
        KeyCode::Down => step(1, popup),
        KeyCode::PageUp => step(-(ROWS as isize), popup),
        KeyCode::PageDown => step(ROWS as isize, popup),
        KeyCode::Esc => screen.popup = None,
        // A line may end where something could follow.
        KeyCode::Enter if popup.chosen || !(popup.fitting.typed.is_empty() || popup.complete()) => {
            return accept(screen);
        }
        KeyCode::Tab => return accept(screen),
        _ => return false,
    }
    true
}

/// Opens the list where the cursor is.
pub fn open(app: &mut App) {
    let popup = app.text.editor.as_ref().and_then(Popup::at_cursor);
    if popup.is_none() {
        app.say("Nothing is known that fits here");
    }
    app.text.popup = popup;
}

/// Writes the one that is picked; whether there was a list.
pub fn accept(screen: &mut TextScreen) -> bool {
    let (Some(popup), Some(editor)) = (screen.popup.take(), &mut screen.editor) else {
        return false;
    };
    let Some(candidate) = popup.fitting.candidates.get(popup.picked) else {
        return false;
    };
    let end = editor.cursor_byte();
    let start = end.saturating_sub(popup.fitting.typed.len());
    editor.replace(start..end, &candidate.text);
    let (line, column) = editor.cursor();
    editor.set_cursor(line, column - candidate.back.min(column));
    // After a name comes its value, after a kind what it has.
    if candidate.back > 0 || candidate.text.ends_with(": ") || candidate.text.ends_with('.') {
        screen.popup = Popup::at_cursor(editor);
    }
    true
}

pub fn draw(app: &App, cursor: Position, area: Rect, buf: &mut Buffer) {
    let Some(popup) = &app.text.popup else {
        return;
    };
    let theme = &app.theme;
    let found = &popup.fitting.candidates;
    let rows = ROWS.min(found.len() as u16);
    let below = area.bottom().saturating_sub(cursor.y + 2);
    let above = cursor.y.saturating_sub(area.y + 1);
    let (y, rows) = match below >= rows || below >= above {
        true => (cursor.y + 1, rows.min(below)),
        false => (cursor.y - rows.min(above), rows.min(above)),
    };
    let widest = |of: fn(&Candidate) -> &str| found.iter().map(|c| columns(of(c))).max();
    let label = widest(|c| &c.label).unwrap_or(0).clamp(4, 24) + 1;
    let tag = widest(|c| &c.tag).unwrap_or(0).min(18) + 1;
    let doc = widest(|c| &c.doc).unwrap_or(0);
    let width = (2 + label + tag + doc)
        .min(area.width.saturating_sub(2))
        .min(76);
    let typed = columns(&popup.fitting.typed);
    let x = cursor.x.saturating_sub(typed + 2).max(area.x + 1);
    let x = x.min((area.right() - 1).saturating_sub(width).max(area.x));
    let place = Rect::new(x, y, width, rows).intersection(area);
    wipe(buf, place, theme);
    let top = (popup.picked + 1).saturating_sub(usize::from(rows));
    let sign = if app.options.glyphs == Glyphs::Ascii {
        ">"
    } else {
        "▸"
    };
    for (row, (n, each)) in (0..place.height).zip(found.iter().enumerate().skip(top)) {
        let line = Rect::new(place.x, place.y + row, place.width, 1);
        let picked = n == popup.picked;
        buf.set_style(line, theme.raised());
        let mut pen = Pen::row(buf, place, row);
        pen.text(if picked { sign } else { " " }, theme.style(Role::Focus))
            .gap(1);
        let role = if picked { Role::Selection } else { Role::Text };
        pen.cell(&each.label, label, theme.style(role))
            .cell(&each.tag, tag, theme.style(Role::Cv))
            .text(&each.doc, theme.style(Role::Muted));
    }
}
