//! Sentences on standard error. Unlike `eprintln!` it does not panic where nobody can read them: a terminal that was closed.
use std::fmt::Display;
use std::io::{Write, stderr};

/// Writes a line, or does nothing.
pub fn complain(text: impl Display) {
    let _ = writeln!(stderr().lock(), "{text}");
}
