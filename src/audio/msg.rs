//! What crosses between the supervisor and the callback. Plain values, or a box whose ownership moves.
use crate::engine::block::Feed;

/// Messages and replies that may wait, each way. Full: the sender keeps what it has and tries again; what the callback could not
/// tell is counted.
pub const QUEUE: usize = 256;

/// Supervisor to callback, carried out in order, at the start of a callback.
pub enum OutputMsg {
    /// At most one swap waits; a later one takes its place.
    Swap(Swap),
    /// Takes back the swap that waits.
    Cancel { id: u64 },
    /// Another ring for a slot: its engine was replaced. The slot is empty until its blocks come.
    Attach { slot: usize, feed: Box<Feed> },
    /// Fades to silence in 30 ms, or back.
    Mute(bool),
    /// Tells whether the callback may fade to the other slot by itself. It may from the start.
    Net(bool),
    /// Whether the slot that is not heard is copied for the screen.
    Cue(bool),
}

/// A planned change of the audible slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swap {
    /// Comes back in the reply.
    pub id: u64,
    pub to: usize,
    /// What must be in the slot's ring: nothing else is switched to.
    pub generation: u32,
    pub at: SwapAt,
    pub fade_frames: u32,
    /// How long what is left rings out beside the new, where that is longer than the fade; 0: not at all.
    pub spill_frames: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapAt {
    /// At exactly this frame, or not at all.
    Frame(u64),
    /// At the first frame where it can be.
    Ready,
}

/// Callback to supervisor.
pub enum OutputReply {
    Swapped {
        id: u64,
        to: usize,
        generation: u32,
        /// First frame of the fade; the weight is `S((f - frame) / fade_frames)`, 0 at `frame` itself.
        frame: u64,
        fade_frames: u32,
        rho: f32,
    },
    /// The swap did not happen; what sounded goes on.
    Refused {
        id: u64,
        frame: u64,
        why: NotSwapped,
    },
    /// A fade is done: one slot is audible.
    Settled { live: usize, frame: u64 },
    /// The audible slot ran low and the other one took over.
    Failover {
        to: usize,
        generation: u32,
        frame: u64,
        fade_frames: u32,
        rho: f32,
    },
    /// The slot's ring has reached the timeline: Filling to Primed.
    InStep {
        slot: usize,
        generation: u32,
        frame: u64,
    },
    /// The slot fell behind the timeline, or its graph ended: back to Filling.
    OutOfStep {
        slot: usize,
        generation: u32,
        frame: u64,
    },
    /// The audible slot has nothing left and is faded out, or has faded out.
    Dry { slot: usize, frame: u64 },
    /// It sounds again, after so many frames of silence.
    Returned {
        slot: usize,
        frame: u64,
        none_frames: u64,
    },
    /// Something that depends on the frames given to the device, and not on the timeline.
    AtTick { tick: u64, what: DeviceSide },
    /// Samples that are not finite reached the guard, most likely from this slot: to be quarantined.
    NonFinite { slot: usize, generation: u32 },
    /// The ring that was replaced; or the new one, where the slot was being heard: nothing was `attached` then.
    Detached {
        slot: usize,
        feed: Box<Feed>,
        attached: bool,
    },
}

/// What happens between the mix and the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceSide {
    /// The first sound since there was none; it fades in. The timeline stands at `frame`.
    Begins { frame: u64 },
    /// The panic key's fade begins.
    Muted(bool),
    /// The device was away; what it hears fades in.
    Returns,
}

/// Why a swap did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSwapped {
    /// The slot is audible already.
    AlreadyLive,
    /// Another generation, or none, was in the slot's ring at that frame.
    NotPrimed,
    /// Its ring was below low water.
    RunningLow,
    /// More than +12 dBFS within the last 100 ms: knobs have moved since it was verified.
    TooLoud,
    /// A fade was going on.
    Fading,
    /// The frame had passed when the message came.
    TooLate,
    /// Another swap took its place.
    Replaced,
    /// It was taken back.
    Cancelled,
}

impl NotSwapped {
    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::AlreadyLive => "that slot is audible already",
            Self::NotPrimed => "the standby was not yet in step with the timeline",
            Self::RunningLow => "the standby's ring was running low",
            Self::TooLoud => "the standby is above +12 dBFS",
            Self::Fading => "a fade was still going on",
            Self::TooLate => "its frame had passed",
            Self::Replaced => "another swap took its place",
            Self::Cancelled => "it was taken back",
        }
    }
}
