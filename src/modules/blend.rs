//! What an effect does last: the signal and what it made of it, at equal power. Runs on engine threads.
use crate::dsp::{
    BLOCK,
    equal_power::equal_power,
    lanes::{Float, Lanes},
};

use super::module::{In, Io};

/// Writes the first two outputs: of the first two inputs 1 - `mix`, of `wet` `mix`.
#[inline(always)]
pub fn blend<L: Lanes>(l: L, io: &mut Io<'_, L>, mix: In<'_, L>, wet: [&[L::F; BLOCK]; 2]) {
    let steady = equal_power(l, mix.head());
    for (side, wet) in wet.into_iter().enumerate() {
        let mut flat = [l.f(0.0); BLOCK];
        let x = io.ins[side].expand(&mut flat);
        let out = &mut io.outs[side].block;
        if mix.is_constant() {
            for i in 0..BLOCK {
                out[i] = x[i].fma(steady.0, wet[i] * steady.1);
            }
            continue;
        }
        for i in 0..BLOCK {
            let (dry, part) = equal_power(l, mix.at(i));
            out[i] = x[i].fma(dry, wet[i] * part);
        }
    }
}
