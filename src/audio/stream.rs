//! A stream of callbacks that outlives its device: what the program holds. Its keeper thread watches and reopens.
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::dsp::denormals::flush_to_zero;
use crate::engine::priority;

use super::cue_pair::CuePair;
use super::device::{
    CallbackInfo, DEFAULT_PERIOD, DEFAULT_RATE, DeviceError, DeviceSpec, Fill, Host, StreamEvent,
    now_ns,
};
use super::fill_cell::FillCell;
use super::keeper::Keeper;
use super::{cpal_device, virtual_device};

/// An open stream. Dropping it stops the calls and lets the callback go.
pub struct Stream {
    rate: u32,
    period: u32,
    shared: Arc<Shared>,
    events: Receiver<StreamEvent>,
    stop: Option<Sender<()>>,
    keeper: Option<JoinHandle<()>>,
}

/// What the stream, its keeper and its connections have in common.
pub(super) struct Shared {
    pub cell: Arc<FillCell>,
    pub pair: Arc<CuePair>,
    pub xruns: AtomicU64,
    pub sounding: AtomicBool,
    pub name: Mutex<String>,
    next_owner: AtomicU32,
}

/// One device that calls, until it is dropped.
pub(super) struct Connection {
    /// As the user knows it: "PulseAudio: Built-in Audio".
    pub name: String,
    /// Finds the same device again.
    pub id: Option<String>,
    pub rate: u32,
    pub period: u32,
    pub owner: u32,
    pub vitals: Arc<Vitals>,
    pub closing: Closing,
    /// What keeps it open.
    pub _hold: Box<dyn Send>,
}

/// What may happen as a connection is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// It is done within a period, and what is written is then complete.
    Prompt,
    /// Its server may never answer.
    MayHang,
}

/// Signs of life: written by a connection's threads, read by the keeper. Lone counters, so Relaxed everywhere.
#[derive(Default)]
pub(super) struct Vitals {
    pub callbacks: AtomicU64,
    pub frames: AtomicU64,
    pub last_ns: AtomicU64,
    pub largest_frames: AtomicU32,
    pub xruns: AtomicU64,
    pub errors: AtomicU64,
    pub lost: AtomicBool,
    /// The first error that matters, else the latest one. Audio threads only try.
    pub why: Mutex<Option<String>>,
    pub note: Mutex<Option<String>>,
}

/// A connection's end of the callback. Lives on the device's thread.
pub(super) struct Server {
    cell: Arc<FillCell>,
    pair: Arc<CuePair>,
    owner: u32,
    vitals: Arc<Vitals>,
    raised: AtomicBool,
}

impl Server {
    /// Serves one request of the device, in place. Realtime.
    pub fn serve(&self, out: &mut [[f32; 2]], latency_ns: Option<u64>) {
        // Servers run the callback on threads of their own choice and may change them: setting it costs a few ns a call.
        flush_to_zero();
        if !self.raised.swap(true, Ordering::Relaxed) {
            // The one system call, in a device's first request: threads of JACK and PipeWire have their priority already,
            // those of PulseAudio, ALSA and the virtual devices have none.
            priority::raise_if_ordinary();
        }
        let now_ns = now_ns();
        self.vitals.called(now_ns, out.len());
        self.cell
            .serve(self.owner, out, CallbackInfo { now_ns, latency_ns });
    }

    pub fn pair(&self) -> &CuePair {
        &self.pair
    }

    pub fn vitals(&self) -> &Arc<Vitals> {
        &self.vitals
    }

    pub fn owner(&self) -> u32 {
        self.owner
    }
}

impl Vitals {
    pub fn called(&self, now_ns: u64, frames: usize) {
        self.callbacks.fetch_add(1, Ordering::Relaxed);
        self.frames.fetch_add(frames as u64, Ordering::Relaxed);
        self.last_ns.store(now_ns, Ordering::Relaxed);
        self.largest_frames
            .fetch_max(frames as u32, Ordering::Relaxed);
    }
}

