//! One slot: its way from file to sound in words, levels, ring, load, and what else there is room for.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::control::command::SlotId;
use crate::control::event::Loaded;
use crate::control::slot::{Incoming, SlotState};
use crate::tui::app::App;
use crate::tui::difference;
use crate::tui::meters::{FLOOR_DB, db_text, decibels, share};
use crate::tui::mouse::Spot;
use crate::tui::options::Glyphs;
use crate::tui::pen::{Labels, Pen, bar, columns, panel};
use crate::tui::stage;
use crate::tui::theme::{Role, Theme};
use crate::tui::words;

pub fn draw(app: &App, slot: SlotId, area: Rect, buf: &mut Buffer) {
    let seen = app.slot(slot);
    let theme = &app.theme;
    let title = match &seen.loaded {
        Some(_) if seen.is_net => {
            format!("{} copy of {}", slot.name(), slot.other().name())
        }
        Some(loaded) => format!("{} {}", slot.name(), loaded.patch.name),
        None => format!("{} empty", slot.name()),
    };
    let (word, role) = words::state(&app.view, slot);
    let foot = word + &words::armed(&app.view, slot);
    let labels = Labels {
        title: &title,
        title_style: theme
            .style(words::slot_role(slot))
            .add_modifier(Modifier::BOLD),
        foot: &foot,
        foot_style: theme.style(role).add_modifier(Modifier::BOLD),
    };
    let inner = panel(buf, area, theme, &labels);
    // The row of the frame where the state is.
    let state = Rect::new(area.x, area.bottom().saturating_sub(1), area.width, 1);
    app.spots.note(state.intersection(area), Spot::Slot(slot));
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let mut row = 0;
    pipeline(app, slot, &mut Pen::row(buf, inner, row));
    for channel in 0..2 {
        row += 1;
        level(app, slot, channel, &mut Pen::row(buf, inner, row));
    }
    // Where rows are short the scale goes first: the numbers stand beside the bars.
    if inner.height >= 7 {
        row += 1;
        scale(theme, inner, row, buf);
    }
    row += 1;
    ring(app, slot, &mut Pen::row(buf, inner, row));
    for line in facts(app, slot) {
        row += 1;
        let mut pen = Pen::row(buf, inner, row);
        for (text, role) in line {
            pen.text(text, theme.style(role));
        }
    }
}

/// "build✓ › prime✓ › [PRIMED] › fade"
fn pipeline(app: &App, slot: SlotId, pen: &mut Pen<'_>) {
    let theme = &app.theme;
    let seen = app.slot(slot);
    let (word, role) = words::state(&app.view, slot);
    let word = format!("[{word}]");
    let live = slot == app.view.live;
    let refused = match &seen.incoming {
        Some(Incoming::Refused { check, .. }) if !live => Some(check.name()),
        _ => None,
    };
    let steps: Vec<(String, Role)> = match (&seen.state, &seen.incoming) {
        (_, Some(Incoming::Building)) if !live => vec![
            (word, role),
            ("prime".into(), Role::Muted),
            ("fade".into(), Role::Muted),
        ],
        (_, Some(Incoming::Priming { .. })) if !live => vec![
            ("build✓".into(), Role::Live),
            (word, role),
            ("fade".into(), Role::Muted),
        ],
        _ if refused.is_some() => vec![
            ("build✓".into(), Role::Live),
            (
                format!("prime✗ {}", refused.unwrap_or_default()),
                Role::Failed,
            ),
            (word, role),
        ],
        (SlotState::Empty, _) => vec![(word, role)],
        (SlotState::Failed(why), _) => vec![(word, role), (why.clone(), Role::Failed)],
        (SlotState::Live | SlotState::Fading { .. }, _) => vec![
            ("build✓".into(), Role::Live),
            ("prime✓".into(), Role::Live),
            ("fade✓".into(), Role::Live),
            (word, role),
        ],
        _ if seen.is_net => vec![
            (word, role),
            (
                format!("takes over if {} fails", slot.other().name()),
                Role::Muted,
            ),
        ],
        _ => vec![
            ("build✓".into(), Role::Live),
            ("prime✓".into(), Role::Live),
            (word, role),
            ("fade".into(), Role::Muted),
        ],
    };
    for (i, (text, role)) in steps.into_iter().enumerate() {
        if i > 0 {
            pen.text(" › ", theme.style(Role::Muted));
        }
        let style = theme.style(role);
        pen.text(
            &text,
            if text.starts_with('[') {
                style.add_modifier(Modifier::BOLD)
            } else {
                style
            },
        );
    }
}

