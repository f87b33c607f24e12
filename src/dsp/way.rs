//! A phase's way from one frame to the next, and where on it the phase wraps. Runs on engine threads.

/// Frames before the one a way leads to that it is judged by.
pub const BACK: usize = 4;

/// One lane's way between two frames: the polynomial of degree 4 through these two and the three before.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    pub start: i32,
    pub end: i32,
    /// Newton's differences, over the factorial of their order.
    step: f32,
    second: f32,
    third: f32,
    fourth: f32,
}

impl Way {
    /// From phases: `at(k)` is that of `k` frames before the way's end.
    #[inline(always)]
    pub fn new(at: impl Fn(usize) -> i32) -> Self {
        let step = |k: usize| at(k).wrapping_sub(at(k + 1)) as f32;
        let [a, b, c, d] = [step(0), step(1), step(2), step(3)];
        Self {
            start: at(1),
            end: at(0),
            step: a,
            second: (a - b) / 2.0,
            third: (a - 2.0 * b + c) / 6.0,
            fourth: (a - 3.0 * (b - c) - d) / 24.0,
        }
    }

    /// How far it has gone after a part of the frame.
    #[inline(always)]
    fn gone(&self, t: f32) -> f32 {
        let bent = self.second + (t + 1.0) * (self.third + (t + 2.0) * self.fourth);
        t * (self.step + (t - 1.0) * bent)
    }

    /// The phase after a part of the frame.
    #[inline(always)]
    pub fn at(&self, t: f32) -> i32 {
        self.start.wrapping_add(self.gone(t) as i64 as i32)
    }

    /// 2^-32 cycles a frame, after a part of the frame.
    #[inline(always)]
    pub fn speed(&self, t: f32) -> f32 {
        let fourth = self.fourth * ((4.0 * t + 6.0) * t * t - 2.0 * t - 2.0);
        self.step + self.second * (2.0 * t - 1.0) + self.third * (3.0 * t * t - 1.0) + fourth
    }

    /// How much the speed grows in a frame, after a part of the frame.
    #[inline(always)]
    pub fn gain(&self, t: f32) -> f32 {
        let fourth = self.fourth * (12.0 * t * (t + 1.0) - 2.0);
        2.0 * self.second + 6.0 * self.third * t + fourth
    }

    /// Where it wraps between two parts of the frame, for a ramp that is at `start` and `end` there. A way of half a cycle and more
    /// counts as one of less, the other way round.
    #[inline(always)]
    pub fn wrap(&self, (from, start): (f32, i32), (to, end): (f32, i32)) -> Option<f32> {
        let step = end.wrapping_sub(start);
        if (start ^ end) & (step ^ end) >= 0 {
            return None;
        }
        // What it goes on after the wrap.
        let beyond = match step > 0 {
            true => end.wrapping_sub(i32::MIN) as u32 as f32,
            false => -(i32::MAX.wrapping_sub(end) as u32 as f32),
        };
        let step = step as f32;
        let there = self.gone(to) - beyond;
        // From the straight line by Newton's way; where the phase turns around the line's slope must do.
        let straight = to - (to - from) * (beyond / step);
        let mut t = straight;
        for _ in 0..3 {
            let speed = self.speed(t);
            let speed = if speed * step > 0.25 * step * step {
                speed
            } else {
                step
            };
            t = (t - (self.gone(t) - there) / speed).max(from).min(to);
        }
        Some(t)
    }
}
