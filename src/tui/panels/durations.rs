//! How long things took against their budget, as a histogram with logarithmic bars. One for rendering, one for the device's
//! callback: they have different budgets and different consequences, and are never one.
use ratatui::{buffer::Buffer, layout::Rect};

use crate::control::reading::{Durations, SPREAD};
use crate::tui::app::App;
use crate::tui::pen::{Pen, bar};
use crate::tui::theme::Role;

pub struct Measured {
    pub budget_ms: f64,
    pub spread: Durations,
    pub p50_us: f32,
    pub p99_us: f32,
    pub max_us: f32,
}

impl Measured {
    /// "p50 0.04 p99 0.09 max 0.12"
    pub fn summary(&self) -> String {
        let ms = |us: f32| f64::from(us) * 1e-3;
        let (p50, p99, max) = (ms(self.p50_us), ms(self.p99_us), ms(self.max_us));
        format!("p50 {p50:.2} p99 {p99:.2} max {max:.2}")
    }

    pub fn role(&self) -> Role {
        match f64::from(self.max_us) * 1e-3 > self.budget_ms {
            true => Role::DiagError,
            false => Role::Text,
        }
    }
}

/// Six rows and the summary.
pub fn draw(app: &App, measured: &Measured, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let most = measured.spread.iter().copied().max().unwrap_or(0);
    // Log: one late callback beside a million good ones must be seen.
    let share = |n: u32| ((1.0 + n as f32).ln() / (1.0 + most.max(1) as f32).ln()).max(0.0);
    for (part, count) in measured.spread.into_iter().enumerate() {
        if part as u16 + 1 >= area.height {
            break;
        }
        let edge = |part: usize| f64::from(SPREAD[part]) * measured.budget_ms;
        let (label, role) = match part {
            5 => (format!("LATE >{:.2}", edge(4)), Role::MeterClip),
            4 => (format!("to {:.2} ms", edge(4)), Role::MeterMid),
            part => (format!("to {:.2}", edge(part)), Role::MeterLow),
        };
        let mut pen = Pen::row(buf, area, part as u16);
        let late = part == 5 && count > 0;
        let label_role = if late { Role::DiagError } else { Role::Muted };
        pen.cell(label, 12, theme.style(label_role));
        let width = pen.room().saturating_sub(9);
        bar(
            &mut pen,
            width,
            if count == 0 { 0.0 } else { share(count) },
            app.options.glyphs,
            theme.style(Role::Border),
            |_| theme.style(role),
        );
        pen.text(format!(" {count:>8}"), theme.style(Role::Text));
    }
    let row = area.height.saturating_sub(1).min(6);
    Pen::row(buf, area, row)
        .text(measured.summary(), theme.style(measured.role()))
        .text(" ms", theme.style(Role::Muted));
}
