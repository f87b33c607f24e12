//! What the screen sees inside a playing graph: the range of every output, and the frames of one probed port. Made and freed by the
//! supervisor; the engine looks after each block, copies the probed port and nothing else, and neither allocates nor waits.
use std::fmt;

use ringbuf::traits::{Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::telemetry::AtomicF32;
use crate::dsp::BLOCK;
use crate::graph::Core;

/// Blocks whose extremes make one value: 43 ms at 48 kHz, a little more than a frame of the screen.
const WINDOW: usize = 32;
/// Each output is looked at in one block of so many: a level needs no more, and a big graph costs less.
const STRIDE: usize = 4;
/// Frames of the probe that may wait for the screen: 340 ms. When it is full, blocks are left out, whole.
const PROBED: usize = 16_384;

/// The lowest and highest value of each output of a graph in the latest window: of module after module, port after port.
pub struct Levels {
    pub generation: u32,
    ranges: Vec<[AtomicF32; 2]>,
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Levels of {}", self.generation)
    }
}

impl Levels {
    pub fn new(generation: u32, outputs: usize) -> Self {
        let unknown = || {
            let value = AtomicF32::default();
            value.store(f32::NAN);
            value
        };
        Self {
            generation,
            ranges: (0..outputs).map(|_| [unknown(), unknown()]).collect(),
        }
    }

    /// None before the first window, and for an output that nobody reads.
    pub fn range(&self, output: usize) -> Option<[f32; 2]> {
        let [low, high] = self.ranges.get(output)?;
        let range = [low.load(), high.load()];
        (range[0] <= range[1]).then_some(range)
    }

    /// For the engine, and for whoever plays one.
    pub fn set(&self, output: usize, range: [f32; 2]) {
        if let Some([low, high]) = self.ranges.get(output) {
            low.store(range[0]);
            high.store(range[1]);
        }
    }
}

/// An output as a part of what is probed: an input hears the sum of these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tap {
    pub node: usize,
    pub port: usize,
    pub gain: f32,
}

/// What an engine looks at, on its way in a box, and home in it.
pub struct Watch {
    generation: u32,
    levels: std::sync::Arc<Levels>,
    outputs: Vec<(usize, usize)>,
    seen: Vec<[f32; 2]>,
    blocks: usize,
    taps: Vec<Tap>,
    /// Of the taps, those that were rendered for nobody else.
    forced: Vec<bool>,
    begun: bool,
    probe: HeapProd<f32>,
}

const NOTHING: [f32; 2] = [f32::INFINITY, f32::NEG_INFINITY];

impl Watch {
    /// For the graph of this generation: all its outputs, as (module, port), and what is probed. Allocates.
    pub fn new(
        levels: std::sync::Arc<Levels>,
        outputs: Vec<(usize, usize)>,
        taps: Vec<Tap>,
    ) -> (Box<Self>, HeapCons<f32>) {
        let frames = if taps.is_empty() { 1 } else { PROBED };
        let (probe, frames) = HeapRb::new(frames).split();
        let watch = Self {
            generation: levels.generation,
            seen: vec![NOTHING; outputs.len()],
            outputs,
            levels,
            blocks: 0,
            forced: vec![false; taps.len()],
            taps,
            begun: false,
            probe,
        };
        (Box::new(watch), frames)
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Looks at the block that was rendered last. Realtime.
    pub fn look(&mut self, graph: &mut dyn Core) {
        if !self.begun {
            self.begun = true;
            for (tap, forced) in self.taps.iter().zip(&mut self.forced) {
                *forced = !graph.want(tap.node, tap.port, true);
            }
        }
        let turn = self.blocks % STRIDE;
        let outputs = self.outputs.iter().zip(&mut self.seen);
        for ((node, port), seen) in outputs.skip(turn).step_by(STRIDE) {
            if let Some([low, high]) = graph.range(*node, *port) {
                *seen = [seen[0].min(low), seen[1].max(high)];
            }
        }
        self.blocks += 1;
        if self.blocks == WINDOW {
            self.blocks = 0;
            for (output, seen) in self.seen.iter_mut().enumerate() {
                self.levels.set(output, std::mem::replace(seen, NOTHING));
            }
        }
        if !self.taps.is_empty() && self.probe.vacant_len() >= BLOCK {
            let mut block = [0.0; BLOCK];
            for tap in &self.taps {
                graph.tap(tap.node, tap.port, tap.gain, &mut block);
            }
            self.probe.push_slice(&block);
        }
    }

    /// Leaves the graph as it was found. Realtime.
    pub fn leave(&mut self, graph: &mut dyn Core) {
        for (tap, forced) in self.taps.iter().zip(&self.forced).rev() {
            if *forced {
                graph.want(tap.node, tap.port, false);
            }
        }
        self.begun = false;
    }
}
