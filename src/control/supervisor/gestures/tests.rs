//! Tests of the gestures.
use std::path::Path;

use super::super::Config;
use crate::control::command::{Command, Focus, Quantum, SlotId};
use crate::control::event::What;
use crate::control::session::Session;
use crate::modules::spec::ParamValue;
use crate::patch::edit::Edit;

const A: &str = r#"(name: "a", modules: (
    osc: Sine(freq: "100Hz"), /* kept */ out: Out(gain: "-12dB")),
    cables: ["osc > out"],
    macros: [(name: "tune", at: 0, to: ["osc.freq 100Hz..400Hz"])])"#;
const B: &str = r#"(name: "b", modules: (osc: Sine(freq: "1600Hz"), out: Out(gain: "-12dB")), cables: ["osc > out"])"#;

fn session() -> Session {
    let mut session = Session::new(Config {
        budget: 1e6,
        net: false,
        ..Config::default()
    });
    session.load_first(A, Path::new("a.ron")).expect("plays");
    session.render(9_600);
    session
}

fn freq(session: &Session, slot: SlotId) -> f32 {
    let view = session.supervisor.view();
    let loaded = view.slots[slot.index()].loaded.as_ref().expect("loaded");
    match loaded.patch.modules[0].params[loaded.patch.modules[0].spec.param("freq").expect("freq")]
    {
        ParamValue::Fixed(hz) => hz,
        ParamValue::Beats(_) => panic!("beats"),
    }
}

#[test]
fn a_macro_turns_its_knobs_is_written_and_one_undo_takes_a_whole_movement_back() {
    let mut session = session();
    for at in [0.25, 0.5] {
        let name = "tune".to_owned();
        session
            .command(Command::Macro { name, at })
            .expect("turned");
        session.render(512);
    }
    assert!((freq(&session, SlotId::A) - 200.0).abs() < 0.1);
    let view = session.supervisor.view();
    let text = view.slots[0].loaded.as_ref().expect("loaded").text.clone();
    assert!(
        text.contains("at: 0.5") && text.contains("/* kept */"),
        "{text}"
    );
    let events = session.handle().subscribe();
    session.command(Command::Undo).expect("undone");
    session.render(512);
    assert_eq!(freq(&session, SlotId::A), 100.0);
    let mut told = events.try_iter().map(|event| event.sentence);
    assert!(told.any(|sentence| sentence == "undo: macro tune at 0"));
    let why = session
        .command(Command::Macro {
            name: "3".into(),
            at: 0.1,
        })
        .expect_err("none");
    assert!(why.contains("1 tune"), "{why}");
}

const CABLED: &str = r#"(name: "c", modules: (
    a: Sine(freq: "100Hz"), b: Sine(freq: "150Hz"), osc: Sine(freq: "200Hz"), /* kept */ out: Out(gain: "-12dB")),
    cables: ["a + b > osc.fm * 0.4 > out", "a > osc.level * 0.2"],
    macros: [(name: "bite", at: 0, to: ["osc.fm 0.1..0.9", "osc.level 0.1..0.9"])])"#;

fn amounts(session: &Session, slot: SlotId) -> Vec<f32> {
    let view = session.supervisor.view();
    let loaded = view.slots[slot.index()].loaded.as_ref().expect("loaded");
    let parsed = crate::patch::file::parse(&loaded.text, "c.ron");
    let written = parsed.patch.expect("the text is a patch");
    let of = |patch: &crate::patch::Patch| -> Vec<f32> {
        patch.cables.iter().map(|c| c.amount).collect()
    };
    assert_eq!(of(&written), of(&loaded.patch), "{}", loaded.text);
    assert!(loaded.text.contains("/* kept */"));
    of(&written)
}

