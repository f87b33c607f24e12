//! What is kept of unsaved work, how often, and what of it comes back.
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::keeper::{MOST, lock_of};
use super::*;
use crate::control::command::Command;
use crate::control::history::Label;
use crate::control::session::Session;
use crate::control::supervisor::Config;
use crate::patch::Patch;

const TEXT: &str =
    r#"(name: "one", modules: (osc: Sine(freq: "440Hz"), out: Out()), cables: ["osc > out"])"#;

fn loaded(hz: f32) -> Loaded {
    let mut patch = parse(TEXT, "one.ron").patch.expect("a patch");
    let freq = patch.modules[0].spec.param("freq").expect("freq");
    patch.modules[0].params[freq] = ParamValue::Fixed(hz);
    Loaded {
        patch: Arc::new(patch),
        text: TEXT.into(),
        path: Some("one.ron".into()),
        modified: false,
        report: PrimeReport::default(),
    }
}

fn hz(loaded: &Loaded) -> ParamValue {
    let module = &loaded.patch.modules[0];
    module.params[module.spec.param("freq").expect("freq")]
}

fn turn(from: f32, to: f32) -> Step {
    Step::Knob {
        focus: Focus::Live,
        module: "osc".into(),
        param: "freq".into(),
        from: ParamValue::Fixed(from),
        to: ParamValue::Fixed(to),
    }
}

/// Written and read again, with a change on the way.
fn again(work: &Work, change: impl FnOnce(&mut serde_json::Value)) -> Work {
    let mut value = serde_json::to_value(work).expect("JSON");
    change(&mut value);
    serde_json::from_value(value).expect("reads")
}

#[test]
fn knobs_come_back_as_they_stood_where_their_module_has_them() {
    let work = Work::of(Some(&loaded(441.37)), None, &History::default());
    let live = again(&work, |_| {}).live().expect("a patch");
    assert_eq!(hz(&live), ParamValue::Fixed(441.37), "no text says that");
    assert!(live.modified, "it is in no file");
    let other = again(&work, |value| {
        value["live"]["knobs"][0]
            .as_array_mut()
            .expect("knobs")
            .pop();
    });
    let live = other.live().expect("a patch");
    assert_eq!(hz(&live), ParamValue::Fixed(440.0), "another version's");
}

#[test]
fn a_step_that_cannot_be_read_ends_its_branch_and_no_other() {
    let mut history = History::default();
    let at = Duration::from_secs;
    history.add(turn(440.0, 450.0), 0, at(0));
    let swap = Step::Swap {
        to: SlotId::B,
        from: Box::new(loaded(450.0)),
        into: Box::new(loaded(300.0)),
    };
    history.add(swap, 0, at(10));
    history.add(turn(300.0, 310.0), 0, at(20));
    history.go(Some(0));
    history.add(turn(450.0, 460.0), 0, at(30));
    history.label(Label {
        words: "the last".into(),
        ..Label::default()
    });
    let work = Work::of(Some(&loaded(460.0)), None, &history);
    let mut whole = History::default();
    again(&work, |_| {}).restore(&mut whole);
    let parents = |h: &History| h.entries().0.iter().map(|e| e.parent).collect::<Vec<_>>();
    assert_eq!(parents(&whole), [None, Some(0), Some(1), Some(0)]);
    assert_eq!((whole.here(), whole.depth()), (Some(3), (2, 0)));
    let mut rest = History::default();
    let broken = again(&work, |value| value["texts"][0] = "(name: ".into());
    broken.restore(&mut rest);
    assert_eq!(parents(&rest), [None, Some(0)]);
    assert_eq!(rest.here(), Some(1));
    assert_eq!(rest.entries().0[1].label.words, "the last");
}

