//! The last 100 ms of the streams: how loud, and how much alike. Counted in whole blocks on the grid, so that what is decided from
//! them does not depend on the host's callbacks.
use crate::dsp::{BLOCK, StereoBlock};
use crate::engine::block::Block;

/// One block's loudness, left and right.
#[derive(Clone, Copy, Debug, Default)]
struct Loudness {
    squares: [f32; 2],
    peak: [f32; 2],
}

/// RMS and peak over a window of blocks.
#[derive(Debug)]
pub struct Meter {
    blocks: Box<[Loudness]>,
    next: usize,
}

/// RMS and peak, left and right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    pub rms: [f32; 2],
    pub peak: [f32; 2],
}

/// Blocks of 100 ms.
fn window(rate: f32) -> usize {
    ((rate * 0.1 / BLOCK as f32).ceil() as usize).max(1)
}

fn louder(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}

impl Meter {
    pub fn new(rate: f32) -> Self {
        Self {
            blocks: vec![Loudness::default(); window(rate)].into(),
            next: 0,
        }
    }

    pub fn push(&mut self, squares: [f32; 2], peak: [f32; 2]) {
        self.blocks[self.next] = Loudness { squares, peak };
        self.next = (self.next + 1) % self.blocks.len();
    }

    pub fn forget(&mut self) {
        self.blocks.fill(Loudness::default());
    }

    pub fn level(&self) -> Level {
        let mut squares = [0.0f64; 2];
        let mut level = Level::default();
        for block in &self.blocks {
            for (sum, part) in squares.iter_mut().zip(block.squares) {
                *sum += f64::from(part);
            }
            level.peak = louder(level.peak, block.peak);
        }
        let frames = (self.blocks.len() * BLOCK) as f64;
        level.rms = squares.map(|s| (s / frames).sqrt() as f32);
        level
    }
}

/// A meter of frames that come in pieces of any length.
#[derive(Debug)]
pub struct StreamMeter {
    meter: Meter,
    count: usize,
    part: Loudness,
}

impl StreamMeter {
    pub fn new(rate: f32) -> Self {
        Self {
            meter: Meter::new(rate),
            count: 0,
            part: Loudness::default(),
        }
    }

    pub fn push(&mut self, frames: &[[f32; 2]]) {
        for frame in frames {
            for (sum, x) in self.part.squares.iter_mut().zip(frame) {
                *sum += x * x;
            }
            self.part.peak = louder(self.part.peak, frame.map(f32::abs));
            self.count += 1;
            if self.count == BLOCK {
                self.meter.push(self.part.squares, self.part.peak);
                (self.count, self.part) = (0, Loudness::default());
            }
        }
    }

    pub fn level(&self) -> Level {
        self.meter.level()
    }
}

/// One block's products of the two streams.
#[derive(Clone, Copy, Debug, Default)]
struct Products {
    aa: f64,
    bb: f64,
    ab: f64,
}

impl Products {
    fn of(a: &Block, b: &Block) -> Self {
        Self {
            aa: f64::from(a.squares[0]) + f64::from(a.squares[1]),
            bb: f64::from(b.squares[0]) + f64::from(b.squares[1]),
            ab: dot(&a.frames, &b.frames),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            aa: self.aa + other.aa,
            bb: self.bb + other.bb,
            ab: self.ab + other.ab,
        }
    }
}

/// How much alike the two streams are.
#[derive(Debug)]
pub struct Correlation {
    blocks: Box<[Products]>,
    next: usize,
    /// Blocks in a row that both had.
    known: usize,
    /// The block that is being played: not yet part of what was.
    current: Products,
}

impl Correlation {
    pub fn new(rate: f32) -> Self {
        Self {
            blocks: vec![Products::default(); window(rate)].into(),
            next: 0,
            known: 0,
            current: Products::default(),
        }
    }

    /// The next block of both, where both are in step; a block that only one of them has tells nothing.
    pub fn push(&mut self, both: Option<(&Block, &Block)>) {
        self.blocks[self.next] = self.current;
        self.next = (self.next + 1) % self.blocks.len();
        self.current = Products::default();
        self.known = match both {
            Some((a, b)) => {
                self.current = Products::of(a, b);
                self.known + 1
            }
            None => 0,
        };
    }

