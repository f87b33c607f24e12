//! The instrument on its threads and the null device: it starts, plays, swaps, survives a hanging engine, and ends.
use std::time::{Duration, Instant};

use chronus::audio::device::DeviceSpec;
use chronus::audio::lead::Latency;
use chronus::audio::stream::Stream;
use chronus::control::command::{Command, Quantum, SlotId};
use chronus::control::event::What;
use chronus::control::slot::SlotState;
use chronus::control::start::{Started, start};
use chronus::control::supervisor::Config;

const SINE: &str =
    r#"(name: "a", modules: (osc: Sine(), out: Out(gain: "-12dB")), cables: ["osc > out"])"#;

fn started() -> Started {
    let stream = Stream::open(&DeviceSpec::null()).expect("the null device");
    let config = Config {
        budget: 1e6,
        ..Config::default()
    };
    start(config, Latency::Safe, stream, None).expect("threads")
}

fn load(started: &Started, text: &str) {
    let text = text.to_owned();
    let command = Command::LoadText { text, path: None };
    let answer = started.handle.ask(command, Duration::from_secs(5));
    answer.expect("taken");
}

fn until(what: &str, condition: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
    start.elapsed()
}

fn end(started: Started) {
    started.handle.command(Command::Quit).expect("there");
    drop(started.supervisor.join().expect("no panic"));
}

#[test]
fn it_plays_swaps_and_ends() {
    let started = started();
    let handle = started.handle.clone();
    load(&started, SINE);
    until("a sounds", || handle.reading().out_rms[0] > 0.05);
    until("a net", || !handle.view().no_net);
    load(&started, &SINE.replace("\"a\"", "\"b\""));
    until("b primed", || {
        let slot = &handle.view().slots[1];
        slot.state == SlotState::Primed && !slot.is_net
    });
    let swap = Command::Swap(Some(Quantum::Now));
    handle.ask(swap, Duration::from_secs(5)).expect("primed");
    until("b live", || handle.view().slots[1].state == SlotState::Live);
    let reading = handle.reading();
    assert_eq!((reading.discontinuities, reading.late_events), (0, 0));
    assert!(reading.lead_ms() <= 60.0, "{} ms", reading.lead_ms());
    let status = handle.ask(Command::Status, Duration::from_secs(5));
    let status = status.expect("answered").expect("an object");
    assert!(status.contains(r#""live":"B""#), "{status}");
    end(started);
}

#[test]
fn thousands_of_commands_leave_the_last_value_and_the_sound() {
    let started = started();
    let handle = started.handle.clone();
    load(&started, SINE);
    until("a sounds", || handle.reading().out_rms[0] > 0.05);
    for n in 0..20_000u32 {
        let command = Command::SetParamText {
            focus: chronus::control::command::Focus::Live,
            module: "osc".into(),
            param: "freq".into(),
            text: (200 + n % 500).to_string(),
        };
        while handle.command(command.clone()).is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    until("the last value", || {
        let view = handle.view();
        let loaded = view.slots[0].loaded.as_ref().expect("loaded");
        loaded.text.contains(&(200 + 19_999 % 500).to_string())
    });
    assert!(handle.reading().out_rms[0] > 0.05);
    end(started);
}

#[cfg(feature = "faults")]
#[test]
fn a_hanging_engine_is_left_alone_and_replaced() {
    let started = started();
    let handle = started.handle.clone();
    let events = handle.subscribe();
    // Two seconds asleep within a block, some 2 s after it was loaded.
    let text = SINE
        .replace("out: Out", "f: Fault(kind: Hang, after: 1500), out: Out")
        .replace("osc > out", "osc > f > out");
    load(&started, &text);
    until("it sounds", || handle.reading().out_rms[0] > 0.05);
    load(&started, &SINE.replace("\"a\"", "\"b\""));
    until("b takes over", || handle.view().live == SlotId::B);
    until("a is back", || {
        events.try_iter().any(|e| {
            matches!(
                e.what,
                What::Rebuilt {
                    slot: SlotId::A,
                    ..
                }
            )
        })
    });
    assert_eq!(handle.view().slots[0].state, SlotState::Primed);
    assert!(handle.reading().out_rms[0] > 0.05);
    end(started);
}
