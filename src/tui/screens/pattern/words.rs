//! Edits of notations, word by word: steps of a `Seq`, words of mini-notation. Pure functions of texts; places are in characters.
use std::ops::Range;

use crate::dsp::note::read_note;
use crate::patch::value::note_name;

/// Which notation a text is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `C2 - Eb2!~`
    Steps,
    /// `c3 [eb3 g3]*2 <c4 ~>`
    Mini,
}

/// Octave of a first note that does not name one.
const OCTAVE: i32 = 3;

/// A text with the places of its words and rests.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub text: String,
    pub places: Vec<Range<usize>>,
    notation: Notation,
}

fn boundary(c: Option<&char>) -> bool {
    c.is_none_or(|c| c.is_whitespace() || "[]<>{},|".contains(*c))
}

impl Words {
    /// `sounding` are the words that the module itself knows; rests of mini-notation are none of them.
    pub fn new(text: &str, notation: Notation, sounding: &[Range<usize>]) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut places = sounding.to_vec();
        if notation == Notation::Mini {
            let inside = |at: usize| sounding.iter().any(|s| s.contains(&at));
            for (at, c) in chars.iter().enumerate() {
                let before = at.checked_sub(1).map(|b| &chars[b]);
                let alone = boundary(before) && (*c == '~' || boundary(chars.get(at + 1)));
                if matches!(c, '~' | '-') && alone && !inside(at) {
                    places.push(at..at + 1);
                }
            }
            places.sort_by_key(|p| p.start);
        }
        Self {
            text: text.to_owned(),
            places,
            notation,
        }
    }

    pub fn word(&self, n: usize) -> String {
        let place = self.places.get(n).cloned().unwrap_or_default();
        slice(&self.text, &place)
    }

    pub fn rest(&self) -> &'static str {
        match self.notation {
            Notation::Steps => "-",
            Notation::Mini => "~",
        }
    }

    pub fn is_rest(&self, n: usize) -> bool {
        matches!(self.word(n).as_str(), "-" | "." | "~")
    }

    /// The note that a step of a sequence plays, its octave from the steps before.
    pub fn note(&self, n: usize) -> Option<i32> {
        let mut octave = OCTAVE;
        let mut last = None;
        for at in 0..=n {
            last = None;
            if let Some((note, _)) = read_note(&self.word(at)) {
                let own = note.octave.unwrap_or(octave);
                if self.notation == Notation::Steps {
                    octave = own;
                }
                last = Some((own + 1) * 12 + note.semitone);
            }
        }
        last
    }

    /// A note as this notation writes it.
    pub fn name(&self, midi: i32) -> String {
        let name = note_name(midi);
        match self.notation {
            Notation::Steps => name,
            Notation::Mini => name.to_lowercase(),
        }
    }

    /// What follows a word's note: `!~*2`, `:0.5`.
    pub fn marks(&self, n: usize) -> String {
        let word = self.word(n);
        let head = match read_note(&word) {
            Some((_, rest)) => word.len() - rest.len(),
            None => word
                .find(['!', '~', ':', '=', '%', '*'])
                .unwrap_or(word.len()),
        };
        match self.is_rest(n) {
            true => String::new(),
            false => word[head..].to_owned(),
        }
    }

    fn head(&self, n: usize) -> String {
        let word = self.word(n);
        let marks = self.marks(n);
        word[..word.len() - marks.len()].to_owned()
    }

    /// The text with another word in a place; what follows keeps its octaves.
    pub fn put(&self, n: usize, word: &str) -> String {
        let Some(place) = self.places.get(n) else {
            return self.text.clone();
        };
        let mut parts = vec![(place.clone(), word.to_owned())];
        let moved = self.notation == Notation::Steps
            && read_note(word).map(|(note, _)| note.octave)
                != read_note(&self.word(n)).map(|(note, _)| note.octave);
        let leans = (n + 1..self.places.len()).find(|at| read_note(&self.word(*at)).is_some());
        if let Some(at) = leans.filter(|_| moved)
            && read_note(&self.word(at)).is_some_and(|(note, _)| note.octave.is_none())
            && let Some(midi) = self.note(at)
        {
            let full = self.name(midi) + &self.marks(at);
            parts.push((self.places[at].clone(), full));
        }
        spliced(&self.text, parts)
    }

    /// Up or down: notes by semitones, degrees of a scale by steps.
    pub fn turned(&self, n: usize, by: i32) -> Option<String> {
        let (head, marks) = (self.head(n), self.marks(n));
        if let Some(midi) = self.note(n) {
            let to = (midi + by).clamp(0, 127);
            return Some(self.put(n, &(self.name(to) + &chord(&head) + &marks)));
        }
        let degree: i32 = head.parse().ok()?;
        let steps = if by.abs() == 12 { by / 12 * 7 } else { by };
        Some(self.put(n, &format!("{}{marks}", degree + steps)))
    }

    /// A note in a place, with the marks of what stood there.
    pub fn with_note(&self, n: usize, midi: i32) -> String {
        let marks = self.marks(n);
        self.put(n, &(self.name(midi) + &marks))
    }

    pub fn accented(&self, n: usize) -> String {
        match self.notation {
            Notation::Steps => self.marked(n, "!"),
            Notation::Mini => {
                let (head, marks) = (self.head(n), self.marks(n));
                let loud = match marks.find(':') {
                    Some(at) => without_number(&marks, at),
                    // Struck in full where nothing is said: softer is what stands out.
                    None => format!(":0.5{marks}"),
                };
                self.put(n, &(head + &loud))
            }
        }
    }

    pub fn slid(&self, n: usize) -> String {
        match self.notation {
            Notation::Steps => self.marked(n, "~"),
            Notation::Mini => self.text.clone(),
        }
    }

    /// Sets a mark, or takes it away.
    fn marked(&self, n: usize, mark: &str) -> String {
        if self.is_rest(n) || self.word(n) == "_" {
            return self.text.clone();
        }
        let (head, marks) = (self.head(n), self.marks(n));
        let marks = match marks.contains(mark) {
            true => marks.replacen(mark, "", 1),
            false => format!("{mark}{marks}"),
        };
        self.put(n, &(head + &marks))
    }

    /// Struck once more, up to four times, then once.
    pub fn struck(&self, n: usize) -> String {
        let (word, marks) = (self.word(n), self.marks(n));
        if self.is_rest(n) || self.notation != Notation::Steps {
            return self.text.clone();
        }
        let at = marks.find('*');
        let times: u32 = at.map_or(1, |at| {
            let digits = marks[at + 1..].chars().take_while(char::is_ascii_digit);
            digits.collect::<String>().parse().unwrap_or(1)
        });
        let rest = at.map_or(marks.clone(), |at| without_number(&marks, at));
        let more = match times {
            1..4 => format!("*{}", times + 1),
            _ => String::new(),
        };
        self.put(
            n,
            &format!("{}{rest}{more}", &word[..word.len() - marks.len()]),
        )
    }

    /// A copy of a word behind it.
    pub fn inserted(&self, n: usize) -> String {
        let Some(place) = self.places.get(n) else {
            return self.text.clone();
        };
        let word = self.word(n);
        spliced(&self.text, vec![(place.end..place.end, format!(" {word}"))])
    }

    /// Without a word; the last one stays.
    pub fn removed(&self, n: usize) -> Option<String> {
        let place = self.places.get(n).filter(|_| self.places.len() > 1)?;
        let chars: Vec<char> = self.text.chars().collect();
        let mut gone = place.clone();
        while chars.get(gone.end).is_some_and(|c| c.is_whitespace()) {
            gone.end += 1;
        }
        while gone.end == chars.len() && gone.start > 0 && chars[gone.start - 1].is_whitespace() {
            gone.start -= 1;
        }
        Some(spliced(&self.text, vec![(gone, String::new())]))
    }

    /// Every word moved on by so many places, round and round. Octaves are written out, so that notes stay what they are.
    pub fn rotated(&self, by: isize) -> String {
        let count = self.places.len() as isize;
        let full = |n: usize| match (self.notation, self.note(n)) {
            (Notation::Steps, Some(midi)) => self.name(midi) + &self.marks(n),
            _ => self.word(n),
        };
        let parts = (0..count).map(|n| {
            let from = (n - by).rem_euclid(count.max(1)) as usize;
            (self.places[n as usize].clone(), full(from))
        });
        spliced(&self.text, parts.collect())
    }
}

