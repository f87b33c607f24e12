//! Why it crackles, if it does: a minute of loads and rings, render and callback times each against its budget, the black box, the
//! timeline of priming, what each module costs.
use std::path::{Path, PathBuf};

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::control::blackbox;
use crate::control::command::SlotId;
use crate::dsp::BLOCK;
use crate::tui::act;
use crate::tui::app::App;
use crate::tui::history::Sample;
use crate::tui::meters::{db_text, decibels, share};
use crate::tui::panels::durations::{self, Measured};
use crate::tui::panels::{black_box, costs};
use crate::tui::pen::{Labels, Pen, UPWARD, panel};
use crate::tui::theme::Role;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (wide, tall) = (area.width >= 80, area.height >= 30);
    let half = if wide { area.width / 2 } else { area.width };
    let upper = match tall {
        true => 18.min(area.height / 2),
        false => 11.min(area.height),
    };
    let left = Rect {
        width: half,
        height: upper,
        ..area
    };
    let right = Rect::new(area.x + half, area.y, area.width - half, upper);
    history(app, left, buf);
    if wide {
        times(app, right, buf);
    }
    let lower = Rect {
        y: area.y + upper,
        height: area.height - upper,
        ..area
    };
    if lower.height < 3 {
        return;
    }
    if tall && wide {
        let left = Rect {
            width: half,
            ..lower
        };
        black_box::draw(app, left, buf);
        let right = Rect::new(area.x + half, lower.y, area.width - half, lower.height);
        return time_spent(app, right, buf);
    }
    // Priming and modules in a row each, below the words.
    let rows = if lower.height >= 8 { 4 } else { 0 };
    let words = Rect {
        height: lower.height - rows,
        ..lower
    };
    black_box::draw(app, words, buf);
    if rows > 0 {
        let below = Rect {
            y: words.bottom(),
            height: rows,
            ..lower
        };
        let slot = costs::primed_last(app);
        let inner = boxed(app, &primed_title(app, slot), "", below, buf);
        if let Some(slot) = slot {
            costs::timeline_row(app, slot, inner, 0, buf);
        }
        costs::modules_row(app, inner, 1, buf);
    }
}

fn primed_title(app: &App, slot: Option<SlotId>) -> String {
    match slot.and_then(|s| Some((s, app.loaded(s)?))) {
        Some((slot, loaded)) => format!(
            "last prime: {} {}, {:.1} ms",
            slot.name(),
            loaded.patch.name,
            loaded.report.total_ms
        ),
        None => "last prime".to_owned(),
    }
}

/// Where there is room: priming as a staircase, modules as bars.
fn time_spent(app: &App, area: Rect, buf: &mut Buffer) {
    let first = Rect {
        height: 9.min(area.height),
        ..area
    };
    let slot = costs::primed_last(app);
    let inner = boxed(app, &primed_title(app, slot), "", first, buf);
    if let Some(slot) = slot {
        costs::timeline(app, slot, inner, buf);
    }
    let second = Rect {
        y: first.bottom(),
        height: area.height - first.height,
        ..area
    };
    if second.height >= 3 {
        let title = format!("what each module of {} costs", app.view.live.name());
        let inner = boxed(app, &title, "share of a block", second, buf);
        costs::modules_bars(app, inner, buf);
    }
}

/// Another incident of the black box.
pub fn pick(app: &mut App, by: isize) {
    let count = app.black_box.incidents().count();
    let last = count.saturating_sub(1);
    app.incident = app.incident.saturating_add_signed(by).min(last);
}

/// Writes the black box beside each other as JSON and as text.
pub fn export(app: &mut App, arg: &str) {
    let stem = match arg.trim() {
        "" => match free_name(Path::new("diagnostics")) {
            Some(stem) => stem,
            None => return app.complain("there are a thousand reports already"),
        },
        name => act::typed_path(name.trim_end_matches(".json").trim_end_matches(".txt")),
    };
    let ending = |ending: &str| {
        let mut path = stem.clone().into_os_string();
        path.push(ending);
        PathBuf::from(path)
    };
    let there = [".json", ".txt"]
        .map(ending)
        .into_iter()
        .find(|path| path.exists());
    if let Some(there) = there {
        return app.complain(format!("{} is there already", there.display()));
    }
    let (view, reading) = (app.view.clone(), app.reading.clone());
    let json = blackbox::json(&app.black_box, &view, &reading);
    let text = blackbox::text(&app.black_box, &view, &reading);
    let write = |end: &str, content: &str| {
        let path = ending(end);
        match std::fs::write(&path, content) {
            Ok(()) => Ok(path.display().to_string()),
            Err(why) => Err(format!("{}: {why}", path.display())),
        }
    };
    let written = write(".json", &format!("{json:#}\n")).and_then(|json| {
        let text = write(".txt", &text)?;
        Ok(format!("The report is in {json} and {text}"))
    });
    match written {
        Ok(said) => app.say(said),
        Err(why) => app.complain(why),
    }
}

