//! Look-ahead limiter at -1 dBFS: a fixed delay, and not one bit changed where nothing is above the ceiling. Realtime.

/// -1 dBFS: what converters reconstruct between samples has somewhere to go.
pub const CEILING: f32 = 0.891_250_9;
/// Frames between in and out: 1.3 ms at 48 kHz, in which the gain comes down before a peak.
pub const DELAY: usize = 64;
/// A peak is held down from its sight until it has left.
const WINDOW: usize = DELAY + 1;
/// Gain reduction is counted in whole parts of 2^-24, so that sums come back to exactly nothing.
const ONE: u32 = 1 << 24;

/// Both sides share one gain: the picture stays where it is.
#[derive(Debug)]
pub struct Limiter {
    delay: [[f32; 2]; DELAY],
    delay_at: usize,
    /// Reduction that the frames in sight need: falling, so that the first is the largest.
    needs: [Need; WINDOW],
    first_need: usize,
    need_count: usize,
    frame: u64,
    /// Held and released.
    reduction: u32,
    release_shift: u32,
    /// The last reductions and their sum: the mean of them is the gain's way down and up.
    box_mean: [u32; WINDOW],
    box_at: usize,
    box_sum: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Need {
    until: u64,
    reduction: u32,
}

impl Limiter {
    pub fn new(rate: f32) -> Self {
        Self {
            delay: [[0.0; 2]; DELAY],
            delay_at: 0,
            needs: [Need::default(); WINDOW],
            first_need: 0,
            need_count: 0,
            frame: 0,
            reduction: 0,
            // A time constant near 85 ms at every rate: 2^12 frames at 48 kHz.
            release_shift: (rate * 0.085).max(2.0).log2().round() as u32,
            box_mean: [0; WINDOW],
            box_at: 0,
            box_sum: 0,
        }
    }

    /// Delays and limits in place; returns the smallest gain used. Samples are finite.
    pub fn process(&mut self, out: &mut [[f32; 2]]) -> f32 {
        let peak = |frame: &[f32; 2]| frame[0].abs().max(frame[1].abs());
        let loudest = out.iter().map(peak).fold(0.0, f32::max);
        if self.is_idle() && loudest <= CEILING {
            for frame in out {
                *frame = self.delayed(*frame);
            }
            return 1.0;
        }
        let mut least = 1.0f32;
        for frame in out {
            let gain = self.gain(peak(frame));
            least = least.min(gain);
            *frame = self.delayed(*frame).map(|x| x * gain);
        }
        least
    }

    fn is_idle(&self) -> bool {
        self.need_count == 0 && self.reduction == 0 && self.box_sum == 0
    }

    fn delayed(&mut self, frame: [f32; 2]) -> [f32; 2] {
        let before = std::mem::replace(&mut self.delay[self.delay_at], frame);
        self.delay_at = (self.delay_at + 1) % DELAY;
        before
    }

    /// The gain for the frame that leaves the delay while one of this peak enters it.
    fn gain(&mut self, peak: f32) -> f32 {
        self.see(peak);
        let held = match self.need_count {
            0 => 0,
            _ => self.needs[self.first_need].reduction,
        };
        let released = self.reduction - self.release(self.reduction);
        self.reduction = held.max(released);
        self.box_sum += u64::from(self.reduction);
        self.box_sum -= u64::from(self.box_mean[self.box_at]);
        self.box_mean[self.box_at] = self.reduction;
        self.box_at = (self.box_at + 1) % WINDOW;
        let full = (WINDOW as u64 * u64::from(ONE)) as f64;
        (1.0 - self.box_sum as f64 / full) as f32
    }

    fn release(&self, reduction: u32) -> u32 {
        (reduction >> self.release_shift).max(1).min(reduction)
    }

    /// Keeps, of the frames in sight, those that may yet be the loudest.
    fn see(&mut self, peak: f32) {
        if self.need_count > 0 && self.needs[self.first_need].until <= self.frame {
            self.first_need = (self.first_need + 1) % WINDOW;
            self.need_count -= 1;
        }
        if peak > CEILING {
            let gain = f64::from(CEILING) / f64::from(peak);
            let reduction = ((1.0 - gain) * f64::from(ONE)).ceil() as u32;
            while self.need_count > 0 {
                let last = (self.first_need + self.need_count - 1) % WINDOW;
                if self.needs[last].reduction > reduction {
                    break;
                }
                self.need_count -= 1;
            }
            // One need a frame, and each leaves after WINDOW frames: there is a place.
            let place = (self.first_need + self.need_count) % WINDOW;
            self.needs[place] = Need {
                until: self.frame + WINDOW as u64,
                reduction,
            };
            self.need_count += 1;
        }
        self.frame += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(input: &[[f32; 2]], chunk: usize) -> Vec<[f32; 2]> {
        let mut limiter = Limiter::new(48e3);
        let mut out = input.to_vec();
        for piece in out.chunks_mut(chunk) {
            limiter.process(piece);
        }
        out
    }

    fn sine(level: f32, frames: usize) -> Vec<[f32; 2]> {
        let at = |i: usize| level * (i as f32 * 0.0576).sin();
        (0..frames).map(|i| [at(i), 0.5 * at(i)]).collect()
    }

    #[test]
    fn below_the_ceiling_it_is_a_delay_to_the_bit() {
        let input = sine(CEILING, 5_000);
        let out = run(&input, 97);
        assert_eq!(out[..DELAY], [[0.0; 2]; DELAY]);
        assert_eq!(out[DELAY..], input[..input.len() - DELAY]);
    }

    #[test]
    fn after_a_peak_it_comes_back_to_transparent() {
        let mut input = sine(0.5, 96_000);
        input[1_000] = [4.0, -4.0];
        let out = run(&input, 256);
        assert!(out.iter().all(|f| f[0].abs() <= CEILING * 1.000_001));
        let settled = 90_000;
        assert_eq!(out[settled..], input[settled - DELAY..96_000 - DELAY]);
        assert_ne!(out[1_500], input[1_500 - DELAY]);
    }

    proptest! {
        #[test]
        fn nothing_leaves_above_the_ceiling_however_it_is_cut(
            peaks in prop::collection::vec((0usize..3_000, -1e3f32..1e3), 0..60),
            level in 0.0f32..3.0,
            chunk in 1usize..300,
        ) {
            let mut input = sine(level, 3_000);
            for (at, value) in peaks {
                input[at][at % 2] = value;
            }
            let out = run(&input, chunk);
            prop_assert!(out.iter().flatten().all(|x| x.abs() <= CEILING * 1.000_001));
            prop_assert_eq!(out, run(&input, 1));
        }
    }

    #[test]
    fn even_the_largest_float_is_held() {
        let mut input = sine(0.1, 500);
        input[100] = [f32::MAX, f32::MIN];
        assert!(run(&input, 64).iter().flatten().all(|x| x.abs() <= CEILING));
    }
}
