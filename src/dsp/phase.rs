//! Oscillator phase that does not drift: 2^63 steps a cycle in two words, advanced four frames at a time. Runs on engine threads.
use std::ops::Range;

use super::{
    BLOCK,
    lanes::{Float, Int, Lanes, Mask, WIDEST},
};

/// State words of a [`Phase`].
pub const WORDS: usize = 5;

/// Bits of the lower word: it never uses its sign, which catches the carry.
const REST: i32 = i32::MAX;

/// Where an oscillator is in its cycle, and how far it goes each frame.
///
/// The increment is computed in f64 for each lane, so that all lane types round it alike, and kept until the frequency changes.
/// Every lane's phase follows from its own frequency alone: a lane that holds its frequency advances by the same 63 bits whether
/// its neighbours are modulated or not.
#[derive(Clone, Copy)]
pub struct Phase<L: Lanes> {
    /// 2^32 a cycle; the cycle starts at `i32::MIN` for ramps, at 0 for sines.
    pub turn: L::I,
    /// 2^31 a unit of `turn`.
    rest: L::I,
    /// The frequency and rate that the increment belongs to, mixed.
    key: L::I,
    step: L::I,
    step_rest: L::I,
}

/// The increments of one to four frames.
struct Four<L: Lanes> {
    turns: [L::I; 4],
    rest: L::I,
}

/// One lane's phases of a block to come, as [`Phase::advance`] will give them.
pub struct Ahead {
    /// Both words of the phase and of the increment.
    start: u64,
    step: u64,
}

impl Ahead {
    /// Both words of the last multiple of four frames, and what the frames since then add to the upper one.
    #[inline(always)]
    fn parts(&self, frames: usize) -> (u64, i32) {
        let (fours, odd) = (frames as u64 / 4 * 4, frames as u64 % 4);
        // Within four frames the lower word's carry waits, as it does there.
        let from = self.start.wrapping_add(self.step.wrapping_mul(fours));
        (from, top(self.step.wrapping_mul(odd)))
    }

    /// The phase `frames` frames on; 0 is the last frame of the block before.
    #[inline(always)]
    pub fn at(&self, frames: usize) -> i32 {
        let (from, odd) = self.parts(frames);
        top(from).wrapping_add(odd)
    }
}

/// The upper word of both.
#[inline(always)]
fn top(both: u64) -> i32 {
    (both >> 31) as i32
}

/// Both words of one lane as one number.
#[inline(always)]
fn both(turn: i32, rest: i32) -> u64 {
    ((turn as u32 as u64) << 31) | rest as u32 as u64
}

impl<L: Lanes> Phase<L> {
    #[inline(always)]
    pub fn load(words: &[L::F]) -> Self {
        Self {
            turn: words[0].bits(),
            rest: words[1].bits(),
            key: words[2].bits(),
            step: words[3].bits(),
            step_rest: words[4].bits(),
        }
    }

    #[inline(always)]
    pub fn store(&self, words: &mut [L::F]) {
        words[0] = self.turn.bits();
        words[1] = self.rest.bits();
        words[2] = self.key.bits();
        words[3] = self.step.bits();
        words[4] = self.step_rest.bits();
    }

    /// Sets the frequency in hertz.
    #[inline(always)]
    pub fn tune(&mut self, l: L, freq: L::F, rate: f32) {
        let key = freq.bits() ^ l.i(rate.to_bits() as i32);
        let changed = key ^ self.key;
        if !(changed | (l.i(0) - changed)).negative().any() {
            return;
        }
        self.key = key;
        for lane in 0..L::N {
            let (step, rest) = increment(freq.lanes()[lane], rate);
            self.step.lanes_mut()[lane] = step;
            self.step_rest.lanes_mut()[lane] = rest;
        }
    }

    /// The increment in units of `turn`, rounded down.
    #[inline(always)]
    pub fn step(&self) -> L::I {
        self.step
    }

    #[inline(always)]
    fn four(&self, l: L) -> Four<L> {
        let mut turns = [self.step; 4];
        let mut rest = self.step_rest;
        for k in 1..4 {
            let sum = rest + self.step_rest;
            turns[k] = turns[k - 1] + self.step + sum.shr(31);
            rest = sum & l.i(REST);
        }
        Four { turns, rest }
    }

    /// One lane's phases from here on at the frequency set.
    #[inline(always)]
    pub fn ahead(&self, lane: usize) -> Ahead {
        let word = |x: &L::I| x.lanes()[lane & (L::N - 1)];
        Ahead {
            start: both(word(&self.turn), word(&self.rest)),
            step: both(word(&self.step), word(&self.step_rest)),
        }
    }

