//! One lane of an instruction set: arithmetic on one `f32`, and runs of frames (or of delay lines) in the set's native vectors.
use fearless_simd::{Simd, SimdBase};

use super::{
    Float, Lanes, WIDEST, Wide,
    scalar::{ScalarF, ScalarI},
    wide::{WideF, WideI},
};

/// Token of one lane. With `FMA` it must run inside a function that has the feature, else `mul_add` becomes a library call.
#[derive(Clone, Copy, Debug)]
pub struct Single<S: Simd, const FMA: bool>(pub S);

/// The numbers of an array of one-lane items.
#[inline(always)]
#[allow(unsafe_code)]
fn floats<const FMA: bool>(items: &[ScalarF<FMA>]) -> &[f32] {
    // SAFETY: `ScalarF` is a transparent `f32`: size, alignment and every bit pattern are the same.
    unsafe { std::slice::from_raw_parts(items.as_ptr().cast(), items.len()) }
}

#[inline(always)]
#[allow(unsafe_code)]
fn floats_mut<const FMA: bool>(items: &mut [ScalarF<FMA>]) -> &mut [f32] {
    // SAFETY: as in `floats`, and the borrow stays the only one.
    unsafe { std::slice::from_raw_parts_mut(items.as_mut_ptr().cast(), items.len()) }
}

#[inline(always)]
#[allow(unsafe_code)]
fn ints<const FMA: bool>(items: &[ScalarI<FMA>]) -> &[i32] {
    // SAFETY: as in `floats`: `ScalarI` is a transparent `i32`.
    unsafe { std::slice::from_raw_parts(items.as_ptr().cast(), items.len()) }
}

#[inline(always)]
#[allow(unsafe_code)]
fn ints_mut<const FMA: bool>(items: &mut [ScalarI<FMA>]) -> &mut [i32] {
    // SAFETY: as in `floats_mut`: `ScalarI` is a transparent `i32`.
    unsafe { std::slice::from_raw_parts_mut(items.as_mut_ptr().cast(), items.len()) }
}

impl<S: Simd, const FMA: bool> Lanes for Single<S, FMA> {
    const N: usize = 1;
    type F = ScalarF<FMA>;
    type I = ScalarI<FMA>;
    type M = bool;
    #[inline(always)]
    fn f(self, x: f32) -> ScalarF<FMA> {
        ScalarF(x)
    }
    #[inline(always)]
    fn i(self, x: i32) -> ScalarI<FMA> {
        ScalarI(x)
    }
    #[inline(always)]
    fn from_fn(self, mut f: impl FnMut(usize) -> f32) -> ScalarF<FMA> {
        ScalarF(f(0))
    }
    #[inline(always)]
    fn blend<const K: usize>(self, a: &[f32; K], b: &[f32; K], of: (f32, f32)) -> [f32; K] {
        self.run().blend(a, b, of)
    }
    #[inline(always)]
    fn sums(self, _: &mut [ScalarF<FMA>; WIDEST]) {}

