//! What the tests ask of the instrument, in a line each.
use chronus::control::command::{At, Command, Draft, Focus, SlotId};
use chronus::control::session::Session;
use chronus::modules::spec::ParamValue;

use crate::common::{config, session_with};

pub fn session(text: &str) -> Session {
    session_with(text, config())
}

pub fn load_at(session: &mut Session, text: &str, frame: u64) {
    let command = Command::LoadText {
        text: text.to_owned(),
        path: None,
    };
    session
        .command_at(command, At::Frame(frame))
        .expect("taken");
}

pub fn set(session: &mut Session, focus: Focus, knob: &str, value: f32) -> Result<(), String> {
    let (module, param) = knob.split_once('.').expect("module.param");
    let command = Command::SetParam {
        focus,
        module: module.to_owned(),
        param: param.to_owned(),
        value: ParamValue::Fixed(value),
    };
    session.command(command).map(drop)
}

pub fn value(session: &Session, slot: SlotId, knob: &str) -> ParamValue {
    let (module, param) = knob.split_once('.').expect("module.param");
    let view = session.supervisor.view();
    let patch = &view.slots[slot.index()]
        .loaded
        .as_ref()
        .expect("loaded")
        .patch;
    let node = &patch.modules[patch.node(module).expect("there")];
    node.params[node.spec.param(param).expect("there")]
}

pub fn draft(session: &mut Session, step: Draft) -> Result<(), String> {
    session.command(Command::Draft(step)).map(drop)
}

pub fn create(session: &mut Session, id: &str, kind: &str) {
    let (id, kind) = (id.to_owned(), kind.to_owned());
    draft(session, Draft::Create { id, kind }).expect("a known kind");
}

pub fn connect(session: &mut Session, from: &str, to: &str) {
    let (from, to) = (from.to_owned(), to.to_owned());
    draft(session, Draft::Connect { from, to }).expect("both there");
}

pub fn connect_fails(session: &mut Session) {
    let step = Draft::Connect {
        from: "osc1".into(),
        to: "osc2".into(),
    };
    let why = draft(session, step).expect_err("osc1 went with the first draft");
    assert!(why.contains("osc1"), "{why}");
}
