//! Tests of the keeper.
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Instant;

use super::super::stream::{Closing, Vitals};
use super::*;

/// A sound system of one device, which comes and goes as the test says.
#[derive(Default)]
struct System {
    is_there: AtomicBool,
    /// Plugged in again, but set to another rate.
    is_other: AtomicBool,
    opened: AtomicU32,
    tried: AtomicU32,
    asked_for: Mutex<Vec<String>>,
    device: Mutex<Option<Server>>,
}

impl System {
    fn open(
        &self,
        spec: &DeviceSpec,
        wanted: Option<&str>,
        server: Server,
    ) -> Result<Connection, DeviceError> {
        self.tried.fetch_add(1, Ordering::SeqCst);
        self.asked_for
            .lock()
            .expect("a list")
            .push(format!("{spec} {}", wanted.unwrap_or("any")));
        if !self.is_there.load(Ordering::SeqCst) {
            return Err(DeviceError {
                device: spec.to_string(),
                why: match self.is_other.load(Ordering::SeqCst) {
                    true => "it does not offer 48000 Hz".into(),
                    false => "not there".into(),
                },
            });
        }
        let connection = Connection {
            name: "Card".into(),
            id: Some("pulseaudio:card".into()),
            rate: 48_000,
            period: 480,
            owner: server.owner(),
            vitals: Arc::clone(server.vitals()),
            closing: Closing::MayHang,
            _hold: Box::new(()),
        };
        *self.device.lock().expect("a place") = Some(server);
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(connection)
    }

    fn vitals(&self) -> Arc<Vitals> {
        Arc::clone(
            self.device
                .lock()
                .expect("a place")
                .as_ref()
                .expect("an open device")
                .vitals(),
        )
    }

    /// The device asks for a block; what it gets.
    fn play(&self, now: u64) -> [[f32; 2]; 480] {
        let mut block = [[9.0; 2]; 480];
        let device = self.device.lock().expect("a place");
        let server = device.as_ref().expect("an open device");
        server.serve(&mut block, None);
        // The server stamps with the real clock; the script's counts here.
        server.vitals().last_ns.store(now, Ordering::Relaxed);
        block
    }
}

struct Bench {
    system: Arc<System>,
    keeper: Keeper,
    events: Receiver<StreamEvent>,
    now: u64,
}

impl Bench {
    fn new(audio: &str) -> Self {
        let system = Arc::new(System::default());
        system.is_there.store(true, Ordering::SeqCst);
        let spec = DeviceSpec::parse(audio).expect("an argument");
        let shared = Shared::new();
        shared.cell.put(Box::new(|out, _| out.fill([0.5; 2])));
        let connect: Connect = {
            let system = Arc::clone(&system);
            Arc::new(move |spec, wanted, server| system.open(spec, wanted, server))
        };
        let connection = connect(&spec, None, shared.server());
        let (sender, events) = channel();
        let connection = connection.expect("the device is there");
        let keeper = Keeper::new(connect, spec, shared, Ok(connection), sender);
        let now = keeper.last_tick_ns;
        Self {
            system,
            keeper,
            events,
            now,
        }
    }

    /// What is told meanwhile, but for xruns: the stand-in has a real clock, and a busy machine wakes it late.
    fn run(&mut self, ms: u64, calls: bool) -> Vec<StreamEvent> {
        let told = self.run_and_count(ms, calls).into_iter();
        told.filter(|event| !matches!(event, StreamEvent::Xrun { .. }))
            .collect()
    }

    /// Ticks for a time on the scripted clock. An attempt to open runs on a thread of its own: it is waited for.
    fn run_and_count(&mut self, ms: u64, calls: bool) -> Vec<StreamEvent> {
        for _ in 0..ms / 20 {
            self.now += 20 * MS;
            if calls {
                self.system.play(self.now);
            }
            self.keeper.tick(self.now);
            let deadline = Instant::now() + Duration::from_secs(10);
            while matches!(
                &self.keeper.state,
                State::Searching(Search {
                    attempt: Some(_),
                    ..
                })
            ) {
                assert!(Instant::now() < deadline, "the attempt does not end");
                std::thread::yield_now();
                self.keeper.tick(self.now);
            }
        }
        self.events.try_iter().collect()
    }
}

