//! A tmux server of its own with the program in it, its keys and its screen.
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

pub const ACID: &str = r#"(
  name: "acid bass", bpm: 132,
  modules: (
    seq: Seq(rate: "1/16", gate: 0.6, steps: "C2 C2 Eb2! - C3~ G1 C2! Bb1"),
    vco: Saw(),
    env: Adsr(a: "2ms", d: "180ms", s: 0, r: "40ms"),
    vcf: Ladder(cutoff: "400Hz", res: 0.82, drive: 1.4),
    vca: Vca(),
    dly: Delay(time: "3/16", feedback: 0.35, mix: 0.2),
    out: Out(gain: "-9dB"),
  ),
  cables: [
    "vco > vcf > vca > dly > out",
    "seq.pitch > vco.pitch",
    "seq.gate > env.gate",
    "env > vca.cv",
    "env > vcf.cutoff * 2.5oct",
    "seq.accent > vcf.res * 0.15",
  ],
)
"#;

/// What a look may wait for: generous, because machines are busy.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(15);

pub struct Session {
    server: String,
    /// Settings, sets and unsaved work of this session only.
    _home: tempfile::TempDir,
}

impl Session {
    /// `None` where there is no tmux.
    pub fn start(name: &str, env: &str, args: &str) -> Option<Self> {
        let session = Self::begin(name, env, args)?;
        session.wait("NAV");
        Some(session)
    }

    /// The same without waiting for the first frame.
    pub fn begin(name: &str, env: &str, args: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("skipped: tmux is not installed");
            return None;
        }
        let session = Self {
            server: format!("chronus-{name}-{}", std::process::id()),
            _home: tempfile::tempdir().unwrap(),
        };
        session.tmux(&[
            "-f",
            "/dev/null",
            "new",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            "PS1='prompt> ' sh",
        ]);
        let program = env!("CARGO_BIN_EXE_chronus");
        let folder = env!("CARGO_MANIFEST_DIR");
        let home = session._home.path().display();
        session.line(&format!(
            "cd '{folder}'; export XDG_CONFIG_HOME='{home}' XDG_STATE_HOME='{home}'; clear; {env} '{program}' --audio null --osc off --midi off {args}; echo exit=$?"
        ));
        Some(session)
    }

    pub fn tmux(&self, args: &[&str]) -> String {
        let output: Output = Command::new("tmux")
            .args(["-L", &self.server])
            .args(args)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Letters as they are, then Enter.
    pub fn line(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
        self.keys("Enter");
    }

    /// Keys by tmux's names, separated by blanks.
    pub fn keys(&self, keys: &str) {
        for key in keys.split(' ') {
            self.tmux(&["send-keys", key]);
        }
    }

    /// What a terminal sends for the mouse: a button's code, a place from 1, `M` for down and on, `m` for up.
    pub fn mouse(&self, button: u8, (x, y): (usize, usize), end: char) {
        let sequence = format!("\x1b[<{button};{x};{y}{end}");
        self.tmux(&["send-keys", "-l", &sequence]);
    }

    /// An action by its name, through the palette.
    pub fn command(&self, name: &str) {
        self.keys(":");
        self.line(name);
    }

    /// On the Patch screen: to a port or a knob by its name, and there.
    pub fn focus(&self, name: &str, said: &str) {
        self.keys("/");
        self.wait("Enter takes it");
        self.line(name);
        self.until(name, |t| t.contains(said) && !t.contains("Enter takes it"));
    }

    pub fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until the screen is as wanted; gives it back.
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let text = self.text();
            if wanted(&text) {
                return text;
            }
            assert!(start.elapsed() < PATIENCE, "{what} did not come:\n{text}");
            std::thread::sleep(GLANCE);
        }
    }

    pub fn wait(&self, wanted: &str) -> String {
        self.until(wanted, |text| text.contains(wanted))
    }

    /// Waits for words in the first row.
    pub fn head(&self, wanted: &str) -> String {
        self.until(wanted, |text| header(text).contains(wanted))
    }

    pub fn never_ran_dry(&self) {
        never_ran_dry(&self.text());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// A patch in a file of its own.
pub fn patch_file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name).with_extension("ron");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

pub fn header(screen: &str) -> &str {
    screen.lines().next().unwrap_or_default()
}

/// Whatever was asked of the sound: the audible slot was never without. The null device counts how often the machine woke it too
/// late; where it did, the figure is no figure.
pub fn never_ran_dry(screen: &str) {
    let first = header(screen);
    if !first.contains(" none 0 ") {
        assert!(!first.contains(" xrun 0 "), "{screen}");
        eprintln!("skipped: the machine woke the device too late: {first}");
    }
}

/// Screen, layer, what both slots hold and how they stand: the part of the header that is words.
pub fn states(screen: &str) -> String {
    let words = header(screen).split_whitespace();
    let skip = |w: &&str| !w.starts_with('▶') && !w.contains('.');
    let words: Vec<_> = words.take_while(|w| *w != "none").filter(skip).collect();
    words.join(" ")
}

/// The level beside the first meter of a slot, in dBFS: 0 for A, 1 for B.
pub fn level_of(screen: &str, slot: usize) -> Option<f32> {
    let row = screen.lines().find(|l| l.starts_with("│ L "))?;
    let half = row.split("││").nth(slot)?;
    let mut words = half.split("pk").next()?.split_whitespace();
    words.next_back()?.parse().ok()
}

pub fn sounds(screen: &str) -> bool {
    level_of(screen, 0).is_some_and(|db| db > -60.0)
}

/// The number behind a knob's name in the inspector.
pub fn knob(screen: &str, name: &str) -> Option<f32> {
    let rows = screen.lines().filter_map(|l| l.rsplit_once("││"));
    let mut rows = rows.map(|(_, inspector)| inspector.trim());
    let row = rows.find(|l| l.strip_prefix(name).is_some_and(|r| r.starts_with(' ')))?;
    let mut words = row[name.len()..].split_whitespace();
    let value: f32 = words.next()?.parse().ok()?;
    match words.next() {
        Some("kHz") => Some(value * 1_000.0),
        _ => Some(value),
    }
}
