//! From a patch to a graph: order, lanes, buffers. All allocation is here.
use crate::dsp::lanes::IsaChoice;
use crate::patch::Patch;

use super::{Graph, Layout};

/// What a graph is compiled for.
#[derive(Clone, Copy, Debug)]
pub struct Env {
    /// Frames a second.
    pub rate: f32,
    pub isa: IsaChoice,
    /// Seeds every noise of the patch.
    pub seed: u32,
    /// Tempo until the first transport arrives.
    pub bpm: f64,
}

/// Why a patch can't be made runnable.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CompileError {
    #[error("cycle without a feedback mark: {}", .0.join(" > "))]
    Cycle(Vec<String>),
    #[error("`{node}`: {why}")]
    Option { node: String, why: String },
    #[error("{0}")]
    Isa(#[from] crate::dsp::lanes::IsaMissing),
}

/// Makes a patch runnable. Allocates.
pub fn compile(patch: &Patch, env: &Env) -> Result<(Graph, Layout), CompileError> {
    let _ = (patch, env);
    todo!()
}
