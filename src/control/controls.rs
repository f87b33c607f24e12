//! Which controller of the outside turns which knob: plain data, remembered by whoever translates for the controllers.
use serde::{Deserialize, Serialize};

use crate::modules::spec::{ParamSpec, Scale};

/// A knob that can be turned from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Controlled {
    Param {
        module: String,
        param: String,
    },
    /// From 0, of whatever patch is live.
    Macro(usize),
}

/// A controller and its knob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// 0..=15.
    pub channel: u8,
    /// 0..=127.
    pub controller: u8,
    pub to: Controlled,
}

/// More than any desk has; a broken file must not fill the memory.
pub const MOST: usize = 512;

impl std::fmt::Display for Controlled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Param { module, param } => write!(f, "{module}.{param}"),
            Self::Macro(index) => write!(f, "macro {}", index + 1),
        }
    }
}

/// A knob has one controller, and a controller one knob: the newest counts.
pub fn assign(all: &mut Vec<Assigned>, new: Assigned) {
    let same = |a: &Assigned| (a.channel, a.controller) == (new.channel, new.controller);
    all.retain(|a| !same(a) && a.to != new.to);
    if all.len() < MOST {
        all.push(new);
    }
}

/// The value at a place of a parameter's range, 0..=1.
pub fn value_at(spec: &ParamSpec, place: f32) -> f32 {
    let place = place.clamp(0.0, 1.0);
    let value = match spec.scale {
        Scale::Log if spec.min > 0.0 => spec.min * (spec.max / spec.min).powf(place),
        _ => spec.min + (spec.max - spec.min) * place,
    };
    value.clamp(spec.min, spec.max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_on_the_parameters_own_scale() {
        let kind = crate::modules::find("Sine").expect("a kind");
        let spec = |name: &str| &kind.params[kind.param(name).expect("a parameter")];
        let (freq, level) = (spec("freq"), spec("level"));
        let middle = (freq.min * freq.max).sqrt();
        assert!((value_at(freq, 0.5) / middle - 1.0).abs() < 1e-4);
        let half = (level.min + level.max) / 2.0;
        assert!((value_at(level, 0.5) - half).abs() < 1e-6);
        assert_eq!(value_at(freq, 1.5), freq.max);
        assert_eq!(value_at(level, -1.0), level.min);
    }

    #[test]
    fn a_broken_file_does_not_fill_the_memory() {
        let mut all = Vec::new();
        for n in 0..MOST + 100 {
            let to = Controlled::Macro(n);
            let (channel, controller) = ((n / 128) as u8, (n % 128) as u8);
            assign(
                &mut all,
                Assigned {
                    channel,
                    controller,
                    to,
                },
            );
        }
        assert_eq!(all.len(), MOST);
    }

    #[test]
    fn the_newest_assignment_counts() {
        let one = |controller, to: usize| Assigned {
            channel: 0,
            controller,
            to: Controlled::Macro(to),
        };
        let mut all = Vec::new();
        assign(&mut all, one(21, 0));
        assign(&mut all, one(22, 1));
        assign(&mut all, one(21, 1));
        assert_eq!(all, [one(21, 1)]);
        assert_eq!(all[0].to.to_string(), "macro 2");
    }
}
