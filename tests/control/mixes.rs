//! A swap is the mix of both patches as each sounds alone, and what is carried goes on.
use chronus::control::command::{Command, Quantum};
use chronus::control::event::What;
use chronus::control::session::CHUNK;
use chronus::control::supervisor::Config;
use chronus::dsp::BLOCK;
use chronus::dsp::lanes::IsaChoice;

use crate::common::{RATE, config, counted, load, name, saw, sentences, session_with, sine};
use crate::gestures::{load_at, session};
use crate::reference::{Reference, residual_db, shipped};

#[test]
fn swaps_between_many_patches_are_the_mix_of_both_rendered_alone() {
    let texts: Vec<String> = (0..6)
        .map(|n| match n % 2 {
            0 => sine(&format!("p{n}"), 110 + 70 * n),
            _ => saw(&format!("p{n}"), 55 + 31 * n),
        })
        .collect();
    swaps_are_the_mix(&texts, 60);
}

#[test]
#[ignore = "two minutes"]
fn two_hundred_swaps_between_shipped_patches_are_the_mix_of_both_rendered_alone() {
    swaps_are_the_mix(&shipped(), 200);
}

#[test]
fn every_shipped_patch_is_accepted_in_little_more_than_its_rendering() {
    let mut session = session(&sine("a", 440));
    for text in shipped() {
        load(&mut session, &text);
        let events = session.events();
        let report = events.iter().find_map(|e| match &e.what {
            What::Primed { report, .. } => Some(report.clone()),
            _ => None,
        });
        let report = report.unwrap_or_else(|| panic!("{:?}", sentences(&events)));
        let beyond = report.total_ms - report.render_ms;
        // 5 ms in a release build; tests are slower, and not alone.
        assert!(beyond < 50.0, "{beyond} ms: {report:?}");
        session.render(CHUNK);
    }
}

fn swaps_are_the_mix(texts: &[String], swaps: usize) {
    let mut session = session_with(
        &texts[0],
        Config {
            take_tempo: false,
            ..config()
        },
    );
    session.command(Command::SetStateCarry(false)).expect("set");
    let mut expected = Reference::new(&texts[0], IsaChoice::Plain);
    let mut heard = Vec::new();
    let mut random = 12_345u32;
    for n in 1..=swaps {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let text = &texts[(random >> 16) as usize % texts.len()];
        let begin = (session.supervisor.rig().heads().earliest + 200 + u64::from(random % 3_000))
            .next_multiple_of(BLOCK as u64);
        load_at(&mut session, text, begin);
        heard.extend(session.render(RATE / 8 + random as usize % 999));
        session.events();
        session
            .command(Command::Swap(Some(Quantum::Now)))
            .expect("primed");
        heard.extend(session.render(RATE / 10));
        let (frame, fade, rho) = session
            .events()
            .iter()
            .find_map(|e| match e.what {
                What::Swapped {
                    frame,
                    fade_frames,
                    rho,
                    ..
                } => Some((frame, fade_frames, rho)),
                _ => None,
            })
            .unwrap_or_else(|| panic!("swap {n} did not happen"));
        expected.swap(text, begin, (frame, fade, rho));
    }
    let residual = residual_db(&heard, &expected.heard(heard.len()));
    assert!(residual <= -110.0, "residual {residual:.1} dBFS");
    counted(&session);
}

#[test]
fn with_its_state_carried_a_sound_goes_on_as_if_nothing_happened() {
    let text = r#"(name: "a", modules: (osc: Sine(freq: 220.0), dly: Delay(time: 0.11, feedback: 0.5, mix: 0.5), out: Out(gain: "-12dB")), cables: ["osc > dly > out"])"#;
    let more = r#"(name: "b", modules: (osc: Sine(freq: 220.0), dly: Delay(time: 0.11, feedback: 0.5, mix: 0.5), lfo: Sine(freq: 3.0), out: Out(gain: "-12dB")), cables: ["osc > dly > out"])"#;
    let mut plain = session(text);
    let expected = plain.render(3 * RATE);
    let mut session = session(text);
    let mut heard = session.render(RATE / 3);
    load(&mut session, more);
    heard.extend(session.render(RATE / 2));
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    heard.extend(session.render(3 * RATE - heard.len()));
    assert_eq!(name(&session, session.supervisor.view().live), "b");
    let residual = residual_db(&heard, &expected);
    assert!(residual <= -110.0, "residual {residual:.1} dBFS");
    counted(&session);
}

