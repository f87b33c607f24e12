//! A slot's presence in what is heard: whether it has something to say, and the fades around where it has not. Realtime.
use super::fade::Fader;

/// Whether a slot's stream is to be heard, apart from its weight in the mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing is taken from it.
    Silent,
    Sounding,
    /// Its last frames fade out; they end before `until`.
    Draining {
        until: u64,
    },
}

/// A slot's presence and its gain over the timeline.
#[derive(Debug)]
pub struct Voice {
    presence: Presence,
    gain: Fader,
}

impl Voice {
    pub fn silent() -> Self {
        Self {
            presence: Presence::Silent,
            gain: Fader::settled(0.0),
        }
    }

    pub fn is_silent(&self) -> bool {
        self.presence == Presence::Silent
    }

    pub fn is_sounding(&self) -> bool {
        self.presence == Presence::Sounding
    }

    pub fn is_draining(&self) -> bool {
        matches!(self.presence, Presence::Draining { .. })
    }

    /// Where its last frame has been played.
    pub fn end(&self) -> Option<u64> {
        match self.presence {
            Presence::Draining { until } => Some(until),
            Presence::Silent | Presence::Sounding => None,
        }
    }

    /// There from now on, as it is: something else brings it in.
    pub fn sound(&mut self) {
        (self.presence, self.gain) = (Presence::Sounding, Fader::settled(1.0));
    }

    /// Comes, or comes back, over so many frames from wherever its gain is.
    pub fn fade_in(&mut self, now: u64, frames: u32) {
        if frames == 0 {
            return self.sound();
        }
        self.presence = Presence::Sounding;
        self.gain.start(now, now, frames, 1.0);
    }

    /// The frames before `until` are its last: the last `frames` of them fade out.
    pub fn drain(&mut self, now: u64, until: u64, frames: u32) {
        let frames = u64::from(frames).min(until.saturating_sub(now)).max(1);
        self.gain.start(
            now,
            until.saturating_sub(frames).max(now),
            frames as u32,
            0.0,
        );
        self.presence = Presence::Draining { until };
    }

    /// Nothing more is taken from it.
    pub fn end_now(&mut self) {
        *self = Self::silent();
    }

    pub fn gain_at(&self, frame: u64) -> f64 {
        self.gain.at(frame)
    }

    /// [`Voice::gain_at`] of the frames from `frame` on.
    pub fn gains(&self, frame: u64, into: &mut [f64]) {
        self.gain.fill(frame, into);
    }

    /// Unchanged from `frame` on.
    pub fn is_plain_at(&self, frame: u64) -> bool {
        self.gain.settled_at(frame) == Some(1.0)
    }
}
