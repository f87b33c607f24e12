//! Chords: what a key press is called, and two of them one after the other.
use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers, in the one form that terminals agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const NAMED: [(&str, KeyCode); 15] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Space", KeyCode::Char(' ')),
    ("Tab", KeyCode::Tab),
    ("Shift+Tab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
];

impl From<&KeyEvent> for Chord {
    fn from(key: &KeyEvent) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        Self::new(key.code, key.modifiers & known)
    }
}

impl Chord {
    fn new(code: KeyCode, mut modifiers: KeyModifiers) -> Self {
        let code = match code {
            // Shift is in the character already, and Control has no case.
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(c.to_ascii_lowercase())
            }
            KeyCode::Char(c) => {
                if modifiers.contains(KeyModifiers::SHIFT) && c.is_lowercase() {
                    KeyCode::Char(c.to_ascii_uppercase())
                } else {
                    KeyCode::Char(c)
                }
            }
            other => other,
        };
        if matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code, modifiers }
    }

    /// As a terminal would tell it.
    #[cfg(test)]
    pub fn parts(self) -> (KeyCode, KeyModifiers) {
        (self.code, self.modifiers)
    }

    /// Reads "^G", "F5", "Alt+Enter", "Shift+Right", "Space", "?".
    pub fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        if let Some((_, code)) = NAMED.iter().find(|(name, _)| *name == rest) {
            return Some(Self::new(*code, modifiers));
        }
        loop {
            let (prefix, modifier) = match rest {
                _ if rest.len() > 1 && rest.starts_with('^') => ("^", KeyModifiers::CONTROL),
                _ if rest.starts_with("Ctrl+") => ("Ctrl+", KeyModifiers::CONTROL),
                _ if rest.starts_with("Alt+") => ("Alt+", KeyModifiers::ALT),
                _ if rest.starts_with("Shift+") => ("Shift+", KeyModifiers::SHIFT),
                _ => break,
            };
            rest = &rest[prefix.len()..];
            modifiers |= modifier;
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => KeyCode::Char(c),
            _ => match NAMED.iter().find(|(name, _)| *name == rest) {
                Some((_, code)) => *code,
                None => {
                    let number = rest.strip_prefix('F')?.parse().ok();
                    KeyCode::F(number.filter(|n| (1..=24).contains(n))?)
                }
            },
        };
        Some(Self::new(code, modifiers))
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt+")?;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            f.write_str("Shift+")?;
        }
        let control = self.modifiers.contains(KeyModifiers::CONTROL);
        if control {
            f.write_str("^")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) if control => write!(f, "{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// What is pressed for an action: a chord, or one letter and then another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keys {
    pub first: Chord,
    pub then: Option<Chord>,
}

impl Keys {
    /// Reads a chord, or two letters: "gp".
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(first) = Chord::parse(text) {
            return Some(Self { first, then: None });
        }
        let mut letters = text.chars();
        let (first, then) = (letters.next()?, letters.next()?);
        let plain = letters.next().is_none() && first.is_alphabetic() && !then.is_whitespace();
        let chord = |c| Chord::new(KeyCode::Char(c), KeyModifiers::NONE);
        plain.then(|| Self {
            first: chord(first),
            then: Some(chord(then)),
        })
    }
}

impl Chord {
    /// A letter, digit or sign without Ctrl or Alt: what is typed into a text.
    pub fn letter(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }

    /// What terminals send in place of this chord, where they cannot send it.
    pub fn arrives_as(self) -> Option<&'static str> {
        if !self.modifiers.contains(KeyModifiers::CONTROL) {
            return None;
        }
        match self.code {
            KeyCode::Char('i') => Some("Tab"),
            KeyCode::Char('m' | 'j') => Some("Enter"),
            KeyCode::Char('h') => Some("Backspace"),
            KeyCode::Char('[') => Some("Esc"),
            _ => None,
        }
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        self.then.map_or(Ok(()), |then| write!(f, "{then}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_is_part_of_a_letter() {
        let event = KeyEvent::new(KeyCode::Char('P'), KeyModifiers::SHIFT);
        assert_eq!(Some(Chord::from(&event)), Chord::parse("P"));
        let event = KeyEvent::new(KeyCode::Char('p'), KeyModifiers::SHIFT);
        assert_eq!(Some(Chord::from(&event)), Chord::parse("P"));
        let event = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(Some(Chord::from(&event)), Chord::parse("Shift+Tab"));
    }

    #[test]
    fn two_letters_are_two_presses_and_anything_else_is_nothing() {
        let two = Keys::parse("gp").expect("two letters");
        assert_eq!(
            (Some(two.first), two.then),
            (Chord::parse("g"), Chord::parse("p"))
        );
        assert_eq!(Keys::parse("F5").map(|k| k.then), Some(None));
        assert_eq!(Chord::parse("Ctrl+G"), Chord::parse("^G"));
        for wrong in ["", "gpx", "F99", "Enterr", "Alt+", "1a"] {
            assert_eq!(Keys::parse(wrong), None, "{wrong}");
        }
    }
}
