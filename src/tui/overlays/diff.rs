//! What a swap would change: the standby's patch against the live one.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::app::App;
use crate::tui::overlays::{Overlay, middle};
use crate::tui::panels::changes;
use crate::tui::pen::{Labels, panel, wipe};
use crate::tui::theme::Role;
use crate::tui::words;

pub fn open(app: &mut App) {
    let standby = app.view.live.other();
    if app.slot(standby).is_net || app.loaded(standby).is_none() {
        return app.say("The standby has no patch of its own; load one on screen 7");
    }
    app.overlay = Some(Overlay::Diff);
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let (live, standby) = (app.view.live, app.view.live.other());
    let (Some(old), Some(new)) = (app.loaded(live), app.loaded(standby)) else {
        return;
    };
    let area = middle(area, 68, area.height.saturating_sub(4).min(28));
    wipe(buf, area, theme);
    let title = format!(
        "{} against {}",
        words::slot_and_name(&app.view, standby),
        words::slot_and_name(&app.view, live)
    );
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "any key closes",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    changes::draw(&old.patch, &new.patch, theme, inner, buf);
}
