//! The contract of a sound-making unit. Runs on engine threads and on the builder: must not allocate, lock, log or panic
//! in `render`.
use std::sync::Arc;

use crate::dsp::{
    BLOCK, StereoBlock,
    lanes::{Float, Isa, Lanes, Mask},
    peak::peak,
    sample::Sample,
    swing::Swing,
    transport::Transport,
    tuning::Tuning,
};

use super::{
    audio_file,
    playing::{Moment, Part},
    spec::{ModuleSpec, OptionValue},
    tuner::Tuner,
};

/// A kind of module. The value holds what its options say and never changes; all state is in [`Io::state`] and [`Io::memory`],
/// owned by the graph, so that carrying a module's sound into another graph is a copy and needs no code here.
pub trait Module: Send + Sized + 'static {
    const SPEC: ModuleSpec;
    /// State vectors of one lane group. An integer lives there by its bits ([`crate::dsp::lanes::Float::bits`]).
    const WORDS: usize;

    /// What it may leave out while nothing of it can be heard.
    const REST: Rest = Rest::Never;

    /// Reads the options; called by the compiler, may allocate.
    fn build(build: &Build<'_>) -> Result<Self, OptionError>;

    /// Vectors of large memory (delay lines) of one lane group.
    fn memory(&self) -> usize {
        0
    }

    /// How many voices it makes, where its voicing is a note source or its own: a patch has `patch` of them.
    fn voices(&self, patch: usize) -> usize {
        patch
    }

    /// How a note source wants its notes.
    fn notes(&self) -> NoteMode {
        NoteMode::Poly
    }

    /// The steps of its texts, in order, for editors.
    fn words(&self) -> Vec<Part> {
        Vec::new()
    }

    /// Those that sound at a moment of the song, for editors.
    fn playing(&self, _at: &Moment) -> Vec<Part> {
        Vec::new()
    }

    /// Sets a fresh lane's `WORDS` words, which are zero before.
    fn init(&self, _lane: LaneInit, _words: &mut [f32]) {}

    /// Renders one block of one lane group. Parameters arrive clamped and smoothed, inputs summed: a module does neither.
    /// Must be `#[inline(always)]`, and so must what it calls with vectors: it is compiled inside a feature function.
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>);

    /// Of a source that [`Rest::Runs`], after a block was rendered of inputs that were all constant: whether blocks of the same may
    /// be left out, because [`Module::skip`] and one more `render` make the state what they would have left, to the bit.
    #[inline(always)]
    fn may_skip<L: Lanes>(&self, _: L, _io: &Io<'_, L>) -> bool {
        false
    }

    /// Goes on by so many frames, whole blocks, of the inputs rendered last; what the next block makes anew may stay as it is.
    #[inline(always)]
    fn skip<L: Lanes>(&self, _: L, _state: &mut [L::F], _frames: u64) {}

    /// Lanes that may rest while their knobs stand so, as bits: not a filter that sings without an input.
    #[inline(always)]
    fn may_rest<L: Lanes>(&self, _: L, _knobs: &[L::F]) -> u64 {
        u64::MAX
    }

    /// Of an amplifier: lanes that are closed throughout the block, as bits. Only the controls are there, among the first four inputs.
    #[inline(always)]
    fn shut<L: Lanes>(&self, _: L, _ins: &[In<'_, L>]) -> u64 {
        0
    }
}

/// What a module may leave out while all that hears it is closed amplifiers. What a lane is like after such a block depends on
/// that lane alone, whether its neighbours are heard or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    Never,
    /// All of it: after a block that nobody can hear its state begins anew, as of a filter that hears nothing. These inputs decide
    /// whether it may, and must have no cable; with none of them it always may.
    Forgets {
        still: &'static [usize],
    },
    /// Its sound: it is as if it had gone on, to the bit. See [`Module::may_skip`].
    Runs,
    /// It is one of those amplifiers: it passes this input times the sum of its controls.
    Amplifier {
        input: usize,
        controls: &'static [usize],
    },
}

/// What a module is built from.
pub struct Build<'a> {
    /// Frames a second.
    pub rate: f32,
    /// In the order of the spec; every option is there.
    pub options: &'a [OptionValue],
    /// The patch's; none is equal temperament.
    pub tuning: Option<&'a Arc<Tuning>>,
    /// Only whether the options can be read is asked: files are looked at, not loaded.
    pub check: bool,
}

impl Build<'_> {
    /// Puts notes, in octaves above C4 of equal temperament, where the patch's tuning has them.
    pub fn tuner(&self) -> Tuner {
        Tuner::new(self.tuning)
    }

    pub fn choice(&self, option: usize) -> usize {
        match self.options[option] {
            OptionValue::Choice(index) => index,
            _ => 0,
        }
    }

    pub fn text(&self, option: usize) -> &str {
        match &self.options[option] {
            OptionValue::Text(text) => text,
            _ => "",
        }
    }

    /// The sound of a file option; none where no file is given, and where nothing is to be loaded.
    pub fn sound(&self, option: usize) -> Result<Option<Arc<Sample>>, OptionError> {
        let OptionValue::File { path, .. } = &self.options[option] else {
            return Ok(None);
        };
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        let sound = match self.check {
            true => audio_file::look(path).map(|()| None),
            false => audio_file::load(path).map(Some),
        };
        sound.map_err(|why| OptionError { option, at: 0, why })
    }

    pub fn whole(&self, option: usize) -> i64 {
        match self.options[option] {
            OptionValue::Whole(number) => number,
            _ => 0,
        }
    }

    /// Beats (quarter notes).
    pub fn length(&self, option: usize) -> f64 {
        match self.options[option] {
            OptionValue::Length(beats) => beats,
            _ => 0.0,
        }
    }
}

