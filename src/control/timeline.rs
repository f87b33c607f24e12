//! At which frame a command takes effect: never before what the engines may already have rendered. Pure arithmetic.
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::command::At;

/// What time it is, told from outside: the supervisor has no clock of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// Since the program started; never goes back.
    pub steady: Duration,
    /// For time tags that other programs sent.
    pub system: SystemTime,
}

impl Now {
    /// A scripted time, for lock step: both clocks started together.
    pub fn scripted(steady: Duration) -> Self {
        Self {
            steady,
            system: UNIX_EPOCH + steady,
        }
    }
}

/// Where the timeline stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heads {
    /// Frames that the callback has delivered.
    pub played: u64,
    /// The first frame that every engine can still be told about in time.
    pub earliest: u64,
}

/// The line from the system clock to the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClockLine {
    /// System time, in seconds, at which frame 0 was or would have been delivered; with when it was measured.
    zero: Option<(f64, f64)>,
}

/// Two quartz clocks part by less than this: seconds a second.
const DRIFT: f64 = 2e-4;
/// A jump of this much means that the clock was set or the timeline stood still.
const JUMP: f64 = 0.5;

impl ClockLine {
    /// Takes a look at both. The played frame only moves once a period, so it lags behind: the least lag is believed.
    pub fn observe(&mut self, now: SystemTime, played: u64, rate: f64) {
        let now = seconds(now);
        let measured = now - played as f64 / rate;
        let zero = match self.zero {
            Some((zero, then)) if (measured - zero).abs() < JUMP => {
                measured.min(zero + DRIFT * (now - then).max(0.0))
            }
            _ => measured,
        };
        self.zero = Some((zero, now));
    }

    /// The frame that is delivered at a time; 0 before the timeline's start or the first look.
    pub fn frame_at(&self, time: SystemTime, rate: f64) -> u64 {
        let Some((zero, _)) = self.zero else {
            return 0;
        };
        ((seconds(time) - zero) * rate).round().max(0.0) as u64
    }
}

fn seconds(time: SystemTime) -> f64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// The frame for a command: what was asked for, or the earliest that is still possible.
pub fn stamp(at: At, heads: &Heads, clock: &ClockLine, rate: f64) -> u64 {
    let asked = match at {
        At::Soon => 0,
        At::Frame(frame) => frame,
        At::Time(time) => clock.frame_at(time, rate),
    };
    asked.max(heads.earliest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    #[test]
    fn a_command_never_meets_a_frame_that_may_be_rendered() {
        let heads = Heads {
            played: 1_000,
            earliest: 2_112,
        };
        let clock = ClockLine::default();
        assert_eq!(stamp(At::Soon, &heads, &clock, RATE), 2_112);
        assert_eq!(stamp(At::Frame(5), &heads, &clock, RATE), 2_112);
        assert_eq!(stamp(At::Frame(9_999), &heads, &clock, RATE), 9_999);
    }

    #[test]
    fn a_time_tag_meets_its_frame_although_the_callback_moves_in_periods() {
        let mut clock = ClockLine::default();
        let start = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let at = |s: f64| start + Duration::from_secs_f64(s);
        for n in 0..4_000u32 {
            // Looked at every 2.3 ms; the frame moves every 1,024 frames.
            let t = f64::from(n) * 0.0023;
            let played = ((t * RATE) as u64 / 1_024) * 1_024;
            clock.observe(at(t), played, RATE);
        }
        let frame = clock.frame_at(at(12.0), RATE) as f64;
        assert!((frame - 12.0 * RATE).abs() < 120.0, "{frame}");
    }

    #[test]
    fn a_stopped_timeline_is_followed() {
        let mut clock = ClockLine::default();
        clock.observe(UNIX_EPOCH + Duration::from_secs(10), 480_000, RATE);
        clock.observe(UNIX_EPOCH + Duration::from_secs(20), 480_000, RATE);
        let frame = clock.frame_at(UNIX_EPOCH + Duration::from_secs(21), RATE);
        assert_eq!(frame, 480_000 + 48_000);
    }
}
