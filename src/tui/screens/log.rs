//! Everything that happened, newest at the bottom.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::app::App;
use crate::tui::journal;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::theme::Role;
use crate::tui::tree;
use crate::tui::words;

/// Columns of the musical position.
const BAR: u16 = 10;
/// Narrower, the tree stands alone.
const BOTH: u16 = 100;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if !app.tree.open {
        return draw_log(app, area, buf);
    }
    if area.width < BOTH {
        return tree::draw(app, area, buf);
    }
    let left = Rect {
        width: area.width / 2,
        ..area
    };
    tree::draw(app, left, buf);
    let right = Rect {
        x: area.x + left.width,
        width: area.width - left.width,
        ..area
    };
    draw_log(app, right, buf);
}

fn draw_log(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let shown = app.journal.newest().count();
    let foot = match app.journal.filter.as_str() {
        "" => format!("{shown} events  / filter"),
        filter => format!("/{filter}: {shown} of {}", app.journal.len()),
    };
    let labels = Labels {
        title: "log",
        title_style: theme.style(Role::Text).add_modifier(Modifier::BOLD),
        foot: &foot,
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let width = usize::from(inner.width.saturating_sub(BAR + 2));
    let mut row = inner.height;
    for event in app.journal.newest().skip(app.journal.back) {
        let style = theme.style(journal::role(&event.what));
        // Nothing is cut: this is where it can be read.
        let lines = words::wrapped(&event.sentence, width.max(1));
        for (i, line) in lines.iter().enumerate().rev() {
            let Some(above) = row.checked_sub(1) else {
                return;
            };
            row = above;
            let bar = if i == 0 { event.bar.as_str() } else { "" };
            Pen::row(buf, inner, row)
                .gap(1)
                .cell(bar, BAR, theme.style(Role::Muted))
                .text(line, style.remove_modifier(Modifier::REVERSED));
        }
    }
}
