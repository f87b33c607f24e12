//! The supervisor's ends of everything realtime: both engines, the callback, and who runs the engines. Keeps what does not fit
//! into a queue and tries again.
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::command::SlotId;
use super::set::{Carry, Device, Done, Loaded, SetLog, What};
use super::timeline::Heads;
use crate::audio::msg::{DeviceSide, OutputMsg, OutputReply, Swap};
use crate::audio::slots::{OutputPort, SlotsConfig, spare_engine};
use crate::dsp::transport::Transport;
use crate::engine::Engine;
use crate::engine::block::Feed;
use crate::engine::msg::{Act, EngineMsg, EngineReply, Load};
use crate::engine::port::EnginePort;
use crate::engine::telemetry::{SlotPhase, Telemetry};
use crate::engine::watch::Watch;
use crate::graph::Snapshot;

/// Messages kept for an engine that takes none. More than that, and it is not slow but dead: it gets a new queue when it is replaced.
const KEPT: usize = 16_384;

/// A set says this often how much was played, where nothing else happens.
const MARK_SECONDS: f64 = 10.0;

/// Who runs the engines: threads, or, in lock step, whoever steps the session.
pub trait Crew: Send {
    /// Whether an engine that hangs can be given up now, or why not.
    fn may_replace(&mut self) -> Result<(), String>;
    /// Runs a new engine of a slot in place of the one that hangs, or says why that can't be.
    fn replace(&mut self, slot: SlotId, engine: Engine) -> Result<(), String>;
}

/// What the supervisor hears from the realtime side.
pub enum Report {
    Engine(SlotId, EngineReply),
    Output(OutputReply),
}

/// A slot as its engine and the callback show it.
#[derive(Clone, Copy, Debug)]
pub struct SlotLook {
    /// Generation that is read in step with the timeline; 0: none.
    pub playing: u32,
    pub phase: SlotPhase,
    pub fade_percent: u8,
    /// When the block that is being rendered was begun, on the audio clock; 0 between blocks.
    pub rendering_since_ns: u64,
    /// Of the graph that the engine renders; 0: none.
    pub renders: u32,
}

pub struct Rig {
    decks: [Deck; 2],
    output: OutputPort,
    to_output: VecDeque<OutputMsg>,
    swap: Option<u64>,
    telemetry: Arc<Telemetry>,
    config: SlotsConfig,
    crew: Box<dyn Crew>,
    /// All that is told to engines and callback, and what came of it, for a replay.
    set: Option<SetLog>,
    marked: u64,
    late: u64,
    spill_frames: u32,
}

struct Deck {
    port: EnginePort,
    waiting: VecDeque<EngineMsg>,
}

impl Deck {
    fn send(&mut self, message: EngineMsg) {
        if self.waiting.len() < KEPT || !matches!(message, EngineMsg::At { .. }) {
            self.waiting.push_back(message);
        }
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(message) = self.waiting.pop_front() {
            if let Err(message) = self.port.send(message) {
                return self.waiting.push_front(message);
            }
        }
    }
}

impl Rig {
    pub fn new(
        ports: [EnginePort; 2],
        output: OutputPort,
        telemetry: Arc<Telemetry>,
        config: SlotsConfig,
        crew: Box<dyn Crew>,
    ) -> Self {
        Self {
            decks: ports.map(|port| Deck {
                port,
                waiting: VecDeque::new(),
            }),
            output,
            to_output: VecDeque::new(),
            swap: None,
            telemetry,
            config,
            crew,
            set: None,
            marked: 0,
            late: 0,
            spill_frames: 0,
        }
    }

    /// From now on everything is written down.
    pub fn log(&mut self, set: SetLog) {
        self.set = Some(set);
    }

    pub fn set(&self) -> Option<&SetLog> {
        self.set.as_ref()
    }

    pub fn telemetry(&self) -> &Arc<Telemetry> {
        &self.telemetry
    }

    // Looking

    pub fn heads(&self) -> Heads {
        Heads {
            played: self.telemetry.frame(),
            earliest: self.telemetry.soon(),
        }
    }

    /// Frames that the engines render ahead of what is heard.
    pub fn lead(&self) -> u64 {
        u64::from(self.telemetry.timeline.lead.load(Relaxed))
    }

