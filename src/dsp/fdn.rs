//! The heart of a reverb: sixteen delay lines that feed each other through a Hadamard matrix, each with its own slow movement,
//! loss and damping. It works on whole blocks, so every line is longer than one.
#![allow(clippy::needless_range_loop)] // A frame's loop runs across the lines.
use super::{
    BLOCK,
    delay_line::{lagrange, weigh, window, write},
    lanes::{Float, Lanes},
    math::exp2,
    sine::sin_turn,
};

pub const LINES: usize = 16;

/// Seconds at scale 1: a geometric row from 23 to 89 ms, bent so that no two lines share echoes.
const SECONDS: [f32; LINES] = [
    0.0231, 0.0257, 0.0283, 0.0319, 0.0343, 0.0379, 0.0411, 0.0449, 0.0487, 0.0533, 0.0571, 0.0623,
    0.0679, 0.0737, 0.0803, 0.0887,
];

/// Cycles of each line's movement in one cycle of the common clock: no two alike, neighbours far apart.
const TURNS: [i32; LINES] = [
    11, 23, 14, 29, 9, 19, 26, 13, 17, 28, 10, 22, 15, 25, 12, 20,
];

/// What each line adds to its side of the output; the signs differ so that the lines' first echoes do not add up.
const SIGNS: [f32; LINES] = [
    1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0,
];

/// Lines that are damped side by side: a one-pole filter waits for itself, and eight of them wait together.
const CHAINS: usize = 8;
/// A read of one block needs this many frames.
const WINDOW: usize = BLOCK + 3;
/// A line's delay is at least this many frames: what is read has to be written already.
const SHORTEST: f32 = (BLOCK + 4) as f32;

/// One block of each line.
pub type Blocks<L> = [[<L as Lanes>::F; BLOCK]; LINES];

/// Frames of each line's ring, for scales up to `scale` and movements up to `depth` frames.
pub fn ring(rate: f32, scale: f32, depth: f32) -> usize {
    let longest = (SECONDS[LINES - 1] * scale * rate).max(SHORTEST + depth);
    // A multiple of 16 and odd in it, so that the rings do not all fall into one set of the cache.
    ((longest + depth).ceil() as usize + WINDOW).div_ceil(16) * 16 + 16
}

/// A value at the start and at the end of a block.
#[derive(Clone, Copy)]
pub struct Span<F> {
    pub from: F,
    pub to: F,
}

/// How the lines move during a block.
pub struct Movement<L: Lanes> {
    /// The common clock.
    pub clock: Span<L::I>,
    /// Frames to either side.
    pub depth: Span<L::F>,
    /// The most that `depth` can be.
    pub deepest: f32,
}

/// Where a block's lines stand in their rings.
#[derive(Clone, Copy)]
pub struct Rings<L: Lanes> {
    /// Frames of one.
    pub len: usize,
    /// Where the block is written.
    pub at: L::I,
}

/// Where a block reads each line, and with which weights: all lines side by side.
struct Heads<L: Lanes> {
    start: [L::I; LINES],
    first: [[L::F; LINES]; 4],
    /// What the weights change by in a frame.
    step: [[L::F; LINES]; 4],
}

impl<L: Lanes> Heads<L> {
    /// A line's length without its movement is a whole number of frames: thousands of frames and a fraction do not fit into one
    /// `f32`. Weights go linearly from those at the block's start to those at its end: their sum is 1 all the way, and a line moves by
    /// a quarter of a frame at the most.
    #[inline(always)]
    fn new(l: L, at: L::I, frames: L::F, movement: &Movement<L>) -> Self {
        let mut heads = Self {
            start: [at; LINES],
            first: [[l.f(0.0); LINES]; 4],
            step: [[l.f(0.0); LINES]; 4],
        };
        let least = l.f(SHORTEST + movement.deepest);
        let part = l.f(1.0 / BLOCK as f32);
        for j in 0..LINES {
            let still = (frames * l.f(SECONDS[j])).max(least).to_int();
            let from = moved(l, j, movement.clock.from, movement.depth.from);
            let to = moved(l, j, movement.clock.to, movement.depth.to);
            let whole = ((from + to) * l.f(0.5)).floor();
            heads.start[j] = at - still - whole.to_int() - l.i(2);
            let first = lagrange(l, l.f(1.0) - (from - whole));
            let last = lagrange(l, l.f(1.0) - (to - whole));
            for k in 0..4 {
                heads.first[k][j] = first[k];
                heads.step[k][j] = (last[k] - first[k]) * part;
            }
        }
        heads
    }
}

/// Reads every line at a scale.
#[inline(always)]
pub fn read_lines<L: Lanes>(
    l: L,
    memory: &[L::F],
    rings: Rings<L>,
    frames: L::F,
    movement: &Movement<L>,
    out: &mut Blocks<L>,
) {
    let heads = Heads::new(l, rings.at, frames, movement);
    let mut scratch = [l.f(0.0); WINDOW];
    for (j, (line, out)) in memory
        .chunks_exact(rings.len)
        .zip(out.iter_mut())
        .enumerate()
    {
        let run = window::<L, WINDOW>(line, heads.start[j], &mut scratch);
        let [a, b, c, d] = &heads.first;
        let first = [a[j], b[j], c[j], d[j]];
        let [a, b, c, d] = &heads.step;
        let step = [a[j], b[j], c[j], d[j]];
        for i in 0..BLOCK {
            let t = l.f(i as f32);
            let mut weights = first;
            for k in 0..4 {
                weights[k] = step[k].fma(t, first[k]);
            }
            out[i] = weigh::<L>([run[i], run[i + 1], run[i + 2], run[i + 3]], weights);
        }
    }
}

