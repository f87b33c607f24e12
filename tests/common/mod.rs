//! The whole instrument in lock step, and the patches that tests play on it.
#![allow(dead_code)]
use std::path::Path;

use chronus::control::command::{Command, SlotId};
use chronus::control::event::{Event, What};
use chronus::control::session::Session;
use chronus::control::slot::SlotState;
use chronus::control::supervisor::Config;
use chronus::dsp::lanes::IsaChoice;

pub const RATE: usize = 48_000;

/// No net, and no budget: lock-step tests run on any machine, and in debug builds.
pub fn config() -> Config {
    Config {
        rate: RATE as f64,
        isa: IsaChoice::Plain,
        budget: 1e6,
        net: false,
        ..Config::default()
    }
}

/// The same with a copy of the live patch standing by.
pub fn with_net() -> Config {
    Config {
        net: true,
        ..config()
    }
}

/// A patch of one sine.
pub fn sine(name: &str, freq: u32) -> String {
    format!(
        r#"(name: "{name}", modules: (osc: Sine(freq: {freq}.0), out: Out(gain: "-12dB")), cables: ["osc > out"])"#
    )
}

/// A patch of other modules, so that nothing of it is carried.
pub fn saw(name: &str, freq: u32) -> String {
    format!(
        r#"(name: "{name}", modules: (vco: Saw(freq: {freq}.0), vca: Vca(gain: 0.2), mix: Out()), cables: ["vco > vca > mix"])"#
    )
}

/// A sine that goes wrong after so many blocks, each time it begins.
pub fn faulty(kind: &str, after: u32) -> String {
    format!(
        r#"(name: "bad", modules: (osc: Sine(freq: 330.0), f: Fault(kind: {kind}, after: {after}), out: Out(gain: "-12dB")), cables: ["osc > f > out"])"#
    )
}

pub fn session_with(text: &str, config: Config) -> Session {
    let mut session = Session::new(config);
    session
        .load_first(text, Path::new("first.ron"))
        .expect("a patch that plays");
    session
}

pub fn load(session: &mut Session, text: &str) {
    let command = Command::LoadText {
        text: text.to_owned(),
        path: None,
    };
    session.command(command).expect("taken");
}

pub fn state(session: &Session, slot: SlotId) -> SlotState {
    session.supervisor.view().slots[slot.index()].state.clone()
}

/// Of the patch in a slot.
pub fn name(session: &Session, slot: SlotId) -> String {
    let view = session.supervisor.view();
    let loaded = view.slots[slot.index()].loaded.as_ref();
    loaded.map_or(String::new(), |l| l.patch.name.clone())
}

pub fn sentences(events: &[Event]) -> Vec<&str> {
    events.iter().map(|e| e.sentence.as_str()).collect()
}

/// The check and the reason of the first failure that was told.
pub fn failure(events: &[Event]) -> Option<(&'static str, &str)> {
    events.iter().find_map(|e| match &e.what {
        What::Failed { check, why, .. } => Some((check.name(), why.as_str())),
        _ => None,
    })
}

/// What must not have happened: breaks in the stream, frames that were missing, events that came late.
pub fn counted(session: &Session) {
    let reading = session.handle().reading();
    assert_eq!(reading.discontinuities, 0, "discontinuities");
    assert_eq!(reading.none_reads(), 0, "none-reads");
    assert_eq!(reading.late_events, 0, "late events");
}
