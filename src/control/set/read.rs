//! Reads a set back. A torn last line, as a power cut leaves it, ends the set there and is told.
use std::path::{Path, PathBuf};

use super::VERSION;
use super::line::{Header, Line, What};
use crate::patch::file::parse;

/// A set, whole in memory.
#[derive(Clone, Debug)]
pub struct Set {
    pub header: Header,
    pub lines: Vec<Line>,
    /// The last line was torn.
    pub torn: bool,
}

/// A patch that listened, and from which frame on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub frame: u64,
    pub patch: String,
    pub input: String,
}

impl Listener {
    pub fn sentence(&self, rate: f64) -> String {
        format!(
            "{:.3} s: {} listens to {}, whose sound is not in the set: a replay hears silence there",
            self.frame as f64 / rate,
            self.patch,
            self.input
        )
    }
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

    /// The first patch that was heard and listens to what comes in: its sound is not in the set.
    pub fn listener(&self) -> Option<Listener> {
        if self.header.input_not_in_here.is_empty() {
            return None;
        }
        let texts: Vec<(u32, String)> = self
            .lines
            .iter()
            .filter_map(|line| match &line.what {
                What::Text { id, ron } => {
                    let patch = parse(ron, "").patch.filter(|p| p.listens())?;
                    Some((*id, patch.name))
                }
                _ => None,
            })
            .collect();
        let loads = self.lines.iter().filter_map(|line| match &line.what {
            What::Load {
                generation, text, ..
            } => {
                let (_, name) = texts.iter().find(|(id, _)| id == text)?;
                Some((line.at, *generation, name))
            }
            _ => None,
        });
        let loads: Vec<_> = loads.collect();
        let first = self.lines.iter().find_map(|line| match &line.what {
            What::Load { generation, .. } => Some(*generation),
            _ => None,
        });
        let heard = |generation: u32| {
            let swapped = self.lines.iter().find_map(|line| match &line.what {
                What::Heard {
                    generation: g,
                    frame,
                    ..
                } if *g == generation => Some(*frame),
                _ => None,
            });
            swapped.or((first == Some(generation)).then_some(0))
        };
        let listeners = loads.into_iter().filter_map(|(_, generation, name)| {
            Some(Listener {
                frame: heard(generation)?,
                patch: name.clone(),
                input: self.header.input_not_in_here.clone(),
            })
        });
        listeners.min_by_key(|l| l.frame)
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
    use super::super::line::Done;
    use super::*;
    use crate::control::command::SlotId;
    use crate::dsp::transport::Transport;

    const HEADER: &str = r#"{"chronus_set":1,"program":"0","began":0,"rate":48000.0,"isa":"plain","machine":"plain","seed":1,"bpm":120.0,"fades_in":false}"#;

    #[test]
    fn a_patch_that_listens_is_named_from_where_it_is_heard() {
        let mut header: Header = serde_json::from_str(HEADER).expect("reads");
        assert_eq!(header.input_not_in_here, "");
        let line = |at, what| Line { at, what };
        let text = |id, ron: &str| What::Text {
            id,
            ron: ron.to_owned(),
        };
        let load = |generation, text| What::Load {
            slot: SlotId::A,
            generation,
            from: None,
            text,
            path: None,
            bpm: 120.0,
            transport: Transport::new(48_000.0, 120.0),
            knobs: Vec::new(),
            carry: None,
            given: Vec::new(),
        };
        let set = |header: &Header| Set {
            header: header.clone(),
            torn: false,
            lines: vec![
                line(
                    0,
                    text(
                        1,
                        r#"(name: "a", modules: (osc: Sine(), out: Out()), cables: ["osc > out"])"#,
                    ),
                ),
                line(0, load(1, 1)),
                line(
                    50,
                    text(
                        2,
                        r#"(name: "ear", modules: (mic: In(), out: Out()), cables: ["mic > out"])"#,
                    ),
                ),
                line(60, load(2, 2)),
                line(
                    90,
                    What::Heard {
                        how: Done::Swap,
                        to: SlotId::B,
                        generation: 2,
                        frame: 96_000,
                        fade_frames: 960,
                        spill_frames: 0,
                        rho: 0.0,
                    },
                ),
            ],
        };
        assert_eq!(set(&header).listener(), None, "nothing came in");
        header.input_not_in_here = "mic 1".into();
        let listener = set(&header).listener().expect("it listens");
        let sentence = listener.sentence(48_000.0);
        assert!(
            sentence.starts_with("2.000 s: ear listens to mic 1"),
            "{sentence}"
        );
    }

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
