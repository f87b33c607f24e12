//! The screen as a user meets it: the real program in a real terminal multiplexer, driven by keys, read back as text. The fifteen
//! acceptance checks, the ten journeys, longer work, and rough hands. Nothing waits but for the screen. Without tmux these tests say so
//! and pass.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]
mod checks;
mod journeys;
mod rough;
mod session;
mod work;
