//! Plays a set again, by the same engines and output, in lock step and faster than real time. What was told when is told a little
//! earlier here: only the frames count at which it takes effect. Runs on the caller's thread.
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::super::command::SlotId;
use super::line::Device;
use super::read::Set;
use super::recipe::{Recipe, Step, steps};
use crate::audio::lead::Latency;
use crate::audio::msg::{NotSwapped, OutputMsg, OutputReply, Swap, SwapAt};
use crate::audio::output::Output;
use crate::audio::slots::{OutputPort, Slots, SlotsConfig, StartFade};
use crate::dsp::lanes::IsaChoice;
use crate::dsp::transport::Transport;
use crate::engine::Engine;
use crate::engine::msg::{EngineMsg, EngineReply};
use crate::engine::port::EnginePort;
use crate::engine::telemetry::Telemetry;
use crate::graph::{Layout, PrimedGraph, Snapshot};

/// Frames between two looks at what is due.
const CHUNK: usize = 256;
/// What is told this much before the engines could have rendered its frame.
const AHEAD: u64 = 1_024;

/// Why a set can't be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unplayable {
    #[error("generation {generation}: {why}")]
    Patch { generation: u32, why: String },
    #[error("nothing in it was heard")]
    Silent,
    #[error("no instruction set `{0}` here")]
    Isa(String),
}

/// A step of one slot, in its order.
pub(super) struct Due {
    /// Frames that had been played when it was decided.
    pub at: u64,
    /// Changes of the audible slot that come before it.
    pub after: usize,
    pub step: Step,
}

/// A change of the audible slot.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub to: SlotId,
    pub generation: u32,
    pub frame: u64,
    pub fade_frames: u32,
    pub spill_frames: u32,
    pub rho: f32,
}

/// Everything of a set in the order in which it is told.
#[derive(Default)]
pub(super) struct Plan {
    pub slots: [VecDeque<Due>; 2],
    pub turns: VecDeque<Turn>,
    /// By ticks of the device, without the silences of rings that ran dry.
    pub ticks: VecDeque<(u64, Device)>,
    pub begins: Option<u64>,
    pub recipes: HashMap<u32, Recipe>,
}

pub struct Player {
    engines: [Engine; 2],
    ports: [EnginePort; 2],
    output: Output,
    output_port: OutputPort,
    telemetry: Arc<Telemetry>,
    plan: Plan,
    begins: u64,
    rate: f64,
    seed: u32,
    isa: IsaChoice,
    // Where it stands
    tick: u64,
    /// Added to the device's clock: it was away.
    away_ns: u64,
    armed: bool,
    fading: bool,
    turned: usize,
    layouts: [Layout; 2],
    built: Option<(u32, PrimedGraph)>,
    saved: Option<(u64, Box<Snapshot>)>,
    differences: Vec<String>,
}

fn no_clock() -> u64 {
    0
}

impl Player {
    pub fn new(set: &Set) -> Result<Self, Unplayable> {
        let header = &set.header;
        let isa = IsaChoice::ALL.into_iter().find(|i| i.name() == header.isa);
        let isa = isa.filter(|isa| isa.resolve().is_ok());
        let isa = isa.ok_or_else(|| Unplayable::Isa(header.isa.clone()))?;
        let plan = steps(set)?;
        let begins = plan.begins.ok_or(Unplayable::Silent)?;
        let mut slots = Slots::new(&SlotsConfig {
            rate: header.rate,
            latency: Latency::Safe,
            period: CHUNK as u32,
            transport: Transport::new(header.rate, header.bpm),
            clock: no_clock,
            start: match header.fades_in {
                true => StartFade::Device,
                false => StartFade::Offline,
            },
        });
        // Whoever took over did so where the set says.
        let alone = slots.output_port.send(OutputMsg::Net(false));
        debug_assert!(alone.is_ok(), "an empty queue takes a message");
        let mut player = Self {
            engines: slots.engines,
            ports: slots.ports,
            output: slots.output,
            output_port: slots.output_port,
            telemetry: slots.telemetry,
            plan,
            begins,
            rate: header.rate,
            seed: header.seed,
            isa,
            tick: 0,
            away_ns: 0,
            armed: false,
            fading: false,
            turned: 0,
            layouts: Default::default(),
            built: None,
            saved: None,
            differences: Vec::new(),
        };
        player.wait_for_the_first_sound();
        Ok(player)
    }

    /// Frames of the timeline that were filled.
    pub fn frame(&self) -> u64 {
        self.tick - self.begins
    }

    /// Where this replay could not do what the set says, since the last call.
    pub fn differences(&mut self) -> Vec<String> {
        std::mem::take(&mut self.differences)
    }

