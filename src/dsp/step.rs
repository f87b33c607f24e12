//! Band-limited steps from a table: a naive waveform, 16 frames late, plus what each of its edges lacks. Runs on engine threads.
//!
//! The table holds a windowed-sinc step less the naive one, 32 taps at 512 positions between two frames, interpolated: aliasing
//! stays below -135 dBFS under 16 kHz, and nothing is lost at the top (figures in `docs/measurements.md`).
use std::sync::OnceLock;

use super::{
    BLOCK,
    lanes::{Float, Int, Lanes, Mask},
    way::Way,
};

/// Frames that an edge's residual lasts.
pub const TAPS: usize = 32;
/// Frames that the naive waveform waits for it.
pub const LATE: usize = TAPS / 2;
/// Positions of an edge between two frames.
const PHASES: usize = 512;
/// Added to a small number it leaves the nearest whole one in the lowest bits: 1.5 times 2^23.
const ROUND: f32 = 12_582_912.0;
/// Of the Kaiser window: stop band below -140 dB.
const BETA: f64 = 14.0;

/// Residuals at the 512 positions, and at the next frame.
pub type Table = [[f32; TAPS]; PHASES + 1];

/// The table; computed at the first call, so a module's `build` makes that.
pub fn table() -> &'static Table {
    static TABLE: OnceLock<Box<Table>> = OnceLock::new();
    TABLE.get_or_init(residuals)
}

fn residuals() -> Box<Table> {
    let half = LATE as f64;
    let bessel = |x: f64| {
        let terms = (1..64).scan(1.0, |term, k| {
            *term *= (x / (2 * k) as f64).powi(2);
            Some(*term)
        });
        1.0 + terms.sum::<f64>()
    };
    let impulse = |t: f64| {
        if t.abs() >= half {
            return 0.0;
        }
        let x = std::f64::consts::PI * t;
        let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
        sinc * bessel(BETA * (1.0 - (t / half).powi(2)).sqrt())
    };
    // The step is the impulse's integral: Simpson's rule between positions.
    let (count, dt) = (TAPS * PHASES, 1.0 / PHASES as f64);
    let mut step = Vec::with_capacity(count + 1);
    let mut total = 0.0;
    step.push(total);
    for i in 0..count {
        let t = i as f64 * dt - half;
        total += impulse(t) + 4.0 * impulse(t + dt / 2.0) + impulse(t + dt);
        step.push(total);
    }
    let residual = |position: usize, tap: usize| {
        let naive = if tap >= LATE { 1.0 } else { 0.0 };
        (step[tap * PHASES + position] / total - naive) as f32
    };
    let mut table = Box::new([[0.0; TAPS]; PHASES + 1]);
    for (position, taps) in table.iter_mut().enumerate() {
        *taps = std::array::from_fn(|tap| residual(position, tap));
    }
    table
}

/// The last frames' phases and this block's: phase `LATE + i` is frame `i`'s, and is heard at frame `i + LATE`.
pub type Phases<L> = [<L as Lanes>::I; LATE + BLOCK];

/// The residuals of a block and of the frames after it.
pub type Residuals<L> = [<L as Lanes>::F; BLOCK + TAPS];

/// Whether [`steady_edges`] may be used: no lane's increment reaches half a cycle.
#[inline(always)]
pub fn is_steady<L: Lanes>(step: L::I) -> bool {
    !step.negative().any()
}

/// Finds the edges of a ramp that rises by `step` each frame from `last`, its value in the frame before the block, and wraps.
/// `phase(lane, i)` is the ramp at frame `i - 1`; `each` gets the edge's first frame, its lane and the time since it, in frames.
#[inline(always)]
pub fn steady_edges<L: Lanes>(
    l: L,
    last: L::I,
    step: L::I,
    phase: impl Fn(usize, usize) -> i32,
    mut each: impl FnMut(usize, usize, f32),
) {
    let per_step = l.f(1.0) / step.to_float();
    let way = l.f(2_147_483_648.0) - last.to_float();
    let first = way * per_step;
    let period = l.f(4_294_967_296.0) * per_step;
    // Half a frame of margin: the floats only say where to look, the phases decide.
    let end = BLOCK as f32 + 0.5;
    let mut lanes = l.f(end).gt(first).to_bits();
    while lanes != 0 {
        let lane = lanes.trailing_zeros() as usize & (L::N - 1);
        lanes &= lanes - 1;
        let (mut frames, period) = (first.lanes()[lane], period.lanes()[lane]);
        while frames < end {
            let mut at = 1 + whole(frames).0;
            frames += period;
            let (mut before, mut after) = (phase(lane, at - 1), phase(lane, at));
            // Before its wrap the ramp is positive, after it negative.
            if before < 0 && at > 1 {
                at -= 1;
                (before, after) = (phase(lane, at - 1), before);
            } else if after >= 0 {
                at += 1;
                (before, after) = (after, phase(lane, at));
            }
            if at > BLOCK || after >= 0 || before < 0 {
                continue;
            }
            let past = after.wrapping_sub(i32::MIN) as f32;
            each(at - 1, lane, past / after.wrapping_sub(before) as f32);
        }
    }
}

