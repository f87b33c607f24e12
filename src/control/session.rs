//! The whole instrument on one thread with a scripted time: supervisor, both engines, output. Offline rendering and lock-step
//! tests run this; nothing in it waits.
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use super::builder::Builder;
use super::command::{Answer, At, Command, Request, SlotId};
use super::crew::LockStep;
use super::event::{Event, View};
use super::handle::{Board, Handle, Message};
use super::meters::LiveMeters;
use super::queue;
use super::rig::Rig;
use super::script::Item;
use super::supervisor::{Config, Supervisor};
use super::timeline::Now;
use crate::audio::lead::Latency;
use crate::audio::output::Output;
use crate::audio::slots::{Slots, SlotsConfig, StartFade};
use crate::dsp::transport::Transport;
use crate::engine::Engine;

#[cfg(feature = "faults")]
use super::hindrance::Hindered;
#[cfg(feature = "faults")]
pub use super::hindrance::Hindrance;

/// Frames between two looks of the supervisor while rendering: well under every lead, so that what is decided one lead ahead is
/// decided in time.
pub const CHUNK: usize = 256;

/// Frames that are known ahead: more than any lead.
const INPUT_AHEAD: usize = 1 << 14;

thread_local! {
    static NOW_NS: Cell<u64> = const { Cell::new(0) };
}

/// The scripted audio clock of this thread.
fn scripted_ns() -> u64 {
    NOW_NS.get()
}

pub struct Session {
    pub supervisor: Supervisor,
    engines: [Engine; 2],
    /// Takes engines that are to replace one that hangs.
    crew: LockStep,
    #[cfg(feature = "faults")]
    hindered: Hindered,
    output: Output,
    handle: Handle,
    inbox: queue::Receiver<Message>,
    events: queue::Receiver<Event>,
    rate: f64,
    /// Frames asked for so far: the scripted time.
    asked: u64,
    script: Vec<Item>,
    /// What comes in, and how much of it has.
    input: Vec<[f32; 2]>,
    brought: usize,
    /// What was asked of the script's items, and where the answers come.
    performed: Vec<(Command, Receiver<Answer>)>,
}

impl Session {
    pub fn new(config: Config) -> Self {
        Self::with_builder(config, Builder::inline())
    }

    /// With builds on a thread, which take the time that they take: whoever renders has to wait for them.
    pub fn with_builder(config: Config, builder: Builder) -> Self {
        NOW_NS.set(0);
        let rate = config.rate;
        let slots_config = SlotsConfig {
            rate,
            latency: Latency::Safe,
            period: CHUNK as u32,
            transport: Transport::new(rate, config.bpm),
            clock: scripted_ns,
            start: StartFade::Offline,
        };
        let mut slots = Slots::new(&slots_config);
        let scope = slots.output_port.take_scope();
        let cue = slots.output_port.take_cue();
        let telemetry = slots.telemetry.clone();
        let meters = Arc::new(LiveMeters::new(telemetry, rate, scripted_ns, scope).with_cue(cue));
        let crew = LockStep::default();
        let rig = Rig::new(
            slots.ports,
            slots.output_port,
            slots.telemetry,
            slots_config,
            Box::new(crew.clone()),
        );
        let (engines, output) = (slots.engines, slots.output);
        let board = Board::new(View::default());
        let (handle, inbox) = Handle::new(board.clone(), meters.clone());
        let events = handle.subscribe();
        Self {
            supervisor: Supervisor::new(config, rig, builder, board, meters),
            engines,
            crew,
            #[cfg(feature = "faults")]
            hindered: Hindered::default(),
            output,
            handle,
            inbox,
            events,
            rate,
            asked: 0,
            script: Vec::new(),
            performed: Vec::new(),
            input: Vec::new(),
            brought: 0,
        }
    }

    /// What patches that listen hear, from the first frame on; silence follows it. Before anything is rendered.
    pub fn set_input(&mut self, frames: Vec<[f32; 2]>) {
        self.input = frames;
        self.bring_input(CHUNK);
    }

