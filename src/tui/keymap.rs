//! Chords: what a key press is called, and which action it means where.
use std::collections::HashMap;
use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::actions::{ACTIONS, Action, Scope};

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
                None => KeyCode::F(rest.strip_prefix('F')?.parse().ok()?),
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

/// Which action a chord means in a scope.
pub struct Keymap {
    actions: HashMap<(Scope, Chord), usize>,
}

impl Default for Keymap {
    fn default() -> Self {
        let mut actions = HashMap::new();
        for (index, action) in ACTIONS.iter().enumerate() {
            for (scope, chord) in chords(action) {
                actions.insert((scope, chord), index);
            }
        }
        Self { actions }
    }
}

impl Keymap {
    /// The first of the scopes that knows the chord.
    pub fn find(&self, scopes: &[Scope], chord: Chord) -> Option<&'static Action> {
        scopes
            .iter()
            .find_map(|scope| self.actions.get(&(*scope, chord)))
            .map(|index| &ACTIONS[*index])
    }
}

/// An action's chords with the scopes that they are for.
pub fn chords(action: &Action) -> impl Iterator<Item = (Scope, Chord)> + '_ {
    action.keys.iter().flat_map(|(scope, chords)| {
        chords
            .split(' ')
            .filter_map(Chord::parse)
            .map(|chord| (*scope, chord))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for action in ACTIONS {
            for (_, text) in action.keys {
                for word in text.split(' ') {
                    let chord = Chord::parse(word).expect(word);
                    assert_eq!(chord.to_string(), word, "{}", action.name);
                }
            }
        }
    }

    #[test]
    fn no_chord_has_two_meanings_in_one_place() {
        let mut seen = HashMap::new();
        for action in ACTIONS {
            for (scope, chord) in chords(action) {
                if let Some(other) = seen.insert((scope, chord), action.name) {
                    panic!("{chord} is {other} and {} in {scope:?}", action.name);
                }
            }
        }
        for (scope, chord) in seen.keys().filter(|(scope, _)| *scope != Scope::Everywhere) {
            assert!(
                !seen.contains_key(&(Scope::Everywhere, *chord)),
                "{scope:?} hides {chord}, which works everywhere"
            );
        }
    }

    #[test]
    fn chords_that_terminals_cannot_send_are_not_used() {
        // tmux's and screen's prefixes, and what arrives as Tab, Enter, Backspace or Esc.
        for bad in ["^B", "^A", "^I", "^M", "^H", "^J", "^[", "^\\", "^/"] {
            let chord = Chord::parse(bad).expect(bad);
            assert!(
                ACTIONS.iter().all(|a| chords(a).all(|(_, c)| c != chord)),
                "{bad}"
            );
        }
    }

    #[test]
    fn shift_is_part_of_a_letter() {
        let event = KeyEvent::new(KeyCode::Char('P'), KeyModifiers::SHIFT);
        assert_eq!(Some(Chord::from(&event)), Chord::parse("P"));
        let event = KeyEvent::new(KeyCode::Char('p'), KeyModifiers::SHIFT);
        assert_eq!(Some(Chord::from(&event)), Chord::parse("P"));
        let event = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(Some(Chord::from(&event)), Chord::parse("Shift+Tab"));
    }
}
