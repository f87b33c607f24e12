//! A session is played in lock step with its set, then the set is played again: the same bits.
use std::path::Path;

use super::*;
use crate::control::command::{Command, Focus, Quantum, SlotId};
use crate::control::session::Session;
use crate::control::supervisor::Config;
use crate::dsp::lanes::IsaChoice;

const RATE: usize = 48_000;
const PLUCK: &str = r#"(name: "pluck", bpm: 140, voices: 4,
  modules: (keys: Keys(), vco: Saw(), env: Adsr(a: "2ms", d: "180ms", s: 0.3, r: "200ms"), vca: Vca(),
    nz: Noise(), mix: Mix(), dly: Delay(time: "3/16", feedback: 0.5, mix: 0.3), out: Out(gain: "-15dB")),
  cables: ["keys.pitch > vco.pitch", "keys.gate > env.gate", "env > vca.cv", "vco > vca > dly > out", "nz > out * 0.01"])"#;
const ACID: &str = r#"(name: "acid", bpm: 126,
  modules: (seq: Seq(rate: "1/16", steps: "C2 C2 Eb2! - C3~ G1 C2! Bb1"), vco: Saw(), env: Adsr(a: "2ms", d: "180ms", s: 0, r: "40ms"),
    vcf: Ladder(cutoff: "400Hz", res: 0.7), vca: Vca(), dly: Delay(time: "3/16", feedback: 0.35, mix: 0.2), out: Out(gain: "-12dB")),
  cables: ["vco > vcf > vca > dly > out", "seq.pitch > vco.pitch", "seq.gate > env.gate", "env > vca.cv", "env > vcf.cutoff * 2.5oct"])"#;

fn session(folder: &Path) -> Session {
    Session::new(Config {
        rate: RATE as f64,
        isa: IsaChoice::Plain,
        budget: 1e6,
        both: 1e6,
        sets: Some(SetLogConfig {
            folder: folder.to_owned(),
            fades_in: false,
        }),
        ..Config::default()
    })
}

fn knob(session: &mut Session, module: &str, param: &str, text: &str) {
    let command = Command::SetParamText {
        focus: Focus::Live,
        module: module.into(),
        param: param.into(),
        text: text.into(),
    };
    session.command(command).expect("a knob");
}

fn load(session: &mut Session, text: &str) {
    let text = text.to_owned();
    let command = Command::LoadText { text, path: None };
    session.command(command).expect("loads");
}

fn note(session: &mut Session, note: f32, velocity: f32) {
    let command = Command::Note { note, velocity };
    session.command(command).expect("a note");
}

fn set_in(folder: &Path) -> Set {
    let list = Shelf::new(folder.to_owned()).list();
    assert_eq!(list.len(), 1);
    Set::read(&list[0].path).expect("reads")
}

/// Plays the set again and compares.
fn compare(set: &Set, heard: &[[f32; 2]]) {
    let mut player = Player::new(set).expect("plays");
    let mut again = vec![[0.0; 2]; heard.len()];
    // Cut otherwise than it was heard.
    for chunk in again.chunks_mut(1_000) {
        player.fill(chunk);
    }
    assert_eq!(player.differences(), Vec::<String>::new());
    let differs =
        (0..heard.len()).find(|&n| heard[n].map(f32::to_bits) != again[n].map(f32::to_bits));
    assert_eq!(differs, None, "of {} frames", heard.len());
}

