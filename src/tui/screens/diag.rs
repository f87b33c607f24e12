//! Why it crackles, if it does: a minute of loads and rings, the callback's times against its budget, the timeline of priming.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::control::command::SlotId;
use crate::tui::app::App;
use crate::tui::history::Sample;
use crate::tui::meters::{db_text, decibels, share};
use crate::tui::pen::{Labels, Pen, UPWARD, bar, panel};
use crate::tui::theme::Role;
use crate::tui::words;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let wide = area.width >= 80;
    let upper = area.height.min(11);
    let half = if wide { area.width / 2 } else { area.width };
    history(
        app,
        Rect {
            width: half,
            height: upper,
            ..area
        },
        buf,
    );
    if wide {
        let side = Rect::new(area.x + half, area.y, area.width - half, upper);
        times(app, side, buf);
    }
    let lower = Rect {
        y: area.y + upper,
        height: area.height - upper,
        ..area
    };
    if lower.height >= 4 {
        findings(app, lower, buf);
    }
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
    let lines: [Line; 6] = [
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
    let facts = format!(
        "discontinuities {}  standby late {}  late events {}",
        reading.discontinuities, reading.standby_late, reading.late_events
    );
    let role = if reading.discontinuities > 0 {
        Role::Failed
    } else {
        Role::Muted
    };
    Pen::row(buf, inner, 7).text(facts, theme.style(role));
    Pen::row(buf, inner, 8).text(
        format!("limiter {:.1} dB", 0.0 - reading.limiter_db),
        theme.style(Role::Muted),
    );
}

fn times(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let reading = &app.reading;
    let rate = reading.rate.max(1.0);
    let period_ms = f64::from(reading.callback.frames) * 1_000.0 / rate;
    let block_ms = 64_000.0 / rate;
    let title = format!("device callback, {period_ms:.2} ms to do it");
    let inner = boxed(app, &title, "r reset", area, buf);
    let us = |us: f32| f64::from(us) / 1_000.0;
    let callback = reading.callback;
    let rows = [
        ("callback p50", us(callback.p50_us), period_ms),
        ("callback p99", us(callback.p99_us), period_ms),
        ("callback max", us(callback.max_us), period_ms),
        ("render A p99", us(reading.slots[0].render_p99_us), block_ms),
        ("render B p99", us(reading.slots[1].render_p99_us), block_ms),
    ];
    for (row, (name, ms, budget)) in (0..).zip(rows) {
        let part = (ms / budget.max(1e-9)) as f32;
        let role = match part {
            p if p > 1.0 => Role::MeterClip,
            p if p > 0.5 => Role::MeterMid,
            _ => Role::MeterLow,
        };
        let mut pen = Pen::row(buf, inner, row);
        pen.cell(name, 13, theme.style(Role::Muted));
        let width = pen.room().saturating_sub(17);
        bar(
            &mut pen,
            width,
            part,
            app.options.glyphs,
            theme.style(Role::Border),
            |_| theme.style(role),
        );
        pen.text(
            format!(" {ms:>6.3} of {budget:.2}"),
            theme.style(Role::Text),
        );
    }
    let key = reading.key_to_sound_ms;
    let more = [
        format!("{} callbacks of {} frames", callback.count, callback.frames),
        format!(
            "lead {} frames, {:.1} ms",
            reading.lead_frames,
            reading.lead_ms()
        ),
        format!("key to sound p50 {:.1} ms, p99 {:.1} ms", key.p50, key.p99),
    ];
    for (row, text) in (6..).zip(more) {
        Pen::row(buf, inner, row).text(text, theme.style(Role::Muted));
    }
}

/// What the counters mean, and where the time of priming went.
fn findings(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let inner = boxed(app, "what it means", "", area, buf);
    let reading = &app.reading;
    let mut lines: Vec<(String, Role)> = Vec::new();
    let none = reading.none_reads();
    let live = reading.slot(app.view.live);
    if none == 0 {
        lines.push(("The audible slot never ran dry.".into(), Role::Live));
    } else {
        let frames: u64 = reading.slots.iter().map(|s| s.none_frames).sum();
        lines.push((
            format!(
                "{} ({frames} frames): the audible slot's ring was empty when the device asked.",
                words::count(none as usize, "none-read")
            ),
            Role::DiagError,
        ));
        let cause = match live.load {
            load if load > 0.7 => "Likely: the patch is too heavy for this machine (see load).",
            _ => {
                "Likely: the engine was woken late. Try --latency safe, or fewer programs beside this one."
            }
        };
        lines.push((cause.into(), Role::Text));
    }
    if reading.xruns == 0 {
        lines.push(("The device got every period in time.".into(), Role::Live));
    } else {
        let why = match reading.callback.max_us
            > reading.callback.frames as f32 * 1e6 / reading.rate.max(1.0) as f32
        {
            true => "Likely: the callback itself took too long.",
            false => "Likely: the system ran the callback late. Try a larger --period.",
        };
        lines.push((
            format!("{}. {why}", words::count(reading.xruns as usize, "xrun")),
            Role::DiagError,
        ));
    }
    if app.view.no_net {
        lines.push((
            "No net: nothing stands by that could take over at this moment.".into(),
            Role::DiagWarn,
        ));
    }
    if let Some(problem) = &app.view.device_problem {
        lines.push((format!("Device: {problem}"), Role::DiagError));
    } else {
        lines.push((
            format!("Device: {}, {:.0} Hz", app.view.device, reading.rate),
            Role::Muted,
        ));
    }
    for slot in SlotId::BOTH {
        if let Some(loaded) = app.loaded(slot).filter(|_| !app.slot(slot).is_net) {
            let report = &loaded.report;
            lines.push((
                format!(
                    "{} primed in {:.2} ms: compile {:.2}, render {:.2} ({} blocks), rms {:.3}, peak {:.2}, dc {:.4}",
                    slot.name(), report.total_ms, report.compile_ms, report.render_ms, report.blocks, report.rms, report.peak, report.dc
                ),
                Role::Muted,
            ));
        }
    }
    for (row, (text, role)) in (0..inner.height).zip(lines) {
        Pen::row(buf, inner, row).text(text, theme.style(role));
    }
}
