//! Recordings are whole, whatever ends them.
use std::time::{Duration, Instant};

use rosc::OscType;
use serde_json::Value;

use crate::player::{Player, sounds, text};

#[test]
fn recordings_are_begun_ended_and_kept_by_messages() {
    let folder = tempfile::tempdir().expect("a folder");
    let take = folder.path().join("take.wav");
    let place = folder.path().to_str().expect("UTF-8").to_owned();
    let mut player = Player::start(&["--audio", "null", "--recordings", &place]);
    player.until(sounds);
    player.ok("/record/start", vec![text(take.to_str().expect("UTF-8"))]);
    player.until(|line| line["event"] == "record_started");
    player.until(|line| line["recording"]["seconds"].as_f64() > Some(0.5));
    let reply = player.ask("/record/status", vec![]);
    assert_eq!(reply.addr, "/record/status.reply");
    player.ok("/record/stop", vec![]);
    let stopped = player.until(|line| line["event"] == "record_stopped");
    let seconds = stopped["seconds"].as_f64().expect("a number");
    assert_eq!(
        player.ask("/record/stop", vec![]).addr,
        "/error",
        "nothing is recorded"
    );
    player.ok("/record/keep", vec![OscType::Float(0.5)]);
    player.until(|line| line["event"] == "kept");
    // The same name again: nothing is lost, and it is said where the first take is.
    let again = player.ask("/record/start", vec![text(take.to_str().expect("UTF-8"))]);
    assert_eq!(again.addr, "/ok");
    let first = folder.path().join("take-1.wav");
    let told = again.args.get(1).cloned().and_then(OscType::string);
    assert!(told.is_some_and(|t| t.contains("take-1.wav")), "{again:?}");
    player.ok("/record/stop", vec![]);
    std::fs::write(folder.path().join("notes.wav"), "words").expect("written");
    let notes = folder.path().join("notes.wav");
    let refused = player.ask("/record/start", vec![text(notes.to_str().expect("UTF-8"))]);
    assert_eq!(refused.addr, "/error");
    let failed = player.until(|line| line["event"] == "record_failed");
    let sentence = failed["sentence"].as_str().expect("text");
    assert!(sentence.contains("A keeps playing"), "{failed}");
    player.ok("/quit", vec![]);
    assert_eq!(player.end().0, Some(0));
    let mut wav = hound::WavReader::open(&first).expect("a WAV file");
    let rate = f64::from(wav.spec().sample_rate);
    assert!((f64::from(wav.duration()) / rate - seconds).abs() < 0.001);
    let loudest = wav
        .samples::<i32>()
        .map(|s| s.expect("a sample").abs())
        .max();
    assert!(loudest > Some(100_000), "{loudest:?}");
}

/// Seconds of sound in a file that its header promises.
fn seconds(path: &std::path::Path) -> f64 {
    let mut wav = hound::WavReader::open(path).expect("a WAV file");
    let promised = wav.duration();
    let samples = wav.samples::<i32>().map_while(Result::ok).count();
    assert_eq!(
        samples as u32,
        2 * promised,
        "the header promises what is there"
    );
    f64::from(promised) / f64::from(wav.spec().sample_rate)
}

#[test]
fn a_killed_program_leaves_a_whole_recording_but_for_the_last_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let take = folder.path().join("take.wav");
    let mut player = Player::start(&["--audio", "null", "--state", "off"]);
    player.until(sounds);
    player.ok("/record/start", vec![text(take.to_str().expect("UTF-8"))]);
    let begun = Instant::now();
    std::thread::sleep(Duration::from_millis(1_500));
    player.child.kill().expect("killed");
    let lasted = begun.elapsed().as_secs_f64();
    player.child.wait().expect("ends");
    let seconds = seconds(&take);
    assert!(seconds > lasted - 0.5, "{seconds} s of {lasted} s");
}

#[test]
#[cfg(unix)]
fn a_full_disk_ends_the_recording_and_not_the_sound() {
    let folder = tempfile::tempdir().expect("a folder");
    let take = folder.path().join("take.wav");
    // No file may grow beyond 200 blocks of 512 or 1024 bytes: half a second or so. Python is no need: the shell can do it.
    let mut player = Player::start_by(
        "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"",
        &["--audio", "null", "--state", "off"],
    );
    player.until(sounds);
    player.ok("/record/start", vec![text(take.to_str().expect("UTF-8"))]);
    let failed = player.until(|line| line["event"] == "record_failed");
    let told = failed["seconds"].as_f64().expect("a number");
    assert!(told > 0.2, "{failed}");
    let sentence = failed["sentence"].as_str().expect("text");
    assert!(sentence.contains("A keeps playing"), "{failed}");
    // Every frame that it took is in it, and another one can be made.
    let inside = seconds(&take);
    assert!((inside - told).abs() < 0.001, "{inside} of {told}");
    let full = std::fs::metadata(&take).expect("there").len();
    assert!(
        full as f64 - 92.0 - inside * 48_000.0 * 6.0 < 6.0,
        "{full} bytes, {inside} s"
    );
    player.until(sounds);
    let status = player.status();
    assert_eq!(status["discontinuities"], 0);
    assert_eq!(status["recording"], Value::Null);
    let next = folder.path().join("next.wav");
    player.ok("/record/start", vec![text(next.to_str().expect("UTF-8"))]);
    player.ok("/record/stop", vec![]);
    player.ok("/quit", vec![]);
    assert_eq!(player.end().0, Some(0));
}
