//! The terminal is given back as it was: after signals, after a stop, when the screen panics, when the terminal itself goes, and
//! after ten thousand random keys. What is pressed is soon seen, and a terminal that nobody reads delays no sound.
#![cfg(all(unix, feature = "faults"))]
mod delay;
#[path = "../machine/mod.rs"]
mod machine;
mod screen;
mod soak;

use std::io::Write;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use screen::{Screen, telemetry};

#[test]
fn every_signal_that_ends_it_gives_the_terminal_back() {
    for name in ["TERM", "INT", "HUP"] {
        for wait_ms in [0, 40, 150] {
            let mut screen = Screen::start(&[]);
            screen.sounds();
            sleep(Duration::from_millis(wait_ms));
            screen.signal(name);
            let (status, took) = screen.ended();
            assert_eq!(status, 0, "{name}");
            // 200 ms by the program's own watch; a busy machine adds to it.
            assert!(took < Duration::from_millis(500), "{name}: {took:?}");
            screen.until("the terminal is given back", Screen::is_given_back);
        }
    }
}

#[test]
fn stopped_it_gives_the_terminal_back_and_continued_it_draws_again() {
    let mut screen = Screen::start(&[]);
    screen.sounds();
    screen.signal("TSTP");
    screen.until("it is stopped", |s| s.state() == 'T');
    assert!(screen.is_given_back(), "{}", screen.text());
    screen.signal("CONT");
    let took = screen.until("it draws again", |s| s.text().contains("PERFORM"));
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(!screen.is_given_back());
    screen.keys.write_all(b"\x03y").expect("keys");
    assert_eq!(screen.ended().0, 0);
    screen.until("the terminal is given back", Screen::is_given_back);
}

#[test]
fn a_screen_that_panics_is_put_up_again_and_the_sound_goes_on() {
    let mut screen = Screen::start(&[("CHRONUS_SCREEN_PANICS", "1")]);
    screen.until("it says so", |s| {
        s.text().contains("The screen failed and was put up again")
    });
    screen.sounds();
    assert!(screen.text().contains("none 0"), "{}", screen.text());
    screen.keys.write_all(b"\x03y").expect("keys");
    assert_eq!(screen.ended().0, 0);
    screen.until("the terminal is given back", Screen::is_given_back);
}

#[test]
fn without_its_terminal_it_ends_and_leaves_what_was_changed_to_the_next() {
    let mut screen = Screen::start_with(&[], &["patches/bass/acid.ron"]);
    screen.sounds();
    // A macro of what plays: it is in no file.
    screen.press(b"\x1b[A");
    screen.until("it is turned", |s| s.text().contains("macro cutoff 40 -> "));
    let Screen {
        master,
        keys,
        mut child,
        reading,
        reader,
        home,
        ..
    } = screen;
    reading.store(false, Ordering::Relaxed);
    reader.join().expect("no panic");
    drop(keys);
    drop(master);
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(2), "it does not end");
        sleep(Duration::from_millis(5));
    };
    // Hung up: by signal where it is the terminal's session leader, else by looking.
    assert_ne!(status.exit_code(), 101, "it panicked");
    let left = std::fs::read_dir(home.path().join("chronus/unsaved")).expect("a folder");
    let works = left.filter_map(|e| e.expect("an entry").path().extension().map(|e| e == "json"));
    assert_eq!(works.filter(|is_work| *is_work).count(), 1);
}

#[test]
fn long_input_is_taken_in_to_its_last_letter() {
    let mut screen = Screen::start_with(&[], &["patches/bass/acid.ron"]);
    screen.sounds();
    screen.press(b"3e");
    screen.until("it is edited", |s| s.header().contains("EDIT"));
    // More than is read at once, less than a terminal holds, and no key behind it.
    let mut text = "// as a terminal pastes that does not say so\r".repeat(75);
    text += "// the last line";
    screen.press(text.as_bytes());
    screen.until("all of it is there", |s| s.text().contains("the last line"));
}

#[test]
fn a_terminal_that_nobody_reads_never_delays_the_sound() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("telemetry.jsonl");
    let mut screen = Screen::start_with(&[], &["--telemetry", path.to_str().expect("UTF-8")]);
    screen.sounds();
    // The reader ends; the pseudo-terminal's buffer fills within a few frames, and the screen's thread waits in its write.
    screen.reading.store(false, Ordering::Relaxed);
    sleep(Duration::from_millis(500));
    let before = telemetry(&path);
    sleep(Duration::from_secs(3));
    let after = telemetry(&path);
    let frames = |t: &serde_json::Value| t["frame"].as_u64().expect("a frame");
    let played = frames(&after) - frames(&before);
    // The telemetry itself comes ten times a second and is buffered: so much less may be seen.
    assert!(played > 48_000 * 2, "{played} frames in 3 s");
    for slot in ["A", "B"] {
        let missed = |t: &serde_json::Value| t["slots"][slot]["none_reads"].as_u64();
        assert_eq!(missed(&after), missed(&before), "{after}");
    }
    assert_eq!(after["discontinuities"], 0);
    // A signal ends it all the same.
    screen.signal("TERM");
    assert_eq!(screen.ended().0, 0);
}
