//! Priming: a graph is rendered unheard and verified; only a [`PrimedGraph`] can be loaded into a slot.
use super::{Graph, Layout};

/// A graph that was verified. Nothing else can be heard.
pub struct PrimedGraph {
    graph: Graph,
    layout: Layout,
    report: PrimeReport,
}

impl PrimedGraph {
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
    pub fn report(&self) -> &PrimeReport {
        &self.report
    }
    /// For the engine that plays it.
    pub fn into_parts(self) -> (Graph, Layout, PrimeReport) {
        (self.graph, self.layout, self.report)
    }
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrimeReport {
    /// Loudest AC RMS of 8 blocks.
    pub rms: f32,
    /// Largest magnitude before the output guard.
    pub peak: f32,
    /// Hann-weighted mean.
    pub dc: f32,
    /// Median block's CPU time over the block's duration.
    pub load: f32,
    /// Blocks rendered.
    pub blocks: usize,
    /// Where the time went, in milliseconds.
    pub compile_ms: f32,
    pub render_ms: f32,
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
