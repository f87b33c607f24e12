//! Which keys may follow the first of two: comes up when the second is slow to come, and takes no key itself.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::app::App;
use crate::tui::pen::{Labels, Pen, panel, wipe};
use crate::tui::theme::Role;

/// The columns of one entry.
const WIDTH: u16 = 24;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(first) = app.slow_prefix() else {
        return;
    };
    let theme = &app.theme;
    let rows = app.keymap.after(&app.scopes(), first);
    let columns = (area.width.saturating_sub(2) / WIDTH).max(1);
    let lines = (rows.len() as u16).div_ceil(columns);
    // Above the last two rows, which stay.
    let height = (lines + 2).min(area.height.saturating_sub(2));
    let top = area.bottom().saturating_sub(2 + height).max(area.y);
    let area = Rect::new(area.x, top, area.width, height).intersection(area);
    wipe(buf, area, theme);
    let title = format!("{first} …");
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "Esc none",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    for (i, (then, binding)) in (0..).zip(&rows) {
        let (row, column) = (i / columns, i % columns);
        if row >= inner.height {
            break;
        }
        let part = Rect::new(
            inner.x + column * WIDTH,
            inner.y,
            WIDTH.min(inner.width),
            inner.height,
        );
        let what = format!("{} {}", binding.action.name, binding.arg);
        Pen::row(buf, part.intersection(inner), row)
            .gap(1)
            .cell(then.to_string(), 3, theme.style(Role::Focus))
            .text(what.trim_end(), theme.style(Role::Text));
    }
}
