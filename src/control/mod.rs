//! The only place that decides. Nothing here runs on a realtime thread.
pub mod command;
pub mod event;
pub mod handle;
pub mod position;
pub mod reading;
pub mod slot;
