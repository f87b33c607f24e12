//! MIDI clock, 24 ticks a beat: the tempo of one that comes in, without its jitter; the ticks of our own. Pure.
use std::collections::VecDeque;

/// Ticks in a quarter note.
pub const TICKS: f64 = 24.0;
/// Ticks that the tempo is measured over: two beats. Ticks that come 1 ms early or late then leave 0.05 % of error.
const WINDOW: usize = 48;
/// Ticks that there must be before a tempo is told.
const LEAST: usize = 12;
/// A pause this long, in seconds, is no tick: 20 BPM has one each 125 ms.
const PAUSE: f64 = 0.3;
/// The newest ticks that may say that the tempo jumped, and by how much: jitter moves their mean by 1 %.
const NEWEST: usize = 6;
const JUMPED: f64 = 0.05;
/// Changes below this share are jitter.
const SAME: f64 = 0.001;

/// What comes in.
#[derive(Debug, Default)]
pub struct ClockIn {
    ticks: VecDeque<f64>,
    told: f64,
}

impl ClockIn {
    /// A tick at a time in seconds; the tempo, where it is another than was told.
    pub fn tick(&mut self, time: f64) -> Option<f64> {
        if self
            .ticks
            .back()
            .is_some_and(|last| !(0.0..PAUSE).contains(&(time - last)))
        {
            self.ticks.clear();
        }
        self.ticks.push_back(time);
        if self.ticks.len() > WINDOW {
            self.ticks.pop_front();
        }
        let count = self.ticks.len();
        if count < LEAST {
            return None;
        }
        let newest = (time - self.ticks[count - 1 - NEWEST]) / NEWEST as f64;
        let mut length = self.length();
        if (newest / length - 1.0).abs() > JUMPED {
            self.ticks.drain(..count - 1 - NEWEST);
            length = self.length();
        }
        let bpm = 60.0 / (TICKS * length);
        if (bpm / self.told - 1.0).abs() < SAME {
            return None;
        }
        self.told = bpm;
        Some((bpm * 100.0).round() / 100.0)
    }

    /// A tick's length in seconds: the line of least squares through all.
    fn length(&self) -> f64 {
        let n = self.ticks.len() as f64;
        let middle = (n - 1.0) / 2.0;
        let first = self.ticks.front().copied().unwrap_or(0.0);
        let (mut along, mut across) = (0.0, 0.0);
        for (i, time) in self.ticks.iter().enumerate() {
            let x = i as f64 - middle;
            along += x * (time - first);
            across += x * x;
        }
        along / across
    }
}

/// What goes out, as bytes of one message each.
#[derive(Debug, Default)]
pub struct ClockOut {
    /// The tick that was sent last; none while stopped.
    last: Option<i64>,
    /// Where it was stopped.
    stopped_at: Option<f64>,
}

const TICK: u8 = 0xf8;
const START: u8 = 0xfa;
const CONTINUE: u8 = 0xfb;
const STOP: u8 = 0xfc;
/// Ticks that are made up for after a late look; more are left out.
const MOST_LATE: i64 = 6;

impl ClockOut {
    /// What is due at a beat.
    pub fn due(&mut self, beat: f64, playing: bool) -> Vec<u8> {
        if !playing {
            let was = self.last.take().is_some();
            if was {
                self.stopped_at = Some(beat);
            }
            return if was { vec![STOP] } else { Vec::new() };
        }
        let now = (beat * TICKS).floor() as i64;
        let Some(last) = self.last else {
            self.last = Some(now);
            let start = match self.stopped_at {
                Some(_) => CONTINUE,
                None => START,
            };
            return vec![start, TICK];
        };
        self.last = Some(now.max(last));
        vec![TICK; (now - last).clamp(0, MOST_LATE) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks at a tempo, each early or late by up to a millisecond.
    fn feed(clock: &mut ClockIn, from: f64, bpm: f64, beats: u32) -> (Vec<f64>, f64) {
        let mut told = Vec::new();
        let mut time = from;
        for n in 0..beats * 24 {
            time = from + f64::from(n) * 60.0 / (bpm * TICKS);
            let jitter = f64::from(n * 7919 % 21) * 0.0001 - 0.001;
            told.extend(clock.tick(time + jitter));
        }
        (told, time)
    }

    #[test]
    fn the_tempo_of_a_clock_with_jitter_stands_still_and_follows_a_jump() {
        let mut clock = ClockIn::default();
        let (told, end) = feed(&mut clock, 10.0, 120.0, 16);
        let last = *told.last().expect("told");
        assert!((last - 120.0).abs() < 0.2, "{told:?}");
        assert!(told.len() < 12, "{told:?}");
        let (told, end) = feed(&mut clock, end + 0.0156, 160.0, 8);
        let last = *told.last().expect("told");
        assert!((last - 160.0).abs() < 0.3, "{told:?}");
        let soon = told.iter().position(|bpm| (bpm - 160.0).abs() < 3.0);
        assert!(soon.is_some_and(|n| n < 8), "{told:?}");
        // After a pause it begins anew.
        let (told, _) = feed(&mut clock, end + 5.0, 90.0, 4);
        assert!((told.last().expect("told") - 90.0).abs() < 0.3, "{told:?}");
    }

    #[test]
    fn ours_has_24_ticks_a_beat_and_says_start_stop_and_continue() {
        let mut clock = ClockOut::default();
        let mut sent = Vec::new();
        for n in 0..=4_000 {
            sent.extend(clock.due(f64::from(n) * 0.001, true));
        }
        assert_eq!(sent[0], START);
        assert_eq!(sent.iter().filter(|b| **b == TICK).count(), 97);
        assert_eq!(clock.due(4.0, false), [STOP]);
        assert!(clock.due(4.0, false).is_empty());
        assert_eq!(clock.due(4.0, true), [CONTINUE, TICK]);
        assert_eq!(clock.due(9.0, true).len(), MOST_LATE as usize);
    }
}
