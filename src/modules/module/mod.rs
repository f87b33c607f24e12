//! The contract of a sound-making unit. Runs on engine threads and on the builder: must not allocate, lock, log or panic
//! in `render`.
mod block;
mod build;
mod notes;

pub use block::{BlockCx, In, Io, Out, TimeCx};
pub use build::{Build, LaneInit, OptionError, Seeds, seed};
pub use notes::{EVERY_VOICE, NoteMode, Priority, VoiceChange, VoiceEvent};

use super::{
    playing::{Moment, Part},
    spec::ModuleSpec,
};
use crate::dsp::lanes::{Isa, Lanes};

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
