//! All keys as they are bound now, in the order of the actions table.
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::actions::{ACTIONS, Scope};
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::overlays::Overlay;
use crate::tui::pen::{Labels, Pen, panel, wipe};
use crate::tui::theme::Role;

/// Rows scrolled down.
#[derive(Default)]
pub struct Help {
    top: usize,
}

pub fn open(app: &mut App) {
    app.overlay = Some(Overlay::Help(Help::default()));
}

pub fn on_key(app: &App, mut help: Help, key: &KeyEvent) -> Option<Help> {
    let last = lines(&app.keymap).len().saturating_sub(1);
    match key.code {
        KeyCode::Down | KeyCode::Char('j') => help.top += 1,
        KeyCode::Up | KeyCode::Char('k') => help.top = help.top.saturating_sub(1),
        KeyCode::PageDown | KeyCode::Char(' ') => help.top += 10,
        KeyCode::PageUp => help.top = help.top.saturating_sub(10),
        KeyCode::Home => help.top = 0,
        KeyCode::End => help.top = last,
        _ => return None,
    }
    help.top = help.top.min(last);
    Some(help)
}

enum Line {
    Heading(&'static str),
    Key(String, &'static str),
    Blank,
}

fn lines(keymap: &Keymap) -> Vec<Line> {
    let mut lines = Vec::new();
    for (scope, heading) in Scope::ALL {
        let mut keys = Vec::new();
        for action in ACTIONS {
            if let Some(printed) = keymap.printed(action, scope) {
                keys.push(Line::Key(printed.join("  "), action.doc));
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
    let lines = lines(&app.keymap);
    let columns = if inner.width >= 150 { 2 } else { 1 };
    let width = inner.width / columns;
    let per_column = usize::from(inner.height);
    let top = help.top.min(
        lines
            .len()
            .saturating_sub(per_column * usize::from(columns)),
    );
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
                    let keys_width = if part.width >= 60 { 19 } else { 12 };
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
