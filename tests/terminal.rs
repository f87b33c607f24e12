//! The terminal is given back as it was: after signals, after a stop, when the screen panics, and when the terminal itself goes.
#![cfg(all(unix, feature = "faults"))]
use std::io::{Read, Write};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const PATIENCE: Duration = Duration::from_secs(15);

/// The real program on a pseudo-terminal, and a terminal that shows what it draws.
struct Screen {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    before: String,
    shown: Arc<Mutex<vt100::Parser>>,
    reading: Arc<AtomicBool>,
    reader: JoinHandle<()>,
}

impl Screen {
    fn start(environment: &[(&str, &str)]) -> Self {
        Self::start_with(environment, &[])
    }

    fn start_with(environment: &[(&str, &str)], args: &[&str]) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system()
            .openpty(size)
            .expect("a pseudo-terminal");
        let before = modes(&*pair.master);
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chronus"));
        command.args(["--audio", "null", "--osc", "off"]);
        command.args(args);
        command.env("TERM", "xterm-256color");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("starts");
        drop(pair.slave);
        let keys = pair.master.take_writer().expect("a writer");
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let shown = Arc::new(Mutex::new(vt100::Parser::new(24, 80, 0)));
        let reading = Arc::new(AtomicBool::new(true));
        let (screen, on) = (shown.clone(), reading.clone());
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 65_536];
            while on.load(Ordering::Relaxed) {
                match output.read(&mut bytes) {
                    Ok(0) | Err(_) => return,
                    Ok(n) => screen.lock().expect("no panic").process(&bytes[..n]),
                }
            }
        });
        Self {
            master: pair.master,
            keys,
            child,
            before,
            shown,
            reading,
            reader,
        }
    }

    fn text(&self) -> String {
        self.shown.lock().expect("no panic").screen().contents()
    }

    fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) -> Duration {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "never: {what}\n{}", self.text());
            sleep(Duration::from_millis(5));
        }
        begun.elapsed()
    }

    fn sounds(&self) {
        self.until("it sounds", |s| s.text().contains("LIVE"));
    }

    fn signal(&self, name: &str) {
        let id = self.child.process_id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill").success());
    }

    /// The letter that the system has for what the process does: T is stopped.
    fn state(&self) -> char {
        let id = self.child.process_id().expect("it runs");
        let stat = Command::new("ps")
            .args(["-o", "stat=", "-p", &id.to_string()])
            .output();
        let stat = stat.expect("ps").stdout;
        stat.first().map_or('-', |b| char::from(*b))
    }

    /// Its status, and how long it took to end.
    fn ended(&mut self) -> (u32, Duration) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return (status.exit_code(), begun.elapsed());
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            sleep(Duration::from_millis(2));
        }
    }

    fn is_given_back(&self) -> bool {
        modes(&*self.master) == self.before
            && !self
                .shown
                .lock()
                .expect("no panic")
                .screen()
                .alternate_screen()
            && !self.shown.lock().expect("no panic").screen().hide_cursor()
    }
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal"))
}

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
fn without_its_terminal_it_ends() {
    let screen = Screen::start(&[]);
    screen.sounds();
    let Screen {
        master,
        keys,
        mut child,
        reading,
        reader,
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
}

/// The newest line of the telemetry.
fn telemetry(path: &std::path::Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).expect("telemetry");
    let whole = text
        .lines()
        .rev()
        .find_map(|l| serde_json::from_str(l).ok());
    whole.expect("a line of telemetry")
}

#[test]
#[ignore = "never run yet: run it with --ignored, then take this line away"]
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
