//! Where the time goes: priming step by step, and each module of what plays.
use ratatui::{buffer::Buffer, layout::Rect};

use crate::control::blackbox::modules;
use crate::control::command::SlotId;
use crate::dsp::BLOCK;
use crate::graph::prime::PrimeReport;
use crate::tui::app::App;
use crate::tui::pen::{Pen, bar};
use crate::tui::theme::Role;

/// The steps of priming with their times, in order.
pub fn steps(report: &PrimeReport) -> [(String, f32); 6] {
    let known =
        report.wait_ms + report.parse_ms + report.compile_ms + report.render_ms + report.check_ms;
    [
        ("wait".to_owned(), report.wait_ms),
        ("parse".to_owned(), report.parse_ms),
        ("build+params".to_owned(), report.compile_ms),
        (format!("warm {}×", report.blocks), report.render_ms),
        ("rms".to_owned(), report.check_ms),
        ("publish".to_owned(), (report.total_ms - known).max(0.0)),
    ]
}

/// The slot that was primed last, of those with a patch of their own.
pub fn primed_last(app: &App) -> Option<SlotId> {
    let own = |slot: &SlotId| app.loaded(*slot).is_some() && !app.slot(*slot).is_net;
    let all = SlotId::BOTH.into_iter().filter(own);
    all.max_by_key(|slot| app.slot(*slot).generation)
}

/// "wait 0.1 │ parse 1.4 │ …" in one row.
pub fn timeline_row(app: &App, slot: SlotId, area: Rect, row: u16, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some(loaded) = app.loaded(slot) else {
        return;
    };
    let mut pen = Pen::row(buf, area, row);
    for (i, (name, ms)) in steps(&loaded.report).into_iter().enumerate() {
        if i > 0 {
            pen.text(" │ ", theme.style(Role::Border));
        }
        // In one row there is no room for both.
        let name = name.strip_suffix("+params").unwrap_or(&name);
        pen.text(name, theme.style(Role::Muted))
            .gap(1)
            .text(format!("{ms:.1}"), theme.style(Role::Text));
    }
}

/// The same as a staircase, a row each.
pub fn timeline(app: &App, slot: SlotId, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some(loaded) = app.loaded(slot) else {
        return;
    };
    let report = &loaded.report;
    let total = report.total_ms.max(0.01);
    let mut before = 0.0;
    for (row, (name, ms)) in (0..area.height).zip(steps(report)) {
        let mut pen = Pen::row(buf, area, row);
        pen.cell(name, 13, theme.style(Role::Muted));
        let room = f32::from(pen.room().saturating_sub(9));
        let at = (before / total * room) as u16;
        let width = ((ms / total * room).ceil() as u16).max(1);
        pen.gap(at);
        bar(
            &mut pen,
            width,
            1.0,
            app.options.glyphs,
            theme.style(Role::Border),
            |_| theme.style(Role::Busy),
        );
        pen.gap(1).text(format!("{ms:.2}"), theme.style(Role::Text));
        before += ms;
    }
    let verdict = format!(
        "rms {:.3} > 0.001 ok, peak {:.2}, dc {:.4}, load {:.1} %",
        report.rms,
        report.peak,
        report.dc,
        report.load * 100.0
    );
    Pen::row(buf, area, 6).text(verdict, theme.style(Role::Muted));
}

/// "vcf 4.1%  rev 1.8%  …": as many as fit.
pub fn modules_row(app: &App, area: Rect, row: u16, buf: &mut Buffer) {
    let theme = &app.theme;
    let mut pen = Pen::row(buf, area, row);
    pen.text("costs ", theme.style(Role::Muted));
    for (name, share) in costs(app) {
        let text = format!("{name} {:.1}%  ", share * 100.0);
        if pen.room() < text.chars().count() as u16 {
            break;
        }
        pen.text(text, theme.style(role(share)));
    }
}

/// A bar for each module, the dearest first.
pub fn modules_bars(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let all = costs(app);
    let most = all.first().map_or(1.0, |(_, share)| share.max(1e-6));
    for (row, (name, share)) in (0..area.height).zip(all) {
        let mut pen = Pen::row(buf, area, row);
        pen.cell(name, 13, theme.style(Role::Text));
        let width = pen.room().saturating_sub(9);
        bar(
            &mut pen,
            width,
            share / most,
            app.options.glyphs,
            theme.style(Role::Border),
            |_| theme.style(role(share)),
        );
        pen.text(
            format!(" {:>6.2} %", share * 100.0),
            theme.style(Role::Text),
        );
    }
}

fn costs(app: &App) -> Vec<(String, f32)> {
    let block_ns = BLOCK as f64 * 1e9 / app.reading.rate.max(1.0);
    modules(&app.view, block_ns)
}

fn role(share: f32) -> Role {
    match share {
        share if share > 0.5 => Role::MeterClip,
        share if share > 0.2 => Role::MeterMid,
        _ => Role::MeterLow,
    }
}
