//! Where sound comes in: `--input`, and the thread that opens the device while a patch listens, watches it and looks for it when it
//! is lost. What comes in goes to the [`InputTape`](crate::engine::input::InputTape); without a device there is silence.
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::telemetry::Telemetry;

use super::cpal_input;
use super::device::{DeviceSpec, Host, StreamEvent};
use super::wav_input;

/// How often the thread looks at what is wanted and at the device.
const GLANCE: Duration = Duration::from_millis(50);
/// A device that brings nothing for so long is lost.
const STALLED: Duration = Duration::from_secs(2);
/// From one attempt to open a device to the next.
const RETRY: Duration = Duration::from_secs(2);
/// How long a device stays open that nobody listens to.
const LINGER: Duration = Duration::from_secs(3);

/// What `--input` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputSpec {
    /// Silence.
    Off,
    /// A file, again and again.
    Wav(PathBuf),
    Device(DeviceSpec),
}

impl InputSpec {
    /// Reads `default`, `off`, `wav:FILE` or `HOST[:DEVICE]`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self::Off);
        }
        let spec = DeviceSpec::parse(text)?;
        Ok(match spec.host {
            Host::Null => Self::Off,
            Host::Wav(path) => Self::Wav(path),
            Host::Default | Host::Named(_) => Self::Device(spec),
        })
    }
}

/// Two channels of a file at the instrument's rate.
pub type Recording = Arc<[[f32; 2]]>;

/// What is to be listened to, found before the instrument starts.
#[derive(Clone, Debug)]
pub enum Input {
    Off,
    File { name: String, frames: Recording },
    Device(DeviceSpec),
}

impl Input {
    /// For people; empty where nothing comes in.
    pub fn name(&self) -> String {
        match self {
            Self::Off => String::new(),
            Self::File { name, .. } => name.clone(),
            Self::Device(spec) => spec
                .device
                .clone()
                .unwrap_or_else(|| "the input device".into()),
        }
    }
}

/// An input that brings frames until it is dropped.
pub(super) struct Open {
    pub name: String,
    pub health: Arc<Health>,
    pub may_hang: bool,
    pub _hold: Box<dyn Send>,
}

/// What an open device's threads tell.
#[derive(Debug, Default)]
pub(super) struct Health {
    pub lost: AtomicBool,
    why: Mutex<Option<String>>,
}

impl Health {
    pub fn fail(&self, why: String) {
        // The first reason counts. A device's own thread only tries.
        if let Ok(mut told) = self.why.try_lock() {
            told.get_or_insert(why);
        }
        self.lost.store(true, Ordering::Release);
    }

    fn why(&self) -> String {
        let told = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone().unwrap_or_else(|| "it is gone".to_owned())
    }
}

/// The program's end of the thread that keeps the input. Dropping it closes the device.
pub struct InputKeeper {
    wanted: Arc<AtomicBool>,
    events: Receiver<StreamEvent>,
    _alive: Sender<()>,
}

