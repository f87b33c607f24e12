//! A ring of vectors, read and written in runs. Where each lane stands in its ring is up to the lane: after a swap lanes may come
//! from different graphs.
use super::{
    BLOCK,
    lanes::{Float, Int, Lanes},
};

/// An index that may be up to any distance before or beyond the ring, in it.
#[inline(always)]
pub fn wrap(at: i32, len: usize) -> usize {
    let len = len as i32;
    // Mostly it is in the ring, or a turn before it: a division would be the dearest part of a short read.
    let near = if at < 0 { at + len } else { at };
    match (0..len).contains(&near) {
        true => near as usize,
        false => at.rem_euclid(len.max(1)) as usize,
    }
}

/// Copies a run that starts at `start` (a place in each lane's ring) into `out`, which is not longer than the ring.
#[inline(always)]
pub fn read<L: Lanes>(ring: &[L::F], start: L::I, out: &mut [L::F]) {
    let starts = start.lanes();
    let len = ring.len();
    let first = wrap(starts[0], len);
    if starts.iter().all(|s| *s == starts[0]) {
        let n = out.len().min(len);
        let before_end = (len - first).min(n);
        out[..before_end].copy_from_slice(&ring[first..first + before_end]);
        out[before_end..n].copy_from_slice(&ring[..n - before_end]);
        return;
    }
    for (lane, start) in starts.iter().enumerate() {
        let mut at = wrap(*start, len);
        for o in out.iter_mut() {
            o.lanes_mut()[lane] = ring[at].lanes()[lane];
            at = if at + 1 == len { 0 } else { at + 1 };
        }
    }
}

/// A run that starts at `start`: in the ring itself where it does not go round the end, else copied to `scratch`.
#[inline(always)]
pub fn window<'a, L: Lanes, const N: usize>(
    ring: &'a [L::F],
    start: L::I,
    scratch: &'a mut [L::F; N],
) -> &'a [L::F; N] {
    let starts = start.lanes();
    let first = wrap(starts[0], ring.len());
    if starts.iter().all(|s| *s == starts[0])
        && let Some(run) = ring.get(first..first + N)
        && let Ok(run) = run.try_into()
    {
        return run;
    }
    read::<L>(ring, start, scratch);
    scratch
}

/// Copies a run into each lane's ring from `start` on.
#[inline(always)]
pub fn write<L: Lanes, const N: usize>(ring: &mut [L::F], start: L::I, from: &[L::F; N]) {
    let starts = start.lanes();
    let len = ring.len();
    let first = wrap(starts[0], len);
    if starts.iter().all(|s| *s == starts[0]) {
        // The usual case has a length that the compiler knows, and needs no call.
        if let Some(run) = ring.get_mut(first..first + N) {
            run.copy_from_slice(from);
            return;
        }
        let before_end = (len - first).min(N);
        ring[first..first + before_end].copy_from_slice(&from[..before_end]);
        ring[..N - before_end].copy_from_slice(&from[before_end..]);
        return;
    }
    for (lane, start) in starts.iter().enumerate() {
        let mut at = wrap(*start, len);
        for x in from {
            ring[at].lanes_mut()[lane] = x.lanes()[lane];
            at = if at + 1 == len { 0 } else { at + 1 };
        }
    }
}

/// The place `frames` after `at`, in the ring.
#[inline(always)]
pub fn advance<L: Lanes>(l: L, at: L::I, frames: i32, len: usize) -> L::I {
    let next = at + l.i(frames);
    let over = next - l.i(len as i32);
    L::I::select(over.negative(), next, over)
}

/// Whole frames and the rest of a delay that is `base` frames and `more`, so that a long delay keeps its fraction's precision; at
/// least `least` frames.
#[inline(always)]
pub fn split<L: Lanes>(l: L, base: L::F, more: L::F, least: f32) -> (L::I, L::F) {
    let whole = base.floor();
    let rest = ((base - whole) + more).max(l.f(least) - whole);
    let carry = rest.floor();
    (whole.to_int() + carry.to_int(), rest - carry)
}

/// The ring as it was `whole` frames and a fraction before the frame at `now`. Reads up to one frame less and two more than that.
#[inline(always)]
pub fn tap<L: Lanes>(l: L, ring: &[L::F], now: L::I, whole: L::I, fraction: L::F) -> L::F {
    let len = ring.len();
    let mut taps = [l.f(0.0); 4];
    for lane in 0..L::N {
        let mut at = wrap(now.lanes()[lane] - whole.lanes()[lane] - 2, len);
        for tap in &mut taps {
            tap.lanes_mut()[lane] = ring[at].lanes()[lane];
            at = if at + 1 == len { 0 } else { at + 1 };
        }
    }
    weigh::<L>(taps, lagrange(l, l.f(1.0) - fraction))
}

