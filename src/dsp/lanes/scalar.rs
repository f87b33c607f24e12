//! One lane. With `FMA` it must run inside a function that has the feature, else `mul_add` becomes a library call.
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Sub};

use super::{Float, Int, Lanes, Mask, WIDEST, runs_of_one};

/// Token of the one-lane type on its own, for tests and for what runs on no engine: the engine's is [`super::Single`].
#[derive(Clone, Copy, Debug)]
pub struct Scalar<const FMA: bool>;

#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct ScalarF<const FMA: bool>(pub(super) f32);

#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct ScalarI<const FMA: bool>(pub(super) i32);

impl<const FMA: bool> Lanes for Scalar<FMA> {
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
    fn sums(self, _: &mut [ScalarF<FMA>; WIDEST]) {}
    runs_of_one!();
}

macro_rules! operator {
    ($on:ident, $trait:ident, $method:ident, |$a:ident, $b:ident| $result:expr) => {
        impl<const FMA: bool> $trait for $on<FMA> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, o: Self) -> Self {
                let ($a, $b) = (self.0, o.0);
                $on($result)
            }
        }
    };
}
operator!(ScalarF, Add, add, |a, b| a + b);
operator!(ScalarF, Sub, sub, |a, b| a - b);
operator!(ScalarF, Mul, mul, |a, b| a * b);
operator!(ScalarF, Div, div, |a, b| a / b);
operator!(ScalarI, Add, add, |a, b| a.wrapping_add(b));
operator!(ScalarI, Sub, sub, |a, b| a.wrapping_sub(b));
operator!(ScalarI, Mul, mul, |a, b| a.wrapping_mul(b));
operator!(ScalarI, BitAnd, bitand, |a, b| a & b);
operator!(ScalarI, BitOr, bitor, |a, b| a | b);
operator!(ScalarI, BitXor, bitxor, |a, b| a ^ b);

impl<const FMA: bool> Neg for ScalarF<FMA> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// From here on every `f32` is a whole number, and adding then subtracting it rounds to one: 2^23.
const WHOLE: f32 = 8_388_608.0;

/// Halves to even without SSE4.1, where `round_ties_even` would be a library call.
#[inline(always)]
fn round_even(x: f32) -> f32 {
    let big = WHOLE.copysign(x);
    if x.abs() < WHOLE { (x + big) - big } else { x }
}

impl<const FMA: bool> Float for ScalarF<FMA> {
    type I = ScalarI<FMA>;
    type M = bool;
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        Self(if FMA {
            self.0.mul_add(b.0, c.0)
        } else {
            self.0 * b.0 + c.0
        })
    }
    #[inline(always)]
    fn nfma(self, b: Self, c: Self) -> Self {
        Self(if FMA {
            (-self.0).mul_add(b.0, c.0)
        } else {
            c.0 - self.0 * b.0
        })
    }
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        Self(if self.0 < o.0 { self.0 } else { o.0 })
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        Self(if self.0 > o.0 { self.0 } else { o.0 })
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
        let whole = round_even(self.0);
        Self(if whole > self.0 { whole - 1.0 } else { whole })
    }
    #[inline(always)]
    fn round(self) -> Self {
        Self(round_even(self.0))
    }
    #[inline(always)]
    fn ge(self, o: Self) -> bool {
        self.0 >= o.0
    }
    #[inline(always)]
    fn gt(self, o: Self) -> bool {
        self.0 > o.0
    }
    #[inline(always)]
    fn select(m: bool, a: Self, b: Self) -> Self {
        if m { a } else { b }
    }
    #[inline(always)]
    fn to_int(self) -> ScalarI<FMA> {
        ScalarI(round_even(self.0) as i32)
    }
    #[inline(always)]
    fn bits(self) -> ScalarI<FMA> {
        ScalarI(self.0.to_bits() as i32)
    }
    #[inline(always)]
    fn lanes(&self) -> &[f32] {
        std::slice::from_ref(&self.0)
    }
    #[inline(always)]
    fn lanes_mut(&mut self) -> &mut [f32] {
        std::slice::from_mut(&mut self.0)
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        self.0
    }
}

impl<const FMA: bool> Int for ScalarI<FMA> {
    type F = ScalarF<FMA>;
    type M = bool;
    #[inline(always)]
    fn to_float(self) -> ScalarF<FMA> {
        ScalarF(self.0 as f32)
    }
    #[inline(always)]
    fn bits(self) -> ScalarF<FMA> {
        ScalarF(f32::from_bits(self.0 as u32))
    }
    #[inline(always)]
    fn shl(self, n: u32) -> Self {
        Self(self.0 << n)
    }
    #[inline(always)]
    fn shr(self, n: u32) -> Self {
        Self(((self.0 as u32) >> n) as i32)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.wrapping_abs())
    }
    #[inline(always)]
    fn negative(self) -> bool {
        self.0 < 0
    }
    #[inline(always)]
    fn gt(self, o: Self) -> bool {
        self.0 > o.0
    }
    #[inline(always)]
    fn select(m: bool, a: Self, b: Self) -> Self {
        if m { a } else { b }
    }
    #[inline(always)]
    fn lanes(&self) -> &[i32] {
        std::slice::from_ref(&self.0)
    }
    #[inline(always)]
    fn lanes_mut(&mut self) -> &mut [i32] {
        std::slice::from_mut(&mut self.0)
    }
}

impl Mask for bool {
    #[inline(always)]
    fn any(self) -> bool {
        self
    }
    #[inline(always)]
    fn all(self) -> bool {
        self
    }
    #[inline(always)]
    fn to_bits(self) -> u64 {
        self as u64
    }
    #[inline(always)]
    fn not(self) -> bool {
        !self
    }
}
