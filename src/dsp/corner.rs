//! Band-limited corners from a table: what a bend of the naive waveform lacks, as `step` has it for a jump. Runs on engine threads.
use std::sync::OnceLock;

use super::step::{self, TAPS};

/// Residuals of a slope that grows by 1 a frame, laid out as those of a step, for [`step::add`]; computed at the first call, so a
/// module's `build` makes that.
pub fn table() -> &'static step::Table {
    static TABLE: OnceLock<Box<step::Table>> = OnceLock::new();
    TABLE.get_or_init(|| sum(step::table()))
}

/// Residuals of a slope that grows by 1 a frame more every frame.
pub fn curves() -> &'static step::Table {
    static TABLE: OnceLock<Box<step::Table>> = OnceLock::new();
    TABLE.get_or_init(|| sum(table()))
}

/// A corner is the sum of a step over time, a curve that of a corner; so are their residuals, by the trapezoid rule.
fn sum(steps: &step::Table) -> Box<step::Table> {
    let positions = steps.len() - 1;
    let mut corners = Box::new(*steps);
    let mut total = 0.0f64;
    for tap in 0..TAPS {
        corners[0][tap] = total as f32;
        for position in 0..positions {
            let ends = steps[position][tap] as f64 + steps[position + 1][tap] as f64;
            total += ends / (2 * positions) as f64;
            corners[position + 1][tap] = total as f32;
        }
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corner_is_over_after_its_taps_and_the_same_from_both_sides() {
        let corners = table();
        let last = corners.len() - 1;
        assert!(
            corners[last][TAPS - 1].abs() < 1e-6,
            "{}",
            corners[last][TAPS - 1]
        );
        for k in 0..TAPS {
            let (a, b) = (corners[100][k], corners[last - 100][TAPS - 1 - k]);
            assert!((a - b).abs() < 1e-6, "tap {k}: {a} {b}");
        }
    }
}
