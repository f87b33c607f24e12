//! The supervisor: takes commands and the engines' replies, decides, and tells. Owns the patches, the history and every
//! allocation and free. Its thread is `while running { take; step }`; lock-step tests and offline rendering call the same two.
mod answers;
mod arriving;
mod benching;
mod config;
mod controls;
mod device;
mod failing;
mod gestures;
mod keeping;
mod knobs;
mod loading;
mod looking;
mod notes;
mod parking;
mod performing;
mod recording;
mod records;
mod sequencing;
mod setting;
mod swapping;
mod telling;
mod thread;
mod unsaved;
mod walking;
mod watching;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::bench::Bench;
use super::builder::Builder;
use super::command::{Quantum, Request, SlotId, Watching};
use super::controls::{Assigned, Controlled};
use super::deaths::Deaths;
use super::draft::Draft;
use super::event::{Recording, View};
use super::handle::{Board, Meters};
use super::history::History;
use super::morph::Morph;
use super::probe::ProbeFeed;
use super::recorder::Recorder;
use super::rig::Rig;
use super::sequences::Sequences;
use super::swap::Armed;
use super::tempo::Tempo;
use super::timeline::{ClockLine, Now};
use super::unsaved::{Keeper, Typed};
use crate::audio::input::InputKeeper;
use crate::audio::stream::Stream;
use crate::dsp::transport::Transport;

pub use config::Config;
use notes::Held;
pub use performing::Performed;
use records::{Arriving, Pending, Ready, Slot, Swapping, Waking};
pub use setting::machine;
pub use thread::run;

pub struct Supervisor {
    config: Config,
    rig: Rig,
    builder: Builder,
    board: Arc<Board>,
    meters: Arc<dyn Meters>,
    // The stage
    slots: [Slot; 2],
    live: SlotId,
    armed: Option<Armed>,
    swapping: Option<Swapping>,
    // Patches on their way
    pending: Vec<Pending>,
    ready: Option<Ready>,
    arriving: Option<Arriving>,
    waking: Option<Waking>,
    draft: Option<Draft>,
    /// Modules of drafts that were made under one of the predecessor's names.
    made_as: Vec<(String, String)>,
    bench: Option<Bench>,
    // What a screen looks at
    watching: Option<Watching>,
    watched: [Option<looking::Watched>; 2],
    probe: Option<Arc<ProbeFeed>>,
    builds: u64,
    generations: u32,
    deaths: Deaths,
    /// Nothing is rebuilt before: the builder was busy.
    next_try: Duration,
    // The performance
    tempo: Tempo,
    clock: ClockLine,
    now: Now,
    held: Held,
    morph: Option<Morph>,
    history: History,
    /// The patch that an undo or a redo leads back to, until it is heard.
    heading: Option<Box<super::event::Loaded>>,
    /// It is to be gone towards when nothing else is under way.
    pursuing: bool,
    keeper: Option<Keeper>,
    /// Version of the tree that is on disk, and when the next may go there.
    kept: u64,
    next_keep: Duration,
    /// The draft and the typed text that are on disk.
    kept_beside: (Option<Draft>, Option<Arc<Typed>>),
    /// What somebody types and has not sent yet.
    typed: Option<Arc<Typed>>,
    /// What was left behind, in a sentence.
    recovery: Option<String>,
    /// Why unsaved work is not kept.
    not_kept: Option<String>,
    sequences: Sequences,
    /// Why a sequence has no effect, told already.
    sequence_trouble: Option<String>,
    performed: VecDeque<Performed>,
    /// When the command that is carried out was sent, by the audio clock; 0: not known.
    pressed_ns: u64,
    /// And by the system's.
    sent: Option<Instant>,
    /// By frame, for commands whose frame is far ahead.
    later: BTreeMap<(u64, u64), Request>,
    taken: u64,
    // Settings
    quantum: Quantum,
    fade_ms: f32,
    state_carry: bool,
    auto_prime: bool,
    panicked: bool,
    cued: bool,
    stream: Option<(Stream, Arc<AtomicU64>)>,
    input: Option<InputKeeper>,
    device: String,
    device_problem: Option<String>,
    // What has to be told
    changed: bool,
    turns: Vec<telling::Turn>,
    told_no_net: bool,
    told_stuck: [bool; 2],
    /// Nothing plays, nothing is built, and that was said.
    told_dead: bool,
    /// When a ring that ran dry was last told of.
    told_dry: Option<Duration>,
    told_returned: Option<Duration>,
    ended: bool,
    saves: Vec<JoinHandle<records::Save>>,
    /// Controllers and their knobs; the knob that waits for one.
    controls: Vec<Assigned>,
    learning: Option<Controlled>,
    recorder: Option<Recorder>,
    recording: Option<Recording>,
    /// Recordings that were asked for and of which nothing was heard yet.
    begins_recording: usize,
}

