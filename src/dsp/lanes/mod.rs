//! The lane abstraction that every kernel is written over: one `f32`, or four, eight or sixteen side by side.
//!
//! A token ([`Lanes`]) proves that the CPU has the instructions; only a token can make a vector from nothing, so every
//! operator on a vector is safe. Kernels take the token and are `#[inline(always)]`, so that they are compiled inside the
//! feature function that [`Isa::run`] enters.
mod isa;
mod scalar;
mod single;
mod wide;

use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Sub};

pub use isa::{Isa, IsaChoice, IsaMissing, WithIsa, with_isa};
pub use scalar::Scalar;
pub use single::Single;
pub use wide::Wide;

/// Proof that an instruction set is there, and the vectors made with it.
pub trait Lanes: Copy + Send + Sync + 'static {
    /// Lanes in a vector.
    const N: usize;
    type F: Float<I = Self::I, M = Self::M>;
    type I: Int<F = Self::F, M = Self::M>;
    type M: Mask;
    /// `x` in every lane.
    fn f(self, x: f32) -> Self::F;
    /// `x` in every lane.
    fn i(self, x: i32) -> Self::I;
    /// Lane `l` is `f(l)`.
    #[allow(clippy::wrong_self_convention)] // a token makes vectors: `self` is what it makes them from
    fn from_fn(self, f: impl FnMut(usize) -> f32) -> Self::F;

    /// Vectors of items that lie side by side in an array: of one lane as many as the instruction set's vectors hold, of many lanes
    /// one item, which is a vector already. A loop by runs is written once and uses the whole width either way:
    ///
    /// ```text
    /// for at in (0..BLOCK).step_by(L::RUN) {
    ///     l.store(out, at, l.load(x, at) * gain);
    /// }
    /// ```
    type Run: Lanes;
    /// Items of a run: a divisor of a block.
    const RUN: usize;
    /// The token of runs.
    fn run(self) -> Self::Run;
    /// The run that starts with `from[at]`.
    fn load(self, from: &[Self::F], at: usize) -> RunF<Self>;
    fn load_int(self, from: &[Self::I], at: usize) -> RunI<Self>;
    fn store(self, to: &mut [Self::F], at: usize, x: RunF<Self>);
    fn store_int(self, to: &mut [Self::I], at: usize, x: RunI<Self>);
    /// Every item is `x`.
    fn spread(self, x: Self::F) -> RunF<Self>;
    /// Every item is `x`.
    fn spread_int(self, x: Self::I) -> RunI<Self>;
    /// The run of a table that starts with `from[at]`, the same in every lane.
    fn table(self, from: &[f32], at: usize) -> RunF<Self>;
    /// The same of integers.
    fn table_int(self, from: &[i32], at: usize) -> RunI<Self>;
    /// For each item of `x` the one `BY` places earlier, from `before` (the run before it) on. `BY` is 1 or less than a run.
    fn earlier<const BY: usize>(before: RunF<Self>, x: RunF<Self>) -> RunF<Self>;
    /// The largest of a run's items, in each lane.
    fn largest(self, x: RunF<Self>) -> Self::F;

    /// Two rows of a table mixed, side by side whatever the lanes: `a[k] of.0 + b[k] of.1`. As many as a whole number of the widest
    /// vectors.
    #[inline(always)]
    fn blend<const K: usize>(self, a: &[f32; K], b: &[f32; K], of: (f32, f32)) -> [f32; K] {
        let mut mixed = *a;
        for (a, b) in mixed.iter_mut().zip(b) {
            *a = *a * of.0 + b * of.1;
        }
        mixed
    }

    /// Sums across lanes, of as many vectors as there are lanes: of the first one in lane 0 of `rows[0]`, and so on. The second half
    /// of the lanes is added to the first, until one is left: so the rounding is the same for every instruction set of one width.
    fn sums(self, rows: &mut [Self::F; WIDEST]);
}

/// Lanes of the widest vectors.
pub const WIDEST: usize = 16;

/// A run of floats.
pub type RunF<L> = <<L as Lanes>::Run as Lanes>::F;
/// A run of integers.
pub type RunI<L> = <<L as Lanes>::Run as Lanes>::I;

