//! A row for each word of a pattern: its note, its marks, and the melody at a glance.
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::patch::Node;
use crate::tui::app::App;
use crate::tui::pen::Pen;
use crate::tui::screens::pattern::words::Words;
use crate::tui::theme::Role;

use super::{signs, top};

pub(super) fn draw(
    app: &App,
    node: &Node,
    option: usize,
    all: &Words,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = &app.theme;
    let signs = signs(app);
    let count = all.places.len();
    let focus = app.pattern.row.min(count.saturating_sub(1));
    let playing = app.sounding.playing(app, node);
    let notes: Vec<Option<i32>> = (0..count).map(|n| all.note(n)).collect();
    let lowest = notes.iter().flatten().min().copied().unwrap_or(60);
    let highest = notes.iter().flatten().max().copied().unwrap_or(60);
    let mut cursor = None;
    let top = top(focus, count, area.height);
    for (row, n) in (0..area.height).zip(top..count) {
        let sounds = playing
            .iter()
            .any(|p| p.option == option && p.chars == all.places[n]);
        if n == focus {
            let line = Rect::new(area.x, area.y + row, area.width, 1);
            buf.set_style(line, theme.raised());
        }
        let mut pen = Pen::row(buf, area, row);
        pen.text(
            if sounds { signs.plays } else { " " },
            theme.style(Role::Live),
        );
        let role = if n == focus { Role::Text } else { Role::Muted };
        pen.text(format!("{:02}", n + 1), theme.style(role));
        let line = if n % 4 == 0 { signs.beat } else { signs.line };
        pen.text(line, theme.style(Role::Border)).gap(1);
        if n == focus {
            cursor = Some(Position::new(pen.x(), area.y + row));
        }
        let marks = all.marks(n);
        let word = all.word(n);
        let head = word[..word.len() - marks.len()].to_owned();
        let style = match (sounds, all.is_rest(n)) {
            (true, _) => theme.style(Role::Live).add_modifier(Modifier::REVERSED),
            (false, true) => theme.style(Role::Muted),
            (false, false) => theme.style(Role::Text),
        };
        let width = head.chars().count() as u16;
        pen.text(&head, style)
            .gap(9u16.saturating_sub(width).max(1));
        for mark in ['!', '~'] {
            let text = if marks.contains(mark) { mark } else { '.' };
            let role = if marks.contains(mark) {
                Role::Gate
            } else {
                Role::Muted
            };
            pen.text(text.to_string(), theme.style(role)).gap(1);
        }
        let more: String = marks.replace(['!', '~'], "");
        pen.gap(1)
            .cell(more, 12.min(area.width / 4), theme.style(Role::Cv));
        // The melody at a glance.
        let room = pen.room().saturating_sub(1);
        if let Some(midi) = notes[n].filter(|_| room >= 8) {
            let width = i32::from(room.min(48) - 1);
            let span = (highest - lowest).max(1);
            let place = (midi - lowest) * width / span;
            let role = if sounds { Role::Live } else { Role::Audio };
            pen.gap(place as u16).text(signs.hit, theme.style(role));
        }
    }
    cursor
}
