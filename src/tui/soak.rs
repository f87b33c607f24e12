//! Random keys into the screen and the whole instrument behind it, in lock step: nothing panics, nothing is read from an empty
//! ring, Esc leads back to Perform from wherever the keys led.
use std::path::Path;
use std::process::Command as Process;
use std::time::{Duration, Instant};

use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use ratatui::{buffer::Buffer, layout::Rect};

use crate::control::session::Session;
use crate::control::supervisor::Config;

use super::actions::ACTIONS;
use super::app::{App, Layer};
use super::color::Depth;
use super::draw::draw_into;
use super::keymap::keys_of;
use super::options::Options;
use super::screens::{Screen, files::FilesScreen};

/// Keys in the quick test; CHRONUS_SOAK_KEYS has the long one press more.
const QUICK: u64 = 20_000;
const LONG: u64 = 1_000_000;
/// After so many keys Esc has to lead home.
const BETWEEN: u64 = 50;
/// Presses of Esc that this may take: an overlay, a filter, a layer, each screen.
const ESCAPES: usize = 12;
/// Frames that pass with each key: 5 ms.
const FRAMES: usize = 256;

/// What plays at first.
const FIRST: &str = "patches/bass/acid.ron";

struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.next(all.len())]
    }
}

/// Words that are typed behind `:` and into lists; some are right, some are not.
const WORDS: [&str; 34] = [
    "keep 1",
    "bpm 140",
    "bpm x",
    "theme paper",
    "theme night",
    "fade 5",
    "carry off",
    "carry on",
    "gate 1/16",
    "voices 3",
    "title été",
    "throw away",
    "revert",
    "new patch",
    "swap now",
    "swap",
    "keyboard legato",
    "layout azerty",
    "layout qwerty",
    "keys",
    "keys load",
    "mouse off",
    "learn",
    "learn out.gain",
    "notes off",
    "picture",
    "save saved.ron",
    "record",
    "auto prime off",
    "auto prime on",
    "add Saw",
    "wire osc > out",
    "-3dB",
    "440Hz",
];

fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

/// What a hand that knows nothing might do.
fn anything(random: &mut Random, bound: &[(KeyCode, KeyModifiers)]) -> Vec<Input> {
    let plain = |c: char| key(KeyCode::Char(c), KeyModifiers::NONE);
    match random.next(100) {
        0..60 => {
            let (code, modifiers) = *random.of(bound);
            vec![key(code, modifiers)]
        }
        60..75 => vec![plain(char::from(b' ' + random.next(95) as u8))],
        75..80 => vec![key(KeyCode::Enter, KeyModifiers::NONE)],
        80..85 => {
            let codes = [
                KeyCode::Up,
                KeyCode::Down,
                KeyCode::Left,
                KeyCode::Right,
                KeyCode::Tab,
            ];
            vec![key(*random.of(&codes), KeyModifiers::NONE)]
        }
        85..88 => {
            let mut line = vec![plain(':')];
            line.extend(random.of(&WORDS).chars().map(plain));
            line.push(key(KeyCode::Enter, KeyModifiers::NONE));
            line
        }
        88..90 => {
            vec![plain(*random.of(&[
                'é', '中', '\u{301}', '🎹', '\u{200d}', 'ß', '"', '\\',
            ]))]
        }
        90..93 => {
            let kinds = [
                MouseEventKind::ScrollUp,
                MouseEventKind::ScrollDown,
                MouseEventKind::Down(MouseButton::Left),
                MouseEventKind::Up(MouseButton::Left),
                MouseEventKind::Drag(MouseButton::Left),
            ];
            vec![Input::Mouse(MouseEvent {
                kind: *random.of(&kinds),
                column: random.next(220) as u16,
                row: random.next(70) as u16,
                modifiers: KeyModifiers::NONE,
            })]
        }
        93 => vec![Input::Paste(
            "(name: \"p\", modules: (o: Sine(), out: Out()), cables: [\"o > out\"])\n".into(),
        )],
        94 => vec![Input::FocusLost, Input::FocusGained],
        95 => {
            let mut up = KeyEvent::new(plain_code(random), KeyModifiers::NONE);
            up.kind = KeyEventKind::Release;
            vec![Input::Key(up)]
        }
        _ => vec![key(KeyCode::Esc, KeyModifiers::NONE)],
    }
}

fn plain_code(random: &mut Random) -> KeyCode {
    KeyCode::Char(char::from(b'a' + random.next(26) as u8))
}

