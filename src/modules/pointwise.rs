//! The loop of modules whose output at a frame is a function of their inputs at that frame. Runs on engine threads.
use crate::dsp::{BLOCK, lanes::Lanes};

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
    if L::N == 1 {
        // Plain arrays on both sides, so that the compiler puts neighbouring frames into vectors.
        let zeros = [ins[0].head(); BLOCK];
        let (mut flat, mut to) = ([zeros; N], zeros);
        for (x, flat) in ins.iter().zip(&mut flat) {
            match x.block() {
                Some(block) => *flat = *block,
                None => flat.fill(x.head()),
            }
        }
        for i in 0..BLOCK {
            to[i] = f(std::array::from_fn(
                #[inline(always)]
                |k| flat[k][i],
            ));
        }
        *out.block = to;
        return;
    }
    for (i, o) in out.block.iter_mut().enumerate() {
        *o = f(ins.map(
            #[inline(always)]
            |x| x.at(i),
        ));
    }
}
