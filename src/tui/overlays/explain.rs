//! Why it crackled, in full: what was heard, which thread, the likely cause, the evidence, one thing to try.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::app::App;
use crate::tui::overlays::{Overlay, middle};
use crate::tui::panels::black_box;
use crate::tui::pen::{Labels, Pen, panel, wipe};
use crate::tui::theme::Role;

pub fn open(app: &mut App) {
    match black_box::picked(app) {
        Some(_) => app.overlay = Some(Overlay::Explain),
        None => app.say("It has not crackled: there is nothing to explain"),
    }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let width = area.width.min(92);
    let lines = black_box::lines(app, usize::from(width.saturating_sub(4)));
    let area = middle(area, width, lines.len() as u16 + 2);
    wipe(buf, area, theme);
    let labels = Labels {
        title: "why did it crackle?",
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "any key closes",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    for (row, (text, role)) in (0..inner.height).zip(lines) {
        Pen::row(buf, inner, row)
            .gap(1)
            .text(text, theme.style(role));
    }
}
