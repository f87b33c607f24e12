//! What is in the patch file in focus: whether it is right, what it came to when it was last primed, and its text.
use ratatui::{buffer::Buffer, layout::Rect};

use crate::tui::app::App;
use crate::tui::editor::highlight;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::screens::files::{Content, Entry};
use crate::tui::theme::Role;
use crate::tui::words;

/// The file in focus.
pub fn draw(app: &App, entry: Option<&Entry>, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let content = entry.and_then(|e| e.content.as_ref());
    let title = match content {
        Some(Content::Patch { name, .. }) => format!("preview: {name}"),
        _ => "preview".to_owned(),
    };
    let foot = format!("→ slot {}", app.view.live.other().name());
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Muted),
        foot: &foot,
        foot_style: theme.style(words::slot_role(app.view.live.other())),
    };
    let inner = panel(buf, area, theme, &labels);
    let (head, role, text) = match content {
        Some(Content::Patch { facts, text, .. }) => {
            (format!("{facts}, no errors"), Role::Live, text.as_str())
        }
        Some(Content::Wrong {
            place,
            message,
            text,
        }) => (format!("{place} {message}"), Role::DiagError, text.as_str()),
        Some(Content::Unreadable(why)) => (why.clone(), Role::DiagError, ""),
        None => (String::new(), Role::Muted, ""),
    };
    Pen::row(buf, inner, 0).gap(1).text(head, theme.style(role));
    let primed = entry.and_then(|entry| app.primed.of(&entry.path));
    if let Some(primed) = &primed {
        Pen::row(buf, inner, 1)
            .gap(1)
            .text(primed, theme.style(Role::Muted));
    }
    let first = if primed.is_some() { 3 } else { 2 };
    let mut in_comment = false;
    for (row, line) in (first..inner.height).zip(text.lines()) {
        let mut pen = Pen::row(buf, inner, row);
        pen.gap(1);
        for (piece, role) in highlight::pieces(line, &mut in_comment) {
            pen.text(piece, theme.style(role));
        }
    }
}
