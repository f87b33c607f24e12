//! What words of a pattern mean: notes, degrees of a scale, chords, drums.
use crate::dsp::{note::read_note, scale::Scale};

use super::{super::tuner::Tuner, Value, Words, Wrong};

/// Octave of a note that does not name one.
const OCTAVE: i32 = 3;

/// Chords by their names, in semitones.
const CHORDS: &[(&str, &[u8])] = &[
    ("maj", &[0, 4, 7]),
    ("min", &[0, 3, 7]),
    ("m", &[0, 3, 7]),
    ("dim", &[0, 3, 6]),
    ("aug", &[0, 4, 8]),
    ("sus2", &[0, 2, 7]),
    ("sus4", &[0, 5, 7]),
    ("5", &[0, 7]),
    ("6", &[0, 4, 7, 9]),
    ("m6", &[0, 3, 7, 9]),
    ("7", &[0, 4, 7, 10]),
    ("maj7", &[0, 4, 7, 11]),
    ("min7", &[0, 3, 7, 10]),
    ("m7", &[0, 3, 7, 10]),
    ("dim7", &[0, 3, 6, 9]),
    ("m7b5", &[0, 3, 6, 10]),
    ("add9", &[0, 4, 7, 14]),
    ("9", &[0, 4, 7, 10, 14]),
    ("maj9", &[0, 4, 7, 11, 14]),
    ("min9", &[0, 3, 7, 10, 14]),
    ("m9", &[0, 3, 7, 10, 14]),
    ("m11", &[0, 3, 7, 10, 14, 17]),
];

/// Drums in the order of their outputs, with other names that people write.
pub const DRUMS: &[(&str, &[&str])] = &[
    ("bd", &["kick", "k", "x"]),
    ("sd", &["sn", "snare", "s"]),
    ("hh", &["ch", "hat", "h"]),
    ("oh", &["open"]),
    ("cp", &["clap"]),
    ("rs", &["rim"]),
    ("lt", &["tom"]),
    ("ht", &[]),
];

/// The output of a drum.
pub fn drum(word: &str) -> Option<usize> {
    DRUMS
        .iter()
        .position(|(name, others)| *name == word || others.contains(&word))
}

/// Notes, and numbers as degrees of a scale.
pub struct Tuned<'a> {
    pub scale: &'a Scale,
    pub tuner: &'a Tuner,
}

impl Words for Tuned<'_> {
    fn read(&self, word: &str) -> Result<Vec<Value>, Wrong> {
        let (name, velocity, gate) = split(word)?;
        let (root, chord) = match name.split_once('\'') {
            Some((root, chord)) => (root, Some(chord)),
            None => (name, None),
        };
        let pitch = self.pitch(root).ok_or_else(|| {
            let why = format!(
                "`{root}` is no note; try c3, eb, f#4, or a number for a degree of the scale"
            );
            (0, why)
        })?;
        let value = |pitch| Value {
            pitch: self.tuner.pitch(pitch),
            velocity,
            gate,
            lane: 0,
        };
        let Some(chord) = chord else {
            return Ok(vec![value(pitch)]);
        };
        let found = CHORDS.iter().find(|(name, _)| *name == chord);
        let (_, tones) = found.ok_or_else(|| {
            let names: Vec<_> = CHORDS.iter().map(|(name, _)| *name).collect();
            let at = root.chars().count() + 1;
            (
                at,
                format!("`{chord}` is no chord; there is {}", names.join(", ")),
            )
        })?;
        let tones = tones.iter();
        Ok(tones.map(|t| value(pitch + *t as f32 / 12.0)).collect())
    }
}

impl Tuned<'_> {
    fn pitch(&self, word: &str) -> Option<f32> {
        if word == "x" {
            return Some(self.scale.degree(0));
        }
        if let Ok(degree) = word.parse::<i32>() {
            let within = (-100..=100).contains(&degree);
            return within.then(|| self.scale.degree(degree));
        }
        match read_note(word) {
            Some((note, "")) => Some(note.pitch(OCTAVE)),
            _ => None,
        }
    }
}

/// Drums by name.
pub struct Drums;

impl Words for Drums {
    fn read(&self, word: &str) -> Result<Vec<Value>, Wrong> {
        let (name, velocity, gate) = split(word)?;
        let lane = drum(name).ok_or_else(|| {
            let names: Vec<_> = DRUMS.iter().map(|(name, _)| *name).collect();
            (
                0,
                format!("`{name}` is no drum; there is {}", names.join(", ")),
            )
        })?;
        Ok(vec![Value {
            pitch: 0.0,
            velocity,
            gate,
            lane,
        }])
    }
}

/// A word without what follows it: `:` how hard, `=` how long.
fn split(word: &str) -> Result<(&str, f32, Option<f32>), Wrong> {
    let end = word.find([':', '=']).unwrap_or(word.len());
    let (name, mut rest) = word.split_at(end);
    let (mut velocity, mut gate) = (1.0, None);
    while let Some(mark) = rest.chars().next() {
        let at = word.chars().count() - rest.chars().count();
        let body = &rest[1..];
        let end = body.find([':', '=']).unwrap_or(body.len());
        let number = body[..end].parse::<f32>().ok();
        let number = number.filter(|n| (0.0..=1.0).contains(n)).ok_or_else(|| {
            let what = if mark == ':' { "how hard" } else { "how long" };
            (
                at,
                format!("after `{mark}` comes {what}, a number from 0 to 1"),
            )
        })?;
        match mark {
            ':' => velocity = number,
            _ => gate = Some(number),
        }
        rest = &body[end..];
    }
    Ok((name, velocity, gate))
}
