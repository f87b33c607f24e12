//! What a port's driver calls with each message: it is handed on with the time that it came. Runs on the driver's thread.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::control::command::{At, Command, Request};
use crate::control::handle::Handle;

use super::stamp::Stamp;
use super::translate::Translator;

/// What a port's driver calls with each message.
pub struct Receiver {
    pub translator: Translator,
    stamp: Stamp,
    handle: Handle,
    pub(super) shared: Arc<Shared>,
}

/// What the ports' threads and ours share.
#[derive(Default)]
pub(super) struct Shared {
    /// From the arrival of a message to the sound that can still be changed, in microseconds.
    pub ahead: AtomicU64,
    /// A message was not taken: something may hang.
    pub missed: AtomicBool,
}

impl Receiver {
    pub fn new(follow: bool, handle: Handle) -> Self {
        Self {
            translator: Translator::new(follow),
            stamp: Stamp::default(),
            handle,
            shared: Arc::default(),
        }
    }

    /// A message with its port's time, in microseconds, and when it was seen.
    pub fn receive(&mut self, port_us: u64, bytes: &[u8], seen: SystemTime) {
        let seen = seen.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = self.stamp.time(port_us as f64 * 1e-6, seen.as_secs_f64());
        let ahead = Duration::from_micros(self.shared.ahead.load(Ordering::Relaxed));
        let at = At::Time(UNIX_EPOCH + Duration::from_secs_f64(time.max(0.0)) + ahead);
        for command in self.translator.take(bytes, time) {
            self.send(command, at);
        }
    }

    #[cfg(test)]
    pub fn set_ahead(&mut self, ahead: Duration) {
        let us = ahead.as_micros() as u64;
        self.shared.ahead.store(us, Ordering::Relaxed);
    }

    pub fn end(&mut self) {
        for command in self.translator.all_off() {
            self.send(command, At::Soon);
        }
    }

    fn send(&self, command: Command, at: At) {
        let request = Request {
            command,
            at,
            answer: None,
        };
        if self.handle.send(request).is_err() {
            self.shared.missed.store(true, Ordering::Relaxed);
        }
    }
}
