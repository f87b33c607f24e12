//! SIGTERM, SIGINT and SIGHUP: the sound fades, the terminal is restored, the program ends within 200 ms whatever hangs.
//! A thread of its own, so that ending depends on no other.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{io, thread};

/// The whole way out must fit in 200 ms; what is not done by then is left undone.
const LAST_MOMENT: Duration = Duration::from_millis(170);

/// The screen is away: a terminal that closes is no reason to end.
static DETACHED: AtomicBool = AtomicBool::new(false);

/// Why the program is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody asked for it.
    Asked,
    /// Its terminal closed, or the machine ends all programs: nobody was asked about anything.
    Ended,
}

pub fn detach(detached: bool) {
    DETACHED.store(detached, Ordering::Release);
}

/// Watches for the signals that end the program. The first one calls `leave` on the watching thread and sets `stop`; when the
/// program is still there after [`LAST_MOMENT`], or a second signal comes, it ends at once.
#[cfg(unix)]
pub fn watch(stop: Arc<AtomicBool>, leave: impl FnOnce(Why) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            let counts = |signal: &i32| *signal != SIGHUP || !DETACHED.load(Ordering::Acquire);
            let Some(signal) = signals.forever().find(counts) else {
                return;
            };
            deadline();
            leave(match signal {
                SIGHUP | SIGTERM => Why::Ended,
                _ => Why::Asked,
            });
            stop.store(true, Ordering::Release);
            // A second one: the user is impatient.
            if signals.forever().next().is_some() {
                end();
            }
        })?;
    Ok(())
}

#[cfg(not(unix))]
pub fn watch(_: Arc<AtomicBool>, _: impl FnOnce(Why) + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// Ends the program if nothing else has by then.
pub fn deadline() {
    let spawned = thread::Builder::new().name("last moment".into()).spawn(|| {
        thread::sleep(LAST_MOMENT);
        end();
    });
    if spawned.is_err() {
        end();
    }
}

fn end() -> ! {
    crate::audio::stderr::restore();
    crate::tui::restore_terminal();
    std::process::exit(0)
}
