//! One slot's realtime side: take messages, render one block, push it. Knows nothing of the other slot.
//!
//! [`Engine::step`] neither waits nor sleeps; [`thread`] calls it in a loop, tests and offline rendering call it themselves.
pub mod block;
pub mod histogram;
pub mod input;
mod measure;
pub mod msg;
mod parking;
mod pending;
pub mod port;
pub mod priority;
pub mod quiet;
pub mod telemetry;
pub mod thread;
pub mod wake;
pub mod watch;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::traits::{Consumer, Observer, Producer};
use ringbuf::{HeapCons, HeapProd};

use self::block::{Block, Writer};
use self::measure::measure;
use self::msg::{Act, EngineMsg, EngineReply, Failure, Load, Start};
use self::pending::{PENDING, Pending, Timed};
use self::telemetry::{SlotTelemetry, Telemetry};
use self::wake::Waker;
use self::watch::Watch;
use crate::dsp::{BLOCK, transport::Transport};
use crate::graph::{self, GraphEvent, Snapshot};
use crate::modules::module::TimeCx;

/// Nanoseconds of the audio clock. Lock-step tests script it.
pub type Clock = fn() -> u64;

/// A message makes at most two replies at once, and up to three that come later (Loaded, Saved, Failed) are still owed: none of
/// them may be without room, for it may carry a box.
const REPLY_ROOM: usize = 8;
/// Messages taken in one step, so that a flood delays a block by microseconds only.
const MESSAGES_A_STEP: usize = 512;
/// Blocks over which the load is smoothed: 100 ms at 48 kHz.
const LOAD_SMOOTHING: f32 = 1.0 / 75.0;

/// One slot's realtime side. Whoever owns it calls [`step`](Engine::step); it is dropped off the realtime path.
pub struct Engine {
    slot: usize,
    /// The telemetry's number when this engine was made.
    incarnation: u32,
    telemetry: Arc<Telemetry>,
    clock: Clock,
    rate: f32,
    waker: Arc<Waker>,
    // Connections
    messages: HeapCons<EngineMsg>,
    replies: HeapProd<EngineReply>,
    writer: Box<Writer>,
    // The graph and where it is
    load: Option<Box<Load>>,
    mode: Mode,
    /// The graph has been rendered before it begins anew: its memories are emptied first.
    stale: bool,
    /// The frame it starts at, and the next one it renders.
    start: u64,
    head: u64,
    // What is to happen
    transport: Transport,
    pending: Pending,
    /// This block's, filled anew for each.
    events: Vec<GraphEvent>,
    save: Option<Save>,
    /// What the screen looks at.
    watch: Option<Box<Watch>>,
}

/// What is done with the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Its first block has not been rendered: state is to be restored, the reply is owed.
    Fresh,
    Running,
    Parked,
}

struct Save {
    snapshot: Box<Snapshot>,
    at: u64,
}

impl Engine {
    /// One turn: true where something was done, false where there is nothing to do until the callback reads or a message
    /// comes. Realtime.
    pub fn step(&mut self) -> bool {
        if self.is_replaced() {
            return false;
        }
        self.my().steps.fetch_add(1, Relaxed);
        let took = self.take_messages();
        self.save_if_due();
        self.render() || took
    }

    /// The next frame it will render.
    pub fn head(&self) -> u64 {
        self.head
    }

    pub(crate) fn slot(&self) -> usize {
        self.slot
    }

    pub(crate) fn waker(&self) -> &Arc<Waker> {
        &self.waker
    }

    pub(crate) fn telemetry(&self) -> &Arc<Telemetry> {
        &self.telemetry
    }

    fn my(&self) -> &SlotTelemetry {
        &self.telemetry.slots[self.slot]
    }

    /// It hung, and another one has the slot now: the telemetry is that one's.
    fn is_replaced(&self) -> bool {
        self.my().incarnation.load(Relaxed) != self.incarnation
    }

    // Messages

    fn take_messages(&mut self) -> bool {
        let mut taken = 0;
        while taken < MESSAGES_A_STEP && self.has_room_for_next() {
            let Some(message) = self.messages.try_pop() else {
                break;
            };
            self.handle(message);
            taken += 1;
        }
        taken > 0
    }

    /// Whatever the next message does, its replies and its events find a place.
    fn has_room_for_next(&self) -> bool {
        if self.replies.vacant_len() < REPLY_ROOM {
            return false;
        }
        match self.messages.first() {
            Some(EngineMsg::At { .. }) => self.pending.room() > 0,
            // Changes for the old graph will have gone by then; transports are few.
            Some(EngineMsg::Load(load)) => load.events.len() <= PENDING - self.transports(),
            _ => true,
        }
    }