#[test]
fn a_lost_device_is_told_of_looked_for_and_served_again_within_a_second() {
    let mut bench = Bench::new("default");
    assert_eq!(bench.run(5_000, true), []);
    assert_eq!(bench.system.play(bench.now), [[0.5; 2]; 480]);
    bench.system.is_there.store(false, Ordering::SeqCst);
    bench.system.vitals().fail("unplugged".into());
    assert_eq!(
        bench.run(20, false),
        [StreamEvent::Lost {
            why: "Card: unplugged".into()
        }]
    );
    assert_eq!(
        bench.system.play(bench.now),
        [[0.0; 2]; 480],
        "a lost device that still calls gets silence"
    );
    assert!(!bench.keeper.shared.sounding.load(Ordering::Relaxed));

    assert_eq!(bench.run(2_000, false), [], "it is told once");
    let tried = bench.system.tried.load(Ordering::SeqCst);
    assert!((8..=12).contains(&tried), "{tried} attempts in 2 s");

    bench.system.is_there.store(true, Ordering::SeqCst);
    assert_eq!(bench.run(400, false), [], "open, but it has not called yet");
    assert_eq!(
        bench.system.play(bench.now),
        [[0.0; 2]; 480],
        "its first call may come before it is told of"
    );
    assert_eq!(
        bench.run(40, true),
        [StreamEvent::Back {
            name: "Card".into()
        }]
    );
    assert_eq!(bench.system.play(bench.now), [[0.5; 2]; 480]);
    let asked = bench.system.asked_for.lock().expect("a list");
    assert_eq!(
        asked.last().map(String::as_str),
        Some("pulseaudio pulseaudio:card"),
        "the same device is preferred"
    );
}

#[test]
fn a_device_that_returns_and_cannot_be_used_is_told_of_once() {
    let mut bench = Bench::new("pulseaudio:card");
    bench.system.is_there.store(false, Ordering::SeqCst);
    bench.system.vitals().fail("unplugged".into());
    assert_eq!(bench.run(2_000, false).len(), 1, "that it is lost");
    bench.system.is_other.store(true, Ordering::SeqCst);
    assert_eq!(
        bench.run(20_000, false),
        [StreamEvent::Note {
            text: "pulseaudio:card: it does not offer 48000 Hz; it is looked for on".into()
        }]
    );
    bench.system.is_there.store(true, Ordering::SeqCst);
    bench.run(400, false);
    let back = bench.run(40, true);
    assert!(matches!(back[..], [StreamEvent::Back { .. }]), "{back:?}");
}

#[test]
fn a_default_device_that_stays_away_makes_room_for_other_hosts_and_a_named_one_never() {
    for (audio, at_last) in [
        ("default", "default pulseaudio:card"),
        ("pulseaudio:card", "pulseaudio:card pulseaudio:card"),
    ] {
        let mut bench = Bench::new(audio);
        bench.system.is_there.store(false, Ordering::SeqCst);
        bench.system.vitals().fail("unplugged".into());
        bench.run(12_000, false);
        let asked = bench.system.asked_for.lock().expect("a list");
        assert_eq!(asked.last().map(String::as_str), Some(at_last));
    }
}

#[test]
fn an_xrun_is_counted_and_nothing_is_rebuilt() {
    let mut bench = Bench::new("default");
    bench.run(5_000, true);
    bench.system.vitals().xruns.fetch_add(3, Ordering::Relaxed);
    assert_eq!(
        bench.run_and_count(100, true),
        [StreamEvent::Xrun { total: 3 }]
    );
    assert_eq!(bench.system.opened.load(Ordering::SeqCst), 1);
}

#[test]
fn a_process_that_was_stopped_does_not_blame_its_device() {
    let mut bench = Bench::new("default");
    bench.run(5_000, true);
    bench.now += 60_000 * MS;
    bench.keeper.tick(bench.now);
    assert_eq!(bench.run(1_000, false), [], "the device gets a moment");
    assert_eq!(bench.run(1_000, true), []);
    let lost = bench.run(1_000, false);
    assert!(matches!(lost[..], [StreamEvent::Lost { .. }]), "{lost:?}");
}
