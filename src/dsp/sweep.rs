//! Ramps that are modulated and restarted: a block's phases, and where between frames their edges are. Runs on engine threads.
use super::{
    BLOCK,
    lanes::{Float, Int, Lanes, Mask},
    phase::Phase,
    rise::{self, Rises},
    way::{BACK, Way},
};

/// State words: the restarts' signal, the phase without restarts before the last frame, and with them, each less the last.
pub const WORDS: usize = rise::WORDS + 2 * (BACK - 1);
const TURNS: usize = rise::WORDS;
const JUMPS: usize = TURNS + BACK - 1;

/// The frames of a ramp that its edges are judged by: frame `i` at `BACK + i`.
pub type Ramp<L> = [<L as Lanes>::I; BACK + BLOCK];

/// One block of phases.
pub struct Sweep<L: Lanes> {
    /// As if nothing restarted in this block.
    pub free: Ramp<L>,
    /// What restarts have added before frame `i`; after the last one.
    offset: [L::I; BLOCK + 1],
    rises: Rises<L>,
}

/// A ramp's wrap.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The first frame after it, the lane, and the time between, in frames.
    pub frame: usize,
    pub lane: usize,
    pub past: f32,
    /// How fast the ramp moves there, in 2^-32 cycles a frame.
    pub speed: f32,
    /// How much faster it gets in a frame.
    pub gain: f32,
    /// 1 where the ramp rises there, -1 where it falls.
    pub way: f32,
}

/// A ramp's restart, and the phase just before and just after it.
#[derive(Clone, Copy, Debug)]
pub struct Restart {
    pub frame: usize,
    pub lane: usize,
    pub past: f32,
    /// 2^-32 cycles a frame, and how much faster it gets in a frame.
    pub speed: f32,
    pub gain: f32,
    pub before: i32,
    pub after: i32,
}

impl<L: Lanes> Sweep<L> {
    /// Advances the phase at a frequency for each frame, shifted by `shift`, restarted at `i32::MIN` where `sync` rises through
    /// zero. `before` holds the phases of the frames before the block.
    #[inline(always)]
    pub fn new(
        l: L,
        phase: &mut Phase<L>,
        (rate, freq): (f32, impl Fn(usize) -> L::F),
        shift: impl Fn(usize) -> L::I,
        sync: &[L::F; BLOCK],
        before: [L::I; BACK],
        words: &mut [L::F],
    ) -> Self {
        let rises = Rises::find(l, sync, &mut words[..rise::WORDS]);
        let (mut turns, mut free) = ([phase.turn; BACK + BLOCK], [l.i(0); BACK + BLOCK]);
        for k in 0..BACK - 1 {
            turns[k] = phase.turn + words[TURNS + k].bits();
            free[k] = before[k] + words[JUMPS + k].bits();
        }
        free[BACK - 1] = before[BACK - 1];
        phase.advance_along(
            l,
            rate,
            freq,
            #[inline(always)]
            |i, turn| {
                turns[BACK + i] = turn;
                free[BACK + i] = turn + shift(i);
            },
        );
        let mut offset = [l.i(0); BLOCK + 1];
        for i in 0..BLOCK {
            offset[i + 1] = offset[i];
            let mut lanes = rises.lanes[i];
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize & (L::N - 1);
                lanes &= lanes - 1;
                let there = way::<L>(&turns, i, lane).at(1.0 - rises.past[i].lanes()[lane]);
                offset[i + 1].lanes_mut()[lane] = i32::MIN.wrapping_sub(there);
            }
        }
        phase.turn = phase.turn + offset[BLOCK];
        for k in 0..BACK - 1 {
            words[TURNS + k] = (turns[BLOCK + k] - turns[BLOCK + BACK - 1]).bits();
            words[JUMPS + k] = (offset[BLOCK] - offset[BLOCK + k + 1 - BACK]).bits();
        }
        Self {
            free,
            offset,
            rises,
        }
    }

    /// The phase at a frame.
    #[inline(always)]
    pub fn phase(&self, frame: usize) -> L::I {
        self.free[BACK + frame] + self.offset[frame + 1]
    }

    /// Finds the wraps of a ramp that restarts with this sweep: of `free`, or of the same ramp shifted.
    #[inline(always)]
    pub fn edges(&self, ramp: &Ramp<L>, mut each: impl FnMut(Edge)) {
        // First where there may be edges at all: that loop has no branch.
        let (mut found, mut frames, mut count) = ([0u64; BLOCK], [0u8; BLOCK], 0);
        for i in 0..BLOCK {
            let before = ramp[BACK + i - 1] + self.offset[i];
            let after = ramp[BACK + i] + self.offset[i + 1];
            let wraps = (before ^ after) & ((after - before) ^ after);
            found[i] = wraps.negative().to_bits() | self.rises.lanes[i];
            frames[count & (BLOCK - 1)] = i as u8;
            count += (found[i] != 0) as usize;
        }
        for i in &frames[..count] {
            let i = *i as usize & (BLOCK - 1);
            let mut lanes = found[i];
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize & (L::N - 1);
                lanes &= lanes - 1;
                let way = way::<L>(ramp, i, lane);
                let (from, to) = self.offsets(i, lane);
                let (start, end) = (
                    (0.0, way.start.wrapping_add(from)),
                    (1.0, way.end.wrapping_add(to)),
                );
                // Where the ramp restarts: up to there, and from there on.
                let parts = if self.rises.lanes[i] >> lane & 1 == 0 {
                    [(start, end), (end, end)]
                } else {
                    let t = 1.0 - self.rises.past[i].lanes()[lane];
                    let there = way.at(t);
                    [
                        (start, (t, there.wrapping_add(from))),
                        ((t, there.wrapping_add(to)), end),
                    ]
                };
                for (start, end) in parts {
                    if let Some(t) = way.wrap(start, end) {
                        let down = end.1.wrapping_sub(start.1) < 0;
                        each(Edge {
                            frame: i,
                            lane,
                            past: 1.0 - t,
                            speed: way.speed(t),
                            gain: way.gain(t),
                            way: if down { -1.0 } else { 1.0 },
                        });
                    }
                }
            }
        }
    }

    /// Finds the restarts.
    #[inline(always)]
    pub fn restarts(&self, mut each: impl FnMut(Restart)) {
        for i in 0..BLOCK {
            let mut lanes = self.rises.lanes[i];
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize & (L::N - 1);
                lanes &= lanes - 1;
                let way = way::<L>(&self.free, i, lane);
                let (from, to) = self.offsets(i, lane);
                let past = self.rises.past[i].lanes()[lane];
                let there = way.at(1.0 - past);
                each(Restart {
                    frame: i,
                    lane,
                    past,
                    speed: way.speed(1.0 - past),
                    gain: way.gain(1.0 - past),
                    before: there.wrapping_add(from),
                    after: there.wrapping_add(to),
                });
            }
        }
    }

    /// What restarts have added in a lane before and after frame `i`.
    #[inline(always)]
    fn offsets(&self, i: usize, lane: usize) -> (i32, i32) {
        let at = |k: usize| self.offset[k].lanes()[lane];
        (at(i), at(i + 1))
    }
}

/// A lane's way to frame `i`.
#[inline(always)]
fn way<L: Lanes>(ramp: &Ramp<L>, i: usize, lane: usize) -> Way {
    Way::new(
        #[inline(always)]
        |k| ramp[BACK + i - k].lanes()[lane],
    )
}
