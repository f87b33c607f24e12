//! A performance on disk (a *set*): all that reached the engines and the callback, with its frames, one JSON object a line, so that
//! it can be heard again bit by bit. Written by a thread of its own; the supervisor only hands entries over.
mod line;
mod moment;
mod player;
mod read;
mod recipe;
mod render;
mod shelf;
mod writer;

pub use line::{Carry, Device, Done, Given, Header, Line, What};
pub use moment::patch_at;
pub use player::{Player, Unplayable};
pub use read::{Set, Unreadable};
pub use render::{Unwritten, Wanted, render};
pub use shelf::{Shelf, Shelved};
pub use writer::{Loaded, News, SetLog, SetLogConfig, now};

/// The format that is written, and the only one that is read.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
