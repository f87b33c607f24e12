//! The last step of every source: its level.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
};

use super::module::In;

/// What a source multiplies its samples with as it makes them: its level, or 1 where that moves and [`apply_moving`] follows.
#[inline(always)]
pub fn steady_level<L: Lanes>(l: L, level: &In<'_, L>) -> L::F {
    match level.block() {
        Some(_) => l.f(1.0),
        None => level.head(),
    }
}

/// Applies a level that moves within the block.
#[inline(always)]
pub fn apply_moving<L: Lanes>(out: &mut [L::F; BLOCK], level: &In<'_, L>) {
    if let Some(level) = level.block() {
        for (o, level) in out.iter_mut().zip(level) {
            *o = *o * *level;
        }
    }
}

/// Applies a level, moving or not; full level costs nothing.
#[inline(always)]
pub fn apply_level<L: Lanes>(l: L, out: &mut [L::F; BLOCK], level: &In<'_, L>) {
    let gain = level.head();
    if !level.is_constant() {
        apply_moving(out, level);
    } else if !is_full(l, gain) {
        for o in out.iter_mut() {
            *o = *o * gain;
        }
    }
}

/// Whether a gain is 1 in every lane.
#[inline(always)]
pub fn is_full<L: Lanes>(l: L, gain: L::F) -> bool {
    let full = l.f(1.0);
    (gain.ge(full) & full.ge(gain)).all()
}