    /// The device heard silence before: what looks at its sound (the guard) begins where it began.
    fn wait_for_the_first_sound(&mut self) {
        let mut silence = [[0.0; 2]; CHUNK];
        while self.tick < self.begins {
            let frames = (self.begins - self.tick).min(CHUNK as u64) as usize;
            self.call(&mut silence[..frames]);
        }
    }

    /// What was heard next.
    pub fn fill(&mut self, out: &mut [[f32; 2]]) {
        let mut done = 0;
        while done < out.len() {
            let now = self.tick;
            while (self.plan.ticks.front()).is_some_and(|(tick, _)| *tick <= now)
                && let Some((_, what)) = self.plan.ticks.pop_front()
            {
                self.device(what);
            }
            self.settle();
            let next = self.plan.ticks.front().map_or(u64::MAX, |(tick, _)| *tick);
            let frames = (next - now).min(CHUNK as u64) as usize;
            let end = (done + frames).min(out.len());
            self.call(&mut out[done..end]);
            done = end;
        }
    }

    fn call(&mut self, out: &mut [[f32; 2]]) {
        let now_ns = (self.tick as f64 / self.rate * 1e9) as u64 + self.away_ns;
        self.output.fill(out, now_ns);
        self.tick += out.len() as u64;
        self.hear_output();
    }

    fn device(&mut self, what: Device) {
        match what {
            Device::Begins { .. } => {}
            Device::Muted(on) => self.tell_output(OutputMsg::Mute(on)),
            // Longer than any device that is there takes between two calls.
            Device::Returns => self.away_ns += 3_000_000_000,
        }
    }

    fn tell_output(&mut self, message: OutputMsg) {
        if self.output_port.send(message).is_err() {
            self.differ("the output takes no more messages".into());
        }
    }

    fn differ(&mut self, why: String) {
        let seconds = self.frame() as f64 / self.rate;
        self.differences.push(format!("{seconds:.3} s: {why}"));
    }

    /// Tells everybody what is due, and lets the engines render, until nobody has anything to do.
    fn settle(&mut self) {
        loop {
            self.arm_next_turn();
            let mut worked = false;
            for slot in SlotId::BOTH {
                worked |= self.tell_engine(slot);
            }
            for engine in &mut self.engines {
                while engine.step() {
                    worked = true;
                }
            }
            self.hear_engines();
            if !worked {
                return;
            }
        }
    }

    fn reach(&self) -> u64 {
        let timeline = &self.telemetry.timeline;
        self.output.frame() + u64::from(timeline.lead.load(Relaxed)) + AHEAD
    }

    fn arm_next_turn(&mut self) {
        let reach = self.reach();
        let Some(turn) = self.plan.turns.front().copied() else {
            return;
        };
        if self.armed || turn.frame > reach {
            return;
        }
        if turn.frame < self.output.frame() {
            self.differ(format!("{} was not there to be heard", turn.to.name()));
            return self.turn_done();
        }
        if self.loaded(turn.to) != turn.generation {
            return;
        }
        self.armed = true;
        self.output.hold_by(turn.rho);
        self.tell_output(OutputMsg::Swap(Swap {
            id: self.turned as u64,
            to: turn.to.index(),
            generation: turn.generation,
            at: SwapAt::Frame(turn.frame),
            fade_frames: turn.fade_frames,
            spill_frames: turn.spill_frames,
        }));
    }

    /// Generation of the graph that a slot's engine has.
    fn loaded(&self, slot: SlotId) -> u32 {
        let told = &self.telemetry.slots[slot.index()];
        told.generation.load(Relaxed)
    }

    /// Hands an engine what is due; true where it took anything.
    fn tell_engine(&mut self, slot: SlotId) -> bool {
        let reach = self.reach();
        let mut took = false;
        while let Some(due) = self.plan.slots[slot.index()].front() {
            let free = due.after <= self.turned && !self.fading;
            if due.at > reach || !(free || due.step.needs_no_silence()) {
                break;
            }
            let Some(due) = self.plan.slots[slot.index()].pop_front() else {
                break;
            };
            if let Err(step) = self.tell(slot, due.step) {
                let due = Due { step, ..due };
                self.plan.slots[slot.index()].push_front(due);
                break;
            }
            took = true;
        }
        took
    }

