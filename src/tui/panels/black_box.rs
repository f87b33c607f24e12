//! The black box in words: the incident that is looked at, or that there was none.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::control::blackbox::Incident;
use crate::tui::app::App;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::theme::Role;
use crate::tui::words;

/// The incident that is looked at.
pub fn picked(app: &App) -> Option<&Incident> {
    let count = app.black_box.incidents().count();
    let at = app.incident.min(count.checked_sub(1)?);
    app.black_box.incidents().nth(at)
}

/// An incident in full, in lines of at most `width` columns.
pub fn lines(app: &App, width: usize) -> Vec<(String, Role)> {
    let Some(incident) = picked(app) else {
        return calm(app, width);
    };
    let finding = &incident.finding;
    let lasted = incident.last - incident.at;
    let head = match lasted > 0.2 {
        true => format!(
            "{}  {}, {} in {lasted:.1} s",
            incident.bar,
            words::count(incident.none_reads as usize, "none-read"),
            words::count(incident.xruns as usize, "xrun"),
        ),
        false => format!("{}  {}", incident.bar, finding.what),
    };
    let mut all = vec![(head, Role::DiagError)];
    let mut say = |text: String, role: Role| {
        for (i, line) in words::wrapped(&text, width.saturating_sub(4))
            .into_iter()
            .enumerate()
        {
            let indent = if i == 0 { "  " } else { "    " };
            all.push((format!("{indent}{line}"), role));
        }
    };
    say(finding.likely.clone(), Role::Text);
    say(format!("in: {}", finding.thread), Role::Muted);
    say(format!("try: {}", finding.advice), Role::Focus);
    for each in &finding.evidence {
        say(each.clone(), Role::Muted);
    }
    all
}

/// What is true while nothing is wrong.
fn calm(app: &App, width: usize) -> Vec<(String, Role)> {
    let reading = &app.reading;
    let mut lines = Vec::new();
    match reading.none_reads() {
        0 => lines.push(("The audible slot never ran dry.".to_owned(), Role::Live)),
        n => lines.push((
            format!(
                "{} before this screen looked.",
                words::count(n as usize, "none-read")
            ),
            Role::DiagWarn,
        )),
    }
    match reading.xruns {
        0 => lines.push((
            "The device got every period in time.".to_owned(),
            Role::Live,
        )),
        n => lines.push((
            format!(
                "{} before this screen looked.",
                words::count(n as usize, "xrun")
            ),
            Role::DiagWarn,
        )),
    }
    if app.view.no_net {
        lines.push((
            "No net: nothing stands by that could take over at this moment.".to_owned(),
            Role::DiagWarn,
        ));
    }
    lines.push(match &app.view.device_problem {
        Some(problem) => (format!("Device: {problem}"), Role::DiagError),
        None => {
            let priority = match reading.realtime {
                true => "realtime priority",
                false => "no realtime priority",
            };
            let text = format!(
                "Device: {}, {:.0} Hz, {priority}",
                app.view.device, reading.rate
            );
            (text, Role::Muted)
        }
    });
    let role = match reading.discontinuities {
        0 => Role::Muted,
        _ => Role::Failed,
    };
    let first = format!(
        "discontinuities {}  standby late {}",
        reading.discontinuities, reading.standby_late
    );
    let second = format!(
        "late events {}  limiter {:.1} dB",
        reading.late_events,
        0.0 - reading.limiter_db
    );
    match first.len() + second.len() + 3 < width {
        true => lines.push((format!("{first}  {second}"), role)),
        false => lines.extend([(first, role), (second, role)]),
    }
    lines
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let count = app.black_box.incidents().count();
    let foot = match count {
        0 => String::new(),
        n => format!("{} of {n}  ↑↓  Enter explain", app.incident.min(n - 1) + 1),
    };
    let labels = Labels {
        title: "why did it crackle?",
        title_style: theme.style(Role::Text).add_modifier(Modifier::BOLD),
        foot: &foot,
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let lines = lines(app, usize::from(inner.width));
    for (row, (text, role)) in (0..inner.height).zip(lines) {
        Pen::row(buf, inner, row)
            .gap(1)
            .text(text, theme.style(role));
    }
}
