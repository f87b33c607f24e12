//! From the wav device's thread to the disk: a slow disk may not make the device late.
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::stream::Vitals;
use super::wav_bits::Bits;
use super::wav_file::WavFile;

/// What the disk may be behind; when it is more, frames are missed and counted.
const RING_SECONDS: u32 = 8;
/// How much is lost at most when the process is killed.
const FLUSH_EVERY: Duration = Duration::from_millis(50);

/// The device's end: never blocks.
pub(super) struct Sink {
    ring: HeapProd<[f32; 2]>,
    missed: Arc<AtomicU64>,
}

/// Owns the writing thread. Dropping it writes what is left and closes the file.
pub(super) struct WavTap {
    running: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sink {
    /// Realtime.
    pub fn write(&mut self, frames: &[[f32; 2]]) {
        let taken = self.ring.push_slice(frames);
        if taken < frames.len() {
            self.missed
                .fetch_add((frames.len() - taken) as u64, Ordering::Relaxed);
        }
    }
}

impl WavTap {
    pub fn create(path: &Path, rate: u32, vitals: Arc<Vitals>) -> io::Result<(Self, Sink)> {
        let file = WavFile::create(path, rate, Bits::Float32, 0)?;
        let (ring, frames) = HeapRb::new((RING_SECONDS * rate) as usize).split();
        let missed = Arc::new(AtomicU64::new(0));
        let running = Arc::new(AtomicBool::new(true));
        let writer = Writer {
            file,
            frames,
            missed: Arc::clone(&missed),
            running: Arc::clone(&running),
            vitals,
        };
        let thread = std::thread::Builder::new()
            .name("audio-wav".into())
            .spawn(move || writer.run())?;
        Ok((
            Self {
                running,
                thread: Some(thread),
            },
            Sink { ring, missed },
        ))
    }
}

impl Drop for WavTap {
    fn drop(&mut self) {
        // Release: the writer that sees it also sees every frame pushed before.
        self.running.store(false, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Writer {
    file: WavFile,
    frames: HeapCons<[f32; 2]>,
    missed: Arc<AtomicU64>,
    running: Arc<AtomicBool>,
    vitals: Arc<Vitals>,
}

impl Writer {
    fn run(mut self) {
        let mut block = vec![[0.0; 2]; 4096];
        let mut told = 0;
        loop {
            let last_round = !self.running.load(Ordering::Acquire);
            if let Err(error) = self.write_all(&mut block) {
                say(
                    &self.vitals.why,
                    format!("the file can't be written: {error}"),
                );
                self.vitals.lost.store(true, Ordering::Relaxed);
                return;
            }
            let missed = self.missed.load(Ordering::Relaxed);
            if missed > told {
                say(
                    &self.vitals.note,
                    format!("the disk is too slow: the file misses {missed} frames"),
                );
                told = missed;
            }
            if last_round {
                return;
            }
            std::thread::park_timeout(FLUSH_EVERY);
        }
    }

    fn write_all(&mut self, block: &mut [[f32; 2]]) -> io::Result<()> {
        if self.frames.is_empty() {
            return Ok(());
        }
        loop {
            match self.frames.pop_slice(block) {
                0 => return self.file.flush(),
                n => self.file.write(&block[..n])?,
            }
        }
    }
}

fn say(place: &std::sync::Mutex<Option<String>>, text: String) {
    *place
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(text);
}