/// Adds the residuals of a ramp whose increments differ from frame to frame, and may fall: the edge is where the polynomial
/// through five frames wraps, which keeps frequency and phase modulation clean.
#[inline(always)]
pub fn moving_edges<L: Lanes>(
    l: L,
    residuals: &mut Residuals<L>,
    table: &Table,
    phases: &Phases<L>,
    height: f32,
) {
    moving_wraps(
        l,
        phases,
        #[inline(always)]
        |i, lane, past, way| add(l, residuals, table, i, lane, past, -2.0 * height * way),
    );
}

/// Finds where such a ramp wraps: `each` gets the first frame after it, the lane, the time since, in frames, and 1 where the ramp
/// rises there, else -1.
#[inline(always)]
pub fn moving_wraps<L: Lanes>(
    _: L,
    phases: &Phases<L>,
    mut each: impl FnMut(usize, usize, f32, f32),
) {
    // First where there are wraps at all, then when: the first loop has no branch.
    let (mut edges, mut frames, mut count) = ([0u64; BLOCK], [0u8; BLOCK], 0);
    for i in 0..BLOCK {
        let (before, after) = (phases[LATE + i - 1], phases[LATE + i]);
        let step = after - before;
        edges[i] = ((before ^ after) & (step ^ after)).negative().to_bits();
        frames[count & (BLOCK - 1)] = i as u8;
        count += (edges[i] != 0) as usize;
    }
    for i in &frames[..count] {
        let i = *i as usize & (BLOCK - 1);
        let mut lanes = edges[i];
        while lanes != 0 {
            let lane = lanes.trailing_zeros() as usize & (L::N - 1);
            lanes &= lanes - 1;
            let way = Way::new(
                #[inline(always)]
                |k| phases[LATE + i - k].lanes()[lane],
            );
            let Some(t) = way.wrap((0.0, way.start), (1.0, way.end)) else {
                continue;
            };
            let rises = way.end.wrapping_sub(way.start) > 0;
            each(i, lane, 1.0 - t, if rises { 1.0 } else { -1.0 });
        }
    }
}

/// Adds one edge's residual in one lane: `past` is the time since the edge at frame `i`, in frames; `height` is how far it rises.
#[inline(always)]
pub fn add<L: Lanes>(
    l: L,
    residuals: &mut Residuals<L>,
    table: &Table,
    i: usize,
    lane: usize,
    past: f32,
    height: f32,
) {
    let taps = taps(l, table, past, height);
    for (to, tap) in residuals[i & (BLOCK - 1)..][..TAPS].iter_mut().zip(taps) {
        to.lanes_mut()[lane & (L::N - 1)] += tap;
    }
}

/// What edges in the second half of a block add to it and to the block after.
pub type Tail<L> = [<L as Lanes>::F; 2 * TAPS];

/// The same to a block that holds the naive waveform, where the edge's residual ends in it; else to its tail.
#[inline(always)]
pub fn add_apart<L: Lanes>(
    l: L,
    (block, tail): (&mut [L::F; BLOCK], &mut Tail<L>),
    table: &Table,
    i: usize,
    lane: usize,
    past: f32,
    height: f32,
) {
    let (i, lane) = (i & (BLOCK - 1), lane & (L::N - 1));
    let taps = taps(l, table, past, height);
    // Both are 32 frames in a row: of a loop whose length is not known compilers make gathers and scatters, and nobody foresees its
    // end. Arrays, not slices, of which they would choose the place of every frame anew.
    let row: Option<&mut [L::F; TAPS]> = match i.checked_sub(BLOCK - TAPS) {
        None => block[i..].first_chunk_mut(),
        Some(i) => tail[i..].first_chunk_mut(),
    };
    let Some(row) = row else { return };
    for k in 0..TAPS {
        row[k].lanes_mut()[lane] += taps[k];
    }
}

/// The whole part of a number from 0 on, at most 511, twice; of a whole number it may be the one below. Without the checks of a cast.
#[inline(always)]
fn whole(x: f32) -> (usize, f32) {
    // Here the lowest bit is a whole one, and half a one less is rounded.
    let shifted = (x - 0.5 + ROUND).min(ROUND + (PHASES - 1) as f32);
    ((shifted.to_bits() as usize) & (PHASES - 1), shifted - ROUND)
}

/// An edge's residual, between the two rows of the table that are nearest.
#[inline(always)]
fn taps<L: Lanes>(l: L, table: &Table, past: f32, height: f32) -> [f32; TAPS] {
    let position = past.clamp(0.0, 1.0) * PHASES as f32;
    let (row, whole) = whole(position);
    let between = position - whole;
    let of = (height * (1.0 - between), height * between);
    l.blend(&table[row], &table[row + 1], of)
}
