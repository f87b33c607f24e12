//! The lowest of the last 10 s. Realtime.

/// Pieces of the window; the oldest is forgotten as a whole.
const PIECES: usize = 10;

/// Remembers the least of what it is told, for 10 s.
#[derive(Debug)]
pub struct Watermark {
    piece_frames: u64,
    piece: u64,
    lowest: [u64; PIECES],
}

impl Watermark {
    pub fn new(rate: f64) -> Self {
        Self {
            piece_frames: (rate as u64).max(1),
            piece: 0,
            lowest: [u64::MAX; PIECES],
        }
    }

    pub fn forget(&mut self) {
        self.lowest = [u64::MAX; PIECES];
    }

    /// Takes a value at a time counted in frames, and returns the lowest.
    pub fn add(&mut self, tick: u64, value: u64) -> u64 {
        let piece = tick / self.piece_frames;
        // After a long pause everything is forgotten in one round.
        for _ in 0..(piece - self.piece).min(PIECES as u64) {
            self.piece += 1;
            self.lowest[(self.piece % PIECES as u64) as usize] = u64::MAX;
        }
        self.piece = piece;
        let here = &mut self.lowest[(piece % PIECES as u64) as usize];
        *here = value.min(*here);
        self.lowest.iter().copied().min().unwrap_or(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_is_kept_for_ten_seconds_and_then_forgotten() {
        let mut w = Watermark::new(48_000.0);
        assert_eq!(w.add(0, 50), 50);
        assert_eq!(w.add(100, 7), 7);
        for second in 1..10 {
            assert_eq!(w.add(second * 48_000, 40), 7);
        }
        assert_eq!(w.add(10 * 48_000, 40), 40);
        assert_eq!(w.add(1_000 * 48_000, 60), 60);
        w.forget();
        assert_eq!(w.add(1_000 * 48_000, 70), 70);
    }
}
