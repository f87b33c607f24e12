//! How late the machine wakes threads that do nothing else: on a shared one no program can be blamed for that. Figures of time
//! are held against it.
#![allow(dead_code)]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use chronus::engine::priority;

mod pin;

/// Below this a wake-up is one of a quiet machine.
pub const QUIET_MS: f64 = 1.0;
/// How often a figure is tried for that a machine of its own would hold.
const TRIES: usize = 5;

/// Two threads for each processor, one of the engines' priority and one of the screen's: while it is watched, none of them does
/// anything but sleep for a millisecond at a time.
pub struct Watch {
    running: Arc<AtomicBool>,
    worst_ns: Arc<[AtomicU64; 2]>,
    /// Wake-ups of the engines' priority: all, and those that came too late on a quiet machine.
    wakes: Arc<[AtomicU64; 2]>,
    threads: Vec<JoinHandle<()>>,
}

/// What the machine cost at worst.
#[derive(Clone, Copy, Debug)]
pub struct Late {
    /// Threads of the engines' priority.
    pub realtime_ms: f64,
    /// Threads of no priority.
    pub ordinary_ms: f64,
    /// The share of wake-ups of the engines' priority that came later than [`QUIET_MS`].
    pub often: f64,
}

impl Watch {
    pub fn start() -> Self {
        let running = Arc::new(AtomicBool::new(true));
        let worst_ns: Arc<[AtomicU64; 2]> = Arc::default();
        let wakes: Arc<[AtomicU64; 2]> = Arc::default();
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let watcher = |n: usize| {
            let (on, worst, wakes) = (running.clone(), worst_ns.clone(), wakes.clone());
            std::thread::spawn(move || {
                let (processor, kind) = (n / 2, n % 2);
                pin::stay_on(processor);
                if kind == 0 {
                    priority::raise();
                }
                let step = Duration::from_millis(1);
                while on.load(Ordering::Relaxed) {
                    let slept = Instant::now();
                    sleep(step);
                    let late = slept.elapsed().saturating_sub(step);
                    worst[kind].fetch_max(late.as_nanos() as u64, Ordering::Relaxed);
                    if kind == 0 {
                        wakes[0].fetch_add(1, Ordering::Relaxed);
                        let is_late = late.as_secs_f64() * 1e3 > QUIET_MS;
                        wakes[1].fetch_add(is_late.into(), Ordering::Relaxed);
                    }
                }
            })
        };
        let threads = (0..2 * processors).map(watcher).collect();
        Self {
            running,
            worst_ns,
            wakes,
            threads,
        }
    }

    pub fn end(self) -> Late {
        self.running.store(false, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("no panic");
        }
        let wakes = |n: usize| self.wakes[n].load(Ordering::Relaxed) as f64;
        let ms = |kind: usize| self.worst_ns[kind].load(Ordering::Relaxed) as f64 / 1e6;
        Late {
            realtime_ms: ms(0),
            ordinary_ms: ms(1),
            often: wakes(1) / wakes(0).max(1.0),
        }
    }
}

/// One try at a figure of time.
pub struct Try {
    pub figure_ms: f64,
    /// Whether the machine was so late meanwhile that the figure is its own.
    pub disturbed: bool,
}

/// Such a figure that a shared machine only makes worse: it holds once a try keeps the bound; a try that misses it on a quiet
/// machine fails. Where every try was disturbed, that is said.
pub fn holds(what: &str, bound_ms: f64, mut once: impl FnMut() -> Try) {
    for _ in 0..TRIES {
        let tried = once();
        if tried.figure_ms <= bound_ms {
            return;
        }
        let figure = tried.figure_ms;
        assert!(
            tried.disturbed,
            "{what}: {figure:.1} ms on a quiet machine, wanted {bound_ms} ms"
        );
    }
    println!("skipped: {what}: the machine woke threads too late for this figure, {TRIES} times");
}
