//! Fades as functions of absolute frame numbers, so that nothing depends on how a host cuts time into callbacks.

/// Quintic smoothstep: no step in level, slope or curvature at either end, so that a 5 ms fade of it splatters less than 20 ms
/// of "equal power", whose corners are heard.
pub fn smoothstep(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
}

/// Keeps the level of two mixed streams of equal power and correlation `rho` while `a` and `b` add up to 1.
pub fn level(a: f64, b: f64, rho: f64) -> f64 {
    1.0 / (a * a + b * b + 2.0 * rho * a * b).sqrt()
}

/// Fades that may overlap. More than can begin within the shortest of them.
const LEGS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Leg {
    start: u64,
    frames: u32,
    target: f64,
}

impl Leg {
    fn end(&self) -> u64 {
        self.start + u64::from(self.frames)
    }

    fn progress(&self, frame: u64) -> f64 {
        if frame <= self.start {
            0.0
        } else if frame >= self.end() {
            1.0
        } else {
            smoothstep((frame - self.start) as f64 / f64::from(self.frames))
        }
    }
}

/// A gain that fades from target to target. A fade that begins before the one under it is done takes over from wherever that one
/// is, and as smoothly: each moves the result of those before it towards its own target.
#[derive(Clone, Debug)]
pub struct Fader {
    base: f64,
    legs: [Leg; LEGS],
    count: usize,
}

impl Fader {
    pub fn settled(value: f64) -> Self {
        let none = Leg {
            start: 0,
            frames: 1,
            target: value,
        };
        Self {
            base: value,
            legs: [none; LEGS],
            count: 0,
        }
    }

    /// Fades to `target` over the frames from `start` on, which is not before `now`: at `start` itself nothing has changed yet, at
    /// `start + frames` it is done.
    pub fn start(&mut self, now: u64, start: u64, frames: u32, target: f64) {
        self.settle(now);
        if self.count == LEGS {
            // A corner, but no step: better than a fade that does not happen.
            *self = Self::settled(self.at(now));
        }
        self.legs[self.count] = Leg {
            start,
            frames: frames.max(1),
            target,
        };
        self.count += 1;
    }

    pub fn at(&self, frame: u64) -> f64 {
        self.legs[..self.count]
            .iter()
            .fold(self.base, |value, leg| {
                value + (leg.target - value) * leg.progress(frame)
            })
    }

    /// [`Fader::at`] of the frames from `frame` on, to the bit: without a branch a frame, so that they are worked out side by side.
    pub fn fill(&self, frame: u64, into: &mut [f64]) {
        into.fill(self.base);
        for leg in &self.legs[..self.count] {
            let first = frame as f64 - leg.start as f64;
            let frames = f64::from(leg.frames);
            for (i, value) in into.iter_mut().enumerate() {
                let progress = smoothstep((first + f64::from(i as i32)) / frames);
                *value += (leg.target - *value) * progress;
            }
        }
    }

    /// The value, where it stays what it is from `frame` on.
    pub fn settled_at(&self, frame: u64) -> Option<f64> {
        match self.legs[..self.count].last() {
            None => Some(self.base),
            Some(last) if last.end() <= frame => Some(last.target),
            Some(_) => None,
        }
    }

    /// Where the newest fade goes.
    pub fn target(&self) -> f64 {
        self.legs[..self.count]
            .last()
            .map_or(self.base, |leg| leg.target)
    }

    /// Forgets what is over at `frame`.
    pub fn settle(&mut self, frame: u64) {
        let done = self.legs[..self.count]
            .iter()
            .rposition(|leg| leg.end() <= frame);
        if let Some(done) = done {
            self.base = self.legs[done].target;
            self.legs.copy_within(done + 1..self.count, 0);
            self.count -= done + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_ends_are_exact() {
        let mut f = Fader::settled(0.0);
        f.start(900, 1_000, 240, 1.0);
        assert_eq!((f.at(1_000), f.at(1_240)), (0.0, 1.0));
        assert_eq!(
            (f.settled_at(1_239), f.settled_at(1_240)),
            (None, Some(1.0))
        );
        assert_eq!(f.at(1_120), 0.5);
    }

    #[test]
    fn level_is_held_at_both_ends_of_correlation() {
        assert_eq!(level(0.5, 0.5, 1.0), 1.0);
        assert!((level(0.5, 0.5, 0.0) - 2f64.sqrt()).abs() < 1e-12);
        assert_eq!((level(1.0, 0.0, 0.3), level(0.0, 1.0, 0.3)), (1.0, 1.0));
    }

    proptest! {
        /// However fades interrupt each other, the gain stays in range and never moves faster than the fastest of them alone.
        #[test]
        fn interrupted_fades_stay_smooth(
            steps in prop::collection::vec((1u64..400, 100u32..1_000, prop::bool::ANY), 1..40)
        ) {
            let mut f = Fader::settled(0.0);
            let (mut now, mut before) = (0u64, 0.0);
            for (wait, frames, up) in steps {
                f.start(now, now, frames, f64::from(u8::from(up)));
                for _ in 0..wait {
                    now += 1;
                    let value = f.at(now);
                    prop_assert!((0.0..=1.0).contains(&value));
                    let mut values = [0.0; 5];
                    f.fill(now - 3.min(now), &mut values);
                    prop_assert_eq!(values[3.min(now) as usize], value);
                    // The steepest slope of one fade is 15/8 over its length; overlapping ones add up to at most LEGS of them.
                    prop_assert!((value - before).abs() < 1.875 / 100.0 * LEGS as f64);
                    before = value;
                }
                f.settle(now);
                prop_assert_eq!(f.at(now), before);
            }
        }
    }
}
