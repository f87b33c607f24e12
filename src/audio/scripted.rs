//! A device whose clock is a script: tests call it in lock step, with any sizes and times, on one thread and without waiting.
use super::device::{CallbackInfo, Fill};

/// One request of a device: so long after the one before, for so many frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub wait_ns: u64,
    pub frames: usize,
}

/// Calls a callback as a device would, at times that it is told.
pub struct ScriptedDevice {
    fill: Fill,
    now_ns: u64,
    block: Vec<[f32; 2]>,
}

impl ScriptedDevice {
    pub fn new(fill: Fill) -> Self {
        Self {
            fill,
            now_ns: 0,
            block: Vec::new(),
        }
    }

    /// Makes the next request and returns what a device would now play.
    pub fn call(&mut self, step: Step) -> &[[f32; 2]] {
        self.now_ns += step.wait_ns;
        // A value that no callback writes, so that a frame it forgets is seen.
        self.block.clear();
        self.block.resize(step.frames, [f32::NAN; 2]);
        (self.fill)(
            &mut self.block,
            CallbackInfo {
                now_ns: self.now_ns,
                latency_ns: None,
            },
        );
        &self.block
    }

    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }
}

/// How a host asks for its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Always the same number, on time.
    Steady { period: usize },
    /// 1 to `most` periods back to back, then quiet for as long as they last.
    Bursts { period: usize, most: usize },
    /// Any number from `least` to `most`, each as late as its frames last, shifted by up to one and a half of them.
    Ragged { least: usize, most: usize },
}

/// Endless steps of a [`Habit`], the same for the same seed. On average they are in time with `rate`.
pub struct Script {
    habit: Habit,
    rate: u64,
    random: u64,
    /// Frames asked for since the start: the device's own clock.
    frames: u64,
    now_ns: u64,
    burst_left: usize,
}

impl Script {
    pub fn new(habit: Habit, rate: u32, seed: u64) -> Self {
        // xorshift needs a state that is not 0.
        Self {
            habit,
            rate: rate.into(),
            random: seed | 1 << 63,
            frames: 0,
            now_ns: 0,
            burst_left: 0,
        }
    }

    fn random_up_to(&mut self, most: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % (most + 1)
    }

    /// When the frames asked for so far have been played.
    fn due_ns(&self) -> u64 {
        self.frames * 1_000_000_000 / self.rate
    }
}

impl Iterator for Script {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let due_ns = self.due_ns();
        let (at_ns, frames) = match self.habit {
            Habit::Steady { period } => (due_ns, period),
            Habit::Bursts { period, most } => {
                if self.burst_left > 0 {
                    self.burst_left -= 1;
                    (self.now_ns, period)
                } else {
                    self.burst_left = self.random_up_to(most as u64 - 1) as usize;
                    (due_ns, period)
                }
            }
            Habit::Ragged { least, most } => {
                let frames = least + self.random_up_to((most - least) as u64) as usize;
                let late = self.random_up_to(frames as u64 * 1_500_000_000 / self.rate);
                (due_ns + late, frames)
            }
        };
        let at_ns = at_ns.max(self.now_ns);
        let step = Step {
            wait_ns: at_ns - self.now_ns,
            frames,
        };
        self.now_ns = at_ns;
        self.frames += frames as u64;
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_habit_is_in_time_on_average_and_repeats_with_its_seed() {
        for habit in [
            Habit::Steady { period: 256 },
            Habit::Bursts {
                period: 256,
                most: 8,
            },
            Habit::Ragged {
                least: 16,
                most: 2_048,
            },
        ] {
            let steps: Vec<_> = Script::new(habit, 48_000, 7).take(10_000).collect();
            let again: Vec<_> = Script::new(habit, 48_000, 7).take(10_000).collect();
            assert_eq!(steps, again);
            let frames: u64 = steps.iter().map(|step| step.frames as u64).sum();
            let time: u64 = steps.iter().map(|step| step.wait_ns).sum();
            let expected = frames * 1_000_000_000 / 48_000;
            assert!(
                time.abs_diff(expected) < 200_000_000,
                "{habit:?}: {time} ns for {expected}"
            );
        }
        let sizes = |habit| {
            let sizes: Vec<_> = Script::new(habit, 48_000, 7)
                .take(10_000)
                .map(|step| step.frames)
                .collect();
            (sizes.iter().min().copied(), sizes.iter().max().copied())
        };
        let (least, most) = sizes(Habit::Ragged {
            least: 16,
            most: 2_048,
        });
        assert!(
            least < Some(32) && most > Some(2_000),
            "{least:?} to {most:?}"
        );
    }

    #[test]
    fn bursts_are_back_to_back_and_up_to_their_most() {
        let (mut longest, mut run) = (0, 0);
        for step in Script::new(
            Habit::Bursts {
                period: 256,
                most: 8,
            },
            48_000,
            3,
        )
        .take(10_000)
        {
            run = if step.wait_ns == 0 { run + 1 } else { 1 };
            longest = longest.max(run);
        }
        assert_eq!(longest, 8);
    }

    #[allow(clippy::disallowed_types)]
    #[test]
    fn the_callback_is_told_the_scripts_time() {
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let record = std::sync::Arc::clone(&told);
        let mut device = ScriptedDevice::new(Box::new(move |out, info| {
            out.fill([1.0; 2]);
            record
                .lock()
                .expect("one thread")
                .push((info.now_ns, out.len()));
        }));
        device.call(Step {
            wait_ns: 5,
            frames: 3,
        });
        assert_eq!(
            device.call(Step {
                wait_ns: 7,
                frames: 1
            }),
            [[1.0; 2]]
        );
        assert_eq!(*told.lock().expect("one thread"), [(5, 3), (12, 1)]);
    }
}