/// Where a line's movement starts in its cycle, in turns of 2^32.
const STARTS: [i32; LINES] = {
    let mut starts = [0; LINES];
    let mut line = 0;
    while line < LINES {
        starts[line] = (line as i32).wrapping_mul(0x1f3d_5b79);
        line += 1;
    }
    starts
};

/// Frames that a line is longer at a moment.
#[inline(always)]
fn moved<L: Lanes>(l: L, line: usize, clock: L::I, depth: L::F) -> L::F {
    sin_turn(l, clock * l.i(TURNS[line]) + l.i(STARTS[line])) * depth
}

/// Moves `out` from what it holds to `other`, by a weight that goes linearly over the block.
#[inline(always)]
pub fn fade<L: Lanes>(l: L, out: &mut Blocks<L>, other: &Blocks<L>, from: L::F, to: L::F) {
    let step = (to - from) * l.f(1.0 / BLOCK as f32);
    for (out, other) in out.iter_mut().zip(other) {
        for (i, (o, x)) in out.iter_mut().zip(other).enumerate() {
            let weight = step.fma(l.f(i as f32), from);
            *o = (*x - *o).fma(weight, *o);
        }
    }
}

/// What the lines lose on one way through.
pub struct Loss<L: Lanes> {
    /// Scale over the time to -60 dB: ways through a line of one second, in decay times.
    pub ways: Span<L::F>,
    /// Of high frequencies: 1/ratio² - 1 of their decay time to that of low ones.
    pub damping: L::F,
}

/// Applies each line's loss so that all lines decay alike whatever their length, high frequencies faster (Jot).
#[inline(always)]
pub fn lose<L: Lanes>(l: L, loss: &Loss<L>, blocks: &mut Blocks<L>, low: &mut [L::F]) {
    let zeros = [l.f(0.0); LINES];
    let (mut keep, mut first, mut step) = (zeros, zeros, zeros);
    for j in 0..LINES {
        let way = loss.ways.to * l.f(SECONDS[j]);
        // Jot's pole, ln(10)/4 · 3 · way · (1/ratio² - 1), bent to stay below 1; and 10^(-3 · way).
        let pole = way * loss.damping * l.f(1.726_939);
        keep[j] = pole / (pole + l.f(1.0));
        let decay = l.f(SECONDS[j] * -9.965_784);
        let most = l.f(1.0) - keep[j];
        first[j] = exp2(l, loss.ways.from * decay) * most;
        let last = exp2(l, loss.ways.to * decay) * most;
        step[j] = (last - first[j]) * l.f(1.0 / BLOCK as f32);
    }
    for (j, block) in blocks.iter_mut().enumerate() {
        for (i, x) in block.iter_mut().enumerate() {
            *x = *x * step[j].fma(l.f(i as f32), first[j]);
        }
    }
    let groups = blocks.as_chunks_mut::<CHAINS>().0.iter_mut();
    let lows = low.as_chunks_mut::<CHAINS>().0.iter_mut();
    for ((blocks, low), keep) in groups.zip(lows).zip(keep.as_chunks::<CHAINS>().0) {
        let mut state = *low;
        for i in 0..BLOCK {
            for j in 0..CHAINS {
                state[j] = state[j].fma(keep[j], blocks[j][i]);
                blocks[j][i] = state[j];
            }
        }
        *low = state;
    }
}

/// The lines' sum on each side: even lines left, odd lines right.
#[inline(always)]
pub fn sides<L: Lanes>(
    l: L,
    blocks: &Blocks<L>,
    left: &mut [L::F; BLOCK],
    right: &mut [L::F; BLOCK],
) {
    for i in 0..BLOCK {
        let (mut a, mut b) = (l.f(0.0), l.f(0.0));
        for j in (0..LINES).step_by(2) {
            a = blocks[j][i].fma(l.f(SIGNS[j]), a);
            b = blocks[j + 1][i].fma(l.f(SIGNS[j + 1]), b);
        }
        left[i] = a;
        right[i] = b;
    }
}

/// Mixes the lines through the matrix, adds the input (left to even lines, right to odd ones) and writes them.
#[inline(always)]
pub fn feed<L: Lanes>(
    l: L,
    memory: &mut [L::F],
    rings: Rings<L>,
    blocks: &mut Blocks<L>,
    input: [&[L::F; BLOCK]; 2],
) {
    hadamard(blocks, 1, 4);
    hadamard(blocks, 4, 1);
    for (j, (line, block)) in memory
        .chunks_exact_mut(rings.len)
        .zip(blocks.iter_mut())
        .enumerate()
    {
        let input = input[j & 1];
        for (x, new) in block.iter_mut().zip(input) {
            *x = x.fma(l.f(0.25), *new);
        }
        write::<L, BLOCK>(line, rings.at, block);
    }
}

/// Four four-point Hadamard transforms over lines `stride` apart; two passes make the sixteen-point one.
#[inline(always)]
fn hadamard<F: Float>(blocks: &mut [[F; BLOCK]; LINES], stride: usize, group: usize) {
    for g in 0..4 {
        let [p, q, r, s] = [0, 1, 2, 3].map(|k| (g * group + k * stride) % LINES);
        for i in 0..BLOCK {
            let (a, b, c, d) = (blocks[p][i], blocks[q][i], blocks[r][i], blocks[s][i]);
            let (ab, cd) = ((a + b, a - b), (c + d, c - d));
            blocks[p][i] = ab.0 + cd.0;
            blocks[q][i] = ab.1 + cd.1;
            blocks[r][i] = ab.0 - cd.0;
            blocks[s][i] = ab.1 - cd.1;
        }
    }
}
