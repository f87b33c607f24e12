//! What the supervisor remembers of a slot, of a build and of a patch that is being brought in. Plain data.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::builder::Built;
use super::super::command::{Quantum, SlotId};
use super::super::draft::Draft;
use super::super::event::Loaded;
use super::super::patience::Patience;
use super::super::slot::{Incoming, IncomingEvent, SlotEvent, SlotState};
use crate::graph::Layout;
use crate::modules::spec::ParamValue;
use crate::patch::Patch;

/// One slot as the supervisor sees it.
#[derive(Default)]
pub struct Slot {
    pub state: SlotState,
    pub incoming: Option<Incoming>,
    /// Of the graph that its engine has.
    pub generation: u32,
    pub loaded: Option<Loaded>,
    pub layout: Layout,
    /// It holds a copy of the live patch and nothing of its own.
    pub is_net: bool,
    /// Its graph is not rendered: both together cost too much.
    pub parked: bool,
    /// Nothing plays its graph: it rings out beside the live one.
    pub released: bool,
    /// Knobs that the text does not show yet, by module and name.
    pub unwritten: Vec<(String, String)>,
    /// Macros whose place the text does not show yet.
    pub unwritten_macros: Vec<usize>,
    /// When it failed, as long as it is not rebuilt.
    pub failed_at: Option<Duration>,
    /// Its failures, newest last.
    pub failures: Vec<Duration>,
    /// How long its engine has been at one block.
    pub patience: Patience,
    /// Its engine hangs and could not be replaced: nothing can be brought in.
    pub stuck: bool,
    /// The generation that fills, and the frame at which it began, as long as it does.
    pub filling_from: Option<(u32, u64)>,
}

impl Slot {
    pub fn on(&mut self, event: &SlotEvent) {
        self.state = std::mem::take(&mut self.state).next(event);
    }

    pub fn on_incoming(&mut self, event: &IncomingEvent) {
        self.incoming = Incoming::next(self.incoming.take(), event);
    }

    pub fn patch(&self) -> Option<&Arc<Patch>> {
        self.loaded.as_ref().map(|l| &l.patch)
    }
}

/// Why a patch is built.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// The user asked for it.
    Asked,
    /// A copy of the live patch to stand by.
    Net,
    /// The slot's own patch, after it failed.
    Rebuild,
}

/// A swap that follows when the build is primed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Then {
    pub quantum: Quantum,
    pub asked: Duration,
    pub asked_frame: u64,
    /// It takes a swap back, or makes it again.
    pub retold: bool,
}

/// A build under way.
pub struct Pending {
    pub number: u64,
    pub generation: u32,
    pub slot: SlotId,
    /// When it was asked for.
    pub since: Instant,
    /// The frame at which the patch is to begin, where that is still possible.
    pub start: u64,
    pub purpose: Purpose,
    pub path: Option<PathBuf>,
    /// Its text differs from the file.
    pub modified: bool,
    /// What is built, where that is known before.
    pub patch: Option<Arc<Patch>>,
    pub then: Option<Then>,
    /// The draft it was made from: knobs are checked against it while it is built.
    pub draft: Option<Draft>,
    /// The edit that it is built for.
    pub words: Option<String>,
    /// Knobs turned since.
    pub turned: Vec<Turned>,
    /// Tempo that it is compiled for.
    pub bpm: f64,
    /// Nobody waits for it any more.
    pub forgotten: bool,
}

/// A knob turned while a patch was on its way.
#[derive(Clone, Debug)]
pub struct Turned {
    pub module: String,
    pub param: String,
    /// Before it, in the live patch; none where only the patch on its way has it.
    pub from: Option<ParamValue>,
    pub to: ParamValue,
    pub frame: u64,
}

/// A verified graph that waits for its slot.
pub struct Ready {
    pub pending: Pending,
    pub built: Built,
}

/// A verified graph that waits for the live engine's state.
pub struct Arriving {
    pub ready: Ready,
    /// The engine that was asked, and what it played.
    pub from: SlotId,
    pub from_generation: u32,
    pub asked: Duration,
}

/// A parked patch that waits for the live engine's state before it is rendered again.
pub struct Waking {
    pub slot: SlotId,
    /// The engine that was asked, and what it played.
    pub from: SlotId,
    pub from_generation: u32,
    pub asked: Duration,
}

/// A swap that the callback was told.
#[derive(Clone, Debug)]
pub struct Swapping {
    pub id: u64,
    pub to: SlotId,
    pub asked: Duration,
    pub asked_frame: u64,
    pub retold: bool,
    pub quantum: Quantum,
    pub missed: u32,
    /// The tempo before it, if it brings its own.
    pub tempo_before: Option<f64>,
    /// Where it begins, if that was named.
    pub frame: Option<u64>,
    /// Set once the callback has begun.
    pub fading: Option<(u64, u32)>,
    /// How long what is left rings out.
    pub spill_frames: u32,
}

/// A file that was written, or not.
pub struct Save {
    pub path: PathBuf,
    /// None: the bench's.
    pub slot: Option<SlotId>,
    pub text: Arc<str>,
    pub written: std::io::Result<()>,
}