    pub fn forget(&mut self) {
        self.blocks.fill(Products::default());
        self.current = Products::default();
        self.known = 0;
    }

    /// The correlation of the last 100 ms before the block being played, clamped to 0..=1: opposite streams are not to be
    /// boosted without limit. 0 where one of them is silent. Where the two have not been in step for that long, what is
    /// `ahead` of both in their rings is asked too: a patch that carries on the sound of the other has no past of its own.
    pub fn rho<'a>(&self, ahead: impl Iterator<Item = (&'a Block, &'a Block)>) -> f32 {
        let mut sum = self
            .blocks
            .iter()
            .fold(Products::default(), |sum, block| sum.plus(*block));
        if self.known <= self.blocks.len() {
            sum = ahead.fold(sum, |sum, (a, b)| sum.plus(Products::of(a, b)));
        }
        let power = (sum.aa * sum.bb).sqrt();
        // -120 dBFS over the window: below that it is noise of the arithmetic.
        if power.is_nan() || power < 1e-12 * (self.blocks.len() * BLOCK) as f64 {
            return 0.0;
        }
        (sum.ab / power).clamp(0.0, 1.0) as f32
    }
}

/// Sixteen sums side by side, in a fixed order: the compiler may use vectors, and the result is the same on every machine.
fn dot(a: &StereoBlock, b: &StereoBlock) -> f64 {
    let mut sums = [0.0f32; 16];
    let pairs = a
        .as_flattened()
        .chunks_exact(16)
        .zip(b.as_flattened().chunks_exact(16));
    for (a, b) in pairs {
        for i in 0..16 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().map(|s| f64::from(*s)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(value: impl Fn(usize) -> f32, n: usize) -> Block {
        let mut block = Block::SILENCE;
        for (i, frame) in block.frames.iter_mut().enumerate() {
            *frame = [value(n * BLOCK + i); 2];
        }
        let squares: f32 = block.frames.iter().map(|f| f[0] * f[0]).sum();
        block.squares = [squares; 2];
        block
    }

    fn rho(a: impl Fn(usize) -> f32, b: impl Fn(usize) -> f32) -> f32 {
        let mut c = Correlation::new(48_000.0);
        for n in 0..80 {
            c.push(Some((&block(&a, n), &block(&b, n))));
        }
        c.rho(std::iter::empty())
    }

    fn sine(hz: f32) -> impl Fn(usize) -> f32 {
        move |i| (i as f32 * hz * std::f32::consts::TAU / 48_000.0).sin()
    }

    #[test]
    fn correlation_tells_same_from_different() {
        assert!((rho(sine(440.0), sine(440.0)) - 1.0).abs() < 1e-5);
        assert!((rho(sine(440.0), |i| 0.25 * sine(440.0)(i)) - 1.0).abs() < 1e-5);
        assert!(rho(sine(440.0), sine(660.0)) < 0.02);
        assert_eq!(rho(sine(440.0), |i| -sine(440.0)(i)), 0.0);
        assert_eq!(rho(sine(440.0), |_| 0.0), 0.0);
    }

    #[test]
    fn the_block_being_played_is_not_in_the_past() {
        let mut c = Correlation::new(48_000.0);
        let loud = block(sine(440.0), 0);
        c.push(Some((&loud, &loud)));
        assert_eq!(c.rho(std::iter::empty()), 0.0);
        assert!(c.rho([(&loud, &loud)].into_iter()) > 0.99);
        c.push(None);
        assert!(c.rho(std::iter::empty()) > 0.99);
    }

    #[test]
    fn a_meter_covers_a_tenth_of_a_second() {
        let mut m = Meter::new(48_000.0);
        m.push([64.0, 16.0], [1.0, 0.5]);
        for _ in 0..74 {
            m.push([64.0, 16.0], [0.9, 0.5]);
        }
        assert_eq!(m.level().peak, [1.0, 0.5]);
        assert!((m.level().rms[0] - 1.0).abs() < 1e-6 && (m.level().rms[1] - 0.5).abs() < 1e-6);
        m.push([0.0; 2], [0.0; 2]);
        assert_eq!(m.level().peak, [0.9, 0.5]);
    }
}
