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
    let (dry, part) = equal_power(l, mix.head());
    let steady = (l.spread(dry), l.spread(part));
    for (side, wet) in wet.into_iter().enumerate() {
        let mut flat = [l.f(0.0); BLOCK];
        let x = io.ins[side].expand(&mut flat);
        let out = &mut io.outs[side].block[..];
        for at in (0..BLOCK).step_by(L::RUN) {
            let (dry, part) = match mix.block() {
                None => steady,
                Some(mix) => equal_power(l.run(), l.load(mix, at)),
            };
            let wet = l.load(wet, at) * part;
            l.store(out, at, l.load(x, at).fma(dry, wet));
        }
    }
}
