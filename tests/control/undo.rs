//! What is undone is heard.
use chronus::control::command::{Command, Focus, Quantum, SlotId};
use chronus::control::session::Session;
use chronus::modules::spec::ParamValue;

use crate::common::{RATE, counted, load, name, saw, sine};
use crate::gestures::{session, set, value};

#[test]
fn undo_takes_back_knobs_at_once_and_swaps_through_the_other_slot() {
    let mut session = session(&sine("a", 440));
    session.render(RATE / 10);
    set(&mut session, Focus::Live, "osc.freq", 330.0).expect("in range");
    load(&mut session, &saw("b", 110));
    session.render(RATE / 4);
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    session.render(RATE);
    set(&mut session, Focus::Live, "vco.freq", 220.0).expect("in range");
    assert_eq!(session.supervisor.view().undo_steps, 3);
    session
        .command(Command::SetQuantum(Quantum::Now))
        .expect("set");
    let undo = |session: &mut Session| {
        session.command(Command::Undo).expect("something to undo");
        session.render(RATE);
    };
    undo(&mut session);
    assert_eq!(
        value(&session, SlotId::B, "vco.freq"),
        ParamValue::Fixed(110.0)
    );
    undo(&mut session);
    let live = session.supervisor.view().live;
    assert_eq!((live, name(&session, live).as_str()), (SlotId::A, "a"));
    undo(&mut session);
    assert_eq!(
        value(&session, SlotId::A, "osc.freq"),
        ParamValue::Fixed(440.0)
    );
    assert!(session.command(Command::Undo).is_err());
    for _ in 0..3 {
        session.command(Command::Redo).expect("something to redo");
        session.render(RATE);
    }
    assert_eq!(name(&session, session.supervisor.view().live), "b");
    assert_eq!(
        value(&session, SlotId::B, "vco.freq"),
        ParamValue::Fixed(220.0)
    );
    counted(&session);
}

#[test]
fn undo_of_a_swap_builds_the_old_patch_again_where_it_is_gone() {
    let mut session = session(&sine("a", 440));
    session
        .command(Command::SetQuantum(Quantum::Now))
        .expect("set");
    load(&mut session, &saw("b", 110));
    session.render(RATE / 4);
    session.command(Command::Swap(None)).expect("primed");
    session.render(RATE);
    load(&mut session, &saw("c", 90));
    session.render(RATE / 4);
    assert_eq!(name(&session, SlotId::A), "c");
    session.command(Command::Undo).expect("a swap to undo");
    session.render(RATE);
    assert_eq!(name(&session, session.supervisor.view().live), "a");
    counted(&session);
}
