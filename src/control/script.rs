//! A performance as a file: what happens when, for `render --script`. RON: a list of `(at: …, do: …)`.
//!
//! ```ron
//! [
//!     (at: "2.1.1", do: Set("vcf.cutoff", "800Hz")),   // bar, beat, sixteenth
//!     (at: 1.5, do: Note(60, 0.8)),                    // seconds
//!     (at: "96000f", do: Swap("now")),                 // frames
//! ]
//! ```
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::command::{Command, Focus, Quantum};
use super::position;
use crate::dsp::transport::Transport;
use crate::patch::diagnostic::{Diagnostic, Severity};

/// A larger file is no score.
const MOST_BYTES: usize = 1 << 20;

/// One line of the performance.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub when: When,
    pub command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// Beats from the start, in whatever tempo it will be.
    Beat(f64),
    Seconds(f64),
    Frame(u64),
}

impl When {
    /// The frame that a transport gives it; none while the position stands still.
    pub fn frame(self, transport: &Transport) -> Option<u64> {
        match self {
            Self::Beat(beat) => transport.frame_of(beat, 0),
            Self::Seconds(seconds) => Some((seconds * transport.rate).round() as u64),
            Self::Frame(frame) => Some(frame),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: Moment,
    #[serde(rename = "do")]
    action: Action,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Moment {
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
enum Action {
    /// "module.param", value: the live patch.
    Set(String, Written),
    /// MIDI note, velocity 0..1; 0 ends it.
    Note(f32, f32),
    Gate(String, bool),
    NotesOff,
    /// Into the standby; a path beside the script.
    Load(PathBuf),
    /// "now", "beat", "bar", "4bars".
    Swap(String),
    Bpm(f64),
    Play,
    Stop,
    /// Fades to silence; again brings the sound back.
    Panic,
    Undo,
    Redo,
    /// Whether modules of the same name keep their state over a swap.
    StateCarry(bool),
    /// Of swaps, in milliseconds.
    Fade(f32),
}

/// Reads a script; `file` is its name in errors, and paths in it are beside it.
pub fn parse(text: &str, file: &Path) -> Result<Vec<Item>, Box<Diagnostic>> {
    let name = file.display().to_string();
    let finding = |line: usize, column: usize, message: String| {
        Box::new(Diagnostic {
            file: name.clone(),
            line,
            column,
            span: 0..0,
            severity: Severity::Error,
            message,
            fix: None,
        })
    };
    if text.len() > MOST_BYTES {
        return Err(finding(1, 1, "a script holds at most 1 MiB".into()));
    }
    let lines: Vec<Line> = ron::from_str(text).map_err(|e| {
        let start = e.span.start;
        finding(start.line, start.col, e.code.to_string())
    })?;
    let folder = file.parent().unwrap_or(Path::new(""));
    lines
        .into_iter()
        .enumerate()
        .map(|(n, line)| {
            item(line, folder).map_err(|why| finding(1, 1, format!("entry {}: {why}", n + 1)))
        })
        .collect()
}

fn item(line: Line, folder: &Path) -> Result<Item, String> {
    Ok(Item {
        when: when(line.at)?,
        command: command(line.action, folder)?,
    })
}

fn when(at: Moment) -> Result<When, String> {
    match at {
        Moment::Number(s) if s.is_finite() && (0.0..=1e7).contains(&s) => Ok(When::Seconds(s)),
        Moment::Number(s) => Err(format!("{s} s is no time")),
        Moment::Text(text) => {
            if let Some(frame) = text.strip_suffix('f').and_then(|n| n.trim().parse().ok()) {
                return Ok(When::Frame(frame));
            }
            position::parse(&text, 4).map(When::Beat).ok_or_else(|| {
                format!("`{text}` is no time: \"2.1.1\" (bar.beat.sixteenth), 1.5 (seconds) or \"96000f\" (frames)")
            })
        }
    }
}

fn command(action: Action, folder: &Path) -> Result<Command, String> {
    Ok(match action {
        Action::Set(knob, value) => {
            let (module, param) = knob
                .split_once('.')
                .ok_or_else(|| format!("`{knob}` is no knob: write \"module.param\""))?;
            Command::SetParamText {
                focus: Focus::Live,
                module: module.into(),
                param: param.into(),
                text: match value {
                    Written::Number(n) => n.to_string(),
                    Written::Text(text) => text,
                },
            }
        }
        Action::Note(note, velocity) => Command::Note { note, velocity },
        Action::Gate(module, open) => Command::Gate { module, open },
        Action::NotesOff => Command::NotesOff,
        Action::Load(path) => Command::LoadFile(folder.join(path)),
        Action::Swap(text) => {
            Command::Swap(Some(Quantum::parse(&text).ok_or_else(|| {
                format!("`{text}` is no quantum: now, beat, bar, 4bars")
            })?))
        }
        Action::Bpm(bpm) => Command::Bpm(bpm),
        Action::Play => Command::Play,
        Action::Stop => Command::Stop,
        Action::Panic => Command::Panic,
        Action::Undo => Command::Undo,
        Action::Redo => Command::Redo,
        Action::StateCarry(on) => Command::SetStateCarry(on),
        Action::Fade(ms) => Command::SetFade(ms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_say_when() {
        let text = r#"[
            (at: "2.1.1", do: Set("vcf.cutoff", "800Hz")),
            (at: 1.5, do: Note(60, 0.8)),
            (at: "96000f", do: Swap("4bars")),
            (at: 2, do: Set("vcf.res", 0.5)),
            (at: 0, do: Load("b.ron")),
        ]"#;
        let items = parse(text, Path::new("songs/a.ron")).expect("reads");
        let t = Transport::new(48_000.0, 120.0);
        let frames: Vec<_> = items.iter().map(|i| i.when.frame(&t)).collect();
        assert_eq!(frames, [96_000, 72_000, 96_000, 96_000, 0].map(Some));
        assert_eq!(items[4].command, Command::LoadFile("songs/b.ron".into()));
        assert_eq!(items[2].command, Command::Swap(Some(Quantum::Bars(4))));
    }

    #[test]
    fn errors_name_the_place_or_the_entry() {
        for (text, word) in [
            ("[(at: 1, do: Jump)]", "Jump"),
            ("[(at: \"x\", do: Play)]", "entry 1"),
            ("[(at: 1, do: Swap(\"soon\"))]", "4bars"),
            ("[(at: -1, do: Play)]", "-1"),
            ("[(at: 1, do: Set(\"cutoff\", 1))]", "module.param"),
        ] {
            let error = parse(text, Path::new("s.ron")).expect_err(word).to_string();
            assert!(
                error.contains(word) && error.starts_with("s.ron:1:"),
                "{error}"
            );
        }
    }
}
