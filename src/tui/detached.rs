//! The screen is away and the sound goes on, until Enter brings it back. Runs on the main thread.
use std::io::{IsTerminal, stdin};
use std::thread::sleep;
use std::time::Duration;

use super::tty::{Tty, Waited};

/// How often it is looked whether the instrument has ended.
const GLANCE: Duration = Duration::from_millis(200);

/// How waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// The screen is wanted again.
    Screen,
    Ended,
}

/// Waits for Enter, as long as nothing has `ended`. Without a terminal, or in the background of a shell, only for the end.
pub fn wait(ended: impl Fn() -> bool) -> Back {
    let mut tty = Tty::open().ok().filter(|_| stdin().is_terminal());
    while !ended() {
        let waited = match &tty {
            Some(tty) if tty.is_ours() => tty.wait(GLANCE),
            _ => {
                sleep(GLANCE);
                Waited::Nothing
            }
        };
        match waited {
            Waited::Nothing => {}
            Waited::Gone => tty = None,
            Waited::Input => {
                // A whole line is there: the terminal is not in raw mode.
                let mut line = String::new();
                match stdin().read_line(&mut line) {
                    Ok(0) | Err(_) => tty = None,
                    Ok(_) => return Back::Screen,
                }
            }
        }
    }
    Back::Ended
}
