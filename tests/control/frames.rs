//! What happens at which frame: the first sound, swaps, tempo, panic, whatever size the callbacks have.
use std::path::Path;

use chronus::audio::guard::Guard;
use chronus::control::command::{Command, SlotId};
use chronus::control::event::What;
use chronus::control::script;
use chronus::control::session::CHUNK;
use chronus::control::slot::SlotState;
use chronus::dsp::BLOCK;
use chronus::dsp::lanes::IsaChoice;
use chronus::dsp::transport::Transport;

use crate::common::{RATE, counted, load, saw, sentences, sine, state};
use crate::gestures::session;
use crate::reference::Alone;

#[test]
fn the_first_patch_is_heard_from_its_first_frame() {
    let text = sine("a", 440);
    let mut session = session(&text);
    let mut expected = Alone::new(&text, 0, IsaChoice::Plain).until(9_600);
    let heard = session.render(9_600);
    Guard::new(RATE as f32).process(&mut expected);
    assert_eq!(heard, expected, "bit by bit");
    assert_eq!(state(&session, SlotId::A), SlotState::Live);
    counted(&session);
}

#[test]
fn whatever_size_the_callbacks_have_the_samples_are_the_same() {
    let script = r#"[
        (at: 0.05, do: Set("osc.freq", "330Hz")),
        (at: 0.1, do: Load("../tests/none.ron")),
        (at: "1.2.1", do: Set("osc.level", 0.5)),
        (at: 0.3, do: Bpm(90)),
        (at: "1.3.1", do: Set("osc.level", 1)),
    ]"#;
    let items = script::parse(script, Path::new("s.ron")).expect("reads");
    let play = |sizes: &[usize]| {
        let mut session = session(&sine("a", 440));
        session.play_script(items.clone());
        let mut sound = vec![[0.0; 2]; 3 * RATE / 2];
        let (mut at, mut n) = (0, 0);
        while at < sound.len() {
            let end = (at + sizes[n % sizes.len()]).min(sound.len());
            session.fill(&mut sound[at..end]);
            (at, n) = (end, n + 1);
        }
        counted(&session);
        sound
    };
    let expected = play(&[CHUNK]);
    // A host that asks for more than it said is met with silence until the lead has grown, never with a gap.
    for (sizes, waits) in [
        (&[1][..], 0),
        (&[64], 0),
        (&[63, 1, 500], 0),
        (&[512, 17], 0),
        (&[1_024, 17], 1_024),
        (&[2_048, 16, 700], 2_048),
    ] {
        let heard = play(sizes);
        assert!(heard[..waits].iter().all(|f| *f == [0.0; 2]), "{sizes:?}");
        let first = heard[waits..]
            .iter()
            .zip(&expected)
            .position(|(a, b)| a != b);
        assert_eq!(first, None, "sizes {sizes:?}");
    }
}

#[test]
#[ignore = "long: 10^5 callbacks of a shipped patch"]
fn a_hundred_thousand_callbacks_of_any_size_play_what_render_writes() {
    let text = include_str!("../../patches/hello.ron");
    let mut whole = session(text);
    let mut session = session(text);
    let mut random = 1u32;
    let mut sound = vec![[0.0; 2]; 2_048];
    session.fill(&mut sound);
    let waits = 2_048;
    assert!(sound.iter().all(|f| *f == [0.0; 2]), "the maximum burst");
    let mut asked = waits;
    let mut expected = Vec::new();
    for n in 0..100_000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let out = &mut sound[..16 + (random >> 8) as usize % 2_033];
        session.fill(out);
        while expected.len() < out.len() {
            expected.extend(whole.render(CHUNK));
        }
        assert!(out == &expected[..out.len()], "callback {n}, frame {asked}");
        expected.drain(..out.len());
        asked += out.len();
    }
    counted(&session);
}

#[test]
fn a_swap_happens_at_the_first_frame_of_the_bar() {
    let mut session = session(&sine("a", 440));
    session.render(RATE / 10);
    load(&mut session, &saw("b", 110));
    session.render(RATE / 10);
    assert_eq!(state(&session, SlotId::B), SlotState::Primed);
    session.command(Command::Swap(None)).expect("primed");
    assert_eq!(session.supervisor.view().armed, Some(Some(2)));
    session.render(2 * RATE);
    let events = session.events();
    let swapped = events.iter().find_map(|e| match e.what {
        What::Swapped {
            to,
            frame,
            fade_frames,
            ..
        } => Some((to, frame, fade_frames)),
        _ => None,
    });
    // 120 BPM: a bar of four beats is 2 s.
    assert_eq!(
        swapped,
        Some((SlotId::B, 96_000, 960)),
        "{:?}",
        sentences(&events)
    );
    assert_eq!(state(&session, SlotId::B), SlotState::Live);
    assert_eq!(state(&session, SlotId::A), SlotState::Primed);
    counted(&session);
}

#[test]
fn an_armed_swap_follows_the_tempo_and_can_be_taken_back() {
    let mut session = session(&sine("a", 440));
    load(&mut session, &saw("b", 110));
    session.render(RATE / 2);
    session.command(Command::Swap(None)).expect("primed");
    session.command(Command::Swap(None)).expect("taken back");
    assert_eq!(session.supervisor.view().armed, None);
    session.command(Command::Swap(None)).expect("again");
    session.render(RATE / 4);
    let soon = session.supervisor.rig().heads().earliest;
    session.command(Command::Bpm(240.0)).expect("in range");
    session.render(2 * RATE);
    let frame = session.events().iter().find_map(|e| match e.what {
        What::Swapped { frame, .. } => Some(frame),
        _ => None,
    });
    let line = Transport::new(RATE as f64, 120.0).changed_at(soon, |t| t.bpm = 240.0);
    assert_eq!(frame, line.frame_of(4.0, 0));
    counted(&session);
}

#[test]
fn panic_is_silence_within_30_ms_and_again_brings_the_sound_back() {
    let mut session = session(&sine("a", 440));
    session.render(RATE / 4);
    session.command(Command::Panic).expect("always");
    session.render(RATE * 30 / 1_000 + BLOCK + CHUNK);
    let quiet = session.render(RATE / 4);
    assert!(quiet.iter().flatten().all(|x| *x == 0.0));
    session.command(Command::Panic).expect("always");
    session.render(RATE / 10);
    let back = session.render(RATE / 10);
    assert!(back.iter().any(|x| x[0].abs() > 0.1));
}

#[test]
fn a_patch_brings_its_tempo_at_the_frame_of_its_swap() {
    let mut session = session(&sine("a", 440));
    load(
        &mut session,
        &saw("b", 110).replace("name: \"b\"", "name: \"b\", bpm: 90"),
    );
    session.render(RATE / 2);
    assert_eq!(session.supervisor.view().bpm, 120.0);
    session.command(Command::Swap(None)).expect("primed");
    session.render(2 * RATE);
    let events = session.events();
    let swap = events.iter().find_map(|e| match e.what {
        What::Swapped { frame, .. } => Some(frame),
        _ => None,
    });
    assert_eq!(swap, Some(96_000));
    let view = session.supervisor.view();
    assert_eq!(view.bpm, 90.0);
    assert_eq!(view.transport.anchor_frame, 96_000);
    counted(&session);
}
