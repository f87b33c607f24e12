//! Takes a standing offset away where one is measured, and touches nothing else. Realtime.
use super::fade::Fader;

/// Frames whose mean is one reading.
const CHUNK: usize = 64;
/// Readings of one look: 0.34 s at 48 kHz, under a Hann window, so that a low note is not taken for an offset.
const READINGS: usize = 256;
/// Readings between looks.
const STRIDE: usize = 16;
/// As in priming: an offset counts above this and above half of what sounds.
const OFFSET: f64 = 0.01;
/// Corner of the high-pass: half a dB at 16 Hz.
const CORNER_HZ: f64 = 5.0;
/// In and out without a click.
const FADE_SECONDS: f64 = 0.05;
/// Stays at least this long, so that it does not come and go with the music.
const STAY_SECONDS: f64 = 2.0;

/// Measures always, filters only while there is something to take away.
#[derive(Debug)]
pub struct DcBlocker {
    rate: f64,
    frame: u64,
    /// The chunk being read.
    sums: [f64; 2],
    squares: [f64; 2],
    readings: Box<[Reading]>,
    hann: Box<[f64]>,
    next: usize,
    /// Share of the offset that is taken away.
    share: Fader,
    engaged_until: u64,
    offset: [f64; 2],
    coefficient: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    mean: [f64; 2],
    square: [f64; 2],
}

impl DcBlocker {
    pub fn new(rate: f32) -> Self {
        let window = |i: usize| {
            let x = (i as f64 + 0.5) / READINGS as f64;
            0.5 - 0.5 * (x * std::f64::consts::TAU).cos()
        };
        Self {
            rate: f64::from(rate),
            frame: 0,
            sums: [0.0; 2],
            squares: [0.0; 2],
            readings: vec![Reading::default(); READINGS].into(),
            hann: (0..READINGS).map(window).collect(),
            next: 0,
            share: Fader::settled(0.0),
            engaged_until: 0,
            offset: [0.0; 2],
            coefficient: 1.0 - (-std::f64::consts::TAU * CORNER_HZ / f64::from(rate)).exp(),
        }
    }

    /// In place; samples are finite.
    pub fn process(&mut self, out: &mut [[f32; 2]]) {
        let mut rest = out;
        while !rest.is_empty() {
            let room = CHUNK - (self.frame % CHUNK as u64) as usize;
            let (piece, later) = rest.split_at_mut(room.min(rest.len()));
            self.piece(piece);
            rest = later;
        }
    }

    pub fn is_engaged(&self) -> bool {
        self.share.settled_at(self.frame) != Some(0.0)
    }

    fn piece(&mut self, piece: &mut [[f32; 2]]) {
        for frame in piece.iter() {
            for (side, x) in frame.iter().enumerate() {
                let x = f64::from(*x);
                self.sums[side] += x;
                self.squares[side] += x * x;
            }
        }
        if self.is_engaged() {
            for (i, frame) in piece.iter_mut().enumerate() {
                let share = self.share.at(self.frame + i as u64);
                for (sample, offset) in frame.iter_mut().zip(&mut self.offset) {
                    let x = f64::from(*sample);
                    *offset += self.coefficient * (x - *offset);
                    *sample = (x - share * *offset) as f32;
                }
            }
        }
        self.frame += piece.len() as u64;
        if self.frame.is_multiple_of(CHUNK as u64) {
            self.end_of_chunk();
        }
    }

    fn end_of_chunk(&mut self) {
        self.readings[self.next] = Reading {
            mean: self.sums.map(|s| s / CHUNK as f64),
            square: self.squares.map(|s| s / CHUNK as f64),
        };
        (self.sums, self.squares) = ([0.0; 2], [0.0; 2]);
        self.next = (self.next + 1) % READINGS;
        if self.next.is_multiple_of(STRIDE) {
            self.look();
        }
    }

    fn look(&mut self) {
        let offset = (0..2).any(|side| self.has_offset(side));
        let fade = (FADE_SECONDS * self.rate) as u32;
        if offset {
            self.engaged_until = self.frame + (STAY_SECONDS * self.rate) as u64;
            if self.share.target() == 0.0 {
                if !self.is_engaged() {
                    // It starts as no filter at all and learns the offset while it fades in.
                    self.offset = [0.0; 2];
                }
                self.share.start(self.frame, self.frame, fade, 1.0);
            }
        } else if self.share.target() == 1.0 && self.frame >= self.engaged_until {
            self.share.start(self.frame, self.frame, fade, 0.0);
        }
    }

    fn has_offset(&self, side: usize) -> bool {
        let (mut mean, mut square, mut weight) = (0.0, 0.0, 0.0);
        for (i, w) in self.hann.iter().enumerate() {
            let reading = &self.readings[(self.next + i) % READINGS];
            mean += w * reading.mean[side];
            square += w * reading.square[side];
            weight += w;
        }
        (mean, square) = (mean / weight, square / weight);
        let sound = (square - mean * mean).max(0.0).sqrt();
        mean.abs() > OFFSET && mean.abs() > 0.5 * sound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, level: f32, offset: f32, frames: usize) -> Vec<[f32; 2]> {
        let step = hz * std::f32::consts::TAU / 48e3;
        let at = |i: usize| offset + level * (i as f32 * step).sin();
        (0..frames).map(|i| [at(i); 2]).collect()
    }

    #[test]
    fn sound_without_an_offset_is_not_touched() {
        for (hz, level, offset) in [(30.0, 0.9, 0.0), (440.0, 0.5, 0.009), (110.0, 0.5, 0.1)] {
            let input = tone(hz, level, offset, 96_000);
            let mut out = input.clone();
            DcBlocker::new(48e3).process(&mut out);
            assert_eq!(out, input, "{hz} Hz");
        }
    }

    #[test]
    fn an_offset_goes_without_a_step_however_it_is_cut_and_the_filter_leaves_again() {
        let mut input = tone(440.0, 0.1, 0.3, 96_000);
        input.extend(tone(440.0, 0.1, 0.0, 480_000));
        let mut whole = input.clone();
        let mut blocker = DcBlocker::new(48e3);
        blocker.process(&mut whole[..96_000]);
        assert!(blocker.is_engaged());
        let mean = |s: &[[f32; 2]]| s.iter().map(|f| f[0]).sum::<f32>() / s.len() as f32;
        assert!(mean(&whole[48_000..96_000]).abs() < 0.003);
        let steepest = |s: &[[f32; 2]]| {
            s.windows(2)
                .map(|w| (w[1][0] - w[0][0]).abs())
                .fold(0.0, f32::max)
        };
        assert!(steepest(&whole[..96_000]) < 1.05 * steepest(&input[..90_000]));
        blocker.process(&mut whole[96_000..]);
        assert!(!blocker.is_engaged());
        assert_eq!(whole[500_000..], input[500_000..]);

        let mut cut = input;
        let mut blocker = DcBlocker::new(48e3);
        for piece in cut.chunks_mut(97) {
            blocker.process(piece);
        }
        assert_eq!(cut, whole);
    }
}
