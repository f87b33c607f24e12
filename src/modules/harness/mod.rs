//! Renders one module alone, for tests: any lane type and instruction set, any inputs, options, notes and transport.
#![allow(dead_code)] // Each module test uses its part.
//!
//! ```text
//! let out = Rig::new("Svf").set("cutoff", 800.0).feed("in", |lane, frame| noise(lane, frame)).render(100);
//! let wide = out.lane("out", 3);      // every frame of lane 3
//! ```
mod rendering;

use std::sync::Arc;

use crate::dsp::{BLOCK, lanes::IsaChoice, swing::Swing, transport::Transport, tuning::Tuning};

pub use rendering::{LaneState, Rendered};

use super::{
    find,
    module::VoiceEvent,
    spec::{ModuleSpec, OptionValue, kernel_value},
};

/// The rate of every rig that does not say otherwise.
pub const RATE: f32 = 48_000.0;

/// Voices that a module is told of, whatever the lanes.
const VOICES: usize = 16;

/// One lane, or the instruction set's native vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    One,
    Wide,
}

/// What an input slot receives.
enum Feed {
    /// A constant a lane, marked as such.
    Constant(Box<dyn Fn(usize) -> f32>),
    /// A value a lane and frame.
    Signal(Box<dyn Fn(usize, u64) -> f32>),
    /// A value a lane and block, marked as constant within the block.
    Steps(Box<dyn Fn(usize, u64) -> f32>),
}

/// A module on the bench. Parameters are at their defaults and inputs at 0 until set.
pub struct Rig {
    spec: &'static ModuleSpec,
    feeds: Vec<Feed>,
    options: Vec<OptionValue>,
    notes: Vec<(u64, VoiceEvent)>,
    unwanted: Vec<usize>,
    tuning: Option<Arc<Tuning>>,
    input: Option<fn(u64) -> [f32; 2]>,
    from: Option<Vec<LaneState>>,
    pub isa: IsaChoice,
    pub width: Width,
    pub rate: f32,
    pub seed: u32,
    pub transport: Transport,
    /// The patch's.
    pub swing: Swing,
    /// Holds from this frame on.
    pub then: Option<(u64, Transport)>,
    pub first_frame: u64,
}

/// Lane types and instruction sets that this CPU has.
pub fn every_lane_type() -> Vec<(IsaChoice, Width)> {
    let there = IsaChoice::ALL
        .into_iter()
        .filter(|c| *c != IsaChoice::Auto && c.resolve().is_ok());
    there
        .flat_map(|c| [(c, Width::One), (c, Width::Wide)])
        .collect()
}

impl Rig {
    pub fn new(kind: &str) -> Self {
        let spec = find(kind).expect("no such module");
        let inputs =
            (0..spec.input_slots()).map(|_| Feed::Constant(Box::new(|_: usize| 0.0)) as Feed);
        let params = spec.params.iter().map(|p| {
            let value = kernel_value(p, p.default);
            Feed::Constant(Box::new(move |_| value))
        });
        Self {
            spec,
            feeds: inputs.chain(params).collect(),
            options: spec.options.iter().map(|o| o.default_value()).collect(),
            notes: Vec::new(),
            unwanted: Vec::new(),
            tuning: None,
            input: None,
            from: None,
            isa: IsaChoice::Auto,
            width: Width::One,
            rate: RATE,
            seed: 1,
            transport: Transport::new(RATE as f64, 120.0),
            swing: Swing::NONE,
            then: None,
            first_frame: 0,
        }
    }

    /// The slot of a parameter or of an input port (its left channel; `.R` after the name means the right one).
    fn slot(&self, name: &str) -> usize {
        let (port, side) = match name.strip_suffix(".R") {
            Some(port) => (port, 1),
            None => (name, 0),
        };
        match self.spec.input(port) {
            Some(input) => self.spec.input_slot(input) + side,
            None => self.spec.input_slots() + self.spec.param(port).expect("no such input"),
        }
    }

    /// A constant in every lane: a parameter as its kernel receives it (a gain, not decibels).
    pub fn set(self, name: &str, value: f32) -> Self {
        self.per_lane(name, move |_| value)
    }

    /// A constant that differs between lanes.
    pub fn per_lane(mut self, name: &str, value: impl Fn(usize) -> f32 + 'static) -> Self {
        let slot = self.slot(name);
        self.feeds[slot] = Feed::Constant(Box::new(value));
        self
    }

