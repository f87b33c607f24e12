//! The loudest frame of a block.
use super::{
    BLOCK,
    lanes::{Float, Lanes},
};

/// Maxima side by side: one after the other would be as slow as the rest of a module.
const SIDE_BY_SIDE: usize = 4;

/// The largest magnitude in each lane.
#[inline(always)]
pub fn peak<L: Lanes>(l: L, block: &[L::F; BLOCK]) -> L::F {
    let mut most = [l.run().f(0.0); SIDE_BY_SIDE];
    for start in (0..BLOCK).step_by(SIDE_BY_SIDE * L::RUN) {
        for k in 0..SIDE_BY_SIDE {
            most[k] = most[k].max(l.load(block, start + k * L::RUN).abs());
        }
    }
    let [a, b, c, d] = most;
    l.largest(a.max(b).max(c.max(d)))
}
