//! The supervisor's thread.
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime};

use super::super::handle::Message;
use super::super::queue::Receiver;
use super::super::timeline::Now;
use super::Supervisor;

/// Commands taken in one turn before the engines are looked at again.
const BATCH: usize = 256;

/// The supervisor's thread. Returns after `Command::Quit`, or when nobody is left to send anything.
pub fn run(mut supervisor: Supervisor, inbox: &Receiver<Message>, start: Instant) -> Supervisor {
    while !supervisor.ended() {
        // Engines and callback can't wake anybody (they may not make a system call for it), so their queues are looked at in
        // turns: often enough for a failed slot to be rebuilt in time.
        let patience = if supervisor.is_busy() { 1 } else { 4 };
        match inbox.recv_timeout(Duration::from_millis(patience)) {
            Ok(message) => {
                let more = std::iter::from_fn(|| inbox.try_recv().ok());
                for message in std::iter::once(message).chain(more.take(BATCH)) {
                    if let Message::Request(request, sent) = message {
                        supervisor.take_sent(request, sent.elapsed());
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        supervisor.step(Now {
            steady: start.elapsed(),
            system: SystemTime::now(),
        });
    }
    supervisor
}
