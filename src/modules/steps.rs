//! The text of a step sequence.
use crate::dsp::note::read_note;

/// One step, with what its neighbours mean for it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// Octaves above C4; rests and ties have that of the note before.
    pub pitch: f32,
    /// A note sounds in it.
    pub open: bool,
    /// The note goes on into the next step.
    pub holds: bool,
    /// The pitch slides here from the step before.
    pub slides: bool,
    pub accent: bool,
}

/// A step as written.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Note {
        pitch: f32,
        accent: bool,
        slide: bool,
    },
    Rest,
    Tie,
}

/// Octave of a first note that does not name one.
const OCTAVE: i32 = 3;

/// Reads the steps, or says at which character (from 0) what is wrong. A bar line `|` may stand between steps.
pub fn read(text: &str) -> Result<Vec<Step>, (usize, String)> {
    let mut marks = Vec::new();
    let mut octave = OCTAVE;
    let mut at = 0;
    for word in text.split(char::is_whitespace) {
        if !word.is_empty() && word != "|" {
            marks.push(read_mark(word, &mut octave).map_err(|(inside, why)| (at + inside, why))?);
        }
        at += word.chars().count() + 1;
    }
    if marks.is_empty() {
        return Err((0, "no steps; try \"C2 - Eb2 G2\"".to_owned()));
    }
    Ok(resolve(&marks))
}

fn read_mark(word: &str, octave: &mut i32) -> Result<Mark, (usize, String)> {
    let unknown = || {
        let why = format!(
            "`{word}` is not a step; try a note such as C2 or Eb3, `x`, `-` (rest) or `_` (tie)"
        );
        (0, why)
    };
    let (pitch, mut rest) = match word {
        "-" | "." => return Ok(Mark::Rest),
        "_" => return Ok(Mark::Tie),
        _ => match word.strip_prefix(['x', 'X']) {
            Some(rest) => (0.0, rest),
            None => {
                let (note, rest) = read_note(word).ok_or_else(unknown)?;
                *octave = note.octave.unwrap_or(*octave);
                (note.pitch(*octave), rest)
            }
        },
    };
    let (mut accent, mut slide) = (word.starts_with('X'), false);
    while let Some(mark) = rest.chars().next() {
        match mark {
            '!' => accent = true,
            '~' => slide = true,
            _ => {
                let inside = word.chars().count() - rest.chars().count();
                let why = format!(
                    "`{mark}` can't follow a note; `!` is an accent, `~` a slide, and a space ends a step"
                );
                return Err((inside, why));
            }
        }
        rest = &rest[mark.len_utf8()..];
    }
    Ok(Mark::Note {
        pitch,
        accent,
        slide,
    })
}

/// Rests and ties take the pitch of the note before them, which for the first ones is the last of the text: it goes round.
fn resolve(marks: &[Mark]) -> Vec<Step> {
    let count = marks.len();
    let next = |i: usize| marks[(i + 1) % count];
    let mut last = marks
        .iter()
        .rev()
        .find(|m| matches!(m, Mark::Note { .. }))
        .copied();
    let mut sounds = last.is_some() && !ends_in_rest(marks);
    let mut steps = Vec::with_capacity(count);
    for (i, mark) in marks.iter().enumerate() {
        match mark {
            Mark::Note { .. } => (last, sounds) = (Some(*mark), true),
            Mark::Rest => sounds = false,
            Mark::Tie => {}
        }
        let (pitch, accent, slide) = match last {
            Some(Mark::Note {
                pitch,
                accent,
                slide,
            }) => (pitch, accent, slide),
            _ => (0.0, false, false),
        };
        let holds = match next(i) {
            Mark::Tie => sounds,
            Mark::Note { .. } => sounds && slide,
            Mark::Rest => false,
        };
        steps.push(Step {
            pitch,
            open: sounds,
            holds,
            slides: false,
            accent,
        });
    }
    for i in 0..count {
        let before = &steps[(i + count - 1) % count];
        steps[i].slides = before.holds && matches!(marks[i], Mark::Note { .. });
    }
    steps
}

/// Whether a tie at the start of the text would continue silence.
fn ends_in_rest(marks: &[Mark]) -> bool {
    let end = marks.iter().rev().find(|m| **m != Mark::Tie);
    !matches!(end, Some(Mark::Note { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let one = |s: &Step| {
            let mut t = format!("{:.0}", s.pitch * 12.0);
            for (is, mark) in [
                (s.open, "o"),
                (s.holds, "h"),
                (s.slides, "s"),
                (s.accent, "a"),
            ] {
                t += if is { mark } else { "" };
            }
            t
        };
        let steps = read(text).expect(text);
        steps.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn steps_are_read_with_what_neighbours_mean() {
        for (text, want) in [
            ("C4 - E", "0o 0 4o"),
            ("C4~ G4! -", "0oh 7osa 7a"),
            ("- C4 _ _ Eb4", "3 0oh 0oh 0o 3o"),
            ("_ C4", "0o 0oh"),
            ("_ C4 -", "0 0o 0"),
            ("C4~ _ D4", "0oh 0oh 2os"),
            ("x . X | x", "0o 0 0oa 0o"),
            ("C4~", "0ohs"),
            ("- -", "0 0"),
        ] {
            assert_eq!(told(text), want, "{text}");
        }
    }

    #[test]
    fn errors_point_at_the_character() {
        for (text, at) in [
            ("", 0),
            ("C2 H3", 3),
            ("C2  Eb2? C", 7),
            ("é C2", 0),
            ("C2 C2é", 5),
        ] {
            assert_eq!(read(text).expect_err(text).0, at, "{text}");
        }
    }
}
