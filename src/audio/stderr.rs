//! Keeps what C libraries print to stderr (libasound, libjack) off the screen: into events while the screen is ours, away
//! while a device is being opened. Runs on whatever thread opens a device or owns the terminal.
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// What starts a line that only repeats, in a library's words, what our own message says.
const LIBRARY_NOISE: &[&str] = &[
    "ALSA lib ",
    "snd_",
    "Cannot connect to server ",
    "jack server is not running",
    "JackShm",
    "Cannot read socket ",
    "Could not read result ",
    "CheckRes error",
    "CheckSize error",
    "JackSocket",
    "JackClient",
    "JackLibClient",
    "JackLibGlobals",
    "connect(2) call to /",
    "attempt to connect to server failed",
];

/// Taken by whoever has fd 2 redirected, so that redirections never nest.
static REDIRECTED: Mutex<()> = Mutex::new(());

/// Takes library noise off stderr until it is dropped; what others print meanwhile comes out then. While a
/// [`StderrCapture`] is at work, or another device is being opened, it does nothing.
#[must_use]
pub fn hush() -> Option<Hush> {
    let turn = match REDIRECTED.try_lock() {
        Ok(turn) => turn,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    Hush::begin(turn)
}

fn is_noise(line: &str) -> bool {
    line.trim().is_empty() || LIBRARY_NOISE.iter().any(|start| line.starts_with(start))
}

#[cfg(unix)]
pub use unix::{Hush, StderrCapture, restore};

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::thread::JoinHandle;

    use super::*;

    /// The terminal's stderr while a capture is at work, for [`restore`]; -1 else.
    static TERMINAL: AtomicI32 = AtomicI32::new(-1);

    /// A second descriptor for the same open file.
    #[allow(unsafe_code)]
    fn duplicate(fd: RawFd) -> Option<OwnedFd> {
        // SAFETY: F_DUPFD_CLOEXEC takes and returns plain numbers; a descriptor that it returns is new and ours alone.
        unsafe {
            let copy = libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3);
            (copy >= 0).then(|| OwnedFd::from_raw_fd(copy))
        }
    }

    #[allow(unsafe_code)]
    fn put_on_stderr(fd: RawFd) -> bool {
        // SAFETY: dup2 takes plain numbers and replaces descriptor 2 in one step, so that no writer ever finds it closed.
        unsafe { libc::dup2(fd, libc::STDERR_FILENO) >= 0 }
    }

    /// Gives stderr back to the terminal at once. For panic hooks and the ways out of the program that drop nothing; safe to
    /// call at any time, also in a signal handler.
    pub fn restore() {
        let terminal = TERMINAL.swap(-1, Ordering::AcqRel);
        if terminal >= 0 {
            put_on_stderr(terminal);
        }
    }

    /// See [`hush`].
    pub struct Hush {
        terminal: OwnedFd,
        caught: File,
        _turn: MutexGuard<'static, ()>,
    }

    impl Hush {
        pub(super) fn begin(turn: MutexGuard<'static, ()>) -> Option<Self> {
            let caught = tempfile::tempfile().ok()?;
            let terminal = duplicate(libc::STDERR_FILENO)?;
            put_on_stderr(caught.as_raw_fd()).then_some(Self {
                terminal,
                caught,
                _turn: turn,
            })
        }
    }

    impl Drop for Hush {
        fn drop(&mut self) {
            put_on_stderr(self.terminal.as_raw_fd());
            let mut text = Vec::new();
            if self.caught.seek(SeekFrom::Start(0)).is_err()
                || self.caught.read_to_end(&mut text).is_err()
            {
                return;
            }
            let mut stderr = std::io::stderr();
            for line in String::from_utf8_lossy(&text)
                .lines()
                .filter(|line| !is_noise(line))
            {
                let _ = writeln!(stderr, "{line}");
            }
        }
    }

    /// While it lives, every line that anything in the process writes to stderr goes to a function instead of the screen.
    pub struct StderrCapture {
        reader: Option<JoinHandle<()>>,
        terminal: OwnedFd,
        turn: Option<MutexGuard<'static, ()>>,
    }

    impl StderrCapture {
        /// `line` is called on a thread of its own, with whole lines. Waits for a device that is just being opened.
        #[allow(unsafe_code)]
        pub fn begin(mut line: impl FnMut(String) + Send + 'static) -> std::io::Result<Self> {
            let turn = REDIRECTED.lock().unwrap_or_else(PoisonError::into_inner);
            let (output, input) = std::io::pipe()?;
            let failed = std::io::Error::last_os_error;
            let terminal = duplicate(libc::STDERR_FILENO).ok_or_else(failed)?;
            let read = move || {
                for text in BufReader::new(output).split(b'\n') {
                    let Ok(text) = text else { return };
                    line(String::from_utf8_lossy(&text).trim_end().to_owned());
                }
            };
            let reader = std::thread::Builder::new()
                .name("stderr".into())
                .spawn(read)?;
            TERMINAL.store(terminal.as_raw_fd(), Ordering::Release);
            if !put_on_stderr(input.as_raw_fd()) {
                restore();
                return Err(failed());
            }
            // `input` is closed here: descriptor 2 is then the pipe's only writing end, and taking it back ends the reader.
            drop(input);
            Ok(Self {
                reader: Some(reader),
                terminal,
                turn: Some(turn),
            })
        }
    }

    impl Drop for StderrCapture {
        fn drop(&mut self) {
            TERMINAL.store(-1, Ordering::Release);
            // Also where `restore` was called before: the same once more.
            put_on_stderr(self.terminal.as_raw_fd());
            drop(self.turn.take());
            if let Some(reader) = self.reader.take() {
                let _ = reader.join();
            }
        }
    }
}

#[cfg(not(unix))]
pub use elsewhere::{Hush, StderrCapture, restore};

/// Only the C libraries of Linux print to stderr by themselves.
#[cfg(not(unix))]
mod elsewhere {
    use super::*;

    pub struct Hush;

    impl Hush {
        pub(super) fn begin(_turn: MutexGuard<'static, ()>) -> Option<Self> {
            None
        }
    }

    pub struct StderrCapture;

    impl StderrCapture {
        pub fn begin(_line: impl FnMut(String) + Send + 'static) -> std::io::Result<Self> {
            Ok(Self)
        }
    }

    pub fn restore() {}
}
