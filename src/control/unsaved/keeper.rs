//! The files of unsaved work: this program's, and what others left behind. Owned by the supervisor; written by a thread of its own.
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use super::{VERSION, Work};
use crate::patch::file::save_atomic;

/// Works of programs that were killed; older ones go.
pub(super) const MOST: usize = 8;

/// Where this program's work goes, and what another one left behind.
pub struct Keeper {
    path: PathBuf,
    /// Held as long as the program lives: whoever gets it knows that the work is nobody's.
    lock: Option<File>,
    left: Option<PathBuf>,
    writing: Option<JoinHandle<io::Result<()>>>,
    /// Nobody was asked about the work: the end of the program does not take it away.
    stays: bool,
}

pub(super) fn lock_of(work: &Path) -> PathBuf {
    work.with_extension("lock")
}

impl Keeper {
    pub fn start(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let left = Self::left_in(folder);
        let mut number = std::process::id();
        loop {
            let path = folder.join(format!("work-{number}.json"));
            let lock = File::create(lock_of(&path))?;
            if !path.exists() && lock.try_lock().is_ok() {
                return Ok(Self {
                    path,
                    lock: Some(lock),
                    left,
                    writing: None,
                    stays: false,
                });
            }
            number += 100_000;
        }
    }

    /// The newest work of a program that is gone.
    fn left_in(folder: &Path) -> Option<PathBuf> {
        let mut works: Vec<_> = fs::read_dir(folder)
            .ok()?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .filter(|path| match File::open(lock_of(path)) {
                Ok(lock) => lock.try_lock().is_ok(),
                Err(_) => true,
            })
            .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
            .collect();
        works.sort();
        while works.len() > MOST {
            forget(&works.remove(0).1);
        }
        works.pop().map(|(_, path)| path)
    }

    /// What was left behind, if it can be read.
    pub fn left(&self) -> Option<Work> {
        let text = fs::read_to_string(self.left.as_ref()?).ok()?;
        let work: Work = serde_json::from_str(&text).ok()?;
        (work.version == VERSION).then_some(work)
    }

    /// Nobody is asked about it again.
    pub fn forget_left(&mut self) {
        if let Some(path) = self.left.take() {
            forget(&path);
        }
    }

    /// Writes on a thread; false where it is still at the last one.
    pub fn keep(&mut self, work: Work) -> bool {
        if self.writing.as_ref().is_some_and(|w| !w.is_finished()) {
            return false;
        }
        let path = self.path.clone();
        let thread = std::thread::Builder::new()
            .name("chronus-keep".into())
            .spawn(move || save_atomic(&path, &serde_json::to_string(&work)?));
        self.writing = thread.ok();
        self.writing.is_some()
    }

    /// Writes for the last time, for the next program.
    pub fn leave(&mut self, work: Work) {
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
        self.stays = self.keep(work);
    }

    /// Why the last one was not written.
    pub fn trouble(&mut self) -> Option<String> {
        let done = self.writing.take_if(|w| w.is_finished())?;
        match done.join() {
            Ok(Err(e)) => Some(e.to_string()),
            _ => None,
        }
    }
}

fn forget(path: &Path) {
    // What can't be removed is offered again.
    let _ = fs::remove_file(path);
    let _ = fs::remove_file(lock_of(path));
}

impl Drop for Keeper {
    /// The program ends as it was told to: nothing is left behind, unless it was to stay.
    fn drop(&mut self) {
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
        self.lock = None;
        if !self.stays {
            forget(&self.path);
        }
    }
}
