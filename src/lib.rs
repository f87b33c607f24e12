//! Chronus, a terminal live-coding synthesizer.
//!
//! Layers, lowest first; each may import only from those above it in this list (`tests/layers.rs` decides).
pub mod app;
#[deny(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]
pub mod audio;
pub mod cli;
pub mod control;
#[deny(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]
pub mod dsp;
#[deny(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]
pub mod engine;
#[deny(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]
pub mod graph;
pub mod midi;
#[deny(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]
pub mod modules;
pub mod osc;
pub mod patch;
pub mod tui;
