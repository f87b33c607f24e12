//! What happens to the sound, and what is said, when engines fail in the middle of it.
#![cfg(feature = "faults")]
use chronus::control::command::{At, Command, Quantum, SlotId};
use chronus::control::event::{Event, What};
use chronus::control::session::{CHUNK, Hindrance, Session};
use chronus::control::slot::SlotState;
use chronus::dsp::BLOCK;
use chronus::dsp::lanes::IsaChoice;

mod common;
#[allow(dead_code)]
mod reference;
use common::*;
use reference::{Reference, residual_db};

/// 5 ms.
const FADE: u32 = 240;
/// A patch that never gets so far goes well.
const NEVER: u32 = 1_000_000;

/// Numbers that are the same in every run.
fn random(seed: &mut u32, below: u32) -> u32 {
    *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*seed >> 8) % below
}

/// Loads a patch that begins at the first block boundary after the lead, and returns that frame.
fn stand_by(session: &mut Session, text: &str) -> u64 {
    let begin = (session.supervisor.rig().heads().earliest + 200).next_multiple_of(BLOCK as u64);
    let command = Command::LoadText {
        text: text.to_owned(),
        path: None,
    };
    let at = At::Frame(begin);
    session.command_at(command, at).expect("taken");
    begin
}

fn failovers(events: &[Event]) -> Vec<(SlotId, (u64, u32, f32))> {
    let all = events.iter().filter_map(|e| match e.what {
        What::Failover {
            to,
            frame,
            fade_frames,
            rho,
            ..
        } => Some((to, (frame, fade_frames, rho))),
        _ => None,
    });
    all.collect()
}

/// How long each slot that failed was gone, in ms.
fn rebuilt(events: &[Event]) -> Vec<f32> {
    let all = events.iter().filter_map(|e| match e.what {
        What::Rebuilt { after_ms, .. } => Some(after_ms),
        _ => None,
    });
    all.collect()
}

fn told(events: &[Event]) -> String {
    sentences(events).join("\n")
}

/// The longest stretch of silence, in frames. A sine is never silent for long.
fn longest_silence(heard: &[[f32; 2]]) -> usize {
    let stretches = heard.split(|x| x[0].abs() > 1e-4).map(<[_]>::len);
    stretches.max().unwrap_or(0)
}

/// A patch that goes on as if nothing were wrong with it, until A gives way to B over 5 ms: nothing else may be heard.
fn is_the_seam(
    heard: &[[f32; 2]],
    (a, b): (&str, &str),
    begin: u64,
    seam: (u64, u32, f32),
    what: &str,
) {
    let mut expected = Reference::new(a, IsaChoice::Plain);
    assert_eq!(seam.1, FADE, "{what}");
    expected.swap(b, begin, seam);
    let residual = residual_db(heard, &expected.heard(heard.len()));
    assert!(residual <= -110.0, "{what}: residual {residual:.1} dBFS");
}

#[test]
fn a_panic_at_any_block_is_a_fade_of_5_ms_into_what_stands_by() {
    let mut seed = 1;
    for n in 0..100 {
        let after = 400 + random(&mut seed, 1_200);
        let standby = saw("b", 90 + random(&mut seed, 200));
        let mut session = session_with(&faulty("Panic", after), config());
        session.command(Command::SetStateCarry(false)).expect("set");
        let mut heard = session.render(CHUNK);
        let begin = stand_by(&mut session, &standby);
        heard.extend(session.render(after as usize * BLOCK + RATE / 4));
        let events = session.events();
        let what = format!("panic {n} at block {after}\n{}", told(&events));
        let [(to, seam)] = failovers(&events)[..] else {
            panic!("{what}");
        };
        assert_eq!(to, SlotId::B, "{what}");
        let good = faulty("Panic", NEVER);
        is_the_seam(&heard, (&good, &standby), begin, seam, &what);
        assert!(
            matches!(rebuilt(&events)[..], [ms] if ms <= 100.0),
            "{what}"
        );
        assert_eq!(state(&session, SlotId::A), SlotState::Primed, "{what}");
        counted(&session);
    }
}

#[test]
fn an_engine_that_hangs_for_10_s_is_left_and_replaced_without_a_gap() {
    let (a, b) = (sine("a", 330), saw("b", 110));
    let mut session = session_with(&a, config());
    session.command(Command::SetStateCarry(false)).expect("set");
    let mut heard = session.render(CHUNK);
    let begin = stand_by(&mut session, &b);
    heard.extend(session.render(RATE / 2));
    session.hinder(SlotId::A, Hindrance::Hangs);
    heard.extend(session.render(10 * RATE));
    session.release();
    heard.extend(session.render(RATE));
    let events = session.events();
    let what = told(&events);
    let [(SlotId::B, seam)] = failovers(&events)[..] else {
        panic!("{what}");
    };
    is_the_seam(&heard, (&a, &b), begin, seam, &what);
    assert!(
        matches!(rebuilt(&events)[..], [ms] if ms <= 100.0),
        "{what}"
    );
    let (check, why) = failure(&events).expect("it is told");
    assert_eq!(check, "stall", "{why}");
    assert_eq!(state(&session, SlotId::A), SlotState::Primed, "{what}");
    counted(&session);
}

