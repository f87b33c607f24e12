//! Controllers from outside, in lock step: what is learned, what is refused, and what a movement turns.
use std::path::Path;

use super::super::super::command::{Answer, Command};
use super::super::super::session::Session;
use super::super::Config;
use super::*;

const TEXT: &str = r#"(name: "one", modules: (
    lfo: Lfo(), keys: Keys(), osc: Sine(freq: "100Hz"), out: Out()),
    cables: ["lfo > osc.fm * 0.25", "keys > osc.freq", "osc > out"],
    macros: [(name: "tune", at: 0, to: ["osc.freq 100Hz..400Hz"])])"#;

fn session() -> Session {
    let mut session = Session::new(Config {
        budget: 1e6,
        both: 1e6,
        net: false,
        ..Config::default()
    });
    session
        .load_first(TEXT, Path::new("one.ron"))
        .expect("plays");
    session.render(4_800);
    session
}

fn param(name: &str) -> Controlled {
    let (module, param) = name.split_once('.').expect("a knob");
    Controlled::Param {
        module: module.into(),
        param: param.into(),
    }
}

fn learn(session: &mut Session, to: Controlled) -> Answer {
    session.command(Command::Learn(Some(to)))
}

fn moved(session: &mut Session, channel: u8, controller: u8, value: f32) -> Answer {
    let answer = session.command(Command::Control {
        channel,
        controller,
        value,
    });
    session.render(4_800);
    answer
}

fn value(session: &Session, module: &str, param: &str) -> ParamValue {
    let view = session.supervisor.view();
    let loaded = view.slots[0].loaded.as_ref().expect("plays");
    params::find(&loaded.patch, module, param)
        .expect("there")
        .value
}

#[test]
fn one_movement_is_learned_and_the_next_only_turns() {
    let mut session = session();
    learn(&mut session, param("osc.level")).expect("there");
    moved(&mut session, 2, 21, 1.0).expect("learned");
    let high = value(&session, "osc", "level");
    // Another controller, and the same one of another channel.
    moved(&mut session, 2, 22, 0.0).expect("nobody's");
    moved(&mut session, 3, 21, 0.0).expect("nobody's");
    assert_eq!(value(&session, "osc", "level"), high);
    assert_eq!(session.supervisor.view().controls.len(), 1);
    moved(&mut session, 2, 21, 0.0).expect("turned");
    assert_ne!(value(&session, "osc", "level"), high);
}

#[test]
fn the_amount_of_a_cable_is_where_the_controller_stands() {
    let mut session = session();
    learn(&mut session, param("osc.fm<lfo")).expect("there");
    moved(&mut session, 0, 21, 0.75).expect("learned");
    assert_eq!(value(&session, "osc", "fm<lfo"), ParamValue::Fixed(0.75));
}

#[test]
fn what_is_not_there_is_not_learned() {
    let mut session = session();
    learn(&mut session, param("osc.colour")).expect_err("no such knob");
    learn(&mut session, Controlled::Macro(1)).expect_err("one macro");
    assert_eq!(session.supervisor.view().learning, None);
    for (channel, controller, value) in [(16, 1, 0.5), (0, 128, 0.5), (0, 1, 1.5), (0, 1, f32::NAN)]
    {
        moved(&mut session, channel, controller, value).expect_err("no controller");
    }
}

#[test]
fn what_was_remembered_takes_the_place_of_what_was_learned() {
    let mut session = session();
    learn(&mut session, param("osc.level")).expect("there");
    moved(&mut session, 0, 21, 1.0).expect("learned");
    let of = |channel, controller| Assigned {
        channel,
        controller,
        to: Controlled::Macro(usize::from(controller)),
    };
    let remembered = vec![of(0, 7), of(16, 8), of(0, 128)];
    session
        .command(Command::SetControls(remembered))
        .expect("taken");
    session.render(4_800);
    assert_eq!(session.supervisor.view().controls, [of(0, 7)]);
}

#[test]
fn a_bend_is_a_number_of_semitones() {
    let mut session = session();
    session.command(Command::Bend(2.0)).expect("bent");
    for wrong in [f32::NAN, f32::INFINITY] {
        session
            .command(Command::Bend(wrong))
            .expect_err("no number");
    }
}
