//! The supervisor: takes commands and the engines' replies, decides, and tells. Owns the patches, the history and every
//! allocation and free. Its thread is `while running { take; step }`; lock-step tests and offline rendering call the same two.
mod answers;
mod arriving;
mod benching;
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
mod recording;
mod records;
mod sequencing;
mod setting;
mod swapping;
mod telling;
mod unsaved;
mod walking;
mod watching;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::bench::Bench;
use super::builder::Builder;
use super::command::{Command, Quantum, Request, SlotId, Watching};
use super::controls::{Assigned, Controlled};
use super::deaths::Deaths;
use super::draft::Draft;
use super::event::{Recording, View};
use super::handle::{Board, Message, Meters};
use super::history::History;
use super::morph::Morph;
use super::probe::ProbeFeed;
use super::queue::Receiver;
use super::recorder::Recorder;
use super::rig::Rig;
use super::sequences::Sequences;
use super::set::SetLogConfig;
use super::swap::Armed;
use super::tempo::Tempo;
use super::timeline::{ClockLine, Heads, Now, stamp};
use super::unsaved::{Keeper, Typed};
use crate::audio::input::{Input, InputKeeper};
use crate::audio::stream::Stream;
use crate::audio::wav_bits::Bits;
use crate::dsp::lanes::IsaChoice;
use crate::dsp::transport::Transport;

use notes::Held;
use records::{Arriving, Pending, Ready, Slot, Swapping, Waking};
pub use setting::machine;

/// Performed commands kept for saving and replaying.
const LOGGED: usize = 100_000;
/// Commands that may wait for a frame far ahead.
const LATER: usize = 65_536;

/// What a supervisor is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Frames a second.
    pub rate: f64,
    pub isa: IsaChoice,
    pub seed: u32,
    /// Until a patch brings its own.
    pub bpm: f64,
    /// The share of real time that one patch may cost. Where two do not fit together, the one that is not heard waits.
    pub budget: f32,
    /// The share that two may cost together, by what their priming measured. The rest is for the callback, the screen, and a machine
    /// that is not alone.
    pub both: f32,
    /// A patch's tempo is taken over when it is swapped in.
    pub take_tempo: bool,
    /// A copy of the live patch stands by where nothing else does. Offline there is nobody to fail over to.
    pub net: bool,
    /// Where recordings go that are given no name.
    pub recordings: PathBuf,
    /// Of recordings for which none are named.
    pub record_bits: Bits,
    /// Where the performance is written down; nowhere without it.
    pub sets: Option<SetLogConfig>,
    /// What patches that listen hear.
    pub input: Input,
    /// Where unsaved work is kept; nowhere without it.
    pub unsaved: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rate: 48_000.0,
            isa: IsaChoice::Auto,
            seed: 1,
            bpm: 120.0,
            budget: 0.8,
            both: 0.85,
            take_tempo: true,
            net: true,
            recordings: PathBuf::from("recordings"),
            record_bits: Bits::default(),
            sets: None,
            input: Input::Off,
            unsaved: None,
        }
    }
}

/// A command as it was performed: with the frame at which it took effect.
#[derive(Clone, Debug)]
pub struct Performed {
    pub frame: u64,
    pub command: Command,
}

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

    /// The same for a command that was sent some time ago: a key press is measured from there.
    pub fn take_sent(&mut self, request: Request, ago: Duration) {
        self.pressed_ns = self.rig.now_ns().saturating_sub(ago.as_nanos() as u64);
        self.sent = Instant::now().checked_sub(ago);
        self.take(request);
        (self.pressed_ns, self.sent) = (0, None);
    }

    /// Carries a command out, or keeps it until its frame is near. Its answer is sent when it is carried out.
    pub fn take(&mut self, request: Request) {
        let heads = self.rig.heads();
        let frame = stamp(request.at, &heads, &self.clock, self.config.rate);
        if frame > self.horizon(&heads) {
            if self.later.len() >= LATER {
                if let Some(answer) = request.answer {
                    let _ = answer.send(Err("busy: too many commands wait for their time".into()));
                }
                return;
            }
            self.taken += 1;
            self.later.insert((frame, self.taken), request);
            return;
        }
        self.perform(request, frame);
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

    /// The last frame that is decided today: one lead beyond the first that can be.
    fn horizon(&self, heads: &Heads) -> u64 {
        heads.earliest + self.rig.lead()
    }

    fn perform_due(&mut self) {
        let horizon = self.horizon(&self.rig.heads());
        while let Some(entry) = self.later.first_entry() {
            let (frame, _) = *entry.key();
            if frame > horizon {
                break;
            }
            let request = entry.remove();
            let frame = frame.max(self.rig.heads().earliest);
            self.perform(request, frame);
        }
    }

    fn perform(&mut self, request: Request, frame: u64) {
        if let Command::Record(what) = request.command {
            return self.record(what, request.answer);
        }
        let unlogged = Command::is_unlogged(&request.command);
        let logged = (!unlogged).then(|| request.command.clone());
        let answer = self.answer(request.command, frame);
        if let (Some(command), Ok(_)) = (logged, &answer) {
            if self.performed.len() >= LOGGED {
                self.performed.pop_front();
            }
            self.performed.push_back(Performed { frame, command });
        }
        if let Some(asker) = request.answer {
            // Whoever asked may have gone.
            let _ = asker.send(answer);
        }
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

/// Commands taken in one turn before the engines are looked at again.
const BATCH: usize = 256;

/// The supervisor's thread. Returns after [`Command::Quit`], or when nobody is left to send anything.
pub fn run(mut supervisor: Supervisor, inbox: &Receiver<Message>, start: Instant) -> Supervisor {
    while !supervisor.ended() {
        // Engines and callback can't wake anybody (they may not make a system call for it), so their queues are looked at in
        // turns: often enough for a failed slot to be rebuilt in time.
        let patience = if supervisor.is_busy() { 1 } else { 4 };
        match inbox.recv_timeout(Duration::from_millis(patience)) {
            Ok(message) => {
                let more = std::iter::from_fn(|| inbox.try_recv().ok());
                for message in std::iter::once(message).chain(more.take(BATCH)) {
                    if let Message::Request(request, sent) = message {
                        supervisor.take_sent(request, sent.elapsed());
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        supervisor.step(Now {
            steady: start.elapsed(),
            system: SystemTime::now(),
        });
    }
    supervisor
}
