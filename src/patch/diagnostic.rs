//! What is wrong with a patch text, where, and what would be right.
use std::fmt;

/// One finding, with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// As the user named it; `-` for standard input.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// Characters, from 1.
    pub column: usize,
    /// Bytes of the text it is about; may be empty.
    pub span: std::ops::Range<usize>,
    pub severity: Severity,
    /// Cause and, where known, the fix.
    pub message: String,
    /// An edit that would mend it.
    pub fix: Option<Fix>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Keeps the patch from being built.
    Error,
    Warning,
}

/// Replace `span` by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub span: std::ops::Range<usize>,
    pub text: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{} {}",
            self.file, self.line, self.column, self.message
        )
    }
}