    fn transports(&self) -> usize {
        let waiting = self.pending.before(u64::MAX).iter();
        waiting
            .filter(|e| matches!(e.act, Act::Transport(_)))
            .count()
    }

    fn handle(&mut self, message: EngineMsg) {
        match message {
            EngineMsg::At {
                frame,
                act,
                sent_ns,
            } => self.schedule(Timed {
                frame,
                act,
                sent_ns,
            }),
            EngineMsg::Load(load) => self.begin(load),
            EngineMsg::Save { snapshot, at } => self.ask_save(Save { snapshot, at }),
            EngineMsg::Unload => self.end(),
            EngineMsg::Park => self.park(),
            EngineMsg::Resume { from, snapshot } => self.resume(from, snapshot),
            EngineMsg::Watch(watch) => self.watch(watch),
            EngineMsg::Attach(writer) => {
                let old = std::mem::replace(&mut self.writer, writer);
                self.tell(EngineReply::Detached(old));
            }
        }
    }

    fn watch(&mut self, new: Box<Watch>) {
        let Some(mut old) = self.watch.replace(new) else {
            return;
        };
        if let Some(load) = self
            .load
            .as_mut()
            .filter(|l| l.generation() == old.generation())
        {
            old.leave(&mut *load.graph);
        }
        self.tell(EngineReply::Unwatched(old));
    }

    fn schedule(&mut self, event: Timed) {
        if self.mode == Mode::Parked && self.load.is_some() {
            return self.schedule_parked(event);
        }
        // Room was made sure of before the message was taken.
        self.pending.insert(event);
    }

    fn begin(&mut self, mut load: Box<Load>) {
        self.end();
        self.pending.retain(|e| matches!(e.act, Act::Transport(_)));
        self.start = match load.start {
            Start::At(frame) => frame,
            Start::Head => self.head,
        };
        self.head = self.start;
        self.begin_in_time();
        (self.mode, self.stale) = (Mode::Fresh, false);
        if let Some(transport) = load.transport.take() {
            self.transport = transport;
        }
        for &(frame, act) in &load.events {
            self.pending.insert(Timed {
                frame,
                act,
                sent_ns: 0,
            });
        }
        let my = self.my();
        my.head.store(self.head, Relaxed);
        my.parked.store(0, Relaxed);
        my.generation.store(load.generation(), Relaxed);
        self.load = Some(load);
    }

    /// Changes of tempo before a graph's first frame are no changes for it: it begins in the tempo that holds there, and glides
    /// from none before.
    fn begin_in_time(&mut self) {
        let start = self.start;
        for event in self.pending.before(start + 1) {
            if let Act::Transport(line) = event.act {
                self.transport = line;
            }
        }
        let passed = |e: &Timed| e.frame <= start && matches!(e.act, Act::Transport(_));
        self.pending.retain(|e| !passed(e));
    }

    fn end(&mut self) {
        self.give_up_save();
        self.my().generation.store(0, Relaxed);
        if let Some(old) = self.load.take() {
            self.tell(EngineReply::Retired(old));
        }
    }

    // State for the next graph

    fn ask_save(&mut self, save: Save) {
        self.give_up_save();
        self.save = Some(save);
        if self.load.is_none() {
            self.give_up_save();
        }
    }

    fn give_up_save(&mut self) {
        if let Some(save) = self.save.take() {
            self.tell(EngineReply::Unsaved(save.snapshot));
        }
    }

    fn save_if_due(&mut self) {
        let due = self.save.as_ref().is_some_and(|s| s.at <= self.head);
        if !due || self.mode != Mode::Running {
            return;
        }
        let (Some(load), Some(mut save)) = (self.load.as_mut(), self.save.take()) else {
            return;
        };
        let generation = load.generation();
        let graph = &mut load.graph;
        match quiet::catch(|| graph.save(&mut save.snapshot)) {
            Ok(()) => self.tell(EngineReply::Saved {
                snapshot: save.snapshot,
                generation,
                frame: self.head,
            }),
            Err(payload) => {
                self.tell(EngineReply::Unsaved(save.snapshot));
                self.fail(Failure::Panic(payload));
            }
        }
    }

    // Sound

