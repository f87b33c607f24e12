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
        match self.line {
            // Of the file as a whole: there is no place in it.
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}:{} {}", self.file, self.column, self.message),
        }
    }
}

/// Finds the line and column of a byte.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    text: &'a str,
    /// Byte at which each line starts.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut starts = vec![bom(text)];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text, starts }
    }

    /// Line and column (in characters), both from 1. A byte inside a character counts as that character.
    pub fn place(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.starts.partition_point(|&start| start <= byte).max(1);
        let start = self.starts[line - 1];
        let before = self.text.get(start..).unwrap_or("");
        let column = before
            .char_indices()
            .take_while(|(at, c)| start + at + c.len_utf8() <= byte)
            .count();
        (line, column + 1)
    }

    /// The byte of a line and column, both from 1; the end of the line where it is shorter.
    pub fn byte(&self, line: usize, column: usize) -> usize {
        let Some(&start) = self.starts.get(line.saturating_sub(1)) else {
            return self.text.len();
        };
        let end = match self.starts.get(line) {
            Some(next) => next - 1,
            None => self.text.len(),
        };
        let inside = self.text.get(start..end).unwrap_or("");
        match inside.char_indices().nth(column.saturating_sub(1)) {
            Some((at, _)) => start + at,
            None => end,
        }
    }
}

/// Length of the byte order mark that some editors write first; it is not part of the patch.
pub fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { 3 } else { 0 }
}

/// More would not be read, and the search for near names costs time.
const MOST: usize = 100;

/// Findings on one text, as they come.
#[derive(Debug)]
pub struct Findings<'a> {
    file: &'a str,
    lines: Lines<'a>,
    list: Vec<Diagnostic>,
    /// Findings from this byte on are dropped.
    until: usize,
}

impl<'a> Findings<'a> {
    pub fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            lines: Lines::new(text),
            list: Vec::new(),
            until: usize::MAX,
        }
    }

    /// The file's name, as findings give it.
    pub fn file(&self) -> &str {
        self.file
    }

    pub fn error(&mut self, span: std::ops::Range<usize>, message: impl Into<String>) {
        self.add(Severity::Error, span, message.into(), None);
    }

    pub fn warn(&mut self, span: std::ops::Range<usize>, message: impl Into<String>) {
        self.add(Severity::Warning, span, message.into(), None);
    }

    /// An error that `fix` would mend.
    pub fn fixable(
        &mut self,
        span: std::ops::Range<usize>,
        message: impl Into<String>,
        fix: Option<Fix>,
    ) {
        self.add(Severity::Error, span, message.into(), fix);
    }

    fn add(
        &mut self,
        severity: Severity,
        span: std::ops::Range<usize>,
        message: String,
        fix: Option<Fix>,
    ) {
        if self.full() || span.start >= self.until {
            return;
        }
        let (line, column) = self.lines.place(span.start);
        self.list.push(Diagnostic {
            file: self.file.to_owned(),
            line,
            column,
            span,
            severity,
            message,
            fix,
        });
    }

    /// Drops what is found from now on behind a byte: where the structure is a guess, it may be a consequence.
    pub fn drop_from(&mut self, byte: usize) {
        self.until = byte;
    }

    /// Whether there are so many that further ones are dropped.
    pub fn full(&self) -> bool {
        self.list.len() >= MOST
    }

    pub fn errors(&self) -> usize {
        let errors = self.list.iter().filter(|d| d.severity == Severity::Error);
        errors.count()
    }

    /// "8:5", for a sentence that points at another place.
    pub fn place(&self, byte: usize) -> String {
        let (line, column) = self.lines.place(byte);
        format!("{line}:{column}")
    }

    pub fn lines(&self) -> &Lines<'a> {
        &self.lines
    }

    /// In the order of the text.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| (d.span.start, d.severity as u8));
        self.list
    }
}

impl Fix {
    pub fn replace(span: std::ops::Range<usize>, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }

    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }

    /// What makes one text of another: the part in which they differ.
    pub fn between(old: &str, new: &str) -> Self {
        let same = |(a, b): &(char, char)| a == b;
        let head: usize = (old.chars().zip(new.chars()).take_while(same))
            .map(|(c, _)| c.len_utf8())
            .sum();
        let (old_rest, new_rest) = (&old[head..], &new[head..]);
        let tails = old_rest.chars().rev().zip(new_rest.chars().rev());
        let tail: usize = tails.take_while(same).map(|(c, _)| c.len_utf8()).sum();
        Self::replace(head..old.len() - tail, &new[head..new.len() - tail])
    }

    /// The text with the fix in it; unchanged where the span is not in the text.
    pub fn apply(&self, text: &str) -> String {
        match (text.get(..self.span.start), text.get(self.span.end..)) {
            (Some(before), Some(after)) => [before, &self.text, after].concat(),
            _ => text.to_owned(),
        }
    }
}
