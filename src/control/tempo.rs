//! The performance's transport: changes that are stamped ahead of what is heard, in order. Pure data.
use std::collections::VecDeque;

use crate::dsp::transport::Transport;

/// Beats a minute that can be asked for.
pub const BPM: std::ops::RangeInclusive<f64> = 20.0..=400.0;

/// The transport now and the changes to come.
#[derive(Clone, Debug)]
pub struct Tempo {
    /// Holds from the beginning, or from the last change that is past.
    base: Transport,
    /// By frame; each holds from its anchor frame on.
    ahead: VecDeque<Transport>,
}

impl Tempo {
    pub fn new(transport: Transport) -> Self {
        Self {
            base: transport,
            ahead: VecDeque::new(),
        }
    }

    /// What holds at a frame.
    pub fn at(&self, frame: u64) -> Transport {
        let change = self.ahead.iter().rev().find(|t| t.anchor_frame <= frame);
        change.copied().unwrap_or(self.base)
    }

    /// What holds once every change that is decided has come.
    pub fn last(&self) -> Transport {
        self.ahead.back().copied().unwrap_or(self.base)
    }

    /// Changes the transport at `frame`, or at the last change that is decided where that is later. Returns the new line to tell
    /// the engines; its anchor is the frame. None where nothing changes.
    pub fn change(&mut self, frame: u64, change: impl FnOnce(&mut Transport)) -> Option<Transport> {
        let last = self.last();
        let frame = match self.ahead.back() {
            Some(t) => frame.max(t.anchor_frame),
            None => frame,
        };
        let next = last.changed_at(frame, change);
        if (next.bpm, next.playing) == (last.bpm, last.playing) {
            return None;
        }
        self.ahead.push_back(next);
        Some(next)
    }

    /// Forgets what lies behind the frame that is heard.
    pub fn past(&mut self, played: u64) {
        while let Some(next) = self.ahead.front().filter(|t| t.anchor_frame <= played) {
            self.base = *next;
            self.ahead.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_in_order_and_the_position_never_jumps() {
        let mut tempo = Tempo::new(Transport::new(48_000.0, 120.0));
        let one = tempo.change(48_000, |t| t.bpm = 140.0).expect("changes");
        let two = tempo.change(24_000, |t| t.bpm = 90.0).expect("changes");
        assert_eq!((one.anchor_frame, two.anchor_frame), (48_000, 48_000));
        assert!(tempo.change(60_000, |t| t.bpm = 90.0).is_none());
        assert_eq!(tempo.at(47_999).bpm, 120.0);
        assert_eq!(tempo.at(48_000).bpm, 90.0);
        let stop = tempo
            .change(96_000, |t| t.playing = false)
            .expect("changes");
        assert_eq!(tempo.at(95_999).beat_at(96_000), stop.beat_at(96_000));
        tempo.past(96_000);
        assert_eq!(tempo.at(0), stop);
        assert!(tempo.ahead.is_empty());
    }
}
