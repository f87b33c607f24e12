//! A patch with `spill: true` rings out beside the one that comes after it.
use std::path::Path;

use chronus::control::command::{Command, Quantum, SlotId};
use chronus::control::session::Session;
use chronus::control::slot::SlotState;
use chronus::control::supervisor::Config;
use chronus::dsp::lanes::IsaChoice;

const RATE: usize = 48_000;

/// A note every half second into an echo.
fn stabs(name: &str, echo: &str, spill: bool) -> String {
    format!(
        r#"(name: "{name}", bpm: 120, spill: {spill}, modules: (seq: Seq(rate: "1/4", gate: 0.2, steps: "A3"), env: Adsr(a: "1ms", d: "60ms", s: 0, r: "20ms"), osc: Sine(), vca: Vca(), {echo}: Delay(time: 0.21, feedback: 0.6, mix: 0.5), out: Out(gain: "-6dB")), cables: ["seq.pitch > osc.pitch", "seq.gate > env.gate", "env > vca.cv", "osc > vca > {echo} > out"])"#
    )
}

fn hum(echo: &str) -> String {
    format!(
        r#"(name: "hum", modules: (low: Saw(freq: 55.0), {echo}: Delay(mix: 0), end: Out(gain: "-30dB")), cables: ["low > {echo} > end"])"#
    )
}

fn session(text: &str) -> Session {
    let mut session = Session::new(Config {
        rate: RATE as f64,
        isa: IsaChoice::Plain,
        budget: 1e6,
        net: false,
        ..Config::default()
    });
    session
        .load_first(text, Path::new("first.ron"))
        .expect("a patch that plays");
    session
}

fn swap(session: &mut Session) {
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("taken");
}

/// The old patch for two seconds, then the hum for ten.
fn heard(spill: bool) -> (Session, Vec<[f32; 2]>) {
    let mut session = session(&stabs("stabs", "dly", spill));
    let text = hum("other");
    session
        .command(Command::LoadText { text, path: None })
        .expect("taken");
    let mut heard = session.render(2 * RATE + RATE / 20);
    swap(&mut session);
    heard.extend(session.render(10 * RATE));
    (session, heard)
}

fn loudest(x: &[f32], from: f64, to: f64) -> f32 {
    let part = &x[(from * RATE as f64) as usize..(to * RATE as f64) as usize];
    part.iter().fold(0.0, |a, b| a.max(b.abs()))
}

#[test]
fn the_tail_is_heard_without_new_notes_and_ends() {
    let (_, without) = heard(false);
    let (mut session, with) = heard(true);
    // All that differs is the tail.
    let tail: Vec<f32> = with
        .iter()
        .zip(&without)
        .map(|(a, b)| a[0] - b[0])
        .collect();
    assert_eq!(loudest(&tail, 0.0, 2.05), 0.0);
    let early = loudest(&tail, 2.2, 2.45);
    assert!(early > 0.05, "{early}");
    // Six tenths every 0.21 s, and no note in between.
    let mut before = early;
    for n in 1..8 {
        let from = 2.2 + 0.25 * f64::from(n);
        let now = loudest(&tail, from, from + 0.25);
        assert!(now < 0.9 * before, "{n}: {now} {before}");
        before = now;
    }
    assert_eq!(loudest(&tail, 8.1, 12.0), 0.0);
    let steepest = tail
        .windows(2)
        .fold(0.0f32, |a, w| a.max((w[1] - w[0]).abs()));
    assert!(steepest < 0.03, "no step: {steepest}");

    // What rang out plays again when it is swapped back in.
    swap(&mut session);
    let again: Vec<f32> = session.render(2 * RATE).iter().map(|f| f[0]).collect();
    assert!(loudest(&again, 0.6, 2.0) > 0.2);
    assert_eq!(session.supervisor.view().live, SlotId::A);
}

#[test]
fn echoes_that_the_next_patch_goes_on_with_are_not_heard_twice() {
    let fading_after = |echo: &str| {
        let mut session = session(&stabs("stabs", "dly", true));
        let text = hum(echo);
        session
            .command(Command::LoadText { text, path: None })
            .expect("taken");
        session.render(RATE / 2);
        swap(&mut session);
        session.render(RATE / 2);
        let view = session.supervisor.view();
        assert_eq!(view.live, SlotId::B);
        let slot = &view.slots[SlotId::B.index()];
        matches!(slot.state, SlotState::Fading { .. })
    };
    assert!(fading_after("other"));
    assert!(!fading_after("dly"));
}