impl InputKeeper {
    /// Starts the thread; nothing is opened before it is wanted. `wake` is called after each event.
    pub fn start(
        input: Input,
        rate: u32,
        telemetry: Arc<Telemetry>,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> std::io::Result<Self> {
        let (tell, events) = channel();
        let (alive, ended) = channel();
        let wanted = Arc::new(AtomicBool::new(false));
        let mut keeping = Keeping {
            input,
            rate,
            telemetry,
            wanted: Arc::clone(&wanted),
            open: None,
            quiet_since: None,
            moved: (0, Instant::now()),
            next_try: Instant::now(),
            failing: false,
        };
        std::thread::Builder::new()
            .name("audio-input".into())
            .spawn(move || {
                while ended.recv_timeout(GLANCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
                {
                    if let Some(event) = keeping.look(Instant::now()) {
                        if tell.send(event).is_err() {
                            break;
                        }
                        wake();
                    }
                }
                keeping.close();
            })?;
        Ok(Self {
            wanted,
            events,
            _alive: alive,
        })
    }

    /// Whether a patch listens.
    pub fn want(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// The next thing that befell the input, if any; never waits.
    pub fn try_event(&self) -> Option<StreamEvent> {
        self.events.try_recv().ok()
    }
}

struct Keeping {
    input: Input,
    rate: u32,
    telemetry: Arc<Telemetry>,
    wanted: Arc<AtomicBool>,
    open: Option<Open>,
    quiet_since: Option<Instant>,
    /// The end of what was captured, and when it last moved.
    moved: (u64, Instant),
    next_try: Instant,
    /// It was told that there is no input.
    failing: bool,
}

impl Keeping {
    fn look(&mut self, now: Instant) -> Option<StreamEvent> {
        let wanted = self.wanted.load(Ordering::Relaxed);
        if wanted {
            self.quiet_since = None;
            return match self.open {
                Some(_) => self.watch(now),
                None => self.try_open(now),
            };
        }
        if now.duration_since(*self.quiet_since.get_or_insert(now)) >= LINGER {
            self.close();
        }
        None
    }

    fn try_open(&mut self, now: Instant) -> Option<StreamEvent> {
        if now < self.next_try {
            return None;
        }
        self.next_try = now + RETRY;
        if !matches!(self.input, Input::Off) {
            self.telemetry.input.open();
        }
        let opened = match &self.input {
            Input::Off => return None,
            Input::File { name, frames } => {
                let tape = Arc::clone(&self.telemetry);
                wav_input::open(name, Arc::clone(frames), self.rate, tape)
            }
            Input::Device(spec) => cpal_input::open(spec, self.rate, Arc::clone(&self.telemetry)),
        };
        match opened {
            Ok(open) => {
                let name = open.name.clone();
                self.open = Some(open);
                self.moved = (self.telemetry.input.brought(), Instant::now());
                self.failing = false;
                Some(StreamEvent::Back { name })
            }
            Err(why) if !self.failing => {
                self.failing = true;
                Some(StreamEvent::Lost { why })
            }
            Err(_) => None,
        }
    }

    fn watch(&mut self, now: Instant) -> Option<StreamEvent> {
        let end = self.telemetry.input.brought();
        if end != self.moved.0 {
            self.moved = (end, now);
        }
        let open = self.open.as_ref()?;
        let why = match open.health.lost.load(Ordering::Acquire) {
            true => open.health.why(),
            false if now.duration_since(self.moved.1) >= STALLED => {
                format!("{} brings nothing any more", open.name)
            }
            false => return None,
        };
        self.close();
        (self.failing, self.next_try) = (true, now + RETRY);
        Some(StreamEvent::Lost { why })
    }

    /// A stream of a server that is gone may hang as it is dropped: it does so on a thread of its own.
    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        if open.may_hang {
            let closing = std::thread::Builder::new().name("audio-close".into());
            // Where there is no thread, the closure is dropped here, and the stream with it.
            let _ = closing.spawn(move || drop(open));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_argument_is_read() {
        assert_eq!(InputSpec::parse("off"), Ok(InputSpec::Off));
        assert_eq!(InputSpec::parse("null"), Ok(InputSpec::Off));
        assert_eq!(
            InputSpec::parse("wav:a.wav"),
            Ok(InputSpec::Wav("a.wav".into()))
        );
        assert_eq!(
            InputSpec::parse("default"),
            Ok(InputSpec::Device(DeviceSpec::default()))
        );
        assert!(InputSpec::parse("pulse").is_err());
    }

    #[test]
    fn a_file_is_opened_when_it_is_wanted_and_closed_when_it_is_not() {
        let telemetry = Arc::new(Telemetry::default());
        let mut keeping = Keeping {
            input: Input::File {
                name: "a.wav".into(),
                frames: vec![[0.5, -0.5]; 100].into(),
            },
            rate: 48_000,
            telemetry: Arc::clone(&telemetry),
            wanted: Arc::default(),
            open: None,
            quiet_since: None,
            moved: (0, Instant::now()),
            next_try: Instant::now(),
            failing: false,
        };
        let begun = Instant::now();
        assert_eq!(keeping.look(begun), None);
        assert!(keeping.open.is_none());
        keeping.wanted.store(true, Ordering::Relaxed);
        let opened = keeping.look(begun);
        assert_eq!(
            opened,
            Some(StreamEvent::Back {
                name: "a.wav".into()
            })
        );
        let until = Instant::now() + Duration::from_secs(5);
        while telemetry.input.brought() == 0 && Instant::now() < until {
            std::thread::yield_now();
        }
        assert_eq!(telemetry.input.open().captured.frame(7), [0.5, -0.5]);
        // A device that says that it is gone is let go of, once, and looked for.
        if let Some(open) = &keeping.open {
            open.health.fail("unplugged".into());
        }
        let lost = keeping.look(begun + Duration::from_millis(10));
        assert_eq!(
            lost,
            Some(StreamEvent::Lost {
                why: "unplugged".into()
            })
        );
        assert_eq!(keeping.look(begun + Duration::from_millis(20)), None);
        assert!(matches!(
            keeping.look(begun + Duration::from_secs(3)),
            Some(StreamEvent::Back { .. })
        ));
        keeping.wanted.store(false, Ordering::Relaxed);
        keeping.look(begun + Duration::from_secs(3));
        keeping.look(begun + Duration::from_secs(7));
        assert!(keeping.open.is_none());
    }
}