#[test]
fn a_held_note_an_oscillator_and_an_echo_go_on_through_a_swap() {
    let keys = |name: &str, more: &str| {
        format!(
            r#"(name: "{name}", voices: 4, modules: (keys: Keys(), osc: Saw(), vcf: Ladder(cutoff: 900.0, res: 0.4), env: Adsr(attack: 0.2), vca: Vca(), dly: Delay(time: 0.2, feedback: 0.6, mix: 0.4), {more} out: Out(gain: "-9dB")), cables: ["keys.pitch > osc.freq", "keys.gate > env.gate", "env > vca.cv", "osc > vcf > vca > dly > out"])"#
        )
    };
    let play = |swaps: bool| {
        let mut session = session(&keys("a", ""));
        let mut heard = session.render(RATE / 10);
        for note in [45.0, 52.0, 57.0] {
            session
                .command(Command::Note {
                    note,
                    velocity: 0.8,
                })
                .expect("a note");
        }
        heard.extend(session.render(RATE / 10));
        if swaps {
            load(&mut session, &keys("b", "lfo: Lfo(),"));
        }
        heard.extend(session.render(RATE / 4));
        if swaps {
            session
                .command(Command::Swap(Some(Quantum::Now)))
                .expect("primed");
        }
        heard.extend(session.render(RATE / 2));
        let off = Command::Note {
            note: 52.0,
            velocity: 0.0,
        };
        session.command(off).expect("a note's end");
        heard.extend(session.render(RATE));
        let wanted = if swaps { "b" } else { "a" };
        assert_eq!(name(&session, session.supervisor.view().live), wanted);
        counted(&session);
        heard
    };
    let plain = play(false);
    assert!(plain[RATE / 2..RATE].iter().any(|f| f[0] > 0.1));
    let residual = residual_db(&play(true), &plain);
    assert!(residual <= -110.0, "residual {residual:.1} dBFS");
}

#[test]
fn a_held_note_goes_on_into_the_next_patch_carried_or_not() {
    let keys = |name: &str, osc: &str| {
        format!(
            r#"(name: "{name}", modules: (keys: Keys(), {osc}: Sine(), env: Adsr(), vca: Vca(), out: Out(gain: "-12dB")), cables: ["keys.pitch > {osc}.pitch", "keys.gate > env.gate", "env > vca.cv", "{osc} > vca > out"])"#
        )
        .replace("osc.pitch", "osc.freq")
        .replace("vco.pitch", "vco.freq")
    };
    for carry in [true, false] {
        let mut session = session(&keys("a", "osc"));
        session.command(Command::SetStateCarry(carry)).expect("set");
        session.render(RATE / 10);
        let note = Command::Note {
            note: 57.0,
            velocity: 0.8,
        };
        session.command(note).expect("a note");
        session.render(RATE / 4);
        load(&mut session, &keys("b", "vco"));
        session.render(RATE / 2);
        session
            .command(Command::Swap(Some(Quantum::Now)))
            .expect("primed");
        session.render(RATE / 2);
        assert_eq!(name(&session, session.supervisor.view().live), "b");
        let loudest = |sound: &[[f32; 2]]| sound.iter().fold(0.0f32, |m, x| m.max(x[0].abs()));
        assert!(loudest(&session.render(RATE / 10)) > 0.02, "carry {carry}");
        let off = Command::Note {
            note: 57.0,
            velocity: 0.0,
        };
        session.command(off).expect("a note's end");
        session.render(2 * RATE);
        assert!(loudest(&session.render(RATE / 10)) < 1e-3, "carry {carry}");
        counted(&session);
    }
}
