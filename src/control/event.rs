//! What the supervisor tells the outside: what happened, and how things stand.
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::audio::wav_bits::Bits;
use crate::dsp::transport::Transport;
use crate::engine::watch::Levels;
use crate::graph::costs::Costs;
use crate::graph::prime::{Check, PrimeReport};
use crate::patch::{Patch, diagnostic::Diagnostic};

use super::bench::Bench;
use super::command::{Quantum, SlotId};
use super::controls::{Assigned, Controlled};
use super::probe::ProbeFeed;
use super::slot::{Incoming, SlotState};
use super::unsaved::Typed;

/// Something that happened, with the musical position and a sentence for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Frame of the timeline.
    pub frame: u64,
    /// "13.2.1": bar, beat, sixteenth, from 1.
    pub bar: String,
    pub what: What,
    /// One sentence: what happened, and what goes on.
    pub sentence: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum What {
    Building {
        slot: SlotId,
        generation: u32,
    },
    Primed {
        slot: SlotId,
        generation: u32,
        report: PrimeReport,
    },
    /// The patch was refused or a playing slot failed; what sounded goes on.
    Failed {
        slot: SlotId,
        generation: u32,
        check: Check,
        why: String,
    },
    /// The text has errors; nothing was built.
    Refused {
        diagnostics: Vec<Diagnostic>,
    },
    Armed {
        quantum: Quantum,
        /// None until the musical position decides it.
        frame: Option<u64>,
    },
    Disarmed,
    Swapped {
        to: SlotId,
        frame: u64,
        fade_frames: u32,
        /// From the command to the first frame of the fade.
        latency_ms: f32,
        rho: f32,
    },
    Failover {
        to: SlotId,
        frame: u64,
        fade_frames: u32,
        rho: f32,
        reason: String,
    },
    Rebuilt {
        slot: SlotId,
        after_ms: f32,
    },
    DeviceLost {
        why: String,
    },
    DeviceBack {
        name: String,
    },
    /// What patches hear from outside comes from here.
    Listening {
        name: String,
    },
    InputLost {
        why: String,
    },
    Panic {
        on: bool,
    },
    Param {
        module: String,
        param: String,
        from: String,
        to: String,
    },
    /// The patch on the bench was edited.
    Edited,
    Undone,
    Redone,
    Saved {
        path: PathBuf,
    },
    RecordStarted {
        path: PathBuf,
    },
    RecordStopped {
        path: PathBuf,
        seconds: f64,
    },
    /// The last seconds of what was heard were written.
    Kept {
        path: PathBuf,
        seconds: f64,
    },
    /// `seconds` of it are in the file.
    RecordFailed {
        path: PathBuf,
        seconds: f64,
        why: String,
    },
    Tempo {
        bpm: f64,
    },
    Transport {
        playing: bool,
    },
    /// Nothing but the sentence.
    #[default]
    Warning,
    Quit,
}

/// How things stand: published whenever something of it changed. Meters and counters are in the telemetry instead.
#[derive(Clone, Debug)]
pub struct View {
    pub slots: [SlotView; 2],
    pub live: SlotId,
    pub bpm: f64,
    pub playing: bool,
    /// From frames to beats; with [`super::position::bar_text`] and the reading's frame, where the music is.
    pub transport: Transport,
    pub quantum: Quantum,
    /// A swap waits for its frame; the bar (from 1) at which it will happen, where that is known.
    pub armed: Option<Option<u64>>,
    /// The beat at which a swap that was asked for begins, where it is known.
    pub swap_beat: Option<f64>,
    /// Between A (0) and B (1), where both have a patch of their own.
    pub morph: Option<f32>,
    pub fade_ms: f32,
    pub state_carry: bool,
    pub panicked: bool,
    /// The standby is copied for whoever looks at it.
    pub cued: bool,
    /// The device has a second pair of outputs, where the cued standby is heard.
    pub cue_outputs: bool,
    /// Nothing stands by that could take over at this moment.
    pub no_net: bool,
    /// The patch that is being edited, ahead of what plays.
    pub bench: Option<Bench>,
    pub auto_prime: bool,
    /// The frames of the probed port, where one is.
    pub probe: Option<Arc<ProbeFeed>>,
    /// Modules of the draft that OSC builds, while one is open.
    pub draft: Option<usize>,
    /// Controllers of the outside and their knobs; the knob that waits for one.
    pub controls: Vec<Assigned>,
    pub learning: Option<Controlled>,
    pub undo_steps: usize,
    pub redo_steps: usize,
    /// Changes with the undo tree.
    pub tree_version: u64,
    /// What somebody types and has not sent yet.
    pub typed: Option<Arc<Typed>>,
    /// Work that a killed program left behind, in a sentence.
    pub recovery: Option<String>,
    /// Why unsaved work is not kept.
    pub not_kept: Option<String>,
    /// What is heard is being written to disk.
    pub recording: Option<Recording>,
    /// Where recordings go that are given no name, and how they are written.
    pub recordings: PathBuf,
    pub record_bits: Bits,
    /// Where performances are written down, and the one that is.
    pub sets: Option<PathBuf>,
    pub set: Option<PathBuf>,
    pub device: String,
    /// Why there is no sound, where there is none.
    pub device_problem: Option<String>,
}

/// A take that is being written.
#[derive(Clone, Debug)]
pub struct Recording {
    pub path: PathBuf,
    /// In the file so far; goes on counting.
    pub frames: Arc<AtomicU64>,
}

#[derive(Clone, Debug, Default)]
pub struct SlotView {
    pub state: SlotState,
    pub incoming: Option<Incoming>,
    pub generation: u32,
    /// None in an empty slot.
    pub loaded: Option<Loaded>,
    /// A copy of the live patch stands here as a net, not a patch of its own.
    pub is_net: bool,
    /// Of the outputs of the loaded patch, while a screen watches.
    pub levels: Option<Arc<Levels>>,
    /// What each module of the loaded patch costs.
    pub costs: Arc<Costs>,
}

/// The patch that a slot plays, with the user's knob turns in it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub patch: Arc<Patch>,
    pub text: Arc<str>,
    pub path: Option<PathBuf>,
    /// The text differs from the file.
    pub modified: bool,
    pub report: PrimeReport,
}

impl Default for View {
    fn default() -> Self {
        let transport = Transport::new(48_000.0, 120.0);
        Self {
            slots: Default::default(),
            live: SlotId::A,
            bpm: transport.bpm,
            playing: transport.playing,
            transport,
            quantum: Quantum::default(),
            armed: None,
            swap_beat: None,
            morph: None,
            fade_ms: 20.0,
            state_carry: true,
            panicked: false,
            cued: false,
            cue_outputs: false,
            no_net: true,
            bench: None,
            auto_prime: true,
            probe: None,
            draft: None,
            controls: Vec::new(),
            learning: None,
            undo_steps: 0,
            redo_steps: 0,
            tree_version: 0,
            typed: None,
            recovery: None,
            not_kept: None,
            recording: None,
            recordings: PathBuf::from("recordings"),
            record_bits: Bits::default(),
            sets: None,
            set: None,
            device: String::new(),
            device_problem: None,
        }
    }
}
