//! The scope on the probed port, with its range in numbers.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::control::command::Jack;
use crate::tui::app::App;
use crate::tui::options::Motion;
use crate::tui::panels::scope;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::theme::Role;

/// Time across the panel.
const SPAN_MS: f32 = 40.0;

/// Rows that the probe takes where it is on.
pub fn height(app: &App, room: u16) -> u16 {
    match app.watcher.probe {
        Some(_) => (room * 2 / 5).clamp(5, 16).min(room),
        None => 0,
    }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some((module, jack)) = &app.watcher.probe else {
        return;
    };
    if area.height == 0 {
        return;
    }
    let theme = &app.theme;
    let (Jack::Input(port) | Jack::Output(port)) = jack;
    let title = format!("probe {module}.{port}");
    let foot = match app.watcher.range {
        Some([low, high]) => format!("{low:.3}..{high:.3}  {SPAN_MS:.0} ms"),
        None => "nothing comes".to_owned(),
    };
    if area.height < 3 {
        let mut pen = Pen::row(buf, area, 0);
        pen.gap(1).text(title, theme.style(Role::Focus));
        pen.right(&format!("{foot} "), theme.style(Role::Muted));
        return;
    }
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: &foot,
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    if app.options.motion == Motion::Reduced {
        let style = theme.style(Role::Muted);
        Pen::row(buf, inner, 0).text(" no scope with reduced motion", style);
        return;
    }
    let span = (app.reading.rate as f32 * SPAN_MS / 1_000.0) as usize;
    scope::curve(
        app,
        &app.watcher.recent,
        span,
        theme.style(Role::Scope),
        inner,
        buf,
    );
}
