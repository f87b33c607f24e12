//! The lines of a set: plain data, as serde writes and reads it. Names, not indices: a set outlives a module's spec.
use serde::{Deserialize, Serialize};

use super::super::command::SlotId;
use crate::dsp::transport::Transport;
use crate::modules::spec::ParamValue;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub chronus_set: u32,
    /// Of the program that wrote it.
    pub program: String,
    /// Seconds since 1970.
    pub began: u64,
    /// Frames a second.
    pub rate: f64,
    /// As it was asked for, and those that the machine has: a set sounds the same bit by bit where these are the same.
    pub isa: String,
    pub machine: String,
    pub seed: u32,
    /// Tempo at the start.
    pub bpm: f64,
    /// Whether the device's first sound fades in.
    pub fades_in: bool,
    /// What comes in from outside: the set holds nothing of its sound. Empty where nothing does, and in sets of before.
    #[serde(default)]
    pub input_not_in_here: String,
}

/// Any other line: what happened, and how many frames had been played when it was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub at: u64,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A patch's text, named by a number for the loads that follow.
    Text {
        id: u32,
        ron: String,
    },
    /// A graph goes into a slot.
    Load {
        slot: SlotId,
        generation: u32,
        /// Its first frame; none: where the slot's last block ended.
        from: Option<u64>,
        /// Number of its text; empty slots and broken files have none.
        text: u32,
        path: Option<String>,
        /// Tempo that it was compiled for.
        bpm: f64,
        transport: Transport,
        /// Every knob: the text rounds them.
        knobs: Vec<(String, String, ParamValue)>,
        carry: Option<Carry>,
        /// What was played from its first frame on before it came.
        given: Vec<(u64, Given)>,
    },
    Unload {
        slot: SlotId,
    },
    Park {
        slot: SlotId,
    },
    Resume {
        slot: SlotId,
        from: u64,
        carry: Option<Carry>,
    },
    /// Something for the graph of a generation at a frame.
    Do {
        slot: SlotId,
        generation: u32,
        frame: u64,
        act: Given,
    },
    Transport(Transport),
    /// What is heard changed to a slot.
    Heard {
        how: Done,
        to: SlotId,
        generation: u32,
        frame: u64,
        fade_frames: u32,
        spill_frames: u32,
        rho: f32,
    },
    Device {
        tick: u64,
        what: Device,
    },
    /// Nothing but that so much was played.
    Played {},
    // What can't be repeated
    /// The slot's graph was taken out: it panicked, or rendered what is not a number.
    Failed {
        slot: SlotId,
        generation: u32,
    },
    /// A ring ran dry; so many frames of silence were heard in place of the timeline.
    Silence {
        frames: u64,
    },
    /// So many events reached an engine after their frame.
    Late {
        events: u64,
    },
    /// So many entries are missing: the disk was too slow.
    Gap {
        entries: u64,
    },
}

/// State taken over from the graph of a generation, as it stood at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carry {
    pub from: SlotId,
    pub frame: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    Knob(String, String, ParamValue),
    /// MIDI note and velocity; 0 ends it.
    Note(f32, f32),
    Gate(String, bool),
    NotesOff,
    Release(bool),
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    Swap,
    Failover,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    Begins { frame: u64 },
    Muted(bool),
    Returns,
}

impl What {
    /// Why a replay can't be the same from here on, where that is so.
    pub fn hindrance(&self) -> Option<String> {
        match self {
            Self::Heard {
                how: Done::Failover,
                to,
                ..
            } => Some(format!("{} took over", to.name())),
            Self::Failed { slot, .. } => Some(format!("{} failed", slot.name())),
            Self::Silence { frames } => Some(format!("{frames} frames were not there in time")),
            Self::Late { events } => Some(format!("{events} events came late")),
            Self::Gap { entries } => Some(format!("{entries} entries are missing")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A knob is read back as it was turned, to the last bit; so is the line of musical time.
        #[test]
        fn numbers_come_back_bit_by_bit(bits in any::<u32>(), beat in any::<f64>(), frame in any::<u64>()) {
            let value = f32::from_bits(bits);
            prop_assume!(value.is_finite() && beat.is_finite());
            let knob = Given::Knob("vcf".into(), "cutoff".into(), ParamValue::Fixed(value));
            let act = What::Do { slot: SlotId::B, generation: 7, frame, act: knob };
            let line = Line { at: frame, what: act };
            let text = serde_json::to_string(&line).expect("writes");
            prop_assert_eq!(serde_json::from_str::<Line>(&text).expect("reads"), line);
            let transport = Transport { anchor_beat: beat, ..Transport::new(48_000.0, 120.0) };
            let line = Line { at: 0, what: What::Transport(transport) };
            let text = serde_json::to_string(&line).expect("writes");
            prop_assert_eq!(serde_json::from_str::<Line>(&text).expect("reads"), line);
        }
    }
}
