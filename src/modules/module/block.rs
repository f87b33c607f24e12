//! One block as a kernel sees it: its inputs, outputs and surroundings. Realtime.
use super::notes::VoiceEvent;
use crate::dsp::{
    BLOCK, StereoBlock,
    lanes::{Float, Lanes, Mask},
    peak::peak,
    swing::Swing,
    transport::Transport,
};

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
