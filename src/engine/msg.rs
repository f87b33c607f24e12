//! What crosses between the supervisor and an engine. Plain values, or a box whose ownership moves: an engine never drops one.
use std::any::Any;

use super::block::Writer;
use super::watch::Watch;
use crate::dsp::{BLOCK, transport::Transport};
use crate::graph::{Change, Graph, Snapshot, prime::PrimedGraph};

/// Messages and replies that may wait, each way. Full: the message comes back to the sender, who keeps it and tries again.
pub const QUEUE: usize = 1_024;

/// Supervisor to engine, carried out in order.
pub enum EngineMsg {
    /// Something that happens at a frame; at once, and counted as late, where the engine is already past it.
    At {
        frame: u64,
        act: Act,
        /// When the key was pressed, in nanoseconds of the audio clock, where key-to-sound is to be measured; else 0.
        sent_ns: u64,
    },
    /// Another graph. The old one ends at once: a slot that is loaded is not heard.
    Load(Box<Load>),
    /// Copies the running graph's state at the first block boundary at or after `at`.
    Save { snapshot: Box<Snapshot>, at: u64 },
    /// No graph.
    Unload,
    /// The graph stays but is not rendered: both slots do not fit into real time together. Parameters set meanwhile are kept for
    /// later, notes are not.
    Park,
    /// Renders again from this frame on, as if just loaded: what was in its memories is minutes old. With state that was saved
    /// at that very frame, where there is some.
    Resume {
        from: u64,
        snapshot: Option<Box<Snapshot>>,
    },
    /// Levels and a probe for the screen, in place of those before.
    Watch(Box<Watch>),
    /// Another ring: blocks from its start on go there.
    Attach(Box<Writer>),
}

/// What can happen at a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// For the graph of this generation; a graph that is gone can't be changed, so that it is dropped.
    Change { generation: u32, change: Change },
    /// From this frame on musical time is this line. Holds for every graph that comes.
    Transport(Transport),
    /// Every memory of the graph to silence, at the block that holds the frame.
    Reset { generation: u32 },
}

/// A verified graph on its way into a slot, with all that it needs; it comes home whole.
pub struct Load {
    pub(super) graph: Graph,
    generation: u32,
    pub(super) start: Start,
    pub(super) transport: Option<Transport>,
    pub(super) snapshot: Option<Box<Snapshot>>,
    pub(super) events: Vec<(u64, Act)>,
}

/// Where a loaded graph begins to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At this frame, rounded up to the block grid, even if that frame has been played: the engine catches up, unheard.
    At(u64),
    /// Where the slot's last block ended.
    Head,
}

/// Events that a [`Load`] may bring with it.
pub const MOST_REPLAYED: usize = 1_024;

impl Load {
    /// Only what was verified can be loaded.
    pub fn new(primed: PrimedGraph, generation: u32, start: Start) -> Self {
        let (graph, _, _) = primed.into_parts();
        Self {
            graph,
            generation,
            start: match start {
                Start::At(frame) => Start::At(frame.next_multiple_of(BLOCK as u64)),
                Start::Head => Start::Head,
            },
            transport: None,
            snapshot: None,
            events: Vec::new(),
        }
    }

    /// The line of musical time that holds where the graph starts, where the engine does not know it yet.
    pub fn with_transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// State that was saved at the very frame where this graph starts.
    pub fn carrying(mut self, snapshot: Box<Snapshot>) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// What has happened since its start, or will, in order of frames; no more than [`MOST_REPLAYED`].
    pub fn replaying(mut self, mut events: Vec<(u64, Act)>) -> Self {
        events.truncate(MOST_REPLAYED);
        self.events = events;
        self
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// To set parameters before it starts, and for tests.
    pub fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }
}

/// Engine to supervisor. Boxes come home here to be freed.
pub enum EngineReply {
    /// The first block of this graph is in the ring.
    Loaded {
        generation: u32,
        from_frame: u64,
    },
    /// A graph that was replaced or unloaded.
    Retired(Box<Load>),
    /// The state at `frame`, which is the first frame not in it.
    Saved {
        snapshot: Box<Snapshot>,
        generation: u32,
        frame: u64,
    },
    /// There was nothing to save, or another snapshot was asked for first.
    Unsaved(Box<Snapshot>),
    /// A snapshot that is of no use any more.
    Spent(Box<Snapshot>),
    /// The graph is quarantined: it rendered what can't be heard, or panicked. The slot ends at `head`.
    Failed {
        load: Box<Load>,
        head: u64,
        why: Failure,
    },
    Detached(Box<Writer>),
    /// A watch that was replaced.
    Unwatched(Box<Watch>),
}

/// Why a running graph was stopped.
pub enum Failure {
    /// With what the module said; freed by whoever reads it.
    Panic(Box<dyn Any + Send>),
    /// A sample that is not a number, or infinite.
    NonFinite,
}

impl Failure {
    /// For people. Allocates.
    pub fn sentence(&self) -> String {
        match self {
            Self::NonFinite => "it rendered a sample that is not a finite number".into(),
            Self::Panic(payload) => {
                let text = payload
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                    .unwrap_or("no message");
                format!("a module panicked: {text}")
            }
        }
    }
}