impl Supervisor {
    pub fn new(
        config: Config,
        rig: Rig,
        builder: Builder,
        board: Arc<Board>,
        meters: Arc<dyn Meters>,
    ) -> Self {
        let tempo = Tempo::new(Transport::new(config.rate, config.bpm));
        let mut supervisor = Self {
            rig,
            builder,
            board,
            meters,
            slots: Default::default(),
            live: SlotId::A,
            armed: None,
            swapping: None,
            pending: Vec::new(),
            ready: None,
            arriving: None,
            waking: None,
            draft: None,
            made_as: Vec::new(),
            bench: None,
            watching: None,
            watched: [None, None],
            probe: None,
            builds: 0,
            generations: 0,
            deaths: Deaths::default(),
            next_try: Duration::ZERO,
            tempo,
            clock: ClockLine::default(),
            now: Now::scripted(Duration::ZERO),
            held: Held::default(),
            morph: None,
            history: History::default(),
            heading: None,
            pursuing: false,
            keeper: None,
            kept: 0,
            next_keep: Duration::ZERO,
            kept_beside: (None, None),
            typed: None,
            recovery: None,
            not_kept: None,
            sequences: Sequences::default(),
            sequence_trouble: None,
            performed: VecDeque::new(),
            pressed_ns: 0,
            sent: None,
            later: BTreeMap::new(),
            taken: 0,
            quantum: Quantum::default(),
            fade_ms: 20.0,
            state_carry: true,
            auto_prime: true,
            panicked: false,
            cued: false,
            stream: None,
            input: None,
            device: String::new(),
            device_problem: None,
            changed: true,
            turns: Vec::new(),
            told_no_net: false,
            told_stuck: [false; 2],
            told_dead: false,
            told_dry: None,
            told_returned: None,
            ended: false,
            saves: Vec::new(),
            controls: Vec::new(),
            learning: None,
            recorder: None,
            recording: None,
            begins_recording: 0,
            config,
        };
        supervisor.begin_set();
        supervisor.begin_keeping();
        supervisor
    }

    /// One turn: looks at every queue, decides what is due, tells what changed.
    pub fn step(&mut self, now: Now) {
        self.now = now;
        let heads = self.rig.heads();
        self.clock
            .observe(now.system, heads.played, self.config.rate);
        self.tempo.past(heads.played);
        // No graph begins further back than this.
        self.held
            .settle(heads.played.saturating_sub(self.config.rate as u64));
        self.rig.flush();
        self.hear_reports();
        self.hear_builder();
        self.perform_due();
        self.play_sequences();
        self.watch_slots();
        self.bring_in();
        self.keep_within_budget();
        self.decide_swap();
        self.go_on_back();
        self.keep_net();
        self.keep_watch();
        self.finish_saves();
        self.hear_device();
        self.hear_input();
        self.hear_recorder();
        self.hear_set();
        self.keep_work();
        self.publish();
    }

    pub fn ended(&self) -> bool {
        self.ended
    }

    /// What was performed, with frames: for saving and replaying.
    pub fn performed(&self) -> impl Iterator<Item = &Performed> {
        self.performed.iter()
    }

    pub fn rig(&self) -> &Rig {
        &self.rig
    }

    pub fn rig_mut(&mut self) -> &mut Rig {
        &mut self.rig
    }

    /// The device that plays it all; `problem` is why it is not the one that was asked for, `xruns` where its count goes.
    pub fn with_stream(
        mut self,
        stream: Stream,
        problem: Option<String>,
        xruns: Arc<AtomicU64>,
    ) -> Self {
        self.device = stream.name();
        self.device_problem = problem;
        self.stream = Some((stream, xruns));
        self
    }

    /// What is to be open while a patch listens.
    pub fn with_input(mut self, input: InputKeeper) -> Self {
        self.input = Some(input);
        self
    }

    /// Something is on its way: look again soon.
    fn is_busy(&self) -> bool {
        self.builder.is_busy()
            || self.armed.is_some()
            || self.swapping.is_some()
            || self.ready.is_some()
            || self.arriving.is_some()
            || self.waking.is_some()
            || !self.later.is_empty()
            || self.sequences.are_running()
            || !self.saves.is_empty()
            || self.rig.is_behind()
    }

    /// The line of musical time once everything that is decided has come.
    pub fn transport_ahead(&self) -> Transport {
        self.tempo.last()
    }

    pub fn view(&self) -> View {
        self.look()
    }
}
