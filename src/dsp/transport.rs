//! Musical time as a function of the frame number.

/// Tempo and position: a straight line from frames to beats, while it plays.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Transport {
    pub playing: bool,
    /// Beats (quarter notes) a minute.
    pub bpm: f64,
    /// The frame at which `anchor_beat` holds.
    pub anchor_frame: u64,
    /// Position in beats at `anchor_frame`.
    pub anchor_beat: f64,
    pub beats_per_bar: u32,
    /// Frames a second.
    pub rate: f64,
}

impl Transport {
    /// Playing from beat 0 at frame 0.
    pub fn new(rate: f64, bpm: f64) -> Self {
        Self {
            playing: true,
            bpm,
            anchor_frame: 0,
            anchor_beat: 0.0,
            beats_per_bar: 4,
            rate,
        }
    }

    /// Beats that pass in one frame; 0 while stopped.
    #[inline]
    pub fn beats_per_frame(&self) -> f64 {
        if self.playing {
            self.bpm / (60.0 * self.rate)
        } else {
            0.0
        }
    }

    /// Position in beats at a frame; frames before the anchor count backwards.
    #[inline]
    pub fn beat_at(&self, frame: u64) -> f64 {
        self.beat_by(frame, self.beats_per_frame())
    }

    /// The same where the beats in a frame are known: they take a division.
    #[inline]
    pub fn beat_by(&self, frame: u64, step: f64) -> f64 {
        let frames = frame as i64 - self.anchor_frame as i64;
        self.anchor_beat + frames as f64 * step
    }

    /// The first frame at or after `from` at which the position is at least `beat`; none while stopped, and for
    /// a beat that never comes.
    pub fn frame_of(&self, beat: f64, from: u64) -> Option<u64> {
        let step = self.beats_per_frame();
        if step <= 0.0 || !beat.is_finite() {
            return None;
        }
        let frames = ((beat - self.anchor_beat) / step).ceil();
        let mut frame = (self.anchor_frame as i64 + frames as i64).max(from as i64) as u64;
        // The division may round either way: settle on the frame that `beat_at` agrees with.
        while frame > from && self.beat_by(frame - 1, step) >= beat {
            frame -= 1;
        }
        while self.beat_by(frame, step) < beat {
            frame += 1;
        }
        Some(frame)
    }

    /// The same line, anchored at `frame`, changed by `change`: position never jumps.
    pub fn changed_at(&self, frame: u64, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = *self;
        next.anchor_beat = self.beat_at(frame);
        next.anchor_frame = frame;
        change(&mut next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_is_found_at_the_frame_where_it_starts() {
        let t = Transport::new(48_000.0, 132.0);
        for n in 0..10_000 {
            let beat = n as f64 * 0.25;
            let frame = t.frame_of(beat, 0).expect("playing");
            assert!(t.beat_at(frame) >= beat);
            assert!(frame == 0 || t.beat_at(frame - 1) < beat);
        }
    }

    #[test]
    fn a_tempo_change_does_not_move_the_position() {
        let t = Transport::new(48_000.0, 120.0);
        let u = t.changed_at(12_345, |t| t.bpm = 140.0);
        assert_eq!(t.beat_at(12_345), u.beat_at(12_345));
        assert_eq!(
            t.changed_at(10, |t| t.playing = false).frame_of(4.0, 0),
            None
        );
    }
}
