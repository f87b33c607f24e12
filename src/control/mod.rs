//! The only place that decides. Nothing here runs on a realtime thread.
pub mod command;
pub mod event;
pub mod slot;
