//! `--log`: what happens, in sentences, one a line; and what libraries print to stderr while the screen is up. Its own thread.
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, thread};

use crate::control::event::{Event, What};
use crate::control::queue::Receiver;

/// A log file, or nothing where none was asked for. Clones write to the same file.
#[derive(Clone)]
pub struct Log {
    start: Instant,
    file: Option<Arc<Mutex<BufWriter<File>>>>,
}

/// How often lines reach the disk when nothing happens.
const FLUSH: Duration = Duration::from_millis(500);

impl Log {
    pub fn create(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(File::create).transpose()?;
        Ok(Self {
            start: Instant::now(),
            file: file.map(|f| Arc::new(Mutex::new(BufWriter::new(f)))),
        })
    }

    /// "   1.234 bar 13.2.1 B primed in 9.9 ms".
    pub fn line(&self, text: fmt::Arguments<'_>) {
        let Some(file) = &self.file else {
            return;
        };
        let seconds = self.start.elapsed().as_secs_f64();
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not end the performance.
        let _ = writeln!(file, "{seconds:9.3} {text}");
    }

    /// Writes every event until the last one.
    pub fn follow(&self, events: Receiver<Event>) -> io::Result<()> {
        if self.file.is_none() {
            return Ok(());
        }
        let log = self.clone();
        thread::Builder::new()
            .name("log".into())
            .spawn(move || log.run(&events))?;
        Ok(())
    }

    fn run(&self, events: &Receiver<Event>) {
        loop {
            match events.recv_timeout(FLUSH) {
                Ok(event) => {
                    self.line(format_args!("bar {} {}", event.bar, event.sentence));
                    if event.what == What::Quit {
                        return self.flush();
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.flush(),
                Err(RecvTimeoutError::Disconnected) => return self.flush(),
            }
        }
    }

    fn flush(&self) {
        if let Some(file) = &self.file {
            let _ = file.lock().unwrap_or_else(PoisonError::into_inner).flush();
        }
    }
}
