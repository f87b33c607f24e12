//! A row for each drum, a column for each step.
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::modules::notation::DRUMS;
use crate::patch::Node;
use crate::tui::app::App;
use crate::tui::pen::Pen;
use crate::tui::screens::pattern::{kit, text};
use crate::tui::theme::Role;

use super::{cycles, signs, top};

pub(super) fn draw(
    app: &App,
    node: &Node,
    option: usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = &app.theme;
    let signs = signs(app);
    let text = text(node, option);
    let kit = kit::Kit::read(&text)?;
    let now = cycles(app, node);
    let cycle = now.map_or(0, |c| c.floor() as i64);
    let column = now.map(|c| ((c - c.floor()) * kit.columns as f64) as usize);
    let focus_row = app.pattern.row.min(DRUMS.len() - 1);
    let focus_column = app.pattern.column.min(kit.columns - 1);
    let names = 4;
    let room = area.width.saturating_sub(names + 4);
    let wide = (room / kit.columns as u16).clamp(1, 3);
    let shown = usize::from(room / wide).min(kit.columns);
    let first = focus_column
        .saturating_sub(shown / 2)
        .min(kit.columns - shown);
    let mut cursor = None;
    let rows = area.height.min(DRUMS.len() as u16);
    let top = top(focus_row, DRUMS.len(), rows);
    for (row, lane) in (0..rows).zip(top..DRUMS.len()) {
        let muted = kit::muted(&text, lane);
        if lane == focus_row {
            let line = Rect::new(area.x, area.y + row, area.width, 1);
            buf.set_style(line, theme.raised());
        }
        let mut pen = Pen::row(buf, area, row);
        let role = match (muted, kit.plays(lane)) {
            (true, _) => Role::Failed,
            (false, true) => Role::Text,
            (false, false) => Role::Muted,
        };
        let mark = match (muted, lane == focus_row) {
            (true, _) => "m",
            (false, true) => signs.focus,
            (false, false) => " ",
        };
        pen.text(
            mark,
            theme.style(if muted { Role::Failed } else { Role::Focus }),
        );
        pen.cell(DRUMS[lane].0, names, theme.style(role));
        for at in first..first + shown {
            let gap = if at % 4 == 0 { signs.line } else { " " };
            if wide > 1 {
                pen.text(gap, theme.style(Role::Border));
            }
            let cell = kit.cell(lane, at, cycle);
            let playing = column == Some(at);
            let (sign, role) = match cell {
                Some(cell) if cell.velocity < 0.75 => (signs.soft, Role::Gate),
                Some(cell) if cell.sometimes => (signs.hit, Role::Cv),
                Some(_) => (signs.hit, Role::Audio),
                None => (signs.none, Role::Muted),
            };
            let role = match (playing && cell.is_some(), muted) {
                (_, true) => Role::Muted,
                (true, false) => Role::Live,
                (false, false) => role,
            };
            let mut style = theme.style(role);
            if playing {
                style = style.add_modifier(Modifier::REVERSED);
            }
            if lane == focus_row && at == focus_column {
                style = style.add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
                cursor = Some(Position::new(pen.x(), area.y + row));
            }
            pen.text(sign, style).gap(wide.saturating_sub(2));
        }
    }
    cursor
}
