//! The ports: opened as they come, closed as they go, by a thread that looks once a second. A port's messages arrive on a thread
//! of its driver's and are handed on at once, with the time that the driver gave them.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use midir::{Ignore, MidiInput, MidiInputConnection, MidiOutput, MidiOutputConnection};

use crate::control::command::{At, Command, Request};
use crate::control::controls::Assigned;
use crate::control::handle::Handle;
use crate::control::timeline::ClockLine;

use super::clock::ClockOut;
use super::stamp::Stamp;
use super::translate::Translator;

const CLIENT: &str = "chronus";
/// Between two looks at what is connected.
const LOOK: Duration = Duration::from_secs(1);
/// Between two turns of the thread: at 300 BPM a tick of the clock is 8 ms.
const TURN: Duration = Duration::from_millis(1);
/// Without a clock to send.
const IDLE: Duration = Duration::from_millis(50);
/// Between two looks at where the sound is.
const OBSERVE: Duration = Duration::from_millis(20);
/// A message is meant for one lead and this much after it came: it then meets its frame although our threads wake late.
const SLACK: Duration = Duration::from_millis(4);
/// Without an ALSA sequencer its library complains at every try.
const SEQUENCER: &str = "/dev/snd/seq";

/// Which ports are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    #[default]
    All,
    /// Ports with this in their names, whatever the case.
    Named(String),
}

/// Whose tempo counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    #[default]
    Off,
    /// That of the clock that comes in.
    In,
    /// Ours: it is sent out.
    Out,
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub wanted: Wanted,
    pub clock: Clock,
    /// Where learned controllers are remembered.
    pub memory: Option<PathBuf>,
}

/// Names of the input and output ports that there are, or why none can be seen.
pub fn available() -> Result<(Vec<String>, Vec<String>), String> {
    let (input, output) = (input()?, output()?);
    let inputs = input
        .ports()
        .iter()
        .filter_map(|p| input.port_name(p).ok())
        .collect();
    let outputs = output
        .ports()
        .iter()
        .filter_map(|p| output.port_name(p).ok())
        .collect();
    Ok((inputs, outputs))
}

fn there() -> Result<(), String> {
    let alsa = cfg!(all(target_os = "linux", not(feature = "jack")));
    match alsa && !Path::new(SEQUENCER).exists() {
        true => Err(format!("there is no ALSA sequencer ({SEQUENCER})")),
        false => Ok(()),
    }
}

fn input() -> Result<MidiInput, String> {
    there()?;
    // The library panics where a system refuses what it does not expect.
    let mut input = catch_unwind(|| MidiInput::new(CLIENT))
        .map_err(|_| "the MIDI system failed".to_owned())?
        .map_err(|e| e.to_string())?;
    input.ignore(Ignore::Sysex | Ignore::ActiveSense);
    Ok(input)
}

fn output() -> Result<MidiOutput, String> {
    there()?;
    catch_unwind(|| MidiOutput::new(CLIENT))
        .map_err(|_| "the MIDI system failed".to_owned())?
        .map_err(|e| e.to_string())
}

/// MIDI as long as it lives.
pub struct Midi {
    running: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Midi {
    pub fn start(options: Options, handle: Handle) -> std::io::Result<Self> {
        let running = Arc::new(AtomicBool::new(true));
        let going = running.clone();
        let thread = thread::Builder::new().name("midi".into()).spawn(move || {
            let mut ports = Ports::new(options, handle);
            ports.remember();
            while going.load(Ordering::Relaxed) {
                ports.turn(Instant::now());
                thread::sleep(ports.nap());
            }
        })?;
        Ok(Self {
            running,
            thread: Some(thread),
        })
    }
}

impl Drop for Midi {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a port's driver calls with each message.
pub struct Receiver {
    pub translator: Translator,
    stamp: Stamp,
    handle: Handle,
    shared: Arc<Shared>,
}

/// What the ports' threads and ours share.
#[derive(Default)]
struct Shared {
    /// From the arrival of a message to the sound that can still be changed, in microseconds.
    ahead: AtomicU64,
    /// A message was not taken: something may hang.
    missed: AtomicBool,
}

impl Receiver {
    pub fn new(follow: bool, handle: Handle) -> Self {
        Self {
            translator: Translator::new(follow),
            stamp: Stamp::default(),
            handle,
            shared: Arc::default(),
        }
    }

