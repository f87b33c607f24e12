//! Watches the files of the patches that the slots hold: one that another editor changes is primed again into the standby.
//! Runs on its own thread; the sound only hears of it when someone swaps.
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use std::{fs, io, thread};

use notify_debouncer_full::notify::event::{AccessKind, AccessMode, EventKind};
use notify_debouncer_full::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{Debouncer, RecommendedCache, new_debouncer};

use crate::control::command::Command;
use crate::control::handle::{Handle, Unsent};
use crate::patch::file::LARGEST;

/// Editors write in several steps: the file is read when it was left alone for this long.
const SETTLED: Duration = Duration::from_millis(60);
/// How often the slots' files are looked up.
const GLANCE: Duration = Duration::from_millis(250);
/// Looks without a file until it counts as gone.
const AWAY: usize = 4;

type Notifier = Debouncer<RecommendedWatcher, RecommendedCache>;

/// Starts watching, until the program ends.
pub fn spawn(handle: Handle) -> io::Result<()> {
    let (tell, told) = channel();
    let mut notifier: Notifier =
        new_debouncer(SETTLED, None, tell).map_err(|e| io::Error::other(e.to_string()))?;
    thread::Builder::new().name("watch".into()).spawn(move || {
        let mut folders = HashSet::new();
        let mut seen = Seen::default();
        let mut gone = Gone::default();
        loop {
            let files = files(&handle);
            for path in gone.look(&held_paths(&handle)) {
                let path = path.display();
                let told = format!(
                    "{path} is gone from the disk: what plays goes on, a save writes it anew"
                );
                // Where the instrument has ended nobody reads it.
                let _ = handle.command(Command::Tell(told));
            }
            for path in files.keys() {
                follow(&mut notifier, &mut folders, path);
            }
            let met = seen.meet(&files);
            let events = match told.recv_timeout(GLANCE) {
                Ok(Ok(events)) => events,
                Ok(Err(_)) | Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let written = events.iter().filter(|e| !is_look(&e.kind));
            // One that is met only now may have changed since a slot read it, when nobody watched.
            let changed: HashSet<&PathBuf> = written.flat_map(|e| &e.paths).chain(&met).collect();
            for path in changed {
                let path = path.canonicalize().unwrap_or_else(|_| path.clone());
                if let Some(held) = files.get(&path)
                    && seen.is_new(&path, &held.texts)
                    && handle.command(Command::LoadFile(held.named.clone())) == Err(Unsent::Ended)
                {
                    return;
                }
            }
        }
    })?;
    Ok(())
}

/// A file of the slots.
#[derive(Default)]
struct Held {
    /// As the user named it.
    named: PathBuf,
    /// What the slots hold of it, with every knob that was turned since.
    texts: Vec<String>,
    /// What it said when a slot read it, where that is still known.
    read: Option<String>,
}

/// The slots' files by their full path.
fn files(handle: &Handle) -> HashMap<PathBuf, Held> {
    let mut files: HashMap<PathBuf, Held> = HashMap::new();
    for slot in &handle.view().slots {
        let Some(loaded) = &slot.loaded else {
            continue;
        };
        let Some(path) = &loaded.path else {
            continue;
        };
        // A file that was just replaced is missing for a moment.
        if let Ok(full) = path.canonicalize() {
            let held = files.entry(full).or_default();
            held.named.clone_from(path);
            held.texts.push(loaded.text.to_string());
            if !loaded.modified {
                held.read = Some(loaded.text.to_string());
            }
        }
    }
    files
}

/// The files that slots were loaded from, as the user named them.
fn held_paths(handle: &Handle) -> Vec<PathBuf> {
    let view = handle.view();
    let slots = view.slots.iter().filter_map(|slot| slot.loaded.as_ref());
    let paths = slots.filter_map(|loaded| loaded.path.clone());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.as_os_str() != "-").collect();
    // A copy that stands by has the same one.
    paths.dedup();
    paths
}

/// Files that are there no more.
#[derive(Default)]
struct Gone(HashMap<PathBuf, usize>);

