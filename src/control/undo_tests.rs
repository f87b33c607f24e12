//! Undo that is heard, in lock step: knobs, edits and swaps in one tree, and whatever is under way goes on from where it leads.
use std::path::Path;

use super::command::{Command, Draft, Focus, Quantum};
use super::session::Session;
use super::supervisor::Config;
use super::tree::Branch;
use super::unsaved::Typed;
use crate::dsp::lanes::IsaChoice;
use crate::modules::spec::ParamValue;

fn patch(name: &str, kind: &str) -> String {
    format!(
        r#"(name: "{name}", modules: (osc: {kind}(freq: 220.0), out: Out(gain: "-12dB")), cables: ["osc > out"])"#
    )
}

fn session() -> Session {
    let mut s = Session::new(Config {
        isa: IsaChoice::Plain,
        budget: 1e6,
        both: 1e6,
        net: false,
        ..Config::default()
    });
    s.load_first(&patch("one", "Sine"), Path::new("one.ron"))
        .expect("plays");
    s.render(4_000);
    s
}

fn swap_in(s: &mut Session, text: &str) {
    let (text, path) = (text.to_owned(), None);
    s.command(Command::LoadText { text, path }).expect("loads");
    s.command(Command::Swap(Some(Quantum::Now))).expect("armed");
    s.render(8_000);
}

fn freq(s: &mut Session, text: &str) {
    let command = Command::SetParamText {
        focus: Focus::Live,
        module: "osc".into(),
        param: "freq".into(),
        text: text.into(),
    };
    s.command(command).expect("a knob");
    s.render(40_000);
}

/// The name and the frequency of what is heard.
fn heard(s: &Session) -> (String, String) {
    let view = s.supervisor.view();
    let patch = &view.slots[view.live.index()]
        .loaded
        .as_ref()
        .expect("plays")
        .patch;
    (
        patch.name.clone(),
        format!("{:?}", patch.modules[0].params[0]),
    )
}

fn branches(s: &mut Session) -> Vec<Branch> {
    let text = s.command(Command::Tree).expect("a tree").expect("JSON");
    serde_json::from_str(&text).expect("reads")
}

/// one 220 -> 330, swap to two 220 -> 440, swap to three.
fn performance() -> Session {
    let mut s = session();
    freq(&mut s, "330Hz");
    swap_in(&mut s, &patch("two", "Saw"));
    freq(&mut s, "440Hz");
    swap_in(&mut s, &patch("three", "Tri"));
    assert_eq!(heard(&s).0, "three");
    s
}

#[test]
fn undo_while_an_undone_swap_is_armed_goes_further_back() {
    let mut s = performance();
    s.command(Command::Undo).expect("armed");
    assert!(s.supervisor.view().armed.is_some());
    s.command(Command::Undo).expect("further");
    s.command(Command::Undo).expect("and further");
    s.render(300_000);
    assert_eq!(heard(&s), ("one".into(), "Fixed(330.0)".into()));
    s.command(Command::Undo).expect("the first knob");
    s.render(4_000);
    assert_eq!(heard(&s), ("one".into(), "Fixed(220.0)".into()));
    for _ in 0..4 {
        s.command(Command::Redo).expect("again");
    }
    s.render(300_000);
    assert_eq!(heard(&s).0, "three");
    assert!(s.command(Command::Redo).is_err());
}

#[test]
fn an_undone_swap_and_its_redo_before_it_happened_leave_what_plays() {
    let mut s = performance();
    s.command(Command::Undo).expect("armed");
    s.command(Command::Redo).expect("and not");
    assert!(s.supervisor.view().armed.is_none());
    s.render(300_000);
    assert_eq!(heard(&s).0, "three");
}

