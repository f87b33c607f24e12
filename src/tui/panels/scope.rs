//! The waveform of what is heard, standing still at a rising crossing of zero.
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

use crate::tui::app::App;
use crate::tui::options::{Glyphs, Motion};
use crate::tui::pen::{Labels, Pen, UPWARD, panel};
use crate::tui::theme::Role;
use crate::tui::waveform::Recent;
use crate::tui::words;

/// Time across the panel.
const SPAN_MS: f32 = 20.0;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let rate = app.reading.rate as f32;
    let span = (rate * SPAN_MS / 1_000.0) as usize;
    let recent = app.seen();
    let gain = gain_for(recent.peak(span * 4));
    let (whose, slot) = match app.view.cued {
        true => (
            format!(" of {}, cued", app.view.live.other().name()),
            app.view.live.other(),
        ),
        false => (String::new(), app.view.live),
    };
    let title = format!("scope{whose}  {SPAN_MS:.0} ms ×{gain:.0}");
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Muted),
        ..Labels::default()
    };
    let inner = panel(buf, area, theme, &labels);
    if app.options.motion == Motion::Reduced {
        let style = theme.style(Role::Muted);
        Pen::row(buf, inner, 0).text(" no scope with reduced motion", style);
        return;
    }
    let style = theme.style(words::slot_role(slot));
    curve(app, recent, span, style, inner, buf);
}

/// The latest frames as a curve that fills an area.
pub fn curve(app: &App, recent: &Recent, span: usize, style: Style, area: Rect, buf: &mut Buffer) {
    let gain = gain_for(recent.peak(span * 4));
    match app.options.glyphs {
        Glyphs::Unicode => {
            let trace = recent.trace(usize::from(area.width), span);
            let zero = app.theme.style(Role::Border);
            filled(buf, area, &trace, gain, style, zero);
        }
        Glyphs::Braille => {
            let trace = recent.trace(usize::from(area.width) * 2, span);
            braille(buf, area, &trace, gain, style);
        }
        Glyphs::Ascii => {
            let trace = recent.trace(usize::from(area.width), span);
            line(buf, area, &trace, gain, style);
        }
    }
}

/// A power of two that brings the peak between a half and full height; 64 at most, so that noise stays small.
fn gain_for(peak: f32) -> f32 {
    let mut gain = 1.0;
    while gain < 64.0 && peak * gain * 2.0 <= 1.0 {
        gain *= 2.0;
    }
    gain
}

/// A solid curve around the middle, in eighths of a row: full cells, and one partial cell at its edge.
fn filled(
    buf: &mut Buffer,
    area: Rect,
    trace: &[(f32, f32)],
    gain: f32,
    style: Style,
    zero: Style,
) {
    let units = i32::from(area.height) * 8;
    let middle = units / 2;
    for (column, (low, high)) in trace.iter().enumerate() {
        let x = area.x + column as u16;
        // Towards the value that is further from zero, so that steep edges are seen.
        let value = if high.abs() >= low.abs() { *high } else { *low } * gain;
        let end = middle + (value.clamp(-1.0, 1.0) * middle as f32).round() as i32;
        let (from, to) = (middle.min(end), middle.max(end));
        for row in 0..area.height {
            let floor = (i32::from(area.height - 1 - row)) * 8;
            let (bottom, top) = ((from - floor).clamp(0, 8), (to - floor).clamp(0, 8));
            let cell = &mut buf[(x, area.y + row)];
            match (bottom, top) {
                (b, t) if b == t => {
                    // The line of zero, where nothing stands on it.
                    if from == to && (0..8).contains(&(middle - floor)) {
                        cell.set_symbol("─").set_style(zero);
                    }
                }
                (0, t) => {
                    cell.set_symbol(UPWARD[t as usize]).set_style(style);
                }
                // There are no blocks that hang from above: the empty part below is drawn, turned inside out.
                (b, 8) => {
                    cell.set_symbol(UPWARD[b as usize])
                        .set_style(style.add_modifier(Modifier::REVERSED));
                }
                _ => {
                    cell.set_symbol("━").set_style(style);
                }
            }
        }
    }
}

/// Dots of 2 by 4 in a cell, in the order of Unicode's bits: column, then row from above.
const DOTS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

fn braille(buf: &mut Buffer, area: Rect, trace: &[(f32, f32)], gain: f32, style: Style) {
    let dots = i32::from(area.height) * 4;
    let row_of = |v: f32| {
        let share = 0.5 - 0.5 * (v * gain).clamp(-1.0, 1.0);
        ((share * (dots - 1) as f32).round() as i32).clamp(0, dots - 1)
    };
    for x in 0..area.width {
        for y in 0..area.height {
            let mut bits = 0;
            for (half, column) in DOTS.iter().enumerate() {
                let Some((low, high)) = trace.get(usize::from(x) * 2 + half) else {
                    continue;
                };
                let (top, bottom) = (row_of(*high), row_of(*low));
                for (dot, bit) in column.iter().enumerate() {
                    let at = i32::from(y) * 4 + dot as i32;
                    if (top..=bottom).contains(&at) {
                        bits |= bit;
                    }
                }
            }
            if bits != 0
                && let Some(symbol) = char::from_u32(0x2800 + bits)
            {
                buf[(area.x + x, area.y + y)]
                    .set_char(symbol)
                    .set_style(style);
            }
        }
    }
}

fn line(buf: &mut Buffer, area: Rect, trace: &[(f32, f32)], gain: f32, style: Style) {
    let last = f32::from(area.height.saturating_sub(1));
    for (column, (low, high)) in trace.iter().enumerate() {
        let row = |v: f32| ((0.5 - 0.5 * (v * gain).clamp(-1.0, 1.0)) * last).round() as u16;
        for y in row(*high)..=row(*low) {
            buf[(area.x + column as u16, area.y + y)]
                .set_symbol("*")
                .set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_brings_quiet_sounds_to_half_height() {
        for (peak, gain) in [(1.0, 1.0), (0.5, 2.0), (0.3, 2.0), (0.12, 8.0), (0.0, 64.0)] {
            assert_eq!(gain_for(peak), gain, "{peak}");
        }
    }

    #[test]
    fn every_way_of_drawing_fits_every_size() {
        let trace: Vec<(f32, f32)> = (0..40)
            .map(|i| (-(i as f32) / 20.0, i as f32 / 20.0))
            .collect();
        for height in 1..8 {
            let area = Rect::new(0, 0, 20, height);
            let mut buf = Buffer::empty(area);
            filled(
                &mut buf,
                area,
                &trace[..20],
                1.0,
                Style::new(),
                Style::new(),
            );
            braille(&mut buf, area, &trace, 1.0, Style::new());
            line(&mut buf, area, &trace[..20], 1.0, Style::new());
        }
    }

    #[test]
    fn a_full_swing_fills_the_column() {
        let area = Rect::new(0, 0, 2, 4);
        let mut buf = Buffer::empty(area);
        let trace = [(0.0, 1.0), (-1.0, 0.0)];
        filled(&mut buf, area, &trace, 1.0, Style::new(), Style::new());
        assert_eq!(buf, Buffer::with_lines(["█ ", "█ ", " █", " █"]));
    }
}
