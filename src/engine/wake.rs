//! How the callback and the supervisor wake a sleeping engine: a flag in the kernel's hands, no lock, no condition variable.
use crate::dsp::sync::{OnceLock, Thread, current};

/// Wakes one engine thread; does nothing before the thread has said who it is, and in lock step, where there is none.
#[derive(Debug, Default)]
pub struct Waker {
    thread: OnceLock<Thread>,
}

impl Waker {
    /// Called by the engine's thread before its first step.
    pub fn attach_current_thread(&self) {
        // A second thread for the same engine is refused by whoever starts it; the first stays.
        let _ = self.thread.set(current());
    }

    /// Ends the engine's sleep, or makes its next one return at once: what was stored or pushed before this call is seen by the
    /// step after it. Realtime; one system call where the thread sleeps, none otherwise.
    pub fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}
