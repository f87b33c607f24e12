//! The only place that decides. Nothing here runs on a realtime thread.
pub mod bench;
pub mod blackbox;
pub mod builder;
pub mod command;
pub mod controls;
pub mod crew;
mod deaths;
mod draft;
pub mod event;
pub mod handle;
#[cfg(feature = "faults")]
mod hindrance;
mod hint;
pub mod history;
pub mod meters;
pub mod morph;
pub mod params;
mod patience;
pub mod position;
mod predecessor;
pub mod probe;
pub mod queue;
pub mod reading;
pub mod recorder;
pub mod rig;
mod run_queue;
pub mod script;
pub mod sequences;
pub mod session;
pub mod set;
pub mod slot;
pub mod start;
pub mod supervisor;
mod swap;
pub mod takes;
pub mod telemetry_json;
mod tempo;
pub mod timeline;
pub mod tree;
pub mod unsaved;
mod written;

#[cfg(test)]
mod undo_tests;
