//! The terminal: shows how things stand and turns keys into commands. Runs on its own thread and may block; sound never waits for it.
mod act;
pub mod actions;
mod app;
mod ascii;
mod asking;
mod burst;
mod chord;
mod color;
mod detached;
pub mod difference;
mod docs;
mod draw;
mod editor;
mod fuzzy;
mod history;
mod input;
mod journal;
mod keymap;
mod keys_file;
#[cfg(test)]
mod keys_tests;
mod knob;
mod levels;
mod life;
mod meters;
mod mouse;
#[cfg(test)]
mod mouse_tests;
mod notes;
mod options;
mod overlays;
mod panels;
#[cfg(test)]
mod patch_tests;
#[cfg(test)]
mod pattern_tests;
mod pen;
#[cfg(test)]
mod picture_tests;
#[cfg(test)]
mod player;
mod primed;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod scene_tests;
mod screens;
mod seen;
mod settings;
#[cfg(test)]
mod soak;
mod sounding;
mod stage;
mod svg;
mod terminal;
#[cfg(test)]
mod text_knob_tests;
#[cfg(test)]
mod text_tests;
mod theme;
mod tree;
mod tty;
mod tutor;
mod waveform;
mod way;
mod words;

pub use detached::{Back, wait as wait_detached};
pub use docs::page as keys_page;
pub use keys_file::mistakes as keys_mistakes;
pub use life::run;
pub use options::{ColorChoice, ExitReason, Glyphs, Motion, Options};
pub use settings::folder as config_folder;
pub use terminal::leave as restore_terminal;
