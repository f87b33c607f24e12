//! Reads a set back. A torn last line, as a power cut leaves it, ends the set there and is told.
use std::path::{Path, PathBuf};

use super::VERSION;
use super::line::{Header, Line, What};

/// A set, whole in memory.
#[derive(Clone, Debug)]
pub struct Set {
    pub header: Header,
    pub lines: Vec<Line>,
    /// The last line was torn.
    pub torn: bool,
}

/// Why a file can't be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("{}: {why}", path.display())]
    File { path: PathBuf, why: String },
    #[error("{}:{line}: {why}", path.display())]
    Line {
        path: PathBuf,
        line: usize,
        why: String,
    },
}

impl Set {
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        let text = std::fs::read_to_string(path).map_err(|e| Unreadable::File {
            path: path.to_owned(),
            why: e.to_string(),
        })?;
        Self::parse(&text).map_err(|(line, why)| Unreadable::Line {
            path: path.to_owned(),
            line,
            why,
        })
    }

    /// The error comes with its line.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        let header: Header = serde_json::from_str(header)
            .map_err(|_| (1, "this is no set of chronus".to_owned()))?;
        if header.chronus_set != VERSION {
            let why = format!(
                "a set of version {}; this program reads version {VERSION}",
                header.chronus_set
            );
            return Err((1, why));
        }
        let whole = text.ends_with('\n');
        let rest: Vec<&str> = lines.collect();
        let mut set = Self {
            header,
            lines: Vec::with_capacity(rest.len()),
            torn: false,
        };
        for (n, line) in rest.iter().enumerate() {
            match serde_json::from_str(line) {
                Ok(line) => set.lines.push(line),
                Err(_) if n + 1 == rest.len() && !whole => set.torn = true,
                Err(e) => return Err((n + 2, e.to_string())),
            }
        }
        Ok(set)
    }

    /// Frames until the last thing that happened.
    pub fn last_frame(&self) -> u64 {
        let ends = self.lines.iter().map(|line| match &line.what {
            What::Do { frame, .. } => line.at.max(*frame),
            What::Heard {
                frame, fade_frames, ..
            } => line.at.max(frame + u64::from(*fade_frames)),
            _ => line.at,
        });
        ends.max().unwrap_or(0)
    }

    /// What could not be the same again, with its frame.
    pub fn hindrances(&self) -> impl Iterator<Item = (u64, String)> {
        let lines = self.lines.iter();
        lines.filter_map(|line| Some((line.at, line.what.hindrance()?)))
    }

    pub fn text(&self, id: u32) -> Option<&str> {
        self.lines.iter().find_map(|line| match &line.what {
            What::Text { id: n, ron } if *n == id => Some(ron.as_str()),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"chronus_set":1,"program":"0","began":0,"rate":48000.0,"isa":"plain","machine":"plain","seed":1,"bpm":120.0,"fades_in":false}"#;

    #[test]
    fn a_torn_end_is_the_end_and_a_broken_middle_is_an_error() {
        let whole = format!("{HEADER}\n{{\"at\":5,\"silence\":{{\"frames\":64}}}}\n");
        let set = Set::parse(&whole).expect("reads");
        assert_eq!((set.lines.len(), set.torn), (1, false));
        assert_eq!(set.hindrances().count(), 1);
        for cut in HEADER.len() + 1..whole.len() - 1 {
            let set = Set::parse(&whole[..cut]).expect("reads");
            assert!(set.lines.is_empty() || cut == whole.len() - 1, "{cut}");
        }
        let broken = format!("{HEADER}\n{{\"at\":5,\n{{\"at\":6,\"silence\":{{\"frames\":1}}}}\n");
        assert_eq!(Set::parse(&broken).expect_err("broken").0, 2);
        assert!(Set::parse("").is_err());
        let newer = HEADER.replace("set\":1", "set\":2");
        assert!(
            Set::parse(&newer)
                .expect_err("newer")
                .1
                .contains("version 2")
        );
    }
}
