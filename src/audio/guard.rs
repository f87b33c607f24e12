//! The last thing before the device: nothing that is not a number, no standing offset, nothing above -1 dBFS. Apart from a fixed
//! delay it changes not one bit of sound that is in order. Realtime; offline rendering goes through it too.
use super::dc_blocker::DcBlocker;
use super::limiter::{self, Limiter};

/// Frames at a time: what is looked at stays in the cache.
const PIECE: usize = 64;

#[derive(Debug)]
pub struct Guard {
    dc: DcBlocker,
    limiter: Limiter,
}

/// What the guard had to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guarded {
    /// Samples that were not finite; each became 0.
    pub non_finite: u64,
    /// The limiter's smallest gain.
    pub gain: f32,
}

impl Guard {
    /// Frames between in and out.
    pub const DELAY: usize = limiter::DELAY;

    pub fn new(rate: f32) -> Self {
        Self {
            dc: DcBlocker::new(rate),
            limiter: Limiter::new(rate),
        }
    }

    pub fn process(&mut self, out: &mut [[f32; 2]]) -> Guarded {
        let mut done = Guarded {
            non_finite: 0,
            gain: 1.0,
        };
        for piece in out.chunks_mut(PIECE) {
            done.non_finite += silence_non_finite(piece);
            self.dc.process(piece);
            done.gain = done.gain.min(self.limiter.process(piece));
        }
        done
    }

    pub fn blocks_dc(&self) -> bool {
        self.dc.is_engaged()
    }
}

/// To 0, never to the ceiling: clipping an infinity is the loudest sound there is.
fn silence_non_finite(piece: &mut [[f32; 2]]) -> u64 {
    let mut count = 0;
    for sample in piece.as_flattened_mut() {
        if !sample.is_finite() {
            *sample = 0.0;
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audio::limiter::CEILING;

    proptest! {
        #[test]
        fn whatever_comes_in_what_leaves_is_finite_and_below_the_ceiling(
            bits in prop::collection::vec(prop::num::f32::ANY, 0..2_000), chunk in 1usize..200
        ) {
            let mut out: Vec<[f32; 2]> = bits.iter().map(|x| [*x, -x]).collect();
            let mut guard = Guard::new(48e3);
            let mut bad = 0;
            for piece in out.chunks_mut(chunk) {
                bad += guard.process(piece).non_finite;
            }
            prop_assert_eq!(bad, 2 * bits.iter().filter(|x| !x.is_finite()).count() as u64);
            prop_assert!(out.iter().flatten().all(|x| x.abs() <= CEILING * 1.000_001));
        }
    }

    #[test]
    fn sound_in_order_passes_to_the_bit() {
        let input: Vec<_> = (0..20_000)
            .map(|i| [(i as f32 * 0.05).sin() * 0.8; 2])
            .collect();
        let mut out = input.clone();
        let mut guard = Guard::new(48e3);
        for piece in out.chunks_mut(333) {
            assert_eq!(
                guard.process(piece),
                Guarded {
                    non_finite: 0,
                    gain: 1.0
                }
            );
        }
        assert_eq!(out[Guard::DELAY..], input[..input.len() - Guard::DELAY]);
    }
}
