//! Makes a patch into a verified graph, on a thread of its own or (lock step, offline) on the caller's.
//!
//! A thread that hangs can't be killed: it is left alone and replaced, once. While it hangs, a second that hangs stays where it
//! is and builds are refused until one of them comes back.
mod job;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::graph::prime::{Check, PrimeFailure};

use super::run_queue::RunQueue;

pub use job::{Built, Job, Source, Unbuilt, build};

/// Without a finished block for this long, a build has hung. Time in which the machine did not let it run doesn't count, up to
/// four seconds.
pub const PATIENCE: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(4);
/// Builds that wait. Each takes the place of an older one for the same slot, so that this is never reached by one user.
const QUEUE: usize = 16;

pub struct Finished {
    pub number: u64,
    pub result: Result<Built, Unbuilt>,
}

/// Where builds are made.
pub struct Builder {
    place: Place,
    queue: VecDeque<Job>,
    /// The build that is under way on the thread.
    current: Option<Watched>,
    done: VecDeque<Finished>,
    /// The one thread that was given up.
    quarantined: Option<JoinHandle<()>>,
    /// Called on the builder's thread after each build: wakes the supervisor.
    wake: Arc<dyn Fn() + Send + Sync>,
}

enum Place {
    Inline,
    Thread(Worker),
}

struct Worker {
    jobs: Sender<Job>,
    finished: Receiver<Finished>,
    beat: Arc<Beat>,
    thread: JoinHandle<()>,
}

/// Blocks rendered since the thread began: stands still when it hangs.
#[derive(Default)]
struct Beat {
    blocks: AtomicU64,
    /// Of the build under way.
    of_this: AtomicU64,
    queue: RunQueue,
}

struct Watched {
    number: u64,
    /// Blocks at the last look, when they last moved, and how long the thread had waited for the machine by then.
    blocks: u64,
    moved: Duration,
    waited: Duration,
    /// It was reported as hung and its thread is still the builder.
    given_up: bool,
}

impl Builder {
    /// Builds at once, inside [`Self::submit`].
    pub fn inline() -> Self {
        Self::new(Place::Inline, Arc::new(|| {}))
    }

    /// Builds on a thread; `wake` is called there after each build.
    pub fn threaded(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        Ok(Self::new(Place::Thread(Worker::start(wake.clone())?), wake))
    }