/// An option's text that the module can't read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionError {
    /// Index into the spec's options.
    pub option: usize,
    /// Characters into the text where the trouble starts.
    pub at: usize,
    /// What is wrong and what would be right.
    pub why: String,
}

/// Which lane [`Module::init`] sets.
#[derive(Clone, Copy, Debug)]
pub struct LaneInit {
    /// 0 for a mono module.
    pub voice: usize,
    /// Differs between modules and voices of a patch, and is the same every time the patch is compiled.
    pub seed: u32,
    /// The same in all voices of a module.
    pub module_seed: u32,
    /// Frames a second.
    pub rate: f32,
}

/// Seeds of a module's voices: they differ between modules and voices and are the same in every compilation (FNV-1a over the name).
#[derive(Clone, Copy)]
pub struct Seeds(u32);

impl Seeds {
    pub fn new(patch: u32, name: &str) -> Self {
        let start = 0x811c_9dc5 ^ patch.wrapping_mul(0x9e37_79b9);
        Self(name.bytes().fold(start, hash))
    }

    pub fn of(self, voice: usize) -> u32 {
        let bytes = (voice as u32).to_le_bytes();
        bytes.into_iter().fold(self.0, hash).max(1)
    }
}

fn hash(so_far: u32, byte: u8) -> u32 {
    (so_far ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

/// The seed of one voice.
pub fn seed(patch: u32, name: &str, voice: usize) -> u32 {
    Seeds::new(patch, name).of(voice)
}

/// One block's view of a lane group's surroundings.
pub struct Io<'a, L: Lanes> {
    /// Input slots in the order of the spec (a stereo port has two), then one a parameter.
    pub ins: &'a [In<'a, L>],
    /// Output slots in the order of the spec.
    pub outs: &'a mut [Out<L>],
    /// `WORDS` vectors.
    pub state: &'a mut [L::F],
    /// `memory()` vectors; zero before the first block.
    pub memory: &'a mut [L::F],
    /// The voice in lane 0 of this group.
    pub first_voice: usize,
    /// How many there are of this module.
    pub voices: usize,
    pub cx: &'a BlockCx<'a>,
}

/// An input of one lane group: a signal, or one vector where the block is constant.
#[derive(Clone, Copy)]
pub struct In<'a, L: Lanes> {
    head: L::F,
    block: Option<&'a [L::F; BLOCK]>,
}

impl<'a, L: Lanes> In<'a, L> {
    #[inline(always)]
    pub fn constant(value: L::F) -> Self {
        Self {
            head: value,
            block: None,
        }
    }

    #[inline(always)]
    pub fn signal(block: &'a [L::F; BLOCK]) -> Self {
        Self {
            head: block[0],
            block: Some(block),
        }
    }

    #[inline(always)]
    pub fn is_constant(&self) -> bool {
        self.block.is_none()
    }

    /// The first frame's value: the whole block's where it is constant.
    #[inline(always)]
    pub fn head(&self) -> L::F {
        self.head
    }

    /// The signal's frames, none where the block is constant.
    #[inline(always)]
    pub fn block(&self) -> Option<&'a [L::F; BLOCK]> {
        self.block
    }

    /// The value at frame `i` of the block.
    #[inline(always)]
    pub fn at(&self, i: usize) -> L::F {
        match self.block {
            Some(block) => block[i & (BLOCK - 1)],
            None => self.head,
        }
    }

    /// Whether any lane of any frame is louder, or not a number.
    #[inline(always)]
    pub fn louder_than(&self, l: L, level: f32) -> bool {
        let top = match self.block {
            Some(block) => peak(l, block),
            None => self.head.abs(),
        };
        !l.f(level).ge(top).all()
    }

    /// The frames as an array, `scratch` filled where the block is constant: for loops that should vectorise along time.
    #[inline(always)]
    pub fn expand<'b>(&self, scratch: &'b mut [L::F; BLOCK]) -> &'b [L::F; BLOCK]
    where
        'a: 'b,
    {
        match self.block {
            Some(block) => block,
            None => {
                scratch.fill(self.head);
                scratch
            }
        }
    }
}

/// An output slot of one lane group.
pub struct Out<L: Lanes> {
    pub block: Box<[L::F; BLOCK]>,
    /// Only `block[0]` counts. False before `render`.
    pub constant: bool,
    /// Whether anything reads it: a module may leave out what nobody hears.
    pub wanted: bool,
}

