//! The only place that decides. Nothing here runs on a realtime thread.
pub mod builder;
pub mod command;
mod draft;
pub mod event;
pub mod handle;
mod hint;
pub mod history;
pub mod params;
pub mod position;
pub mod reading;
pub mod rig;
pub mod script;
pub mod slot;
pub mod supervisor;
mod swap;
pub mod telemetry_json;
mod tempo;
pub mod timeline;
