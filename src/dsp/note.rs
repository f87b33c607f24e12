//! Note names.

/// A note as written: `C`, `Eb`, `F#3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// Semitones above the C of its octave; accidentals may lead out of 0..12.
    pub semitone: i32,
    /// C4 is middle C; none where it is not written.
    pub octave: Option<i32>,
}

impl Note {
    /// Octaves above C4, where `octave` stands in for one that is not written.
    pub fn pitch(self, octave: i32) -> f32 {
        (self.octave.unwrap_or(octave) - 4) as f32 + self.semitone as f32 / 12.0
    }
}

/// Reads the note that a text begins with, and what follows it.
pub fn read_note(text: &str) -> Option<(Note, &str)> {
    let mut letters = text.chars();
    let natural = match letters.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let mut rest = letters.as_str();
    let mut semitone = natural;
    while let Some(sign) = rest.chars().next() {
        semitone += match sign {
            '#' | '♯' => 1,
            'b' | '♭' => -1,
            _ => break,
        };
        rest = &rest[sign.len_utf8()..];
    }
    let minus = rest.strip_prefix('-').unwrap_or(rest);
    let digits = minus.len() - minus.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        let note = Note {
            semitone,
            octave: None,
        };
        return Some((note, rest));
    }
    let (octave, after) = rest.split_at(rest.len() - minus.len() + digits);
    let octave = octave.parse().ok().filter(|o| (-2..=10).contains(o))?;
    let note = Note {
        semitone,
        octave: Some(octave),
    };
    Some((note, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_octaves_above_middle_c() {
        for (text, pitch, rest) in [
            ("C4", 0.0, ""),
            ("a4!", 0.75, "!"),
            ("Eb2~", -2.0 + 3.0 / 12.0, "~"),
            ("F#3", -1.0 + 6.0 / 12.0, ""),
            ("Cb4", -1.0 / 12.0, ""),
            ("C-1", -5.0, ""),
            ("G", -1.0 + 7.0 / 12.0, ""),
            ("G-", -1.0 + 7.0 / 12.0, "-"),
        ] {
            let (note, left) = read_note(text).expect(text);
            assert_eq!((note.pitch(3), left), (pitch, rest), "{text}");
        }
        for bad in ["", "H2", "-", "C99", "3"] {
            assert_eq!(read_note(bad), None, "{bad}");
        }
    }
}
