//! A stereo echo's rings, filters and feedback: what `Delay` and `PingPong` have in common. Runs on engine threads.
use crate::dsp::{
    BLOCK,
    delay_line::{advance, put, read, write},
    lanes::{Float, Int, Lanes, Mask},
    leak::{leak, scale},
    math::exp2,
    peak::peak,
    soften::soften,
    tape::{Head, Place, place},
};

use super::{
    blend::blend,
    module::{In, Io},
};

/// The longest time, in seconds.
pub const LONGEST: f32 = 4.0;
/// What was written is silence below this: -140 dB.
const SILENCE: f32 = 1e-7;

/// State words. The delay is whole frames plus a fraction; no whole frames mean a lane that has not started.
const AT: usize = 0;
const WHOLE: usize = 1;
pub const FRACTION: usize = 2;
/// Frames since something was written, as a float.
const QUIET: usize = 3;
const LOW: usize = 4;
const HIGH: usize = 6;
/// Frames a frame that the head moves.
const SPEED: usize = 8;
pub const WORDS: usize = 9;

/// Where echoes go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Path {
    /// Each side for itself.
    Sides,
    /// Both sides' sum to the left, from there to the right, and so on.
    PingPong,
}

pub struct Echo {
    pub rate: f32,
    /// Frames in a ring.
    len: usize,
    pub path: Path,
}

/// The parameters of a block.
#[derive(Clone, Copy)]
pub struct Knobs<'a, L: Lanes> {
    /// Seconds.
    pub time: In<'a, L>,
    pub feedback: In<'a, L>,
    /// Hertz.
    pub tone: In<'a, L>,
    /// Hertz.
    pub cut: In<'a, L>,
    pub mix: In<'a, L>,
    /// 0 all echoes in the middle, 1 where they are.
    pub width: In<'a, L>,
}

impl Echo {
    pub fn new(rate: f32, path: Path) -> Self {
        Self {
            rate,
            len: (LONGEST * rate).ceil() as usize + BLOCK + 4,
            path,
        }
    }

    pub fn memory(&self) -> usize {
        2 * self.len
    }

    /// The rings are silent before anything is written.
    pub fn init(&self, words: &mut [f32]) {
        words[QUIET] = self.len as f32;
    }

    /// A block; the first two inputs and outputs are the signal's sides.
    #[inline(always)]
    pub fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>, knobs: Knobs<'_, L>) {
        let still = knobs.time.is_constant();
        if self.rests(l, io) {
            io.state[WHOLE] = self.target(l, knobs.time, 0).0.bits();
            io.state[FRACTION] = l.f(0.0);
            io.outs[0].fill(l.f(0.0));
            io.outs[1].fill(l.f(0.0));
            return;
        }
        let mut echo_l = [l.f(0.0); BLOCK];
        let mut echo_r = [l.f(0.0); BLOCK];
        let mut inside = Inside::start(l, self, io, &knobs);
        let at = io.state[AT].bits();
        let (left, right) = io.memory.split_at_mut(self.len.min(io.memory.len()));
        let first = self.target(l, knobs.time, 0);
        let mut head = Head {
            whole: io.state[WHOLE].bits(),
            fraction: io.state[FRACTION],
            speed: io.state[SPEED],
        }
        .start(l, first);
        let stands = if still { head.stands(l, first) } else { None };
        if let Some(whole) = stands {
            read::<L>(left, at - whole, &mut echo_l);
            read::<L>(right, at - whole, &mut echo_r);
            let (mut to_l, mut to_r) = (echo_l, echo_r);
            inside.block(l, &mut to_l, &mut to_r);
            write::<L, BLOCK>(left, at, &to_l);
            write::<L, BLOCK>(right, at, &to_r);
        } else {
            for i in 0..BLOCK {
                let to = if still {
                    first
                } else {
                    self.target(l, knobs.time, i)
                };
                head.step(l, self.rate, to);
                let now = at + l.i(i as i32);
                echo_l[i] = head.read(l, left, now);
                echo_r[i] = head.read(l, right, now);
                let (to_l, to_r) = inside.frame(l, i, echo_l[i], echo_r[i]);
                put::<L>(left, now, to_l);
                put::<L>(right, now, to_r);
            }
        }
        io.state[WHOLE] = head.whole.bits();
        io.state[FRACTION] = head.fraction;
        io.state[SPEED] = head.speed;
        io.state[AT] = advance(l, at, BLOCK as i32, self.len).bits();
        inside.end(l, io.state);
        narrow(l, knobs.width, &mut echo_l, &mut echo_r);
        blend(l, io, knobs.mix, [&echo_l, &echo_r]);
    }

    /// Nothing that can be heard comes in, and nothing is left in any lane.
    #[inline(always)]
    fn rests<L: Lanes>(&self, l: L, io: &Io<'_, L>) -> bool {
        !io.ins[0].louder_than(l, SILENCE)
            && !io.ins[1].louder_than(l, SILENCE)
            && io.state[QUIET].ge(l.f(self.len as f32)).all()
    }

    /// Where the time wants to be at a frame.
    #[inline(always)]
    fn target<L: Lanes>(&self, l: L, time: In<'_, L>, i: usize) -> Place<L> {
        let most = (self.len - BLOCK - 4) as f32;
        let frames = (time.at(i) * l.f(self.rate)).max(l.f(2.0)).min(l.f(most));
        place(l, frames, time.is_constant())
    }
}

