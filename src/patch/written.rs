//! What a text in a value's place says, before anyone asks which unit is wanted.

/// A value's text, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Written<'a> {
    /// "0.82"
    Bare(f64),
    /// "1.2kHz"
    Unit { number: f64, unit: UnitWord<'a> },
    /// "Eb2", as a MIDI note number
    Note(f64),
    /// "3/16", in beats (quarter notes)
    Length(f64),
}

/// A unit as the user spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitWord<'a> {
    pub word: &'a str,
    /// White space between number and unit.
    pub spaced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// in Hz
    Frequency,
    /// in seconds
    Time,
    /// in dB
    Level,
    /// in octaves
    Pitch,
    /// a hundredth is 1 %
    Share,
    /// in quarter notes
    Beats,
    /// a MIDI note number
    Note,
}

impl Dimension {
    pub fn name(self) -> &'static str {
        match self {
            Self::Frequency => "a frequency",
            Self::Time => "a time",
            Self::Level => "a level",
            Self::Pitch => "an interval",
            Self::Share => "a share",
            Self::Beats => "a note length",
            Self::Note => "a note",
        }
    }
}

impl UnitWord<'_> {
    /// What it measures, and how many of the dimension's unit it is.
    pub fn dimension(&self) -> Option<(Dimension, f64)> {
        // No word is longer; this keeps a megabyte from being lowered.
        if self.word.len() > 8 {
            return None;
        }
        Some(match self.word.to_lowercase().as_str() {
            "hz" => (Dimension::Frequency, 1.0),
            "khz" => (Dimension::Frequency, 1e3),
            "s" | "sec" => (Dimension::Time, 1.0),
            "ms" => (Dimension::Time, 1e-3),
            "us" | "µs" | "μs" => (Dimension::Time, 1e-6),
            "db" => (Dimension::Level, 1.0),
            "oct" => (Dimension::Pitch, 1.0),
            "st" => (Dimension::Pitch, 1.0 / 12.0),
            "cents" | "cent" | "ct" => (Dimension::Pitch, 1.0 / 1200.0),
            "%" => (Dimension::Share, 1e-2),
            "beats" | "beat" => (Dimension::Beats, 1.0),
            _ => return None,
        })
    }
}

impl<'a> Written<'a> {
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if let Some(midi) = parse_note(text) {
            return Some(Self::Note(midi));
        }
        if let Some(beats) = parse_length(text) {
            return Some(Self::Length(beats));
        }
        let len = number_len(text);
        let number: f64 = text[..len].parse().ok()?;
        let after = &text[len..];
        let word = after.trim_start();
        if word.is_empty() {
            return Some(Self::Bare(number));
        }
        let spaced = word.len() < after.len();
        let unit = UnitWord { word, spaced };
        is_unit_like(word).then_some(Self::Unit { number, unit })
    }
}

fn is_unit_like(word: &str) -> bool {
    word == "%" || word.chars().all(char::is_alphabetic)
}

/// Length of the number that a text begins with: sign, digits, point, exponent.
fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut at = digits(usize::from(matches!(bytes.first(), Some(b'+' | b'-'))));
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = digits(at + 1 + sign);
        if end > at + 1 + sign {
            at = end;
        }
    }
    at
}

/// A note's MIDI number: "C4" is 60, "Eb2", "F#-1".
pub fn parse_note(text: &str) -> Option<f64> {
    let mut chars = text.chars();
    let step = match chars.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = chars.as_str();
    let accidentals = rest
        .find(|c| !matches!(c, '#' | 'b' | '♯' | '♭'))
        .unwrap_or(rest.len());
    let (marks, octave) = rest.split_at(accidentals);
    if marks.chars().count() > 2 || !octave.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let sharpen = |c| if matches!(c, '#' | '♯') { 1 } else { -1 };
    let shift: i32 = marks.chars().map(sharpen).sum();
    if octave.starts_with('+') {
        return None;
    }
    let octave: i32 = octave.parse().ok().filter(|o| (-1..=10).contains(o))?;
    Some(f64::from((octave + 1) * 12 + step + shift))
}

/// The name of a MIDI note number that is whole: 60 is "C4".
pub fn note_name(midi: i32) -> String {
    const NAMES: [&str; 12] = [
        "C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B",
    ];
    let name = NAMES[midi.rem_euclid(12) as usize];
    format!("{name}{}", midi.div_euclid(12) - 1)
}

/// A note length in beats (quarter notes): "1/16", dotted "1/8.", triplet "1/8t".
pub fn parse_length(text: &str) -> Option<f64> {
    let (top, bottom) = text.split_once('/')?;
    let (bottom, factor) = match bottom.strip_suffix('.') {
        Some(bottom) => (bottom, 1.5),
        None => match bottom.strip_suffix(['t', 'T']) {
            Some(bottom) => (bottom, 2.0 / 3.0),
            None => (bottom, 1.0),
        },
    };
    let (top, bottom) = (count(top)?, count(bottom)?);
    Some(4.0 * top / bottom * factor)
}

/// A whole number from 1 to 9999, digits only.
fn count(digits: &str) -> Option<f64> {
    let all = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u32 = if all { digits.parse().ok()? } else { 0 };
    (number > 0).then_some(f64::from(number))
}
