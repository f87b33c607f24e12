//! The ports: opened as they come, closed as they go, by a thread that looks once a second. A port's messages arrive on a thread
//! of its driver's and are handed on at once, with the time that the driver gave them.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use midir::{MidiInputConnection, MidiOutputConnection};

use crate::control::command::Command;
use crate::control::handle::Handle;
use crate::control::timeline::ClockLine;

use super::clock::ClockOut;
use super::memory::Memory;
use super::receiver::{Receiver, Shared};
use super::system::{CLIENT, input, output};

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
            if let Some(known) = ports.memory.read() {
                ports.command(known);
            }
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
    memory: Memory,
}

impl Ports {
    fn new(options: Options, handle: Handle) -> Self {
        Self {
            memory: Memory::new(options.memory.clone()),
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
            let controls = &self.handle.view().controls;
            if let Some(trouble) = self.memory.write(controls) {
                self.command(trouble);
            }
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
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A translator that panicked holds whole values: they are only ever replaced.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