/// Adds [`tap`] at every frame of a block to `sum`: the block is written at `now`, and read `whole` frames and a fraction before.
#[inline(always)]
pub fn add_taps<L: Lanes>(
    l: L,
    ring: &[L::F],
    now: L::I,
    (whole, fraction): (&[L::I; BLOCK], &[L::F; BLOCK]),
    sum: &mut [L::F; BLOCK],
) {
    if L::RUN == 1 {
        for i in 0..BLOCK {
            let now = now + l.i(i as i32);
            sum[i] = sum[i] + tap(l, ring, now, whole[i], fraction[i]);
        }
        return;
    }
    // One lane: weights by runs, then four neighbours a frame.
    let mut weights = [[l.f(0.0); BLOCK]; 4];
    for at in (0..BLOCK).step_by(L::RUN) {
        let run = lagrange(l.run(), l.run().f(1.0) - l.load(fraction, at));
        for (weights, run) in weights.iter_mut().zip(run) {
            l.store(weights, at, run);
        }
    }
    let now = now.lanes()[0] - 2;
    for i in 0..BLOCK {
        let first = wrap(now + i as i32 - whole[i].lanes()[0], ring.len());
        let weights = [weights[0][i], weights[1][i], weights[2][i], weights[3][i]];
        let taps = match ring.get(first..first + 4) {
            Some(&[a, b, c, d]) => [a, b, c, d],
            _ => std::array::from_fn(
                #[inline(always)]
                |k| ring[(first + k) % ring.len()],
            ),
        };
        sum[i] = sum[i] + weigh::<L>(taps, weights);
    }
}

/// One frame into each lane's ring.
#[inline(always)]
pub fn put<L: Lanes>(ring: &mut [L::F], now: L::I, x: L::F) {
    let len = ring.len();
    for lane in 0..L::N {
        ring[wrap(now.lanes()[lane], len)].lanes_mut()[lane] = x.lanes()[lane];
    }
}

/// The weights of four neighbours in third-order Lagrange interpolation: `at` from 0 (the second) to 1 (the third), a little
/// beyond allowed.
#[inline(always)]
pub fn lagrange<L: Lanes>(l: L, at: L::F) -> [L::F; 4] {
    let (up, down, far) = (at + l.f(1.0), at - l.f(1.0), at - l.f(2.0));
    let outer = at * down * l.f(1.0 / 6.0);
    let inner = up * far * l.f(0.5);
    [-(outer * far), inner * down, -(inner * at), outer * up]
}

/// The weights of six neighbours in fifth-order Lagrange interpolation: `at` from 0 (the third) to 1 (the fourth).
#[inline(always)]
pub fn lagrange6<L: Lanes>(l: L, at: L::F) -> [L::F; 6] {
    let (a, b, c) = (at + l.f(2.0), at + l.f(1.0), at);
    let (d, e, f) = (at - l.f(1.0), at - l.f(2.0), at - l.f(3.0));
    let (ab, ef) = (a * b, e * f);
    let (left, right) = (ab * c, d * ef);
    [
        b * c * right * l.f(-1.0 / 120.0),
        a * c * right * l.f(1.0 / 24.0),
        ab * right * l.f(-1.0 / 12.0),
        left * ef * l.f(1.0 / 12.0),
        left * d * f * l.f(-1.0 / 24.0),
        left * d * e * l.f(1.0 / 120.0),
    ]
}

/// Neighbours by their weights.
#[inline(always)]
pub fn weigh<L: Lanes>(x: [L::F; 4], weights: [L::F; 4]) -> L::F {
    let sides = x[3].fma(weights[3], x[0] * weights[0]);
    x[2].fma(weights[2], x[1].fma(weights[1], sides))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lanes::Scalar;

    #[test]
    fn interpolation_is_exact_on_cubics() {
        let l = Scalar::<false>;
        let f = |t: f32| 0.3 + t * (0.5 + t * (-0.7 + t * 0.2));
        let x = [-1.0, 0.0, 1.0, 2.0].map(|t| l.f(f(t)));
        for i in 0..=20 {
            let t = i as f32 * 0.05;
            let y = weigh::<Scalar<false>>(x, lagrange(l, l.f(t))).lanes()[0];
            assert!((y - f(t)).abs() < 1e-6, "{t}");
        }
    }

    #[test]
    fn six_neighbours_are_exact_on_quintics() {
        let l = Scalar::<false>;
        let f = |t: f32| 0.3 + t * (0.5 + t * (-0.7 + t * (0.2 + t * (0.1 - 0.05 * t))));
        for i in 0..=20 {
            let t = i as f32 * 0.05;
            let weights = lagrange6(l, l.f(t)).map(|w| w.lanes()[0]);
            let y: f32 = weights.iter().zip(-2..).map(|(w, k)| w * f(k as f32)).sum();
            assert!((y - f(t)).abs() < 2e-6, "{t}");
        }
    }

    #[test]
    fn runs_go_round_the_end() {
        let l = Scalar::<false>;
        let mut ring = vec![l.f(0.0); 100];
        let mut at = l.i(70);
        let run: [_; 64] = std::array::from_fn(|i| l.f(i as f32));
        write::<Scalar<false>, 64>(&mut ring, at, &run);
        let mut out = vec![l.f(-1.0); 64];
        read::<Scalar<false>>(&ring, at, &mut out);
        assert!(
            out.iter()
                .enumerate()
                .all(|(i, x)| x.lanes()[0] == i as f32)
        );
        let mut scratch = [l.f(-1.0); 64];
        let seen = window::<Scalar<false>, 64>(&ring, at, &mut scratch);
        assert!(
            seen.iter()
                .enumerate()
                .all(|(i, x)| x.lanes()[0] == i as f32)
        );
        at = advance(l, at, 64, 100);
        assert_eq!(at.lanes()[0], 34);
    }
}
