//! Patching as it is heard: edits go to the bench and through prime into the standby, knobs go to what plays, undo goes both ways.
use std::path::Path;

use chronus::control::command::{Command, Focus, Quantum, SlotId};
use chronus::control::event::View;
use chronus::control::session::Session;
use chronus::control::slot::SlotState;
use chronus::control::supervisor::Config;
use chronus::dsp::lanes::IsaChoice;
use chronus::modules::spec::ParamValue;
use chronus::patch::edit::Edit;

const RATE: usize = 48_000;

const SAW: &str = r#"( // mine
  name: "saw",
  modules: (
    saw: Saw(freq: "110Hz"), // the tone
    out: Out(gain: "-12dB"),
  ),
  cables: ["saw > out"],
)
"#;

fn session() -> Session {
    let mut session = Session::new(Config {
        rate: RATE as f64,
        isa: IsaChoice::Plain,
        budget: 1e6,
        net: false,
        ..Config::default()
    });
    session
        .load_first(SAW, Path::new("saw.ron"))
        .expect("a patch that plays");
    session.render(RATE / 10);
    session
}

fn edit(session: &mut Session, focus: Focus, edit: Edit) {
    let words = edit.words();
    session
        .command(Command::Edit { focus, edit })
        .unwrap_or_else(|why| panic!("{words}: {why}"));
    session.render(RATE / 10);
}

fn add(name: &str, kind: &str) -> Edit {
    Edit::Add {
        name: name.into(),
        kind: kind.into(),
        after: None,
    }
}

fn wire(from: &str, to: &str) -> Edit {
    Edit::Wire {
        from: from.into(),
        to: to.into(),
        amount: None,
        feedback: false,
    }
}

fn cut(from: &str, to: &str) -> Edit {
    Edit::Cut {
        from: from.into(),
        to: to.into(),
    }
}

fn set(session: &mut Session, knob: &str, value: f32) {
    let (module, param) = knob.split_once('.').expect("module.param");
    session
        .command(Command::SetParam {
            focus: Focus::Bench,
            module: module.into(),
            param: param.into(),
            value: ParamValue::Fixed(value),
        })
        .expect("in range");
    session.render(RATE / 10);
}

fn view(session: &Session) -> std::sync::Arc<View> {
    session.handle().view()
}

fn text(session: &Session, slot: SlotId) -> String {
    let view = view(session);
    let loaded = view.slots[slot.index()].loaded.as_ref();
    loaded.expect("loaded").text.to_string()
}

fn bench_text(session: &Session) -> Option<String> {
    view(session).bench.as_ref().map(|b| b.text.to_string())
}

fn swap(session: &mut Session) {
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    session.render(RATE);
}

fn undo(session: &mut Session) {
    session.command(Command::Undo).expect("something to undo");
    session.render(RATE);
}

#[test]
fn what_is_patched_stands_by_as_soon_as_it_can_be_heard() {
    let mut s = session();
    edit(&mut s, Focus::Live, add("vcf", "Svf"));
    assert_eq!(view(&s).live, SlotId::A);
    let primed = |s: &Session| matches!(view(s).slots[1].state, SlotState::Primed);
    // A module that reaches nothing changes nothing, and is primed all the same.
    assert!(primed(&s));
    edit(&mut s, Focus::Bench, cut("saw", "out"));
    let trouble = view(&s).bench.as_ref().and_then(|b| b.trouble.clone());
    assert_eq!(trouble.as_deref(), Some("nothing reaches `out`"));
    // What could be heard last goes on standing by.
    assert!(text(&s, SlotId::B).contains("\"saw > out\""));
    edit(&mut s, Focus::Bench, wire("saw", "vcf"));
    edit(&mut s, Focus::Bench, wire("vcf", "out"));
    assert_eq!(
        view(&s).bench.as_ref().map(|b| b.trouble.clone()),
        Some(None)
    );
    assert_eq!(Some(text(&s, SlotId::B)), bench_text(&s));
    assert_eq!(text(&s, SlotId::A), SAW, "what plays is untouched");
    let new = bench_text(&s).expect("a bench");
    for kept in ["( // mine", "// the tone", "vcf: Svf()", "\"vcf > out\""] {
        assert!(new.contains(kept), "{new}");
    }
    swap(&mut s);
    assert_eq!(view(&s).live, SlotId::B);
    assert!(bench_text(&s).is_none(), "what plays is what was patched");
}

