//! The OSC server over a real socket, with a script in the supervisor's place: every message is answered, nothing kills it.
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime};

use chronus::control::command::{At, Command, Record, Request};
use chronus::control::handle::Unsent;
use chronus::osc::addresses::{ADDRESSES, Folders};
use chronus::osc::args::ArgKind;
use chronus::osc::server::{Inbox, Server};
use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType, decoder, encoder};

/// Says yes to everything, except to a note of 13, and reports what came.
struct Script(Sender<(Command, At)>);

impl Inbox for Script {
    fn send(&self, request: Request) -> Result<(), Unsent> {
        let answer = match &request.command {
            Command::Note { note, .. } if *note == 13.0 => Err("bad luck".to_owned()),
            Command::Status => Ok(Some("{}".to_owned())),
            // As the supervisor does with what waits for its time: the answer comes later.
            Command::Redo => {
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(300));
                    let _ = request.answer.map(|to| to.send(Ok(None)));
                });
                return Ok(());
            }
            Command::Stop => return Err(Unsent::Busy),
            _ => Ok(None),
        };
        let _ = self.0.send((request.command, request.at));
        if let Some(to) = request.answer {
            let _ = to.send(answer);
        }
        Ok(())
    }
}

struct Rig {
    server: Server,
    client: UdpSocket,
    commands: Receiver<(Command, At)>,
}

impl Rig {
    fn new(bind: &str) -> Self {
        let (sender, commands) = channel();
        let bind: SocketAddr = bind.parse().expect("address");
        let folders = Folders {
            patches: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("patches"),
            recordings: PathBuf::from("takes"),
        };
        let server = Server::start(bind, folders, Script(sender)).expect("starts");
        let client = UdpSocket::bind("127.0.0.1:0").expect("binds");
        client
            .connect(("127.0.0.1", server.address().port()))
            .expect("connects");
        client
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("time-out");
        Self {
            server,
            client,
            commands,
        }
    }

    fn send(&self, packet: &OscPacket) {
        let bytes = encoder::encode(packet).expect("encodes");
        self.client.send(&bytes).expect("sends");
    }

    fn receive(&self) -> OscMessage {
        let mut bytes = [0; 65_536];
        let size = self.client.recv(&mut bytes).expect("an answer");
        match decoder::decode_udp(&bytes[..size]).expect("decodes").1 {
            OscPacket::Message(message) => message,
            OscPacket::Bundle(_) => panic!("answers are messages"),
        }
    }

    fn ask(&self, addr: &str, args: Vec<OscType>) -> OscMessage {
        self.send(&OscPacket::Message(message(addr, args)));
        self.receive()
    }

    /// Alive, and nothing else is in the queue before the answer.
    fn ping(&self) {
        let pong = self.ask("/ping", vec![OscType::Int(7)]);
        assert_eq!(pong, message("/pong", vec![OscType::Int(7)]));
    }
}

fn message(addr: &str, args: Vec<OscType>) -> OscMessage {
    OscMessage {
        addr: addr.into(),
        args,
    }
}

fn ok(addr: &str) -> OscMessage {
    message("/ok", vec![addr.osc_string()])
}

trait IntoString {
    fn osc_string(&self) -> OscType;
}

impl IntoString for str {
    fn osc_string(&self) -> OscType {
        OscType::String(self.to_owned())
    }
}

