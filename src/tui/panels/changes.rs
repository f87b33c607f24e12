//! What one patch changes against another, line by line.
use ratatui::{buffer::Buffer, layout::Rect};

use crate::patch::Patch;
use crate::tui::difference::{Mark, carried, difference};
use crate::tui::pen::Pen;
use crate::tui::theme::{Role, Theme};

/// `new` against `old`; says how much does not fit.
pub fn draw(old: &Patch, new: &Patch, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let changes = difference(old, new);
    let muted = theme.style(Role::Muted);
    if changes.is_empty() {
        Pen::row(buf, area, 0)
            .gap(1)
            .text("the same modules, values and cables", muted);
        return;
    }
    let room = usize::from(area.height.saturating_sub(2));
    let shown = if changes.len() > room {
        room.saturating_sub(1)
    } else {
        room
    };
    let mut row = 0;
    for change in changes.iter().take(shown) {
        let role = match change.mark {
            Mark::Added => Role::Live,
            Mark::Removed => Role::DiagError,
            Mark::Changed => Role::Cv,
        };
        Pen::row(buf, area, row)
            .gap(1)
            .text(change.mark.sign(), theme.style(role))
            .gap(1)
            .text(&change.text, theme.style(Role::Text));
        row += 1;
    }
    if changes.len() > shown {
        let more = changes.len() - shown;
        Pen::row(buf, area, row)
            .gap(1)
            .text(format!("… and {more} more"), muted);
    }
    let keeps = carried(old, new);
    if !keeps.is_empty() {
        Pen::row(buf, area, area.height.saturating_sub(1))
            .gap(1)
            .text(format!("keeps state of: {}", keeps.join(" ")), muted);
    }
}