/// `'min7` of a chord's name.
fn chord(head: &str) -> String {
    head.find('\'')
        .map_or(String::new(), |at| head[at..].to_owned())
}

fn without_number(marks: &str, at: usize) -> String {
    let rest = &marks[at + 1..];
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    format!("{}{digits}", &marks[..at])
}

fn slice(text: &str, place: &Range<usize>) -> String {
    text.chars().skip(place.start).take(place.len()).collect()
}

/// Replaces parts of a text that do not overlap, by characters.
pub fn spliced(text: &str, mut parts: Vec<(Range<usize>, String)>) -> String {
    parts.sort_by_key(|(place, _)| place.start);
    let chars: Vec<char> = text.chars().collect();
    let mut result = String::new();
    let mut from = 0;
    for (place, new) in parts {
        result.extend(chars.get(from..place.start).unwrap_or(&[]));
        result += &new;
        from = place.end.max(from);
    }
    result.extend(chars.get(from..).unwrap_or(&[]));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Words {
        let mut places = Vec::new();
        let mut at = 0;
        for word in text.split(' ') {
            let len = word.chars().count();
            if !word.is_empty() && word != "|" {
                places.push(at..at + len);
            }
            at += len + 1;
        }
        Words::new(text, Notation::Steps, &places)
    }

    #[test]
    fn steps_are_edited_where_they_stand() {
        let s = steps("C2! Eb - | G2~*2");
        assert_eq!(s.note(1), Some(39), "the octave of the note before");
        assert_eq!(s.turned(0, 12).as_deref(), Some("C3! Eb2 - | G2~*2"));
        assert_eq!(s.turned(3, -1).as_deref(), Some("C2! Eb - | F#2~*2"));
        assert_eq!(s.turned(2, 1), None);
        assert_eq!(s.with_note(2, 36), "C2! Eb C2 | G2~*2");
        assert_eq!(s.put(0, "-"), "- Eb2 - | G2~*2");
        assert_eq!(s.accented(0), "C2 Eb - | G2~*2");
        assert_eq!(s.accented(1), "C2! Eb! - | G2~*2");
        assert_eq!(s.slid(3), "C2! Eb - | G2*2");
        assert_eq!(s.struck(3), "C2! Eb - | G2~*3");
        assert_eq!(steps("C2*4").struck(0), "C2");
        assert_eq!(s.inserted(1), "C2! Eb Eb - | G2~*2");
        assert_eq!(s.removed(2).as_deref(), Some("C2! Eb | G2~*2"));
        assert_eq!(s.removed(3).as_deref(), Some("C2! Eb - |"));
        assert_eq!(s.rotated(1), "G2~*2 C2! Eb2 | -");
        assert_eq!(s.rotated(-1), "Eb2 - G2~*2 | C2!");
        assert_eq!(steps("C2").removed(0), None);
    }

    #[test]
    fn words_of_mini_notation_are_edited_inside_their_brackets() {
        let m = Words::new("c3*2 [~ g3:0.5] -", Notation::Mini, &[0..2, 8..14]);
        let all: Vec<_> = (0..m.places.len()).map(|n| m.word(n)).collect();
        assert_eq!(all, ["c3", "~", "g3:0.5", "-"]);
        assert_eq!(m.turned(0, 1).as_deref(), Some("c#3*2 [~ g3:0.5] -"));
        assert_eq!(m.accented(0), "c3:0.5*2 [~ g3:0.5] -");
        assert_eq!(m.accented(2), "c3*2 [~ g3] -");
        assert_eq!(m.with_note(1, 60), "c3*2 [c4 g3:0.5] -");
        assert!(m.is_rest(3) && !m.is_rest(0));
        let d = Words::new("0 -2'min", Notation::Mini, &[0..1, 2..8]);
        assert_eq!(d.turned(0, 1).as_deref(), Some("1 -2'min"));
    }
}
