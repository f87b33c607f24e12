//! Watches a stream's device, puts the null device in its place when it is lost, and brings it back. Its own thread.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::device::{DeviceError, DeviceSpec, Host, StreamEvent, now_ns};
use super::loss::{MS, SILENT_NS, SILENT_WHILE_SETTLING_NS, Watch, take};
use super::stream::{Connection, Server, Shared};
use super::{cpal_device, disposal, virtual_device};

/// How often it looks. Half of the time that a device may be back unnoticed.
const TICK: Duration = Duration::from_millis(20);
/// A tick this late means that the machine was busy or the process stopped: the device is not to blame.
const OWN_DELAY_NS: u64 = 100 * MS;
/// Between two attempts to open a lost device.
const RETRY_NS: u64 = 200 * MS;
/// While there has been no device at all since the start, looking for one is less urgent.
const RETRY_AT_EASE_NS: u64 = 1_000 * MS;
/// An attempt that takes longer hangs: it is left alone and another may start.
const ATTEMPT_NS: u64 = 5_000 * MS;
/// Hung attempts that are borne; with more of them it stops looking.
const MAX_HUNG_ATTEMPTS: u32 = 4;
/// A default device that does not return makes room for another host's after this time. Not earlier: a sound server that
/// restarts would find its card taken.
const OTHER_HOSTS_NS: u64 = 10_000 * MS;
/// A reason why it does not open that holds for so long is told, once. A server that restarts is back before.
const REFUSAL_NS: u64 = 3_000 * MS;
/// How a device is opened: by cpal, or by a test.
pub(super) type Connect =
    Arc<dyn Fn(&DeviceSpec, Option<&str>, Server) -> Result<Connection, DeviceError> + Send + Sync>;

pub(super) struct Keeper {
    connect: Connect,
    spec: DeviceSpec,
    shared: Arc<Shared>,
    events: Sender<StreamEvent>,
    state: State,
    /// The id of the device to come back to.
    wanted: Option<String>,
    xruns_before: u64,
    xruns_told: u64,
    told_panic: bool,
    last_tick_ns: u64,
    /// Until then silence proves nothing.
    lenient_until_ns: u64,
    hung_attempts: u32,
}

enum State {
    Sounding(Watch),
    Searching(Search),
}

struct Search {
    /// Serves in the meantime.
    stand_in: Connection,
    since_ns: u64,
    next_try_ns: u64,
    retry_ns: u64,
    attempt: Option<Attempt>,
    /// Open, but it has not called yet.
    candidate: Option<(Connection, u64)>,
    /// Why the last attempts failed, since when, and whether that was told.
    refusal: Option<(String, u64, bool)>,
    /// Nothing to look for: a file that can't be written does not come back.
    hopeless: bool,
}

struct Attempt {
    since_ns: u64,
    result: Receiver<Result<Connection, DeviceError>>,
}

impl Keeper {
    pub fn new(
        connect: Connect,
        spec: DeviceSpec,
        shared: Arc<Shared>,
        connection: Result<Connection, &DeviceError>,
        events: Sender<StreamEvent>,
    ) -> Self {
        let now = now_ns();
        let wanted = connection
            .as_ref()
            .ok()
            .and_then(|connection| connection.id.clone());
        let state = match connection {
            Ok(connection) => sound(&shared, connection, now),
            Err(_) => State::Searching(Search::begin(&spec, &shared, now, RETRY_AT_EASE_NS)),
        };
        Self {
            connect,
            spec,
            shared,
            events,
            state,
            wanted,
            xruns_before: 0,
            xruns_told: 0,
            told_panic: false,
            last_tick_ns: now,
            lenient_until_ns: 0,
            hung_attempts: 0,
        }
    }