/// Runs in a folder of its own, where everything that the keys write goes.
fn soak(keys: u64, seed: u64) {
    let mut session = Session::new(Config {
        rate: 48_000.0,
        budget: 1e6,
        recordings: "recordings".into(),
        ..Config::default()
    });
    let acid = std::fs::read_to_string(FIRST).expect("shipped");
    session.load_first(&acid, Path::new(FIRST)).expect("plays");
    let options = Options {
        config: Some("config".into()),
        ..Options::default()
    };
    let mut app = App::new(session.handle().clone(), options, Depth::True);
    // Nobody answers before the key is over.
    app.patience = Duration::ZERO;
    let bound: Vec<_> = ACTIONS
        .iter()
        .flat_map(keys_of)
        .flat_map(|(_, keys)| [Some(keys.first), keys.then])
        .flatten()
        .map(|chord| chord.parts())
        .collect();
    let mut random = Random(seed);
    let mut now = Instant::now();
    let mut sound = [[0.0; 2]; FRAMES];
    let mut recent = std::collections::VecDeque::new();
    let sizes = [
        (80, 24),
        (120, 40),
        (200, 60),
        (40, 10),
        (20, 5),
        (1, 1),
        (300, 80),
    ];
    let mut size = sizes[0];
    let mut pressed = 0;
    let mut quits = 0;
    while pressed < keys {
        let inputs = anything(&mut random, &bound);
        if recent.len() > 60 {
            recent.pop_front();
        }
        recent.push_back(format!("{inputs:?}"));
        for input in inputs {
            pressed += 1;
            now += Duration::from_millis(30);
            app.on_input(input, now);
            session.fill(&mut sound);
            assert!(
                sound.iter().flatten().all(|v| v.abs() <= 1.0),
                "{recent:#?}"
            );
            app.look(now);
        }
        app.picture = None;
        app.suspend = false;
        quits += u64::from(app.exit.take().is_some());
        if random.next(40) == 0 {
            size = *random.of(&sizes);
        }
        if random.next(4) == 0 {
            draw(&mut app, size);
        }
        if pressed % BETWEEN < 2 {
            home(&mut app, &mut now, &recent);
            app.files = FilesScreen::new(&app.options.folders);
            draw(&mut app, size);
        }
        if pressed % 1_000 < 2 {
            let reading = session.handle().reading();
            let counts = (
                reading.none_reads(),
                reading.discontinuities,
                reading.late_events,
            );
            assert_eq!(counts, (0, 0, 0), "{recent:#?}");
            session.events();
        }
    }
    println!("{pressed} keys, {quits} times to the end and back; seed {seed}");
}

fn draw(app: &mut App, (width, height): (u16, u16)) {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    draw_into(app, area, &mut buf);
}

fn home(app: &mut App, now: &mut Instant, recent: &std::collections::VecDeque<String>) {
    for _ in 0..ESCAPES {
        *now += Duration::from_millis(30);
        app.on_input(key(KeyCode::Esc, KeyModifiers::NONE), *now);
    }
    let there = (app.screen, app.layer, app.overlay.is_some(), app.filtering);
    let wanted = (Screen::Perform, Layer::Nav, false, false);
    assert_eq!(there, wanted, "Esc does not lead home after {recent:#?}");
}

/// The soak itself: run by the test below in a process and a folder of its own.
#[test]
fn keys_of_a_child() {
    let Ok(keys) = std::env::var("CHRONUS_SOAK_CHILD") else {
        return;
    };
    let seed = std::env::var("CHRONUS_SOAK_SEED")
        .ok()
        .and_then(|s| s.parse().ok());
    soak(keys.parse().expect("a number"), seed.unwrap_or(0x5eed));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).expect("copied")),
        }
    }
}

fn run(keys: u64) {
    let folder = tempfile::tempdir().expect("folder");
    // So deep that no keys lead out of it, to files that are nobody's business.
    let inside = folder.path().join("d/".repeat(BETWEEN as usize + 10));
    let patches = inside.join("patches");
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("patches"),
        &patches,
    );
    let child = Process::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "tui::soak::keys_of_a_child", "--nocapture"])
        .env("CHRONUS_SOAK_CHILD", keys.to_string())
        .current_dir(&inside)
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    let end: String = said
        .chars()
        .rev()
        .take(6_000)
        .collect::<Vec<_>>()
        .iter()
        .rev()
        .collect();
    assert!(child.status.success(), "{end}");
    assert!(said.contains(" keys, "), "{end}");
}

#[test]
fn random_keys_break_nothing() {
    run(QUICK);
}

#[test]
#[ignore = "long: six minutes of random keys"]
fn a_million_random_keys_break_nothing() {
    run(LONG);
}
