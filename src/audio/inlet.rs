//! Brings what a device captured onto the timeline: ahead of the engines, without a click where the two clocks drift apart. Realtime.
use std::sync::atomic::Ordering::Relaxed;

use crate::dsp::BLOCK;
use crate::engine::input::{InputTape, Rings};

/// Frames of a crossfade where something is repeated or left out.
const FADE: u32 = 128;
/// Callbacks without a new frame after which the device is taken for silent.
const STALLED: u32 = 16;
/// A device is given so many times its margin before frames are left out: clocks drift slowly, bursts come and go.
const SLACK: u64 = 3;

/// Whose frames have which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// A device with a clock of its own.
    Drifting,
    /// A file: its frames are the timeline's.
    Exact,
}

/// The callback's place in what was captured.
#[derive(Debug)]
pub struct Inlet {
    timing: Timing,
    /// The next captured frame; none: silence.
    at: Option<u64>,
    /// What is faded out, and how many frames of the fade are left.
    before: Option<u64>,
    left: u32,
    /// The end of what was captured, and for how many callbacks it has not moved.
    seen: u64,
    still: u32,
    largest: u64,
}

impl Inlet {
    pub fn new(timing: Timing) -> Self {
        Self {
            timing,
            at: None,
            before: None,
            left: 0,
            seen: 0,
            still: 0,
            largest: 0,
        }
    }

    /// Fills the timeline up to a frame, for a callback of `frames`. Before anything was captured it does nothing.
    pub fn bring(&mut self, tape: &InputTape, until: u64, frames: u64) {
        let Some(rings) = tape.rings() else { return };
        let captured = rings.captured.end();
        if captured == 0 {
            return;
        }
        self.largest = self.largest.max(frames);
        if rings.timeline.end() == 0 && self.timing == Timing::Drifting {
            rings.timeline.restart(until.saturating_sub(frames));
        }
        let from = rings.timeline.end();
        let until = match self.timing {
            Timing::Exact => until.min(captured),
            Timing::Drifting => until,
        };
        if until <= from {
            return;
        }
        match self.timing {
            Timing::Exact => self.at = Some(from),
            Timing::Drifting => self.follow(tape, captured, until - from),
        }
        let mut block = [[0.0; 2]; BLOCK];
        let mut number = from;
        while number < until {
            let len = (until - number).min(BLOCK as u64) as usize;
            for frame in &mut block[..len] {
                *frame = self.next(rings);
            }
            rings.timeline.push(&block[..len]);
            number += len as u64;
        }
    }

    /// Where to go on, `wanted` frames being taken now.
    fn follow(&mut self, tape: &InputTape, captured: u64, wanted: u64) {
        match captured == self.seen {
            true => self.still = self.still.saturating_add(1),
            false => (self.seen, self.still) = (captured, 0),
        }
        // A device that has just brought frames brings the next ones a whole load later.
        let largest = u64::from(tape.largest.load(Relaxed));
        let margin = largest + self.largest + wanted + 2 * u64::from(FADE);
        let Some(at) = self.at else {
            if self.still == 0 && captured >= margin {
                self.go(Some(captured - margin));
            }
            return;
        };
        let there = captured.saturating_sub(at);
        if self.still >= STALLED {
            self.go(None);
        } else if there < wanted + u64::from(FADE) || there > SLACK * margin {
            self.go(Some(captured.saturating_sub(margin)));
        }
    }

    fn go(&mut self, to: Option<u64>) {
        (self.before, self.at, self.left) = (self.at, to, FADE);
    }

    #[inline]
    fn next(&mut self, rings: &Rings) -> [f32; 2] {
        let read = |place: &mut Option<u64>| match place {
            Some(at) => {
                *at += 1;
                rings.captured.frame(*at - 1)
            }
            None => [0.0; 2],
        };
        let now = read(&mut self.at);
        if self.left == 0 {
            return now;
        }
        let old = read(&mut self.before);
        self.left -= 1;
        let x = 1.0 - self.left as f32 / FADE as f32;
        let part = x * x * (3.0 - 2.0 * x);
        [0, 1].map(|side| old[side] + (now[side] - old[side]) * part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    fn tone(frame: u64) -> [f32; 2] {
        let x = (std::f64::consts::TAU * 200.0 * frame as f64 / RATE).sin() as f32;
        [0.5 * x, -0.5 * x]
    }

    /// What is on the timeline after callbacks of 256 frames, the device being `fast` times as fast, in loads of 480, until it is lost.
    fn heard(fast: f64, callbacks: u64, lost: u64) -> (InputTape, Vec<f32>) {
        let (tape, mut inlet) = (InputTape::default(), Inlet::new(Timing::Drifting));
        tape.open();
        let mut sound = Vec::new();
        let mut brought = 0;
        for n in 0..callbacks {
            while n < lost && ((brought + 480) as f64) < (n * 256) as f64 * fast {
                let load: Vec<_> = (brought..brought + 480).map(tone).collect();
                tape.capture(&load);
                brought += 480;
            }
            let frame = n * 256;
            inlet.bring(&tape, frame + 256 + 2_048, 256);
            let mut out = [[0.0; 2]; 256];
            let late = tape.open().timeline.read(frame, &mut out);
            assert!(n < 20 || late == 0);
            sound.extend(out.map(|f| f[0]));
        }
        (tape, sound)
    }

    fn bend(x: &[f32]) -> f32 {
        x.windows(3)
            .map(|w| (w[0] - 2.0 * w[1] + w[2]).abs())
            .fold(0.0, f32::max)
    }

    #[test]
    fn clocks_that_drift_are_bridged_without_a_click_and_the_delay_stays() {
        for fast in [0.998, 0.999_9, 1.0, 1.000_1, 1.002] {
            let (tape, sound) = heard(fast, 4_000, u64::MAX);
            // The tone itself bends by 3.4e-4, a crossfade of opposite phases by 1.5e-4 more; a step would be as large as the tone.
            assert!(bend(&sound) < 8e-4, "{fast}: {}", bend(&sound));
            let loud = sound[20_000..]
                .chunks(960)
                .all(|c| c.iter().any(|x| x.abs() > 0.15));
            assert!(loud, "{fast}: silent for 20 ms");
            let ahead = tape.brought() as f64 - 4_000.0 * 256.0 * fast;
            assert!(ahead.abs() < 1_000.0);
        }
        // Nothing is repeated or left out where the clocks agree.
        let (_, sound) = heard(1.0, 1_000, u64::MAX);
        let period = 240;
        let same = (30_000..200_000).all(|i| (sound[i] - sound[i + period]).abs() < 1e-4);
        assert!(same);
    }

    #[test]
    fn a_lost_device_fades_to_silence_and_its_return_fades_in() {
        let (tape, sound) = heard(1.0, 400, 200);
        assert!(bend(&sound) < 8e-4, "{}", bend(&sound));
        assert!(sound[70 * 256..180 * 256].iter().any(|x| x.abs() > 0.4));
        assert!(sound[240 * 256..].iter().all(|x| *x == 0.0));
        assert_eq!(tape.late.load(Relaxed), 0);
    }

    #[test]
    fn a_file_is_on_the_timeline_to_the_frame() {
        let (tape, mut inlet) = (InputTape::default(), Inlet::new(Timing::Exact));
        tape.open();
        let frames: Vec<_> = (0..9_000).map(tone).collect();
        tape.capture(&frames);
        for n in 0..20 {
            inlet.bring(&tape, n * 256 + 2_000, 256);
            let block = tape.block(n * 256).expect("there");
            assert_eq!(block[..], frames[(n * 256) as usize..][..BLOCK]);
        }
    }
}