    fn new(place: Place, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            place,
            queue: VecDeque::with_capacity(QUEUE),
            current: None,
            done: VecDeque::new(),
            quarantined: None,
            wake,
        }
    }

    /// Takes a build on, or says why not. `now` is a steady clock, the same as for [`Self::poll`].
    pub fn submit(&mut self, job: Job, now: Duration) -> Result<(), String> {
        if let Place::Inline = self.place {
            let result = build(&job, &mut |_| {});
            let number = job.number;
            self.done.push_back(Finished { number, result });
            return Ok(());
        }
        self.release();
        if self.current.as_ref().is_some_and(|c| c.given_up) {
            return Err("two builds hang; no other is begun until one of them comes back".into());
        }
        if self.queue.len() >= QUEUE {
            return Err("busy: too many builds are waiting".into());
        }
        self.queue.push_back(job);
        self.next(now);
        Ok(())
    }

    /// A build that nobody waits for any more: not begun if it waits, its result thrown away if not.
    pub fn forget(&mut self, number: u64) {
        self.queue.retain(|job| job.number != number);
    }

    /// The next result. Also where a build that hangs is noticed.
    pub fn poll(&mut self, now: Duration) -> Option<Finished> {
        self.release();
        if let Place::Thread(worker) = &mut self.place {
            while let Ok(finished) = worker.finished.try_recv() {
                let told = self.current.take().is_some_and(|c| c.given_up);
                // What was reported as hung has been answered.
                if !told {
                    self.done.push_back(finished);
                }
            }
            self.watch(now);
            self.next(now);
        }
        self.done.pop_front()
    }

    /// Eighths of the least priming that the current build has rendered.
    pub fn progress(&self) -> Option<(u64, u8)> {
        let (Place::Thread(worker), Some(current)) = (&self.place, &self.current) else {
            return None;
        };
        let blocks = worker.beat.of_this.load(Relaxed);
        Some((current.number, blocks.min(8) as u8))
    }

    /// How long a build that hangs has to be waited for: when [`Self::poll`] should be called again at the latest.
    pub fn is_busy(&self) -> bool {
        self.current.is_some() || !self.queue.is_empty() || !self.done.is_empty()
    }

    fn next(&mut self, now: Duration) {
        let Place::Thread(worker) = &mut self.place else {
            return;
        };
        if self.current.is_some() {
            return;
        }
        let Some(job) = self.queue.pop_front() else {
            return;
        };
        worker.beat.of_this.store(0, Relaxed);
        let watched = Watched {
            number: job.number,
            blocks: worker.beat.blocks.load(Relaxed),
            moved: now,
            waited: worker.beat.queue.waited(),
            given_up: false,
        };
        match worker.jobs.send(job) {
            Ok(()) => self.current = Some(watched),
            Err(lost) => {
                // The thread is gone: only a failure outside of a build can do that. Begin again with a new one.
                let number = lost.0.number;
                self.done.push_back(failed(
                    number,
                    Check::Panic,
                    "the builder's thread ended".into(),
                ));
                if let Ok(fresh) = Worker::start(self.wake.clone()) {
                    *worker = fresh;
                }
            }
        }
    }

    fn watch(&mut self, now: Duration) {
        let (Place::Thread(worker), Some(current)) = (&mut self.place, &mut self.current) else {
            return;
        };
        // A build that reads a long file is not one that hangs.
        let read = crate::modules::audio_file::progress();
        let blocks = worker.beat.blocks.load(Relaxed).wrapping_add(read);
        if blocks != current.blocks {
            (current.blocks, current.moved) = (blocks, now);
            current.waited = worker.beat.queue.waited();
        }
        let late = now.saturating_sub(current.moved);
        if current.given_up || late < PATIENCE {
            return;
        }
        let kept = worker.beat.queue.waited().saturating_sub(current.waited);
        if late.saturating_sub(kept) < PATIENCE && late < LONGEST {
            return;
        }
        let after = worker.beat.of_this.load(Relaxed);
        let why = format!(
            "no block finished within {} ms (after {after} blocks)",
            PATIENCE.as_millis()
        );
        let number = current.number;
        self.done.push_back(failed(number, Check::Timeout, why));
        if self.quarantined.is_some() {
            current.given_up = true;
            return self.refuse_waiting();
        }
        match Worker::start(self.wake.clone()) {
            Ok(fresh) => {
                self.quarantined = Some(std::mem::replace(worker, fresh).thread);
                self.current = None;
            }
            Err(_) => current.given_up = true,
        }
    }

    fn refuse_waiting(&mut self) {
        for job in self.queue.drain(..) {
            let why = "two builds hang; no other is begun until one of them comes back";
            self.done
                .push_back(failed(job.number, Check::Timeout, why.into()));
        }
    }

    fn release(&mut self) {
        if self.quarantined.as_ref().is_some_and(|t| t.is_finished()) {
            self.quarantined = None;
        }
    }
}

fn failed(number: u64, check: Check, why: String) -> Finished {
    Finished {
        number,
        result: Err(Unbuilt::Prime(PrimeFailure { check, why })),
    }
}

impl Worker {
    fn start(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let (jobs, queue) = channel::<Job>();
        let (results, finished) = channel();
        let beat = Arc::new(Beat::default());
        let shared = beat.clone();
        let thread = std::thread::Builder::new()
            .name("chronus-builder".into())
            .spawn(move || {
                shared.queue.enter();
                while let Ok(job) = queue.recv() {
                    let result = build(&job, &mut |blocks| {
                        shared.of_this.store(blocks as u64, Relaxed);
                        shared.blocks.fetch_add(1, Relaxed);
                    });
                    let number = job.number;
                    // Nobody listens to a thread that was given up; what it built is freed here.
                    if results.send(Finished { number, result }).is_err() {
                        return;
                    }
                    wake();
                }
            })?;
        Ok(Self {
            jobs,
            finished,
            beat,
            thread,
        })
    }
}

#[cfg(test)]
mod tests;
