//! The screen's state: what is shown, what the keys mean now, and the one place where events of the terminal arrive.
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::control::blackbox::BlackBox;
use crate::control::command::{Answer, At, Command, Request, SlotId};
use crate::control::event::{Event, Loaded, SlotView, View, What};
use crate::control::handle::Handle;
use crate::control::reading::Reading;

use super::actions::Scope;
use super::chord::Chord;
use super::color::Depth;
use super::history::History;
use super::journal::Journal;
use super::keymap::{Found, Keymap};
use super::levels::{self, Watcher};
use super::meters::Peaks;
use super::notes::{NoteKeys, NoteOut};
use super::options::{ExitReason, Options};
use super::overlays::Overlay;
use super::screens::pattern::{self, PatternScreen};
use super::screens::text::{self, TextScreen};
use super::screens::{Screen, files::FilesScreen, patch::PatchScreen};
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
}

pub struct App {
    pub handle: Handle,
    events: Receiver<Event>,
    /// Answers that are still to come.
    pending: Vec<Receiver<Answer>>,
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
    prefix: Option<(Chord, Instant)>,
    pub screen: Screen,
    /// The screens that Esc leads back through, the newest last; then it leads to Perform.
    trail: Vec<Screen>,
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
            },
            None => Sentence {
                text: options.greeting.clone(),
                role: Role::Text,
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
            patience: ANSWER,
            layer: Layer::Nav,
            overlay: None,
            filtering: false,
            patch: PatchScreen::default(),
            text: TextScreen::default(),
            pattern: PatternScreen::default(),
            files: FilesScreen::new(&options.folders),
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
            };
            self.journal.push(event);
        }
    }

    fn take_answers(&mut self) {
        let mut errors = Vec::new();
        self.pending.retain(|answer| match answer.try_recv() {
            Ok(Err(why)) => {
                errors.push(why);
                false
            }
            Ok(Ok(_)) | Err(TryRecvError::Disconnected) => false,
            Err(TryRecvError::Empty) => true,
        });
        for why in errors {
            self.complain(why);
        }
    }

    /// Hands a command over; a refusal becomes the sentence.
    pub fn send(&mut self, command: Command) {
        let (answer, answered) = channel();
        let request = Request {
            command,
            at: At::Soon,
            answer: Some(answer),
        };
        match self.handle.send(request) {
            Ok(()) => self.pending.push(answered),
            Err(why) => self.complain(why.to_string()),
        }
    }

    /// Hands a command over that may be refused without a word.
    pub fn send_quietly(&mut self, command: Command) {
        let request = Request {
            command,
            at: At::Soon,
            answer: None,
        };
        if let Err(why) = self.handle.send(request) {
            self.complain(why.to_string());
        }
    }

    /// Hands a command over and waits for its answer a moment, so that the next key finds what this one did. False where it
    /// was refused; the reason becomes the sentence.
    pub fn ask(&mut self, command: Command) -> bool {
        let (answer, answered) = channel();
        let request = Request {
            command,
            at: At::Soon,
            answer: Some(answer),
        };
        if let Err(why) = self.handle.send(request) {
            self.complain(why.to_string());
            return false;
        }
        match answered.recv_timeout(self.patience) {
            Ok(Ok(_)) => self.view = self.handle.view(),
            Ok(Err(why)) => {
                self.complain(why);
                return false;
            }
            // It may still be made; the view will show it.
            Err(_) => self.pending.push(answered),
        }
        true
    }

    pub fn say(&mut self, text: impl Into<String>) {
        self.sentence = Sentence {
            text: text.into(),
            role: Role::Text,
        };
    }

    pub fn complain(&mut self, text: impl Into<String>) {
        self.sentence = Sentence {
            text: text.into(),
            role: Role::Failed,
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

    pub fn go(&mut self, screen: Screen) {
        if self.screen != screen {
            self.trail.push(self.screen);
            // Each screen stands on the way once, and the way begins at Perform.
            if let Some(at) = self.trail.iter().position(|s| *s == screen) {
                self.trail.truncate(at);
            }
            if screen == Screen::Perform {
                self.trail.clear();
            }
            self.screen = screen;
        }
        self.filtering = false;
        if self.layer == Layer::Edit && screen != Screen::Text {
            self.layer = Layer::Nav;
        }
        match screen {
            Screen::Text => self.text.show(&self.view),
            Screen::Files => self.files.rescan(),
            _ => {}
        }
    }

    /// Drops what is in the way, else goes to the screen before.
    pub fn back(&mut self) {
        if self.screen == Screen::Files && !self.files.filter.is_empty() {
            self.files.set_filter(String::new());
        } else if self.screen == Screen::Log && !self.journal.filter.is_empty() {
            self.journal.filter.clear();
        } else {
            let before = self.trail.last().copied();
            self.go(before.unwrap_or_default());
        }
    }

    /// Rows up (negative) or down on the present screen.
    pub fn move_by(&mut self, rows: isize) {
        match self.screen {
            Screen::Patch => super::screens::patch::move_by(self, rows),
            Screen::Text => self.text.move_by(rows),
            Screen::Pattern => pattern::move_by(self, rows),
            Screen::Files => self.files.move_by(rows),
            Screen::Log if self.tree.open => self.tree.move_by(rows),
            Screen::Log => self.journal.scroll(rows.saturating_neg()),
            Screen::Diag => super::screens::diag::pick(self, rows),
            Screen::Perform => {}
        }
    }

    pub fn start_filter(&mut self) {
        match self.screen {
            Screen::Files => self.files.set_filter(String::new()),
            Screen::Log => self.journal.filter.clear(),
            Screen::Text => self.text.search.clear(),
            _ => return self.say("/ filters the Files and Log screens"),
        }
        self.filtering = true;
    }

    /// An event of the terminal.
    pub fn on_input(&mut self, input: Input, now: Instant) {
        self.now = now;
        match input {
            Input::Key(key) => self.on_key(&key),
            Input::Paste(text) => self.on_paste(&text),
            Input::FocusLost => {
                self.prefix = None;
                let out = self.notes.all_off();
                self.play(out);
            }
            Input::Mouse(mouse) => super::mouse::on_mouse(self, mouse),
            Input::FocusGained | Input::Resize(..) => {}
        }
    }

    fn on_paste(&mut self, text: &str) {
        if let Some(mut overlay) = self.overlay.take() {
            overlay.paste(text);
            self.overlay.get_or_insert(overlay);
        } else if self.screen == Screen::Text && self.layer != Layer::Keys {
            self.text.paste(text);
        } else {
            self.say("Pasted text goes into the Text screen (3)");
        }
    }

    fn on_key(&mut self, key: &KeyEvent) {
        let chord = Chord::from(key);
        if self.layer == Layer::Keys && self.overlay.is_none() && self.note_key(key) {
            return;
        }
        if key.kind == KeyEventKind::Release {
            return;
        }
        if let Some(overlay) = self.overlay.take() {
            if let Some(overlay) = super::overlays::on_key(self, overlay, key, chord) {
                self.overlay.get_or_insert(overlay);
            }
            return;
        }
        if self.filtering && self.filter_key(key) {
            return;
        }
        let before = self.prefix.take().map(|(chord, _)| chord);
        if before.is_some() && key.code == KeyCode::Esc {
            return;
        }
        if self.layer == Layer::Edit && before.is_none() && text::popup::key(&mut self.text, key) {
            return;
        }
        match self.keymap.find(&self.scopes(), before, chord) {
            Found::Bound(binding) => {
                let (run, arg) = (binding.action.run, binding.arg.clone());
                run(self, &arg);
            }
            Found::Begins => self.prefix = Some((chord, self.now)),
            Found::Nothing => match before {
                Some(first) => self.say(format!("{first} {chord} does nothing here")),
                None if self.layer == Layer::Edit => self.text.key(key),
                None => {}
            },
        }
    }

    /// A note of the KEYS layer.
    fn note_key(&mut self, key: &KeyEvent) -> bool {
        let KeyCode::Char(c) = key.code else {
            return false;
        };
        let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
        if !plain || self.notes.note_of(c).is_none() {
            return false;
        }
        let out = match key.kind {
            KeyEventKind::Press => {
                let beat = Duration::from_secs_f64(60.0 / self.view.bpm.max(1.0));
                if self.screen == Screen::Pattern
                    && let Some(note) = self.notes.note_of(c)
                {
                    pattern::play_in(self, i32::from(note));
                }
                self.notes.press(c, self.now, beat)
            }
            KeyEventKind::Release => self.notes.release(c),
            KeyEventKind::Repeat => Vec::new(),
        };
        self.play(out);
        true
    }

    pub fn play(&mut self, notes: Vec<NoteOut>) {
        for note in notes {
            let (note, velocity) = match note {
                NoteOut::On { note, velocity } => (note, velocity),
                NoteOut::Off { note } => (note, 0.0),
            };
            self.send(Command::Note {
                note: f32::from(note),
                velocity,
            });
        }
    }

    fn filter_key(&mut self, key: &KeyEvent) -> bool {
        let mut filter = match self.screen {
            Screen::Files => self.files.filter.clone(),
            Screen::Text => self.text.search.clone(),
            _ => self.journal.filter.clone(),
        };
        match key.code {
            KeyCode::Enter => {
                self.filtering = false;
                return true;
            }
            KeyCode::Esc => {
                self.filtering = false;
                filter.clear();
            }
            KeyCode::Backspace => {
                filter.pop();
            }
            KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => filter.push(c),
            _ => return false,
        }
        match self.screen {
            Screen::Files => self.files.set_filter(filter),
            Screen::Text => self.text.searched(filter),
            _ => {
                self.journal.back = 0;
                self.journal.filter = filter;
            }
        }
        true
    }

    /// Where chords are looked up now, the nearest first.
    pub fn scopes(&self) -> Vec<Scope> {
        match self.layer {
            Layer::Nav => vec![Scope::On(self.screen), Scope::Nav, Scope::Everywhere],
            Layer::Edit => vec![Scope::Edit, Scope::Everywhere],
            Layer::Keys => vec![Scope::Keys, Scope::Everywhere],
        }
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
