//! How long a thread was ready to run and not let: what a busy machine takes is not the thread's fault. Linux tells; elsewhere it is 0.
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// One thread's place where the kernel says so.
#[derive(Debug, Default)]
pub struct RunQueue {
    told_in: OnceLock<PathBuf>,
}

impl RunQueue {
    /// The thread that calls is the one.
    pub fn enter(&self) {
        if let Ok(thread) = std::fs::read_link("/proc/thread-self") {
            let _ = self
                .told_in
                .set(Path::new("/proc").join(thread).join("schedstat"));
        }
    }

    /// Since the thread began, up to when it last ran.
    pub fn waited(&self) -> Duration {
        let text = self
            .told_in
            .get()
            .and_then(|path| std::fs::read_to_string(path).ok());
        let nanos = text.as_deref().and_then(second).unwrap_or(0);
        Duration::from_nanos(nanos)
    }
}

/// Time on a processor, time in the queue for one, turns.
fn second(text: &str) -> Option<u64> {
    text.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::time::Instant;

    #[test]
    fn the_time_in_the_queue_is_the_second_number() {
        assert_eq!(second("51873 9023 7\n"), Some(9_023));
        assert_eq!(second(""), None);
        assert_eq!(RunQueue::default().waited(), Duration::ZERO);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_among_too_many_waits() {
        let cores = std::thread::available_parallelism().map_or(4, |n| n.get());
        let (queue, over) = (RunQueue::default(), AtomicBool::new(false));
        queue.enter();
        let waited = std::thread::scope(|scope| {
            for _ in 0..2 * cores {
                scope.spawn(|| {
                    while !over.load(Relaxed) {
                        std::hint::spin_loop();
                    }
                });
            }
            let until = Instant::now() + Duration::from_secs(5);
            while queue.waited() < Duration::from_millis(20) && Instant::now() < until {
                std::hint::spin_loop();
            }
            over.store(true, Relaxed);
            queue.waited()
        });
        assert!(waited >= Duration::from_millis(20), "{waited:?}");
    }
}