impl Gone {
    /// Of these, which slots have read, the ones that have been away for some looks, each once: editors replace files by renaming.
    fn look(&mut self, paths: &[PathBuf]) -> Vec<PathBuf> {
        self.0.retain(|path, _| paths.contains(path));
        let mut told = Vec::new();
        for path in paths {
            let looks = self.0.entry(path.clone()).or_default();
            *looks = if path.exists() { 0 } else { *looks + 1 };
            if *looks == AWAY {
                told.push(path.clone());
            }
        }
        told
    }
}

/// Somebody opened a file or read it, we ourselves for one: nothing changed.
fn is_look(kind: &EventKind) -> bool {
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    kind.is_access() && *kind != written
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

/// What each file said when it was looked at last. A slot's own text is no measure for that: its knobs may have been turned.
#[derive(Default)]
struct Seen(HashMap<PathBuf, String>);

impl Seen {
    /// Files that slots hold from now on, and those that none holds any more; gives out the first.
    fn meet(&mut self, files: &HashMap<PathBuf, Held>) -> Vec<PathBuf> {
        self.0.retain(|path, _| files.contains_key(path));
        let mut met = Vec::new();
        for (path, held) in files {
            if !self.0.contains_key(path)
                && let Some(text) = held.read.clone().or_else(|| read(path))
            {
                self.0.insert(path.clone(), text);
                met.push(path.clone());
            }
        }
        met
    }

    /// Whether the file now says something else than before, and something that no slot holds.
    fn is_new(&mut self, path: &Path, known: &[String]) -> bool {
        let Some(text) = read(path) else {
            return false;
        };
        let is_known = known.contains(&text);
        let before = self.0.insert(path.to_owned(), text.clone());
        before.as_ref() != Some(&text) && !is_known
    }
}

fn read(path: &Path) -> Option<String> {
    let small = fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= LARGEST as u64);
    small.then(|| fs::read_to_string(path).ok()).flatten()
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
    #[test]
    fn a_knob_that_was_turned_does_not_make_the_file_a_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.ron");
        fs::write(&path, "freq 1").expect("written");
        let held = |text: &str, modified: bool| {
            let held = Held {
                named: path.clone(),
                texts: vec![text.into()],
                read: (!modified).then(|| text.into()),
            };
            HashMap::from([(path.clone(), held)])
        };
        for met_after_the_turn in [false, true] {
            let mut seen = Seen::default();
            if !met_after_the_turn {
                seen.meet(&held("freq 1", false));
            }
            seen.meet(&held("freq 2", true));
            assert!(!seen.is_new(&path, &["freq 2".into()]), "only looked at");
        }
        // Changed between a slot's reading it and the first look here.
        let mut seen = Seen::default();
        assert_eq!(
            seen.meet(&held("freq 0", false)),
            std::slice::from_ref(&path)
        );
        assert_eq!(seen.meet(&held("freq 0", false)), [] as [PathBuf; 0]);
        assert!(seen.is_new(&path, &["freq 0".into()]));
        // Let go of, changed, and loaded again.
        seen.meet(&HashMap::new());
        fs::write(&path, "freq 3").expect("written");
        seen.meet(&held("freq 3", false));
        assert!(!seen.is_new(&path, &["freq 4".into()]));
    }

    #[test]
    fn a_file_that_goes_is_told_of_once_and_one_that_is_replaced_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.ron");
        let mut gone = Gone::default();
        let paths = [path.clone()];
        let mut look = |there: bool| {
            match there {
                true => fs::write(&path, "").expect("written"),
                false => drop(fs::remove_file(&path)),
            }
            gone.look(&paths).len()
        };
        assert_eq!([true, false, true, false, true].map(&mut look), [0; 5]);
        let told: usize = [false; 2 * AWAY].map(&mut look).iter().sum();
        assert_eq!(told, 1);
        // Back, and gone again.
        assert_eq!(look(true), 0);
        let told: usize = [false; 2 * AWAY].map(&mut look).iter().sum();
        assert_eq!(told, 1);
    }

    #[test]
    fn looking_is_not_writing() {
        let look = AccessKind::Open(AccessMode::Any);
        assert!(is_look(&EventKind::Access(look)));
        let wrote = AccessKind::Close(AccessMode::Write);
        assert!(!is_look(&EventKind::Access(wrote)));
        assert!(!is_look(&EventKind::Any));
    }
}
