//! Scales: which notes belong, read from their names. Read on the builder, asked on engine threads.
use super::note::{Note, read_note};

/// Scales by name, in semitones above the root.
pub const SCALES: &[(&str, &[u8])] = &[
    ("chromatic", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ("major", &[0, 2, 4, 5, 7, 9, 11]),
    ("minor", &[0, 2, 3, 5, 7, 8, 10]),
    ("dorian", &[0, 2, 3, 5, 7, 9, 10]),
    ("phrygian", &[0, 1, 3, 5, 7, 8, 10]),
    ("lydian", &[0, 2, 4, 6, 7, 9, 11]),
    ("mixolydian", &[0, 2, 4, 5, 7, 9, 10]),
    ("locrian", &[0, 1, 3, 5, 6, 8, 10]),
    ("harmonic", &[0, 2, 3, 5, 7, 8, 11]),
    ("melodic", &[0, 2, 3, 5, 7, 9, 11]),
    ("pentatonic", &[0, 2, 4, 7, 9]),
    ("minpent", &[0, 3, 5, 7, 10]),
    ("blues", &[0, 3, 5, 6, 7, 10]),
    ("whole", &[0, 2, 4, 6, 8, 10]),
    ("diminished", &[0, 2, 3, 5, 6, 8, 9, 11]),
    ("hirajoshi", &[0, 2, 3, 7, 8]),
    ("insen", &[0, 1, 5, 7, 10]),
    ("hijaz", &[0, 1, 4, 5, 7, 8, 10]),
    ("octave", &[0]),
    ("fifths", &[0, 7]),
];

/// Octave of a root that does not name one.
const OCTAVE: i32 = 3;

/// The notes of an octave, and the root they are counted from.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Octaves above C4.
    root: f32,
    /// Octaves above the root, 0 first, ascending, below 1.
    steps: Vec<f32>,
}

impl Scale {
    /// Reads `minor`, `D dorian`, `Eb2 major`, or the notes themselves: `C Eb F G Bb`. Else at which character (from 0) the
    /// trouble is, and what would be right.
    pub fn read(text: &str) -> Result<Self, (usize, String)> {
        let mut words = Vec::new();
        let mut at = 0;
        for word in text.split(char::is_whitespace) {
            if !word.is_empty() {
                words.push((at, word));
            }
            at += word.chars().count() + 1;
        }
        let (root, rest) = match words.as_slice() {
            [] => (None, &words[..]),
            [(_, first), rest @ ..] => match whole_note(first) {
                Some(note) => (Some(note), rest),
                None => (None, &words[..]),
            },
        };
        let pitch = root.map_or((OCTAVE - 4) as f32, |note| note.pitch(OCTAVE));
        let named = |word: &str| {
            let lower = word.to_lowercase();
            SCALES.iter().find(|(name, _)| *name == lower)
        };
        let semitones: Vec<f32> = match rest {
            [(_, word)] if named(word).is_some() => {
                let steps = named(word).map_or(&[0u8][..], |(_, steps)| steps);
                steps.iter().map(|s| *s as f32).collect()
            }
            notes => {
                let root = root.map(|note| note.semitone);
                let mut steps = vec![0.0];
                for (at, word) in notes {
                    let (note, root) = match (whole_note(word), root) {
                        (Some(note), Some(root)) => (note, root),
                        _ => return Err((*at, unknown(word))),
                    };
                    steps.push((note.semitone - root).rem_euclid(12) as f32);
                }
                steps
            }
        };
        if words.is_empty() {
            return Err((0, unknown("")));
        }
        let mut steps: Vec<f32> = semitones.iter().map(|s| s / 12.0).collect();
        steps.sort_by(f32::total_cmp);
        steps.dedup();
        Ok(Self { root: pitch, steps })
    }

    /// A degree counted from the root, in octaves above C4: 0 is the root, negative ones lie below.
    #[inline]
    pub fn degree(&self, degree: i32) -> f32 {
        let count = self.steps.len().max(1) as i32;
        let step = self.steps.get(degree.rem_euclid(count) as usize);
        self.root + degree.div_euclid(count) as f32 + step.copied().unwrap_or(0.0)
    }

    /// The degree nearest to a pitch; of two the lower.
    #[inline]
    pub fn nearest(&self, pitch: f32) -> i32 {
        let above = pitch - self.root;
        let octave = above.floor();
        let inside = above - octave;
        let count = self.steps.len() as i32;
        // The root of the next octave stands at the end.
        let (mut best, mut off) = (count, 1.0 - inside);
        for (degree, step) in self.steps.iter().enumerate().rev() {
            let distance = (inside - step).abs();
            if distance <= off {
                (best, off) = (degree as i32, distance);
            }
        }
        octave as i32 * count + best
    }

    /// Notes in an octave.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

fn whole_note(word: &str) -> Option<Note> {
    let (note, rest) = read_note(word)?;
    rest.is_empty().then_some(note)
}

fn unknown(word: &str) -> String {
    let names: Vec<_> = SCALES.iter().map(|(name, _)| *name).collect();
    format!(
        "`{word}` is no scale; try \"C minor\", notes such as \"C Eb F G\", or one of {}",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_read_by_name_and_by_notes() {
        for (text, degrees) in [
            ("minor", [-12, -10, -9, -7]),
            ("C4 minor", [0, 2, 3, 5]),
            ("Eb2 MAJOR", [-21, -19, -17, -16]),
            ("A4 C E", [9, 12, 16, 21]),
        ] {
            let scale = Scale::read(text).expect(text);
            let read: Vec<i32> = (0..4)
                .map(|d| (scale.degree(d) * 12.0).round() as i32)
                .collect();
            assert_eq!(read, degrees, "{text}");
        }
        let minor = Scale::read("C4 minor").expect("reads");
        assert!((minor.degree(-1) - -2.0 / 12.0).abs() < 1e-6);
    }

    #[test]
    fn the_nearest_note_is_found_across_octaves() {
        let scale = Scale::read("C4 major").expect("reads");
        for (semitones, want) in [
            (0.4, 0),
            (1.0, 0),
            (1.1, 1),
            (11.6, 7),
            (11.4, 6),
            (-0.4, 0),
            (-0.6, -1),
            (24.0, 14),
            (-12.0, -7),
        ] {
            assert_eq!(scale.nearest(semitones / 12.0), want, "{semitones}");
        }
        for degree in -40..40 {
            assert_eq!(scale.nearest(scale.degree(degree)), degree);
        }
    }

    #[test]
    fn errors_point_at_the_word() {
        for (text, at) in [
            ("", 0),
            ("C minro", 2),
            ("H", 0),
            ("minor C", 0),
            ("C D  X", 5),
        ] {
            assert_eq!(Scale::read(text).expect_err(text).0, at, "{text}");
        }
    }
}
