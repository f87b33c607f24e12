//! What priming goes by, and what it tells. Made on the builder, read by whoever asked.
use crate::patch::PrimeMode;

/// What priming goes by.
#[derive(Clone, Copy, Debug)]
pub struct PrimeSpec {
    pub mode: PrimeMode,
    /// Frames a second.
    pub rate: f32,
    pub bpm: f64,
    /// The largest share of a block's duration that rendering it may cost.
    pub budget: f32,
    pub proof: Proof,
}

/// What is known of a patch before it is primed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// Nothing.
    #[default]
    None,
    /// It was verified before, and has only to be made again: a knob that silences it meanwhile is no fault.
    Verified,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrimeReport {
    /// AC RMS of the loudest 8 blocks.
    pub rms: f32,
    /// Largest magnitude before the output guard; above 1 the limiter will work by that much.
    pub peak: f32,
    /// Hann-weighted mean of the worse channel.
    pub dc: f32,
    /// Median CPU time of a block over the block's duration.
    pub load: f32,
    /// Blocks rendered.
    pub blocks: usize,
    // The timeline of it, in milliseconds.
    /// From the command to the begin of the build.
    pub wait_ms: f32,
    /// Reading the file, and its text.
    pub parse_ms: f32,
    pub compile_ms: f32,
    /// Rendering what must be heard.
    pub render_ms: f32,
    /// What is left of priming: measuring, and bringing the graph back to its beginning.
    pub check_ms: f32,
    /// From the command until it is told.
    pub total_ms: f32,
    /// Silent, but the patch says so.
    pub silent_by_design: bool,
}

/// The check that a graph failed, with what was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct PrimeFailure {
    pub check: Check,
    /// With the number and the likely cause.
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Silent,
    Nan,
    Dc,
    Loud,
    Cost,
    Timeout,
    Panic,
    Stall,
}

impl Check {
    /// As in telemetry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Nan => "nan",
            Self::Dc => "dc",
            Self::Loud => "loud",
            Self::Cost => "cost",
            Self::Timeout => "timeout",
            Self::Panic => "panic",
            Self::Stall => "stall",
        }
    }
}
