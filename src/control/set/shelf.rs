//! The folder of sets: names, list, and room for the next one. Plain file work; no thread of its own.
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Sets that are kept, and bytes of them all; the oldest make room.
const MOST_SETS: usize = 200;
const MOST_BYTES: u64 = 1 << 30;
const EXTENSION: &str = "set";

/// Where sets lie.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// A set in the folder.
#[derive(Clone, Debug)]
pub struct Shelved {
    pub path: PathBuf,
    pub bytes: u64,
    /// When it was last written to.
    pub changed: SystemTime,
}

impl Shelf {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Newest first.
    pub fn list(&self) -> Vec<Shelved> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut sets: Vec<Shelved> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == EXTENSION))
            .filter_map(|path| {
                let known = fs::metadata(&path).ok()?;
                Some(Shelved {
                    path,
                    bytes: known.len(),
                    changed: known.modified().ok()?,
                })
            })
            .collect();
        sets.sort_by(|a, b| b.changed.cmp(&a.changed).then(b.path.cmp(&a.path)));
        sets
    }

    /// The set of that name: a path, or its number in the folder ("7", "set-7").
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let path = Path::new(name);
        if path.is_file() {
            return Some(path.to_owned());
        }
        let stem = match name.parse::<u32>() {
            Ok(number) => format!("set-{number}"),
            Err(_) => name.to_owned(),
        };
        let there = self.folder.join(format!("{stem}.{EXTENSION}"));
        there.is_file().then_some(there)
    }

    /// Takes the oldest away until there is room for another.
    pub(super) fn make_room(&self) {
        let mut bytes = 0;
        for (n, set) in self.list().iter().enumerate() {
            bytes += set.bytes;
            if n + 1 >= MOST_SETS || bytes > MOST_BYTES {
                // One that can't be removed is tried again next time.
                let _ = fs::remove_file(&set.path);
            }
        }
    }

    /// A new file, one number above the highest.
    pub(super) fn begin(&self, _now: u64) -> io::Result<(File, PathBuf)> {
        fs::create_dir_all(&self.folder)?;
        let number = |set: &Shelved| -> Option<u32> {
            let stem = set.path.file_stem()?.to_str()?;
            stem.strip_prefix("set-")?.parse().ok()
        };
        let mut next = self.list().iter().filter_map(number).max().unwrap_or(0) + 1;
        loop {
            let path = self.folder.join(format!("set-{next}.{EXTENSION}"));
            match File::create_new(&path) {
                Ok(file) => return Ok((file, path)),
                // Another instrument was faster.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => next += 1,
                Err(e) => return Err(e),
            }
        }
    }
}
