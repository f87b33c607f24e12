//! From 24-bit colours to what the terminal has.
use ratatui::style::Color;

use super::options::ColorChoice;

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Bold, underline and reverse only.
    None,
    Sixteen,
    Indexed,
    True,
}

impl Depth {
    /// The user's choice, or what the environment says. `env` looks a variable up.
    pub fn detect(choice: ColorChoice, env: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).filter(|v| !v.is_empty());
        match choice {
            ColorChoice::Never => Self::None,
            ColorChoice::Sixteen => Self::Sixteen,
            ColorChoice::Indexed => Self::Indexed,
            ColorChoice::True => Self::True,
            ColorChoice::Auto if set("NO_COLOR").is_some() => Self::None,
            ColorChoice::Auto => {
                let colorterm = set("COLORTERM").unwrap_or_default();
                let term = set("TERM").unwrap_or_default();
                if colorterm.contains("truecolor")
                    || colorterm.contains("24bit")
                    || term.ends_with("-direct")
                {
                    Self::True
                } else if term.contains("256color") {
                    Self::Indexed
                } else if term == "dumb" {
                    Self::None
                } else {
                    Self::Sixteen
                }
            }
        }
    }
}

pub type Rgb = [u8; 3];

/// Reads "#rrggbb".
pub fn parse_hex(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some([byte(0)?, byte(2)?, byte(4)?])
}

/// A colour at 24 bits or 256 colours.
pub fn at_depth(rgb: Rgb, depth: Depth) -> Color {
    match depth {
        Depth::Indexed => Color::Indexed(nearest_indexed(rgb)),
        _ => Color::Rgb(rgb[0], rgb[1], rgb[2]),
    }
}

/// `share` 0 gives `a`, 1 gives `b`.
pub fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    let share = share.clamp(0.0, 1.0);
    std::array::from_fn(|i| (a[i] as f32 + (b[i] as f32 - a[i] as f32) * share).round() as u8)
}

/// The levels of xterm's 6×6×6 cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The 24-bit value of an indexed colour from 16 on.
pub fn indexed_rgb(index: u8) -> Rgb {
    match index {
        232.. => [8 + 10 * (index - 232); 3],
        _ => {
            let n = index.saturating_sub(16) as usize;
            [CUBE[n / 36 % 6], CUBE[n / 6 % 6], CUBE[n % 6]]
        }
    }
}

/// The nearest of the cube and the grey ramp; 0..16 are the user's own and are left alone.
fn nearest_indexed(rgb: Rgb) -> u8 {
    let distance = |index: u8| -> u32 {
        let other = indexed_rgb(index);
        // The eye sees green best and blue least.
        [(0, 3u32), (1, 6), (2, 1)]
            .into_iter()
            .map(|(i, weight)| weight * (rgb[i].abs_diff(other[i]) as u32).pow(2))
            .sum()
    };
    (16..=255).min_by_key(|&i| distance(i)).unwrap_or(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_unless_the_user_did() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                pairs
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, v)| (*v).to_owned())
            }
        };
        let auto = |pairs| Depth::detect(ColorChoice::Auto, env(pairs));
        assert_eq!(
            auto(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]),
            Depth::None
        );
        assert_eq!(
            auto(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")]),
            Depth::True
        );
        assert_eq!(auto(&[("TERM", "screen-256color")]), Depth::Indexed);
        assert_eq!(auto(&[("TERM", "linux")]), Depth::Sixteen);
        assert_eq!(
            Depth::detect(ColorChoice::True, env(&[("NO_COLOR", "1")])),
            Depth::True
        );
    }

    #[test]
    fn every_colour_of_the_cube_is_its_own_nearest() {
        for index in 16..=255u8 {
            let rgb = indexed_rgb(index);
            assert_eq!(indexed_rgb(nearest_indexed(rgb)), rgb, "{index}");
        }
    }

    #[test]
    fn hex_is_read_strictly() {
        assert_eq!(parse_hex("#7aa2f7"), Some([0x7a, 0xa2, 0xf7]));
        for bad in ["7aa2f7", "#7aa2f", "#7aa2fg", "", "#+12345", "#ééé"] {
            assert_eq!(parse_hex(bad), None, "{bad}");
        }
    }
}