/// "diagnostics-001", where no such file is.
fn free_name(stem: &Path) -> Option<PathBuf> {
    let stem = stem.to_string_lossy();
    (1..1_000)
        .map(|n| PathBuf::from(format!("{stem}-{n:03}")))
        .find(|p| !p.with_extension("json").exists() && !p.with_extension("txt").exists())
}

fn boxed(app: &App, title: &str, foot: &str, area: Rect, buf: &mut Buffer) -> Rect {
    let labels = Labels {
        title,
        title_style: app.theme.style(Role::Text).add_modifier(Modifier::BOLD),
        foot,
        foot_style: app.theme.style(Role::Muted),
    };
    let inner = panel(buf, area, &app.theme, &labels);
    Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    }
}

type Line = (&'static str, fn(&Sample) -> f32, Role, String);

fn history(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let frozen = if app.history.frozen {
        "frozen"
    } else {
        "f freeze"
    };
    let inner = boxed(app, "the last minute", frozen, area, buf);
    let reading = &app.reading;
    let live = reading.slot(app.view.live);
    let load: f32 = reading.slots.iter().map(|s| s.load).sum();
    let most = app.history.max(|s| s.load);
    let db = |slot: usize| db_text(decibels(reading.slots[slot].rms[0]));
    let lines: [Line; 7] = [
        (
            "load",
            |s| s.load,
            Role::Audio,
            format!("{:.0}% max {:.0}%", load * 100.0, most * 100.0),
        ),
        (
            "ring",
            |s| s.ring,
            Role::Audio,
            format!("{}/{} min {}", live.ring, live.ring_size, live.ring_min),
        ),
        (
            "none",
            |s| s.none_reads,
            Role::Failed,
            reading.none_reads().to_string(),
        ),
        ("xrun", |s| s.xruns, Role::Failed, reading.xruns.to_string()),
        ("rms A", |s| share(decibels(s.rms[0])), Role::SlotA, db(0)),
        ("rms B", |s| share(decibels(s.rms[1])), Role::SlotB, db(1)),
        (
            "ui fps",
            |s| s.fps / 30.0,
            Role::Muted,
            format!("{:.0}", app.history.newest().fps),
        ),
    ];
    for (row, (name, value, role, text)) in (0..inner.height).zip(lines) {
        let mut pen = Pen::row(buf, inner, row);
        pen.cell(name, 7, theme.style(Role::Muted));
        let width = pen.room().saturating_sub(16);
        for column in app.history.columns(usize::from(width), value) {
            let symbol = match column {
                None => " ",
                Some(v) => UPWARD[((v.clamp(0.0, 1.0) * 7.0).round() as usize) + 1],
            };
            let quiet = role == Role::Failed && column.is_none_or(|v| v == 0.0);
            pen.text(symbol, theme.style(if quiet { Role::Border } else { role }));
        }
        pen.gap(1).text(text, theme.style(Role::Text));
    }
    let key = reading.key_to_sound_ms;
    let facts = format!(
        "lead {:.1}  key to sound {:.1}, p99 {:.1} ms",
        reading.lead_ms(),
        key.p50,
        key.p99
    );
    Pen::row(buf, inner, 7).text(facts, theme.style(Role::Muted));
}

/// The device's callback, and rendering: each against its own budget.
fn times(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let reading = &app.reading;
    let rate = reading.rate.max(1.0);
    let callback = Measured {
        budget_ms: f64::from(reading.callback.frames) * 1e3 / rate,
        spread: reading.callback.spread,
        p50_us: reading.callback.p50_us,
        p99_us: reading.callback.p99_us,
        max_us: reading.callback.max_us,
    };
    let render = |slot: SlotId| {
        let slot = reading.slot(slot);
        Measured {
            budget_ms: BLOCK as f64 * 1e3 / rate,
            spread: slot.render_spread,
            p50_us: slot.render_p50_us,
            p99_us: slot.render_p99_us,
            max_us: slot.render_max_us,
        }
    };
    let title = format!("device callback, budget {:.2} ms", callback.budget_ms);
    let inner = boxed(app, &title, "late: xruns", area, buf);
    if inner.height < 14 {
        let upper = Rect {
            height: inner.height.saturating_sub(2).min(7),
            ..inner
        };
        durations::draw(app, &callback, upper, buf);
        for (row, slot) in (inner.height.saturating_sub(2)..).zip(SlotId::BOTH) {
            let measured = render(slot);
            let text = format!("render {} {}", slot.name(), measured.summary());
            Pen::row(buf, inner, row).text(text, theme.style(measured.role()));
        }
        return;
    }
    let upper = Rect { height: 7, ..inner };
    durations::draw(app, &callback, upper, buf);
    let live = app.view.live;
    let lower = Rect {
        y: inner.y + 8,
        height: inner.height - 8,
        ..inner
    };
    let title = format!("render of {}: late blocks end in none-reads", live.name());
    Pen::row(buf, lower, 0).text(title, theme.style(Role::Text).add_modifier(Modifier::BOLD));
    let hist = Rect {
        y: lower.y + 1,
        height: (lower.height - 1).min(7),
        ..lower
    };
    durations::draw(app, &render(live), hist, buf);
}
