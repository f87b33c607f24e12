//! Patch files: text to patch with every finding, and text to and from disk.
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;

pub use super::save::save_atomic;
pub use super::spans::Spans;
pub use super::write::to_ron;

use super::Patch;
use super::check::check;
use super::diagnostic::{Diagnostic, Findings, Severity, bom};
use super::read::{Source, read_patch};
use super::tree;

/// A patch with hundreds of modules is a few kilobytes; more is a mistake or an attack.
pub const LARGEST: usize = 1 << 20;

/// What a text says.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// There where nothing is wrong; warnings are allowed.
    pub patch: Option<Patch>,
    /// There where every name and value is right, even if the graph is not whole yet: nothing reaches an output, a loop is closed.
    pub draft: Option<Patch>,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Of the modules and cables that could be read; those of `patch`, where there is one.
    pub spans: Spans,
}

impl Parsed {
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        let all = self.diagnostics.iter();
        all.filter(|d| d.severity == Severity::Error)
    }
}

/// Reads a patch and tells all that is wrong with it. `file_name` is for the findings, and names a patch that has no name.
pub fn parse(text: &str, file_name: &str) -> Parsed {
    if text.len() > LARGEST {
        let mut findings = Findings::new(file_name, "");
        findings.error(0..0, too_large(text.len() as u64));
        return refused(findings);
    }
    let tree = tree::read(file_name, text);
    let mut findings = tree.findings;
    let Some(root) = tree.root else {
        if findings.errors() == 0 {
            findings.error(0..0, "the patch is empty; it begins with `(`");
        }
        return refused(findings);
    };
    findings.drop_from(tree.unsure_from);
    let stem = Path::new(file_name).file_stem();
    let stem = stem.map_or_else(|| "patch".into(), |stem| stem.to_string_lossy());
    let mut source = Source {
        text,
        findings: &mut findings,
    };
    let draft = read_patch(&root, &stem, &mut source);
    if findings.errors() == 0 {
        ask_ron(text, &mut findings);
    }
    // A graph with holes would give findings that vanish once the holes are mended.
    let readable = findings.errors() == 0;
    if readable {
        let at = draft.modules_at.clone();
        check(&draft.patch, &draft.spans, at, &mut findings);
    }
    let fine = findings.errors() == 0;
    Parsed {
        patch: fine.then(|| draft.patch.clone()),
        draft: readable.then_some(draft.patch),
        diagnostics: findings.finish(),
        spans: draft.spans,
    }
}

fn refused(findings: Findings) -> Parsed {
    Parsed {
        patch: None,
        draft: None,
        diagnostics: findings.finish(),
        spans: Spans::default(),
    }
}

/// The last word on syntax: what the RON parser refuses is refused, even where our own passes saw nothing wrong.
fn ask_ron(text: &str, findings: &mut Findings) {
    let text = &text[bom(text)..];
    if let Err(error) = ron::from_str::<IgnoredAny>(text) {
        let place = error.span.start;
        let at = findings.lines().byte(place.line, place.col);
        findings.error(at..at, format!("not RON: {}", error.code));
    }
}

fn too_large(bytes: u64) -> String {
    format!("{bytes} bytes are too many for a patch; the limit is 1 MiB")
}

/// Why a file can't be read, for people; begins with the file's name.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: {why}", .path.display())]
    NotAPatch { path: PathBuf, why: String },
    #[error("{}:{line}:{column} not UTF-8 text", .path.display())]
    NotText {
        path: PathBuf,
        line: usize,
        column: usize,
    },
}

/// Reads a patch file and parses it; `-` is standard input.
pub fn load(path: &Path) -> Result<(String, Parsed), LoadError> {
    let text = read(path)?;
    let parsed = parse(&text, &path.to_string_lossy());
    Ok((text, parsed))
}

/// Reads a patch file's text; `-` is standard input. Never waits for a pipe and never reads more than the limit.
pub fn read(path: &Path) -> Result<String, LoadError> {
    let io_error = |source| LoadError::Io {
        path: path.to_owned(),
        source,
    };
    let refuse = |why: String| LoadError::NotAPatch {
        path: path.to_owned(),
        why,
    };
    let mut bytes = Vec::new();
    let limit = LARGEST as u64 + 1;
    if path == Path::new("-") {
        let input = io::stdin().lock().take(limit).read_to_end(&mut bytes);
        input.map_err(io_error)?;
    } else {
        let file = open(path).map_err(io_error)?;
        // Asked of the open file: the name may mean another one by now.
        let about = file.metadata().map_err(io_error)?;
        if !about.is_file() {
            return Err(refuse(format!("{}, not a patch file", kind_name(&about))));
        }
        if about.len() > LARGEST as u64 {
            return Err(refuse(too_large(about.len())));
        }
        file.take(limit).read_to_end(&mut bytes).map_err(io_error)?;
    }
    if bytes.len() > LARGEST {
        return Err(refuse("more than 1 MiB, the limit for a patch".to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..good]);
        let (line, column) = super::diagnostic::Lines::new(&before).place(before.len());
        LoadError::NotText {
            path: path.to_owned(),
            line,
            column,
        }
    })
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // A named pipe without a writer would hold an open without it for ever.
    fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
pub(super) fn kind_name(about: &fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = about.file_type();
    match kind {
        _ if kind.is_dir() => "a folder",
        _ if kind.is_fifo() => "a named pipe",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
pub(super) fn kind_name(about: &fs::Metadata) -> &'static str {
    if about.is_dir() {
        "a folder"
    } else {
        "a device"
    }
}