#[test]
fn a_performance_with_swaps_knobs_and_notes_is_the_same_again_bit_by_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut s = session(folder.path());
    s.load_first(PLUCK, Path::new("pluck.ron")).expect("plays");
    let mut heard = s.render(5_000);
    note(&mut s, 60.0, 0.8);
    heard.extend(s.render(7_001));
    note(&mut s, 64.5, 0.6);
    knob(&mut s, "dly", "mix", "0.55");
    heard.extend(s.render(9_999));
    note(&mut s, 60.0, 0.0);
    load(&mut s, ACID);
    s.command(Command::Swap(Some(Quantum::Beat)))
        .expect("armed");
    heard.extend(s.render(60_000));
    knob(&mut s, "vcf", "cutoff", "812.7Hz");
    // The amount of a cable is a knob, too.
    knob(&mut s, "vcf", "cutoff<env", "1.37oct");
    heard.extend(s.render(3_333));
    knob(&mut s, "vca", "cv", "0.81");
    s.command(Command::Bpm(133.3)).expect("a tempo");
    heard.extend(s.render(10_000));
    s.command(Command::Panic).expect("panic");
    heard.extend(s.render(6_000));
    s.command(Command::Panic).expect("sound");
    heard.extend(s.render(9_000));
    s.command(Command::Stop).expect("stops");
    heard.extend(s.render(3_000));
    s.command(Command::Play).expect("plays");
    // Back to the patch before, with a tail that is carried over.
    s.command(Command::Undo).ok();
    load(&mut s, &PLUCK.replace("Saw()", "Pulse()"));
    heard.extend(s.render(2_000));
    knob(&mut s, "dly", "feedback", "0.61");
    s.command(Command::Swap(Some(Quantum::Now))).expect("armed");
    note(&mut s, 55.0, 0.9);
    heard.extend(s.render(70_000));
    assert!(
        heard[heard.len() - 30_000..]
            .iter()
            .any(|f| f[0].abs() > 1e-3)
    );
    drop(s);
    let set = set_in(folder.path());
    assert_eq!(set.hindrances().collect::<Vec<_>>(), []);
    let swaps = set
        .lines
        .iter()
        .filter(|l| matches!(l.what, What::Heard { .. }));
    assert_eq!(swaps.count(), 2);
    assert!(
        set.lines
            .iter()
            .any(|l| matches!(&l.what, What::Load { carry: Some(_), .. }))
    );
    assert!(
        set.last_frame() >= heard.len() as u64 - 64,
        "{}",
        set.last_frame()
    );
    compare(&set, &heard);
}

#[test]
fn any_moment_is_a_patch() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut s = session(folder.path());
    s.load_first(ACID, Path::new("acid.ron")).expect("plays");
    s.render(20_000);
    knob(&mut s, "vcf", "cutoff", "812.7Hz");
    s.render(20_000);
    load(&mut s, PLUCK);
    s.command(Command::Swap(Some(Quantum::Now))).expect("armed");
    s.render(20_000);
    knob(&mut s, "dly", "mix", "0.5");
    s.render(4_000);
    assert_eq!(s.supervisor.view().live, SlotId::B);
    drop(s);
    let set = set_in(folder.path());
    assert_eq!(patch_at(&set, 10_000).expect("a patch"), ACID);
    let turned = patch_at(&set, 39_000).expect("a patch");
    assert!(turned.contains("812.7"), "{turned}");
    assert_eq!(patch_at(&set, 58_000).expect("a patch"), PLUCK);
    let last = patch_at(&set, u64::MAX).expect("a patch");
    assert!(last.contains("mix: 0.5"), "{last}");
}

#[test]
fn what_is_missing_is_told_and_what_can_be_is_played() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut s = session(folder.path());
    s.load_first(ACID, Path::new("acid.ron")).expect("plays");
    let heard = s.render(30_000);
    drop(s);
    let mut set = set_in(folder.path());
    set.lines.push(Line {
        at: 20_000,
        what: What::Gap { entries: 3 },
    });
    assert_eq!(set.hindrances().count(), 1);
    compare(&set, &heard);
    set.lines.retain(|l| !matches!(l.what, What::Device { .. }));
    assert!(matches!(Player::new(&set), Err(Unplayable::Silent)));
}

#[test]
fn the_oldest_sets_make_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Shelf::new(folder.path().to_owned());
    for n in 1..=205 {
        let (_, path) = shelf.begin(0).expect("begins");
        assert!(path.ends_with(format!("set-{n}.set")));
    }
    shelf.make_room();
    assert_eq!(shelf.list().len(), 199);
    assert!(shelf.find("205").is_some());
}
