//! All keys as they are bound now, in the order of the actions table.
use std::cell::Cell;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::actions::{ACTIONS, Scope};
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::overlays::Overlay;
use crate::tui::pen::{Labels, Pen, panel, wipe};
use crate::tui::theme::Role;
use crate::tui::words::wrapped;

/// Rows scrolled down.
#[derive(Default)]
pub struct Help {
    /// As far as there is anything, once it was drawn.
    top: Cell<usize>,
}

pub fn open(app: &mut App) {
    app.overlay = Some(Overlay::Help(Help::default()));
}

pub fn on_key(help: Help, key: &KeyEvent) -> Option<Help> {
    let top = help.top.get();
    help.top.set(match key.code {
        KeyCode::Down | KeyCode::Char('j') => top + 1,
        KeyCode::Up | KeyCode::Char('k') => top.saturating_sub(1),
        KeyCode::PageDown | KeyCode::Char(' ') => top + 10,
        KeyCode::PageUp => top.saturating_sub(10),
        KeyCode::Home => 0,
        KeyCode::End => usize::MAX / 2,
        _ => return None,
    });
    Some(help)
}

enum Line {
    Heading(&'static str),
    /// Keys, or none where the words of the row above go on.
    Key(String, String),
    Blank,
}

/// The rows, with room for so many columns of words behind the keys.
fn lines(keymap: &Keymap, room: u16) -> Vec<Line> {
    let mut lines = Vec::new();
    for (scope, heading) in Scope::ALL {
        let mut keys = Vec::new();
        for action in ACTIONS {
            if let Some(printed) = keymap.printed(action, scope) {
                let mut printed = printed.join("  ");
                for words in wrapped(action.doc, usize::from(room.max(12))) {
                    keys.push(Line::Key(std::mem::take(&mut printed), words));
                }
            }
        }
        if !keys.is_empty() {
            lines.push(Line::Heading(heading));
            lines.append(&mut keys);
            lines.push(Line::Blank);
        }
    }
    lines
}

pub fn draw(app: &App, help: &Help, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    wipe(buf, area, theme);
    let labels = Labels {
        title: "help: every key",
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "↑↓ scroll  Esc back",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let columns = if inner.width >= 150 { 2 } else { 1 };
    let width = inner.width / columns;
    let keys_width = if width >= 60 { 19 } else { 12 };
    let lines = lines(&app.keymap, width.saturating_sub(keys_width + 4));
    let per_column = usize::from(inner.height);
    let last = lines.len();
    let last = last.saturating_sub(per_column * usize::from(columns));
    let top = help.top.get().min(last);
    help.top.set(top);
    for column in 0..columns {
        let part = Rect::new(inner.x + column * width, inner.y, width, inner.height);
        let from = top + usize::from(column) * per_column;
        for (row, line) in (0..part.height).zip(lines.iter().skip(from)) {
            let mut pen = Pen::row(buf, part, row);
            pen.gap(1);
            match line {
                Line::Heading(text) => {
                    let style = theme.style(Role::Primed).add_modifier(Modifier::BOLD);
                    pen.text(text, style);
                }
                Line::Key(keys, doc) => {
                    pen.gap(1)
                        .cell(keys, keys_width, theme.style(Role::Focus))
                        .gap(1)
                        .text(doc, theme.style(Role::Text));
                }
                Line::Blank => {}
            }
        }
    }
}
