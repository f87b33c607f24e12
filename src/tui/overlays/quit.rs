//! The question before the end; three presses in two seconds do not ask.
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::app::App;
use crate::tui::options::ExitReason;
use crate::tui::overlays::{Overlay, middle};
use crate::tui::pen::{Labels, Pen, panel, wipe};
use crate::tui::theme::Role;

const FORCE_WITHIN: Duration = Duration::from_secs(2);
const FORCE_PRESSES: usize = 3;

pub fn ask(app: &mut App) {
    let now = app.now;
    app.quit_presses
        .retain(|at| now.duration_since(*at) < FORCE_WITHIN);
    app.quit_presses.push(now);
    if app.quit_presses.len() >= FORCE_PRESSES {
        app.exit = Some(ExitReason::Quit);
    }
    app.overlay = Some(Overlay::Quit);
}

/// Returns whether the question stays.
pub fn on_key(app: &mut App, key: &KeyEvent) -> bool {
    match key.code {
        KeyCode::Char('y' | 'Y') => app.exit = Some(ExitReason::Quit),
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
            ask(app);
            app.overlay = None;
            return true;
        }
        _ => return false,
    }
    true
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let live = app.loaded(app.view.live);
    let unsaved = match (app.text.edited(), &app.view.bench) {
        (true, _) => Some("The edited text is not saved."),
        (false, Some(_)) => Some("The patch on the bench is not heard yet."),
        (false, None) if live.is_some_and(|l| l.modified) => {
            Some("What plays has changes that are in no file.")
        }
        (false, None) => None,
    };
    let area = middle(area, 50, if unsaved.is_some() { 6 } else { 5 });
    wipe(buf, area, theme);
    let labels = Labels {
        title: "quit",
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "^C ^C forces",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let mut row = u16::from(inner.height > 2);
    if let Some(unsaved) = unsaved {
        Pen::row(buf, inner, row)
            .gap(2)
            .text(unsaved, theme.style(Role::DiagWarn));
        row += 1;
    }
    Pen::row(buf, inner, row)
        .gap(2)
        .text("Fade out and quit?  ", theme.style(Role::Text))
        .text("y", theme.style(Role::Focus))
        .text(" yes   ", theme.style(Role::Muted))
        .text("any other key", theme.style(Role::Focus))
        .text(" no", theme.style(Role::Muted));
}
