//! Chronus, a terminal live-coding synthesizer.
//!
//! Layers, lowest first; each may import only from those above it in this list (`tests/layers.rs` decides).
pub mod app;
pub mod audio;
pub mod cli;
pub mod control;
pub mod dsp;
pub mod engine;
pub mod graph;
pub mod modules;
pub mod osc;
pub mod patch;
pub mod tui;