    /// The input of the callback to come and of all that is rendered ahead of it.
    fn bring_input(&mut self, frames: usize) {
        if self.input.is_empty() {
            return;
        }
        let tape = &self.supervisor.rig().telemetry().input;
        let until = self.asked as usize + frames + INPUT_AHEAD;
        tape.open();
        let mut load = [[0.0; 2]; CHUNK];
        while self.brought < until {
            for (i, frame) in load.iter_mut().enumerate() {
                *frame = self
                    .input
                    .get(self.brought + i)
                    .copied()
                    .unwrap_or([0.0; 2]);
            }
            tape.capture(&load);
            self.brought += CHUNK;
        }
        self.output.bring_input(frames as u64);
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Carries a command out and says what came of it.
    pub fn command(&mut self, command: Command) -> Result<Option<String>, String> {
        self.command_at(command, At::Soon)
    }

    pub fn command_at(&mut self, command: Command, at: At) -> Result<Option<String>, String> {
        let (answer, answered) = channel();
        self.supervisor.take(Request {
            command,
            at,
            answer: Some(answer),
        });
        self.settle();
        // A command for a frame far ahead is answered when it is carried out.
        answered.try_recv().unwrap_or(Ok(None))
    }

    /// Events since the last call.
    pub fn events(&mut self) -> Vec<Event> {
        self.events.try_iter().collect()
    }

    /// What is to happen when, beside commands.
    pub fn play_script(&mut self, items: Vec<Item>) {
        self.script = items;
    }

    /// Commands of the script that were refused since the last call, with the reason.
    pub fn refused(&mut self) -> Vec<(Command, String)> {
        let mut refused = Vec::new();
        self.performed
            .retain(|(command, answer)| match answer.try_recv() {
                Ok(Err(why)) => {
                    refused.push((command.clone(), why));
                    false
                }
                Ok(Ok(_)) | Err(TryRecvError::Disconnected) => false,
                Err(TryRecvError::Empty) => true,
            });
        refused
    }

    /// Everybody does what can be done without time passing.
    pub fn settle(&mut self) {
        let steady = Duration::from_secs_f64(self.asked as f64 / self.rate);
        NOW_NS.set(steady.as_nanos() as u64);
        loop {
            while let Ok(message) = self.inbox.try_recv() {
                if let Message::Request(request, _) = message {
                    self.supervisor.take(request);
                }
            }
            self.supervisor.step(Now::scripted(steady));
            let mut worked = self.perform_script();
            for slot in SlotId::BOTH {
                worked |= self.step_engine(slot);
            }
            if !worked {
                return;
            }
        }
    }

    /// Lets an engine render what it may; true where it did anything.
    fn step_engine(&mut self, slot: SlotId) -> bool {
        let engine = &mut self.engines[slot.index()];
        if let Some(fresh) = self.crew.fresh(slot) {
            let old = std::mem::replace(engine, fresh);
            #[cfg(feature = "faults")]
            self.hindered.give_up(slot, old);
            #[cfg(not(feature = "faults"))]
            drop(old);
        }
        let mut worked = false;
        #[cfg(feature = "faults")]
        while self.hindered.may_step(slot) && engine.step() {
            worked = true;
        }
        #[cfg(not(feature = "faults"))]
        while engine.step() {
            worked = true;
        }
        worked
    }

    /// One callback: fills `out` with what the device hears next.
    pub fn fill(&mut self, out: &mut [[f32; 2]]) {
        self.bring_input(out.len());
        self.settle();
        self.output.fill(out, NOW_NS.get());
        self.asked += out.len() as u64;
        #[cfg(feature = "faults")]
        self.hindered.pass(out.len());
    }

    /// From now on an engine works as it is told to, or as it can.
    #[cfg(feature = "faults")]
    pub fn hinder(&mut self, slot: SlotId, hindrance: Hindrance) {
        let told = &self.supervisor.rig().telemetry().slots[slot.index()];
        self.hindered.set(slot, hindrance, told, NOW_NS.get());
    }

    /// Every engine that was given up because it hung comes back from the block that it was at.
    #[cfg(feature = "faults")]
    pub fn release(&mut self) {
        for mut engine in self.hindered.release() {
            engine.step();
        }
        self.crew.came_back();
    }

    /// The next `frames` frames, in callbacks of [`CHUNK`].
    pub fn render(&mut self, frames: usize) -> Vec<[f32; 2]> {
        let mut sound = vec![[0.0; 2]; frames];
        for chunk in sound.chunks_mut(CHUNK) {
            self.fill(chunk);
        }
        self.settle();
        sound
    }

    /// Loads a patch text and plays it; the error is what a user is told.
    pub fn load_first(&mut self, text: &str, path: &Path) -> Result<(), String> {
        self.command(Command::LoadText {
            text: text.to_owned(),
            path: Some(path.to_owned()),
        })?;
        let view = self.supervisor.view();
        if view.slots.iter().any(|slot| slot.loaded.is_some()) {
            return Ok(());
        }
        let told = self.events().pop().map(|event| event.sentence);
        Err(told.unwrap_or_else(|| "the patch was not loaded".into()))
    }

    /// Hands over what is due within one lead. One at a time: what it does to the tempo moves those after it.
    fn perform_script(&mut self) -> bool {
        let heads = self.supervisor.rig().heads();
        let horizon = heads.earliest + self.supervisor.rig().lead();
        let transport = self.supervisor.transport_ahead();
        let next = (self.script.iter().enumerate())
            .filter_map(|(i, item)| Some((item.when.frame(&transport)?, i)))
            .min();
        let Some((frame, index)) = next.filter(|(frame, _)| *frame <= horizon) else {
            return false;
        };
        let item = self.script.remove(index);
        let (answer, answered) = channel();
        self.performed.push((item.command.clone(), answered));
        self.supervisor.take(Request {
            command: item.command,
            at: At::Frame(frame),
            answer: Some(answer),
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENS: &str =
        "(name: \"ear\", modules: (ear: In(), out: Out()), cables: [\"ear > out\"])";

    fn tone(frame: usize) -> [f32; 2] {
        let x = (frame as f32 * 0.031).sin();
        [0.3 * x, 0.2 * (frame as f32 * 0.017).cos()]
    }

    #[test]
    fn what_comes_in_is_heard_to_the_frame_through_both_slots_and_a_swap() {
        let mut session = Session::new(Config {
            net: false,
            ..Config::default()
        });
        session.set_input((0..200_000).map(tone).collect());
        session
            .load_first(LISTENS, Path::new("ear.ron"))
            .expect("primed with a test sound");
        let mut heard = session.render(40_000);
        let command = Command::LoadText {
            text: LISTENS.replace("ear: In()", "ear: In(channel: Left)"),
            path: None,
        };
        session.command(command).expect("loads");
        heard.extend(session.render(20_000));
        session
            .command(Command::Swap(Some(super::super::command::Quantum::Now)))
            .expect("swaps");
        heard.extend(session.render(40_000));
        // The guard looks ahead by a fixed number of frames; nothing else comes between.
        let late = (0..1_000)
            .find(|late| (5_000..9_000).all(|f| (heard[f][0] - tone(f - late)[0]).abs() < 1e-6));
        let late = late.expect("the input is in the output");
        for (f, heard) in heard.iter().enumerate().skip(5_000) {
            let want = tone(f - late);
            // Within the fade the left sides are alike and the right ones are not: the level held for both swells by up to 12 %.
            let fades = (60_000..64_000).contains(&f);
            let near = if fades { 0.05 } else { 1e-5 };
            assert!((heard[0] - want[0]).abs() < near, "{f}: {heard:?} {want:?}");
            let right = match f {
                0..60_000 => Some(want[1]),
                64_000.. => Some(want[0]),
                _ => None,
            };
            assert!(
                right.is_none_or(|r| (heard[1] - r).abs() < near),
                "{f}: {heard:?} {want:?}"
            );
        }
        let tape = &session.supervisor.rig().telemetry().input;
        assert_eq!(tape.late.load(std::sync::atomic::Ordering::Relaxed), 0);
    }
}
