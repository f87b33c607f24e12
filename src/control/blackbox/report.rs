//! The black box as a report: JSON for programs, text for people.
use std::fmt::Write;

use serde_json::{Value, json};

use super::{BlackBox, Incident, modules};
use crate::control::command::SlotId;
use crate::control::event::View;
use crate::control::reading::{Reading, SPREAD};
use crate::control::telemetry_json;
use crate::dsp::BLOCK;

fn incident(each: &Incident) -> Value {
    json!({
        "t": each.at,
        "until": each.last,
        "bar": each.bar,
        "none_reads": each.none_reads,
        "none_frames": each.none_frames,
        "xruns": each.xruns,
        "cause": each.finding.cause.kind(),
        "what": each.finding.what,
        "thread": each.finding.thread,
        "likely": each.finding.likely,
        "evidence": each.finding.evidence,
        "try": each.finding.advice,
    })
}

fn primes(view: &View) -> Value {
    let one = |slot: SlotId| {
        view.slots[slot.index()].loaded.as_ref().map(|l| {
            let r = &l.report;
            json!({
                "patch": l.patch.name, "wait_ms": r.wait_ms, "parse_ms": r.parse_ms, "build_ms": r.compile_ms,
                "warm_ms": r.render_ms, "check_ms": r.check_ms, "total_ms": r.total_ms, "blocks": r.blocks,
                "rms": r.rms, "peak": r.peak, "dc": r.dc, "load": r.load,
            })
        })
    };
    json!({"A": one(SlotId::A), "B": one(SlotId::B)})
}

pub fn json(black_box: &BlackBox, view: &View, reading: &Reading) -> Value {
    let block_ns = BLOCK as f64 * 1e9 / reading.rate.max(1.0);
    let samples = black_box.samples().map(|s| {
        json!({
            "t": s.at, "none_reads": s.none_reads, "xruns": s.xruns, "standby_late": s.standby_late,
            "callbacks": s.callbacks, "late_callbacks": s.late_callbacks, "ring": s.ring, "ring_min": s.ring_min,
            "ring_size": s.ring_size, "load": s.load, "cost": s.cost,
        })
    });
    let events = black_box
        .events()
        .map(|d| json!({"t": d.at, "bar": d.event.bar, "sentence": d.event.sentence}));
    let costs = modules(view, block_ns);
    json!({
        "now": telemetry_json::object(view, reading),
        "incidents": black_box.incidents().map(incident).collect::<Vec<_>>(),
        "modules": costs.iter().map(|(name, share)| json!({"module": name, "share": share})).collect::<Vec<_>>(),
        "primes": primes(view),
        "budget_shares": SPREAD,
        "callback_spread": reading.callback.spread,
        "render_spread": {"A": reading.slots[0].render_spread, "B": reading.slots[1].render_spread},
        "minute": samples.collect::<Vec<_>>(),
        "events": events.collect::<Vec<_>>(),
    })
}

/// The same for people.
pub fn text(black_box: &BlackBox, view: &View, reading: &Reading) -> String {
    let mut out = String::new();
    let block_ns = BLOCK as f64 * 1e9 / reading.rate.max(1.0);
    // Writing into a String cannot fail.
    let _ = writeln!(
        out,
        "chronus on {}, {:.0} Hz, periods of {} frames, lead {:.1} ms",
        view.device,
        reading.rate,
        reading.callback.frames,
        reading.lead_ms()
    );
    let _ = writeln!(
        out,
        "none-reads {}, xruns {}, callbacks {}, standby late {}\n",
        reading.none_reads(),
        reading.xruns,
        reading.callback.count,
        reading.standby_late
    );
    if black_box.incidents().next().is_none() {
        let _ = writeln!(out, "It has not crackled since this program looks.\n");
    }
    for each in black_box.incidents() {
        for line in lines(each) {
            let _ = writeln!(out, "{line}");
        }
        out.push('\n');
    }
    let _ = writeln!(out, "What each module of {} costs:", view.live.name());
    for (name, share) in modules(view, block_ns) {
        let _ = writeln!(out, "  {name:14} {:6.2} %", share * 100.0);
    }
    let _ = writeln!(out, "\nWhat was done:");
    for done in black_box.events() {
        let _ = writeln!(out, "  {:9} {}", done.event.bar, done.event.sentence);
    }
    out
}

/// An incident in full, a line each: what, which thread, likely cause, evidence, one thing to try.
pub fn lines(each: &Incident) -> Vec<String> {
    let finding = &each.finding;
    let lasted = each.last - each.at;
    let mut lines = vec![match lasted > 0.2 {
        true => format!(
            "{}  {} none-reads, {} xruns in {lasted:.1} s",
            each.bar, each.none_reads, each.xruns
        ),
        false => format!("{}  {}", each.bar, finding.what),
    }];
    lines.push(format!("  in: {}", finding.thread));
    lines.push(format!("  {}", finding.likely));
    lines.extend(finding.evidence.iter().map(|e| format!("  {e}")));
    lines.push(format!("  try: {}", finding.advice));
    lines
}
