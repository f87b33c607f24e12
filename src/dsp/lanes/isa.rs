//! Which instruction set a graph is compiled for, chosen once, and the way into its feature functions.
use std::fmt;

use fearless_simd::{Level, Simd};

use super::{Lanes, Single, Wide};

/// An instruction set that is there: the lane types of its graphs, and a function that runs code with its features.
pub trait Isa: Copy + Send + Sync + 'static {
    /// Many lanes, for voices and packed modules.
    type Wide: Lanes;
    /// One lane, for the rest.
    type One: Lanes;
    fn wide(self) -> Self::Wide;
    fn one(self) -> Self::One;
    /// Runs `f` inside a function that has the instruction set's features. `f` must be `#[inline(always)]`.
    fn run<R>(self, f: impl FnOnce() -> R) -> R;
}

/// One of `fearless_simd`'s levels as an [`Isa`]; `FMA` says whether it has fused multiply-add.
#[derive(Clone, Copy, Debug)]
pub struct OnLevel<S: Simd, const FMA: bool>(S);

impl<S: Simd, const FMA: bool> Isa for OnLevel<S, FMA> {
    type Wide = Wide<S>;
    type One = Single<S, FMA>;
    #[inline(always)]
    fn wide(self) -> Wide<S> {
        Wide(self.0)
    }
    #[inline(always)]
    fn one(self) -> Single<S, FMA> {
        Single(self.0)
    }
    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        self.0.vectorize(f)
    }
}

/// The user's `--isa`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IsaChoice {
    /// The best that the CPU has: AVX-512 only for a patch that fills its lanes, see [`IsaChoice::best_for`].
    #[default]
    Auto,
    /// The target's baseline: four lanes, no fused multiply-add on x86-64.
    Plain,
    Avx2,
    /// In release builds only: compiling every kernel once more is a third of a debug build's time.
    Avx512,
    Neon,
}

impl IsaChoice {
    pub const ALL: [Self; 5] = [
        Self::Auto,
        Self::Plain,
        Self::Avx2,
        Self::Avx512,
        Self::Neon,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Plain => "plain",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// The fastest on this CPU for groups of so many instances: sixteen lanes pay only where few of them stay empty.
    pub fn best_for(instances: impl Iterator<Item = usize>) -> Self {
        if Self::Avx512.resolve().is_err() {
            return Self::Auto;
        }
        let (mut of_8, mut of_16) = (0, 0);
        for count in instances {
            of_8 += count.next_multiple_of(8);
            of_16 += count.next_multiple_of(16);
        }
        if of_16 > 0 && of_16 - of_8 <= of_16 / 10 {
            Self::Avx512
        } else {
            Self::Auto
        }
    }

    /// What this choice comes to on this CPU where nothing is known of the patch: never `Auto`.
    pub fn resolve(self) -> Result<Self, IsaMissing> {
        let has = |choice| match choice {
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx2 => Level::new().as_avx2().is_some(),
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            Self::Avx512 => Level::new().as_avx512().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => Level::new().as_neon().is_some(),
            Self::Plain => true,
            _ => false,
        };
        match self {
            Self::Auto => Ok([Self::Avx2, Self::Neon]
                .into_iter()
                .find(|c| has(*c))
                .unwrap_or(Self::Plain)),
            choice if has(choice) => Ok(choice),
            choice => Err(IsaMissing(choice)),
        }
    }
}

/// The CPU lacks what `--isa` asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsaMissing(pub IsaChoice);

impl fmt::Display for IsaMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this CPU has no {}; use --isa auto or plain",
            self.0.name()
        )
    }
}

impl std::error::Error for IsaMissing {}

/// Work that is written once for every instruction set.
pub trait WithIsa {
    type Output;
    fn with<A: Isa>(self, isa: A) -> Self::Output;
}

/// Calls `work` with the chosen instruction set's token.
pub fn with_isa<W: WithIsa>(choice: IsaChoice, work: W) -> Result<W::Output, IsaMissing> {
    match choice.resolve()? {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        IsaChoice::Avx2 => match Level::new().as_avx2() {
            Some(s) => Ok(work.with(OnLevel::<_, true>(s))),
            None => Err(IsaMissing(choice)),
        },
        #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
        IsaChoice::Avx512 => match Level::new().as_avx512() {
            Some(s) => Ok(work.with(OnLevel::<_, true>(s))),
            None => Err(IsaMissing(choice)),
        },
        #[cfg(target_arch = "aarch64")]
        IsaChoice::Neon => match Level::new().as_neon() {
            Some(s) => Ok(work.with(OnLevel::<_, true>(s))),
            None => Err(IsaMissing(choice)),
        },
        _ => Ok(work.with(OnLevel::<_, false>(baseline()))),
    }
}

#[cfg(target_arch = "x86_64")]
fn baseline() -> fearless_simd::x86::Sse2 {
    Level::new()
        .as_sse2()
        .unwrap_or_else(|| unreachable!("x86-64 has SSE2"))
}

#[cfg(not(target_arch = "x86_64"))]
fn baseline() -> fearless_simd::Fallback {
    fearless_simd::Fallback::new()
}
