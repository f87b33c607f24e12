//! The real binary playing on virtual devices: it starts in time, answers, survives what OSC can send, and ends when told.
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rosc::{OscMessage, OscPacket, OscType, decoder, encoder};
use serde_json::Value;

mod predecessor;

/// A playing program, its telemetry and its OSC port.
struct Player {
    child: Child,
    started: Instant,
    telemetry: BufReader<ChildStdout>,
    osc: UdpSocket,
}

impl Player {
    fn start(args: &[&str]) -> Self {
        Self::run(&mut Command::new(env!("CARGO_BIN_EXE_chronus")), args)
    }

    /// Through a line of shell, with the program and its arguments behind it.
    #[cfg(unix)]
    fn start_by(shell: &str, args: &[&str]) -> Self {
        let mut sh = Command::new("sh");
        Self::run(sh.args(["-c", shell, env!("CARGO_BIN_EXE_chronus")]), args)
    }

    fn run(command: &mut Command, args: &[&str]) -> Self {
        let started = Instant::now();
        let mut child = command
            .args(["--headless", "--telemetry", "-", "--osc", "127.0.0.1:0"])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        let telemetry = BufReader::new(child.stdout.take().expect("stdout"));
        let port = first_line(&mut child, "osc ");
        let bound: SocketAddr = port.trim_start_matches("osc ").parse().expect("an address");
        let osc = UdpSocket::bind("127.0.0.1:0").expect("binds");
        osc.connect(bound).expect("connects");
        osc.set_read_timeout(Some(Duration::from_secs(10)))
            .expect("time-out");
        Self {
            child,
            started,
            telemetry,
            osc,
        }
    }

    /// The next line of telemetry for which `wanted` holds.
    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut text = String::new();
        loop {
            text.clear();
            let size = self.telemetry.read_line(&mut text).expect("telemetry");
            assert!(size > 0, "the telemetry ended early");
            let line: Value = serde_json::from_str(&text).expect("JSON");
            if wanted(&line) {
                return line;
            }
        }
    }

    fn ask(&self, addr: &str, args: Vec<OscType>) -> OscMessage {
        let message = OscPacket::Message(OscMessage {
            addr: addr.into(),
            args,
        });
        self.osc
            .send(&encoder::encode(&message).expect("encodes"))
            .expect("sends");
        self.answer()
    }

    fn answer(&self) -> OscMessage {
        let mut bytes = [0; 65_536];
        let size = self.osc.recv(&mut bytes).expect("an answer");
        match decoder::decode_udp(&bytes[..size]).expect("decodes").1 {
            OscPacket::Message(message) => message,
            OscPacket::Bundle(_) => panic!("answers are messages"),
        }
    }

    fn status(&self) -> Value {
        let reply = self.ask("/status", vec![]);
        assert_eq!(reply.addr, "/status.reply", "{reply:?}");
        match &reply.args[..] {
            [OscType::String(text)] => serde_json::from_str(text).expect("JSON"),
            other => panic!("{other:?}"),
        }
    }

    fn ok(&self, addr: &str, args: Vec<OscType>) {
        let reply = self.ask(addr, args);
        assert_eq!(reply.addr, "/ok", "{reply:?}");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|s| s.success()), "kill -{name}");
    }

    /// Waits for the end; the exit status and how long it took.
    fn end(mut self) -> (Option<i32>, Duration) {
        let from = Instant::now();
        // Nobody reads any more: the program must not care.
        drop(self.telemetry);
        let status = self.child.wait().expect("ends");
        (status.code(), from.elapsed())
    }
}

/// Reads the program's stderr until a line begins so, and goes on reading so that it never blocks.
fn first_line(child: &mut Child, begins: &'static str) -> String {
    let stderr = BufReader::new(child.stderr.take().expect("stderr"));
    let (sender, lines): (_, Receiver<String>) = channel();
    std::thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut seen = Vec::new();
    while let Ok(line) = lines.recv_timeout(Duration::from_secs(20)) {
        if line.starts_with(begins) {
            return line;
        }
        seen.push(line);
    }
    panic!("no line `{begins}…` on stderr: {seen:?}");
}

fn text(text: &str) -> OscType {
    OscType::String(text.to_owned())
}

fn sounds(line: &Value) -> bool {
    line["peak"][0].as_f64() > Some(1e-4)
}

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

#[test]
#[cfg(target_os = "linux")]
fn broken_packets_cost_neither_sound_nor_memory() {
    let player = Player::start(&["--audio", "null"]);
    let mut seed = 7u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    let whole = b"/mod/line/gate\0\0,f\0\0\x3f\0\0\0".to_vec();
    let round = |random: &mut dyn FnMut(usize) -> usize| {
        for n in 0..50_000 {
            let mut packet = whole.clone();
            for _ in 0..=random(4) {
                let at = random(packet.len());
                packet[at] = random(256) as u8;
            }
            player.osc.send(&packet).expect("sends");
            if n % 64 == 0 {
                drain(&player);
            }
        }
        for bomb in bombs() {
            player.osc.send(&bomb).expect("sends");
            assert_eq!(player.answer().addr, "/error");
        }
        drain(&player);
        resident_kib(&player)
    };
    let before = round(&mut random);
    let after = round(&mut random);
    assert!(after < before + 4_096, "{before} KiB, then {after} KiB");
    let status = player.status();
    assert_eq!(status["discontinuities"], 0);
    player.ok("/quit", vec![]);
    assert_eq!(player.end().0, Some(0));
}

/// Nested bundles and nested arrays that would overflow the decoder's stack.
#[cfg(target_os = "linux")]
fn bombs() -> [Vec<u8>; 2] {
    let mut bundles = Vec::new();
    for _ in 0..2_200 {
        let mut outer = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
        if !bundles.is_empty() {
            outer.extend((bundles.len() as u32).to_be_bytes());
        }
        outer.extend(&bundles);
        bundles = outer;
    }
    let mut arrays = b"/a\0\0,".to_vec();
    arrays.resize(5 + 32_700, b'[');
    arrays.resize(5 + 65_400, b']');
    arrays.push(0);
    arrays.resize(arrays.len().next_multiple_of(4), 0);
    [bundles, arrays]
}

/// Reads answers up to a ping's.
#[cfg(target_os = "linux")]
fn drain(player: &Player) {
    let mut answer = player.ask("/ping", vec![]);
    while answer.addr != "/pong" {
        answer = player.answer();
    }
}

#[cfg(target_os = "linux")]
fn resident_kib(player: &Player) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", player.child.id())).expect("status");
    let line = status
        .lines()
        .find(|l| l.starts_with("VmRSS:"))
        .expect("VmRSS");
    line.split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("a number")
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