#[test]
fn the_newest_work_of_a_program_that_is_gone_is_offered() {
    let folder = tempfile::tempdir().expect("a folder");
    let left = |name: &str, age: u64| {
        let named = Loaded {
            patch: Arc::new(Patch {
                name: name.into(),
                ..(*loaded(440.0).patch).clone()
            }),
            ..loaded(440.0)
        };
        let work = Work::of(Some(&named), None, &History::default());
        let path = folder.path().join(format!("work-{name}.json"));
        fs::write(&path, serde_json::to_string(&work).expect("JSON")).expect("written");
        let when = SystemTime::now() - Duration::from_secs(age);
        let file = File::options().write(true).open(&path).expect("there");
        file.set_modified(when).expect("dated");
        path
    };
    let old: Vec<PathBuf> = (0..MOST as u64 + 2)
        .map(|n| left(&format!("old{n}"), 100 + n))
        .collect();
    let newest = left("newest", 10);
    // One that lives is nobody's to take.
    let living = left("living", 1);
    let lock = File::create(lock_of(&living)).expect("a lock");
    lock.try_lock().expect("held");
    let mut keeper = Keeper::start(folder.path()).expect("a folder");
    assert_eq!(keeper.left().expect("left").name, "newest");
    let there = old.iter().filter(|path| path.exists()).count();
    assert_eq!(there, MOST - 1, "the oldest go");
    keeper.forget_left();
    assert!(!newest.exists() && living.exists());
    assert!(keeper.left().is_none());
    let text = fs::read_to_string(&old[0]).expect("there");
    fs::write(&old[0], text.replace("\"version\":1", "\"version\":2")).expect("written");
    let now = File::options().write(true).open(&old[0]).expect("there");
    now.set_modified(SystemTime::now()).expect("dated");
    let other = Keeper::start(folder.path()).expect("a folder");
    assert!(other.left().is_none(), "of another version");
}

#[test]
fn the_work_of_a_dead_program_of_the_same_number_is_not_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let theirs = folder
        .path()
        .join(format!("work-{}.json", std::process::id()));
    fs::write(&theirs, "theirs").expect("written");
    let mut keeper = Keeper::start(folder.path()).expect("a folder");
    assert!(keeper.keep(Work::of(None, None, &History::default())));
    drop(keeper);
    assert_eq!(fs::read_to_string(&theirs).expect("there"), "theirs");
}

// As the supervisor keeps it

struct Kept {
    session: Session,
    folder: tempfile::TempDir,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut session = Session::new(Config {
            budget: 1e6,
            both: 1e6,
            net: false,
            unsaved: Some(folder.path().join("unsaved")),
            ..Config::default()
        });
        session
            .load_first(TEXT, Path::new("one.ron"))
            .expect("plays");
        session.render(4_800);
        Self { session, folder }
    }

    fn typed(&mut self, text: &str) {
        let typed = Typed {
            text: text.into(),
            baseline: String::new(),
            path: None,
            from_file: false,
        };
        self.session
            .command(Command::Typed(Some(typed)))
            .expect("told");
    }

    fn seconds(&mut self, seconds: usize) {
        self.session.render(seconds * 48_000);
    }

    fn file(&self) -> Option<PathBuf> {
        let all = fs::read_dir(self.folder.path().join("unsaved")).ok()?;
        let mut paths = all.filter_map(|e| Some(e.ok()?.path()));
        paths.find(|path| path.extension().is_some_and(|e| e == "json"))
    }

    /// What is on the disk, once it says that.
    fn until(&self, what: &str) {
        let begun = Instant::now();
        let says = || fs::read_to_string(self.file()?).ok();
        while !says().is_some_and(|text| text.contains(what)) {
            assert!(begun.elapsed() < Duration::from_secs(20), "no {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn what_changed_is_written_every_three_seconds_and_what_did_not_is_not() {
    let mut kept = Kept::new();
    kept.seconds(7);
    assert_eq!(kept.file(), None, "nothing changed");
    kept.typed("one");
    kept.seconds(4);
    kept.until("one");
    // Beside the history only what is typed changed.
    kept.typed("two");
    kept.seconds(4);
    kept.until("two");
    let path = kept.file().expect("there");
    fs::remove_file(&path).expect("removed");
    kept.seconds(7);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(kept.file(), None, "it is not written again and again");
    kept.typed("three");
    kept.seconds(4);
    kept.until("three");
    kept.typed("four");
    kept.session.render(9_600);
    kept.typed("five");
    kept.session.render(9_600);
    std::thread::sleep(Duration::from_millis(50));
    kept.until("three");
}

#[test]
fn what_cannot_be_kept_is_told() {
    let mut kept = Kept::new();
    let events = kept.session.handle().subscribe();
    fs::remove_dir_all(kept.folder.path().join("unsaved")).expect("removed");
    fs::write(kept.folder.path().join("unsaved"), "in the way").expect("written");
    let begun = Instant::now();
    loop {
        kept.typed(&format!("{:?}", begun.elapsed()));
        kept.seconds(4);
        let mut told = events.try_iter().map(|event| event.sentence);
        if told.any(|sentence| sentence.starts_with("unsaved work is not kept")) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never told");
    }
    let nowhere = Session::new(Config {
        unsaved: Some(kept.folder.path().join("unsaved/below a file")),
        ..Config::default()
    });
    let view = nowhere.supervisor.view();
    assert!(
        view.not_kept
            .as_ref()
            .is_some_and(|why| why.contains("below a file"))
    );
}
