//! Notes as a note source gets them. Plain data.

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