    pub fn run(mut self, stopped: &Receiver<()>) {
        while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            self.tick(now_ns());
        }
        match self.state {
            State::Sounding(watch) => disposal::close_and_wait(watch.connection),
            State::Searching(search) => {
                disposal::close_and_wait(search.stand_in);
                if let Some((connection, _)) = search.candidate {
                    disposal::close_and_wait(connection);
                }
            }
        }
    }

    fn tick(&mut self, now: u64) {
        let late = now.saturating_sub(self.last_tick_ns);
        if late > OWN_DELAY_NS {
            self.lenient_until_ns = now + late.min(1_000 * MS) + SILENT_NS;
        }
        self.last_tick_ns = now;
        self.tell_counts();
        match &mut self.state {
            State::Sounding(watch) => {
                if let Some(note) = take(&watch.connection.vitals.note) {
                    self.tell(StreamEvent::Note { text: note });
                } else if let Some(why) = watch.lost(now, self.lenient_until_ns) {
                    self.lose(why, now);
                }
            }
            State::Searching(_) => self.search(now),
        }
    }

    fn tell(&self, event: StreamEvent) {
        // The stream may be going: then nobody listens any more.
        let _ = self.events.send(event);
    }

    fn tell_counts(&mut self) {
        let vitals = match &self.state {
            State::Sounding(watch) => &watch.connection.vitals,
            State::Searching(search) => &search.stand_in.vitals,
        };
        let total = self.xruns_before + vitals.xruns.load(Ordering::Relaxed);
        self.shared.xruns.store(total, Ordering::Relaxed);
        if total > self.xruns_told {
            self.xruns_told = total;
            self.tell(StreamEvent::Xrun { total });
        }
        if !self.told_panic && self.shared.cell.has_panicked() {
            self.told_panic = true;
            self.tell(StreamEvent::Note {
                text: "the audio callback panicked: the output is silent".into(),
            });
        }
    }

    fn lose(&mut self, why: String, now: u64) {
        let mut search = Search::begin(&self.spec, &self.shared, now, RETRY_NS);
        search.hopeless = matches!(self.spec.host, Host::Null | Host::Wav(_));
        if let State::Sounding(watch) = std::mem::replace(&mut self.state, State::Searching(search))
        {
            self.xruns_before += watch.connection.vitals.xruns.load(Ordering::Relaxed);
            let why = format!("{}: {why}", watch.connection.name);
            disposal::close(watch.connection);
            self.tell(StreamEvent::Lost { why });
        }
    }

    fn search(&mut self, now: u64) {
        let State::Searching(search) = &mut self.state else {
            return;
        };
        if search.hopeless {
            return;
        }
        if let Some((connection, since)) = search.candidate.take() {
            let calls = connection.vitals.callbacks.load(Ordering::Relaxed);
            let lost = connection.vitals.lost.load(Ordering::Relaxed);
            if calls > 0 && !lost {
                return self.come_back(connection, now);
            }
            if lost || now > since + SILENT_WHILE_SETTLING_NS {
                disposal::close(connection);
                search.next_try_ns = now + search.retry_ns;
            } else {
                search.candidate = Some((connection, since));
            }
            return;
        }
        if let Some(attempt) = &search.attempt {
            match attempt.result.try_recv() {
                Ok(Ok(connection)) => {
                    search.attempt = None;
                    search.candidate = Some((connection, now));
                }
                Ok(Err(error)) => {
                    search.attempt = None;
                    search.next_try_ns = now + search.retry_ns;
                    if search.refused(&error.why, now) {
                        let text = format!("{error}; it is looked for on");
                        self.tell(StreamEvent::Note { text });
                    }
                }
                Err(_) if now > attempt.since_ns + ATTEMPT_NS => {
                    search.attempt = None;
                    search.next_try_ns = now + search.retry_ns;
                    self.hung_attempts += 1;
                    if self.hung_attempts == MAX_HUNG_ATTEMPTS {
                        search.hopeless = true;
                        let text =
                            "opening the device hangs again and again: it is no longer looked for"
                                .into();
                        self.tell(StreamEvent::Note { text });
                    }
                }
                Err(_) => {}
            }
            return;
        }
        if now >= search.next_try_ns {
            let spec = search.target(&self.spec, self.wanted.as_deref(), now);
            search.attempt =
                Attempt::begin(&self.connect, spec, self.wanted.clone(), &self.shared, now);
        }
    }

    fn come_back(&mut self, connection: Connection, now: u64) {
        let name = connection.name.clone();
        self.wanted = connection.id.clone().or(self.wanted.take());
        let state = sound(&self.shared, connection, now);
        if let State::Searching(search) = std::mem::replace(&mut self.state, state) {
            self.xruns_before += search.stand_in.vitals.xruns.load(Ordering::Relaxed);
            disposal::close(search.stand_in);
        }
        self.tell(StreamEvent::Back { name });
    }
}

fn sound(shared: &Shared, connection: Connection, now: u64) -> State {
    shared.cell.give_to(connection.owner);
    shared.set_name(&connection.name);
    shared.sounding.store(true, Ordering::Relaxed);
    State::Sounding(Watch::new(connection, now))
}

impl Search {
    fn begin(spec: &DeviceSpec, shared: &Shared, now: u64, retry_ns: u64) -> Self {
        let stand_in = virtual_device::null(spec, shared.server());
        shared.cell.give_to(stand_in.owner);
        shared.set_name(&stand_in.name);
        shared.sounding.store(false, Ordering::Relaxed);
        Self {
            stand_in,
            since_ns: now,
            next_try_ns: now + retry_ns,
            retry_ns,
            attempt: None,
            candidate: None,
            refusal: None,
            hopeless: false,
        }
    }

    /// Whether this is the moment to tell why it does not open.
    fn refused(&mut self, why: &str, now: u64) -> bool {
        match &mut self.refusal {
            Some((held, since, told)) if held == why => {
                let tell = !*told && now >= *since + REFUSAL_NS;
                *told |= tell;
                tell
            }
            _ => {
                self.refusal = Some((why.to_owned(), now, false));
                false
            }
        }
    }

    /// Where to look now. What the user named is never replaced by something else.
    fn target(&self, spec: &DeviceSpec, wanted: Option<&str>, now: u64) -> DeviceSpec {
        let host = wanted.and_then(cpal_device::host_of);
        match (&spec.host, host) {
            (Host::Default, Some(host)) if now < self.since_ns + OTHER_HOSTS_NS => DeviceSpec {
                host: Host::Named(host),
                ..spec.clone()
            },
            _ => spec.clone(),
        }
    }
}

impl Attempt {
    fn begin(
        connect: &Connect,
        spec: DeviceSpec,
        wanted: Option<String>,
        shared: &Arc<Shared>,
        now: u64,
    ) -> Option<Self> {
        let server = shared.server();
        let connect = Arc::clone(connect);
        let (sender, result) = channel();
        let open = move || {
            // Where nobody waits any more, the answer closes its connection as it is dropped: on this thread.
            let _ = sender.send(connect(&spec, wanted.as_deref(), server));
        };
        std::thread::Builder::new()
            .name("audio-open".into())
            .spawn(open)
            .ok()?;
        Some(Self {
            since_ns: now,
            result,
        })
    }
}

#[cfg(test)]
mod tests {
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

        /// Ticks for a time on the scripted clock. An attempt to open runs on a thread of its own: it is waited for.
        fn run(&mut self, ms: u64, calls: bool) -> Vec<StreamEvent> {
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
        assert_eq!(bench.run(100, true), [StreamEvent::Xrun { total: 3 }]);
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
}
