//! The latest events, newest first, each with its musical position.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::app::App;
use crate::tui::journal;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::theme::Role;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let labels = Labels {
        title: "events",
        title_style: app.theme.style(Role::Muted),
        foot: "6 log",
        foot_style: app.theme.style(Role::Muted),
    };
    let inner = panel(buf, area, &app.theme, &labels);
    rows(app, inner, 0, buf);
}

/// Newest first, after skipping `skip`.
pub fn rows(app: &App, area: Rect, skip: usize, buf: &mut Buffer) {
    let theme = &app.theme;
    let shown = app.journal.newest().skip(skip);
    for (row, event) in (0..area.height).zip(shown) {
        let style = theme.style(journal::role(&event.what));
        Pen::row(buf, area, row)
            .gap(1)
            .cell(&event.bar, 9, theme.style(Role::Muted))
            .rest(&event.sentence, style.remove_modifier(Modifier::REVERSED));
    }
}
