//! Random keys through a pseudo-terminal into the real program, with patches playing: it lives, the sound never stops for want of
//! frames, Esc leads home, and the terminal is given back.
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::machine::Watch;
use crate::screen::{Screen, telemetry};

const QUICK: usize = 300;
const LONG: usize = 10_000;
/// After so many keys Esc has to lead home.
const BETWEEN: usize = 50;
/// Escapes that this may take: an overlay, a filter, a layer, each screen.
const ESCAPES: usize = 16;
/// Presses of the key behind them.
const TRIES: usize = 4;
/// An escape that is followed at once by another key is read as Alt and that key.
const APART: Duration = Duration::from_millis(12);

struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below
    }

    fn of<'a>(&mut self, all: &'a [&'a str]) -> &'a str {
        all[self.next(all.len())]
    }
}

/// Lines behind `:`. None of them leaves the program.
const LINES: [&str; 18] = [
    "keep 1",
    "bpm 140",
    "bpm x",
    "theme paper",
    "fade 5",
    "carry off",
    "voices 3",
    "revert",
    "new patch",
    "swap now",
    "layout azerty",
    "layout qwerty",
    "notes off",
    "picture",
    "record",
    "auto prime off",
    "auto prime on",
    "wire osc > out",
];

/// Keys that send more than one byte.
const LONG_KEYS: [&str; 30] = [
    "\x1b[A",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[1;2A",
    "\x1b[1;2B",
    "\x1b[1;2C",
    "\x1b[1;2D",
    "\x1b[1;3A",
    "\x1b[1;3B",
    "\x1b[H",
    "\x1b[F",
    "\x1b[5~",
    "\x1b[6~",
    "\x1b[3~",
    "\x1b[Z",
    "\x1bOP",
    "\x1bOQ",
    "\x1bOR",
    "\x1bOS",
    "\x1b[15~",
    "\x1b[17~",
    "\x1b[18~",
    "\x1b[19~",
    "\x1b[20~",
    "\x1b1",
    "\x1b2",
    "\x1bn",
    "é",
    "🎹",
];

/// What a hand that knows nothing might do, but leave.
fn anything(random: &mut Random) -> String {
    match random.next(100) {
        0..45 => char::from(b' ' + random.next(95) as u8).to_string().replace('Q', "q"),
        45..55 => char::from(b'a' + random.next(26) as u8).to_ascii_uppercase().to_string().replace('Q', "1"),
        55..70 => {
            // Ctrl and a letter; ^C asks to leave.
            let code = 1 + random.next(26) as u8;
            char::from(if code == 3 { 5 } else { code }).to_string()
        }
        70..85 => random.of(&LONG_KEYS).to_owned(),
        85..90 => "\r".to_owned(),
        90..93 => {
            let (button, x, y) = (random.of(&["0", "64", "65", "32"]), 1 + random.next(80), 1 + random.next(24));
            let end = if random.next(2) == 0 { 'M' } else { 'm' };
            format!("\x1b[<{button};{x};{y}{end}")
        }
        93..96 => format!(":{}\r", random.of(&LINES)),
        96 => "\x1b[200~(name: \"p\", modules: (o: Sine(), out: Out()), cables: [\"o > out\"])\n\x1b[201~".to_owned(),
        97 => "\x1b[O\x1b[I".to_owned(),
        _ => "\t".to_owned(),
    }
}

fn on(screen: &Screen, name: &str) -> bool {
    let header = screen.header();
    let mut words = header.split_whitespace();
    (words.next(), words.next()) == (Some(name), Some("NAV"))
}

/// Presses Esc until the stage is there and keys mean what they mean.
fn home(screen: &mut Screen) {
    for _ in 0..ESCAPES {
        sleep(APART);
        screen.press(b"\x1b");
    }
    // Only in NAV, with nothing above the screens, is this the way to Files and back.
    lead(screen, b"7", "FILES");
    lead(screen, b"\x1b", "PERFORM");
}

/// Presses a key that leads to a screen; again where a busy program has read it together with the escape before, as Alt.
fn lead(screen: &mut Screen, key: &[u8], name: &str) {
    for _ in 0..TRIES {
        sleep(APART);
        screen.press(key);
        for _ in 0..100 {
            if on(screen, name) {
                return;
            }
            sleep(Duration::from_millis(10));
        }
    }
    panic!("{key:?} does not lead to {name}:\n{}", screen.text());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            // Those take a core by themselves.
            true if entry.file_name() == "bench" => {}
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).expect("copied")),
        }
    }
}

fn soak(keys: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    // So deep that no keys lead out of it, to files that are nobody's business.
    let inside = folder.path().join("d/".repeat(BETWEEN + 10));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&root.join("patches"), &inside.join("patches"));
    let told = folder.path().join("telemetry.jsonl");
    let args = [
        "--telemetry",
        told.to_str().expect("UTF-8"),
        "patches/bass/acid.ron",
    ];
    let mut screen = Screen::start_in(&inside, &[("EDITOR", "true"), ("VISUAL", "true")], &args);
    screen.sounds();
    let watch = Watch::start();
    let mut random = Random(0x5eed);
    let mut recent = Vec::new();
    for n in 1..=keys {
        let key = anything(&mut random);
        screen.press(key.as_bytes());
        recent.push(key);
        sleep(Duration::from_millis(3));
        if n % BETWEEN == 0 {
            if screen.state() == 'T' {
                // `suspend`, from the palette.
                screen.signal("CONT");
            }
            let lives = screen.child.try_wait().expect("a child").is_none();
            assert!(lives, "it ended after {recent:?}\n{}", screen.text());
            println!("{n} keys");
            home(&mut screen);
            recent.clear();
        }
    }
    let machine_ms = watch.end().realtime_ms;
    screen.press(b"\x03y");
    assert_eq!(screen.ended().0, 0);
    screen.until("the terminal is given back", Screen::is_given_back);
    let last = telemetry(&told);
    assert_eq!(last["discontinuities"], 0, "{last}");
    let of = |slot: &str| last["slots"][slot]["none_reads"].as_u64().expect("a count");
    let none_reads = of("A") + of("B");
    let lead_ms = last["lead_ms"].as_f64().unwrap_or(40.0);
    println!(
        "{keys} keys: {none_reads} none-reads; the machine woke us {machine_ms:.1} ms late at worst, lead {lead_ms:.1} ms"
    );
    if none_reads > 0 {
        assert!(machine_ms > lead_ms, "{none_reads} none-reads");
        println!("skipped: the machine woke threads later than the lead");
    }
}

#[test]
fn random_keys_leave_it_alive_and_the_terminal_sane() {
    soak(QUICK);
}

#[test]
#[ignore = "long: ten thousand keys"]
fn ten_thousand_random_keys_leave_it_alive_and_the_terminal_sane() {
    soak(LONG);
}