    pub fn slot(&self, slot: SlotId) -> SlotLook {
        let told = &self.telemetry.slots[slot.index()];
        SlotLook {
            playing: told.playing_generation.load(Relaxed),
            phase: told.phase(),
            fade_percent: {
                // The weight of slot B.
                let weight = told.fade_percent.load(Relaxed).min(100);
                match self.telemetry.live() {
                    0 => 100 - weight,
                    _ => weight,
                }
            },
            rendering_since_ns: told.rendering_since_ns.load(Relaxed),
            renders: told.generation.load(Relaxed),
        }
    }

    /// RMS and peak of the last 100 ms.
    pub fn meters(&self, slot: SlotId) -> ([f32; 2], [f32; 2]) {
        let told = &self.telemetry.slots[slot.index()];
        let both = |m: &[crate::engine::telemetry::AtomicF32; 2]| [m[0].load(), m[1].load()];
        (both(&told.rms), both(&told.peak))
    }

    /// The audio clock: what key presses are measured with.
    pub fn now_ns(&self) -> u64 {
        (self.config.clock)()
    }

    // Telling

    /// Something for one engine at a frame. `sent_ns` is when the key was pressed, where it was one.
    pub fn act(&mut self, slot: SlotId, frame: u64, act: Act, sent_ns: u64) {
        let played = self.telemetry.frame();
        if let Some(set) = &mut self.set {
            set.act(played, slot, frame, act);
        }
        self.send_act(slot, frame, act, sent_ns);
    }

    fn send_act(&mut self, slot: SlotId, frame: u64, act: Act, sent_ns: u64) {
        self.decks[slot.index()].send(EngineMsg::At {
            frame,
            act,
            sent_ns,
        });
    }

    /// A new line of musical time for both.
    pub fn transport(&mut self, transport: Transport) {
        self.write(What::Transport(transport));
        for slot in SlotId::BOTH {
            let act = Act::Transport(transport);
            self.send_act(slot, transport.anchor_frame, act, 0);
        }
    }

    /// What the load that follows is made of.
    pub fn log_load(&mut self, loaded: impl FnOnce() -> Loaded) {
        let played = self.telemetry.frame();
        if let Some(set) = &mut self.set {
            set.load(played, loaded());
        }
    }

    fn write(&mut self, what: What) {
        let played = self.telemetry.frame();
        self.marked = played;
        if let Some(set) = &mut self.set {
            set.what(played, what);
        }
    }

    pub fn load(&mut self, slot: SlotId, load: Load) {
        self.decks[slot.index()].send(EngineMsg::Load(Box::new(load)));
    }

    pub fn unload(&mut self, slot: SlotId) {
        self.write(What::Unload { slot });
        self.decks[slot.index()].send(EngineMsg::Unload);
    }

    /// The graph stays and is not rendered.
    pub fn park(&mut self, slot: SlotId) {
        self.write(What::Park { slot });
        self.decks[slot.index()].send(EngineMsg::Park);
    }

    pub fn resume(&mut self, slot: SlotId, from: u64, snapshot: Option<Box<Snapshot>>) {
        let carry = snapshot.as_ref().map(|_| Carry {
            from: slot.other(),
            frame: from,
        });
        self.write(What::Resume { slot, from, carry });
        self.decks[slot.index()].send(EngineMsg::Resume { from, snapshot });
    }

    pub fn save(&mut self, slot: SlotId, snapshot: Box<Snapshot>, at: u64) {
        self.decks[slot.index()].send(EngineMsg::Save { snapshot, at });
    }

    /// What an engine is to look at for the screen.
    pub fn watch(&mut self, slot: SlotId, watch: Box<Watch>) {
        self.decks[slot.index()].send(EngineMsg::Watch(watch));
    }

    pub fn swap(&mut self, swap: Swap) {
        self.swap = Some(swap.id);
        self.spill_frames = swap.spill_frames;
        self.tell_output(OutputMsg::Swap(swap));
    }

    pub fn cancel_swap(&mut self) {
        if let Some(id) = self.swap {
            self.tell_output(OutputMsg::Cancel { id });
        }
    }

    pub fn mute(&mut self, on: bool) {
        self.tell_output(OutputMsg::Mute(on));
    }

    /// Whether the callback copies the slot that is not heard.
    pub fn cue(&mut self, on: bool) {
        self.tell_output(OutputMsg::Cue(on));
    }

