//! The two engines on their threads, and the one that may be given up because it hangs.
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    fn may_replace(&mut self) -> Result<(), String> {
        self.hung = match self.hung.take().map(Quarantined::recover) {
            Some(Err(still)) => Some(still),
            // What it held is freed here.
            Some(Ok(_)) | None => None,
        };
        match self.hung {
            Some(_) => Err("another engine still hangs; a second is not given up".into()),
            None => Ok(()),
        }
    }

    fn replace(&mut self, slot: SlotId, engine: Engine) -> Result<(), String> {
        self.may_replace()?;
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

/// In lock step the session steps the engines itself: what is to be replaced is left for it here.
#[derive(Clone, Default)]
pub struct LockStep {
    stage: Arc<Mutex<Stage>>,
}

#[derive(Default)]
struct Stage {
    fresh: [Option<Engine>; 2],
    /// One was given up and has not come back.
    hangs: bool,
}

impl LockStep {
    /// The engine that takes a slot's place, once.
    pub fn fresh(&self, slot: SlotId) -> Option<Engine> {
        self.lock().fresh[slot.index()].take()
    }

    /// The one that was given up has come back.
    pub fn came_back(&self) {
        self.lock().hangs = false;
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crew for LockStep {
    fn may_replace(&mut self) -> Result<(), String> {
        match self.lock().hangs {
            true => Err("another engine still hangs; a second is not given up".into()),
            false => Ok(()),
        }
    }

    fn replace(&mut self, slot: SlotId, engine: Engine) -> Result<(), String> {
        self.may_replace()?;
        let mut stage = self.lock();
        stage.fresh[slot.index()] = Some(engine);
        stage.hangs = true;
        Ok(())
    }
}