#[test]
fn any_step_of_the_tree_can_be_leapt_to_and_branches_stay() {
    let mut s = performance();
    let tree = branches(&mut s);
    let words: Vec<_> = tree.iter().map(|b| b.words.as_str()).collect();
    assert_eq!(
        words,
        [
            "osc.freq 220 Hz -> 330 Hz",
            "swap one -> two",
            "osc.freq 220 Hz -> 440 Hz",
            "swap two -> three"
        ]
    );
    assert_eq!((tree[2].heard.as_str(), tree[3].here), ("two", true));
    s.command(Command::Leap(Some(tree[2].id))).expect("leaps");
    s.render(300_000);
    assert_eq!(heard(&s), ("two".into(), "Fixed(440.0)".into()));
    s.command(Command::Leap(Some(tree[0].id))).expect("leaps");
    s.render(300_000);
    assert_eq!(heard(&s), ("one".into(), "Fixed(330.0)".into()));
    freq(&mut s, "550Hz");
    let grown = branches(&mut s);
    assert_eq!(grown.len(), 5);
    assert_eq!(grown[4].parent, Some(tree[0].id));
    s.command(Command::Leap(Some(tree[3].id)))
        .expect("over the fork");
    s.render(300_000);
    assert_eq!(heard(&s).0, "three");
    s.command(Command::Leap(None)).expect("the beginning");
    s.render(300_000);
    assert_eq!(heard(&s), ("one".into(), "Fixed(220.0)".into()));
    assert!(s.command(Command::Leap(Some(999))).is_err());
}

#[test]
fn a_killed_program_leaves_its_work_to_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = || Config {
        isa: IsaChoice::Plain,
        budget: 1e6,
        both: 1e6,
        net: false,
        unsaved: Some(folder.path().to_owned()),
        ..Config::default()
    };
    let begin = || {
        let mut s = Session::new(config());
        s.load_first(&patch("one", "Sine"), Path::new("one.ron"))
            .expect("plays");
        s.render(4_000);
        s
    };
    let works = || -> Vec<std::path::PathBuf> {
        let all = std::fs::read_dir(folder.path()).expect("a folder");
        let paths = all.map(|e| e.expect("an entry").path());
        paths
            .filter(|p| p.extension().is_some_and(|e| e == "json"))
            .collect()
    };
    let mut s = begin();
    assert_eq!(s.supervisor.view().recovery, None);
    swap_in(&mut s, &patch("two", "Saw"));
    freq(&mut s, "440Hz");
    // What is neither heard nor on the bench: a draft of OSC messages, and text that is being typed.
    let step = |id: &str, kind: &str| {
        Command::Draft(Draft::Create {
            id: id.into(),
            kind: kind.into(),
        })
    };
    s.command(step("osc1", "simple_sine")).expect("made");
    s.command(step("env1", "adsr")).expect("made");
    let typed = Typed {
        text: "(name: \"half a pa".into(),
        baseline: "(name: \"x\")".into(),
        path: Some("x.ron".into()),
        from_file: true,
    };
    s.command(Command::Typed(Some(typed.clone())))
        .expect("told");
    let tree = branches(&mut s);
    s.render(200_000);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while works().is_empty() {
        assert!(std::time::Instant::now() < until, "never kept");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // Another instrument beside it is offered nothing: this one lives.
    assert_eq!(begin().supervisor.view().recovery, None);
    let left = std::fs::read(&works()[0]).expect("reads");
    drop(s);
    assert_eq!(
        works(),
        Vec::<std::path::PathBuf>::new(),
        "a clean end leaves nothing"
    );
    std::fs::write(folder.path().join("work-1.json"), left).expect("as a kill leaves it");
    let mut s = begin();
    let offer = s.supervisor.view().recovery.clone().expect("offered");
    assert!(
        offer.contains("two") && offer.contains("2 steps"),
        "{offer}"
    );
    s.command(Command::Recover).expect("comes back");
    s.render(8_000);
    assert_eq!(branches(&mut s), tree);
    s.command(Command::Swap(Some(Quantum::Now)))
        .expect("stands by");
    s.render(8_000);
    assert_eq!(heard(&s), ("two".into(), "Fixed(440.0)".into()));
    assert_eq!(s.supervisor.view().recovery, None);
    assert!(works().iter().all(|w| !w.ends_with("work-1.json")));
    let view = s.supervisor.view();
    assert_eq!(view.typed.as_deref(), Some(&typed));
    assert_eq!(view.draft, Some(3), "two modules and an amplifier");
    // In the units that it was begun in.
    let number = Command::SetNumber {
        module: "env1".into(),
        param: "release".into(),
        value: 30.0,
    };
    s.command(number).expect("turned");
    s.command(Command::Draft(Draft::Connect {
        from: "osc1".into(),
        to: "env1".into(),
    }))
    .expect("wired");
    s.command(Command::Draft(Draft::Commit)).expect("built");
    s.render(48_000);
    let view = s.supervisor.view();
    let text = view.slots[view.live.index()]
        .loaded
        .as_ref()
        .expect("loaded")
        .text
        .clone();
    assert!(text.contains("r: 0.03"), "{text}");
    assert!(s.command(Command::Recover).is_err());
}

