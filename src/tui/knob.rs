//! Turning a knob: steps along a parameter's range, in the numbers that people read.
use crate::modules::spec::{ParamSpec, ParamValue, Scale};
use crate::patch::value::tidy;

/// How far one press turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A thousandth of the range.
    Fine,
    /// A hundredth.
    Coarse,
    /// A tenth.
    Leap,
}

impl Step {
    fn share(self) -> f32 {
        match self {
            Self::Fine => 0.001,
            Self::Coarse => 0.01,
            Self::Leap => 0.1,
        }
    }
}

/// Place of a value in its range, 0..=1.
pub fn position(spec: &ParamSpec, value: f32) -> f32 {
    let value = value.clamp(spec.min, spec.max);
    let share = match spec.scale {
        Scale::Linear => (value - spec.min) / (spec.max - spec.min),
        Scale::Log => (value / spec.min).ln() / (spec.max / spec.min).ln(),
    };
    share.clamp(0.0, 1.0)
}

/// The value at a place of the range.
pub fn at_position(spec: &ParamSpec, share: f32) -> f32 {
    let share = share.clamp(0.0, 1.0);
    let value = match spec.scale {
        Scale::Linear => spec.min + share * (spec.max - spec.min),
        Scale::Log => spec.min * (spec.max / spec.min).powf(share),
    };
    value.clamp(spec.min, spec.max)
}

/// Note lengths in beats that a knob which follows the tempo steps through.
const LENGTHS: [f32; 15] = [
    0.0625, 0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0, 32.0,
];

/// The value one step up (`direction` 1) or down (-1). It always moves, until the end of the range.
pub fn turned(spec: &ParamSpec, value: ParamValue, step: Step, direction: f32) -> ParamValue {
    match value {
        ParamValue::Beats(beats) => ParamValue::Beats(next_length(beats, direction)),
        ParamValue::Fixed(value) => {
            let place = position(spec, value);
            let mut moved = value;
            // Rounding to what people read may swallow a fine step: go on until it shows.
            for n in 1..=20 {
                let to = place + direction * step.share() * n as f32;
                moved = tidy(spec, at_position(spec, to));
                if (moved - value) * direction > 0.0 || !(0.0..=1.0).contains(&to) {
                    break;
                }
            }
            let stuck = (moved - value) * direction <= 0.0;
            ParamValue::Fixed(if stuck { value } else { moved })
        }
    }
}

pub fn next_length(beats: f32, direction: f32) -> f32 {
    let longer = LENGTHS.iter().copied().find(|l| *l > beats * 1.001);
    let shorter = LENGTHS.iter().rev().copied().find(|l| *l < beats * 0.999);
    let next = if direction > 0.0 { longer } else { shorter };
    next.unwrap_or(beats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::REGISTRY;

    #[test]
    fn every_knob_of_every_module_travels_its_whole_range_and_back() {
        for spec in REGISTRY.iter().flat_map(|m| m.params) {
            for (step, most) in [(Step::Coarse, 1_000), (Step::Leap, 100)] {
                for (direction, end) in [(1.0, spec.max), (-1.0, spec.min)] {
                    let mut value = ParamValue::Fixed(spec.default);
                    for _ in 0..most {
                        let next = turned(spec, value, step, direction);
                        let (ParamValue::Fixed(a), ParamValue::Fixed(b)) = (value, next) else {
                            panic!("changed its kind");
                        };
                        assert!((spec.min..=spec.max).contains(&b), "{}: {b}", spec.name);
                        assert!((b - a) * direction >= 0.0, "{}: {a} to {b}", spec.name);
                        value = next;
                    }
                    assert_eq!(value, ParamValue::Fixed(end), "{}", spec.name);
                }
            }
        }
    }

    #[test]
    fn every_fine_step_can_be_seen() {
        for spec in REGISTRY.iter().flat_map(|m| m.params) {
            let mut value = ParamValue::Fixed(at_position(spec, 0.5));
            for _ in 0..50 {
                let next = turned(spec, value, Step::Fine, 1.0);
                assert_ne!(next, value, "{}", spec.name);
                value = next;
            }
        }
    }

    #[test]
    fn note_lengths_step_through_the_usual_ones() {
        let spec = REGISTRY[0].params.first().expect("a parameter");
        let up = |b| turned(spec, ParamValue::Beats(b), Step::Coarse, 1.0);
        assert_eq!(up(0.5), ParamValue::Beats(0.75));
        assert_eq!(up(0.6), ParamValue::Beats(0.75));
        assert_eq!(up(32.0), ParamValue::Beats(32.0));
    }
}
