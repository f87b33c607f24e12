//! The telemetry as scripts and acceptance checks read it: one JSON object a line, 10 Hz, and one more a state change.
//! Written by a thread that the app starts.
use std::io::{self, Write};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::command::SlotId;
use super::event::{Event, SlotView, View, What};
use super::handle::Handle;
use super::position::bar_text;
use super::queue::Receiver;
use super::reading::{Reading, SlotReading};

/// Between two lines without an event.
const PERIOD: Duration = Duration::from_millis(100);

/// One telemetry object.
pub fn object(view: &View, reading: &Reading) -> Value {
    let slot = |id: SlotId| slot_object(&view.slots[id.index()], reading.slot(id));
    let spread = reading.key_to_sound_ms;
    let callback = reading.callback;
    json!({
        "t": round(reading.seconds, 3),
        "frame": reading.frame,
        "live": view.live.name(),
        "bar": bar_text(&view.transport, reading.frame),
        "bpm": round(view.bpm, 3),
        "playing": view.playing,
        "xruns": reading.xruns,
        "discontinuities": reading.discontinuities,
        "standby_late": reading.standby_late,
        "late_events": reading.late_events,
        "lead_frames": reading.lead_frames,
        "lead_ms": round(reading.lead_ms(), 2),
        "key_to_sound_ms": {"p50": short(spread.p50), "p99": short(spread.p99)},
        "callback": {
            "count": callback.count,
            "frames": callback.frames,
            "p50_us": short(callback.p50_us),
            "p99_us": short(callback.p99_us),
            "max_us": short(callback.max_us),
        },
        "rms": pair(reading.out_rms),
        "peak": pair(reading.out_peak),
        "recording": view.recording.as_ref().map(|r| json!({
            "file": r.path.display().to_string(),
            "seconds": round(r.frames.load(Relaxed) as f64 / reading.rate.max(1.0), 3),
        })),
        "limiter_db": short(reading.limiter_db),
        "no_net": view.no_net,
        "device": view.device,
        "device_problem": view.device_problem,
        "slots": {"A": slot(SlotId::A), "B": slot(SlotId::B)},
    })
}

fn slot_object(view: &SlotView, reading: &SlotReading) -> Value {
    let patch = view.loaded.as_ref().map(|l| l.patch.name.as_str());
    json!({
        "state": view.state.word(),
        "patch": patch.unwrap_or(""),
        "generation": view.generation,
        "net": view.is_net,
        "ring": reading.ring,
        "ring_size": reading.ring_size,
        "ring_min": reading.ring_min,
        "none_reads": reading.none_reads,
        "none_frames": reading.none_frames,
        "rms": pair(reading.rms),
        "peak": pair(reading.peak),
        "load": short(reading.load),
        "render_p99_us": short(reading.render_p99_us),
    })
}

/// The telemetry object with what an event tells beside it.
pub fn event_object(event: &Event, view: &View, reading: &Reading) -> Value {
    let mut line = object(view, reading);
    if let Value::Object(line) = &mut line {
        line.insert("event".into(), name(&event.what).into());
        line.insert("frame".into(), event.frame.into());
        line.insert("bar".into(), event.bar.clone().into());
        line.insert("sentence".into(), event.sentence.clone().into());
        line.extend(details(&event.what));
    }
    line
}

/// An event's name in the telemetry.
pub fn name(what: &What) -> &'static str {
    match what {
        What::Building { .. } => "building",
        What::Primed { .. } => "primed",
        What::Failed { .. } => "failed",
        What::Refused { .. } => "refused",
        What::Armed { .. } => "armed",
        What::Disarmed => "disarmed",
        What::Swapped { .. } => "swapped",
        What::Failover { .. } => "failover",
        What::Rebuilt { .. } => "rebuilt",
        What::DeviceLost { .. } => "device_lost",
        What::DeviceBack { .. } => "device_back",
        What::Listening { .. } => "listening",
        What::InputLost { .. } => "input_lost",
        What::Panic { .. } => "panic",
        What::Param { .. } => "param",
        What::Edited => "edited",
        What::Undone => "undone",
        What::Redone => "redone",
        What::Saved { .. } => "saved",
        What::RecordStarted { .. } => "record_started",
        What::RecordStopped { .. } => "record_stopped",
        What::Kept { .. } => "kept",
        What::RecordFailed { .. } => "record_failed",
        What::Tempo { .. } => "tempo",
        What::Transport { .. } => "transport",
        What::Warning => "warning",
        What::Quit => "quit",
    }
}

