//! Why the program ends, as its exit status says it.
use std::io;
use std::process::ExitCode;

use super::complain::complain;

/// Usage errors (status 2) are the command line reader's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The user's input is at fault; the text names the file, line and column, or the argument.
    Input(String),
    /// The machine is: no device, no memory, disk full.
    Machine(String),
    /// As `Input`, where everything has been said already.
    Told,
}

impl Failure {
    /// A file that an argument names could not be read or written: a wrong name is the user's, a full disk the machine's.
    pub fn file(argument: &str, path: &std::path::Path, error: &io::Error) -> Self {
        let text = format!("{argument} {}: {error}", path.display());
        match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidFilename => Self::Input(text),
            _ => Self::Machine(text),
        }
    }

    /// Says it on stderr and gives the exit status.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Input(text) | Self::Machine(text) => complain(format_args!("chronus: {text}")),
            Self::Told => {}
        }
        match self {
            Self::Input(_) | Self::Told => ExitCode::from(1),
            Self::Machine(_) => ExitCode::from(3),
        }
    }
}

/// Writes to standard output. A reader that has enough (`| head`) is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    use io::Write;
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Machine(format!("standard output: {e}")))
        }
        _ => Ok(()),
    }
}