#[test]
fn a_knob_of_the_bench_is_heard_where_it_plays_and_stays_in_every_text() {
    let mut s = session();
    edit(&mut s, Focus::Live, add("vcf", "Svf"));
    set(&mut s, "saw.freq", 220.0);
    for slot in SlotId::BOTH {
        assert!(text(&s, slot).contains("\"220Hz\""), "{}", text(&s, slot));
    }
    assert!(bench_text(&s).is_some_and(|t| t.contains("\"220Hz\"), // the tone")));
    // One that only the bench and its copy in the standby have.
    set(&mut s, "vcf.cutoff", 500.0);
    assert!(text(&s, SlotId::B).contains("Svf(cutoff: \"500Hz\")"));
    assert!(!text(&s, SlotId::A).contains("vcf"));
    undo(&mut s);
    assert!(!text(&s, SlotId::B).contains("500Hz"));
    undo(&mut s);
    assert!(text(&s, SlotId::A).contains("\"110Hz\""));
    undo(&mut s);
    assert!(bench_text(&s).is_none());
    assert_eq!(
        text(&s, SlotId::B),
        SAW,
        "no edit that was taken back stands by"
    );
}

#[test]
fn undo_walks_back_over_a_swap_to_every_edit_and_redo_makes_them_again() {
    let mut s = session();
    s.command(Command::SetQuantum(Quantum::Now)).expect("set");
    edit(&mut s, Focus::Live, add("vcf", "Svf"));
    let first = bench_text(&s);
    edit(&mut s, Focus::Bench, cut("saw", "out"));
    edit(&mut s, Focus::Bench, wire("saw", "vcf"));
    edit(&mut s, Focus::Bench, wire("vcf", "out"));
    let last = bench_text(&s).expect("a bench");
    swap(&mut s);
    assert_eq!(text(&s, SlotId::B), last);
    undo(&mut s);
    assert_eq!(view(&s).live, SlotId::A);
    assert_eq!(text(&s, SlotId::A), SAW);
    for _ in 0..3 {
        undo(&mut s);
    }
    assert_eq!(bench_text(&s), first);
    undo(&mut s);
    assert_eq!(bench_text(&s), None);
    for _ in 0..4 {
        s.command(Command::Redo).expect("to redo");
        s.render(RATE / 4);
    }
    assert_eq!(bench_text(&s).as_ref(), Some(&last));
    assert_eq!(text(&s, SlotId::B), last);
    s.command(Command::Redo).expect("the swap");
    s.render(RATE);
    assert_eq!(view(&s).live, SlotId::B);
    assert_eq!(text(&s, SlotId::B), last);
}

#[test]
fn a_patch_grows_from_nothing_while_another_plays_and_is_primed_when_asked() {
    let mut s = session();
    s.command(Command::SetAutoPrime(false)).expect("set");
    s.command(Command::NewPatch).expect("a bench");
    for e in [
        add("keys", "Keys"),
        add("osc", "Saw"),
        add("out", "Out"),
        wire("keys.pitch", "osc.pitch"),
        wire("osc", "out"),
    ] {
        edit(&mut s, Focus::Bench, e);
    }
    assert!(view(&s).slots[1].loaded.is_none(), "nothing was asked for");
    s.command(Command::Prime).expect("whole");
    s.render(RATE / 4);
    assert_eq!(Some(text(&s, SlotId::B)), bench_text(&s));
    // A knob of the new patch is none of the old one's, whatever its name is.
    set(&mut s, "out.gain", -20.0);
    assert_eq!(text(&s, SlotId::A), SAW);
    let why = s
        .command(Command::Edit {
            focus: Focus::Bench,
            edit: wire("osc", "out"),
        })
        .expect_err("twice");
    assert!(why.contains("wired already"), "{why}");
    s.command(Command::ClearBench).expect("a bench");
    s.render(RATE / 10);
    assert!(bench_text(&s).is_none());
    undo(&mut s);
    assert!(bench_text(&s).is_some_and(|t| t.contains("osc: Saw()")));
}

#[test]
fn the_bench_is_saved_where_it_came_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saw.ron");
    let mut s = session();
    edit(&mut s, Focus::Live, add("vca", "Vca"));
    s.command(Command::SaveBench {
        path: Some(path.clone()),
    })
    .expect("a bench");
    for _ in 0..500 {
        s.render(256);
        if path.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let saved = std::fs::read_to_string(&path).expect("saved");
    assert_eq!(Some(saved), bench_text(&s));
}