    type Run = Wide<S>;
    const RUN: usize = <S::f32s as SimdBase<S>>::LEN;
    #[inline(always)]
    fn run(self) -> Wide<S> {
        Wide(self.0)
    }
    #[inline(always)]
    fn load(self, from: &[ScalarF<FMA>], at: usize) -> WideF<S> {
        self.table(floats(from), at)
    }
    #[inline(always)]
    fn load_int(self, from: &[ScalarI<FMA>], at: usize) -> WideI<S> {
        self.table_int(ints(from), at)
    }
    #[inline(always)]
    fn store(self, to: &mut [ScalarF<FMA>], at: usize, x: WideF<S>) {
        x.0.store_slice(&mut floats_mut(to)[at..at + Self::RUN]);
    }
    #[inline(always)]
    fn store_int(self, to: &mut [ScalarI<FMA>], at: usize, x: WideI<S>) {
        x.0.store_slice(&mut ints_mut(to)[at..at + Self::RUN]);
    }
    #[inline(always)]
    fn spread(self, x: ScalarF<FMA>) -> WideF<S> {
        self.run().f(x.0)
    }
    #[inline(always)]
    fn spread_int(self, x: ScalarI<FMA>) -> WideI<S> {
        self.run().i(x.0)
    }
    #[inline(always)]
    fn table(self, from: &[f32], at: usize) -> WideF<S> {
        WideF(S::f32s::from_slice(self.0, &from[at..at + Self::RUN]))
    }
    #[inline(always)]
    fn table_int(self, from: &[i32], at: usize) -> WideI<S> {
        WideI(S::i32s::from_slice(self.0, &from[at..at + Self::RUN]))
    }
    #[inline(always)]
    fn earlier<const BY: usize>(before: WideF<S>, x: WideF<S>) -> WideF<S> {
        // The shift of both together is a constant to the compiler, and can't be said as one in a generic function.
        WideF(match Self::RUN - BY {
            1 => before.0.slide::<1>(x.0),
            2 => before.0.slide::<2>(x.0),
            3 => before.0.slide::<3>(x.0),
            4 => before.0.slide::<4>(x.0),
            6 => before.0.slide::<6>(x.0),
            7 => before.0.slide::<7>(x.0),
            8 => before.0.slide::<8>(x.0),
            12 => before.0.slide::<12>(x.0),
            14 => before.0.slide::<14>(x.0),
            15 => before.0.slide::<15>(x.0),
            _ => unreachable!("no set's vectors are that long"),
        })
    }
    #[inline(always)]
    fn largest(self, x: WideF<S>) -> ScalarF<FMA> {
        let mut largest = self.f(f32::NEG_INFINITY);
        for item in x.lanes() {
            largest = largest.max(ScalarF(*item));
        }
        largest
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Float, Isa, IsaChoice, WithIsa, with_isa};
    use super::*;

    /// An array, its runs stored elsewhere, and the same from 1, 2 and 4 places earlier.
    struct Runs;

    impl WithIsa for Runs {
        type Output = ();
        fn with<A: Isa>(self, isa: A) {
            isa.run(
                #[inline(always)]
                || {
                    check(isa.one());
                    check_across(isa.one());
                    check_across(isa.wide());
                },
            );
        }
    }

    /// What goes across lanes: sums, and rows of a table mixed.
    fn check_across<L: Lanes>(l: L) {
        let item = |row: usize, lane: usize| (100 * row + lane * lane) as f32;
        let mut rows = std::array::from_fn(|row| l.from_fn(|lane| item(row, lane)));
        l.sums(&mut rows);
        for (row, sum) in rows[0].lanes().iter().enumerate() {
            assert_eq!(
                *sum,
                (0..L::N).map(|lane| item(row, lane)).sum::<f32>(),
                "{row}"
            );
        }
        let (a, b): ([f32; 32], [f32; 32]) = (
            std::array::from_fn(|k| (k as f32).sqrt()),
            std::array::from_fn(|k| 1.0 / (k as f32 + 0.7)),
        );
        for (k, mixed) in l.blend(&a, &b, (0.3, -1.7)).into_iter().enumerate() {
            assert_eq!(mixed, a[k] * 0.3 + b[k] * -1.7, "{k}");
        }
    }

    fn check<L: Lanes>(l: L) {
        let items: [L::F; 64] = std::array::from_fn(|i| l.f(i as f32));
        let mut copy = [[l.f(-1.0); 64]; 4];
        let mut before = l.run().f(-7.0);
        for at in (0..64).step_by(L::RUN) {
            let x = l.load(&items, at);
            l.store(&mut copy[0], at, x);
            l.store(&mut copy[1], at, L::earlier::<1>(before, x));
            if L::RUN > 2 {
                l.store(&mut copy[2], at, L::earlier::<2>(before, x));
            }
            if L::RUN > 4 {
                l.store(&mut copy[3], at, L::earlier::<4>(before, x));
            }
            before = x;
        }
        for (copy, by) in copy.iter().zip([0, 1, 2, 4]) {
            if by > 0 && L::RUN <= by {
                continue;
            }
            for (i, x) in copy.iter().enumerate() {
                let want = if i < by { -7.0 } else { (i - by) as f32 };
                assert_eq!(x.lanes()[0], want, "{by} {i}");
            }
        }
        assert_eq!(l.spread(l.f(3.0)).sum(), 3.0 * L::RUN as f32);
        let last = l.largest(l.load(&items, 64 - L::RUN));
        assert_eq!(last.lanes()[0], 63.0);
    }

    #[test]
    fn runs_are_what_lies_side_by_side() {
        for isa in IsaChoice::ALL {
            if isa.resolve().is_ok() {
                with_isa(isa, Runs).expect("is there");
            }
        }
    }
}
