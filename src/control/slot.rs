//! The life of a slot and of the patch that comes into it: pure functions, tested as tables.
use crate::graph::prime::Check;

/// What a slot is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SlotState {
    #[default]
    Empty,
    /// Its ring does not yet reach the callback's frame.
    Filling,
    Primed,
    Live,
    /// Share of the fade that is done, in percent; towards live where `rising`.
    Fading {
        percent: u8,
        rising: bool,
    },
    Failed(String),
}

/// The patch on its way into the standby, beside what the slot holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    Building,
    Priming { done: u8 },
    Verified,
    Refused { check: Check, why: String },
}