#[test]
fn a_macro_turns_every_amount_of_a_port_in_sound_and_text_and_undo_gives_each_back() {
    let mut session = Session::new(Config {
        budget: 1e6,
        ..Config::default()
    });
    session
        .load_first(CABLED, Path::new("c.ron"))
        .expect("plays");
    session.render(48_000);
    let turn = |session: &mut Session, at| {
        let name = "bite".to_owned();
        session
            .command(Command::Macro { name, at })
            .expect("turned");
        session.render(9_600);
    };
    turn(&mut session, 0.25);
    assert_eq!(amounts(&session, SlotId::A), [0.3, 0.3, 1.0, 0.2]);
    turn(&mut session, 0.5);
    assert_eq!(amounts(&session, SlotId::A), [0.5, 0.5, 1.0, 0.2]);
    // The copy that stands by follows.
    assert_eq!(amounts(&session, SlotId::B), [0.5, 0.5, 1.0, 0.2]);
    session.command(Command::Undo).expect("undone");
    session.render(9_600);
    assert_eq!(amounts(&session, SlotId::A), [0.4, 0.4, 1.0, 0.2]);
    session.command(Command::Redo).expect("made again");
    session.render(9_600);
    // By hand: all into a port at once, one cable alone, and what can't be.
    let set = |session: &mut Session, param: &str, text: &str| {
        session.command(Command::SetParamText {
            focus: Focus::Live,
            module: "osc".into(),
            param: param.into(),
            text: text.into(),
        })
    };
    set(&mut session, "fm", "70%").expect("set");
    session.render(9_600);
    assert_eq!(amounts(&session, SlotId::A), [0.7, 0.7, 1.0, 0.2]);
    set(&mut session, "fm<b", "0.25").expect("set");
    session.render(9_600);
    assert_eq!(amounts(&session, SlotId::A), [0.7, 0.25, 1.0, 0.2]);
    session.command(Command::Undo).expect("undone");
    session.command(Command::Undo).expect("undone");
    session.render(9_600);
    assert_eq!(amounts(&session, SlotId::A), [0.5, 0.5, 1.0, 0.2]);
    // Typed on the screen it is heard at once, and nothing is built.
    let events = session.handle().subscribe();
    let edit = Edit::Amount {
        from: "b".into(),
        to: "osc.fm".into(),
        amount: Some("-6dB".into()),
    };
    let focus = Focus::Bench;
    session
        .command(Command::Edit { focus, edit })
        .expect("turned");
    session.render(9_600);
    let [first, second, ..] = amounts(&session, SlotId::A)[..] else {
        panic!("two amounts");
    };
    assert!(first == 0.5 && (second - 0.501).abs() < 1e-3, "{second}");
    assert!(
        !events
            .try_iter()
            .any(|e| matches!(e.what, What::Building { .. }))
    );
    session.command(Command::Undo).expect("undone");
    session.render(9_600);
    let why = session.command(Command::SetParamText {
        focus: Focus::Live,
        module: "b".into(),
        param: "fm".into(),
        text: "0.5".into(),
    });
    let why = why.expect_err("no cable");
    assert!(why.contains("no cable enters `b.fm`"), "{why}");
    set(&mut session, "fm", "1e9").expect_err("out of range");
    // What sounds is what a fresh build of the text sounds like.
    turn(&mut session, 1.0);
    let view = session.supervisor.view();
    let text = view.slots[0].loaded.as_ref().expect("loaded").text.clone();
    assert!(text.contains("osc.fm * 0.9"), "{text}");
}

#[test]
fn a_morph_turns_what_is_heard_and_leaves_the_standby_at_its_end() {
    let mut session = session();
    assert!(session.command(Command::Morph(0.5)).is_err());
    let text = B.to_owned();
    session
        .command(Command::LoadText { text, path: None })
        .expect("loaded");
    session.render(48_000);
    assert_eq!(session.supervisor.view().morph, Some(0.0));
    session.command(Command::Morph(0.5)).expect("morphed");
    session.render(4_800);
    assert!((freq(&session, SlotId::A) - 400.0).abs() < 0.5);
    assert_eq!(freq(&session, SlotId::B), 1_600.0);
    session.command(Command::Morph(1.0)).expect("morphed");
    assert_eq!(freq(&session, SlotId::A), 1_600.0);
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("swapped");
    session.render(48_000);
    let view = session.supervisor.view();
    assert_eq!((view.live, view.morph), (SlotId::B, Some(1.0)));
    // What is unheard now has its own values again.
    assert_eq!(freq(&session, SlotId::A), 100.0);
}

/// A with B in the standby.
fn both(b: &str) -> Session {
    let mut session = session();
    let text = b.to_owned();
    session
        .command(Command::LoadText { text, path: None })
        .expect("loaded");
    session.render(48_000);
    session
}

fn morph(session: &mut Session, at: f32) {
    session.command(Command::Morph(at)).expect("morphed");
    session.render(4_800);
}

fn by_hand(session: &mut Session, text: &str) {
    let set = Command::SetParamText {
        focus: Focus::Live,
        module: "osc".into(),
        param: "freq".into(),
        text: text.into(),
    };
    session.command(set).expect("turned");
    session.render(4_800);
}

