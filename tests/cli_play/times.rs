//! It starts in time, answers, and ends when told.
use std::process::Command;
use std::time::Duration;

use rosc::OscType;

use crate::player::{Player, sounds, text};

#[test]
fn it_sounds_within_a_second_of_its_start() {
    // The best of three: another program may have the cores for a moment.
    let best = (0..3)
        .map(|_| {
            let mut player = Player::start(&["--audio", "null"]);
            player.until(sounds);
            let after = player.started.elapsed();
            player.signal("TERM");
            player.end();
            after
        })
        .min();
    assert!(best < Some(Duration::from_secs(1)), "{best:?}");
}

#[test]
fn signals_end_it_in_time() {
    for name in ["TERM", "INT", "HUP"] {
        let best = (0..3)
            .map(|_| {
                let mut player = Player::start(&["--audio", "null"]);
                player.until(sounds);
                player.signal(name);
                let (status, took) = player.end();
                assert_eq!(status, Some(0), "SIG{name}");
                took
            })
            .min();
        assert!(
            best < Some(Duration::from_millis(200)),
            "SIG{name}: {best:?}"
        );
    }
}

#[test]
fn telemetry_tells_the_first_seconds() {
    let mut player = Player::start(&["--audio", "null", "--for", "1500ms"]);
    let primed = player.until(|line| line["event"] == "primed");
    assert_eq!(primed["slot"], "A");
    assert!(primed["prime_ms"].as_f64() > Some(0.0));
    let quit = player.until(|line| line["event"] == "quit");
    assert_eq!(quit["slots"]["A"]["state"], "Live");
    assert_eq!(quit["slots"]["A"]["patch"], "hello");
    assert_eq!(quit["discontinuities"], 0);
    assert!(quit["frame"].as_u64() > Some(48_000));
    assert!(quit["lead_ms"].as_f64() <= Some(60.0));
    assert!(quit["callback"]["count"].as_u64() > Some(200));
    assert_eq!(player.end().0, Some(0));
}

#[test]
fn a_patch_is_built_by_messages_heard_and_ended() {
    let mut player = Player::start(&["--audio", "null"]);
    player.until(sounds);
    // The predecessor's way.
    player.ok("/patch/create", vec![text("osc1"), text("simple_sine")]);
    player.ok("/patch/create", vec![text("env1"), text("adsr")]);
    player.ok("/patch/connect", vec![text("osc1"), text("env1")]);
    player.ok("/mod/osc1/freq", vec![OscType::Float(220.0)]);
    player.ok("/gate/env1", vec![OscType::Int(1)]);
    player.ok("/patch/commit", vec![]);
    let swapped = player.until(|line| line["event"] == "swapped");
    assert_eq!(swapped["to"], "B");
    player.until(|line| line["slots"]["B"]["state"] == "Live");
    player.ok("/mod/osc1/frequency", vec![OscType::Int(330)]);
    let refused = player.ask("/mod/osc1/freq", vec![OscType::Float(1e9)]);
    assert_eq!(refused.addr, "/error");
    let status = player.status();
    assert_eq!(status["live"], "B");
    assert_eq!(status["discontinuities"], 0);
    player.ok("/quit", vec![]);
    assert_eq!(player.end().0, Some(0));
}

#[test]
fn what_is_heard_is_captured() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("take.wav");
    let audio = format!("wav:{}", path.display());
    let player = Player::start(&["--audio", &audio, "--for", "1s"]);
    assert_eq!(player.end().0, Some(0));
    let mut wav = hound::WavReader::open(&path).expect("a WAV file");
    let samples: Vec<f32> = wav.samples::<f32>().map(|s| s.expect("sample")).collect();
    assert!(samples.len() / 2 > 40_000, "{}", samples.len());
    assert!(samples.iter().any(|s| s.abs() > 0.01));
    assert!(samples.iter().all(|s| s.abs() <= 1.0));
    // Faded out, not cut.
    assert!(samples[samples.len() - 8..].iter().all(|s| s.abs() < 1e-3));
}

#[test]
fn what_can_not_start_says_why() {
    let run = |args: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_chronus"))
            .args(args)
            .output()
            .expect("runs");
        (
            out.status.code(),
            String::from_utf8_lossy(&out.stderr).into_owned(),
        )
    };
    let folder = tempfile::tempdir().expect("folder");
    let silent = folder.path().join("silent.ron");
    std::fs::write(
        &silent,
        "(name: \"silent\", modules: (osc: Sine(level: 0), out: Out()), cables: [\"osc > out\"])",
    )
    .expect("written");
    let silent = silent.display().to_string();
    let table: &[(&[&str], i32, &str)] = &[
        (
            &["--audio", "wav:/absent/a.wav", "--headless"],
            1,
            "/absent/a.wav",
        ),
        (&["absent.ron", "--headless"], 1, "absent.ron"),
        (
            &[&silent, "--headless", "--audio", "null", "--osc", "off"],
            1,
            "silent",
        ),
        (
            &["--telemetry", "/absent/t", "--headless"],
            1,
            "--telemetry",
        ),
        (&["--log", "/absent/l", "--headless"], 1, "--log"),
        (
            &["--osc", "192.0.2.1:5005", "--headless", "--audio", "null"],
            3,
            "--osc",
        ),
    ];
    for (args, status, words) in table {
        let (code, err) = run(args);
        assert_eq!(code, Some(*status), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
}
