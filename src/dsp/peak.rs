//! The loudest frame of a block.
use super::{
    BLOCK,
    lanes::{Float, Lanes},
};

/// The largest magnitude in each lane, by eight maxima side by side: one after the other would be as slow as the rest of a module.
#[inline(always)]
pub fn peak<L: Lanes>(l: L, block: &[L::F; BLOCK]) -> L::F {
    let mut most = [l.f(0.0); 8];
    for eight in block.chunks_exact(8) {
        for (m, x) in most.iter_mut().zip(eight) {
            *m = m.max(x.abs());
        }
    }
    let mut top = l.f(0.0);
    for m in most {
        top = top.max(m);
    }
    top
}
