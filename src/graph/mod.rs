//! A patch made runnable. Compiling allocates and happens on the builder; rendering neither allocates nor frees.
mod amounts;
mod asks;
mod carry;
pub mod compile;
pub mod costs;
mod events;
mod input;
mod lane_graph;
mod look;
mod nap;
mod notes;
mod order;
mod plan;
mod ports;
pub mod prime;
mod ramp;
mod snapshot;
mod told;
mod unit;

pub use compile::{CompileError, Env, compile, isa_for};
pub use prime::{PrimeFailure, PrimeReport, PrimeSpec, PrimedGraph, prime};
pub use snapshot::{Carried, Layout, NodeLayout, Snapshot};

use crate::dsp::{BLOCK, StereoBlock, transport::Transport};
use crate::modules::{module::TimeCx, spec::ParamValue};

/// A compiled patch: the sound of one slot.
pub struct Graph {
    core: Box<dyn Core>,
}

/// What a graph can do. The compiler's graph implements it for each instruction set; tests wrap it to inject faults.
pub trait Core: Send {
    /// Renders the 64 frames from `block.frame` on.
    fn render(&mut self, block: &Block<'_>, out: &mut StereoBlock);
    /// Sets a parameter at once, without the ramp.
    fn set_now(&mut self, node: usize, param: usize, value: ParamValue);
    /// Gives a cable of the patch another amount at once.
    fn set_amount_now(&mut self, _cable: usize, _value: f32) {}
    /// Holds a test note: every note source plays it, every gate input is open.
    fn test_note(&mut self, note: Option<f32>);
    /// Back to the state after compiling: silence in every memory, parameters stay.
    fn reset(&mut self);
    /// Copies the state that `into` was planned for; see [`Snapshot::plan`]. What rests makes up for it first.
    fn save(&mut self, into: &mut Snapshot);
    /// Takes the state of a snapshot planned towards this graph.
    fn restore(&mut self, from: &Snapshot);
    /// The lowest and highest value of an output in the block rendered last; none where nobody reads it.
    fn range(&self, _node: usize, _port: usize) -> Option<[f32; 2]> {
        None
    }
    /// Adds `gain` times an output's latest block: voices of sound summed, else the one furthest from 0.
    fn tap(&self, _node: usize, _port: usize, _gain: f32, _into: &mut [f32; BLOCK]) {}
    /// Has an output rendered although nobody reads it, or not any more; returns whether it was.
    fn want(&mut self, _node: usize, _port: usize, _wanted: bool) -> bool {
        true
    }
}

/// One block to render.
pub struct Block<'a> {
    /// Timeline frame of its first frame.
    pub frame: u64,
    pub time: TimeCx,
    /// In order of `offset`.
    pub events: &'a [GraphEvent],
    /// What comes in; none where nothing does.
    pub input: Option<&'a StereoBlock>,
}

impl Block<'_> {
    /// A block without events.
    pub fn plain(frame: u64, transport: Transport) -> Block<'static> {
        Block {
            frame,
            time: TimeCx::steady(transport),
            events: &[],
            input: None,
        }
    }
}

/// Something that happens at a frame of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GraphEvent {
    /// Frame within the block.
    pub offset: usize,
    pub change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Moves a parameter, over 5 ms.
    Param {
        node: usize,
        param: usize,
        value: ParamValue,
    },
    /// Gives a cable of the patch another amount, over 5 ms.
    Amount { cable: usize, value: f32 },
    /// A note to every note source. Velocity 0 ends it.
    Note {
        /// MIDI note number; fractions are microtones.
        note: f32,
        velocity: f32,
    },
    /// Opens or closes every gate input of a module.
    Gate { node: usize, open: bool },
    /// Ends every note.
    NotesOff,
    /// Lets go of all that plays it, or takes hold again: while released, no note and no gate of a note source reaches anything,
    /// and what has sounded rings out.
    Release(bool),
}

impl Graph {
    pub fn new(core: Box<dyn Core>) -> Self {
        Self { core }
    }

    /// The same graph behind another core: tests wrap it to inject faults.
    pub fn wrap(self, wrap: impl FnOnce(Box<dyn Core>) -> Box<dyn Core>) -> Self {
        Self {
            core: wrap(self.core),
        }
    }
}

impl std::ops::Deref for Graph {
    type Target = dyn Core;
    fn deref(&self) -> &Self::Target {
        self.core.as_ref()
    }
}

impl std::ops::DerefMut for Graph {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.core.as_mut()
    }
}
