//! The heart in lock step: engines, rings and callback on one thread, no clock, no sleep. What is shown here has no machine to
//! excuse it.
#![cfg(feature = "faults")]
#![allow(clippy::unwrap_used)]
mod bursts;
mod carry;
mod cores;
mod events;
mod failover;
mod interleaving;
mod rig;
mod swaps;
mod threads;