/// What happens between reading and writing: filters, feedback, sides.
struct Inside<'a, L: Lanes> {
    path: Path,
    input: [In<'a, L>; 2],
    feedback: In<'a, L>,
    /// Parts of one-pole filters, and what they change by in a frame.
    tone: (L::F, L::F),
    cut: (L::F, L::F),
    /// They don't change.
    steady: bool,
    low: [L::F; 2],
    high: [L::F; 2],
    quiet: L::F,
    written: L::F,
}

impl<'a, L: Lanes> Inside<'a, L> {
    #[inline(always)]
    fn start(l: L, echo: &Echo, io: &Io<'a, L>, knobs: &Knobs<'a, L>) -> Self {
        Self {
            path: echo.path,
            input: [io.ins[0], io.ins[1]],
            feedback: knobs.feedback,
            tone: part(l, echo.rate, knobs.tone),
            cut: part(l, echo.rate, knobs.cut),
            steady: knobs.tone.is_constant() && knobs.cut.is_constant(),
            low: [io.state[LOW], io.state[LOW + 1]],
            high: [io.state[HIGH], io.state[HIGH + 1]],
            quiet: io.state[QUIET],
            written: l.f(0.0),
        }
    }

    /// The same as [`Self::frame`] for a block of echoes: only the filters go from frame to frame.
    #[inline(always)]
    fn block(&mut self, l: L, left: &mut [L::F; BLOCK], right: &mut [L::F; BLOCK]) {
        self.filter(l, left, right);
        let zeros = [l.f(0.0); BLOCK];
        let (mut flat_x, mut flat_y, mut flat) = (zeros, zeros, zeros);
        let x = self.input[0].expand(&mut flat_x);
        let y = self.input[1].expand(&mut flat_y);
        let feedback = self.feedback.expand(&mut flat);
        let half = l.run().f(0.5);
        for at in (0..BLOCK).step_by(L::RUN) {
            let feedback = l.load(feedback, at);
            let again_l = soften(l.run(), l.load(left, at) * feedback);
            let again_r = soften(l.run(), l.load(right, at) * feedback);
            let (x, y) = (l.load(x, at), l.load(y, at));
            let (to_l, to_r) = match self.path {
                Path::PingPong => ((x + y).fma(half, again_r), again_l),
                Path::Sides => (x + again_l, y + again_r),
            };
            l.store(left, at, to_l);
            l.store(right, at, to_r);
        }
        self.written = peak(l, left).max(peak(l, right));
    }

