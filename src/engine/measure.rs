//! One look over a block: how loud, and whether every sample is a number. Runs on engine threads.
use crate::dsp::StereoBlock;

/// Left and right of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    pub peak: [f32; 2],
    /// Sum of squares.
    pub squares: [f32; 2],
    pub finite: bool,
}

/// Frames taken together: sixteen floats, a vector of the widest machine.
const GROUP: usize = 8;
/// The exponent of infinities and of what is not a number.
const EXPONENT: u32 = 0x7f80_0000;

pub fn measure(block: &StereoBlock) -> Measure {
    let mut peak = [0.0f32; 2 * GROUP];
    let mut squares = [0.0f32; 2 * GROUP];
    let mut bad = [0u32; 2 * GROUP];
    for group in block.as_flattened().chunks_exact(2 * GROUP) {
        for i in 0..2 * GROUP {
            let x = group[i];
            peak[i] = peak[i].max(x.abs());
            squares[i] += x * x;
            bad[i] |= u32::from(x.to_bits() & EXPONENT == EXPONENT);
        }
    }
    let mut all = Measure {
        peak: [0.0; 2],
        squares: [0.0; 2],
        finite: bad.iter().all(|b| *b == 0),
    };
    for i in 0..2 * GROUP {
        all.peak[i % 2] = all.peak[i % 2].max(peak[i]);
        all.squares[i % 2] += squares[i];
    }
    // A huge but finite sample has a square that isn't.
    all.squares = all.squares.map(|s| s.min(f32::MAX));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::BLOCK;

    #[test]
    fn every_sample_counts_once() {
        for i in 0..BLOCK {
            for side in 0..2 {
                let mut block = [[0.0; 2]; BLOCK];
                block[i][side] = -3.0;
                let m = measure(&block);
                assert_eq!((m.peak[side], m.squares[side]), (3.0, 9.0));
                assert_eq!((m.peak[1 - side], m.squares[1 - side]), (0.0, 0.0));
                assert!(m.finite);
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    block[i][side] = bad;
                    assert!(!measure(&block).finite);
                }
                block[i][side] = f32::MAX;
                let m = measure(&block);
                assert!(m.finite && m.squares[side].is_finite());
            }
        }
    }
}
