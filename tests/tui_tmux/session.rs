//! A tmux server of its own with the program in it, its keys and its screen.
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// The patch that the format was designed on.
pub const ACID: &str = include_str!("../acid.ron");

/// What a look may wait for: generous, because machines are busy.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(15);

pub struct Session {
    server: String,
    /// Settings, sets and unsaved work of this session only.
    home: tempfile::TempDir,
    /// Where its own patch lies.
    patch: Option<(tempfile::TempDir, PathBuf)>,
    /// The shell's line that started it.
    started: String,
}

impl Session {
    /// The hello patch is heard, and its copy stands by. `None` where there is no tmux.
    pub fn hello(name: &str) -> Option<Self> {
        Self::hello_with(name, "", "")
    }

    /// The same with variables of the environment and arguments.
    pub fn hello_with(name: &str, env: &str, args: &str) -> Option<Self> {
        let session = Self::begin(name, env, args)?;
        session.head("A hello LIVE");
        session.head("B copy NET");
        Some(session)
    }

    /// A patch in a file of its own is heard, under the file's name, and its copy stands by.
    pub fn with_patch(name: &str, stem: &str, text: &str) -> Option<Self> {
        Self::with_patch_and(name, (stem, text), "", "")
    }

    /// The same with variables of the environment and arguments.
    pub fn with_patch_and(name: &str, patch: (&str, &str), env: &str, args: &str) -> Option<Self> {
        let session = Self::heard(name, patch, env, args)?;
        session.head("B copy NET");
        Some(session)
    }

    /// The same as soon as it is heard.
    pub fn heard(name: &str, patch: (&str, &str), env: &str, args: &str) -> Option<Self> {
        let (stem, text) = patch;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(stem).with_extension("ron");
        std::fs::write(&path, text).unwrap();
        let args = format!("{args} '{}'", path.display());
        let mut session = Self::begin(name, env, &args)?;
        session.patch = Some((folder, path));
        session.head(&format!("A {stem} LIVE"));
        Some(session)
    }

    /// The program is started; nothing is waited for.
    pub fn begin(name: &str, env: &str, args: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("skipped: tmux is not installed");
            return None;
        }
        let mut session = Self {
            server: format!("chronus-{name}-{}", std::process::id()),
            home: tempfile::tempdir().unwrap(),
            patch: None,
            started: String::new(),
        };
        let shell = "PS1='prompt> ' sh";
        let size = ["-x", "80", "-y", "24"];
        session.tmux(&[&["-f", "/dev/null", "new", "-d"], &size[..], &[shell]].concat());
        let program = env!("CARGO_BIN_EXE_chronus");
        let folder = env!("CARGO_MANIFEST_DIR");
        let home = session.home.path().display();
        session.started = format!(
            "cd '{folder}'; export XDG_CONFIG_HOME='{home}' XDG_STATE_HOME='{home}'; clear; {env} '{program}' --audio null --osc off --midi off {args}; echo exit=$?"
        );
        session.line(&session.started);
        Some(session)
    }

    /// Kills it, as nothing that it could answer, and starts it again.
    pub fn killed_and_again(&self) {
        let pid = self.tmux(&["display", "-p", "#{pane_pid}"]);
        let kill = format!("pkill -KILL -P {}", pid.trim());
        Command::new("sh").args(["-c", &kill]).status().unwrap();
        self.wait("exit=137");
        // It left the terminal as it had it.
        self.letters("stty sane; printf '\\033c'");
        self.keys("C-j");
        // What is typed while the terminal's mode changes may be lost.
        self.until("the shell is back", |t| {
            !t.contains("exit=137") && t.contains("prompt>")
        });
        self.again();
    }

    /// Starts it again, with the same settings and state.
    pub fn again(&self) {
        self.line(&self.started);
    }

    /// What the files in one of its own folders say.
    pub fn kept(&self, folder: &str) -> String {
        let files = std::fs::read_dir(self.home.path().join(folder));
        let files = files.into_iter().flatten().flatten();
        let texts = files.map(|f| std::fs::read_to_string(f.path()).unwrap_or_default());
        texts.collect()
    }

    /// The file of its own patch.
    pub fn patch(&self) -> &Path {
        self.patch.as_ref().map_or(Path::new(""), |(_, path)| path)
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
        self.letters(text);
        self.keys("Enter");
    }

    /// Keys by tmux's names, separated by blanks. A terminal sends Alt and a letter as Escape and that letter, so that what
    /// follows Escape has to wait until Escape was seen.
    pub fn keys(&self, keys: &str) {
        let keys: Vec<&str> = keys.split(' ').collect();
        let before_last = &keys[..keys.len() - 1];
        assert!(!before_last.contains(&"Escape"), "{keys:?}");
        for key in keys {
            self.tmux(&["send-keys", key]);
        }
    }

    /// Letters as they are.
    pub fn letters(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Back to NAV.
    pub fn escape(&self) {
        self.keys("Escape");
        self.head(" NAV ");
    }

    /// To a screen by its number, and there.
    pub fn screen(&self, number: u8) {
        const NAMES: [&str; 7] = [
            "PERFORM", "PATCH", "TEXT", "PATTERN", "DIAG", "LOG", "FILES",
        ];
        self.keys(&number.to_string());
        self.head(NAMES[usize::from(number) - 1]);
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

    /// The same where nothing that stands still changes any more between two looks.
    pub fn at_rest(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let before = std::cell::RefCell::new(String::new());
        self.until(what, |text| {
            let now = still(text);
            let rests = *before.borrow() == now;
            before.replace(now);
            rests && wanted(text)
        })
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

/// What stands still while it plays: frames, titles, words. Numbers, bars and curves go on.
pub fn still(screen: &str) -> String {
    let keep = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '┌' | '┐' | '└' | '┘' => c,
        _ => ' ',
    };
    // Levels are numbers or "-inf", and the ring's numbers move what stands behind them.
    let moves = |l: &str| ["│ L ", "│ R ", "│ ring "].iter().any(|m| l.starts_with(m));
    let row = |l: &str| match moves(l) {
        true => String::new(),
        false => l.chars().map(keep).collect(),
    };
    screen
        .lines()
        .skip(1)
        .map(row)
        .collect::<Vec<_>>()
        .join("\n")
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