impl<L: Lanes> Out<L> {
    pub fn new(l: L) -> Self {
        // A boxed array would be made on the stack and copied.
        let block = vec![l.f(0.0); BLOCK].into_boxed_slice().try_into();
        Self {
            block: block.unwrap_or_else(|_| unreachable!("it has as many frames")),
            constant: true,
            wanted: true,
        }
    }

    /// The whole block is `value`.
    #[inline(always)]
    pub fn fill(&mut self, value: L::F) {
        self.block[0] = value;
        self.constant = true;
    }

    #[inline(always)]
    pub fn as_in(&self) -> In<'_, L> {
        if self.constant {
            In::constant(self.block[0])
        } else {
            In::signal(&self.block)
        }
    }
}

/// What all modules of a graph see of a block.
#[derive(Clone, Copy)]
pub struct BlockCx<'a> {
    /// Frames a second.
    pub rate: f32,
    /// Timeline frame of the block's first frame.
    pub frame: u64,
    pub time: TimeCx,
    /// The patch's.
    pub swing: Swing,
    /// What comes in; none where nothing does.
    pub input: Option<&'a StereoBlock>,
    /// Notes for a note source, in order of `offset`; empty for other modules.
    pub notes: &'a [VoiceEvent],
}

/// The transport over one block, which may change once inside it.
#[derive(Clone, Copy, Debug)]
pub struct TimeCx {
    pub before: Transport,
    /// From `split` on this one holds; `split` is `BLOCK` where nothing changes.
    pub after: Transport,
    pub split: usize,
}

impl TimeCx {
    pub fn steady(transport: Transport) -> Self {
        Self {
            before: transport,
            after: transport,
            split: BLOCK,
        }
    }

    /// The transport at a frame of the block.
    #[inline]
    pub fn at(&self, offset: usize) -> &Transport {
        if offset < self.split {
            &self.before
        } else {
            &self.after
        }
    }
}

/// The event is for all voices.
pub const EVERY_VOICE: usize = usize::MAX;

/// What a note source does with several notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoteMode {
    /// Each a voice; in a patch of one voice as `Mono`.
    #[default]
    Poly,
    /// All voices play one of the held notes.
    Mono {
        priority: Priority,
        /// A note that follows another without a gap opens the gate anew.
        retriggers: bool,
    },
    /// All held notes come to the one voice: [`VoiceEvent::voice`] says their place among so many.
    Held(usize),
}

/// Which of the held notes a single voice plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    #[default]
    Last,
    Low,
    High,
}

/// A note for one voice of a note source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceEvent {
    /// Frame within the block.
    pub offset: usize,
    /// Or [`EVERY_VOICE`], or a place among the held notes: see [`NoteMode`].
    pub voice: usize,
    pub change: VoiceChange,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VoiceChange {
    /// Starts a note. `glide` where it follows another without a gap in the same voice (legato): the gate does not close.
    On {
        /// Octaves above C4.
        pitch: f32,
        /// 0..1
        velocity: f32,
        legato: bool,
    },
    Off,
}

/// A module's realtime half at one lane width, entered through its instruction set's feature function.
pub trait Kernel<L: Lanes>: Send {
    fn words(&self) -> usize;
    fn memory(&self) -> usize;
    fn notes(&self) -> NoteMode;
    fn init(&self, lane: LaneInit, words: &mut [f32]);
    fn render(&self, io: &mut Io<'_, L>);
    fn may_skip(&self, io: &Io<'_, L>) -> bool;
    fn skip(&self, state: &mut [L::F], frames: u64);
    fn may_rest(&self, knobs: &[L::F]) -> u64;
    fn shut(&self, ins: &[In<'_, L>]) -> u64;
}

/// A module at an instruction set and a lane width.
pub struct Entered<A: Isa, L: Lanes, M: Module> {
    pub isa: A,
    pub lanes: L,
    pub module: M,
}

impl<A: Isa, L: Lanes, M: Module> Kernel<L> for Entered<A, L, M> {
    fn words(&self) -> usize {
        M::WORDS
    }

    fn memory(&self) -> usize {
        self.module.memory()
    }

    fn notes(&self) -> NoteMode {
        self.module.notes()
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        self.module.init(lane, words);
    }

    fn render(&self, io: &mut Io<'_, L>) {
        self.isa.run(
            #[inline(always)]
            || self.module.render(self.lanes, io),
        );
    }

    fn may_skip(&self, io: &Io<'_, L>) -> bool {
        self.isa.run(
            #[inline(always)]
            || self.module.may_skip(self.lanes, io),
        )
    }

    fn skip(&self, state: &mut [L::F], frames: u64) {
        self.isa.run(
            #[inline(always)]
            || self.module.skip(self.lanes, state, frames),
        );
    }

    fn may_rest(&self, knobs: &[L::F]) -> u64 {
        self.isa.run(
            #[inline(always)]
            || self.module.may_rest(self.lanes, knobs),
        )
    }

    fn shut(&self, ins: &[In<'_, L>]) -> u64 {
        self.isa.run(
            #[inline(always)]
            || self.module.shut(self.lanes, ins),
        )
    }
}
