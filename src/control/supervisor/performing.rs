//! Commands as they come: carried out at their frame, kept until then, and written down. Runs on the supervisor.
use std::time::{Duration, Instant};

use super::super::command::{Command, Request};
use super::super::timeline::{Heads, stamp};
use super::Supervisor;

/// Performed commands kept for saving and replaying.
const LOGGED: usize = 100_000;
/// Commands that may wait for a frame far ahead.
const LATER: usize = 65_536;

/// A command as it was performed: with the frame at which it took effect.
#[derive(Clone, Debug)]
pub struct Performed {
    pub frame: u64,
    pub command: Command,
}

impl Supervisor {
    /// The same for a command that was sent some time ago: a key press is measured from there.
    pub fn take_sent(&mut self, request: Request, ago: Duration) {
        self.pressed_ns = self.rig.now_ns().saturating_sub(ago.as_nanos() as u64);
        self.sent = Instant::now().checked_sub(ago);
        self.take(request);
        (self.pressed_ns, self.sent) = (0, None);
    }

    /// Carries a command out, or keeps it until its frame is near. Its answer is sent when it is carried out.
    pub fn take(&mut self, request: Request) {
        let heads = self.rig.heads();
        let frame = stamp(request.at, &heads, &self.clock, self.config.rate);
        if frame > self.horizon(&heads) {
            if self.later.len() >= LATER {
                if let Some(answer) = request.answer {
                    let _ = answer.send(Err("busy: too many commands wait for their time".into()));
                }
                return;
            }
            self.taken += 1;
            self.later.insert((frame, self.taken), request);
            return;
        }
        self.perform(request, frame);
    }

    /// The last frame that is decided today: one lead beyond the first that can be.
    pub(super) fn horizon(&self, heads: &Heads) -> u64 {
        heads.earliest + self.rig.lead()
    }

    pub(super) fn perform_due(&mut self) {
        let horizon = self.horizon(&self.rig.heads());
        while let Some(entry) = self.later.first_entry() {
            let (frame, _) = *entry.key();
            if frame > horizon {
                break;
            }
            let request = entry.remove();
            let frame = frame.max(self.rig.heads().earliest);
            self.perform(request, frame);
        }
    }

    fn perform(&mut self, request: Request, frame: u64) {
        if let Command::Record(what) = request.command {
            return self.record(what, request.answer);
        }
        let unlogged = Command::is_unlogged(&request.command);
        let logged = (!unlogged).then(|| request.command.clone());
        let answer = self.answer(request.command, frame);
        if let (Some(command), Ok(_)) = (logged, &answer) {
            if self.performed.len() >= LOGGED {
                self.performed.pop_front();
            }
            self.performed.push_back(Performed { frame, command });
        }
        if let Some(asker) = request.answer {
            // Whoever asked may have gone.
            let _ = asker.send(answer);
        }
    }
}
