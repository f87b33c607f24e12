//! A script written for the predecessor plays a set, unchanged: what it asked for is in the recording and in the captured output.
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rosc::OscType;

use crate::player::{Player, sounds};

const SCRIPT: &str = include_str!("predecessor.py");
const RATE: f64 = 48_000.0;

/// One statement of the script that this reader knows.
#[derive(Debug, PartialEq)]
enum Line {
    Send(String, Vec<OscType>),
    Sleep(f64),
}

/// What the script does, line by line: `send("/address", values)` and `time.sleep(seconds)`.
fn lines(take: &str) -> Vec<Line> {
    let inside = |line: &str, word: &str| {
        let inside = line.strip_prefix(word)?.strip_suffix(')')?;
        Some(inside.to_owned())
    };
    let value = |text: &str| match text.trim() {
        "TAKE" => OscType::String(take.to_owned()),
        text if text.starts_with('"') => OscType::String(text.trim_matches('"').to_owned()),
        text if text.contains('.') => OscType::Float(text.parse().expect("a number")),
        text => OscType::Int(text.parse().expect("a number")),
    };
    let lines = SCRIPT.lines().filter_map(|line| {
        if let Some(seconds) = inside(line, "time.sleep(") {
            return Some(Line::Sleep(seconds.parse().expect("seconds")));
        }
        let inside = inside(line, "send(")?;
        let mut values = inside.split(", ");
        let address = values.next().expect("an address").trim_matches('"');
        Some(Line::Send(address.to_owned(), values.map(value).collect()))
    });
    lines.collect()
}

/// Where it begins to sound and stops, in seconds, and how high.
struct Tone {
    from: f64,
    to: f64,
    hz: f64,
}

fn tones(path: &Path) -> Vec<Tone> {
    let mut wav = hound::WavReader::open(path).expect("a WAV file");
    let spec = wav.spec();
    assert_eq!(f64::from(spec.sample_rate), RATE);
    let left: Vec<f64> = match spec.sample_format {
        hound::SampleFormat::Float => wav
            .samples::<f32>()
            .step_by(2)
            .map(|s| f64::from(s.expect("a sample")))
            .collect(),
        hound::SampleFormat::Int => {
            let full = f64::from(1u32 << (spec.bits_per_sample - 1));
            wav.samples::<i32>()
                .step_by(2)
                .map(|s| f64::from(s.expect("a sample")) / full)
                .collect()
        }
    };
    // 10 ms each.
    let windows: Vec<&[f64]> = left.chunks(480).collect();
    let loud = |w: &[f64]| (w.iter().map(|x| x * x).sum::<f64>() / w.len() as f64).sqrt() > 0.01;
    // Another pitch is another tone.
    let hz = |w: &[f64]| {
        let ups = w.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
        ups as f64 * RATE / w.len() as f64
    };
    let mut tones: Vec<Tone> = Vec::new();
    let mut began = None;
    for (n, window) in windows.iter().enumerate() {
        let end = n + 1 == windows.len();
        match (began, loud(window) && !end) {
            (None, true) => began = Some(n),
            (Some(from), false) => {
                began = None;
                let whole = &left[from * 480..n * 480];
                let middle = &whole[whole.len() / 4..whole.len() * 3 / 4];
                tones.push(Tone {
                    from: from as f64 / 100.0,
                    to: n as f64 / 100.0,
                    hz: hz(middle),
                });
            }
            _ => {}
        }
    }
    tones
}

/// The bursts of the two sequences, four of each at least, and the second patch.
fn check(path: &Path) {
    let tones = tones(path);
    let told: Vec<String> = tones
        .iter()
        .map(|t| format!("{:.2}-{:.2} {:.0} Hz", t.from, t.to, t.hz))
        .collect();
    let near = |a: f64, b: f64, by: f64| (a - b).abs() <= by;
    // A slot's start may still sound before the first commit, so it is looked for from the first burst; one that a stop cut off
    // is none.
    let whole = |t: &&Tone| t.to - t.from > 0.055;
    let tones: Vec<&Tone> = tones.iter().filter(whole).collect();
    let first = tones.iter().position(|t| near(t.hz, 220.0, 12.0));
    let mut bursts = tones[first.expect("the sequence sounds")..].to_vec();
    let last = bursts.pop().expect("the second patch");
    assert!(near(last.hz, 880.0, 10.0), "{told:?}");
    assert!(last.to - last.from > 0.5, "{told:?}");
    for hz in [220.0, 330.0] {
        let these = bursts.iter().filter(|t| near(t.hz, hz, 26.0)).count();
        assert!(
            these >= 4 && these * 2 + 1 >= bursts.len(),
            "{hz}: {told:?}"
        );
    }
    // Quarters of a second step at first, then twice as fast.
    for apart in [0.5, 0.25] {
        let pairs = bursts.windows(2);
        let these = pairs
            .filter(|p| near(p[1].from - p[0].from, apart, 0.021))
            .count();
        assert!(these >= 3, "{apart} s: {told:?}");
    }
}

fn play(run: impl FnOnce(&Player, &str)) {
    let folder = tempfile::tempdir().expect("a folder");
    let heard = folder.path().join("heard.wav");
    let take = folder.path().join("take.wav");
    let audio = format!("wav:{}", heard.display());
    let mut player = Player::start(&["--audio", &audio, "--state", "off"]);
    player.until(sounds);
    run(&player, take.to_str().expect("UTF-8"));
    let status = player.status();
    assert_eq!(status["discontinuities"], 0);
    player.ok("/quit", vec![]);
    assert_eq!(player.end().0, Some(0));
    check(&heard);
    check(&take);
}

#[test]
fn a_script_of_the_predecessor_is_heard_and_recorded() {
    play(|player, take| {
        for line in lines(take) {
            match line {
                // Whoever wrote it read no answers; here none may be an error.
                Line::Send(address, values) => {
                    let reply = player.ask(&address, values);
                    assert_ne!(reply.addr, "/error", "{address}: {reply:?}");
                }
                Line::Sleep(seconds) => std::thread::sleep(Duration::from_secs_f64(seconds)),
            }
        }
    });
}

#[test]
fn the_same_with_python_osc_itself() {
    let has = Command::new("python3")
        .args(["-c", "import pythonosc"])
        .output();
    if !has.is_ok_and(|out| out.status.success()) {
        eprintln!("SKIPPED: python-osc is not installed");
        return;
    }
    play(|player, take| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli_play/predecessor.py");
        let port = player
            .osc
            .peer_addr()
            .expect("connected")
            .port()
            .to_string();
        let out = Command::new("python3").args([script, &port, take]).output();
        let out = out.expect("runs");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
    });
}
