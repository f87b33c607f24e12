//! Waiting for the terminal's input without believing that it is still there.
//!
//! crossterm's own wait never returns once the terminal is gone, and spins (crossterm 0.29): so poll(2) looks first.
use std::io;
use std::time::Duration;

/// What a wait came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    Input,
    Nothing,
    /// The terminal is gone.
    Gone,
}

#[cfg(unix)]
pub use unix::Tty;

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{IsTerminal, stdin};
    use std::os::fd::{AsRawFd, RawFd};
    use std::sync::Arc;

    use super::{Duration, Waited, io};

    /// The terminal that keys come from: standard input, else the controlling terminal.
    #[derive(Clone)]
    pub struct Tty {
        fd: RawFd,
        /// Keeps `fd` open where it is not standard input.
        _file: Option<Arc<File>>,
    }

    impl Tty {
        pub fn open() -> io::Result<Self> {
            if stdin().is_terminal() {
                return Ok(Self {
                    fd: stdin().as_raw_fd(),
                    _file: None,
                });
            }
            let file = Arc::new(File::open("/dev/tty")?);
            Ok(Self {
                fd: file.as_raw_fd(),
                _file: Some(file),
            })
        }

        /// Waits for a key, up to `most`.
        pub fn wait(&self, most: Duration) -> Waited {
            self.poll(libc::POLLIN, most)
        }

        /// Whether keys that are typed are for this program: in a shell's background they are not, and reading would stop it.
        #[allow(unsafe_code)]
        pub fn is_ours(&self) -> bool {
            // SAFETY: both only ask; a descriptor that is no terminal gives -1, which is nobody's group.
            unsafe { libc::tcgetpgrp(self.fd) == libc::getpgrp() }
        }

        /// Has input that waits be announced again. crossterm takes in a kilobyte at each announcement of epoll's, which tells of new
        /// input only: the rest of a longer piece would lie there until the next key. Settings that are set wake whoever waits.
        #[allow(unsafe_code)]
        pub fn announce(&self) {
            let mut now = std::mem::MaybeUninit::<libc::termios>::uninit();
            // SAFETY: the first call fills the settings or fails, and only what was filled is read; both fail on what is no terminal.
            unsafe {
                if libc::tcgetattr(self.fd, now.as_mut_ptr()) == 0 {
                    libc::tcsetattr(self.fd, libc::TCSANOW, now.as_ptr());
                }
            }
        }

        /// Whether the terminal is gone.
        pub fn gone(&self) -> bool {
            self.poll(0, Duration::ZERO) == Waited::Gone
        }

        #[allow(unsafe_code)]
        fn poll(&self, events: libc::c_short, most: Duration) -> Waited {
            let mut fd = libc::pollfd {
                fd: self.fd,
                events,
                revents: 0,
            };
            // Rounded up: a wait of 0.4 ms must not become a busy loop.
            let ms = most.as_micros().div_ceil(1_000).min(60_000) as libc::c_int;
            // SAFETY: one valid pollfd, for the length of the call.
            let ready = unsafe { libc::poll(&mut fd, 1, ms) };
            match ready {
                // Interrupted by a signal: as good as nothing.
                ..=0 => Waited::Nothing,
                _ if fd.revents & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0 => {
                    Waited::Gone
                }
                _ => Waited::Input,
            }
        }
    }
}

#[cfg(not(unix))]
#[derive(Clone)]
pub struct Tty;

#[cfg(not(unix))]
impl Tty {
    pub fn open() -> io::Result<Self> {
        Ok(Self)
    }

    pub fn wait(&self, most: Duration) -> Waited {
        match crossterm::event::poll(most) {
            Ok(true) => Waited::Input,
            Ok(false) => Waited::Nothing,
            Err(_) => Waited::Gone,
        }
    }

    pub fn gone(&self) -> bool {
        false
    }

    pub fn announce(&self) {}

    pub fn is_ours(&self) -> bool {
        true
    }
}
