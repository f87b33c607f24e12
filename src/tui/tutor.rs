//! `:tutor`: from a sine to a swapped acid line, inside the program. Every step looks whether it was done; none touches a file. The
//! keys go on meaning what they always mean.
mod steps;

use std::time::{Duration, Instant};

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use super::app::App;
use super::pen::{Labels, Pen, panel, wipe};
use super::theme::Role;
use steps::{STEPS, knob, live};

/// Somebody who did nothing for so long gets the hint.
const STUCK: Duration = Duration::from_secs(15);
/// How long the praise stands.
const PRAISE: Duration = Duration::from_millis(1_200);

pub struct Tutor {
    at: usize,
    since: Instant,
    /// When the step was found done.
    done: Option<Instant>,
    /// A value that the step began with.
    before: f32,
}

/// "", "skip", "back", "off".
pub fn command(app: &mut App, arg: &str) {
    match (arg.trim(), app.tutor.as_ref().map(|t| t.at)) {
        ("" | "on", None) => enter(app, 0),
        ("off" | "end", Some(_)) => {
            app.tutor = None;
            app.say("The tutor is off; :tutor begins again. Nothing was written to any file");
        }
        ("back", Some(at)) => enter(app, at.saturating_sub(1)),
        ("" | "skip" | "next", Some(at)) => enter(app, at + 1),
        (_, None) => app.say(":tutor begins it"),
        (other, Some(_)) => app.complain(format!("tutor takes skip, back or off, not `{other}`")),
    }
}

fn enter(app: &mut App, at: usize) {
    let Some(step) = STEPS.get(at) else {
        app.tutor = None;
        return app.say("That was all. ? lists every key, : every command; ^S saves what you hear under a name that you choose");
    };
    (step.enter)(app);
    let before = match step.title {
        "One knob over several" => live(app)
            .and_then(|p| p.macros.first())
            .map_or(0.0, |m| m.at),
        "Everything is undone" => app.tutor.as_ref().map_or(0.0, |t| t.before),
        "When something is wrong" => 0.0,
        _ => knob(app, "osc", "freq").unwrap_or(0.0),
    };
    app.tutor = Some(Tutor {
        at,
        since: app.now,
        done: None,
        before,
    });
}

/// Looks whether the step was done; called once a look.
pub fn follow(app: &mut App) {
    let (now, panicked) = (app.now, app.view.panicked);
    let Some(mut tutor) = app.tutor.take() else {
        return;
    };
    if STEPS[tutor.at].title == "When something is wrong" && panicked {
        tutor.before = 1.0;
    }
    if tutor.done.is_none() && (STEPS[tutor.at].done)(app, &tutor) {
        tutor.done = Some(now);
    }
    let next = tutor.done.is_some_and(|done| now >= done + PRAISE);
    let at = tutor.at;
    app.tutor = Some(tutor);
    if next {
        enter(app, at + 1);
    }
}

/// Rows that it takes from the bottom of the screen.
pub fn rows(app: &App, area: Rect) -> u16 {
    match (&app.tutor, area.height) {
        (None, _) | (_, 0..=7) => 0,
        (Some(_), 8..=15) => 3,
        (Some(_), _) => 5,
    }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(tutor) = &app.tutor else { return };
    let theme = &app.theme;
    let step = &STEPS[tutor.at];
    wipe(buf, area, theme);
    let title = format!("tutor {} of {}: {}", tutor.at + 1, STEPS.len(), step.title);
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "F3 skip  :tutor back  :tutor off",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let stuck = app.now.saturating_duration_since(tutor.since) > STUCK;
    let (text, role) = match (tutor.done.is_some(), stuck) {
        (true, _) => ("Done.".to_owned(), Role::Live),
        (false, true) => (format!("{} {}", step.text, step.hint), Role::Text),
        (false, false) => (step.text.to_owned(), Role::Text),
    };
    let width = usize::from(inner.width.saturating_sub(2));
    for (row, line) in (0..inner.height).zip(super::words::wrapped(&text, width)) {
        Pen::row(buf, inner, row)
            .gap(1)
            .text(line, theme.style(role));
    }
}

#[cfg(test)]
mod tests;
