//! Closes connections on threads that may be lost: a stream whose PulseAudio sink is gone hangs as it is dropped.
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::stream::{Closing, Connection};

/// Closing threads that may be at work or hang at one time.
const MAX_CLOSING: u32 = 8;
/// What the end of the program waits for a device at most.
const PATIENCE: Duration = Duration::from_millis(100);

static CLOSING: AtomicU32 = AtomicU32::new(0);

/// Lets go of a connection, without waiting where that may hang.
pub(super) fn close(connection: Connection) {
    drop(begin(connection));
}

/// As [`close`], and gives the device a moment to end in order.
pub(super) fn close_and_wait(connection: Connection) {
    let _ = begin(connection).recv_timeout(PATIENCE);
}

/// The answer ends when the connection is closed. Beyond [`MAX_CLOSING`] hung ones it is left open for good: leaking a
/// silent stream is better than leaking a thread as well.
fn begin(connection: Connection) -> Receiver<()> {
    let (closed, answer) = channel();
    if connection.closing == Closing::Prompt {
        return answer;
    }
    if CLOSING.fetch_add(1, Ordering::Relaxed) >= MAX_CLOSING {
        CLOSING.fetch_sub(1, Ordering::Relaxed);
        std::mem::forget(connection);
        return answer;
    }
    let closing = move || {
        drop(connection);
        CLOSING.fetch_sub(1, Ordering::Relaxed);
        drop(closed);
    };
    if std::thread::Builder::new()
        .name("audio-close".into())
        .spawn(closing)
        .is_err()
    {
        // The closure, and the connection with it, was dropped here and now.
        CLOSING.fetch_sub(1, Ordering::Relaxed);
    }
    answer
}
