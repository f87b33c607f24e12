//! The heart of a reverb: sixteen delay lines that feed each other through a Hadamard matrix, each with its own slow movement,
//! loss and damping. It works on whole blocks, so every line is longer than one.
#![allow(clippy::needless_range_loop)] // A frame's loop runs across the lines.
use super::{
    BLOCK,
    delay_line::{lagrange, weigh, window, wrap, write},
    lanes::{Float, Int, Lanes, RunF},
    leak::leak,
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
const SIGNS: [i32; LINES] = [1, 1, -1, 1, 1, -1, 1, -1, -1, 1, 1, 1, -1, -1, -1, -1];

/// Lines that are damped side by side where a vector has one frame: a one-pole filter waits for itself, and eight of them wait
/// together.
const CHAINS: usize = 8;
/// The frames of a block, counted.
const FRAMES: [f32; BLOCK] = {
    let mut frames = [0.0; BLOCK];
    let mut frame = 0;
    while frame < BLOCK {
        frames[frame] = frame as f32;
        frame += 1;
    }
    frames
};
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
    /// `f32`. Weights go linearly from those at the block's start to those at its end: their sum is the line's loss all the way, and a
    /// line moves by a quarter of a frame at the most.
    #[inline(always)]
    fn new(l: L, at: L::I, frames: L::F, movement: &Movement<L>, losses: &Losses<L>) -> Self {
        let mut heads = Self {
            start: [at; LINES],
            first: [[l.f(0.0); LINES]; 4],
            step: [[l.f(0.0); LINES]; 4],
        };
        let r = l.run();
        let (frames, at) = (l.spread(frames), l.spread_int(at));
        let least = r.f(SHORTEST + movement.deepest);
        let part = r.f(1.0 / BLOCK as f32);
        for j in (0..LINES).step_by(L::RUN) {
            let still = (frames * l.table(&SECONDS, j)).max(least).to_int();
            let from = moved(l, j, movement.clock.from, movement.depth.from);
            let to = moved(l, j, movement.clock.to, movement.depth.to);
            let whole = ((from + to) * r.f(0.5)).floor();
            let start = at - still - whole.to_int() - r.i(2);
            l.store_int(&mut heads.start, j, start);
            let first = lagrange(r, r.f(1.0) - (from - whole));
            let last = lagrange(r, r.f(1.0) - (to - whole));
            let gain = (l.load(&losses.from, j), l.load(&losses.to, j));
            for k in 0..4 {
                let first = first[k] * gain.0;
                l.store(&mut heads.first[k], j, first);
                l.store(&mut heads.step[k], j, (last[k] * gain.1 - first) * part);
            }
        }
        heads
    }
}

