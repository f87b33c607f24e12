//! What meters remember between two looks: held peaks and clips.
use std::time::{Duration, Instant};

use crate::control::reading::Reading;

/// How long a peak stands.
const HOLD: Duration = Duration::from_millis(1_500);
/// The meters' lower end; the quietest that priming accepts as sound (0.001).
pub const FLOOR_DB: f32 = -60.0;

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    value: f32,
    since: Option<Instant>,
}

/// Held peaks of both slots.
#[derive(Debug, Default)]
pub struct Peaks {
    held: [[Held; 2]; 2],
    clipped: [[bool; 2]; 2],
}

impl Peaks {
    pub fn update(&mut self, reading: &Reading, now: Instant) {
        for (slot, held) in reading.slots.iter().zip(&mut self.held) {
            for (peak, held) in slot.peak.iter().zip(held) {
                let over = held.since.is_none_or(|since| now >= since + HOLD);
                if *peak >= held.value || over {
                    *held = Held {
                        value: *peak,
                        since: Some(now),
                    };
                }
            }
        }
        for (slot, clipped) in reading.slots.iter().zip(&mut self.clipped) {
            for (peak, clipped) in slot.peak.iter().zip(clipped) {
                *clipped |= *peak > 1.0;
            }
        }
    }

    pub fn held_db(&self, slot: usize, channel: usize) -> f32 {
        decibels(self.held[slot][channel].value)
    }

    /// A peak above full scale passed since [`Self::clear_clips`]; the limiter caught it.
    pub fn clipped(&self, slot: usize, channel: usize) -> bool {
        self.clipped[slot][channel]
    }

    pub fn clear_clips(&mut self) {
        self.clipped = Default::default();
    }
}

pub fn decibels(amplitude: f32) -> f32 {
    20.0 * amplitude.max(1e-6).log10()
}

/// Place of a level on the meter, 0..=1.
pub fn share(db: f32) -> f32 {
    (1.0 - db / FLOOR_DB).clamp(0.0, 1.0)
}

/// "-14.2", or "-inf" below what can be heard.
pub fn db_text(db: f32) -> String {
    if db <= -99.95 {
        "-inf".to_owned()
    } else {
        format!("{db:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_stands_for_one_and_a_half_seconds() {
        let (mut peaks, start) = (Peaks::default(), Instant::now());
        let mut reading = Reading::default();
        reading.slots[0].peak = [0.5, 2.0];
        peaks.update(&reading, start);
        reading.slots[0].peak = [0.1, 0.1];
        peaks.update(&reading, start + Duration::from_millis(1_400));
        assert!((peaks.held_db(0, 0) - decibels(0.5)).abs() < 1e-3);
        peaks.update(&reading, start + Duration::from_millis(1_600));
        assert!((peaks.held_db(0, 0) - decibels(0.1)).abs() < 1e-3);
        assert!(peaks.clipped(0, 1) && !peaks.clipped(0, 0));
        peaks.clear_clips();
        assert!(!peaks.clipped(0, 1));
    }

    #[test]
    fn the_floor_is_the_quietest_sound_that_is_primed() {
        assert_eq!(share(decibels(0.001)), 0.0);
        assert_eq!(share(0.0), 1.0);
        assert!((share(-30.0) - 0.5).abs() < 1e-6);
    }
}