    /// A signal by lane and frame.
    pub fn feed(mut self, name: &str, value: impl Fn(usize, u64) -> f32 + 'static) -> Self {
        let slot = self.slot(name);
        self.feeds[slot] = Feed::Signal(Box::new(value));
        self
    }

    /// A value by lane and block number, constant within the block.
    pub fn steps(mut self, name: &str, value: impl Fn(usize, u64) -> f32 + 'static) -> Self {
        let slot = self.slot(name);
        self.feeds[slot] = Feed::Steps(Box::new(value));
        self
    }

    pub fn option(mut self, name: &str, value: OptionValue) -> Self {
        let option = self.spec.option(name).expect("no such option");
        self.options[option] = value;
        self
    }

    /// A note event at a frame counted from the first one rendered.
    pub fn note(mut self, frame: u64, voice: usize, change: super::module::VoiceChange) -> Self {
        let offset = (frame % BLOCK as u64) as usize;
        self.notes.push((
            frame / BLOCK as u64,
            VoiceEvent {
                offset,
                voice,
                change,
            },
        ));
        self
    }

    /// Counts notes from a later frame, a whole number of blocks on: those before it are left out.
    pub fn shift_notes(&mut self, frame: u64) {
        let blocks = frame / BLOCK as u64;
        self.notes.retain(|(at, _)| *at >= blocks);
        self.notes.iter_mut().for_each(|(at, _)| *at -= blocks);
    }

    /// Leaves a mono output without readers.
    pub fn unwanted(mut self, port: &str) -> Self {
        let port = self.spec.output(port).expect("no such output");
        self.unwanted.push(self.spec.output_slot(port));
        self
    }

    pub fn on(mut self, isa: IsaChoice, width: Width) -> Self {
        (self.isa, self.width) = (isa, width);
        self
    }

    pub fn wide(self) -> Self {
        let isa = self.isa;
        self.on(isa, Width::Wide)
    }

    pub fn rate(mut self, rate: f32) -> Self {
        self.rate = rate;
        self.transport.rate = rate as f64;
        self
    }

    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// What comes in, by the frame.
    pub fn input(mut self, frame: fn(u64) -> [f32; 2]) -> Self {
        self.input = Some(frame);
        self
    }

    pub fn tuning(mut self, tuning: Tuning) -> Self {
        self.tuning = Some(Arc::new(tuning));
        self
    }

    pub fn swing(mut self, late: f64) -> Self {
        self.swing = Swing::new(late, Swing::GRID);
        self
    }

    /// Changes the transport at a frame; the position goes on from where it is.
    pub fn change(mut self, frame: u64, change: impl FnOnce(&mut Transport)) -> Self {
        self.then = Some((frame, self.transport.changed_at(frame, change)));
        self
    }

    pub fn seed(mut self, seed: u32) -> Self {
        self.seed = seed;
        self
    }

    /// Starts from saved states, lane by lane; lanes that have none start fresh.
    pub fn resume(mut self, state: &[LaneState], first_frame: u64) -> Self {
        self.from = Some(state.to_vec());
        self.first_frame = first_frame;
        self
    }
}

/// White noise of an index, -1..1, the same every time: a test signal for any lane and frame.
pub fn hash_noise(lane: usize, frame: u64) -> f32 {
    let mut x = frame
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add((lane as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

/// The largest difference between two renders in dB of full scale.
pub fn difference_db(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let worst = a
        .iter()
        .zip(b)
        .map(|(a, b)| (*a as f64 - *b as f64).abs())
        .fold(0.0, f64::max);
    20.0 * worst.max(1e-20).log10()
}

#[test]
fn a_state_taken_from_a_wide_lane_plays_on_in_one_lane() {
    let rig = || Rig::new("Sine").per_lane("freq", |lane| 100.0 + 37.0 * lane as f32);
    let whole = rig().wide().render(20);
    let half = rig().wide().render(10);
    let lane = whole.lanes() - 1;
    let freq = 100.0 + 37.0 * lane as f32;
    let rest = Rig::new("Sine")
        .set("freq", freq)
        .resume(&half.state[lane..], 640)
        .render(10);
    assert!(difference_db(&whole.lane("out", lane)[640..], rest.lane("out", 0)) < -120.0);
}
