//! The values that flags take, from text; each error says what is wanted.
use std::time::Duration;

use super::OscBind;
use crate::audio::device::{PERIODS, RATES};
use crate::audio::wav_bits::Bits;
use crate::dsp::lanes::IsaChoice;
use crate::tui;

/// The longest `--for`, and the longest `render`.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);

pub fn osc(text: &str) -> Result<OscBind, String> {
    if text == "off" {
        return Ok(OscBind::Off);
    }
    text.parse().map(OscBind::At).map_err(|_| {
        "wants an address and a port such as 127.0.0.1:5005, 0.0.0.0:5005 or [::1]:5005, or `off`"
            .to_owned()
    })
}

/// Reads "20s", "500ms", "2m", "1h".
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "wants a time such as 20s, 500ms or 2m".to_owned();
    let digits = text
        .find(|c: char| c.is_ascii_alphabetic())
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<f64>().map_err(|_| wrong())? * scale;
    in_range(seconds, wrong)
}

pub fn seconds(text: &str) -> Result<f64, String> {
    let wrong = || "wants seconds: a number above 0".to_owned();
    let seconds = text.trim_end_matches('s').parse().map_err(|_| wrong())?;
    in_range(seconds, wrong).map(|_| seconds)
}

/// Reads "12.5s", "2m", "750ms", "1:30", "12.5".
pub fn moment(text: &str) -> Result<f64, String> {
    let wrong = || "wants a time such as 12.5s, 2m or 1:30".to_owned();
    if let Some((minutes, seconds)) = text.split_once(':') {
        let minutes: u32 = minutes.parse().map_err(|_| wrong())?;
        let seconds: f64 = seconds.parse().map_err(|_| wrong())?;
        let whole = f64::from(minutes) * 60.0 + seconds;
        return ((0.0..60.0).contains(&seconds) && whole <= LONGEST.as_secs_f64())
            .then_some(whole)
            .ok_or_else(wrong);
    }
    // A duration is never 0, a moment may be.
    let unit = text.trim_start_matches('0');
    let number = match text.parse::<f64>() {
        Ok(number) => number,
        Err(_) if unit.len() < text.len() && ["ms", "s", "m", "h"].contains(&unit) => 0.0,
        Err(_) => return duration(text).map(|d| d.as_secs_f64()),
    };
    let range = 0.0..=LONGEST.as_secs_f64();
    range.contains(&number).then_some(number).ok_or_else(wrong)
}

fn in_range(seconds: f64, wrong: impl Fn() -> String) -> Result<Duration, String> {
    if !(seconds.is_finite() && seconds > 0.0) {
        return Err(wrong());
    }
    if seconds > LONGEST.as_secs_f64() {
        return Err("is longer than 30 days".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

pub fn rate(text: &str) -> Result<u32, String> {
    bounded(text, &RATES, "frames a second")
}

pub fn period(text: &str) -> Result<u32, String> {
    bounded(text, &PERIODS, "frames")
}

fn bounded(text: &str, range: &std::ops::RangeInclusive<u32>, what: &str) -> Result<u32, String> {
    let wrong = || format!("wants {}..{} {what}", range.start(), range.end());
    let number = text.parse().map_err(|_| wrong())?;
    range.contains(&number).then_some(number).ok_or_else(wrong)
}

pub fn isa(text: &str) -> Result<IsaChoice, String> {
    let named = IsaChoice::ALL.into_iter().find(|c| c.name() == text);
    named.ok_or_else(|| format!("is one of {}", IsaChoice::ALL.map(|c| c.name()).join(", ")))
}

pub fn color(text: &str) -> Result<tui::ColorChoice, String> {
    tui::ColorChoice::parse(text)
        .ok_or_else(|| format!("is one of {}", tui::ColorChoice::NAMES.join(", ")))
}

pub fn bits(text: &str) -> Result<Bits, String> {
    Bits::parse(text).ok_or_else(|| "is one of 16, 24, 32f".to_owned())
}

pub fn glyphs(text: &str) -> Result<tui::Glyphs, String> {
    tui::Glyphs::parse(text).ok_or_else(|| "is one of unicode, braille, ascii".to_owned())
}

pub fn motion(text: &str) -> Result<tui::Motion, String> {
    match text {
        "full" => Ok(tui::Motion::Full),
        "reduced" => Ok(tui::Motion::Reduced),
        _ => Err("is one of full, reduced".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (text, seconds) in [
            ("12.5s", 12.5),
            ("1:30", 90.0),
            ("7", 7.0),
            ("0s", 0.0),
            ("2m", 120.0),
        ] {
            assert_eq!(moment(text), Ok(seconds), "{text}");
        }
        for text in ["", "s s", "1:75", "-1", "nan", "1e99"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, ms) in [
            ("20s", 20_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1.5s", 1_500),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["20", "s", "-1s", "0s", "1d", "1e99s", "nans", "infs", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