    /// Advances a block at the frequency set, and gives `each` the phase of every frame.
    #[inline(always)]
    pub fn advance(&mut self, l: L, each: impl FnMut(usize, L::I)) {
        self.advance_over(l, 0..BLOCK, each);
    }

    /// Advances a block at the frequency set and writes the phase of every frame: the same ones, of one lane in runs.
    #[inline(always)]
    pub fn fill(&mut self, l: L, to: &mut [L::I; BLOCK]) {
        if L::RUN < 4 {
            return self.advance(
                l,
                #[inline(always)]
                |i, turn| to[i] = turn,
            );
        }
        let (ahead, r) = (self.ahead(0), l.run());
        let [mut turns, mut rests, mut odds] = [[l.i(0); WIDEST]; 3];
        for k in 0..L::RUN {
            let (from, odd) = ahead.parts(k + 1);
            turns[k] = l.i(top(from));
            rests[k] = l.i(from as i32 & REST);
            odds[k] = l.i(odd);
        }
        let run = ahead.step.wrapping_mul(L::RUN as u64);
        let (turn_a_run, rest_a_run) = (r.i(top(run)), r.i(run as i32 & REST));
        let (mut turn, mut rest) = (l.load_int(&turns, 0), l.load_int(&rests, 0));
        let odd = l.load_int(&odds, 0);
        for at in (0..BLOCK).step_by(L::RUN) {
            l.store_int(to, at, turn + odd);
            let sum = rest + rest_a_run;
            turn = turn + turn_a_run + sum.shr(31);
            rest = sum & r.i(REST);
        }
        self.skip(BLOCK as u64);
    }

    /// Advances some of a block's frames, from a multiple of four to one.
    #[inline(always)]
    pub fn advance_over(&mut self, l: L, frames: Range<usize>, mut each: impl FnMut(usize, L::I)) {
        let four = self.four(l);
        for i in frames.step_by(4) {
            let from = self.turn;
            let rest = self.rest + four.rest;
            self.turn = from + four.turns[3] + rest.shr(31);
            self.rest = rest & l.i(REST);
            each(i, from + four.turns[0]);
            each(i + 1, from + four.turns[1]);
            each(i + 2, from + four.turns[2]);
            each(i + 3, self.turn);
        }
    }

    /// Where it is so many frames on at the frequency set, a multiple of four.
    #[inline(always)]
    pub fn skip(&mut self, frames: u64) {
        for lane in 0..L::N {
            let ahead = self.ahead(lane);
            let there = ahead.start.wrapping_add(ahead.step.wrapping_mul(frames));
            self.turn.lanes_mut()[lane] = (there >> 31) as i32;
            self.rest.lanes_mut()[lane] = there as i32 & REST;
        }
    }

    /// Advances a block at a frequency for each frame, and gives `each` the phase of every frame.
    #[inline(always)]
    pub fn advance_along(
        &mut self,
        l: L,
        rate: f32,
        freq: impl Fn(usize) -> L::F,
        mut each: impl FnMut(usize, L::I),
    ) {
        let held = freq(0);
        self.tune(l, held, rate);
        let four = self.four(l);
        let turn = |k: usize| four.turns[k];
        // Frame by frame what four frames at once would add, so that a held lane gets the same phases here.
        let steps = [
            turn(0),
            turn(1) - turn(0),
            turn(2) - turn(1),
            turn(3) - turn(2),
        ];
        let per_hz = l.f(1.0 / rate);
        for i in (0..BLOCK).step_by(4) {
            let rest = self.rest + four.rest;
            for (k, known) in steps.into_iter().enumerate() {
                let f = freq(i + k);
                let holds = f.ge(held) & held.ge(f);
                let known = if k == 3 { known + rest.shr(31) } else { known };
                let step = L::I::select(holds, known, turns(l, f * per_hz));
                self.turn = self.turn + step;
                each(i + k, self.turn);
                if k == 3 {
                    self.rest = L::I::select(holds, rest & l.i(REST), self.rest);
                }
            }
        }
    }
}

/// Cycles as a phase, whole ones dropped.
#[inline(always)]
pub fn turns<L: Lanes>(l: L, cycles: L::F) -> L::I {
    // The largest float below 2^31: half a cycle must not overflow, where instruction sets differ.
    let part = (cycles - cycles.round()) * l.f(4_294_967_296.0);
    part.min(l.f(2_147_483_520.0)).to_int()
}

