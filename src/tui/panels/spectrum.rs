//! The spectrum of what is heard, 20 Hz to 20 kHz, -72 to 0 dBFS.
use ratatui::{buffer::Buffer, layout::Rect};

use crate::tui::app::App;
use crate::tui::options::Glyphs;
use crate::tui::pen::{Labels, Pen, UPWARD, columns, panel};
use crate::tui::theme::Role;
use crate::tui::waveform::{SPECTRUM_FLOOR_DB, column_of};

/// Marks on the frequency axis, where there is a row for it.
const MARKS: [(f32, &str); 9] = [
    (50.0, "50"),
    (100.0, "100"),
    (200.0, "200"),
    (500.0, "500"),
    (1_000.0, "1k"),
    (2_000.0, "2k"),
    (5_000.0, "5k"),
    (10_000.0, "10k"),
    (19_000.0, "20k"),
];

/// How many columns the panel of this width analyses.
pub fn columns_in(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(2))
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let title = match app.view.cued {
        true => format!(
            "spectrum of {}, cued  -72..0 dB",
            app.view.live.other().name()
        ),
        false => "spectrum  20 Hz..20 kHz  -72..0 dB".to_owned(),
    };
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Muted),
        ..Labels::default()
    };
    let mut inner = panel(buf, area, theme, &labels);
    if inner.height >= 6 {
        inner.height -= 1;
        axis(app, Rect::new(inner.x, inner.bottom(), inner.width, 1), buf);
    }
    let units = f32::from(inner.height) * 8.0;
    for (x, level) in (inner.left()..inner.right()).zip(app.spectrum.levels()) {
        let share = (1.0 - level / SPECTRUM_FLOOR_DB).clamp(0.0, 1.0);
        let filled = (share * units).round() as u16;
        for row in 0..inner.height {
            let eighths = filled.saturating_sub(row * 8).min(8);
            if eighths == 0 {
                break;
            }
            let place = f32::from(row) / f32::from(inner.height.max(2) - 1);
            let symbol = match app.options.glyphs {
                Glyphs::Ascii => "#",
                _ => UPWARD[usize::from(eighths)],
            };
            buf[(x, inner.bottom() - 1 - row)]
                .set_symbol(symbol)
                .set_style(theme.blend(Role::Spectrum, Role::Gate, place * 0.8));
        }
    }
}

fn axis(app: &App, area: Rect, buf: &mut Buffer) {
    let style = app.theme.style(Role::Muted);
    let mut free = area.x;
    for (hz, text) in MARKS {
        let middle = area.x + column_of(hz, area.width);
        let x = middle.saturating_sub(columns(text) / 2);
        if x >= free && x + columns(text) <= area.right() {
            Pen::row(buf, area, 0).to(x).text(text, style);
            free = x + columns(text) + 2;
        }
    }
}
