//! The stage screen: both slots, scope, spectrum, macros, events. Below 80×24 one line a slot and its meters.
use ratatui::{buffer::Buffer, layout::Rect};

use crate::control::command::SlotId;
use crate::tui::app::App;
use crate::tui::meters::{db_text, decibels, share};
use crate::tui::options::Motion;
use crate::tui::panels::{events, macros, scope, slot, spectrum};
use crate::tui::pen::{Pen, bar};
use crate::tui::theme::Role;
use crate::tui::words;

/// Where the panels are.
struct Places {
    slots: [Rect; 2],
    scope: Rect,
    spectrum: Rect,
    macros: Rect,
    events: Rect,
}

fn places(area: Rect, with_macros: bool) -> Places {
    let tall = area.height >= 30;
    let slots = if tall { 12 } else { 9 };
    let macros = match (with_macros, tall) {
        (false, _) => 0,
        (true, false) => 2,
        (true, true) => 3,
    };
    // A third of what is left is for events, at least three of them.
    let left = area.height.saturating_sub(slots + macros);
    let events = (left / 3).max(5).min(left);
    let curves = left - events;
    let half = area.width / 2;
    let at =
        |x: u16, y: u16, width: u16, height: u16| Rect::new(area.x + x, area.y + y, width, height);
    let right = area.width - half;
    Places {
        slots: [at(0, 0, half, slots), at(half, 0, right, slots)],
        scope: at(0, slots, half, curves),
        spectrum: at(half, slots, right, curves),
        macros: at(0, slots + curves, area.width, macros),
        events: at(0, slots + curves + macros, area.width, events),
    }
}

/// Analyses what the spectrum panel will show.
pub fn prepare(app: &mut App, area: Rect) {
    if app.options.motion == Motion::Reduced || area.height < 21 || area.width < 80 {
        return;
    }
    let places = places(area, macros::count(app) > 0);
    let columns = spectrum::columns_in(places.spectrum);
    let rate = app.reading.rate as f32;
    let seen = match app.view.cued {
        true => &app.cue,
        false => &app.recent,
    };
    app.spectrum.update(seen, rate, columns);
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if area.height < 21 || area.width < 80 {
        return small(app, area, buf);
    }
    let places = places(area, macros::count(app) > 0);
    for slot in SlotId::BOTH {
        slot::draw(app, slot, places.slots[slot.index()], buf);
    }
    scope::draw(app, places.scope, buf);
    spectrum::draw(app, places.spectrum, buf);
    macros::draw(app, places.macros, buf);
    events::draw(app, places.events, buf);
}

/// A line and two meters a slot, then events.
fn small(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let meters = if area.height >= 6 { 2 } else { 0 };
    let mut row = 0;
    for slot in SlotId::BOTH {
        let (word, role) = words::state(&app.view, slot);
        let reading = app.reading.slot(slot);
        Pen::row(buf, area, row)
            .gap(1)
            .text(slot.name(), theme.style(words::slot_role(slot)))
            .gap(1)
            .text(words::short_name(app.slot(slot)), theme.style(Role::Text))
            .gap(1)
            .text(word + &words::armed(&app.view, slot), theme.style(role))
            .right(
                &format!(
                    "ring {}/{} none {} ",
                    reading.ring, reading.ring_size, reading.none_reads
                ),
                theme.style(Role::Muted),
            );
        row += 1;
        for channel in 0..meters {
            let db = decibels(reading.rms[channel]);
            let mut pen = Pen::row(buf, area, row);
            pen.gap(1)
                .text(["L ", "R "][channel], theme.style(Role::Muted));
            let width = pen.room().saturating_sub(8);
            bar(
                &mut pen,
                width,
                share(db),
                app.options.glyphs,
                theme.style(Role::Border),
                |_| theme.style(Role::MeterLow),
            );
            pen.text(format!("{:>6}", db_text(db)), theme.style(Role::Text));
            row += 1;
        }
    }
    let rest = Rect {
        y: area.y + row.min(area.height),
        height: area.height.saturating_sub(row),
        ..area
    };
    if rest.height >= 1 {
        let hint = Rect {
            y: rest.bottom() - 1,
            height: 1,
            ..rest
        };
        Pen::row(buf, hint, 0)
            .gap(1)
            .text("80×24 shows more", theme.style(Role::Muted));
        let list = Rect {
            height: rest.height - 1,
            ..rest
        };
        events::rows(app, list, 0, buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panels_fill_the_area_without_overlap() {
        for (width, height) in [(80, 21), (120, 37), (200, 57), (81, 22), (133, 45)] {
            for with_macros in [false, true] {
                let area = Rect::new(0, 1, width, height);
                let p = places(area, with_macros);
                let all = [
                    p.slots[0], p.slots[1], p.scope, p.spectrum, p.macros, p.events,
                ];
                let covered: u32 = all.iter().map(|r| r.area()).sum();
                assert_eq!(covered, area.area(), "{width}x{height}");
                for rect in all {
                    assert_eq!(rect.intersection(area), rect);
                }
                assert!(
                    p.scope.height >= 5 && p.events.height >= 5,
                    "{width}x{height}"
                );
            }
        }
    }
}