impl Shared {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            cell: Arc::default(),
            pair: Arc::default(),
            xruns: AtomicU64::new(0),
            sounding: AtomicBool::new(false),
            name: Mutex::new(String::new()),
            next_owner: AtomicU32::new(1),
        })
    }

    /// For a new connection. It is served once the cell is given to it.
    pub fn server(&self) -> Server {
        Server {
            cell: Arc::clone(&self.cell),
            pair: Arc::clone(&self.pair),
            owner: self.next_owner.fetch_add(1, Ordering::Relaxed),
            vitals: Arc::default(),
            raised: AtomicBool::new(false),
        }
    }

    pub fn set_name(&self, name: &str) {
        name.clone_into(&mut self.name.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Stream {
    /// Opens the device, which plays silence until [`Self::start`]: so its rate is known before the engines are built.
    pub fn open(spec: &DeviceSpec) -> Result<Self, DeviceError> {
        let shared = Shared::new();
        let connection = match &spec.host {
            Host::Null => virtual_device::null(spec, shared.server()),
            Host::Wav(path) => virtual_device::wav(path, spec, shared.server())?,
            Host::Default | Host::Named(_) => cpal_device::connect(spec, None, shared.server())?,
        };
        Ok(Self::keep(spec, shared, Ok(connection)))
    }

    /// As [`Self::open`]; where that fails, the null device serves and the device is looked for.
    pub fn open_or_null(spec: &DeviceSpec) -> (Self, Option<DeviceError>) {
        match Self::open(spec) {
            Ok(stream) => (stream, None),
            Err(error) => (Self::keep(spec, Shared::new(), Err(&error)), Some(error)),
        }
    }

    fn keep(
        spec: &DeviceSpec,
        shared: Arc<Shared>,
        connection: Result<Connection, &DeviceError>,
    ) -> Self {
        let (rate, period) = match &connection {
            Ok(connection) => (connection.rate, connection.period),
            Err(_) => (
                spec.rate.unwrap_or(DEFAULT_RATE),
                spec.period.unwrap_or(DEFAULT_PERIOD),
            ),
        };
        // Unbounded, but the keeper writes at most a few a second, and a lost stream says so once.
        let (event_sender, events) = channel();
        let (stop, stopped) = channel();
        // The whole session keeps one rate: the engines' graphs are compiled for it.
        let spec = DeviceSpec {
            rate: Some(rate),
            ..spec.clone()
        };
        let keeper = Keeper::new(
            Arc::new(cpal_device::connect),
            spec,
            Arc::clone(&shared),
            connection,
            event_sender,
        );
        let keeper = std::thread::Builder::new()
            .name("audio-keeper".into())
            .spawn(move || keeper.run(&stopped))
            .ok();
        Self {
            rate,
            period,
            shared,
            events,
            stop: Some(stop),
            keeper,
        }
    }

    /// Lets the device call `fill` from its next request on.
    pub fn start(&self, fill: Fill) {
        self.shared.cell.put(fill);
    }

    /// The device's second pair of outputs, where it has one.
    pub fn pair(&self) -> Arc<CuePair> {
        Arc::clone(&self.shared.pair)
    }

    /// Hz, for the stream's whole life, whatever device serves it.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Frames that were agreed with the device; single callbacks may ask for any number.
    pub fn period(&self) -> u32 {
        self.period
    }

    /// The device that serves now.
    pub fn name(&self) -> String {
        self.shared
            .name
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// False while the null device stands in for one that is lost.
    pub fn is_sounding(&self) -> bool {
        self.shared.sounding.load(Ordering::Relaxed)
    }

    /// Times that a device told of, or the virtual devices counted, frames that came too late.
    pub fn xruns(&self) -> u64 {
        self.shared.xruns.load(Ordering::Relaxed)
    }

    /// The next thing that befell the stream, if any; never waits.
    pub fn try_event(&self) -> Option<StreamEvent> {
        self.events.try_recv().ok()
    }

    /// As [`Self::try_event`], but waits for it.
    pub fn wait_event(&self, at_most: Duration) -> Option<StreamEvent> {
        self.events.recv_timeout(at_most).ok()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.cell.give_to(0);
        drop(self.stop.take());
        if let Some(keeper) = self.keeper.take() {
            // It ends within a tick; what may hang is closed on threads of its own.
            let _ = keeper.join();
        }
    }
}
