//! `keys.ron`: the user's own keys, read over the table's; what is wrong with it is told with its place. Pure.
use std::fmt::Write;
use std::io;
use std::ops::Range;
use std::path::Path;

use crate::patch::diagnostic::{Diagnostic, Findings, Fix, Severity};
use crate::patch::names::{list, nearest};
use crate::patch::quoted::Quoted;
use crate::patch::tree::{self, Field, Shape};

use super::actions::{ACTIONS, Action, Scope};
use super::chord::Keys;
use super::keymap::{Conflict, Keymap};
use super::notes::NoteKeys;
use super::overlays::palette;

/// A larger file is no list of keys.
const LARGEST: usize = 1 << 18;
/// In the place of an action: the keys do nothing.
const NOTHING: &str = "nothing";
/// The field beside the scopes.
const LAYOUT: &str = "layout";

/// What a file came to: errors leave their entry out, the rest holds.
pub struct KeysFile {
    pub keymap: Keymap,
    pub layout: Option<String>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file's text; `file` is its name in what is told.
pub fn read(text: &str, file: &str) -> KeysFile {
    let tree = tree::read(file, text);
    let mut reader = Reader {
        findings: tree.findings,
        keymap: Keymap::default(),
        layout: None,
        given: Vec::new(),
        taken: Vec::new(),
    };
    match tree.root.map(|root| (root.span, root.shape)) {
        _ if text.len() > LARGEST => reader.findings.error(0..0, "too large for a file of keys"),
        Some((_, Shape::Struct(root))) => {
            for loose in &root.loose {
                let why = "a field is missing before this: nav: [\"K keep\"]";
                reader.findings.error(loose.span.clone(), why);
            }
            for field in &root.fields {
                reader.field(text, field);
            }
            reader.lost(root.inside);
        }
        Some((_, Shape::Bad)) | None => {}
        Some((span, _)) => reader
            .findings
            .error(span, "a file of keys begins with `(`"),
    }
    KeysFile {
        keymap: reader.keymap,
        layout: reader.layout,
        diagnostics: reader.findings.finish(),
    }
}

/// What keeps a file's entries from being bound; what is only worth knowing is told on the screen.
pub fn mistakes(path: &Path) -> io::Result<Vec<Diagnostic>> {
    let text = std::fs::read_to_string(path)?;
    let mut found = read(&text, &path.display().to_string()).diagnostics;
    found.retain(|d| d.severity == Severity::Error);
    Ok(found)
}

struct Reader<'x> {
    findings: Findings<'x>,
    keymap: Keymap,
    layout: Option<String>,
    /// Keys that an entry was about, and where it stands.
    given: Vec<(Scope, Keys, Range<usize>)>,
    /// Entries that took something away, with the scope and the action.
    taken: Vec<(Scope, &'static str, Range<usize>)>,
}

impl Reader<'_> {
    fn field(&mut self, text: &str, field: &Field) {
        let name = text.get(field.name.clone()).unwrap_or_default();
        if name == LAYOUT {
            return self.read_layout(field);
        }
        let scope = Scope::ALL.into_iter().find(|(s, _)| s.word() == name);
        let Some((scope, _)) = scope else {
            let words: Vec<String> = Scope::ALL.iter().map(|(s, _)| s.word()).collect();
            let known = words.iter().map(String::as_str).chain([LAYOUT]);
            return self.unknown(field.name.clone(), "there is no place", name, known);
        };
        let Shape::List(entries) = &field.value.shape else {
            let why = format!("`{name}` takes a list: [\"K keep 30\", \"^B prime\"]");
            return self.findings.error(field.value.span.clone(), why);
        };
        for entry in entries {
            match &entry.shape {
                Shape::Text(quoted) => self.entry(scope, quoted, entry.span.clone()),
                Shape::Bad => {}
                _ => {
                    let why = "an entry is keys and an action in quotes: \"K keep 30\"";
                    self.findings.error(entry.span.clone(), why);
                }
            }
        }
    }

    fn read_layout(&mut self, field: &Field) {
        let Shape::Text(name) = &field.value.shape else {
            let why = "`layout` takes a name in quotes";
            return self.findings.error(field.value.span.clone(), why);
        };
        if NoteKeys::layouts().any(|known| known == name.text) {
            self.layout = Some(name.text.clone());
        } else {
            let known = NoteKeys::layouts();
            self.unknown(name.inside(), "there is no layout", &name.text, known);
        }
    }

    /// `keys action argument`
    fn entry(&mut self, scope: Scope, quoted: &Quoted, whole: Range<usize>) {
        let text = quoted.text.as_str();
        let (keys_text, line) = text.split_once(' ').unwrap_or((text, ""));
        let keys_at = quoted.span(0..keys_text.len());
        let Some(keys) = self.keys(scope, keys_text, keys_at.clone()) else {
            return;
        };
        let line_at = quoted.span(text.len() - line.len()..text.len());
        let to = match line.trim() {
            NOTHING => None,
            "" => {
                let why = format!("`{keys_text}` stands without an action; `{NOTHING}` frees it");
                return self.findings.error(whole, why);
            }
            named => match action(named) {
                Ok(found) => Some(found),
                Err(Unknown::Name) => {
                    let names = ACTIONS.iter().map(|a| a.name).chain([NOTHING]);
                    return self.unknown(line_at, "there is no action", named, names);
                }
                Err(Unknown::Argument(name)) => {
                    let why = format!("`{name}` takes nothing behind its name");
                    return self.findings.error(line_at, why);
                }
            },
        };
        let before = self
            .given
            .iter()
            .find(|(s, k, _)| (*s, *k) == (scope, keys));
        if let Some((_, _, first)) = before {
            let place = self.findings.place(first.start);
            let why = format!(
                "`{keys}` is bound twice in {} (first at {place})",
                scope.word()
            );
            return self.findings.error(keys_at, why);
        }
        self.given.push((scope, keys, whole.clone()));
        self.take(scope, keys, to, keys_at, whole);
    }

