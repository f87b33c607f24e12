//! A file as an input device: brings its frames in time, again and again. On a thread of its own.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::engine::telemetry::Telemetry;

use super::input::{Health, Open, Recording};

/// Frames brought at a time.
const LOAD: usize = 256;

struct Running {
    running: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(super) fn open(
    name: &str,
    frames: Recording,
    rate: u32,
    to: Arc<Telemetry>,
) -> Result<Open, String> {
    if frames.is_empty() {
        return Err(format!("{name} has no sound"));
    }
    let running = Arc::new(AtomicBool::new(true));
    let runs = Arc::clone(&running);
    let body = move || {
        let begun = Instant::now();
        let mut brought = 0usize;
        while runs.load(Ordering::Relaxed) {
            let due = (begun.elapsed().as_secs_f64() * f64::from(rate)) as usize;
            while brought + LOAD <= due {
                let load: [[f32; 2]; LOAD] =
                    std::array::from_fn(|i| frames[(brought + i) % frames.len()]);
                to.input.capture(&load);
                brought += LOAD;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    let thread = std::thread::Builder::new()
        .name("audio-file-in".into())
        .spawn(body)
        .map_err(|e| format!("{name}: no thread: {e}"))?;
    Ok(Open {
        name: name.to_owned(),
        health: Arc::new(Health::default()),
        may_hang: false,
        _hold: Box::new(Running {
            running,
            thread: Some(thread),
        }),
    })
}