#[test]
fn one_undo_takes_a_morph_back_and_it_goes_on_from_there() {
    let mut session = both(B);
    morph(&mut session, 0.25);
    morph(&mut session, 0.5);
    session.command(Command::Undo).expect("undone");
    session.render(4_800);
    assert_eq!(freq(&session, SlotId::A), 100.0);
    assert_eq!(session.supervisor.view().morph, Some(0.0));
    morph(&mut session, 0.5);
    assert!((freq(&session, SlotId::A) - 400.0).abs() < 0.5);
    for at in [-0.1, 1.1, f32::NAN] {
        session.command(Command::Morph(at)).expect_err("no place");
    }
}

#[test]
fn a_hand_on_a_knob_is_stronger_than_the_morph() {
    let mut session = both(B);
    morph(&mut session, 0.25);
    by_hand(&mut session, "500Hz");
    morph(&mut session, 0.75);
    assert_eq!(freq(&session, SlotId::A), 500.0);
    let mut session = both(B);
    morph(&mut session, 0.25);
    by_hand(&mut session, "500Hz");
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("swapped");
    session.render(48_000);
    assert_eq!(freq(&session, SlotId::A), 500.0, "at its end neither");
}

#[test]
fn another_patch_in_the_standby_begins_another_morph() {
    let mut session = both(B);
    morph(&mut session, 0.5);
    let text = B.replace("1600Hz", "6400Hz");
    session
        .command(Command::LoadText { text, path: None })
        .expect("loaded");
    session.render(48_000);
    assert_eq!(session.supervisor.view().morph, Some(0.0));
    morph(&mut session, 1.0);
    assert_eq!(freq(&session, SlotId::A), 6_400.0);
}

#[test]
fn a_copy_that_stands_by_is_nothing_to_morph_to() {
    let mut session = Session::new(Config {
        budget: 1e6,
        ..Config::default()
    });
    session.load_first(A, Path::new("a.ron")).expect("plays");
    session.render(48_000);
    let view = session.supervisor.view();
    assert!(view.slots[1].is_net && view.morph.is_none());
    let why = session.command(Command::Morph(0.5)).expect_err("a copy");
    assert!(why.contains("no patch of its own"), "{why}");
}

#[test]
fn the_bench_follows_a_morph() {
    let mut session = both(B);
    session
        .command(Command::SetAutoPrime(false))
        .expect("as it is");
    let edit = Edit::Add {
        name: "more".into(),
        kind: "Sine".into(),
        after: None,
    };
    let focus = Focus::Bench;
    session
        .command(Command::Edit { focus, edit })
        .expect("added");
    morph(&mut session, 1.0);
    let view = session.supervisor.view();
    let bench = view.bench.as_ref().expect("laid");
    let freq = bench.patch.modules[0].spec.param("freq").expect("freq");
    let there = bench.patch.modules[0].params[freq];
    assert_eq!(there, ParamValue::Fixed(1_600.0));
}

const GROUPED: &str = r#"(name: "g", groups: (
        bell: (modules: (mod: Sine(), car: Sine()), cables: ["mod > car.fm * 0.3", "in > car.fm", "car > out"]),
    ), modules: (
        low: bell, /* kept */ high: bell(mod: (ratio: 2)), lfo: Lfo(), out: Out(gain: "-12dB"),
    ),
    cables: ["low + high > out", "lfo > low"],
    macros: [(name: "bite", at: 0, to: ["low_car.fm 0.1..0.9"])])"#;

#[test]
fn an_amount_inside_a_group_is_written_for_the_use_that_it_was_turned_in() {
    let mut session = Session::new(Config {
        budget: 1e6,
        ..Config::default()
    });
    session
        .load_first(GROUPED, Path::new("c.ron"))
        .expect("plays");
    session.render(48_000);
    assert_eq!(amounts(&session, SlotId::A), [0.3, 0.3, 1.0, 1.0, 1.0]);
    session
        .command(Command::Macro {
            name: "bite".into(),
            at: 0.5,
        })
        .expect("turned");
    session.render(9_600);
    // `amounts` reads both the patch and its text.
    let turned = amounts(&session, SlotId::A);
    assert_eq!(turned, [0.5, 0.3, 1.0, 1.0, 0.5]);
    assert_eq!(amounts(&session, SlotId::B), turned);
    session
        .command(Command::SetParam {
            focus: Focus::Live,
            module: "high_car".into(),
            param: "fm<high_mod".into(),
            value: ParamValue::Fixed(0.7),
        })
        .expect("turned");
    session.render(9_600);
    assert!(amounts(&session, SlotId::A).contains(&0.7));
}