/// Runs of one item.
macro_rules! runs_of_one {
    () => {
        type Run = Self;
        const RUN: usize = 1;
        #[inline(always)]
        fn run(self) -> Self {
            self
        }
        #[inline(always)]
        fn load(self, from: &[Self::F], at: usize) -> Self::F {
            from[at]
        }
        #[inline(always)]
        fn load_int(self, from: &[Self::I], at: usize) -> Self::I {
            from[at]
        }
        #[inline(always)]
        fn store(self, to: &mut [Self::F], at: usize, x: Self::F) {
            to[at] = x;
        }
        #[inline(always)]
        fn store_int(self, to: &mut [Self::I], at: usize, x: Self::I) {
            to[at] = x;
        }
        #[inline(always)]
        fn spread(self, x: Self::F) -> Self::F {
            x
        }
        #[inline(always)]
        fn spread_int(self, x: Self::I) -> Self::I {
            x
        }
        #[inline(always)]
        fn table(self, from: &[f32], at: usize) -> Self::F {
            self.f(from[at])
        }
        #[inline(always)]
        fn table_int(self, from: &[i32], at: usize) -> Self::I {
            self.i(from[at])
        }
        #[inline(always)]
        fn earlier<const BY: usize>(before: Self::F, _: Self::F) -> Self::F {
            before
        }
        #[inline(always)]
        fn largest(self, x: Self::F) -> Self::F {
            x
        }
    };
}
use runs_of_one;

/// A vector of `f32`.
pub trait Float:
    Copy
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    type I;
    type M: Mask;
    /// `self * b + c`, fused where the instruction set can.
    fn fma(self, b: Self, c: Self) -> Self;
    /// `c - self * b`, fused where the instruction set can.
    fn nfma(self, b: Self, c: Self) -> Self;
    /// The smaller; either where one is NaN.
    fn min(self, o: Self) -> Self;
    /// The larger; either where one is NaN.
    fn max(self, o: Self) -> Self;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn floor(self) -> Self;
    /// Nearest whole number, halves to even.
    fn round(self) -> Self;
    fn ge(self, o: Self) -> Self::M;
    fn gt(self, o: Self) -> Self::M;
    /// `a` where the mask holds, else `b`.
    fn select(m: Self::M, a: Self, b: Self) -> Self;
    /// Nearest integer; the value must fit.
    fn to_int(self) -> Self::I;
    /// The same bits as integers.
    fn bits(self) -> Self::I;
    fn lanes(&self) -> &[f32];
    fn lanes_mut(&mut self) -> &mut [f32];
    fn sum(self) -> f32;
}

/// A vector of `i32`, wrapping.
pub trait Int:
    Copy
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
{
    type F;
    type M: Mask;
    fn to_float(self) -> Self::F;
    /// The same bits as floats.
    fn bits(self) -> Self::F;
    fn shl(self, n: u32) -> Self;
    /// Logical shift: zeros come in from the left.
    fn shr(self, n: u32) -> Self;
    /// The magnitude; the lowest integer stays as it is.
    fn abs(self) -> Self;
    /// Lanes whose sign bit is set.
    fn negative(self) -> Self::M;
    fn gt(self, o: Self) -> Self::M;
    /// `a` where the mask holds, else `b`.
    fn select(m: Self::M, a: Self, b: Self) -> Self;
    fn lanes(&self) -> &[i32];
    fn lanes_mut(&mut self) -> &mut [i32];
}

/// One truth value a lane.
pub trait Mask: Copy + BitAnd<Output = Self> + BitOr<Output = Self> {
    fn any(self) -> bool;
    fn all(self) -> bool;
    /// Lane 0 in bit 0.
    fn to_bits(self) -> u64;
    fn not(self) -> Self;
}

/// Whether two vectors are the same to the bit.
#[inline(always)]
pub fn same<L: Lanes>(l: L, a: L::I, b: L::I) -> bool {
    let differ = a ^ b;
    !(differ | (l.i(0) - differ)).negative().any()
}
