//! One frame: header, screen, sentence, keys, and what lies above.
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::app::App;
use super::ascii;
use super::options::Glyphs;
use super::overlays;
use super::panels::{footer, header};
use super::screens::{Screen, diag, files, log, patch, pattern, perform, text};
use super::tutor;

/// Draws everything. The cursor parks at the focus, so that screen readers and meters do not fight over it.
pub fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let cursor = draw_into(app, area, frame.buffer_mut());
    if let Some(cursor) = cursor.filter(|at| area.contains(*at)) {
        frame.set_cursor_position(cursor);
    }
}

/// The same into a buffer, for pictures and tests.
pub fn draw_into(app: &mut App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    app.spots.clear();
    buf.set_style(area, app.theme.base());
    let row = |y: u16| Rect::new(area.x, area.y + y, area.width, 1).intersection(area);
    // Below four rows the screen itself is what goes.
    let footer_rows = match area.height {
        0 | 1 => 0,
        2 => 1,
        _ => 2,
    };
    let middle = Rect::new(
        area.x,
        area.y + 1,
        area.width,
        area.height.saturating_sub(1 + footer_rows),
    )
    .intersection(area);
    let tutored = tutor::rows(app, middle);
    let guide = Rect {
        y: middle.bottom() - tutored,
        height: tutored,
        ..middle
    };
    // The stage goes on beneath it: its events have to wait.
    let middle = match app.screen {
        Screen::Perform => middle,
        _ => Rect {
            height: middle.height - tutored,
            ..middle
        },
    };
    if app.screen == Screen::Perform {
        perform::prepare(app, middle);
    }
    let app = &*app;
    header::draw(app, row(0), buf);
    let mut cursor = None;
    if !middle.is_empty() {
        match app.screen {
            Screen::Perform => perform::draw(app, middle, buf),
            Screen::Patch => cursor = patch::draw(app, middle, buf),
            Screen::Text => cursor = text::draw(app, middle, buf),
            Screen::Pattern => cursor = pattern::draw(app, middle, buf),
            Screen::Diag => diag::draw(app, middle, buf),
            Screen::Log => log::draw(app, middle, buf),
            Screen::Files => cursor = files::draw(app, middle, buf),
        }
    }
    if tutored > 0 {
        tutor::draw(app, guide, buf);
    }
    let both = footer_rows > 1 && footer::is_long(app, area.width);
    if footer_rows > 0 {
        let height = if both { 2 } else { 1 };
        let rows = Rect {
            height,
            ..row(area.height - footer_rows)
        };
        footer::sentence(app, rows, buf);
    }
    if footer_rows > 1 && !both {
        footer::keys(app, row(area.height - 1), buf);
    }
    overlays::which::draw(app, area, buf);
    let cursor = overlays::draw(app, area, buf).or(cursor.filter(|_| app.overlay.is_none()));
    if app.options.glyphs == Glyphs::Ascii {
        ascii::plain(buf);
    }
    cursor
}