#[test]
fn an_engine_twice_too_slow_is_left_once_and_does_not_come_back_by_itself() {
    let (a, b) = (sine("a", 330), saw("b", 110));
    let mut session = session_with(&a, config());
    session.command(Command::SetStateCarry(false)).expect("set");
    let mut heard = session.render(CHUNK);
    let begin = stand_by(&mut session, &b);
    heard.extend(session.render(RATE / 2));
    session.hinder(SlotId::A, Hindrance::Slow(0.5));
    heard.extend(session.render(20 * RATE));
    let events = session.events();
    let what = told(&events);
    let [(SlotId::B, seam)] = failovers(&events)[..] else {
        panic!("{what}");
    };
    is_the_seam(&heard, (&a, &b), begin, seam, &what);
    assert_eq!(session.supervisor.view().live, SlotId::B);
    assert!(events.len() < 40, "it goes on and on:\n{what}");
    counted(&session);
}

/// Nobody stood by: the sound ends over 5 ms, is there again within half a second, and all that is said.
fn comes_back(session: &mut Session, frames: usize, said: &str) {
    let heard = session.render(frames);
    let events = session.events();
    let what = told(&events);
    assert!(what.contains(said), "{what}");
    let silent = longest_silence(&heard[RATE / 10..]);
    assert!(silent > 0, "nothing failed:\n{what}");
    assert!(silent <= RATE / 2, "{} ms of silence:\n{what}", silent / 48);
    // No step larger than the sine's own and the fade's together: 330 Hz at 0.18, and 1.875/240 of that a frame.
    let steps = heard.windows(2).map(|w| (w[1][0] - w[0][0]).abs());
    let steepest = steps.fold(0.0, f32::max);
    let peak = heard.iter().map(|x| x[0].abs()).fold(0.0, f32::max);
    let most = peak * (330.0 * std::f32::consts::TAU / 48e3 + 1.875 / 240.0);
    assert!(steepest <= most * 1.02, "{steepest} > {most}:\n{what}");
    let tail = &heard[heard.len() - RATE / 4..];
    assert!(tail.iter().any(|x| x[0].abs() > 0.05), "{what}");
}

#[test]
fn without_a_net_a_panic_fades_and_the_sound_is_back_within_half_a_second() {
    for after in [500, 777, 1_001] {
        let mut session = session_with(&faulty("Panic", after), config());
        let frames = after as usize * BLOCK * 3 / 2;
        comes_back(
            &mut session,
            frames,
            "No net: something else has to be built",
        );
        assert_eq!(session.handle().reading().discontinuities, 0);
    }
}

#[test]
fn a_patch_that_kills_its_copy_too_is_back_within_half_a_second() {
    for after in [500, 777, 1_001] {
        let mut session = session_with(&faulty("Panic", after), with_net());
        comes_back(
            &mut session,
            after as usize * BLOCK * 3 / 2,
            "Nothing plays",
        );
        assert_eq!(session.handle().reading().discontinuities, 0);
    }
}

#[test]
fn without_a_net_an_engine_that_hangs_is_replaced_within_half_a_second() {
    let mut session = session_with(&sine("a", 330), config());
    session.render(RATE / 2);
    session.hinder(SlotId::A, Hindrance::Hangs);
    comes_back(&mut session, 3 * RATE, "A FAILED stall");
}

#[test]
fn with_both_engines_hanging_the_sound_comes_back_and_the_second_is_told() {
    let mut session = session_with(&sine("a", 330), config());
    load(&mut session, &saw("b", 110));
    session.render(RATE / 2);
    session.hinder(SlotId::A, Hindrance::Hangs);
    session.hinder(SlotId::B, Hindrance::Hangs);
    let heard = session.render(3 * RATE);
    let events = session.events();
    let what = told(&events);
    assert!(longest_silence(&heard) <= RATE / 2, "{what}");
    assert!(what.contains("a second is not given up"), "{what}");
    let tail = &heard[heard.len() - RATE..];
    assert!(longest_silence(tail) < 1_000, "{what}");
    session.release();
    session.render(RATE);
    assert!(state(&session, session.supervisor.view().live).is_heard());
}

#[test]
fn a_patch_that_dies_at_once_each_time_is_given_up_for_one_that_was_heard_before() {
    let mut session = session_with(&sine("good", 330), with_net());
    session.render(RATE / 4);
    // Past what priming hears.
    load(&mut session, &faulty("Panic", 230));
    session.render(RATE / 8);
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    let mut heard = Vec::new();
    while heard.len() < 6 * RATE {
        heard.extend(session.render(CHUNK));
    }
    let events = session.events();
    let what = told(&events);
    assert_eq!(
        name(&session, session.supervisor.view().live),
        "good",
        "{what}"
    );
    assert!(longest_silence(&heard) <= RATE / 2, "{what}");
    let failures = events.iter();
    let failures = failures.filter(|e| matches!(e.what, What::Failed { .. }));
    assert!(failures.count() <= 10, "{what}");
    // What plays at the end plays on.
    assert!(longest_silence(&heard[4 * RATE..]) < 1_000, "{what}");
}

#[test]
fn a_patch_that_dies_at_once_each_time_and_has_nothing_before_it_is_given_up_and_that_is_said() {
    let mut session = session_with(&faulty("Panic", 230), with_net());
    session.render(8 * RATE);
    let events = session.events();
    let what = told(&events);
    let said = what.matches("Nothing plays: load another patch").count();
    assert_eq!(said, 1, "{what}");
    load(&mut session, &sine("other", 220));
    let heard = session.render(RATE);
    assert!(longest_silence(&heard[RATE / 2..]) < 1_000, "{what}");
    assert_eq!(name(&session, session.supervisor.view().live), "other");
}
