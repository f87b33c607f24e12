//! The whole instrument in lock step: what is heard, sample by sample, whatever is asked of it.
#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "faults")]
mod faults;
mod frames;
mod gestures;
mod mixes;
#[allow(dead_code)]
#[path = "../reference/mod.rs"]
mod reference;
mod standby;
mod undo;
