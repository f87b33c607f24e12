//! Swing: positions in the song as written, to the beats at which they sound. Runs on engine threads.

/// In every pair of `grid` lengths the second begins late, and what lies between moves along. A straight line to each side, so
/// that positions keep their order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swing {
    /// In grid lengths, -0.9..=0.9; 1/3 makes triplets.
    pub late: f64,
    /// Beats. Powers of two keep the arithmetic exact.
    pub grid: f64,
}

/// How far the second of a pair may move: the order of positions must hold.
pub const MOST: f64 = 0.9;

impl Swing {
    /// As a patch's `swing` says it: on sixteenths.
    pub const GRID: f64 = 0.25;
    pub const NONE: Self = Self {
        late: 0.0,
        grid: Self::GRID,
    };

    pub fn new(late: f64, grid: f64) -> Self {
        Self {
            // As precise as a module's own, so that the two can cancel.
            late: f64::from(late.clamp(-MOST, MOST) as f32),
            grid,
        }
    }

    /// The beat at which a position sounds.
    #[inline]
    pub fn beat_of(&self, position: f64) -> f64 {
        if self.late == 0.0 {
            return position;
        }
        self.grid * self.warped(position / self.grid)
    }

    /// As [`Swing::beat_of`], in grid lengths: exact for whole ones.
    #[inline]
    pub fn warped(&self, grids: f64) -> f64 {
        let pair = (grids * 0.5).floor() * 2.0;
        let inside = grids - pair;
        match inside < 1.0 {
            true => pair + inside * (1.0 + self.late),
            false => pair + 1.0 + self.late + (inside - 1.0) * (1.0 - self.late),
        }
    }

    /// The position that sounds at a beat, but for rounding: edges are decided by [`Swing::beat_of`].
    #[inline]
    pub fn position_at(&self, beat: f64) -> f64 {
        if self.late == 0.0 {
            return beat;
        }
        let grids = beat / self.grid;
        let pair = (grids * 0.5).floor() * 2.0;
        let inside = grids - pair;
        let middle = 1.0 + self.late;
        let straight = match inside < middle {
            true => inside / middle,
            false => 1.0 + (inside - middle) / (1.0 - self.late),
        };
        self.grid * (pair + straight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_sixteenth_is_late_and_eighths_stay() {
        let swing = Swing::new(0.5, 0.25);
        for (position, beat) in [
            (0.0, 0.0),
            (0.25, 0.375),
            (0.5, 0.5),
            (0.125, 0.1875),
            (0.375, 0.4375),
            (-0.25, -0.125),
            (7.75, 7.875),
        ] {
            assert_eq!(swing.beat_of(position), beat);
            assert_eq!(swing.position_at(beat), position);
        }
    }

    #[test]
    fn positions_keep_their_order_and_come_back() {
        for late in [-0.9, -0.3, 0.0, 0.21, 0.9] {
            let swing = Swing::new(late, 0.25);
            let mut last = f64::NEG_INFINITY;
            for n in -1_000..1_000 {
                let position = n as f64 * 0.013;
                let beat = swing.beat_of(position);
                assert!(beat > last);
                last = beat;
                assert!((swing.position_at(beat) - position).abs() < 1e-9);
            }
        }
    }
}
