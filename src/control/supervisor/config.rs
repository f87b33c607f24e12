//! What a supervisor is started with.
use std::path::PathBuf;

use super::super::set::SetLogConfig;
use crate::audio::input::Input;
use crate::audio::wav_bits::Bits;
use crate::dsp::lanes::IsaChoice;

/// What a supervisor is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Frames a second.
    pub rate: f64,
    pub isa: IsaChoice,
    pub seed: u32,
    /// Until a patch brings its own.
    pub bpm: f64,
    /// The share of real time that one patch may cost. Where two do not fit together, the one that is not heard waits.
    pub budget: f32,
    /// The share that two may cost together, by what their priming measured. The rest is for the callback, the screen, and a machine
    /// that is not alone.
    pub both: f32,
    /// A patch's tempo is taken over when it is swapped in.
    pub take_tempo: bool,
    /// A copy of the live patch stands by where nothing else does. Offline there is nobody to fail over to.
    pub net: bool,
    /// Where recordings go that are given no name.
    pub recordings: PathBuf,
    /// Of recordings for which none are named.
    pub record_bits: Bits,
    /// Where the performance is written down; nowhere without it.
    pub sets: Option<SetLogConfig>,
    /// What patches that listen hear.
    pub input: Input,
    /// Where unsaved work is kept; nowhere without it.
    pub unsaved: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rate: 48_000.0,
            isa: IsaChoice::Auto,
            seed: 1,
            bpm: 120.0,
            budget: 0.8,
            both: 0.85,
            take_tempo: true,
            net: true,
            recordings: PathBuf::from("recordings"),
            record_bits: Bits::default(),
            sets: None,
            input: Input::Off,
            unsaved: None,
        }
    }
}