/// One frame's increment, in 2^-32 cycles and 2^-31 of that.
#[inline(always)]
fn increment(freq: f32, rate: f32) -> (i32, i32) {
    let cycles = freq as f64 / rate as f64;
    let part = cycles - (cycles as i64) as f64;
    let fixed = (part * (1u64 << 63) as f64) as i64;
    ((fixed >> 31) as i32, fixed as i32 & REST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::{Isa, IsaChoice, Scalar, WithIsa, with_isa};

    type One = Scalar<false>;

    fn phase() -> Phase<One> {
        Phase::load(&[Scalar.f(0.0); WORDS])
    }

    fn turn(p: &Phase<One>) -> u32 {
        p.turn.lanes()[0] as u32
    }

    #[test]
    fn a_day_at_440_hz_ends_within_a_ten_millionth_of_a_cycle() {
        let (blocks, per) = (24u64 * 3600 * 48_000 / 64, 64u64);
        let (step, rest) = increment(440.0, 48_000.0);
        let fixed = ((step as u32 as u64) << 31) | rest as u64;
        // The exact phase: frames x 440 mod 48,000, over 48,000.
        let frames = blocks * per;
        let exact = (frames as u128 * 440 % 48_000) as f64 / 48_000.0;
        let got = (frames as u128 * fixed as u128 % (1 << 63)) as f64 / (1u64 << 63) as f64;
        assert!((got - exact).abs() < 1e-7, "{got} {exact}");
        // And the vector code adds up those 63 bits exactly.
        let mut p = phase();
        p.tune(Scalar, Scalar.f(440.0), 48_000.0);
        let blocks = 10_000;
        (0..blocks).for_each(|_| p.advance(Scalar, |_, _| ()));
        let want = (blocks as u128 * 64 * fixed as u128 % (1 << 63)) >> 31;
        assert_eq!(turn(&p), want as u32);
    }

    /// Blocks written at once, and frame by frame.
    struct Filled;

    impl WithIsa for Filled {
        type Output = ();
        fn with<A: Isa>(self, isa: A) {
            isa.run(
                #[inline(always)]
                || (fills(isa.one()), fills(isa.wide())),
            );
        }
    }

    #[inline(always)]
    fn fills<L: Lanes>(l: L) {
        for freq in [0.01, 27.5, 439.99, 5_000.1, 23_999.0] {
            let mut one = Phase::<L>::load(&[l.f(0.0); WORDS]);
            one.tune(l, l.from_fn(|lane| freq + lane as f32), 44_100.0);
            let mut other = one;
            for _ in 0..1_000 {
                let (mut filled, mut i) = ([l.i(0); BLOCK], 0);
                one.fill(l, &mut filled);
                other.advance(l, |_, turn| {
                    assert_eq!(filled[i].lanes(), turn.lanes(), "{freq} {i}");
                    i += 1;
                });
                assert_eq!(one.turn.lanes(), other.turn.lanes());
                assert_eq!(one.rest.lanes(), other.rest.lanes());
            }
        }
    }

    #[test]
    fn a_block_filled_in_runs_has_the_same_phases() {
        for isa in IsaChoice::ALL {
            if isa.resolve().is_ok() {
                with_isa(isa, Filled).expect("is there");
            }
        }
    }

    #[test]
    fn a_held_frequency_advances_alike_on_both_paths() {
        for freq in [0.01, 27.5, 439.99, 5_000.1, 23_999.0] {
            let (mut a, mut b, mut far) = (phase(), phase(), phase());
            far.tune(Scalar, Scalar.f(freq), 44_100.0);
            far.skip(1_000 * BLOCK as u64);
            a.tune(Scalar, Scalar.f(freq), 44_100.0);
            for _ in 0..1_000 {
                let mut seen = [0i32; BLOCK];
                let (ahead, before) = (a.ahead(0), turn(&a));
                a.advance(Scalar, |i, p| seen[i] = p.lanes()[0]);
                assert_eq!(ahead.at(0) as u32, before);
                for (i, seen) in seen.iter().enumerate() {
                    assert_eq!(ahead.at(i + 1), *seen);
                }
                let freq = |_| Scalar.f(freq);
                b.advance_along(Scalar, 44_100.0, freq, |i, p| {
                    assert_eq!(p.lanes()[0], seen[i]);
                });
                assert_eq!(turn(&a), turn(&b));
            }
            assert_eq!(turn(&far), turn(&a));
            assert_eq!(far.rest.lanes(), a.rest.lanes());
        }
    }
}