fn details(what: &What) -> Map<String, Value> {
    let object = match what {
        What::Building { slot, generation } => {
            json!({"slot": slot.name(), "generation": generation})
        }
        What::Primed {
            slot,
            generation,
            report,
        } => json!({
            "slot": slot.name(),
            "generation": generation,
            "prime_ms": short(report.total_ms),
            "wait_ms": short(report.wait_ms),
            "parse_ms": short(report.parse_ms),
            "compile_ms": short(report.compile_ms),
            "render_ms": short(report.render_ms),
            "check_ms": short(report.check_ms),
            "blocks": report.blocks,
            "rms": short(report.rms),
            "peak": short(report.peak),
            "dc": short(report.dc),
            "load": short(report.load),
            "silent_by_design": report.silent_by_design,
        }),
        What::Failed {
            slot,
            generation,
            check,
            why,
        } => {
            json!({"slot": slot.name(), "generation": generation, "check": check.name(), "why": why})
        }
        What::Refused { diagnostics } => {
            let texts: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
            json!({"diagnostics": texts})
        }
        What::Armed { quantum, frame } => {
            json!({"quantum": quantum.to_string(), "at_frame": frame})
        }
        What::Swapped {
            to,
            frame,
            fade_frames,
            latency_ms,
            rho,
        } => json!({
            "to": to.name(),
            "frame": frame,
            "fade_frames": fade_frames,
            "latency_ms": short(*latency_ms),
            "rho": short(*rho),
        }),
        What::Failover {
            to,
            frame,
            fade_frames,
            rho,
            reason,
        } => json!({
            "to": to.name(),
            "frame": frame,
            "fade_frames": fade_frames,
            "rho": short(*rho),
            "reason": reason,
        }),
        What::Rebuilt { slot, after_ms } => {
            json!({"slot": slot.name(), "after_ms": short(*after_ms)})
        }
        What::DeviceLost { why } | What::InputLost { why } => json!({"why": why}),
        What::DeviceBack { name } | What::Listening { name } => json!({"name": name}),
        What::Panic { on } => json!({"on": on}),
        What::Param {
            module,
            param,
            from,
            to,
        } => json!({"module": module, "param": param, "from": from, "to": to}),
        What::RecordStarted { path } => json!({"path": path.display().to_string()}),
        What::RecordStopped { path, seconds } | What::Kept { path, seconds } => {
            json!({"path": path.display().to_string(), "seconds": round(*seconds, 3)})
        }
        What::RecordFailed { path, seconds, why } => {
            json!({"path": path.display().to_string(), "seconds": round(*seconds, 3), "why": why})
        }
        What::Saved { path } => json!({"path": path.display().to_string()}),
        What::Tempo { bpm } => json!({"bpm": round(*bpm, 3)}),
        What::Transport { playing } => json!({"playing": playing}),
        What::Disarmed
        | What::Edited
        | What::Undone
        | What::Redone
        | What::Warning
        | What::Quit => json!({}),
    };
    match object {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Writes lines until the writer fails or `running` says no. Every event of `events`, a subscription of the handle's, is told.
pub fn write_lines(
    handle: &Handle,
    events: &Receiver<Event>,
    out: &mut dyn Write,
    running: &dyn Fn() -> bool,
) -> io::Result<()> {
    let mut due = Instant::now();
    while running() {
        let patience = due.saturating_duration_since(Instant::now());
        match events.recv_timeout(patience) {
            Ok(event) => {
                let line = event_object(&event, &handle.view(), &handle.reading());
                writeln!(out, "{line}")?;
                if event.what == What::Quit {
                    break;
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                writeln!(out, "{}", object(&handle.view(), &handle.reading()))?;
                // A late line does not make the next ones early.
                due = (due + PERIOD).max(Instant::now());
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
        out.flush()?;
    }
    out.flush()
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

/// Six significant digits: what a meter is worth. JSON has no infinities; a measurement that is none becomes null.
fn short(value: f32) -> f64 {
    let value = f64::from(value);
    if value == 0.0 {
        // Not -0.0, which reads like a reduction.
        return 0.0;
    }
    if !value.is_finite() {
        return value;
    }
    let digits = 5 - value.abs().log10().floor() as i32;
    round(value, digits.clamp(0, 12))
}

fn pair([left, right]: [f32; 2]) -> Value {
    json!([short(left), short(right)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::prime::{Check, PrimeReport};

    fn keys(value: &Value) -> Vec<&str> {
        value
            .as_object()
            .expect("object")
            .keys()
            .map(String::as_str)
            .collect()
    }

    #[test]
    fn every_field_that_checks_rely_on_is_there() {
        let line = object(&View::default(), &Reading::default());
        for key in [
            "t",
            "frame",
            "live",
            "bar",
            "bpm",
            "xruns",
            "discontinuities",
            "standby_late",
            "late_events",
            "lead_frames",
            "lead_ms",
            "key_to_sound_ms",
            "callback",
            "slots",
        ] {
            assert!(!line[key].is_null(), "{key}");
        }
        assert_eq!(keys(&line["key_to_sound_ms"]), ["p50", "p99"]);
        for key in ["count", "frames", "p50_us", "p99_us", "max_us"] {
            assert!(!line["callback"][key].is_null(), "{key}");
        }
        for key in [
            "state",
            "patch",
            "generation",
            "ring",
            "ring_size",
            "ring_min",
            "none_reads",
            "none_frames",
            "rms",
            "peak",
            "load",
            "render_p99_us",
        ] {
            assert!(!line["slots"]["B"][key].is_null(), "{key}");
        }
        assert_eq!(line["bar"], "1.1.1");
    }

    #[test]
    fn events_carry_their_own_fields() {
        let told = |what: What, keys: &[&str]| {
            let event = Event {
                what,
                ..Event::default()
            };
            let line = event_object(&event, &View::default(), &Reading::default());
            for key in keys {
                assert!(!line[*key].is_null(), "{key} in {line}");
            }
            line["event"].as_str().expect("named").to_owned()
        };
        let (slot, generation) = (SlotId::B, 7);
        let report = PrimeReport::default();
        let primed = What::Primed {
            slot,
            generation,
            report,
        };
        let keys = [
            "slot",
            "generation",
            "prime_ms",
            "rms",
            "peak",
            "dc",
            "load",
        ];
        assert_eq!(told(primed, &keys), "primed");
        let failed = What::Failed {
            slot,
            generation,
            check: Check::Silent,
            why: "rms 0.0000".into(),
        };
        assert_eq!(
            told(failed, &["slot", "generation", "check", "why"]),
            "failed"
        );
        let swapped = What::Swapped {
            to: slot,
            frame: 96_000,
            fade_frames: 960,
            latency_ms: 3.1,
            rho: 0.02,
        };
        let keys = ["to", "frame", "fade_frames", "latency_ms", "rho"];
        assert_eq!(told(swapped, &keys), "swapped");
        let (why, name) = ("no server".to_owned(), "pulse".to_owned());
        assert_eq!(told(What::InputLost { why }, &["why"]), "input_lost");
        assert_eq!(told(What::Listening { name }, &["name"]), "listening");
    }

    #[test]
    fn numbers_are_as_long_as_they_are_worth() {
        assert_eq!(short(0.1), 0.1);
        assert_eq!(short(123_456.78), 123_457.0);
        assert!(short(f32::NAN).is_nan());
        assert_eq!(json!(short(f32::INFINITY)), Value::Null);
    }
}
