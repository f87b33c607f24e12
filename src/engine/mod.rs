//! One slot's realtime side: take messages, render one block, push it. Knows nothing of the other slot.
//!
//! [`Engine::step`] neither waits nor sleeps; [`thread`] calls it in a loop, tests and offline rendering call it themselves.
pub mod block;
pub mod histogram;
mod inbox;
pub mod input;
mod measure;
pub mod msg;
mod parking;
mod pending;
pub mod port;
pub mod priority;
pub mod quiet;
mod rendering;
pub mod telemetry;
pub mod thread;
pub mod wake;
pub mod watch;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::traits::Producer;
use ringbuf::{HeapCons, HeapProd};

use self::block::Writer;
use self::msg::{EngineMsg, EngineReply, Failure, Load};
use self::pending::Pending;
use self::telemetry::{SlotTelemetry, Telemetry};
use self::wake::Waker;
use self::watch::Watch;
use crate::dsp::transport::Transport;
use crate::graph::{GraphEvent, Snapshot};

/// Nanoseconds of the audio clock. Lock-step tests script it.
pub type Clock = fn() -> u64;

/// A message makes at most two replies at once, and up to three that come later (Loaded, Saved, Failed) are still owed: none of
/// them may be without room, for it may carry a box.
const REPLY_ROOM: usize = 8;

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
