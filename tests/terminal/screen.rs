//! The real program on a pseudo-terminal, and a terminal that shows what it draws.
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const PATIENCE: Duration = Duration::from_secs(15);

pub struct Screen {
    pub master: Box<dyn MasterPty + Send>,
    pub keys: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    pub before: String,
    pub shown: Arc<Mutex<vt100::Parser>>,
    pub reading: Arc<AtomicBool>,
    pub reader: JoinHandle<()>,
    /// When something was drawn.
    pub drawn: Receiver<Instant>,
    /// Settings, sets and unsaved work of this program only.
    pub home: tempfile::TempDir,
}

impl Screen {
    pub fn start(environment: &[(&str, &str)]) -> Self {
        Self::start_with(environment, &[])
    }

    pub fn start_with(environment: &[(&str, &str)], args: &[&str]) -> Self {
        Self::start_in(Path::new(env!("CARGO_MANIFEST_DIR")), environment, args)
    }

    pub fn start_in(folder: &Path, environment: &[(&str, &str)], args: &[&str]) -> Self {
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
        command.args(["--audio", "null", "--osc", "off", "--midi", "off"]);
        command.args(args);
        command.cwd(folder);
        let home = tempfile::tempdir().expect("a folder");
        command.env("XDG_CONFIG_HOME", home.path());
        command.env("XDG_STATE_HOME", home.path());
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
        let (tell, drawn) = channel();
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 65_536];
            while on.load(Ordering::Relaxed) {
                match output.read(&mut bytes) {
                    Ok(0) | Err(_) => return,
                    Ok(n) => screen.lock().expect("no panic").process(&bytes[..n]),
                }
                if tell.send(Instant::now()).is_err() {
                    return;
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
            drawn,
            home,
        }
    }

    /// The first row.
    pub fn header(&self) -> String {
        let shown = self.shown.lock().expect("no panic");
        shown.screen().rows(0, 80).next().unwrap_or_default()
    }

    pub fn press(&mut self, bytes: &[u8]) {
        self.keys.write_all(bytes).expect("keys");
        self.keys.flush().expect("keys");
    }

    pub fn text(&self) -> String {
        self.shown.lock().expect("no panic").screen().contents()
    }

    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) -> Duration {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "never: {what}\n{}", self.text());
            sleep(Duration::from_millis(5));
        }
        begun.elapsed()
    }

    pub fn sounds(&self) {
        self.until("it sounds", |s| s.text().contains("LIVE"));
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.process_id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill").success());
    }

    /// The letter that the system has for what the process does: T is stopped.
    pub fn state(&self) -> char {
        let id = self.child.process_id().expect("it runs");
        let stat = Command::new("ps")
            .args(["-o", "stat=", "-p", &id.to_string()])
            .output();
        let stat = stat.expect("ps").stdout;
        stat.first().map_or('-', |b| char::from(*b))
    }

    /// Its status, and how long it took to end.
    pub fn ended(&mut self) -> (u32, Duration) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return (status.exit_code(), begun.elapsed());
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            sleep(Duration::from_millis(2));
        }
    }

    pub fn is_given_back(&self) -> bool {
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

/// The newest line of the telemetry.
pub fn telemetry(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).expect("telemetry");
    let whole = text
        .lines()
        .rev()
        .find_map(|l| serde_json::from_str(l).ok());
    whole.expect("a line of telemetry")
}
