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
mod tests;