/// Columns beside the bar: "L " before it, " -14.2 pk -3.1" behind it.
const BEFORE: u16 = 2;
const BEHIND: u16 = 15;

/// "L █████████····│··  -14.2 pk -3.1"
fn level(app: &App, slot: SlotId, channel: usize, pen: &mut Pen<'_>) {
    let theme = &app.theme;
    let rms = decibels(app.reading.slot(slot).rms[channel]);
    let held = app.meters.held_db(slot.index(), channel);
    let clipped = app.meters.clipped(slot.index(), channel);
    pen.text(["L ", "R "][channel], theme.style(Role::Muted));
    let width = pen.room().saturating_sub(BEHIND);
    let start = pen.x();
    bar(
        pen,
        width,
        share(rms),
        app.options.glyphs,
        theme.style(Role::Border),
        |place| theme.style(zone(FLOOR_DB * (1.0 - place))),
    );
    if width > 0 && held > FLOOR_DB {
        let at = (share(held) * f32::from(width)).ceil() as u16;
        let role = if clipped { Role::MeterClip } else { zone(held) };
        let after = pen.x();
        pen.to(start + at.clamp(1, width) - 1)
            .text("│", theme.style(role))
            .to(after);
    }
    let text = |db: f32| format!("{:>6}", db_text(db));
    pen.text(text(rms), theme.style(Role::Text));
    let role = if clipped { Role::Failed } else { Role::Muted };
    pen.text(if clipped { " CL" } else { " pk" }, theme.style(role));
    pen.text(text(held), theme.style(role));
}

fn zone(db: f32) -> Role {
    match db {
        db if db > -3.0 => Role::MeterClip,
        db if db > -12.0 => Role::MeterMid,
        _ => Role::MeterLow,
    }
}

/// Marks under the bars.
fn scale(theme: &Theme, area: Rect, row: u16, buf: &mut Buffer) {
    let style = theme.style(Role::Muted);
    let width = area.width.saturating_sub(BEFORE + BEHIND);
    let from = area.x + BEFORE;
    let marks: &[f32] = match width {
        0..=11 => &[],
        12..=29 => &[-48.0, -24.0, -12.0, 0.0],
        _ => &[-48.0, -36.0, -24.0, -18.0, -12.0, -6.0, 0.0],
    };
    let mut free = from;
    for mark in marks {
        let text = format!("{mark:.0}");
        let at = from + (share(*mark) * f32::from(width)) as u16;
        let x = at.saturating_sub(columns(&text)).max(from);
        if x >= free {
            Pen::row(buf, area, row).to(x).text(&text, style);
            free = x + columns(&text) + 1;
        }
    }
    Pen::row(buf, area, row)
        .to(from + width + 1)
        .text("dBFS RMS/hold", style);
}

/// "ring ██████·· 27/30 min 22  none 0  cpu 11%"
fn ring(app: &App, slot: SlotId, pen: &mut Pen<'_>) {
    let theme = &app.theme;
    let reading = app.reading.slot(slot);
    let muted = theme.style(Role::Muted);
    let fill = |blocks: u32| blocks as f32 / reading.ring_size.max(1) as f32;
    pen.text("ring ", muted);
    let start = pen.x();
    let wide = pen.room() > 44;
    let width = if wide { 12 } else { 5 };
    bar(
        pen,
        width,
        fill(reading.ring),
        app.options.glyphs,
        theme.style(Role::Border),
        |_| theme.style(Role::Audio),
    );
    if reading.ring_min < reading.ring {
        let at = (fill(reading.ring_min).min(1.0) * f32::from(width)) as u16;
        let after = pen.x();
        pen.to(start + at.min(width - 1))
            .text("│", theme.style(Role::Primed))
            .to(after);
    }
    let low = match reading.ring_min {
        0 if slot == app.view.live => Role::Failed,
        _ => Role::Muted,
    };
    pen.text(
        format!(" {}/{}", reading.ring, reading.ring_size),
        theme.style(Role::Text),
    );
    pen.text(format!(" min {}", reading.ring_min), theme.style(low));
    let none = match reading.none_reads {
        0 => Role::Muted,
        _ => Role::Failed,
    };
    pen.text(format!("  none {}", reading.none_reads), theme.style(none));
    let cpu = if wide { "  cpu" } else { " " };
    pen.text(
        format!("{cpu} {:.0}%", reading.load * 100.0),
        theme.style(Role::Text),
    );
}

