//! What the predecessor's scripts say, in our words: kinds of modules by their old names, and numbers in the units that these had.
//! Pure functions.

/// Its kinds that go by another name here. Lower-case names of our own kinds are found without this table.
pub const KINDS: &[(&str, &str)] = &[
    ("simple_sine", "Sine"),
    ("osc", "Sine"),
    ("adsr", "Adsr"),
    (FILTER, "Svf"),
    ("filter", "Svf"),
    ("acid_filter", "Ladder"),
    (DISTORTION, "Drive"),
];
/// Its envelope had the amplifier inside: `osc > env > filter` is an `Adsr` and a `Vca` here.
pub const ENVELOPE: &str = "adsr";
/// Its filter had one output and a mode: here an `Svf` and a `Vca`, between them a cable from each output.
pub const FILTER: &str = "biquad_filter";
const DISTORTION: &str = "distortion";

/// The outputs that the filter's modes 0, 1 and 2 mean.
pub const MODES: [&str; 3] = ["lp", "hp", "bp"];

/// What a number means for a module that was made under an old name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meant {
    /// In our unit.
    Value(f32),
    /// Which of [`MODES`].
    Mode(usize),
}

/// A number as it was meant; none where it means the same here.
pub fn meant(kind: &str, param: &str, value: f32) -> Option<Meant> {
    match (kind, param) {
        (ENVELOPE, "a" | "attack" | "d" | "decay" | "r" | "release") => {
            // Milliseconds. Shorter ones than ours clicked.
            Some(Meant::Value((value / 1_000.0).max(0.001)))
        }
        (DISTORTION, "drive") if value > 0.0 => Some(Meant::Value(20.0 * value.log10())),
        (FILTER, "mode" | "filter_mode") if (0.0..2.5).contains(&value) => {
            Some(Meant::Mode(value.round() as usize))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_were_milliseconds_and_a_filter_had_modes() {
        assert_eq!(meant("adsr", "release", 30.0), Some(Meant::Value(0.03)));
        assert_eq!(meant("adsr", "sustain", 0.7), None);
        assert_eq!(meant("adsr", "attack", 0.1), Some(Meant::Value(0.001)));
        assert_eq!(meant("biquad_filter", "mode", 2.0), Some(Meant::Mode(2)));
        assert_eq!(meant("biquad_filter", "mode", 7.0), None);
        assert_eq!(meant("distortion", "drive", 10.0), Some(Meant::Value(20.0)));
        assert_eq!(meant("simple_sine", "freq", 440.0), None);
    }
}