    /// Low-pass and high-pass of both sides.
    #[inline(always)]
    fn filter(&mut self, l: L, left: &mut [L::F; BLOCK], right: &mut [L::F; BLOCK]) {
        let one = l.f(1.0);
        let steady = self.steady && L::RUN > 1;
        if !steady {
            let ([mut low_l, mut low_r], [mut high_l, mut high_r]) = (self.low, self.high);
            let (mut tone, mut cut) = (self.tone.0, self.cut.0);
            for (x, y) in left.iter_mut().zip(right.iter_mut()) {
                // One step from state to state, where `frame` has two.
                let (dull, thick) = (one - tone, one - cut);
                low_l = low_l.fma(dull, *x * tone);
                low_r = low_r.fma(dull, *y * tone);
                high_l = high_l.fma(thick, low_l * cut);
                high_r = high_r.fma(thick, low_r * cut);
                (*x, *y) = (low_l - high_l, low_r - high_r);
                tone = tone + self.tone.1;
                cut = cut + self.cut.1;
            }
            (self.low, self.high) = ([low_l, low_r], [high_l, high_r]);
            return;
        }
        let (tone, cut) = (self.tone.0, self.cut.0);
        for (side, block) in [left, right].into_iter().enumerate() {
            scale(l, tone, block);
            leak(l, one - tone, &mut self.low[side], block);
            let mut high = *block;
            scale(l, cut, &mut high);
            leak(l, one - cut, &mut self.high[side], &mut high);
            for at in (0..BLOCK).step_by(L::RUN) {
                let band = l.load(block, at) - l.load(&high, at);
                l.store(block, at, band);
            }
        }
    }

    /// What is written for the echoes that are read.
    #[inline(always)]
    fn frame(&mut self, l: L, i: usize, echo_l: L::F, echo_r: L::F) -> (L::F, L::F) {
        let (x, y) = (self.input[0].at(i), self.input[1].at(i));
        let feedback = self.feedback.at(i);
        let mut again = [l.f(0.0); 2];
        for (side, echo) in [echo_l, echo_r].into_iter().enumerate() {
            let low = (echo - self.low[side]).fma(self.tone.0, self.low[side]);
            let high = (low - self.high[side]).fma(self.cut.0, self.high[side]);
            (self.low[side], self.high[side]) = (low, high);
            again[side] = soften(l, (low - high) * feedback);
        }
        self.tone.0 = self.tone.0 + self.tone.1;
        self.cut.0 = self.cut.0 + self.cut.1;
        let (to_l, to_r) = match self.path {
            Path::PingPong => ((x + y).fma(l.f(0.5), again[1]), again[0]),
            Path::Sides => (x + again[0], y + again[1]),
        };
        self.written = self.written.max(to_l.abs()).max(to_r.abs());
        (to_l, to_r)
    }

    #[inline(always)]
    fn end(self, l: L, state: &mut [L::F]) {
        let loud = self.written.ge(l.f(SILENCE));
        let quiet = self.quiet.min(l.f(1e7)) + l.f(BLOCK as f32);
        state[QUIET] = L::F::select(loud, l.f(0.0), quiet);
        state[LOW..LOW + 2].copy_from_slice(&self.low);
        state[HIGH..HIGH + 2].copy_from_slice(&self.high);
    }
}

/// The part of the way that a one-pole filter goes in the first frame, 1 - e^(-2π f / rate), and what it changes by each frame.
#[inline(always)]
fn part<L: Lanes>(l: L, rate: f32, hz: In<'_, L>) -> (L::F, L::F) {
    let turn = l.f(-std::f32::consts::TAU * std::f32::consts::LOG2_E / rate);
    let first = l.f(1.0) - exp2(l, hz.head() * turn);
    if hz.is_constant() {
        return (first, l.f(0.0));
    }
    let last = l.f(1.0) - exp2(l, hz.at(BLOCK - 1) * turn);
    (first, (last - first) * l.f(1.0 / BLOCK as f32))
}

/// Echoes moved towards the middle.
#[inline(always)]
fn narrow<L: Lanes>(l: L, width: In<'_, L>, left: &mut [L::F; BLOCK], right: &mut [L::F; BLOCK]) {
    if width.is_constant() && width.head().ge(l.f(1.0)).all() {
        return;
    }
    for i in 0..BLOCK {
        let middle = (left[i] + right[i]) * l.f(0.5);
        left[i] = (left[i] - middle).fma(width.at(i), middle);
        right[i] = (right[i] - middle).fma(width.at(i), middle);
    }
}
