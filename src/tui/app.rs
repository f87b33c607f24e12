//! The screen's state: what the instrument said last, what is shown, what the keys mean now. Looked after by the screen's thread.
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use ratatui::layout::Position;

use crate::control::blackbox::BlackBox;
use crate::control::command::{Answer, SlotId};
use crate::control::event::{Event, Loaded, SlotView, View, What};
use crate::control::handle::Handle;
use crate::control::queue;
use crate::control::reading::Reading;

use super::chord::Chord;
use super::color::Depth;
use super::history::History;
use super::journal::Journal;
use super::keymap::Keymap;
use super::levels::{self, Watcher};
use super::meters::Peaks;
use super::mouse::{Mouse, Spot, Spots};
use super::notes::NoteKeys;
use super::options::{ExitReason, Options};
use super::overlays::Overlay;
use super::primed::Primed;
use super::screens::pattern::{self, PatternScreen};
use super::screens::text::{self, TextScreen};
use super::screens::{Screen, files::FilesScreen, patch::PatchScreen};
use super::seen::Seen;
use super::settings::Settings;
use super::sounding::Sounding;
use super::theme::{Role, Theme};
use super::tree;
use super::tutor::{self, Tutor};
use super::waveform::{Recent, Spectrum};

/// How long a key may wait for what it asked: the supervisor answers within a millisecond or two.
const ANSWER: Duration = Duration::from_millis(40);

/// A second letter that takes longer is helped by a list of what it may be.
const SLOW: Duration = Duration::from_millis(250);

/// What letters are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layer {
    /// Commands.
    #[default]
    Nav,
    /// Notes.
    Keys,
    /// Text.
    Edit,
}

impl Layer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Nav => "NAV",
            Self::Keys => "KEYS",
            Self::Edit => "EDIT",
        }
    }
}

/// The one-sentence line.
#[derive(Clone, Debug)]
pub struct Sentence {
    pub text: String,
    pub role: Role,
    /// When it was said.
    pub at: Instant,
}

/// A sentence is new for so long.
const NEW: Duration = Duration::from_secs(6);

impl Sentence {
    pub fn is_new(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < NEW
    }
}

pub struct App {
    pub handle: Handle,
    events: queue::Receiver<Event>,
    /// Answers that are still to come.
    pub(super) pending: Vec<Receiver<Answer>>,
    // What the instrument says
    pub view: Arc<View>,
    pub reading: Reading,
    pub journal: Journal,
    pub tree: tree::TreeView,
    pub sentence: Sentence,
    // What is shown
    pub options: Options,
    pub depth: Depth,
    pub theme: Theme,
    pub keymap: Keymap,
    pub settings: Settings,
    /// The first of two letters, and when it was pressed.
    pub(super) prefix: Option<(Chord, Instant)>,
    pub screen: Screen,
    /// The screens that Esc leads back through, the newest last; then it leads to Perform.
    pub(super) trail: Vec<Screen>,
    /// What stands where, for the mouse.
    pub spots: Spots,
    pub mouse: Mouse,
    /// How long a key waits for what it asked.
    pub patience: Duration,
    pub layer: Layer,
    pub overlay: Option<Overlay>,
    /// Letters go into the screen's filter.
    pub filtering: bool,
    pub patch: PatchScreen,
    pub text: TextScreen,
    pub pattern: PatternScreen,
    pub files: FilesScreen,
    /// What files came to when they were primed.
    pub primed: Primed,
    /// What the files of slots and bench were when they were read.
    pub seen: Seen,
    pub notes: NoteKeys,
    // Meters between two looks
    pub meters: Peaks,
    pub recent: Recent,
    pub spectrum: Spectrum,
    pub history: History,
    pub black_box: BlackBox,
    /// Which incident of the black box is looked at, from the newest.
    pub incident: usize,
    began: Instant,
    pub watcher: Watcher,
    /// What of the live patch's steps sounds.
    pub sounding: Sounding,
    scope_frames: Vec<[f32; 2]>,
    pub picked_macro: usize,
    /// When the tempo was tapped.
    pub taps: Vec<Instant>,
    /// The tutor, while it goes along.
    pub tutor: Option<Tutor>,
    /// The standby's latest frames, while it is cued.
    pub cue: Recent,
    // The end
    pub quit_presses: Vec<Instant>,
    pub suspend: bool,
    /// Give the terminal to the user's own editor.
    pub external: bool,
    /// Draw the next frame into this file.
    pub picture: Option<std::path::PathBuf>,
    pub exit: Option<ExitReason>,
    pub now: Instant,
    /// When the last key came.
    pub input_at: Instant,
}

