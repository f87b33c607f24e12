//! When a swap happens: from the quantum and the musical position to a frame, decided at most one lead ahead so that a change of
//! tempo before it still counts. Pure arithmetic.
use std::time::Duration;

use super::command::Quantum;
use crate::dsp::transport::Transport;

/// A swap that waits for its frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Armed {
    pub quantum: Quantum,
    pub due: Due,
    /// When it was asked for, and the frame that was heard then.
    pub asked: Duration,
    pub asked_frame: u64,
    /// The build that has to stand in the standby first.
    pub waits_for: Option<u64>,
    /// How often its frame passed before it could happen.
    pub missed: u32,
    /// It undoes or redoes a swap: no new step of the history.
    pub retold: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Due {
    Soonest,
    Frame(u64),
    /// Position in beats.
    Beat(f64),
}

/// What to do about an armed swap now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its frame is not decided yet.
    Wait,
    At(u64),
    /// The frame is past what the engines can still be told.
    Missed,
}

impl Due {
    /// The next point of a quantum at or after a frame. While the position stands still there is none to wait for.
    pub fn next(quantum: Quantum, transport: &Transport, from: u64) -> Self {
        let beats = match quantum {
            Quantum::Now => return Self::Soonest,
            Quantum::Beat => 1.0,
            Quantum::Bar => f64::from(transport.beats_per_bar),
            Quantum::Bars(n) => f64::from(transport.beats_per_bar) * f64::from(n.max(1)),
        };
        if !transport.playing {
            return Self::Soonest;
        }
        // A position that is a hair past the point because of rounding is still at it.
        let position = transport.beat_at(from) / beats - 1e-9;
        Self::Beat((position.ceil() * beats).max(0.0))
    }

    /// The frame, as far as it can be told today.
    pub fn frame(self, transport: &Transport, earliest: u64) -> u64 {
        match self {
            Self::Soonest => earliest,
            Self::Frame(frame) => frame.max(earliest),
            Self::Beat(beat) => transport.frame_of(beat, 0).unwrap_or(earliest),
        }
    }

    /// `earliest` is the first frame that can still be chosen, `horizon` the last that is decided now.
    pub fn verdict(self, transport: &Transport, earliest: u64, horizon: u64) -> Verdict {
        let frame = self.frame(transport, earliest);
        match frame {
            f if f < earliest => Verdict::Missed,
            f if f <= horizon => Verdict::At(f),
            _ => Verdict::Wait,
        }
    }

    /// The bar (from 1) that begins there.
    pub fn bar(self, transport: &Transport) -> Option<u64> {
        match self {
            Self::Beat(beat) => {
                Some((beat / f64::from(transport.beats_per_bar.max(1))).floor() as u64 + 1)
            }
            Self::Soonest | Self::Frame(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transport() -> Transport {
        Transport::new(48_000.0, 120.0)
    }

    #[test]
    fn each_quantum_finds_its_next_point() {
        let t = transport();
        for (quantum, from, frame) in [
            (Quantum::Beat, 0, 0),
            (Quantum::Beat, 1, 24_000),
            (Quantum::Bar, 24_000, 96_000),
            (Quantum::Bar, 96_000, 96_000),
            (Quantum::Bar, 96_001, 192_000),
            (Quantum::Bars(4), 1, 384_000),
            (Quantum::Now, 77, 77),
        ] {
            let due = Due::next(quantum, &t, from);
            assert_eq!(due.frame(&t, from), frame, "{quantum} from {from}");
        }
        let stopped = t.changed_at(10, |t| t.playing = false);
        assert_eq!(Due::next(Quantum::Bar, &stopped, 10), Due::Soonest);
    }

    #[test]
    fn a_frame_is_decided_late_and_follows_the_tempo_until_then() {
        let t = transport();
        let due = Due::next(Quantum::Bar, &t, 1);
        assert_eq!(due.verdict(&t, 1_000, 3_000), Verdict::Wait);
        let faster = t.changed_at(48_000, |t| t.bpm = 240.0);
        assert_eq!(
            due.verdict(&faster, 71_000, 73_000),
            Verdict::At(48_000 + 24_000)
        );
        assert_eq!(due.verdict(&t, 95_000, 97_000), Verdict::At(96_000));
        assert_eq!(due.verdict(&t, 96_001, 98_000), Verdict::Missed);
        assert_eq!(due.bar(&t), Some(2));
    }
}
