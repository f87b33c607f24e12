//! A playing program, its telemetry and its OSC port.
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rosc::{OscMessage, OscPacket, OscType, decoder, encoder};
use serde_json::Value;

/// A playing program, its telemetry and its OSC port.
pub struct Player {
    pub child: Child,
    pub started: Instant,
    pub telemetry: BufReader<ChildStdout>,
    pub osc: UdpSocket,
}

impl Player {
    pub fn start(args: &[&str]) -> Self {
        Self::run(&mut Command::new(env!("CARGO_BIN_EXE_chronus")), args)
    }

    /// Through a line of shell, with the program and its arguments behind it.
    #[cfg(unix)]
    pub fn start_by(shell: &str, args: &[&str]) -> Self {
        let mut sh = Command::new("sh");
        Self::run(sh.args(["-c", shell, env!("CARGO_BIN_EXE_chronus")]), args)
    }

    pub fn run(command: &mut Command, args: &[&str]) -> Self {
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
    pub fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
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

    pub fn ask(&self, addr: &str, args: Vec<OscType>) -> OscMessage {
        let message = OscPacket::Message(OscMessage {
            addr: addr.into(),
            args,
        });
        self.osc
            .send(&encoder::encode(&message).expect("encodes"))
            .expect("sends");
        self.answer()
    }

    pub fn answer(&self) -> OscMessage {
        let mut bytes = [0; 65_536];
        let size = self.osc.recv(&mut bytes).expect("an answer");
        match decoder::decode_udp(&bytes[..size]).expect("decodes").1 {
            OscPacket::Message(message) => message,
            OscPacket::Bundle(_) => panic!("answers are messages"),
        }
    }

    pub fn status(&self) -> Value {
        let reply = self.ask("/status", vec![]);
        assert_eq!(reply.addr, "/status.reply", "{reply:?}");
        match &reply.args[..] {
            [OscType::String(text)] => serde_json::from_str(text).expect("JSON"),
            other => panic!("{other:?}"),
        }
    }

    pub fn ok(&self, addr: &str, args: Vec<OscType>) {
        let reply = self.ask(addr, args);
        assert_eq!(reply.addr, "/ok", "{reply:?}");
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|s| s.success()), "kill -{name}");
    }

    /// Waits for the end; the exit status and how long it took.
    pub fn end(mut self) -> (Option<i32>, Duration) {
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

pub fn text(text: &str) -> OscType {
    OscType::String(text.to_owned())
}

pub fn sounds(line: &Value) -> bool {
    line["peak"][0].as_f64() > Some(1e-4)
}
