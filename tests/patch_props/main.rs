//! What holds for every patch text: no panic, RON has the last word, edits keep all other bytes, written patches read back.
#![allow(clippy::unwrap_used)]
mod broken;
mod knobs;
mod random;
#[path = "../shipped/mod.rs"]
mod shipped;
mod texts;
