//! The text of a step sequence, and what a step means between its neighbours. Read on the builder, asked on engine threads.
use crate::dsp::note::read_note;

use super::{notation::hash, tuner::Tuner};

/// One step, with what its neighbours mean for it.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    pub velocity: f32,
    /// In place of the module's.
    pub gate: Option<f32>,
    /// How often it is struck, 1 and more.
    pub strikes: u32,
}

/// A step as written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mark {
    Note(Note),
    Rest,
    Tie,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Note {
    pitch: f32,
    accent: bool,
    slide: bool,
    velocity: Option<f32>,
    gate: Option<f32>,
    strikes: u32,
    /// 0..=1
    chance: f32,
}

/// The way through the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Reverse,
    PingPong,
    Random,
}

/// A sequence as written, and the way through it.
#[derive(Clone, Debug)]
pub struct Steps {
    marks: Vec<Mark>,
    /// Characters of the text, one a mark.
    spans: Vec<(usize, usize)>,
    direction: Direction,
}

/// Octave of a first note that does not name one.
const OCTAVE: i32 = 3;
/// Velocity of a note that says none, and of an accent.
const VELOCITY: (f32, f32) = (0.75, 1.0);
/// Most strikes of a step.
const STRIKES: f32 = 16.0;
/// Steps that are gone back over, at least, for the note that a rest or tie follows.
const BACK: usize = 64;

impl Steps {
    /// Reads the steps, or says at which character (from 0) what is wrong. A bar line `|` may stand between steps.
    pub fn read(text: &str, direction: Direction, tuner: &Tuner) -> Result<Self, (usize, String)> {
        let (mut marks, mut spans) = (Vec::new(), Vec::new());
        let mut octave = OCTAVE;
        let mut at = 0;
        for word in text.split(char::is_whitespace) {
            let len = word.chars().count();
            if !word.is_empty() && word != "|" {
                let mark = read_mark(word, &mut octave);
                let mut mark = mark.map_err(|(inside, why)| (at + inside, why))?;
                if let Mark::Note(note) = &mut mark {
                    note.pitch = tuner.pitch(note.pitch);
                }
                marks.push(mark);
                spans.push((at, at + len));
            }
            at += len + 1;
        }
        if marks.is_empty() {
            return Err((0, "no steps; try \"C2 - Eb2 G2\"".to_owned()));
        }
        Ok(Self {
            marks,
            spans,
            direction,
        })
    }

    /// Characters of the text, step by step.
    pub fn spans(&self) -> &[(usize, usize)] {
        &self.spans
    }

    /// Index of the step that is played, by a number counted from beat 0.
    #[inline]
    pub fn index(&self, number: i64, seed: u32) -> usize {
        let count = self.marks.len().max(1) as i64;
        let index = match self.direction {
            Direction::Forward => number.rem_euclid(count),
            Direction::Reverse => count - 1 - number.rem_euclid(count),
            Direction::PingPong => {
                let round = (2 * count - 2).max(1);
                let there = number.rem_euclid(round);
                there.min(round - there).min(count - 1)
            }
            Direction::Random => hash(seed ^ 0x7feb_352d, number) as i64 % count,
        };
        index as usize
    }

    /// What is played at a number: a note that chance leaves out is a rest.
    #[inline]
    fn played(&self, number: i64, seed: u32) -> Mark {
        let mark = self.marks.get(self.index(number, seed));
        match mark.copied().unwrap_or(Mark::Rest) {
            Mark::Note(note) if note.chance < 1.0 => {
                let luck = (hash(seed, number) >> 8) as f32 / (1u32 << 24) as f32;
                match luck < note.chance {
                    true => Mark::Note(note),
                    false => Mark::Rest,
                }
            }
            mark => mark,
        }
    }

    /// Whether a note sounds at a number, and the last note at or before it.
    #[inline]
    fn sounding(&self, number: i64, seed: u32) -> (bool, Option<Note>) {
        let most = BACK.max(2 * self.marks.len()) as i64;
        let mut sounds = None;
        for back in 0..most {
            match self.played(number - back, seed) {
                Mark::Note(note) => return (sounds.unwrap_or(true), Some(note)),
                Mark::Rest => sounds = sounds.or(Some(false)),
                Mark::Tie => {}
            }
        }
        (false, None)
    }

    /// The step at a number counted from beat 0.
    #[inline]
    pub fn step(&self, number: i64, seed: u32) -> Step {
        let this = self.played(number, seed);
        let (open, note) = self.sounding(number, seed);
        let holds = match self.played(number + 1, seed) {
            Mark::Tie => open,
            Mark::Note(_) => open && note.is_some_and(|n| n.slide),
            Mark::Rest => false,
        };
        let slides = matches!(this, Mark::Note(_)) && {
            let (sounded, before) = self.sounding(number - 1, seed);
            sounded && before.is_some_and(|n| n.slide)
        };
        let accent = note.is_some_and(|n| n.accent);
        let unsaid = if accent { VELOCITY.1 } else { VELOCITY.0 };
        Step {
            pitch: note.map_or(0.0, |n| n.pitch),
            open,
            holds,
            slides,
            accent,
            velocity: note.and_then(|n| n.velocity).unwrap_or(unsaid),
            gate: note.and_then(|n| n.gate),
            strikes: match this {
                Mark::Note(note) => note.strikes,
                _ => 1,
            },
        }
    }
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
    let mut note = Note {
        pitch,
        accent: word.starts_with('X'),
        slide: false,
        velocity: None,
        gate: None,
        strikes: 1,
        chance: 1.0,
    };
    while let Some(mark) = rest.chars().next() {
        let inside = word.chars().count() - rest.chars().count();
        rest = &rest[mark.len_utf8()..];
        let mut number = |what: &str, max: f32| {
            let len = rest.len()
                - rest
                    .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                    .len();
            let (digits, after) = rest.split_at(len);
            rest = after;
            let number = digits
                .parse::<f32>()
                .ok()
                .filter(|n| (0.0..=max).contains(n));
            number.ok_or_else(|| (inside, format!("after `{mark}` comes {what}, up to {max}")))
        };
        match mark {
            '!' => note.accent = true,
            '~' => note.slide = true,
            ':' => note.velocity = Some(number("how hard it is struck", 1.0)?),
            '=' => note.gate = Some(number("the part of the step that it lasts", 1.0)?),
            '%' => note.chance = number("its chance in percent", 100.0)? / 100.0,
            '*' => note.strikes = (number("how often it is struck", STRIKES)? as u32).max(1),
            _ => {
                let why = format!(
                    "`{mark}` can't follow a note; `!` is an accent, `~` a slide, `*2` two strikes, `%50` a chance, `=0.8` a gate, `:0.5` a velocity, and a space ends a step"
                );
                return Err((inside, why));
            }
        }
    }
    Ok(Mark::Note(note))
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
        let steps = Steps::read(text, Direction::Forward, &Tuner::default()).expect(text);
        let all = (0..steps.marks.len() as i64).map(|n| one(&steps.step(n, 1)));
        all.collect::<Vec<_>>().join(" ")
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
            ("C2 C2:2", 5),
            ("C2!%x", 3),
            ("C2*99", 2),
        ] {
            assert_eq!(
                Steps::read(text, Direction::Forward, &Tuner::default())
                    .expect_err(text)
                    .0,
                at,
                "{text}"
            );
        }
    }
}
