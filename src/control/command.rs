//! What the outside asks for: keys, OSC messages, file changes and scripts all become these.
use std::path::PathBuf;
use std::sync::mpsc::Sender;

use super::controls::{Assigned, Controlled};
use super::sequences::Ask;
use super::unsaved::Typed;
use crate::audio::wav_bits::Bits;
use crate::modules::spec::ParamValue;
use crate::patch::edit::Edit;

/// A command and whoever waits for its answer.
pub struct Request {
    pub command: Command,
    /// When it is to take effect.
    pub at: At,
    /// Gets exactly one [`Answer`], at once where the command is taken, not when its effect is heard.
    pub answer: Option<Sender<Answer>>,
}

/// `Ok` may carry text (the telemetry object for [`Command::Status`]); `Err` says why not and what would be right.
pub type Answer = Result<Option<String>, String>;

/// When a command takes effect.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum At {
    /// As soon as both slots can do it at the same frame.
    #[default]
    Soon,
    /// At this frame of the timeline, or as soon as possible after it.
    Frame(u64),
    /// At this instant of the system clock (OSC time tags), mapped to the timeline by the supervisor.
    Time(std::time::SystemTime),
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum SlotId {
    #[default]
    A,
    B,
}

impl SlotId {
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    pub fn index(self) -> usize {
        self as usize
    }

    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// Which patch a knob belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Focus {
    /// The audible slot; the standby too, where the value was the same.
    Live,
    Slot(SlotId),
    /// The patch on the bench, and the slots that play the same knob of it; the live one where the bench is empty.
    Bench,
}

/// When a swap happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantum {
    Now,
    Beat,
    #[default]
    Bar,
    Bars(u32),
}

impl Quantum {
    /// Reads "now", "beat", "bar", "4bars".
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "now" => Some(Self::Now),
            "beat" => Some(Self::Beat),
            "bar" => Some(Self::Bar),
            _ => {
                let bars: u32 = text.strip_suffix("bars")?.trim().parse().ok()?;
                (1..=64).contains(&bars).then_some(Self::Bars(bars))
            }
        }
    }
}

