//! What sine oscillators and what sways share: a block's phases; and a tone that modulates itself. Runs on engine threads.
use crate::dsp::{
    BLOCK,
    lanes::Lanes,
    phase::{Phase, turns},
    sine::sin_turn,
};

use super::module::In;

/// A block's phases: at `steady` hertz, else at a frequency for each frame.
#[inline(always)]
pub fn phases<L: Lanes>(
    l: L,
    phase: &mut Phase<L>,
    rate: f32,
    steady: Option<L::F>,
    freq: impl Fn(usize) -> L::F,
) -> [L::I; BLOCK] {
    let mut phases = [l.i(0); BLOCK];
    if let Some(freq) = steady {
        phase.tune(l, freq, rate);
        phase.fill(l, &mut phases);
    } else {
        phase.advance_along(
            l,
            rate,
            freq,
            #[inline(always)]
            |i, turn| phases[i] = turn,
        );
    }
    phases
}

/// The phases of a slow oscillator whose words begin `state`, at a `freq` that is turned or not.
#[inline(always)]
pub fn sway<L: Lanes>(l: L, state: &mut [L::F], rate: f32, freq: &In<'_, L>) -> [L::I; BLOCK] {
    let mut phase = Phase::<L>::load(state);
    let steady = freq.is_constant().then_some(freq.head());
    let moves = phases(
        l,
        &mut phase,
        rate,
        steady,
        #[inline(always)]
        |i| freq.at(i),
    );
    phase.store(state);
    moves
}

/// A sine whose phase is moved by `feedback` cycles of the mean of its own last two frames: the mean keeps it from hunting from frame
/// to frame, as in Yamaha's operators (Tomisawa, US patent 4,249,447). `last` holds those two, as they left with their level.
#[inline(always)]
pub fn feed_back<L: Lanes>(
    l: L,
    phases: &[L::I; BLOCK],
    feedback: &In<'_, L>,
    level: impl Fn(usize) -> L::F,
    last: [L::F; 2],
    out: &mut [L::F; BLOCK],
) {
    let ([mut before, mut now], half) = (last, l.f(0.5));
    for (i, o) in out.iter_mut().enumerate() {
        let own = turns(l, feedback.at(i) * half * (before + now));
        before = now;
        now = sin_turn(l, phases[i] + own) * level(i);
        *o = now;
    }
}