#[test]
fn a_knob_is_taken_back_in_the_patch_that_an_undone_swap_leads_to() {
    let mut s = performance();
    s.command(Command::Undo).expect("armed");
    s.command(Command::Undo).expect("its knob");
    s.render(300_000);
    assert_eq!(heard(&s), ("two".into(), "Fixed(220.0)".into()));
    let view = s.supervisor.view();
    let loaded = view.slots[view.live.index()].loaded.as_ref();
    let text = loaded.expect("plays").text.to_string();
    assert!(text.contains("freq: 220"), "{text}");
}

#[test]
fn a_terminal_that_closes_leaves_what_is_in_no_file_to_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.ron");
    std::fs::write(&path, patch("one", "Sine")).expect("written");
    let begin = || {
        let mut s = Session::new(Config {
            isa: IsaChoice::Plain,
            budget: 1e6,
            both: 1e6,
            net: false,
            unsaved: Some(folder.path().to_owned()),
            ..Config::default()
        });
        s.load_first(&patch("one", "Sine"), &path).expect("plays");
        s.render(4_000);
        s
    };
    let mut s = begin();
    s.command(Command::LeaveWork).expect("told");
    drop(s);
    let mut s = begin();
    assert_eq!(s.supervisor.view().recovery, None, "nothing was changed");
    freq(&mut s, "440Hz");
    s.command(Command::LeaveWork).expect("told");
    drop(s);
    let mut s = begin();
    let offer = s.supervisor.view().recovery.clone().expect("offered");
    assert!(
        offer.contains("one") && offer.contains("1 step)"),
        "{offer}"
    );
    s.command(Command::Recover).expect("comes back");
    s.render(8_000);
    s.command(Command::Swap(Some(Quantum::Now)))
        .expect("stands by");
    s.render(8_000);
    assert_eq!(heard(&s), ("one".into(), "Fixed(440.0)".into()));
}

/// What one number says of two cables is turned, written and undone as one.
#[test]
fn an_amount_of_several_cables_is_one_movement() {
    let mut s = session();
    let text = r#"(name: "two", modules: (a: Lfo(), b: Lfo(), osc: Sine(), out: Out(gain: "-12dB")), cables: ["a + b > osc.freq * 0.5oct", "osc > out"])"#;
    swap_in(&mut s, text);
    let now = |s: &Session| {
        let view = s.supervisor.view();
        let loaded = view.slots[view.live.index()].loaded.as_ref();
        loaded.expect("plays").text.to_string()
    };
    assert_eq!(now(&s), text);
    let knob = |name: &str| ("osc".to_owned(), name.to_owned(), ParamValue::Fixed(0.75));
    s.command(Command::SetParams {
        focus: Focus::Live,
        knobs: vec![knob("freq<a"), knob("freq<b")],
    })
    .expect("turned");
    s.render(4_000);
    assert_eq!(now(&s), text.replace("0.5oct", "0.75oct"));
    s.command(Command::Undo).expect("undone");
    s.render(4_000);
    assert_eq!(now(&s), text);
    s.command(Command::Redo).expect("redone");
    s.render(4_000);
    assert_eq!(now(&s), text.replace("0.5oct", "0.75oct"));
}
