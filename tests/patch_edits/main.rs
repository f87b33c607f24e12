//! What holds for every edit of every patch text: it does to the text what it does to the patch, and comments stay.
#![allow(clippy::unwrap_used)]
mod growing;
mod model;
mod random;
#[path = "../shipped/mod.rs"]
mod shipped;
mod texts;
