//! The one-pole recursion of a whole block. Runs on engine threads.
use super::{
    BLOCK,
    lanes::{Float, Lanes},
};

/// Adds to the first item of a run alone.
const FIRST: [f32; 16] = {
    let mut first = [0.0; 16];
    first[0] = 1.0;
    first
};

/// `y[n] = keep y[n - 1] + x[n]`, in place; `last` is `y` before the block, and then its end.
///
/// From frame to frame it is a chain, and one lane would wait for every link of it. So the first steps of the recursion are taken for
/// all frames side by side, (1 + k z)(1 + k² z²)(1 + k⁴ z⁴) = 1 + k z + ... + k⁷ z⁷, and what is left goes from run to run (look-ahead, as
/// in Parhi, VLSI Digital Signal Processing Systems, ch. 10). The products of `keep` are rounded once: DC passes within 1e-5 even where
/// `keep` is that near to 1 as in a high-pass of 10 Hz.
#[inline(always)]
pub fn leak<L: Lanes>(l: L, keep: L::F, last: &mut L::F, block: &mut [L::F; BLOCK]) {
    if L::RUN < 4 {
        let mut y = *last;
        for x in block.iter_mut() {
            y = y.fma(keep, *x);
            *x = y;
        }
        *last = y;
        return;
    }
    let r = l.run();
    let by_2 = f64::from(keep.lanes()[0]).powi(2);
    let by_4 = by_2 * by_2;
    let by_8 = by_4 * by_4;
    let (k1, k2, k4, k8) = (
        l.spread(keep),
        r.f(by_2 as f32),
        r.f(by_4 as f32),
        r.f(by_8 as f32),
    );
    let k16 = r.f((by_8 * by_8) as f32);
    let zero = r.f(0.0);
    let (mut x_1, mut x_2, mut x_4, mut x_8, mut y) = (zero, zero, zero, zero, zero);
    for at in (0..BLOCK).step_by(L::RUN) {
        let mut x = l.load(block, at);
        if at == 0 {
            x = l.spread(*last * keep).fma(l.table(&FIRST, 0), x);
        }
        let two = L::earlier::<1>(x_1, x).fma(k1, x);
        let four = L::earlier::<2>(x_2, two).fma(k2, two);
        (x_1, x_2) = (x, two);
        y = match L::RUN {
            4 => y.fma(k4, four),
            8 => {
                let eight = L::earlier::<4>(x_4, four).fma(k4, four);
                x_4 = four;
                y.fma(k8, eight)
            }
            _ => {
                let eight = L::earlier::<4>(x_4, four).fma(k4, four);
                let sixteen = L::earlier::<8>(x_8, eight).fma(k8, eight);
                (x_4, x_8) = (four, eight);
                y.fma(k16, sixteen)
            }
        };
        l.store(block, at, y);
    }
    *last = block[BLOCK - 1];
}

/// The block times a gain: what goes into the recursion.
#[inline(always)]
pub fn scale<L: Lanes>(l: L, gain: L::F, block: &mut [L::F; BLOCK]) {
    let gain = l.spread(gain);
    for at in (0..BLOCK).step_by(L::RUN) {
        let x = l.load(block, at) * gain;
        l.store(block, at, x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::{Isa, IsaChoice, WithIsa, with_isa};

    struct Blocks {
        keep: f32,
        x: fn(usize) -> f32,
    }

    impl WithIsa for &Blocks {
        type Output = Vec<f32>;
        fn with<A: Isa>(self, isa: A) -> Vec<f32> {
            isa.run(
                #[inline(always)]
                || self.of(isa.one()),
            )
        }
    }

    impl Blocks {
        fn of<L: Lanes>(&self, l: L) -> Vec<f32> {
            let mut last = l.f(0.0);
            let mut out = Vec::new();
            for start in (0..200 * BLOCK).step_by(BLOCK) {
                let mut block: [L::F; BLOCK] = std::array::from_fn(|i| l.f((self.x)(start + i)));
                leak(l, l.f(self.keep), &mut last, &mut block);
                out.extend(block.iter().map(|y| y.lanes()[0]));
                assert_eq!(out.last(), last.lanes().first());
            }
            out
        }
    }

    /// Largest error against the recursion in double precision, in parts of the largest value.
    fn error(blocks: &Blocks, isa: IsaChoice) -> f64 {
        let got = with_isa(isa, blocks).expect("is there");
        let (mut y, mut most, mut worst) = (0.0, 0.0f64, 0.0f64);
        for (i, got) in got.iter().enumerate() {
            y = y * f64::from(blocks.keep) + f64::from((blocks.x)(i));
            most = most.max(y.abs());
            worst = worst.max((y - f64::from(*got)).abs());
        }
        worst / most
    }

    #[test]
    fn it_is_the_recursion() {
        let noise: fn(usize) -> f32 = |i| ((i * 7_919) % 1_000) as f32 * 2e-3 - 1.0;
        for isa in IsaChoice::ALL {
            if isa.resolve().is_err() {
                continue;
            }
            for (keep, most) in [
                (0.0, 1e-9),
                (0.2, 1e-6),
                (0.9, 1e-6),
                (0.987, 2e-6),
                (0.9987, 2e-5),
            ] {
                let off = error(&Blocks { keep, x: noise }, isa);
                assert!(off < most, "{isa:?} {keep}: {off}");
                let off = error(&Blocks { keep, x: |_| 1.0 }, isa);
                assert!(off < most, "{isa:?} {keep}, steady: {off}");
            }
        }
    }
}
