//! What comes into the standby, what is refused there, and which knobs reach it.
use chronus::control::command::{Command, Draft, Focus, Quantum, SlotId};
use chronus::control::slot::SlotState;
use chronus::control::supervisor::Config;
use chronus::modules::spec::ParamValue;

use crate::common::{RATE, config, counted, load, name, saw, sentences, session_with, sine, state};
use crate::gestures::{connect, connect_fails, create, draft, session, set, value};
use crate::reference::residual_db;

#[test]
fn only_what_was_asked_for_last_comes_in() {
    let mut session = session(&sine("a", 440));
    session.render(RATE / 10);
    for n in 0..20 {
        load(&mut session, &saw(&format!("b{n}"), 100 + n));
    }
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    session.render(RATE / 2);
    assert_eq!(name(&session, session.supervisor.view().live), "b19");
    counted(&session);
}

#[test]
fn a_text_with_errors_or_a_silent_patch_touches_nothing() {
    let play = |attempts: &[&str]| {
        let mut session = session(&sine("a", 440));
        load(&mut session, &saw("b", 110));
        let mut heard = session.render(RATE / 2);
        for text in attempts {
            load(&mut session, text);
            heard.extend(session.render(RATE / 10));
        }
        let events = session.events();
        session
            .command(Command::Swap(Some(Quantum::Now)))
            .expect("still primed");
        heard.truncate(RATE / 2);
        let rest = session.render(RATE / 2);
        assert_eq!(name(&session, session.supervisor.view().live), "b");
        counted(&session);
        (heard, rest, events)
    };
    let silent = sine("s", 440).replace("\"osc > out\"", "");
    let (heard, rest, events) = play(&["(", "(modules: (x: Sinne()))", &silent]);
    let told = sentences(&events).join("\n");
    assert!(told.contains("did you mean `Sine`"), "{told}");
    assert!(told.contains("B FAILED silent: rms 0.0000"), "{told}");
    assert!(told.contains("A keeps playing"), "{told}");
    // The attempts took 0.3 s during which the sound went on as it would have without them.
    let mut without = session(&sine("a", 440));
    load(&mut without, &saw("b", 110));
    let mut expected = without.render(RATE / 2 + 3 * (RATE / 10));
    without
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    let expected_rest = without.render(RATE / 2);
    expected.truncate(RATE / 2);
    assert!(heard == expected && rest == expected_rest);
}

#[test]
fn a_knob_goes_to_the_live_patch_and_to_the_standby_where_it_stood_the_same() {
    let mut session = session(&sine("a", 440));
    load(&mut session, &sine("b", 440).replace("-12dB", "-20dB"));
    session.render(RATE / 4);
    set(&mut session, Focus::Live, "osc.freq", 330.0).expect("in range");
    set(&mut session, Focus::Live, "out.gain", -6.0).expect("in range");
    for slot in SlotId::BOTH {
        assert_eq!(value(&session, slot, "osc.freq"), ParamValue::Fixed(330.0));
    }
    assert_eq!(
        value(&session, SlotId::A, "out.gain"),
        ParamValue::Fixed(-6.0)
    );
    assert_eq!(
        value(&session, SlotId::B, "out.gain"),
        ParamValue::Fixed(-20.0)
    );
    let view = session.handle().view();
    let text = &view.slots[0].loaded.as_ref().expect("loaded").text;
    assert!(text.contains("330"), "{text}");
    for (knob, value, word) in [
        ("osc.frek", 1.0, "did you mean `freq`"),
        ("osk.freq", 1.0, "no module `osk`"),
        ("osc.freq", 1e9, "20"),
        ("osc.freq", f32::NAN, "freq"),
    ] {
        let why = set(&mut session, Focus::Live, knob, value).expect_err(word);
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn a_draft_is_heard_with_the_knobs_turned_before_and_during_its_commit() {
    let mut session = session(&saw("a", 110));
    session.render(RATE / 10);
    create(&mut session, "osc1", "simple_sine");
    set(&mut session, Focus::Live, "osc1.frequency", 300.0).expect("the draft's");
    assert!(set(&mut session, Focus::Live, "osc1.nope", 300.0).is_err());
    draft(&mut session, Draft::Commit).expect("not empty");
    // Inline builds are done by now; the knob goes to what is on its way, or stands by.
    set(&mut session, Focus::Live, "osc1.level", 0.5).expect("the new patch's");
    // The next draft opens while the first has not yet been heard.
    create(&mut session, "osc2", "simple_sine");
    connect_fails(&mut session);
    session.render(RATE);
    let live = session.supervisor.view().live;
    assert_eq!(name(&session, live), "draft");
    assert_eq!(value(&session, live, "osc1.freq"), ParamValue::Fixed(300.0));
    assert_eq!(value(&session, live, "osc1.level"), ParamValue::Fixed(0.5));
    assert_eq!(session.supervisor.view().draft, Some(1));
    create(&mut session, "amp", "adsr");
    connect(&mut session, "osc2", "amp");
    draft(&mut session, Draft::Commit).expect("not empty");
    session.render(RATE);
    let live = session.supervisor.view().live;
    let view = session.supervisor.view();
    let patch = &view.slots[live.index()]
        .loaded
        .as_ref()
        .expect("loaded")
        .patch;
    assert!(patch.node("osc2").is_some() && patch.node("osc1").is_none());
    assert!(draft(&mut session, Draft::Commit).is_err(), "nothing left");
    counted(&session);
}

#[test]
fn the_standby_without_a_patch_of_its_own_holds_a_copy_that_sounds_the_same() {
    let net = Config {
        net: true,
        ..config()
    };
    let mut session = session_with(&sine("a", 440), net);
    session.render(RATE / 2);
    let view = session.supervisor.view();
    assert!(view.slots[1].is_net && !view.no_net);
    assert_eq!(state(&session, SlotId::B), SlotState::Primed);
    set(&mut session, Focus::Live, "osc.freq", 330.0).expect("in range");
    let mut heard = session.render(RATE / 2);
    // A swap to the copy is not heard at all.
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    heard.extend(session.render(RATE / 2));
    assert_eq!(session.supervisor.view().live, SlotId::B);
    let mut plain = session_with(&sine("a", 440), config());
    plain.render(RATE / 2);
    set(&mut plain, Focus::Live, "osc.freq", 330.0).expect("in range");
    let residual = residual_db(&heard, &plain.render(RATE));
    assert!(residual <= -110.0, "residual {residual:.1} dBFS");
    counted(&session);
}
