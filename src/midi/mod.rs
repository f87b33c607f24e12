//! MIDI: ports that come and go, messages into [`Command`](crate::control::command::Command)s, clock in both directions. Runs on
//! threads of its own; sound never waits for it.
mod clock;
mod memory;
mod ports;
mod receiver;
mod stamp;
mod system;
#[cfg(test)]
mod tests;
mod translate;

pub use ports::{Clock, Midi, Options, Wanted};
pub use system::available;
