//! Watches a stream's device, puts the null device in its place when it is lost, and brings it back. Its own thread.
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::device::{DeviceError, DeviceSpec, Host, StreamEvent, now_ns};
use super::stream::{Connection, Shared, Vitals};
use super::{cpal_device, disposal, virtual_device};

const MS: u64 = 1_000_000;
/// How often it looks. Half of the time that a device may be back unnoticed.
const TICK: Duration = Duration::from_millis(20);
/// A device that is this much later than its own longest block is lost.
const SILENT_NS: u64 = 200 * MS;
/// Sound servers take up to 1.3 s to settle after the start, with one long gap in it.
const SETTLING_NS: u64 = 3_000 * MS;
const SILENT_WHILE_SETTLING_NS: u64 = 2_500 * MS;
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
/// Errors without a single callback between them that make a device lost (ALSA's plug-ins report some 300 a ms for ever
/// when their server is gone).
const ERRORS_IN_A_ROW: u64 = 100;
/// Clocks faster than this factor are none (ALSA's `null` calls as fast as it can).
const RUNAWAY: u64 = 4;

pub(super) struct Keeper {
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

struct Watch {
    connection: Connection,
    since_ns: u64,
    errors_at: (u64, u64),
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
    /// Nothing to look for: a file that can't be written does not come back.
    hopeless: bool,
}

struct Attempt {
    since_ns: u64,
    result: Receiver<Result<Connection, DeviceError>>,
}

impl Keeper {
    pub fn new(
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
                Ok(Err(_)) => {
                    search.attempt = None;
                    search.next_try_ns = now + search.retry_ns;
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
            search.attempt = Attempt::begin(spec, self.wanted.clone(), &self.shared, now);
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
    State::Sounding(Watch {
        connection,
        since_ns: now,
        errors_at: (0, 0),
    })
}

impl Watch {
    /// Why the device has to be given up, if it has.
    fn lost(&mut self, now: u64, lenient_until_ns: u64) -> Option<String> {
        let vitals = &self.connection.vitals;
        let calls = vitals.callbacks.load(Ordering::Relaxed);
        if vitals.lost.load(Ordering::Relaxed) {
            return Some(take(&vitals.why).unwrap_or_else(|| "the device is gone".into()));
        }
        let errors = vitals.errors.load(Ordering::Relaxed);
        if calls != self.errors_at.0 {
            self.errors_at = (calls, errors);
        } else if errors > self.errors_at.1 + ERRORS_IN_A_ROW {
            return Some(
                take(&vitals.why).unwrap_or_else(|| "the device reports nothing but errors".into()),
            );
        }
        if now < lenient_until_ns {
            return None;
        }
        let rate = u64::from(self.connection.rate);
        let age = now.saturating_sub(self.since_ns);
        let frames = vitals.frames.load(Ordering::Relaxed);
        // A second's worth is allowed at once: servers fill their own buffers first.
        if age > 500 * MS
            && frames > rate + RUNAWAY * (u128::from(age) * u128::from(rate) / 1_000_000_000) as u64
        {
            return Some("the device has no clock: it takes sound as fast as it can".into());
        }
        let (last_ns, settling) = match calls {
            0 => (self.since_ns, true),
            _ => (vitals.last_ns.load(Ordering::Relaxed), age < SETTLING_NS),
        };
        let block_ns =
            u64::from(vitals.largest_frames.load(Ordering::Relaxed)) * 1_000_000_000 / rate;
        let patience = if settling {
            SILENT_WHILE_SETTLING_NS
        } else {
            SILENT_NS + block_ns.min(2_000 * MS)
        };
        let silent_ns = now.saturating_sub(last_ns);
        (silent_ns > patience).then(|| format!("no callback for {} ms", silent_ns / MS))
    }
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
            hopeless: false,
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
        spec: DeviceSpec,
        wanted: Option<String>,
        shared: &Arc<Shared>,
        now: u64,
    ) -> Option<Self> {
        let server = shared.server();
        let (sender, result) = channel();
        let open = move || {
            // Where nobody waits any more, the answer closes its connection as it is dropped: on this thread.
            let _ = sender.send(cpal_device::connect(&spec, wanted.as_deref(), server));
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

fn take(place: &std::sync::Mutex<Option<String>>) -> Option<String> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Vitals {
    /// From error callbacks, which may run on an audio thread: it tries, and never waits.
    pub fn note(&self, text: String) {
        if let Ok(mut note) = self.note.try_lock() {
            *note = Some(text);
        }
    }

    /// Remembered for the case that the device is given up.
    pub fn suspect(&self, why: String) {
        if let Ok(mut place) = self.why.try_lock() {
            place.get_or_insert(why);
        }
    }

    pub fn fail(&self, why: String) {
        self.suspect(why);
        self.lost.store(true, Ordering::Relaxed);
    }
}