    fn render(&mut self) -> bool {
        let timeline = &self.telemetry.timeline;
        let reach = timeline.frame.load(Relaxed) + u64::from(timeline.lead.load(Relaxed));
        if self.mode == Mode::Parked || self.head >= reach || self.writer.is_full() {
            return false;
        }
        let Some(mut load) = self.load.take() else {
            return false;
        };
        let began = (self.clock)();
        self.my().rendering_since_ns.store(began.max(1), Relaxed);
        let due = self.collect_events(load.generation());
        let mut block = Block {
            generation: load.generation(),
            first_frame: self.head,
            sent_ns: due.sent_ns,
            ..Block::SILENCE
        };
        let fresh = self.mode == Mode::Fresh;
        let stale = std::mem::take(&mut self.stale);
        let generation = load.generation();
        let watch = self.watch.as_mut().filter(|w| w.generation() == generation);
        let input = self.telemetry.input.block(self.head);
        let outcome = quiet::catch(|| {
            let Load {
                graph, snapshot, ..
            } = &mut *load;
            if stale {
                // As priming left it.
                graph.test_note(None);
                graph.reset();
            }
            if let (true, Some(snapshot)) = (fresh, snapshot) {
                graph.restore(snapshot);
            }
            if due.reset {
                graph.reset();
            }
            let work = graph::Block {
                frame: self.head,
                time: due.time,
                events: &self.events,
                input: input.as_ref(),
            };
            graph.render(&work, &mut block.frames);
            if let Some(watch) = watch {
                watch.look(&mut **graph);
            }
        });
        self.load = Some(load);
        if self.is_replaced() {
            return false;
        }
        self.my().rendering_since_ns.store(0, Relaxed);
        match outcome {
            Err(payload) => self.fail(Failure::Panic(payload)),
            Ok(()) => self.push(block, began),
        }
        true
    }

    /// Takes what happens in the coming block off the list.
    fn collect_events(&mut self, generation: u32) -> Due {
        self.events.clear();
        let (head, end) = (self.head, self.head + BLOCK as u64);
        let mut due = Due {
            time: TimeCx::steady(self.transport),
            reset: false,
            sent_ns: 0,
        };
        let my = &self.telemetry.slots[self.slot];
        let events = self.pending.before(end);
        let count = events.len();
        for event in events {
            // What was meant for a frame before this graph began is not late: the graph could not have heard of it.
            if event.frame < head && event.frame >= self.start {
                my.late_events.fetch_add(1, Relaxed);
            }
            let offset = event.frame.saturating_sub(head) as usize;
            match event.act {
                Act::Change { generation: g, .. } | Act::Reset { generation: g }
                    if g != generation =>
                {
                    my.stale_events.fetch_add(1, Relaxed);
                }
                Act::Change { change, .. } => {
                    // As many places as the list has: it always fits.
                    self.events.push(GraphEvent { offset, change });
                    if due.sent_ns == 0 {
                        due.sent_ns = event.sent_ns;
                    }
                }
                Act::Reset { .. } => due.reset = true,
                // A line that is replaced within the same block was never heard.
                Act::Transport(line) => {
                    due.time.after = line;
                    due.time.split = offset;
                    if offset == 0 {
                        due.time.before = line;
                    }
                    self.transport = line;
                }
            }
        }
        self.pending.drop_first(count);
        due
    }

    fn push(&mut self, mut block: Block, began: u64) {
        let seen = measure(&block.frames);
        if !seen.finite {
            return self.fail(Failure::NonFinite);
        }
        (block.peak, block.squares) = (seen.peak, seen.squares);
        self.writer.push(block);
        self.head = block.end();
        let took = (self.clock)().saturating_sub(began);
        let my = self.my();
        my.head.store(self.head, Relaxed);
        my.render.add(took);
        let load = took as f32 * 1e-9 * self.rate / BLOCK as f32;
        my.load
            .store(my.load.load() + LOAD_SMOOTHING * (load - my.load.load()));
        if self.mode == Mode::Fresh {
            self.mode = Mode::Running;
            self.tell(EngineReply::Loaded {
                generation: block.generation,
                from_frame: block.first_frame,
            });
        }
    }

    /// Quarantine: the graph goes home, nothing more is rendered. The callback sees the ring run low and acts before it is dry.
    fn fail(&mut self, why: Failure) {
        self.give_up_save();
        let my = self.my();
        my.generation.store(0, Relaxed);
        if let Some(load) = self.load.take() {
            self.my()
                .failed_generation
                .store(load.generation(), Relaxed);
            let head = self.head;
            self.tell(EngineReply::Failed { load, head, why });
        }
    }

    fn tell(&mut self, reply: EngineReply) {
        if let Err(reply) = self.replies.try_push(reply) {
            // `has_room_for_next` makes this impossible. Were it not, a leak would be better than a free on this thread.
            debug_assert!(false, "no room for a reply");
            std::mem::forget(reply);
        }
    }
}

/// What a block begins with.
struct Due {
    time: TimeCx,
    reset: bool,
    sent_ns: u64,
}
