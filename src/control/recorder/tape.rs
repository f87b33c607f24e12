//! The last minute of what was heard, and the take that is being written. Run by the recorder's thread.
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::audio::wav_bits::Bits;
use crate::audio::wav_file::WavFile;

/// What can be kept after the fact.
pub const KEPT_SECONDS: f64 = 60.0;

/// A take that is being written.
struct Take {
    path: PathBuf,
    file: WavFile,
}

/// Takes frames in, in order.
pub struct Tape {
    rate: f64,
    /// A ring: the oldest frame is at `at` once it is full.
    past: Vec<[f32; 2]>,
    capacity: usize,
    at: usize,
    take: Option<Take>,
}

impl Tape {
    pub fn new(rate: f64) -> Self {
        let capacity = (KEPT_SECONDS * rate) as usize;
        Self {
            rate,
            past: Vec::with_capacity(capacity),
            capacity,
            at: 0,
            take: None,
        }
    }

    /// What happened since the last call. An error ends the take, which stays as it is up to there.
    pub fn push(&mut self, frames: &[[f32; 2]]) -> Result<(), Ended> {
        self.remember(frames);
        let Some(take) = &mut self.take else {
            return Ok(());
        };
        take.file.write(frames).map_err(|why| self.end(why))
    }

    fn remember(&mut self, mut frames: &[[f32; 2]]) {
        frames = &frames[frames.len().saturating_sub(self.capacity)..];
        let room = self.capacity - self.past.len();
        let (first, rest) = frames.split_at(room.min(frames.len()));
        self.past.extend_from_slice(first);
        for frame in rest {
            self.past[self.at] = *frame;
            self.at = (self.at + 1) % self.capacity;
        }
    }

    /// Brings the take's file up to date: from here on it survives whatever ends the program.
    pub fn flush(&mut self) -> Result<(), Ended> {
        let Some(take) = &mut self.take else {
            return Ok(());
        };
        take.file.flush().map_err(|why| self.end(why))
    }

    fn end(&mut self, why: io::Error) -> Ended {
        if let Some(take) = &mut self.take {
            take.file.salvage();
        }
        let (path, seconds) = self.stop().unwrap_or_default();
        Ended {
            path,
            seconds,
            why: why.to_string(),
        }
    }

    /// Begins a take. No file is ever replaced.
    pub fn start(&mut self, path: &Path, bits: Bits) -> io::Result<()> {
        let file = create(path, self.rate, bits)?;
        let path = path.to_owned();
        self.take = Some(Take { path, file });
        Ok(())
    }

    /// Ends the take: its file and its length in seconds.
    pub fn stop(&mut self) -> Option<(PathBuf, f64)> {
        let take = self.take.take()?;
        Some((take.path, take.file.frames() as f64 / self.rate))
    }

    pub fn is_recording(&self) -> bool {
        self.take.is_some()
    }

    /// Frames of the take so far.
    pub fn frames(&self) -> u64 {
        self.take.as_ref().map_or(0, |take| take.file.frames())
    }

    /// Writes the last `seconds` of what was heard; how many it really were.
    pub fn keep(&self, path: &Path, seconds: f64, bits: Bits) -> io::Result<f64> {
        let wanted = ((seconds * self.rate) as usize).min(self.past.len());
        let mut file = create(path, self.rate, bits)?;
        let (newer, older) = self.past.split_at(self.at);
        let skipped = self.past.len() - wanted;
        let (of_older, of_newer) = (
            skipped.min(older.len()),
            skipped.saturating_sub(older.len()),
        );
        let written = file
            .write(&older[of_older..])
            .and_then(|()| file.write(&newer[of_newer..]))
            .and_then(|()| file.flush());
        if let Err(why) = written {
            // What does not fit is told; what does is in the file.
            file.salvage();
            return Err(why);
        }
        Ok(wanted as f64 / self.rate)
    }
}

/// A take that could not be written further.
#[derive(Debug, PartialEq)]
pub struct Ended {
    pub path: PathBuf,
    pub seconds: f64,
    pub why: String,
}

fn create(path: &Path, rate: f64, bits: Bits) -> io::Result<WavFile> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    WavFile::create_new(path, rate as u32, bits, 1)
}

