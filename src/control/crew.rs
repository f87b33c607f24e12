//! The two engines on their threads, and the one that may be given up because it hangs.
use std::io;
use std::time::Duration;

use super::command::SlotId;
use super::rig::Crew;
use crate::engine::Engine;
use crate::engine::thread::{EngineThread, Quarantined};

/// An engine ends between two blocks; longer than this it hangs.
const PATIENCE: Duration = Duration::from_millis(200);

/// The engines' threads. Dropped, it ends them.
pub struct Threads {
    threads: [Option<EngineThread>; 2],
    /// A thread can't be killed: one that hangs is left alone. One at a time, for each is a core and a patch lost.
    hung: Option<Quarantined>,
}

impl Threads {
    pub fn spawn(engines: [Engine; 2]) -> io::Result<Self> {
        let [a, b] = engines;
        Ok(Self {
            threads: [Some(EngineThread::spawn(a)?), Some(EngineThread::spawn(b)?)],
            hung: None,
        })
    }
}

impl Crew for Threads {
    fn replace(&mut self, slot: SlotId, engine: Engine) -> Result<(), String> {
        self.hung = match self.hung.take().map(Quarantined::recover) {
            Some(Err(still)) => Some(still),
            // What it held is freed here.
            Some(Ok(_)) | None => None,
        };
        if self.hung.is_some() {
            return Err("another engine still hangs; a second is not given up".into());
        }
        let fresh = EngineThread::spawn(engine).map_err(|e| format!("no thread: {e}"))?;
        let old = self.threads[slot.index()].replace(fresh);
        if let Some(Err(hung)) = old.map(|t| t.stop(Duration::ZERO)) {
            self.hung = Some(hung);
        }
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        for thread in self.threads.iter_mut().filter_map(Option::take) {
            // One that hangs now ends with the process.
            let _ = thread.stop(PATIENCE);
        }
    }
}

/// Nobody: in lock step the session steps the engines itself, and none of them can hang.
pub struct LockStep;

impl Crew for LockStep {
    fn replace(&mut self, _: SlotId, _: Engine) -> Result<(), String> {
        Err("in lock step engines are not replaced".into())
    }
}
