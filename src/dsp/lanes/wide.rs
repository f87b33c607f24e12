//! Many lanes: an instruction set's native vectors, through `fearless_simd`.
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Sub};

use fearless_simd::{Bytes, ExtractToken, Select, Simd, SimdBase, SimdFloat, SimdInt, SimdMask};

use super::{Float, Int, Lanes, Mask, WIDEST, runs_of_one};

/// Token of an instruction set's native vectors.
#[derive(Clone, Copy, Debug)]
pub struct Wide<S: Simd>(pub S);

#[derive(Clone, Copy)]
pub struct WideF<S: Simd>(pub(super) S::f32s);

#[derive(Clone, Copy)]
pub struct WideI<S: Simd>(pub(super) S::i32s);

#[derive(Clone, Copy)]
pub struct WideM<S: Simd>(S::mask32s);

impl<S: Simd> Lanes for Wide<S> {
    const N: usize = <S::f32s as SimdBase<S>>::LEN;
    type F = WideF<S>;
    type I = WideI<S>;
    type M = WideM<S>;
    #[inline(always)]
    fn f(self, x: f32) -> WideF<S> {
        WideF(S::f32s::splat(self.0, x))
    }
    #[inline(always)]
    fn i(self, x: i32) -> WideI<S> {
        WideI(S::i32s::splat(self.0, x))
    }
    #[inline(always)]
    fn from_fn(self, f: impl FnMut(usize) -> f32) -> WideF<S> {
        WideF(S::f32s::from_fn(self.0, f))
    }
    /// Said with vectors: where single items of the row are read afterwards, compilers mix them one by one.
    #[inline(always)]
    fn blend<const K: usize>(self, a: &[f32; K], b: &[f32; K], of: (f32, f32)) -> [f32; K] {
        let mut mixed = *a;
        for at in (0..K).step_by(Self::N) {
            let row = at..at + Self::N;
            let a = S::f32s::from_slice(self.0, &a[row.clone()]) * of.0;
            let b = S::f32s::from_slice(self.0, &b[row.clone()]) * of.1;
            (a + b).store_slice(&mut mixed[row]);
        }
        mixed
    }
    #[inline(always)]
    fn sums(self, rows: &mut [WideF<S>; WIDEST]) {
        for half in [8, 4, 2, 1] {
            if half < Self::N {
                for i in 0..half {
                    let (a, b) = (rows[i].0, rows[i + half].0);
                    rows[i] = WideF(a.zip_low(b) + a.zip_high(b));
                }
            }
        }
    }
    runs_of_one!();
}

macro_rules! operator {
    ($on:ident: $($trait:ident $method:ident),*) => { $(
        impl<S: Simd> $trait for $on<S> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, o: Self) -> Self {
                Self(self.0.$method(o.0))
            }
        }
    )* };
}
operator!(WideF: Add add, Sub sub, Mul mul, Div div);
operator!(WideI: Add add, Sub sub, Mul mul, BitAnd bitand, BitOr bitor, BitXor bitxor);
operator!(WideM: BitAnd bitand, BitOr bitor);

impl<S: Simd> Neg for WideF<S> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// From here on every `f32` is a whole number, and adding then subtracting it rounds to one: 2^23.
const WHOLE: f32 = 8_388_608.0;

impl<S: Simd> WideF<S> {
    /// SSE2, the one set of four lanes on x86, has no instruction that rounds: a library call a lane would be ten times slower.
    const ROUNDS_BY_ADDING: bool =
        cfg!(target_arch = "x86_64") && <S::f32s as SimdBase<S>>::LEN == 4;
}

impl<S: Simd> Float for WideF<S> {
    type I = WideI<S>;
    type M = WideM<S>;
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        Self(self.0.mul_add(b.0, c.0))
    }
    #[inline(always)]
    fn nfma(self, b: Self, c: Self) -> Self {
        Self((-self.0).mul_add(b.0, c.0))
    }
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        Self(self.0.min(o.0))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        Self(self.0.max(o.0))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs())
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }
    #[inline(always)]
    fn floor(self) -> Self {
        if !Self::ROUNDS_BY_ADDING {
            return Self(self.0.floor());
        }
        let whole = self.round();
        let above = whole.0.simd_gt(self.0);
        Self(above.select(whole.0 - 1.0, whole.0))
    }
    #[inline(always)]
    fn round(self) -> Self {
        if !Self::ROUNDS_BY_ADDING {
            return Self(self.0.round_ties_even());
        }
        let big = S::f32s::splat(self.0.token(), WHOLE).copysign(self.0);
        let whole = (self.0 + big) - big;
        Self(self.0.abs().simd_lt(WHOLE).select(whole, self.0))
    }
    #[inline(always)]
    fn ge(self, o: Self) -> WideM<S> {
        WideM(self.0.simd_ge(o.0))
    }
    #[inline(always)]
    fn gt(self, o: Self) -> WideM<S> {
        WideM(self.0.simd_gt(o.0))
    }
    #[inline(always)]
    fn select(m: WideM<S>, a: Self, b: Self) -> Self {
        Self(m.0.select(a.0, b.0))
    }
    #[inline(always)]
    fn to_int(self) -> WideI<S> {
        WideI(self.round().0.to_int::<S::i32s>())
    }
    #[inline(always)]
    fn bits(self) -> WideI<S> {
        WideI(self.0.bitcast::<S::i32s>())
    }
    #[inline(always)]
    fn lanes(&self) -> &[f32] {
        self.0.as_slice()
    }
    #[inline(always)]
    fn lanes_mut(&mut self) -> &mut [f32] {
        self.0.as_mut_slice()
    }
    /// Lane by lane, so that the rounding is the same for every instruction set of one width.
    #[inline(always)]
    fn sum(self) -> f32 {
        self.0.as_slice().iter().sum()
    }
}

impl<S: Simd> Int for WideI<S> {
    type F = WideF<S>;
    type M = WideM<S>;
    #[inline(always)]
    fn to_float(self) -> WideF<S> {
        WideF(self.0.to_float::<S::f32s>())
    }
    #[inline(always)]
    fn bits(self) -> WideF<S> {
        WideF(self.0.bitcast::<S::f32s>())
    }
    #[inline(always)]
    fn shl(self, n: u32) -> Self {
        Self(self.0 << n)
    }
    #[inline(always)]
    fn shr(self, n: u32) -> Self {
        Self((self.0.bitcast::<S::u32s>() >> n).bitcast::<S::i32s>())
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs())
    }
    #[inline(always)]
    fn negative(self) -> WideM<S> {
        WideM(self.0.simd_lt(0))
    }
    #[inline(always)]
    fn gt(self, o: Self) -> WideM<S> {
        WideM(self.0.simd_gt(o.0))
    }
    #[inline(always)]
    fn select(m: WideM<S>, a: Self, b: Self) -> Self {
        Self(m.0.select(a.0, b.0))
    }
    #[inline(always)]
    fn lanes(&self) -> &[i32] {
        self.0.as_slice()
    }
    #[inline(always)]
    fn lanes_mut(&mut self) -> &mut [i32] {
        self.0.as_mut_slice()
    }
}

impl<S: Simd> Mask for WideM<S> {
    #[inline(always)]
    fn any(self) -> bool {
        self.0.any_true()
    }
    #[inline(always)]
    fn all(self) -> bool {
        self.0.all_true()
    }
    #[inline(always)]
    fn to_bits(self) -> u64 {
        self.0.to_bitmask()
    }
    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0)
    }
}