impl std::fmt::Display for Quantum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::Beat => f.write_str("beat"),
            Self::Bar => f.write_str("bar"),
            Self::Bars(n) => write!(f, "{n}bars"),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    // Sound now
    /// `value` is in the parameter's unit; out of range is an error that names the range.
    SetParam {
        focus: Focus,
        module: String,
        param: String,
        value: ParamValue,
    },
    /// Several knobs as one movement, by module and name: what one number in a text says of several cables.
    SetParams {
        focus: Focus,
        knobs: Vec<(String, String, ParamValue)>,
    },
    /// A bare number for a knob of what is heard, as a controller sends it: where the module was made under one of the predecessor's
    /// names, it is meant in the predecessor's unit.
    SetNumber {
        module: String,
        param: String,
        value: f32,
    },
    /// The same with a value as patches write it: "800Hz", "3/16", "-12dB", 0.5.
    SetParamText {
        focus: Focus,
        module: String,
        param: String,
        text: String,
    },
    Gate {
        module: String,
        open: bool,
    },
    /// MIDI note; velocity 0 ends it.
    Note {
        note: f32,
        velocity: f32,
    },
    NotesOff,
    /// Moves every note by so many semitones from where the patch has it: a pitch wheel.
    Bend(f32),
    /// A controller of the outside moved, to 0..=1.
    Control {
        channel: u8,
        controller: u8,
        value: f32,
    },
    /// The next controller that moves turns this knob from then on; None: no longer.
    Learn(Option<Controlled>),
    /// What was learned before.
    SetControls(Vec<Assigned>),
    /// A sentence of whoever translates for the outside: a device came or went.
    Tell(String),
    /// Turns a macro of the live patch, named or numbered from 1, to a place from 0 to 1.
    Macro {
        name: String,
        at: f32,
    },
    /// Whether the standby is to be seen and heard beforehand.
    Cue(bool),
    /// Blends the knobs that both patches have, from A (0) to B (1).
    Morph(f32),
    /// Fades to silence in 30 ms, tails included; again brings the sound back.
    Panic,
    // The standby
    /// Reads a patch file, builds and primes it into the standby.
    LoadFile(PathBuf),
    /// The same with text that is not (yet) in the file.
    LoadText {
        text: String,
        path: Option<PathBuf>,
    },
    /// Primes the draft, else the bench, else the standby's text again.
    Prime,
    /// At the quantum given, else at the one set. Where a swap is armed, `None` takes it back.
    Swap(Option<Quantum>),
    SetQuantum(Quantum),
    /// Edits the patch on the bench (or a copy of that slot's patch, which then lies there), and primes it if that is wanted.
    Edit {
        focus: Focus,
        edit: Edit,
    },
    /// Puts a patch with nothing in it on the bench.
    NewPatch,
    /// Throws the bench's edits away.
    ClearBench,
    /// Whether edits are built and primed as they are made, or when [`Command::Prime`] asks.
    SetAutoPrime(bool),
    /// The predecessor's way of building a patch message by message.
    Draft(Draft),
    // Time
    Play,
    Stop,
    TogglePlay,
    Bpm(f64),
    // History
    Undo,
    Redo,
    /// To any place of the tree, by the number of its step; none is the beginning.
    Leap(Option<u64>),
    /// Answered with the tree as JSON: see [`super::tree::Branch`].
    Tree,
    /// Brings back what a program that was killed left behind, into the standby.
    Recover,
    /// Throws it away.
    ForgetLeft,
    /// What somebody types and has not sent yet: kept with the unsaved work.
    Typed(Option<Typed>),
    /// The program is about to end and nobody was asked, as when its terminal closes: what is not saved is left to the next one.
    LeaveWork,
    /// The predecessor's sequencers.
    Sequence {
        name: String,
        ask: Ask,
    },
    // Recordings
    Record(Record),
    // The rest
    /// Writes the slot's text to its file, atomically.
    Save {
        slot: SlotId,
        path: Option<PathBuf>,
    },
    /// Writes the bench's text to its file, atomically.
    SaveBench {
        path: Option<PathBuf>,
    },
    SetStateCarry(bool),
    /// The fade of planned swaps, in milliseconds.
    SetFade(f32),
    ResetCounters,
    /// Has the engines measure the outputs of their modules, and copy one port's frames, for a screen that shows them.
    Watch(Option<Watching>),
    /// Answered with one telemetry object as JSON.
    Status,
    Quit,
}

impl Command {
    /// It changes nothing of the performance, so that a replay does without it.
    pub fn is_unlogged(&self) -> bool {
        matches!(
            self,
            Self::Status
                | Self::Tree
                | Self::Watch(_)
                | Self::Record(_)
                | Self::Cue(_)
                | Self::Tell(_)
                | Self::Learn(_)
                | Self::Typed(_)
                | Self::LeaveWork
        )
    }
}

/// What is heard, written to disk. Without a path the next free name in the folder of recordings; a recording that has the name
/// gets a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    Start {
        path: Option<PathBuf>,
        /// None: those that are set.
        bits: Option<Bits>,
    },
    Stop,
    /// Starts, or stops where it records.
    Toggle,
    /// The last seconds of what was heard, at most a minute.
    Keep {
        path: Option<PathBuf>,
        seconds: f64,
        bits: Option<Bits>,
    },
    /// Answered with one JSON object.
    Status,
    /// Of recordings to come.
    Bits(Bits),
}

/// What a screen wants to see inside the graphs, beside the levels of all outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watching {
    pub probe: Option<ProbeAt>,
}

/// The port that a probe is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeAt {
    pub slot: SlotId,
    pub module: String,
    pub jack: Jack,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jack {
    /// An input or a parameter: what its cables bring there.
    Input(String),
    Output(String),
}

/// A step of building a patch in the standby's draft.
#[derive(Clone, Debug, PartialEq)]
pub enum Draft {
    Create { id: String, kind: String },
    Connect { from: String, to: String },
    Disconnect { from: String, to: String },
    Delete { id: String },
    Clear,
    Commit,
    Abort,
}
