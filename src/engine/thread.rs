//! The thread of one engine: step while there is something to do, sleep until woken else.
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::wake::Waker;
use super::{Engine, priority};
use crate::dsp::denormals;

/// Reading and messages wake an engine; this is the net under them. Well below every lead, far above what it costs.
const SLEEP_AT_MOST: Duration = Duration::from_millis(4);

/// An engine on its own thread.
pub struct EngineThread {
    running: Arc<AtomicBool>,
    waker: Arc<Waker>,
    thread: JoinHandle<Engine>,
}

impl EngineThread {
    pub fn spawn(mut engine: Engine) -> io::Result<Self> {
        let running = Arc::new(AtomicBool::new(true));
        let waker = engine.waker().clone();
        let keep_on = running.clone();
        let name = format!("engine {}", ["A", "B"][engine.slot() & 1]);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            engine.waker().attach_current_thread();
            denormals::flush_to_zero();
            let granted = priority::raise();
            engine.telemetry().slots[engine.slot()]
                .priority
                .store(granted.to_number(), Ordering::Relaxed);
            // Acquire pairs with the Release in `stop`, though nothing but the flag is passed.
            while keep_on.load(Ordering::Acquire) {
                if !engine.step() {
                    std::thread::park_timeout(SLEEP_AT_MOST);
                }
            }
            engine
        })?;
        Ok(Self {
            running,
            waker,
            thread,
        })
    }

    /// Ends the loop and gives the engine back to be freed; None where its thread panicked outside of a module. A thread that
    /// does not end within `patience` hangs: it comes back as an error, to be kept aside; a thread can't be killed.
    #[allow(
        clippy::disallowed_methods,
        reason = "the thread that stops another waits for it"
    )]
    pub fn stop(self, patience: Duration) -> Result<Option<Engine>, Quarantined> {
        self.running.store(false, Ordering::Release);
        self.waker.wake();
        let until = Instant::now() + patience;
        while !self.thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_micros(200));
        }
        Quarantined {
            thread: self.thread,
        }
        .recover()
    }
}

/// A thread that hangs in a module. It was told to end, and will if it ever comes back.
pub struct Quarantined {
    thread: JoinHandle<Engine>,
}

impl Quarantined {
    /// As [`EngineThread::stop`], if its thread has ended since.
    pub fn recover(self) -> Result<Option<Engine>, Self> {
        if self.thread.is_finished() {
            Ok(self.thread.join().ok())
        } else {
            Err(self)
        }
    }
}
