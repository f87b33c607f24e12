//! Writes a set, on a thread of its own: a slow or full disk disturbs nobody. Every line is with the system within milliseconds, so
//! that a killed program loses nothing, and on the disk within seconds.
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, TrySendError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::super::command::SlotId;
use super::super::params::{self, Place};
use super::super::queue::{Receiver, Sender, queue};
use super::line::{Carry, Given, Header, Line, What};
use super::shelf::Shelf;
use crate::dsp::transport::Transport;
use crate::engine::msg::Act;
use crate::graph::Change;
use crate::modules::spec::ParamValue;
use crate::patch::Patch;

/// Entries that may wait for the disk: some seconds of a flood. More are missing, and counted.
const WAITING: usize = 65_536;
/// Bytes of one set: a night of ten knob turns a second.
const MOST_BYTES: u64 = 256 << 20;
/// What a power cut may cost.
const SYNC_EVERY: Duration = Duration::from_secs(2);

/// Where sets go, and whether what is heard begins with a device's fade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetLogConfig {
    pub folder: PathBuf,
    pub fades_in: bool,
}

/// A graph that was loaded, as the supervisor knows it.
pub struct Loaded {
    pub slot: SlotId,
    pub generation: u32,
    pub from: Option<u64>,
    pub text: Arc<str>,
    pub path: Option<PathBuf>,
    /// With its knobs as they were compiled.
    pub patch: Arc<Patch>,
    pub bpm: f64,
    pub transport: Transport,
    pub carry: Option<Carry>,
    pub given: Vec<(u64, Act)>,
}

enum Entry {
    Load(Box<Loaded>),
    Act(SlotId, u64, Act),
    Line(What),
}

/// What the writer tells.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing more is written.
    Ended { path: PathBuf, why: String },
}

/// The supervisor's end. Dropping it completes the set.
pub struct SetLog {
    entries: Option<Sender<(u64, Entry)>>,
    news: Receiver<News>,
    path: PathBuf,
    missed: u64,
    thread: Option<JoinHandle<()>>,
}

