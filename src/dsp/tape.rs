//! The reading head of a tape echo: moves to a new delay at a bounded speed, so that pitch bends and nothing clicks. Runs on engine
//! threads.
use super::{
    BLOCK,
    delay_line::tap,
    lanes::{Float, Int, Lanes, Mask},
};

/// Frames a frame that the time may move: a pitch between a half and one and a half.
const FASTEST: f32 = 0.5;
/// Seconds until the move has settled, and until it is up to speed: a quarter, so that it does not overshoot.
const SETTLING: f32 = 0.02;
const STARTING: f32 = 0.005;
/// A distance that is travelled at a creep, so that it ends; in frames, and frames a frame.
const NEAR: f32 = 0.01;
const CREEP: f32 = 2e-5;

/// The head of one lane group: whole frames of delay, the rest, and frames a frame that it moves.
pub struct Head<L: Lanes> {
    pub whole: L::I,
    pub fraction: L::F,
    pub speed: L::F,
}

/// Where a head is asked to be.
pub type Place<L> = (<L as Lanes>::I, <L as Lanes>::F);

/// A delay in frames as a place; where the time stands still to whole frames, so that an echo is the signal to the bit.
#[inline(always)]
pub fn place<L: Lanes>(l: L, frames: L::F, still: bool) -> Place<L> {
    if still {
        return (frames.to_int(), l.f(0.0));
    }
    let whole = frames.floor();
    (whole.to_int(), frames - whole)
}

impl<L: Lanes> Head<L> {
    /// A head whose delay is no whole frame has not started: it is where it is asked to be.
    #[inline(always)]
    pub fn start(mut self, l: L, to: Place<L>) -> Self {
        let fresh = (self.whole - l.i(1)).negative();
        self.whole = L::I::select(fresh, to.0, self.whole);
        self.fraction = L::F::select(fresh, to.1, self.fraction);
        self
    }

    /// The delay, where no lane moves from a place asked for all the block long, and a block can be read before it is written.
    #[inline(always)]
    pub fn stands(&self, l: L, to: Place<L>) -> Option<L::I> {
        let (to, whole) = (to.0.lanes(), self.whole.lanes());
        let there = !self.fraction.abs().gt(l.f(0.0)).any()
            && (0..L::N).all(|lane| whole[lane] == to[lane] && whole[lane] >= BLOCK as i32);
        there.then_some(self.whole)
    }

    /// Moves towards the place asked for, by one frame.
    #[inline(always)]
    pub fn step(&mut self, l: L, rate: f32, to: Place<L>) {
        let way = (to.0 - self.whole).to_float() + (to.1 - self.fraction);
        let fastest = l.f(FASTEST);
        let wanted = (way * l.f(1.0 / (SETTLING * rate)))
            .max(-fastest)
            .min(fastest);
        let speed = (wanted - self.speed).fma(l.f(1.0 / (STARTING * rate)), self.speed);
        let near = l.f(NEAR).gt(way.abs()) & l.f(1e-3).gt(speed.abs());
        let creep = way.max(l.f(-CREEP)).min(l.f(CREEP));
        let step = L::F::select(near, creep, speed);
        self.speed = step;
        let moved = self.fraction + step;
        let whole = moved.floor();
        self.whole = self.whole + whole.to_int();
        self.fraction = moved - whole;
    }

    /// The ring as it was the delay before the frame at `now`.
    #[inline(always)]
    pub fn read(&self, l: L, ring: &[L::F], now: L::I) -> L::F {
        tap(l, ring, now, self.whole, self.fraction)
    }
}
