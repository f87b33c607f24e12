//! A level that rises to 1 and falls to 0 with the curves of a capacitor: attack-decay and attack-release envelopes.
//! Runs on engine threads.
use super::{
    approach::approach,
    lanes::{Float, Lanes, Mask},
};

/// The rise aims this far above 1 and the fall this far below 0, so that both arrive: as in [`crate::modules`]' Adsr.
const ABOVE: f32 = 0.3;
const BELOW: f32 = 0.018_657_36;
/// Time constants that the times stand for: ln((1 + ABOVE) / ABOVE), 4.
const RISE_CURVE: f32 = 1.466_337_1;
const FALL_CURVE: f32 = 4.0;

/// Stages, as they stand in the state.
const IDLE: f32 = 0.0;
const RISING: f32 = 1.0;
const FALLING: f32 = 2.0;
const HELD: f32 = 3.0;

/// State words.
pub const WORDS: usize = 3;

/// What happens at the top.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Top {
    /// It falls at once.
    Falls,
    /// It holds 1 until the gate closes.
    Holds,
}

/// The envelopes of one lane group while a block is rendered.
#[derive(Clone, Copy)]
pub struct RiseFall<L: Lanes> {
    /// From the target of the stage: shrinks to nothing without losing precision.
    distance: L::F,
    stage: L::F,
    /// 1 while the gate is open.
    open: L::F,
}

impl<L: Lanes> RiseFall<L> {
    #[inline(always)]
    pub fn load(words: &[L::F]) -> Self {
        Self {
            distance: words[0],
            stage: words[1],
            open: words[2],
        }
    }

    #[inline(always)]
    pub fn store(&self, words: &mut [L::F]) {
        (words[0], words[1], words[2]) = (self.distance, self.stage, self.open);
    }

    #[inline(always)]
    fn is(&self, l: L, stage: f32) -> L::M {
        l.f(0.25).gt((self.stage - l.f(stage)).abs())
    }

    /// The level where no lane moves while its gate stays as it is.
    #[inline(always)]
    pub fn rests(&self, l: L, gate: L::F) -> Option<L::F> {
        let is_open = L::F::select(gate.ge(l.f(0.5)), l.f(1.0), l.f(0.0));
        let same = l.f(0.0).ge((is_open - self.open).abs());
        let still = self.is(l, IDLE) | self.is(l, HELD);
        (same & still).all().then(|| self.level(l))
    }

    /// Where the stage leads.
    #[inline(always)]
    fn target(&self, l: L) -> L::F {
        let falls = L::F::select(self.is(l, FALLING), l.f(-BELOW), l.f(0.0));
        let holds = L::F::select(self.is(l, HELD), l.f(1.0), falls);
        L::F::select(self.is(l, RISING), l.f(1.0 + ABOVE), holds)
    }

    #[inline(always)]
    fn level(&self, l: L) -> L::F {
        self.target(l) + self.distance
    }

    /// One frame: the level, and the lanes that ended in it. `again` starts the next rise where a fall ends.
    #[inline(always)]
    pub fn tick(
        &mut self,
        l: L,
        gate: L::F,
        [rise, fall]: [L::F; 2],
        rate: f32,
        top: Top,
        again: L::M,
    ) -> (L::F, L::M) {
        let is_open = L::F::select(gate.ge(l.f(0.5)), l.f(1.0), l.f(0.0));
        let start = is_open.gt(self.open);
        let stop = self.open.gt(is_open);
        self.open = is_open;
        if start.any() {
            self.turn(l, start, RISING, 1.0 + ABOVE);
        }
        if top == Top::Holds && stop.any() {
            self.turn(l, stop, FALLING, -BELOW);
        }
        let rising = self.is(l, RISING);
        let part = L::F::select(
            rising,
            approach(l, RISE_CURVE, rise, rate),
            approach(l, FALL_CURVE, fall, rate),
        );
        self.distance = self.distance.nfma(part, self.distance);
        let full = rising & l.f(ABOVE).ge(self.distance.abs());
        let over = self.is(l, FALLING) & l.f(BELOW).ge(self.distance.abs());
        if (full | over).any() {
            match top {
                Top::Falls => {
                    self.stage = L::F::select(full, l.f(FALLING), self.stage);
                    self.distance = L::F::select(full, l.f(1.0 + BELOW), self.distance);
                }
                Top::Holds => self.rest(l, full, HELD),
            }
            self.rest(l, over, IDLE);
            self.turn(l, over & again, RISING, 1.0 + ABOVE);
        }
        (self.level(l), over)
    }

    /// Some lanes go on from the level they have.
    #[inline(always)]
    fn turn(&mut self, l: L, lanes: L::M, stage: f32, target: f32) {
        let from = self.level(l) - l.f(target);
        self.stage = L::F::select(lanes, l.f(stage), self.stage);
        self.distance = L::F::select(lanes, from, self.distance);
    }

    #[inline(always)]
    fn rest(&mut self, l: L, lanes: L::M, stage: f32) {
        self.stage = L::F::select(lanes, l.f(stage), self.stage);
        self.distance = L::F::select(lanes, l.f(0.0), self.distance);
    }
}