fn why(answer: &OscMessage) -> &str {
    assert_eq!(answer.addr, "/error", "{answer:?}");
    match &answer.args[..] {
        [OscType::String(_), OscType::String(why)] => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_address_is_answered() {
    let rig = Rig::new("127.0.0.1:0");
    for entry in ADDRESSES {
        let addr = entry
            .pattern
            .replace("<id>", "vcf")
            .replace("<param>", "cutoff");
        let args = entry.args.iter().map(|arg| match arg.kind {
            ArgKind::Number | ArgKind::Knob => OscType::Int(1),
            ArgKind::Gate => OscType::Bool(true),
            ArgKind::Text if arg.name == "when" => OscType::String("4bars".into()),
            ArgKind::Text => OscType::String("a".into()),
            ArgKind::Rest => OscType::Nil,
        });
        let answer = rig.ask(&addr, args.collect());
        match entry.pattern {
            "/ping" => assert_eq!(answer.addr, "/pong"),
            "/status" => assert_eq!(answer, message("/status.reply", vec!["{}".osc_string()])),
            "/record/status" => assert_eq!(answer.addr, "/record/status.reply"),
            "/seq/assign" => assert!(why(&answer).contains("\"gate\"")),
            "/transport/stop" => assert!(why(&answer).contains("busy")),
            _ => assert_eq!(answer, ok(&addr)),
        }
        // Too many arguments are an error wherever arguments are named.
        if !entry.args.iter().any(|a| a.kind == ArgKind::Rest) {
            let answer = rig.ask(&addr, vec![OscType::Blob(vec![]); 9]);
            assert!(!why(&answer).is_empty());
            assert_eq!(answer.args[0], addr.osc_string());
        }
    }
}

#[test]
fn refusals_come_back_with_their_reason_and_answers_get_none() {
    let rig = Rig::new("127.0.0.1:0");
    assert_eq!(
        why(&rig.ask("/note", vec![OscType::Int(13), OscType::Float(1.0)])),
        "bad luck"
    );
    assert!(why(&rig.ask("/bpm", vec![OscType::Float(f32::NAN)])).contains("finite"));
    assert!(why(&rig.ask("/nothing", vec![])).contains("unknown"));
    rig.client.send(b"/gate/env\0\0\0").expect("sends");
    assert!(why(&rig.receive()).contains("comma"));
    for addr in ["/ok", "/error", "/pong", "/status.reply"] {
        rig.send(&OscPacket::Message(message(addr, vec![])));
        rig.client
            .send(&[addr.as_bytes(), b"\0\0\0\0"].concat())
            .expect("sends");
    }
    rig.ping();
}

#[test]
fn beyond_loopback_the_program_is_not_ended_and_files_stay_in_the_folder() {
    let rig = Rig::new("0.0.0.0:0");
    assert!(why(&rig.ask("/quit", vec![])).contains("own machine"));
    let answer = rig.ask("/patch/load", vec!["../Cargo.toml".osc_string()]);
    assert!(why(&answer).contains("patch folder"));
    let answer = rig.ask("/record/start", vec!["../take.wav".osc_string()]);
    assert!(why(&answer).contains("plain file name"));
    rig.ping();
    assert!(rig.commands.try_iter().next().is_none());
    let named = vec!["take.wav".osc_string()];
    assert_eq!(rig.ask("/record/start", named), ok("/record/start"));
    let (command, _) = rig.commands.recv().expect("a command");
    let path = Some(PathBuf::from("takes").join("take.wav"));
    let start = Record::Start { path, bits: None };
    assert_eq!(command, Command::Record(start));
}

#[test]
fn a_bundle_keeps_its_order_and_its_time() {
    let rig = Rig::new("127.0.0.1:0");
    let soon = SystemTime::now() + Duration::from_millis(500);
    let content = (0..100)
        .map(|n| OscPacket::Message(message("/bpm", vec![OscType::Int(n)])))
        .collect();
    rig.send(&OscPacket::Bundle(OscBundle {
        timetag: OscTime::try_from(soon).expect("in range"),
        content,
    }));
    for n in 0..100 {
        assert_eq!(rig.receive(), ok("/bpm"));
        let (command, at) = rig.commands.recv().expect("a command");
        assert_eq!(command, Command::Bpm(f64::from(n)));
        match at {
            At::Time(time) => {
                let off = time.duration_since(soon).unwrap_or_else(|e| e.duration());
                assert!(off < Duration::from_micros(1), "{off:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_bundle_that_waits_for_its_time_holds_up_nobody() {
    let rig = Rig::new("127.0.0.1:0");
    rig.send(&OscPacket::Bundle(OscBundle {
        timetag: OscTime::try_from(SystemTime::now() + Duration::from_secs(1)).expect("in range"),
        content: vec![OscPacket::Message(message("/redo", vec![]))],
    }));
    rig.ping();
    assert_eq!(rig.receive(), ok("/redo"));
}

/// The datagram that overflows rosc's stack: bundles 2,200 deep.
fn bundle_bomb() -> Vec<u8> {
    let mut packet = Vec::new();
    for _ in 0..2_200 {
        let size = (packet.len() as u32).to_be_bytes();
        let mut outer = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
        if !packet.is_empty() {
            outer.extend(size);
        }
        outer.extend(&packet);
        packet = outer;
    }
    packet
}

/// The other: arrays 32,700 deep.
fn array_bomb() -> Vec<u8> {
    let mut packet = b"/a\0\0,".to_vec();
    packet.resize(packet.len() + 32_700, b'[');
    packet.resize(packet.len() + 32_700, b']');
    packet.push(0);
    packet.resize(packet.len().next_multiple_of(4), 0);
    packet
}

#[test]
fn depth_bombs_are_refused_in_words() {
    let rig = Rig::new("127.0.0.1:0");
    for bomb in [bundle_bomb(), array_bomb()] {
        assert!(bomb.len() > 40_000 && bomb.len() <= 65_507);
        rig.client.send(&bomb).expect("sends");
        let answer = rig.receive();
        assert!(!why(&answer).is_empty());
        rig.ping();
    }
}

#[test]
fn a_hundred_thousand_broken_packets_change_nothing() {
    let rig = Rig::new("127.0.0.1:0");
    let whole = encoder::encode(&OscPacket::Bundle(OscBundle {
        timetag: OscTime {
            seconds: 0,
            fractional: 1,
        },
        content: vec![
            OscPacket::Message(message("/mod/vcf/cutoff", vec![OscType::Float(800.0)])),
            OscPacket::Message(message("/patch/load", vec!["a.ron".osc_string()])),
            OscPacket::Message(message(
                "/note",
                vec![
                    OscType::Array(rosc::OscArray {
                        content: vec![OscType::Int(1)],
                    }),
                    OscType::Blob(vec![1; 9]),
                ],
            )),
        ],
    }))
    .expect("encodes");
    let mut seed = 1u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    for n in 0..100_000 {
        let mut packet = whole.clone();
        for _ in 0..=random(6) {
            let at = random(packet.len());
            packet[at] = random(256) as u8;
        }
        if n % 3 == 0 {
            packet.truncate(random(packet.len()));
        }
        rig.client.send(&packet).expect("sends");
        // In step, so that neither socket buffer overflows: this test counts on the answers to its pings.
        if n % 32 == 0 {
            drain(&rig);
        }
    }
    drain(&rig);
    rig.ping();
    drop(rig.server);
}

/// Reads every answer up to that of a ping.
fn drain(rig: &Rig) {
    rig.send(&OscPacket::Message(message("/ping", vec![OscType::Nil])));
    loop {
        if rig.receive() == message("/pong", vec![OscType::Nil]) {
            return;
        }
    }
}
