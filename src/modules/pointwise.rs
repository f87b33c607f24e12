//! The loop of modules whose output at a frame is a function of their inputs at that frame. Runs on engine threads.
use crate::dsp::lanes::Lanes;

use super::module::{In, Out};

/// `out` is `f` of the inputs, frame by frame; once a block where none of them moves.
#[inline(always)]
pub fn pointwise<L: Lanes, const N: usize>(
    ins: [In<'_, L>; N],
    out: &mut Out<L>,
    f: impl Fn([L::F; N]) -> L::F,
) {
    if ins.iter().all(In::is_constant) {
        return out.fill(f(ins.map(
            #[inline(always)]
            |x| x.head(),
        )));
    }
    for (i, o) in out.block.iter_mut().enumerate() {
        *o = f(ins.map(
            #[inline(always)]
            |x| x.at(i),
        ));
    }
}
