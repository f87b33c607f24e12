//! Watches the files of the patches that the slots hold: one that another editor changes is primed again into the standby.
//! Runs on its own thread; the sound only hears of it when someone swaps.
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use std::{fs, io, thread};

use notify_debouncer_full::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{Debouncer, RecommendedCache, new_debouncer};

use crate::control::command::Command;
use crate::control::handle::{Handle, Unsent};
use crate::patch::file::LARGEST;

/// Editors write in several steps: the file is read when it was left alone for this long.
const SETTLED: Duration = Duration::from_millis(60);
/// How often the slots' files are looked up.
const GLANCE: Duration = Duration::from_millis(250);

type Notifier = Debouncer<RecommendedWatcher, RecommendedCache>;

/// Starts watching, until the program ends.
pub fn spawn(handle: Handle) -> io::Result<()> {
    let (tell, told) = channel();
    let mut notifier: Notifier =
        new_debouncer(SETTLED, None, tell).map_err(|e| io::Error::other(e.to_string()))?;
    thread::Builder::new().name("watch".into()).spawn(move || {
        let mut folders = HashSet::new();
        let mut seen = Seen::default();
        loop {
            let files = files(&handle);
            for path in files.keys() {
                follow(&mut notifier, &mut folders, path);
            }
            let events = match told.recv_timeout(GLANCE) {
                Ok(Ok(events)) => events,
                Ok(Err(_)) | Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let changed: HashSet<&PathBuf> = events.iter().flat_map(|e| &e.paths).collect();
            for path in changed {
                let path = path.canonicalize().unwrap_or_else(|_| path.clone());
                if let Some((known, as_loaded)) = files.get(&path)
                    && seen.is_new(&path, known)
                    && handle.command(Command::LoadFile(as_loaded.clone())) == Err(Unsent::Ended)
                {
                    return;
                }
            }
        }
    })?;
    Ok(())
}

/// The slots' files by their full path: the texts that the slots hold, and the path as the user named it.
fn files(handle: &Handle) -> HashMap<PathBuf, (Vec<String>, PathBuf)> {
    let mut files: HashMap<PathBuf, (Vec<String>, PathBuf)> = HashMap::new();
    for slot in &handle.view().slots {
        let Some(loaded) = &slot.loaded else {
            continue;
        };
        let Some(path) = &loaded.path else {
            continue;
        };
        // A file that was just replaced is missing for a moment.
        if let Ok(full) = path.canonicalize() {
            let entry = files
                .entry(full)
                .or_insert_with(|| (Vec::new(), path.clone()));
            entry.0.push(loaded.text.to_string());
        }
    }
    files
}

/// The folder is watched, not the file: editors replace files by renaming.
fn follow(notifier: &mut Notifier, folders: &mut HashSet<PathBuf>, file: &Path) {
    if let Some(folder) = file.parent()
        && !folders.contains(folder)
        && notifier.watch(folder, RecursiveMode::NonRecursive).is_ok()
    {
        folders.insert(folder.to_owned());
    }
}

/// The texts that were handed on last.
#[derive(Default)]
struct Seen(HashMap<PathBuf, String>);

impl Seen {
    /// Whether the file now says something that no slot holds and that was not handed on before.
    fn is_new(&mut self, path: &Path, known: &[String]) -> bool {
        let small = fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= LARGEST as u64);
        let Some(text) = small.then(|| fs::read_to_string(path).ok()).flatten() else {
            return false;
        };
        if known.contains(&text) {
            self.0.remove(path);
            return false;
        }
        self.0.insert(path.to_owned(), text.clone()).as_ref() != Some(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_nobody_has_is_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.ron");
        let mut seen = Seen::default();
        assert!(!seen.is_new(&path, &[]), "a file that is not there");
        fs::write(&path, "one").expect("written");
        assert!(!seen.is_new(&path, &["one".into()]));
        fs::write(&path, "two").expect("written");
        assert!(seen.is_new(&path, &["one".into()]));
        assert!(!seen.is_new(&path, &["one".into()]), "twice the same");
        assert!(!seen.is_new(&path, &["two".into()]));
        fs::write(&path, "one").expect("written");
        assert!(seen.is_new(&path, &["two".into()]), "and back");
    }
}