impl SetLog {
    /// Begins a set in the folder; the oldest ones make room.
    pub fn start(config: &SetLogConfig, header: &Header) -> io::Result<Self> {
        let shelf = Shelf::new(config.folder.clone());
        shelf.make_room();
        let (file, path) = shelf.begin(header.began)?;
        let mut out = Out {
            file: BufWriter::new(file),
            bytes: 0,
            texts: HashMap::new(),
            patches: HashMap::new(),
        };
        out.line(header)?;
        let (entries, waiting) = queue(WAITING);
        let (tell, news) = queue(4);
        let here = path.clone();
        let thread = std::thread::Builder::new()
            .name("chronus-set".into())
            .spawn(move || {
                if let Err(e) = run(&mut out, &waiting) {
                    let why = e.to_string();
                    // Nobody may be left to be told.
                    let _ = tell.try_send(News::Ended { path: here, why });
                }
            })?;
        Ok(Self {
            entries: Some(entries),
            news,
            path,
            missed: 0,
            thread: Some(thread),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn news(&self) -> Option<News> {
        self.news.try_recv().ok()
    }

    pub fn load(&mut self, played: u64, loaded: Loaded) {
        self.send(played, Entry::Load(Box::new(loaded)));
    }

    pub fn act(&mut self, played: u64, slot: SlotId, frame: u64, act: Act) {
        self.send(played, Entry::Act(slot, frame, act));
    }

    pub fn what(&mut self, played: u64, what: What) {
        self.send(played, Entry::Line(what));
    }

    fn send(&mut self, played: u64, entry: Entry) {
        let Some(entries) = &self.entries else {
            return;
        };
        if self.missed > 0 {
            let gap = Entry::Line(What::Gap {
                entries: self.missed,
            });
            if entries.try_send((played, gap)).is_ok() {
                self.missed = 0;
            }
        }
        match entries.try_send((played, entry)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.missed += 1,
            // It ended, and told why.
            Err(TrySendError::Disconnected(_)) => self.entries = None,
        }
    }
}

impl Drop for SetLog {
    fn drop(&mut self) {
        self.entries = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

struct Out {
    file: BufWriter<File>,
    bytes: u64,
    /// Numbers of the texts that are in the file.
    texts: HashMap<Arc<str>, u32>,
    /// Of the graphs that may still be told something.
    patches: HashMap<u32, Arc<Patch>>,
}

fn run(out: &mut Out, waiting: &Receiver<(u64, Entry)>) -> io::Result<()> {
    let mut synced = Instant::now();
    let mut dirty = false;
    loop {
        let patience = SYNC_EVERY.saturating_sub(synced.elapsed());
        match waiting.recv_timeout(patience.max(Duration::from_millis(1))) {
            Ok((at, entry)) => {
                out.entry(at, entry)?;
                for (at, entry) in waiting.try_iter() {
                    out.entry(at, entry)?;
                }
                out.file.flush()?;
                dirty = true;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                out.file.flush()?;
                return out.file.get_ref().sync_data();
            }
        }
        if dirty && synced.elapsed() >= SYNC_EVERY {
            out.file.get_ref().sync_data()?;
            (synced, dirty) = (Instant::now(), false);
        }
    }
}

impl Out {
    fn line(&mut self, line: &impl serde::Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.bytes += text.len() as u64;
        if self.bytes > MOST_BYTES {
            return Err(io::Error::other("a set holds at most 256 MiB"));
        }
        self.file.write_all(&text)
    }

    fn entry(&mut self, at: u64, entry: Entry) -> io::Result<()> {
        let what = match entry {
            Entry::Load(loaded) => self.load(at, *loaded)?,
            Entry::Line(what) => what,
            Entry::Act(slot, frame, act) => {
                let generation = match act {
                    Act::Change { generation, .. } | Act::Reset { generation } => generation,
                    Act::Transport(line) => {
                        let what = What::Transport(line);
                        return self.line(&Line { at, what });
                    }
                };
                let Some(act) = self.given(act) else {
                    return Ok(());
                };
                What::Do {
                    slot,
                    generation,
                    frame,
                    act,
                }
            }
        };
        self.line(&Line { at, what })
    }

    fn load(&mut self, at: u64, loaded: Loaded) -> io::Result<What> {
        let text = match self.texts.get(&loaded.text) {
            Some(id) => *id,
            None => {
                let id = self.texts.len() as u32 + 1;
                let ron = loaded.text.to_string();
                self.line(&Line {
                    at,
                    what: What::Text { id, ron },
                })?;
                self.texts.insert(loaded.text, id);
                id
            }
        };
        let oldest = loaded.generation.saturating_sub(64);
        self.patches.retain(|generation, _| *generation >= oldest);
        self.patches.insert(loaded.generation, loaded.patch.clone());
        let knobs = params::all(&loaded.patch).map(|knob| {
            let module = &loaded.patch.modules[knob.node];
            (module.name.clone(), knob.name, knob.value)
        });
        let given = loaded.given.into_iter();
        Ok(What::Load {
            slot: loaded.slot,
            generation: loaded.generation,
            from: loaded.from,
            text,
            path: loaded.path.map(|p| p.display().to_string()),
            bpm: loaded.bpm,
            transport: loaded.transport,
            knobs: knobs.collect(),
            carry: loaded.carry,
            given: given
                .filter_map(|(frame, act)| Some((frame, self.given(act)?)))
                .collect(),
        })
    }

    /// An act by its names; none for a graph that is long gone.
    fn given(&self, act: Act) -> Option<Given> {
        let (generation, change) = match act {
            Act::Reset { .. } => return Some(Given::Reset),
            Act::Transport(_) => return None,
            Act::Change { generation, change } => (generation, change),
        };
        let module = |node: usize| self.patches.get(&generation)?.modules.get(node);
        Some(match change {
            Change::Param { node, param, value } => {
                let module = module(node)?;
                let param = module.spec.params.get(param)?;
                Given::Knob(module.name.clone(), param.name.to_owned(), value)
            }
            Change::Amount { cable, value } => {
                let patch = self.patches.get(&generation)?;
                let mut knobs = params::all(patch);
                let knob = knobs.find(|k| k.place == Place::Cable(cable))?;
                let module = patch.modules[knob.node].name.clone();
                Given::Knob(module, knob.name, ParamValue::Fixed(value))
            }
            Change::Note { note, velocity } => Given::Note(note, velocity),
            Change::Gate { node, open } => Given::Gate(module(node)?.name.clone(), open),
            Change::NotesOff => Given::NotesOff,
            Change::Release(on) => Given::Release(on),
        })
    }
}