/// Reads every line at a scale, and takes the loss of one way through it.
#[inline(always)]
pub fn read_lines<L: Lanes>(
    l: L,
    memory: &[L::F],
    rings: Rings<L>,
    frames: L::F,
    movement: &Movement<L>,
    losses: &Losses<L>,
    out: &mut Blocks<L>,
) {
    let heads = Heads::new(l, rings.at, frames, movement, losses);
    let mut scratch = [l.f(0.0); WINDOW];
    for (j, (line, out)) in memory
        .chunks_exact(rings.len)
        .zip(out.iter_mut())
        .enumerate()
    {
        let run = window::<L, WINDOW>(line, heads.start[j], &mut scratch);
        let mut first = [l.run().f(0.0); 4];
        let mut step = first;
        for k in 0..4 {
            first[k] = l.spread(heads.first[k][j]);
            step[k] = l.spread(heads.step[k][j]);
        }
        // The weights of the first run, and what they change by from run to run: adding is cheaper than multiplying anew, and few
        // runs make a block. A lane's own frames are too many for that.
        let (counts, runs) = (l.table(&FRAMES, 0), l.run().f(L::RUN as f32));
        let mut weights = first;
        for k in 0..4 {
            weights[k] = step[k].fma(counts, first[k]);
        }
        let on = [
            step[0] * runs,
            step[1] * runs,
            step[2] * runs,
            step[3] * runs,
        ];
        for at in (0..BLOCK).step_by(L::RUN) {
            let mut taps = first;
            for k in 0..4 {
                taps[k] = l.load(run, at + k);
            }
            l.store(out, at, weigh::<L::Run>(taps, weights));
            for k in 0..4 {
                weights[k] = match L::RUN {
                    1 => step[k].fma(l.run().f((at + 1) as f32), first[k]),
                    _ => weights[k] + on[k],
                };
            }
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

/// Frames that the run of lines from `line` on is longer at a moment.
#[inline(always)]
fn moved<L: Lanes>(l: L, line: usize, clock: L::I, depth: L::F) -> RunF<L> {
    let turn = l.spread_int(clock) * l.table_int(&TURNS, line);
    sin_turn(l.run(), turn + l.table_int(&STARTS, line)) * l.spread(depth)
}

/// Multiplies a block by a gain that goes linearly.
#[inline(always)]
pub fn ramp<L: Lanes>(l: L, gain: Span<L::F>, block: &mut [L::F; BLOCK]) {
    let step = l.spread((gain.to - gain.from) * l.f(1.0 / BLOCK as f32));
    let from = l.spread(gain.from);
    for at in (0..BLOCK).step_by(L::RUN) {
        let gain = step.fma(l.table(&FRAMES, at), from);
        let x = l.load(block, at) * gain;
        l.store(block, at, x);
    }
}

/// Moves `out` from what it holds to `other`, by a weight that goes linearly over the block.
#[inline(always)]
pub fn fade<L: Lanes>(l: L, out: &mut Blocks<L>, other: &Blocks<L>, from: L::F, to: L::F) {
    let (step, from) = (
        l.spread((to - from) * l.f(1.0 / BLOCK as f32)),
        l.spread(from),
    );
    for (out, other) in out.iter_mut().zip(other) {
        for at in (0..BLOCK).step_by(L::RUN) {
            let (o, x) = (l.load(out, at), l.load(other, at));
            let weight = step.fma(l.table(&FRAMES, at), from);
            l.store(out, at, (x - o).fma(weight, o));
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

/// The same of each line, so that all decay alike whatever their length, high frequencies faster (Jot).
pub struct Losses<L: Lanes> {
    /// Gains at the block's start and at its end.
    from: [L::F; LINES],
    to: [L::F; LINES],
    /// What the damping keeps of the frame before.
    keep: [L::F; LINES],
}

impl<L: Lanes> Losses<L> {
    #[inline(always)]
    pub fn new(l: L, loss: &Loss<L>) -> Self {
        let (r, zeros) = (l.run(), [l.f(0.0); LINES]);
        let mut losses = Self {
            from: zeros,
            to: zeros,
            keep: zeros,
        };
        let (from, to) = (l.spread(loss.ways.from), l.spread(loss.ways.to));
        let damping = l.spread(loss.damping);
        for j in (0..LINES).step_by(L::RUN) {
            let seconds = l.table(&SECONDS, j);
            // Jot's pole, ln(10)/4 · 3 · way · (1/ratio² - 1), bent to stay below 1; and 10^(-3 · way).
            let pole = to * seconds * damping * r.f(1.726_939);
            let keep = pole / (pole + r.f(1.0));
            let (decay, most) = (seconds * r.f(-9.965_784), r.f(1.0) - keep);
            l.store(&mut losses.keep, j, keep);
            l.store(&mut losses.from, j, exp2(r, from * decay) * most);
            l.store(&mut losses.to, j, exp2(r, to * decay) * most);
        }
        losses
    }

    /// Takes away each line's high frequencies; `low` is the state of its filter.
    #[inline(always)]
    pub fn damp(&self, l: L, blocks: &mut Blocks<L>, low: &mut [L::F]) {
        let lines = blocks.iter_mut().zip(low.iter_mut()).zip(self.keep);
        if L::RUN > 1 {
            for ((block, low), keep) in lines {
                leak(l, keep, low, block);
            }
            return;
        }
        let groups = blocks.as_chunks_mut::<CHAINS>().0.iter_mut();
        let lows = low.as_chunks_mut::<CHAINS>().0.iter_mut();
        for ((blocks, low), keep) in groups.zip(lows).zip(self.keep.as_chunks::<CHAINS>().0) {
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
}

/// What `feed` works on.
pub struct Feed<'a, L: Lanes> {
    /// What was read of the lines.
    pub blocks: &'a Blocks<L>,
    /// A block of each line, for where the rings end within the block.
    pub aside: &'a mut Blocks<L>,
    /// What enters: left to even lines, right to odd ones.
    pub input: [&'a [L::F; BLOCK]; 2],
    /// What is heard: the lines' sum on each side, even lines left, odd lines right.
    pub sides: [&'a mut [L::F; BLOCK]; 2],
}

/// Sums the lines, mixes them through the matrix, adds the input and writes them.
#[inline(always)]
pub fn feed<L: Lanes>(l: L, memory: &mut [L::F], rings: Rings<L>, feed: Feed<'_, L>) {
    let at = rings.at.lanes();
    let first = wrap(at[0], rings.len);
    if first + BLOCK <= rings.len && at.iter().all(|a| *a == at[0]) {
        let mut rows: [&mut [L::F]; LINES] = std::array::from_fn(
            #[inline(always)]
            |_| Default::default(),
        );
        for (row, line) in rows.iter_mut().zip(memory.chunks_exact_mut(rings.len)) {
            *row = &mut line[first..first + BLOCK];
        }
        return turn(l, feed.blocks, rows, feed.input, feed.sides);
    }
    turn_round_the_end(l, memory, rings, feed);
}

/// Once in a turn of the rings.
#[inline(always)]
fn turn_round_the_end<L: Lanes>(l: L, memory: &mut [L::F], rings: Rings<L>, feed: Feed<'_, L>) {
    let rows = feed.aside.each_mut().map(
        #[inline(always)]
        |row| &mut row[..],
    );
    turn(l, feed.blocks, rows, feed.input, feed.sides);
    for (line, row) in memory.chunks_exact_mut(rings.len).zip(&*feed.aside) {
        write::<L, BLOCK>(line, rings.at, row);
    }
}

/// From `blocks` to `rows`.
#[inline(always)]
fn turn<L: Lanes>(
    l: L,
    blocks: &Blocks<L>,
    rows: [&mut [L::F]; LINES],
    [to_even, to_odd]: [&[L::F; BLOCK]; 2],
    [left, right]: [&mut [L::F; BLOCK]; 2],
) {
    // Said once, it need not be asked at every frame.
    if rows.iter().any(|row| row.len() != BLOCK) {
        return;
    }
    let quarter = l.run().f(0.25);
    for at in (0..BLOCK).step_by(L::RUN) {
        let mut x = std::array::from_fn(
            #[inline(always)]
            |j| l.load(&blocks[j], at),
        );
        l.store(left, at, side::<L, 0>(x));
        l.store(right, at, side::<L, 1>(x));
        butterflies::<L, 1>(&mut x);
        butterflies::<L, 2>(&mut x);
        butterflies::<L, 4>(&mut x);
        butterflies::<L, 8>(&mut x);
        let input = [l.load(to_even, at), l.load(to_odd, at)];
        for j in 0..LINES {
            l.store(rows[j], at, x[j].fma(quarter, input[j & 1]));
        }
    }
}

/// The sum of every second line, as the signs have it.
#[inline(always)]
fn side<L: Lanes, const ODD: usize>(x: [RunF<L>; LINES]) -> RunF<L> {
    // The first sign of each side is plus.
    let mut sum = x[ODD];
    for j in 1..LINES / 2 {
        let line = 2 * j + ODD;
        sum = match SIGNS[line] {
            1 => sum + x[line],
            _ => sum - x[line],
        };
    }
    sum
}

/// Sums and differences of lines `STRIDE` apart; four such passes are the sixteen-point Hadamard transform.
#[inline(always)]
fn butterflies<L: Lanes, const STRIDE: usize>(x: &mut [RunF<L>; LINES]) {
    for j in 0..LINES {
        if j & STRIDE == 0 {
            (x[j], x[j + STRIDE]) = (x[j] + x[j + STRIDE], x[j] - x[j + STRIDE]);
        }
    }
}