    /// A message with its port's time, in microseconds, and when it was seen.
    pub fn receive(&mut self, port_us: u64, bytes: &[u8], seen: SystemTime) {
        let seen = seen.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = self.stamp.time(port_us as f64 * 1e-6, seen.as_secs_f64());
        let ahead = Duration::from_micros(self.shared.ahead.load(Ordering::Relaxed));
        let at = At::Time(UNIX_EPOCH + Duration::from_secs_f64(time.max(0.0)) + ahead);
        for command in self.translator.take(bytes, time) {
            self.send(command, at);
        }
    }

    #[cfg(test)]
    pub fn set_ahead(&mut self, ahead: Duration) {
        let us = ahead.as_micros() as u64;
        self.shared.ahead.store(us, Ordering::Relaxed);
    }

    pub fn end(&mut self) {
        for command in self.translator.all_off() {
            self.send(command, At::Soon);
        }
    }

    fn send(&self, command: Command, at: At) {
        let request = Request {
            command,
            at,
            answer: None,
        };
        if self.handle.send(request).is_err() {
            self.shared.missed.store(true, Ordering::Relaxed);
        }
    }
}

struct OpenInput {
    id: String,
    name: String,
    receiver: Arc<Mutex<Receiver>>,
    _connection: MidiInputConnection<()>,
}

struct OpenOutput {
    id: String,
    connection: MidiOutputConnection,
}

/// Our thread's state.
struct Ports {
    options: Options,
    handle: Handle,
    shared: Arc<Shared>,
    inputs: Vec<OpenInput>,
    outputs: Vec<OpenOutput>,
    /// Ports that would not open; not tried again until they were gone.
    refused: Vec<String>,
    clock: ClockOut,
    line: ClockLine,
    looked: Option<Instant>,
    observed: Option<Instant>,
    rate: f64,
    remembered: Vec<Assigned>,
}

impl Ports {
    fn new(options: Options, handle: Handle) -> Self {
        Self {
            options,
            handle,
            shared: Arc::default(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            refused: Vec::new(),
            clock: ClockOut::default(),
            line: ClockLine::default(),
            looked: None,
            observed: None,
            rate: 48_000.0,
            remembered: Vec::new(),
        }
    }

    fn nap(&self) -> Duration {
        match self.outputs.is_empty() {
            true => IDLE,
            false => TURN,
        }
    }

    fn turn(&mut self, now: Instant) {
        let due = |last: Option<Instant>, every| last.is_none_or(|at| now - at >= every);
        if due(self.observed, OBSERVE) {
            self.observed = Some(now);
            self.observe();
        }
        if due(self.looked, LOOK) {
            self.looked = Some(now);
            self.look_for_inputs();
            if self.options.clock == Clock::Out {
                self.look_for_outputs();
            }
            self.write_memory();
        }
        self.send_clock();
        if self.shared.missed.swap(false, Ordering::Relaxed) {
            self.command(Command::NotesOff);
        }
    }

    fn observe(&mut self) {
        let reading = self.handle.reading();
        if reading.rate <= 0.0 {
            return;
        }
        self.rate = reading.rate;
        let block = 64.0 / reading.rate;
        let lead = reading.lead_frames as f64 / reading.rate + block;
        let ahead = Duration::from_secs_f64(lead) + SLACK;
        self.shared
            .ahead
            .store(ahead.as_micros() as u64, Ordering::Relaxed);
        self.line
            .observe(SystemTime::now(), reading.frame, reading.rate);
    }

    fn send_clock(&mut self) {
        if self.outputs.is_empty() {
            return;
        }
        let transport = self.handle.view().transport;
        let frame = self.line.frame_at(SystemTime::now(), self.rate);
        let beat = transport.beat_at(frame);
        for byte in self.clock.due(beat, transport.playing) {
            for output in &mut self.outputs {
                // A port that is gone is seen at the next look.
                let _ = output.connection.send(&[byte]);
            }
        }
    }

    fn is_wanted(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        // Not what we send ourselves.
        !lower.starts_with(CLIENT)
            && match &self.options.wanted {
                Wanted::All => true,
                Wanted::Named(part) => lower.contains(&part.to_lowercase()),
            }
    }

    fn look_for_inputs(&mut self) {
        let Ok(scan) = input() else {
            return;
        };
        let ports: Vec<_> = scan
            .ports()
            .into_iter()
            .filter_map(|port| Some((port.id(), scan.port_name(&port).ok()?, port)))
            .collect();
        let there = |id: &String| ports.iter().any(|(known, ..)| known == id);
        self.refused.retain(there);
        let (kept, gone): (Vec<_>, Vec<_>) =
            self.inputs.drain(..).partition(|open| there(&open.id));
        self.inputs = kept;
        for lost in gone {
            lock(&lost.receiver).end();
            let name = &lost.name;
            self.command(Command::Tell(format!("MIDI lost: {name}; its notes ended")));
        }
        for (id, name, port) in ports {
            let known = self.inputs.iter().any(|open| open.id == id);
            if known || self.refused.contains(&id) || !self.is_wanted(&name) {
                continue;
            }
            match self.open_input(&port) {
                Ok((receiver, connection)) => {
                    self.command(Command::Tell(format!("MIDI from {name}")));
                    self.inputs.push(OpenInput {
                        id,
                        name,
                        receiver,
                        _connection: connection,
                    });
                }
                Err(why) => {
                    self.command(Command::Tell(format!("MIDI: {name} does not open: {why}")));
                    self.refused.push(id);
                }
            }
        }
    }

    #[allow(clippy::type_complexity)]
    fn open_input(
        &self,
        port: &midir::MidiInputPort,
    ) -> Result<(Arc<Mutex<Receiver>>, MidiInputConnection<()>), String> {
        let follow = self.options.clock == Clock::In;
        let mut receiver = Receiver::new(follow, self.handle.clone());
        receiver.shared = self.shared.clone();
        let receiver = Arc::new(Mutex::new(receiver));
        let called = receiver.clone();
        let take = move |us: u64, bytes: &[u8], (): &mut ()| {
            lock(&called).receive(us, bytes, SystemTime::now());
        };
        let open = input()?;
        let connect = AssertUnwindSafe(|| open.connect(port, "in", take, ()));
        match catch_unwind(connect) {
            Ok(Ok(connection)) => Ok((receiver, connection)),
            Ok(Err(why)) => Err(why.to_string()),
            Err(_) => Err("the MIDI system failed".to_owned()),
        }
    }

    fn look_for_outputs(&mut self) {
        let Ok(scan) = output() else {
            return;
        };
        let ports = scan.ports();
        let there = |id: &String| ports.iter().any(|p| p.id() == *id);
        self.outputs.retain(|open| there(&open.id));
        for port in &ports {
            let id = port.id();
            let Ok(name) = scan.port_name(port) else {
                continue;
            };
            if self.outputs.iter().any(|open| open.id == id) || !self.is_wanted(&name) {
                continue;
            }
            let Ok(open) = output() else {
                return;
            };
            if let Ok(Ok(connection)) =
                catch_unwind(AssertUnwindSafe(|| open.connect(port, "clock")))
            {
                self.command(Command::Tell(format!("MIDI clock to {name}")));
                self.outputs.push(OpenOutput { id, connection });
            }
        }
    }

    fn command(&self, command: Command) {
        // A full queue is no reason to stop: what was to be told is lost.
        let _ = self.handle.command(command);
    }

    // What was learned

    fn remember(&mut self) {
        let Some(path) = &self.options.memory else {
            return;
        };
        let Ok(text) = std::fs::read_to_string(path) else {
            return;
        };
        match ron::from_str::<Vec<Assigned>>(&text) {
            Ok(controls) => {
                self.remembered.clone_from(&controls);
                self.command(Command::SetControls(controls));
            }
            Err(why) => {
                let path = path.display();
                self.command(Command::Tell(format!(
                    "{path}:{why}: no controller is known"
                )));
                // It is not written over before something is learned.
            }
        }
    }

    fn write_memory(&mut self) {
        let controls = &self.handle.view().controls;
        let Some(path) = &self.options.memory else {
            return;
        };
        if *controls == self.remembered {
            return;
        }
        self.remembered.clone_from(controls);
        let pretty = ron::ser::PrettyConfig::default();
        let Ok(text) = ron::ser::to_string_pretty(controls, pretty) else {
            return;
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| crate::patch::file::save_atomic(path, &(text + "\n")));
        if let Err(why) = written {
            let path = path.display();
            self.command(Command::Tell(format!(
                "{path}: {why}: this is not remembered"
            )));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A translator that panicked holds whole values: they are only ever replaced.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