    /// Tells an engine one thing, or gives it back where it has to wait.
    fn tell(&mut self, slot: SlotId, step: Step) -> Result<(), Step> {
        let port = &mut self.ports[slot.index()];
        let sent = match step {
            Step::Act { frame, act } => port.send(EngineMsg::At {
                frame,
                act,
                sent_ns: 0,
            }),
            Step::Park => port.send(EngineMsg::Park),
            Step::Unload => port.send(EngineMsg::Unload),
            Step::Load { generation } => return self.load(slot, generation),
            Step::Save { into, at } => return self.save(slot, into, at),
            Step::Resume { from, carries } => {
                let Some(snapshot) = self.carried(carries.then_some(from)) else {
                    return Err(Step::Resume { from, carries });
                };
                self.ports[slot.index()].send(EngineMsg::Resume { from, snapshot })
            }
        };
        sent.map_err(|message| match message {
            EngineMsg::At { frame, act, .. } => Step::Act { frame, act },
            EngineMsg::Park => Step::Park,
            // The queue is never full of these: a resume waits for nothing else.
            _ => Step::Unload,
        })
    }

    /// The state that was saved at a frame, once it is there; nothing where none is wanted.
    #[allow(clippy::option_option)]
    fn carried(&mut self, at: Option<u64>) -> Option<Option<Box<Snapshot>>> {
        let Some(at) = at else {
            return Some(None);
        };
        let (frame, snapshot) = self.saved.take()?;
        if frame != at {
            self.differ(format!("state of frame {frame} stands in for {at}"));
        }
        Some(Some(snapshot))
    }

    /// Builds the graph of a generation, once.
    fn build(&mut self, generation: u32) -> Option<&PrimedGraph> {
        if self.built.as_ref().is_none_or(|(g, _)| *g != generation) {
            let recipe = self.plan.recipes.get(&generation)?;
            match recipe.build(self.rate, self.isa, self.seed) {
                Ok(graph) => self.built = Some((generation, graph)),
                Err(why) => {
                    self.differ(why);
                    return None;
                }
            }
        }
        self.built.as_ref().map(|(_, graph)| graph)
    }

    fn save(&mut self, slot: SlotId, into: Option<u32>, at: u64) -> Result<(), Step> {
        let layout = match into {
            Some(generation) => self.build(generation).map(|graph| graph.layout().clone()),
            None => Some(self.layouts[slot.other().index()].clone()),
        };
        let Some(layout) = layout else {
            return Ok(());
        };
        let snapshot = Box::new(Snapshot::plan(&self.layouts[slot.index()], &layout));
        self.saved = None;
        let message = EngineMsg::Save { snapshot, at };
        let sent = self.ports[slot.index()].send(message);
        sent.map_err(|_| Step::Save { into, at })
    }

    fn load(&mut self, slot: SlotId, generation: u32) -> Result<(), Step> {
        let Some(recipe) = self.plan.recipes.get(&generation) else {
            return Ok(());
        };
        let carry = recipe.carry.map(|c| c.frame);
        let Some(snapshot) = self.carried(carry) else {
            return Err(Step::Load { generation });
        };
        if self.build(generation).is_none() {
            return Ok(());
        }
        let (Some((_, graph)), Some(recipe)) =
            (self.built.take(), self.plan.recipes.remove(&generation))
        else {
            return Ok(());
        };
        self.layouts[slot.index()] = graph.layout().clone();
        let load = Box::new(recipe.load(graph, snapshot));
        if self.ports[slot.index()]
            .send(EngineMsg::Load(load))
            .is_err()
        {
            self.differ("an engine takes no more messages".into());
        }
        Ok(())
    }

    fn hear_engines(&mut self) {
        for slot in SlotId::BOTH {
            while let Some(reply) = self.ports[slot.index()].receive() {
                match reply {
                    EngineReply::Saved {
                        snapshot, frame, ..
                    } => self.saved = Some((frame, snapshot)),
                    EngineReply::Failed { why, .. } => {
                        let why = format!("{} failed: {}", slot.name(), why.sentence());
                        self.differ(why);
                    }
                    _ => {}
                }
            }
        }
    }

    fn hear_output(&mut self) {
        while let Some(reply) = self.output_port.receive() {
            match reply {
                OutputReply::Swapped { .. } => {
                    self.fading = self.output.is_fading();
                    self.turn_done();
                }
                OutputReply::Refused { why, .. } if why != NotSwapped::Replaced => {
                    self.differ(format!("no change of slots: {}", why.sentence()));
                    self.turn_done();
                }
                OutputReply::Settled { .. } => self.fading = false,
                OutputReply::Returned { none_frames, .. } if none_frames > 0 => {
                    self.differ(format!("{none_frames} frames of silence"));
                }
                _ => {}
            }
        }
    }

    fn turn_done(&mut self) {
        self.plan.turns.pop_front();
        self.turned += 1;
        self.armed = false;
    }
}
