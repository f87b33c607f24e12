//! Making an engine, and the supervisor's end of it. All allocation is here.
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::block::{Feed, Writer, ring};
use super::msg::{EngineMsg, EngineReply, QUEUE};
use super::pending::{PENDING, Pending};
use super::telemetry::Telemetry;
use super::wake::Waker;
use super::{Clock, Engine, Mode, quiet};
use crate::dsp::transport::Transport;

/// The supervisor's end of one engine.
pub struct EnginePort {
    messages: HeapProd<EngineMsg>,
    replies: HeapCons<EngineReply>,
    waker: Arc<Waker>,
}

impl EnginePort {
    /// Hands a message over and wakes the engine; the message comes back where the queue is full.
    pub fn send(&mut self, message: EngineMsg) -> Result<(), EngineMsg> {
        self.messages.try_push(message)?;
        self.waker.wake();
        Ok(())
    }

    /// The oldest reply. Frees nothing: what it carries is the caller's.
    pub fn receive(&mut self) -> Option<EngineReply> {
        self.replies.try_pop()
    }

    pub fn has_replies(&self) -> bool {
        !self.replies.is_empty()
    }

    /// A new ring for this engine: the writer goes to it in a message, the feed to the callback.
    pub fn ring(&self) -> (Box<Writer>, Box<Feed>) {
        ring(self.waker.clone())
    }
}

/// An engine without a graph, its port, and the callback's end of its ring.
pub fn engine(
    slot: usize,
    telemetry: Arc<Telemetry>,
    clock: Clock,
    transport: Transport,
) -> (Engine, EnginePort, Box<Feed>) {
    quiet::install();
    let (to_engine, messages) = HeapRb::new(QUEUE).split();
    let (replies, from_engine) = HeapRb::new(QUEUE).split();
    let waker = Arc::new(Waker::default());
    let (writer, feed) = ring(waker.clone());
    let engine = Engine {
        slot,
        incarnation: telemetry.slots[slot].incarnation.load(Relaxed),
        telemetry,
        clock,
        rate: transport.rate as f32,
        waker: waker.clone(),
        messages,
        replies,
        writer,
        load: None,
        mode: Mode::Running,
        stale: false,
        start: 0,
        head: 0,
        transport,
        pending: Pending::default(),
        events: Vec::with_capacity(PENDING),
        save: None,
        watch: None,
    };
    let port = EnginePort {
        messages: to_engine,
        replies: from_engine,
        waker,
    };
    (engine, port, feed)
}
