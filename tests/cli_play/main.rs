//! The real binary playing on virtual devices: it starts in time, answers, survives what OSC can send, and ends when told.
mod bombs;
mod lines;
mod player;
mod predecessor;
mod recordings;
mod times;