impl App {
    pub fn new(handle: Handle, options: Options, depth: Depth) -> Self {
        let (theme, complaint) = match Theme::load(&options.theme, depth) {
            Ok(theme) => (theme, None),
            Err(why) => (night(depth), Some(why)),
        };
        let sentence = match complaint {
            Some(text) => Sentence {
                text,
                role: Role::Failed,
                at: Instant::now(),
            },
            None => Sentence {
                text: options.greeting.clone(),
                role: Role::Text,
                at: Instant::now(),
            },
        };
        // What happened before there was a screen goes to the log, not into the sentence.
        let events = handle.subscribe_with_past();
        let mut journal = Journal::default();
        events.try_iter().for_each(|event| journal.push(event));
        let mut app = Self {
            events,
            pending: Vec::new(),
            view: handle.view(),
            reading: handle.reading(),
            journal,
            tree: tree::TreeView::default(),
            sentence,
            depth,
            theme,
            keymap: Keymap::default(),
            settings: Settings::default(),
            prefix: None,
            screen: Screen::Perform,
            trail: Vec::new(),
            spots: Spots::default(),
            mouse: Mouse::default(),
            patience: ANSWER,
            layer: Layer::Nav,
            overlay: None,
            filtering: false,
            patch: PatchScreen::default(),
            text: TextScreen::default(),
            pattern: PatternScreen::default(),
            files: FilesScreen::new(&options.folders),
            primed: Primed::default(),
            seen: Seen::default(),
            notes: NoteKeys::default(),
            meters: Peaks::default(),
            recent: Recent::default(),
            spectrum: Spectrum::default(),
            history: History::default(),
            black_box: BlackBox::default(),
            incident: 0,
            began: Instant::now(),
            watcher: Watcher::default(),
            sounding: Sounding::default(),
            scope_frames: Vec::new(),
            picked_macro: 0,
            taps: Vec::new(),
            tutor: None,
            cue: Recent::default(),
            quit_presses: Vec::new(),
            suspend: false,
            external: false,
            picture: None,
            exit: None,
            now: Instant::now(),
            input_at: Instant::now(),
            handle,
            options,
        };
        super::act::remember(&mut app);
        app
    }

    /// Takes in everything that happened since the last look.
    pub fn look(&mut self, now: Instant) {
        self.now = now;
        self.view = self.handle.view();
        self.reading = self.handle.reading();
        if self.view.panicked {
            // The slots go on behind the closed gate; the meters show what leaves it.
            for slot in &mut self.reading.slots {
                (slot.rms, slot.peak) = (self.reading.out_rms, self.reading.out_peak);
            }
        }
        self.meters.update(&self.reading, now);
        self.history.update(&self.reading, now);
        if !self.history.frozen {
            let seconds = now.saturating_duration_since(self.began).as_secs_f64();
            self.black_box.look(&self.view, &self.reading, seconds);
        }
        self.scope_frames.clear();
        self.handle.scope(&mut self.scope_frames);
        self.recent.push(&self.scope_frames);
        if self.view.cued {
            self.scope_frames.clear();
            self.handle.cue(&mut self.scope_frames);
            self.cue.push(&self.scope_frames);
        }
        while let Some(event) = self.next_event() {
            self.take(event);
        }
        self.take_answers();
        self.end_notes(now);
        self.seen.look(&self.view);
        self.primed.look(&self.view);
        text::text_follows(self);
        text::keep::keep(self);
        let live = self.loaded(self.view.live).map(|l| l.patch.clone());
        self.sounding.update(live.as_ref());
        pattern::hear::follow(self);
        levels::update(self);
        tree::update(self);
        self.files.check_some();
        super::overlays::shelf::look(self);
        tutor::follow(self);
    }

    /// Ends the notes whose time is over.
    pub fn end_notes(&mut self, now: Instant) {
        let over = self.notes.tick(now);
        self.play(over);
    }

    fn next_event(&mut self) -> Option<Event> {
        match self.events.try_recv() {
            Ok(event) => Some(event),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.exit.get_or_insert(ExitReason::InstrumentEnded);
                None
            }
        }
    }

    fn take(&mut self, event: Event) {
        self.black_box.hear(&event);
        match &event.what {
            What::Quit => {
                self.exit.get_or_insert(ExitReason::Quit);
            }
            What::Saved { path } => self.seen.written(path),
            What::Swapped { .. } => {
                self.text.heard(&self.view);
                // Another patch than that on the bench is heard: it is the one to be seen.
                self.patch.look = usize::from(self.view.bench.is_some());
            }
            _ => {}
        }
        if !event.sentence.is_empty() {
            self.sentence = Sentence {
                text: event.sentence.clone(),
                role: super::journal::role(&event.what),
                at: self.now,
            };
            self.journal.push(event);
        }
    }

    pub fn say(&mut self, text: impl Into<String>) {
        self.sentence = Sentence {
            text: text.into(),
            role: Role::Text,
            at: self.now,
        };
    }

    pub fn complain(&mut self, text: impl Into<String>) {
        self.sentence = Sentence {
            text: text.into(),
            role: Role::Failed,
            at: self.now,
        };
    }

    /// What scope and spectrum show: what is heard, or the standby while it is cued.
    pub fn seen(&self) -> &Recent {
        match self.view.cued {
            true => &self.cue,
            false => &self.recent,
        }
    }

    pub fn slot(&self, slot: SlotId) -> &SlotView {
        &self.view.slots[slot.index()]
    }

    pub fn loaded(&self, slot: SlotId) -> Option<&Loaded> {
        self.slot(slot).loaded.as_ref()
    }

    pub fn spot_at(&self, place: Position) -> Option<Spot> {
        self.spots.at(place)
    }

    /// When the screen has something to do although nobody types.
    pub fn deadline(&self) -> Option<Instant> {
        let list = self.prefix.map(|(_, at)| at + SLOW);
        let list = list.filter(|at| *at > self.now);
        self.notes.deadline().into_iter().chain(list).min()
    }

    /// The first of two letters, where the second is slow to come.
    pub fn slow_prefix(&self) -> Option<Chord> {
        let (chord, at) = self.prefix?;
        (self.now.duration_since(at) >= SLOW).then_some(chord)
    }
}

fn night(depth: Depth) -> Theme {
    // The shipped themes are read in a test of their own.
    Theme::load("night", depth).unwrap_or_else(|why| unreachable!("{why}"))
}
