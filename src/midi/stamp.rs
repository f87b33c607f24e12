//! From a port's own clock to ours: a driver stamps a message when it comes, a thread sees it later, now sooner, now later. Pure.

/// Two quartz clocks part by less than this: seconds a second.
const DRIFT: f64 = 2e-4;
/// A jump of this much means that a clock was set.
const JUMP: f64 = 0.5;

/// The line between both clocks: the least delay that was seen is believed.
#[derive(Debug, Default)]
pub struct Stamp {
    /// Our time at which the port's clock stood at 0, and when that was measured.
    zero: Option<(f64, f64)>,
}

impl Stamp {
    /// When a message came, on our clock, from when the port says and when it was seen; all in seconds.
    pub fn time(&mut self, port: f64, seen: f64) -> f64 {
        let measured = seen - port;
        let zero = match self.zero {
            Some((zero, then)) if (measured - zero).abs() < JUMP => {
                measured.min(zero + DRIFT * (seen - then).max(0.0))
            }
            _ => measured,
        };
        self.zero = Some((zero, seen));
        (zero + port).min(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_wake_ups_do_not_move_a_message() {
        let mut stamp = Stamp::default();
        let mut worst = 0.0f64;
        for n in 0..1_000u32 {
            let port = f64::from(n) * 0.01;
            // Seen 0.1 to 5 ms late.
            let late = 0.0001 + f64::from(n * 7919 % 50) * 0.0001;
            let time = stamp.time(port, 500.0 + port + late);
            if n > 100 {
                worst = worst.max((time - 500.0 - port - 0.0001).abs());
            }
        }
        assert!(worst < 0.000_2, "{worst}");
        assert_eq!(stamp.time(1.0, 900.0), 900.0);
    }
}
