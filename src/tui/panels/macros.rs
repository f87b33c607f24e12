//! The live patch's macros: number, name, position. Two rows.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::app::App;
use crate::tui::mouse::Spot;
use crate::tui::pen::{Pen, bar};
use crate::tui::theme::Role;

/// Most that one row shows; keys pick these.
pub const MOST: usize = 8;

pub fn count(app: &App) -> usize {
    let live = app.loaded(app.view.live);
    live.map_or(0, |loaded| loaded.patch.macros.len().min(MOST))
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some(loaded) = app.loaded(app.view.live) else {
        return;
    };
    let shown = &loaded.patch.macros[..count(app)];
    let cell = (area.width.saturating_sub(1) / shown.len().max(4) as u16).min(20);
    for (i, each) in shown.iter().enumerate() {
        let x = area.x + 1 + i as u16 * cell;
        let place = Rect::new(x, area.y, cell, area.height);
        app.spots.note(place.intersection(area), Spot::Macro(i));
        let picked = i == app.picked_macro.min(shown.len() - 1);
        let name = match picked {
            true => theme.style(Role::Focus).add_modifier(Modifier::BOLD),
            false => theme.style(Role::Text),
        };
        let at = each.at;
        Pen::row(buf, area, 0)
            .to(x)
            .text(format!("{}", i + 1), theme.style(Role::Muted))
            .gap(1)
            .cell(&each.name, cell.saturating_sub(3), name);
        let mut pen = Pen::row(buf, area, 1);
        pen.to(x);
        let role = if picked { Role::Focus } else { Role::Cv };
        bar(
            &mut pen,
            cell.saturating_sub(5),
            at,
            app.options.glyphs,
            theme.style(Role::Border),
            |_| theme.style(role),
        );
        pen.text(format!("{:>3.0}", at * 100.0), theme.style(Role::Text));
    }
}