type Line = Vec<(String, Role)>;

/// What else is known, the most important first.
fn facts(app: &App, slot: SlotId) -> Vec<Line> {
    let seen = app.slot(slot);
    let plain = |text: String| vec![(text, Role::Muted)];
    let mut lines = Vec::new();
    let live = slot == app.view.live;
    if let Some(Incoming::Refused { why, .. }) = seen.incoming.as_ref().filter(|_| !live) {
        lines.push(vec![(why.clone(), Role::DiagError)]);
    }
    let Some(loaded) = &seen.loaded else {
        lines.push(plain("nothing loaded; files are on screen 7".into()));
        return lines;
    };
    let reading = &app.reading;
    let key_to_sound = format!(
        "key-to-sound {} ms  lead {:.0} ms",
        match reading.key_to_sound_ms.p50 {
            0.0 => "-".to_owned(),
            ms => format!("{ms:.0}"),
        },
        reading.lead_ms()
    );
    let contents = format!(
        "{}, {}, {}",
        words::count(loaded.patch.modules.len(), "module"),
        words::count(loaded.patch.cables.len(), "cable"),
        words::count(loaded.patch.voices, "voice"),
    );
    if live {
        lines.push(plain(key_to_sound));
        lines.push(path_line(loaded));
        lines.push(plain(contents));
        lines.push(prime_line(loaded));
        lines.push(plain(format!(
            "limiter {:.1} dB  undo {}  redo {}",
            0.0 - reading.limiter_db,
            app.view.undo_steps,
            app.view.redo_steps
        )));
    } else {
        if !seen.is_net {
            lines.push(swap_line(app));
        }
        if let (Some(other), false) = (app.loaded(slot.other()), seen.is_net) {
            let summary = difference::summary(&other.patch, &loaded.patch);
            lines.push(vec![
                (format!("vs {}: ", slot.other().name()), Role::Muted),
                (summary, Role::Text),
                ("  [=]".into(), Role::Focus),
            ]);
        }
        lines.push(prime_line(loaded));
        lines.push(path_line(loaded));
        lines.push(plain(contents));
        lines.push(plain(format!("fade {:.0} ms", app.view.fade_ms)));
    }
    lines
}

/// "swap ██████···· in 2.3 beats" while one waits; else when it would happen, and where the morph stands.
fn swap_line(app: &App) -> Line {
    if let Some((left, share)) = stage::countdown(app) {
        let done = (share * 10.0).round() as usize;
        let (full, rest) = match app.options.glyphs {
            Glyphs::Ascii => ("#", "."),
            _ => ("█", "·"),
        };
        return vec![
            ("swap ".into(), Role::Primed),
            (full.repeat(done), Role::Primed),
            (rest.repeat(10 - done), Role::Border),
            (format!(" in {left:.1} beats"), Role::Primed),
        ];
    }
    let when = words::when(app.view.quantum);
    // Short enough for half of 80 columns, with what follows.
    let when = when.trim_start_matches("at the ");
    let mut line = vec![
        (format!("^G {when}"), Role::Muted),
        (" [b]".into(), Role::Focus),
    ];
    if let Some(at) = app.view.morph {
        line.push((format!("  morph {at:.2}"), Role::Muted));
        line.push((" [( )]".into(), Role::Focus));
    }
    line
}

fn prime_line(loaded: &Loaded) -> Line {
    let report = &loaded.report;
    let silent = match report.silent_by_design {
        true => ", silent by design",
        false => "",
    };
    vec![(
        format!(
            "primed {:.1} ms rms {:.3} load {:.1}%{silent}",
            report.total_ms,
            report.rms,
            report.load * 100.0
        ),
        Role::Muted,
    )]
}

fn path_line(loaded: &Loaded) -> Line {
    let path = match &loaded.path {
        Some(path) => path.display().to_string(),
        None => "not in a file yet".to_owned(),
    };
    let modified = if loaded.modified { " *modified" } else { "" };
    vec![
        (format!("patch {path}"), Role::Muted),
        (modified.to_owned(), Role::Primed),
    ]
}
