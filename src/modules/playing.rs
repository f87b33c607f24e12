//! What of a module's text sounds at a moment of the song: for editors that follow it. Never on engine threads.
//!
//! ```text
//! let text = modules::written(spec, &build)?;         // once for each edit
//! text.words()                                        // every step, to draw
//! text.playing(&Moment { beat, swing, own_swing, seed: seed(patch_seed, name, 0) })
//! ```
use std::ops::Range;

use crate::dsp::{swing::Swing, transport::Transport};

use super::module::Module;

/// Where the song is, and what moves a module's notes in it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub beat: f64,
    /// The patch's.
    pub swing: Swing,
    /// The module's own `swing`, as it stands.
    pub own_swing: f32,
    /// See [`super::module::seed`].
    pub seed: u32,
}

impl Moment {
    /// A transport that is at the moment in frame 0.
    pub fn transport(&self) -> Transport {
        Transport {
            anchor_beat: self.beat,
            ..Transport::new(48_000.0, 120.0)
        }
    }
}

/// A part of an option's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Index into the spec's options.
    pub option: usize,
    pub chars: Range<usize>,
}

/// Places in one option's text.
pub fn parts(option: usize, places: Vec<Range<usize>>) -> Vec<Part> {
    let part = |chars| Part { option, chars };
    places.into_iter().map(part).collect()
}

/// A module that was built to be read.
pub trait Written: Send {
    /// The steps of its texts, in order.
    fn words(&self) -> Vec<Part>;
    /// Those that sound.
    fn playing(&self, at: &Moment) -> Vec<Part>;
}

/// Any module, read.
pub struct Read<M: Module>(pub M);

impl<M: Module> Written for Read<M> {
    fn words(&self) -> Vec<Part> {
        self.0.words()
    }

    fn playing(&self, at: &Moment) -> Vec<Part> {
        self.0.playing(at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        find,
        module::Build,
        spec::{OptionValue, Voicing},
        written,
    };
    use super::*;

    /// What sounds at a position of 48,000 frames a second and 120 beats a minute.
    fn told(kind: &str, text: &str, frame: u64) -> Vec<String> {
        let spec = find(kind).expect("there");
        let mut options: Vec<_> = spec.options.iter().map(|o| o.default_value()).collect();
        let first_text = options
            .iter()
            .position(|o| matches!(o, OptionValue::Text(_)));
        options[first_text.expect("a text")] = OptionValue::Text(text.to_owned());
        let build = Build {
            rate: 48_000.0,
            options: &options,
            tuning: None,
            check: true,
        };
        let read = written(spec, &build).expect("reads");
        let at = Moment {
            beat: Transport::new(48_000.0, 120.0).beat_at(frame),
            swing: Swing::new(0.5, 0.25),
            own_swing: 0.0,
            seed: 1,
        };
        let playing = read.playing(&at);
        assert!(playing.iter().all(|p| read.words().contains(p)));
        let chars: Vec<char> = text.chars().collect();
        let of = |p: Part| chars[p.chars].iter().collect();
        playing.into_iter().map(of).collect()
    }

    #[test]
    fn editors_follow_what_plays_swing_included() {
        for (frame, want) in [
            (0, "C3"),
            (8_999, "C3"),
            (9_000, "C4"),
            (12_000, "G3=0.9"),
            (24_000, "C3"),
        ] {
            assert_eq!(told("Seq", "C3 C4 G3=0.9 -", frame), [want], "{frame}");
        }
        assert_eq!(told("Pattern", "c3*2 [e3,g3]", 50_000), ["e3", "g3"]);
        assert_eq!(told("Drums", "bd ~, hh*4", 1_000), ["bd", "hh"]);
        assert!(told("Drums", "bd ~", 60_000).is_empty());
    }

    #[test]
    fn modules_without_steps_have_none() {
        let spec = find("Saw").expect("there");
        assert!(spec.voicing == Voicing::PerVoice);
        let options: Vec<_> = spec.options.iter().map(|o| o.default_value()).collect();
        let build = Build {
            rate: 48_000.0,
            options: &options,
            tuning: None,
            check: true,
        };
        assert!(written(spec, &build).expect("reads").words().is_empty());
    }
}