    /// A new engine in place of one that hangs: nothing that the old one holds is needed.
    pub fn replace_engine(&mut self, slot: SlotId, transport: Transport) -> Result<(), String> {
        self.crew.may_replace()?;
        let config = SlotsConfig {
            transport,
            ..self.config
        };
        let told = &self.telemetry.slots[slot.index()];
        // Before the new one is made: it takes this number.
        told.incarnation.fetch_add(1, Relaxed);
        let (engine, port, feed) = spare_engine(slot.index(), &config, self.telemetry.clone());
        if let Err(why) = self.crew.replace(slot, engine) {
            told.incarnation.fetch_sub(1, Relaxed);
            return Err(why);
        }
        let generation = told.generation.load(Relaxed);
        self.write(What::Failed { slot, generation });
        let told = &self.telemetry.slots[slot.index()];
        self.decks[slot.index()] = Deck {
            port,
            waiting: VecDeque::new(),
        };
        told.generation.store(0, Relaxed);
        told.rendering_since_ns.store(0, Relaxed);
        self.attach(slot, feed);
        Ok(())
    }

    /// Gives the callback a slot's new ring; asked again where the slot was still heard.
    pub fn attach(&mut self, slot: SlotId, feed: Box<Feed>) {
        let slot = slot.index();
        self.tell_output(OutputMsg::Attach { slot, feed });
    }

    fn tell_output(&mut self, message: OutputMsg) {
        self.to_output.push_back(message);
        self.flush_output();
    }

    fn flush_output(&mut self) {
        while let Some(message) = self.to_output.pop_front() {
            if let Err(message) = self.output.send(message) {
                return self.to_output.push_front(message);
            }
        }
    }

    /// Tries again what did not fit.
    pub fn flush(&mut self) {
        for deck in &mut self.decks {
            deck.flush();
        }
        self.flush_output();
        self.mark();
    }

    /// Says in the set how much was played, and what came late.
    fn mark(&mut self) {
        if self.set.is_none() {
            return;
        }
        let slots = self.telemetry.slots.iter();
        let late = slots.map(|s| s.late_events.load(Relaxed)).sum::<u64>();
        if late > self.late {
            let events = late - self.late;
            self.write(What::Late { events });
        }
        self.late = late;
        let quiet = self.telemetry.frame().saturating_sub(self.marked);
        if quiet as f64 >= MARK_SECONDS * self.config.rate {
            self.write(What::Played {});
        }
    }

    /// Something still waits to be handed over.
    pub fn is_behind(&self) -> bool {
        !self.to_output.is_empty() || self.decks.iter().any(|d| !d.waiting.is_empty())
    }

    /// The next reply of anyone.
    pub fn poll(&mut self) -> Option<Report> {
        for slot in SlotId::BOTH {
            if let Some(reply) = self.decks[slot.index()].port.receive() {
                if let EngineReply::Failed { load, .. } = &reply {
                    let generation = load.generation();
                    self.write(What::Failed { slot, generation });
                }
                return Some(Report::Engine(slot, reply));
            }
        }
        let reply = self.output.receive()?;
        if self.set.is_some()
            && let Some(what) = self.heard(&reply)
        {
            self.write(what);
        }
        Some(Report::Output(reply))
    }

    /// What a reply means for a set.
    fn heard(&self, reply: &OutputReply) -> Option<What> {
        Some(match *reply {
            OutputReply::Swapped {
                to,
                generation,
                frame,
                fade_frames,
                rho,
                ..
            } => What::Heard {
                how: Done::Swap,
                to: SlotId::BOTH[to & 1],
                generation,
                frame,
                fade_frames,
                spill_frames: self.spill_frames,
                rho,
            },
            OutputReply::Failover {
                to,
                generation,
                frame,
                fade_frames,
                rho,
            } => What::Heard {
                how: Done::Failover,
                to: SlotId::BOTH[to & 1],
                generation,
                frame,
                fade_frames,
                spill_frames: 0,
                rho,
            },
            OutputReply::Returned { none_frames, .. } => What::Silence {
                frames: none_frames,
            },
            OutputReply::AtTick { tick, what } => What::Device {
                tick,
                what: match what {
                    DeviceSide::Begins { frame } => Device::Begins { frame },
                    DeviceSide::Muted(on) => Device::Muted(on),
                    DeviceSide::Returns => Device::Returns,
                },
            },
            _ => return None,
        })
    }
}

impl Drop for Rig {
    /// How long it was, as nearly as can be told.
    fn drop(&mut self) {
        self.write(What::Played {});
    }
}