    fn take(
        &mut self,
        scope: Scope,
        keys: Keys,
        to: Option<(&'static Action, String)>,
        keys_at: Range<usize>,
        whole: Range<usize>,
    ) {
        for action in ACTIONS {
            if self
                .keymap
                .of(action)
                .any(|b| b.scope == scope && b.keys == keys)
            {
                self.taken.push((scope, action.name, whole.clone()));
            }
        }
        for conflict in self.keymap.bind(scope, keys, to) {
            let told = match conflict {
                Conflict::Replaced(name) => match self.left(scope, name) {
                    Some(left) => format!("`{keys}` was `{name}`, which stays on {left}"),
                    None => format!("`{keys}` was `{name}`, which has no key there now"),
                },
                Conflict::Hides(name) => {
                    format!(
                        "`{keys}` is `{name}` everywhere; in {} no more",
                        scope.word()
                    )
                }
                Conflict::Begins(lost) => format!("`{lost}` can't be reached beside this"),
            };
            self.findings.warn(keys_at.clone(), told);
        }
    }

    fn left(&self, scope: Scope, name: &str) -> Option<String> {
        let action = super::keymap::action(name)?;
        Some(self.keymap.printed(action, scope)?.join(", "))
    }

    fn keys(&mut self, scope: Scope, text: &str, at: Range<usize>) -> Option<Keys> {
        let Some(keys) = Keys::parse(text) else {
            let names = [
                "Enter",
                "Esc",
                "Space",
                "Tab",
                "Shift+Tab",
                "Backspace",
                "Delete",
                "Left",
            ];
            let names = names
                .into_iter()
                .chain(["Right", "Up", "Down", "PgUp", "PgDn", "Home", "End"]);
            let part = text.rsplit('+').next().unwrap_or(text);
            let hint = match nearest(part, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "there are K, ^K, Alt+k, F4, Shift+Left, gk".to_owned(),
            };
            self.findings
                .error(at, format!("no keys are called `{text}`; {hint}"));
            return None;
        };
        let why = match (keys.first.arrives_as(), keys.first.letter(), scope) {
            (Some(other), ..) => format!("terminals send {other} for `{text}`; bind {other}"),
            (None, Some(_), Scope::Edit | Scope::Everywhere) => {
                format!(
                    "`{text}` is text in EDIT and could not be typed; use Ctrl, Alt or an F key"
                )
            }
            (None, Some(c), Scope::Keys) if NoteKeys::is_note(c) => {
                format!("`{text}` is a note in KEYS")
            }
            _ => return Some(keys),
        };
        self.findings.error(at, why);
        None
    }

    fn unknown<'a>(
        &mut self,
        at: Range<usize>,
        what: &str,
        word: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) {
        let name = word.split(' ').next().unwrap_or(word);
        let near = nearest(word, known.clone()).or_else(|| nearest(name, known.clone()));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.clone().count() > 20 => "`:` lists them".to_owned(),
            None => format!("there is {}", list(known)),
        };
        let fix = near.map(|near| Fix::replace(at.clone(), near));
        self.findings
            .fixable(at, format!("{what} `{word}`; {hint}"), fix);
    }

    /// What must work in every layer and no longer does.
    fn lost(&mut self, inside: Range<usize>) {
        for (scope, name) in self.keymap.lost() {
            let by = self
                .taken
                .iter()
                .rev()
                .find(|(s, n, _)| (*s, *n) == (scope, name));
            let at = by.map_or(inside.clone(), |(.., at)| at.clone());
            let place = scope.word();
            let told = format!("no key does `{name}` in {place} any more; `:{name}` still does");
            self.findings.warn(at, told);
        }
    }
}

enum Unknown {
    Name,
    Argument(&'static str),
}

fn action(line: &str) -> Result<(&'static Action, String), Unknown> {
    if let Some((action, arg)) = palette::named(line) {
        return Ok((action, arg.to_owned()));
    }
    let name = |a: &&Action| line.starts_with(a.name) && line[a.name.len()..].starts_with(' ');
    Err(match ACTIONS.iter().find(name) {
        Some(action) => Unknown::Argument(action.name),
        None => Unknown::Name,
    })
}

/// A file to begin with: every key that is bound, each line switched off.
pub fn template(keymap: &Keymap, layout: &str) -> String {
    let mut text = String::from(
        "// Keys of your own for chronus. Take the slashes from a line to change it; `:keys load` reads the file again.\n\
         // An entry is keys and an action with what may stand behind its name; `nothing` frees the keys:\n\
         //     nav: [\"K keep 30\", \"F4 record\", \"gk swap now\", \"b nothing\"],\n\
         // Keys are named as in help: K, ^K (Ctrl), Alt+k, Shift+Left, F4, Space, or two letters one after the other: gk.\n(\n",
    );
    let _ = writeln!(
        text,
        "    // layout: {layout:?}, // qwerty, qwertz, azerty, dvorak"
    );
    for (scope, heading) in Scope::ALL {
        let mut lines = String::new();
        for action in ACTIONS {
            for b in keymap.of(action).filter(|b| b.scope == scope) {
                let entry = format!("{} {} {}", b.keys, action.name, b.arg);
                let _ = writeln!(lines, "        // {:?},", entry.trim_end());
            }
        }
        let _ = write!(
            text,
            "    // {heading}\n    {}: [\n{lines}    ],\n",
            scope.word()
        );
    }
    text + ")\n"
}

#[cfg(test)]
mod tests;
