//! The last step of every source: its level.
use crate::dsp::{BLOCK, lanes::Lanes};

use super::module::In;

#[inline(always)]
pub fn apply_level<L: Lanes>(out: &mut [L::F; BLOCK], level: &In<'_, L>) {
    match level.block() {
        Some(level) => {
            for (o, level) in out.iter_mut().zip(level) {
                *o = *o * *level;
            }
        }
        None => {
            let level = level.head();
            for o in out.iter_mut() {
                *o = *o * level;
            }
        }
    }
}