/// Makes room for a recording where there is one of that name: the old one gets a number, and nothing is lost. A file that is no
/// recording stays.
pub fn aside(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut head = [0; 12];
    match fs::File::open(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(why),
        Ok(mut file) => {
            let is_wav = file.read_exact(&mut head).is_ok()
                && (&head[..4] == b"RIFF" || &head[..4] == b"RF64")
                && &head[8..] == b"WAVE";
            if !is_wav {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "a file of that name is there, and it is no recording",
                ));
            }
        }
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path
        .extension()
        .map_or(String::new(), |e| format!(".{}", e.to_string_lossy()));
    let names = (1..10_000).map(|n| path.with_file_name(format!("{stem}-{n}{end}")));
    let free = names
        .into_iter()
        .find(|name| fs::symlink_metadata(name).is_err());
    let free = free.ok_or_else(|| io::Error::other("every number behind that name is taken"))?;
    fs::rename(path, &free)?;
    Ok(Some(free))
}

/// The next free name in a folder: "007 acid.wav".
pub fn next_name(folder: &Path, title: &str) -> PathBuf {
    let used = fs::read_dir(folder).into_iter().flatten().flatten();
    let numbers = used.filter_map(|entry| {
        let name = entry.file_name();
        let digits: String = (name.to_string_lossy().chars())
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse::<u32>().ok()
    });
    let next = numbers.max().map_or(1, |n| n.saturating_add(1));
    let title: String = title
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_ ".contains(c) {
                c
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    folder.join(format!("{next:03} {}.wav", title.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Vec<f32> {
        let mut reader = hound::WavReader::open(path).expect("a WAV file");
        reader
            .samples::<f32>()
            .map(|s| s.expect("a sample"))
            .collect()
    }

    fn frames(range: std::ops::Range<usize>) -> Vec<[f32; 2]> {
        range.map(|n| [n as f32, -(n as f32)]).collect()
    }

    #[test]
    fn a_take_holds_what_came_between_start_and_stop_and_replaces_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("takes/one.wav");
        let mut tape = Tape::new(1_000.0);
        tape.push(&frames(0..10)).expect("nothing is written");
        tape.start(&path, Bits::Float32).expect("a file");
        tape.push(&frames(10..50)).expect("written");
        tape.flush().expect("flushed");
        assert_eq!(read(&path).len(), 80, "valid while it grows");
        assert!(tape.is_recording());
        assert_eq!(tape.stop(), Some((path.clone(), 0.04)));
        tape.push(&frames(50..60)).expect("nothing is written");
        assert_eq!(read(&path), frames(10..50).as_flattened());
        assert!(
            tape.start(&path, Bits::Float32).is_err(),
            "it is there already"
        );
    }

    #[test]
    fn the_last_minute_can_be_kept_in_whole_or_in_part() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut tape = Tape::new(10.0);
        let keep = |tape: &Tape, name: &str, seconds| {
            let path = folder.path().join(name);
            let kept = tape.keep(&path, seconds, Bits::Float32).expect("written");
            (kept, read(&path))
        };
        tape.push(&frames(0..5)).expect("remembered");
        assert_eq!(
            keep(&tape, "a.wav", 60.0),
            (0.5, frames(0..5).as_flattened().to_vec())
        );
        for n in 0..20 {
            tape.push(&frames(5 + 77 * n..5 + 77 * (n + 1)))
                .expect("remembered");
        }
        let last = 5 + 77 * 20;
        assert_eq!(
            keep(&tape, "b.wav", 99.0),
            (60.0, frames(last - 600..last).as_flattened().to_vec())
        );
        assert_eq!(
            keep(&tape, "c.wav", 3.0),
            (3.0, frames(last - 30..last).as_flattened().to_vec())
        );
        tape.push(&frames(0..5_000))
            .expect("more than all of it at once");
        assert_eq!(
            keep(&tape, "d.wav", 1.0).1,
            frames(4_990..5_000).as_flattened()
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_ends_the_take_and_nothing_else() {
        let mut tape = Tape::new(48_000.0);
        // No file can be made there, and this one takes nothing.
        let file = WavFile::create(Path::new("/dev/full"), 48_000, Bits::Int16, 0);
        assert!(file.is_err());
        assert!(
            tape.start(Path::new("/proc/none/x.wav"), Bits::Int16)
                .is_err()
        );
        tape.push(&frames(0..100)).expect("goes on");
    }

    #[test]
    fn names_count_up_and_say_what_was_played() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = |title| {
            next_name(folder.path(), title)
                .file_name()
                .map(|n| n.to_owned())
        };
        assert_eq!(name("acid bass"), Some("001 acid bass.wav".into()));
        fs::write(folder.path().join("041 x.wav"), "").expect("a file");
        assert_eq!(name("a/b"), Some("042 a-b.wav".into()));
    }
}
