//! Schroeder all-passes in a row: what enters a reverb comes out as a burst of echoes. Runs on engine threads.
use super::{
    BLOCK,
    delay_line::{window, write},
    lanes::{Float, Lanes},
};

/// All-passes on each side.
const EACH: usize = 4;
/// Their delays in seconds.
const SECONDS: [[f32; EACH]; 2] = [
    [0.00331, 0.00497, 0.00829, 0.01243],
    [0.00367, 0.00551, 0.00779, 0.01319],
];
/// What they send round.
const DIFFUSION: f32 = 0.62;

pub struct Diffuser {
    /// Frames of a ring.
    pub ring: usize,
    /// Frames that each side's all-passes hold.
    delays: [[i32; EACH]; 2],
}

impl Diffuser {
    pub fn new(rate: f32) -> Self {
        Self {
            ring: frames(SECONDS[1][EACH - 1], rate) as usize + BLOCK,
            delays: SECONDS.map(|side| side.map(|seconds| frames(seconds, rate))),
        }
    }

    /// Vectors of memory.
    pub fn memory(&self) -> usize {
        2 * EACH * self.ring
    }

    /// Sends a block of one side through; `at` is where the rings of `memory` are written.
    #[inline(always)]
    pub fn diffuse<L: Lanes>(
        &self,
        l: L,
        side: usize,
        memory: &mut [L::F],
        at: L::I,
        block: &mut [L::F; BLOCK],
    ) {
        let rings = memory.chunks_exact_mut(self.ring).skip(side * EACH);
        for (delay, ring) in self.delays[side & 1].iter().zip(rings) {
            let (mut scratch, mut fed) = ([l.f(0.0); BLOCK], [l.f(0.0); BLOCK]);
            let held = window::<L, BLOCK>(ring, at - l.i(*delay), &mut scratch);
            let part = l.run().f(DIFFUSION);
            for i in (0..BLOCK).step_by(L::RUN) {
                let held = l.load(held, i);
                let feeds = held.fma(part, l.load(block, i));
                l.store(&mut fed, i, feeds);
                l.store(block, i, feeds.nfma(part, held));
            }
            write::<L, BLOCK>(ring, at, &fed);
        }
    }
}

/// An all-pass's delay: at least a block, which is read before it is written.
fn frames(seconds: f32, rate: f32) -> i32 {
    ((seconds * rate).round() as i32).max(BLOCK as i32)
}
