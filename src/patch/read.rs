//! From the tree of a text to a patch: the top level, and the modules by name.
use std::collections::HashMap;
use std::ops::Range;

use super::cable_text::read_cables;
use super::diagnostic::{Findings, Fix};
use super::group::{Groups, read_groups};
use super::macro_text::read_macros;
use super::modules_text::{Names, read_modules};
use super::names::{list, nearest};
use super::spans::Spans;
use super::tree::{Field, Shape, Value};
use super::tuning_text::read_tuning;
use super::value::parse_note;
use super::{Patch, PrimeMode};

const FIELDS: [&str; 11] = [
    "name", "bpm", "voices", "swing", "tuning", "groups", "modules", "cables", "macros", "prime",
    "spill",
];

/// Beats a minute that a patch may ask for.
const BPM: std::ops::RangeInclusive<f64> = 10.0..=999.0;

/// Voices that a patch may ask for.
const VOICES: std::ops::RangeInclusive<f64> = 1.0..=64.0;

/// How late a patch may have every second sixteenth.
const SWING: std::ops::RangeInclusive<f64> = 0.0..=0.75;

/// A patch as far as it could be read; meaningful as a whole only where nothing was wrong.
pub struct Draft {
    pub patch: Patch,
    pub spans: Spans,
    /// Where the modules stand, or the patch if it has none.
    pub modules_at: Range<usize>,
}

/// What the parts of a patch are read with.
pub struct Source<'s, 't, 'f> {
    pub text: &'t str,
    pub findings: &'s mut Findings<'f>,
}

impl<'t> Source<'_, 't, '_> {
    pub fn slice(&self, span: &Range<usize>) -> &'t str {
        &self.text[span.clone()]
    }

    /// The name that a bare word stands for: RON writes `r#1st` for names that don't begin with a letter.
    pub fn word(&self, span: &Range<usize>) -> &'t str {
        let word = self.slice(span);
        word.strip_prefix("r#").unwrap_or(word)
    }

    /// A plain number; what is wrong with it is told under the name of its field.
    pub fn number(&mut self, field: &str, value: &Value) -> Option<f64> {
        let literal = self.slice(&value.span);
        let number = match value.shape {
            Shape::Bad => return None,
            Shape::Number => parse_number(literal),
            Shape::Word if is_no_number(literal) => literal.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            let message = format!("`{field}` takes a number, not {}", describe(self, value));
            self.findings.error(value.span.clone(), message);
        }
        number
    }

    fn number_within(
        &mut self,
        field: &str,
        value: &Value,
        range: &std::ops::RangeInclusive<f64>,
    ) -> Option<f64> {
        let number = self.number(field, value)?;
        if range.contains(&number) {
            return Some(number);
        }
        let (low, high) = (range.start(), range.end());
        let message = format!("`{field}` goes from {low} to {high}, not {number}");
        self.findings.error(value.span.clone(), message);
        None
    }
}

/// `inf` and `NaN`, which RON reads as numbers.
pub fn is_no_number(word: &str) -> bool {
    matches!(word, "inf" | "NaN")
}

/// A number as RON writes it.
pub fn parse_number(literal: &str) -> Option<f64> {
    let digits: String = literal.chars().filter(|&c| c != '_').collect();
    let (sign, body) = match digits.strip_prefix('-') {
        Some(body) => (-1.0, body),
        None => (1.0, digits.strip_prefix('+').unwrap_or(&digits)),
    };
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(body) = body.strip_prefix(prefix) {
            return u64::from_str_radix(body, radix)
                .ok()
                .map(|n| sign * n as f64);
        }
    }
    if matches!(body, "inf" | "NaN") {
        return body.parse::<f64>().ok().map(|n| sign * n);
    }
    let plain = body
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    let number = if plain {
        body.parse::<f64>().ok()
    } else {
        None
    };
    number.map(|n| sign * n)
}

/// What a value is, for "not …".
pub fn describe(source: &Source, value: &Value) -> String {
    let literal = source.slice(&value.span);
    let short = literal.len() <= 40 && !literal.contains('\n');
    match &value.shape {
        Shape::Struct(_) => "a group in `( )`".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Text(_) if !short => "a text".to_owned(),
        _ if short => format!("`{literal}`"),
        _ => "this".to_owned(),
    }
}

/// Reads the whole patch. `stem` is its name where it gives none.
pub fn read_patch(root: &Value, stem: &str, source: &mut Source) -> Draft {
    let mut draft = Draft {
        patch: Patch {
            name: stem.to_owned(),
            bpm: None,
            voices: 1,
            swing: 0.0,
            tuning: None,
            modules: Vec::new(),
            cables: Vec::new(),
            macros: Vec::new(),
            prime: PrimeMode::Sound,
            spill: false,
        },
        spans: Spans::default(),
        modules_at: root.span.start..root.span.start + 1,
    };
    let Shape::Struct(fields) = &root.shape else {
        let message = "a patch begins with `(`: (name: \"…\", modules: (…), cables: […])";
        source.findings.error(root.span.clone(), message);
        return draft;
    };
    for value in fields.loose.iter().filter(|v| !is_bad(v)) {
        let message = format!(
            "{} has no field name; write `name: value`",
            describe(source, value)
        );
        source.findings.error(value.span.clone(), message);
    }
    let found = top_fields(&fields.fields, source);
    draft.header(&found, source);
    let groups = match found.get("groups") {
        Some(field) => read_groups(&field.value, source),
        None => Groups::default(),
    };
    let names = match found.get("modules") {
        Some(field) => {
            draft.modules_at = field.name.clone();
            read_modules(&field.value, &groups, &mut draft, source)
        }
        None => Names::default(),
    };
    groups.tell_unused(&names, source);
    if let Some(field) = found.get("cables") {
        read_cables(&field.value, &names, &groups, &mut draft, source);
    }
    if let Some(field) = found.get("macros") {
        draft.patch.macros = read_macros(&field.value, &names, &draft.patch, source);
    }
    draft
}

pub fn is_bad(value: &Value) -> bool {
    matches!(value.shape, Shape::Bad)
}

/// The known fields by name, each once.
fn top_fields<'v>(fields: &'v [Field], source: &mut Source) -> HashMap<&'static str, &'v Field> {
    let mut found: HashMap<&'static str, &Field> = HashMap::new();
    for field in fields {
        let word = source.word(&field.name);
        let Some(&known) = FIELDS.iter().find(|known| **known == word) else {
            let near = nearest(word, FIELDS);
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("a patch has {}", list(FIELDS)),
            };
            let fix = near.map(|near| Fix::replace(field.name.clone(), near));
            let message = format!("unknown field `{word}`; {hint}");
            source.findings.fixable(field.name.clone(), message, fix);
            continue;
        };
        if let Some(first) = found.get(known) {
            let place = source.findings.place(first.name.start);
            let message = format!("`{word}` is given twice (first at {place})");
            source.findings.error(field.name.clone(), message);
            continue;
        }
        found.insert(known, field);
    }
    found
}

impl Draft {
    fn header(&mut self, found: &HashMap<&'static str, &Field>, source: &mut Source) {
        let value = |name| found.get(name).map(|field| &field.value);
        if let Some(value) = value("name") {
            match &value.shape {
                Shape::Text(name) => self.patch.name = name.text.clone(),
                Shape::Bad => {}
                _ => {
                    let message = format!(
                        "`name` takes a text in quotes, not {}",
                        describe(source, value)
                    );
                    source.findings.error(value.span.clone(), message);
                }
            }
        }
        if let Some(value) = value("bpm") {
            self.patch.bpm = source.number_within("bpm", value, &BPM);
        }
        if let Some(value) = value("voices") {
            match source.number_within("voices", value, &VOICES) {
                Some(voices) if voices.fract() == 0.0 => self.patch.voices = voices as usize,
                Some(voices) => {
                    let message = format!("`voices` is a whole number, not {voices}");
                    source.findings.error(value.span.clone(), message);
                }
                None => {}
            }
        }
        if let Some(value) = value("swing") {
            self.patch.swing = source.number_within("swing", value, &SWING).unwrap_or(0.0);
        }
        if let Some(value) = value("tuning") {
            self.patch.tuning = read_tuning(value, source);
        }
        if let Some(value) = value("prime") {
            self.patch.prime = read_prime(value, source).unwrap_or_default();
        }
        if let Some(value) = value("spill") {
            match (&value.shape, source.slice(&value.span)) {
                (Shape::Word, "true") => self.patch.spill = true,
                (Shape::Word, "false") | (Shape::Bad, _) => {}
                _ => {
                    let message = format!(
                        "`spill` takes true or false, not {}",
                        describe(source, value)
                    );
                    source.findings.error(value.span.clone(), message);
                }
            }
        }
    }
}

fn read_prime(value: &Value, source: &mut Source) -> Option<PrimeMode> {
    let refused = |source: &mut Source| {
        let message = format!(
            "`prime` takes Silent or (note: \"C3\"), not {}",
            describe(source, value)
        );
        source.findings.error(value.span.clone(), message);
        None
    };
    match &value.shape {
        Shape::Word => match source.slice(&value.span) {
            "Silent" => Some(PrimeMode::Silent),
            "Sound" => Some(PrimeMode::Sound),
            _ => refused(source),
        },
        Shape::Struct(group) if group.name.is_none() => match group.fields.as_slice() {
            [note] if source.slice(&note.name) == "note" && group.loose.is_empty() => {
                read_note(&note.value, source)
            }
            _ => refused(source),
        },
        Shape::Bad => None,
        _ => refused(source),
    }
}

/// A note by its name or its MIDI number.
fn read_note(value: &Value, source: &mut Source) -> Option<PrimeMode> {
    let midi = match &value.shape {
        Shape::Text(name) => parse_note(name.text.trim()),
        Shape::Number => parse_number(source.slice(&value.span)),
        _ => None,
    };
    match midi.filter(|midi| (0.0..=127.0).contains(midi)) {
        Some(midi) => Some(PrimeMode::Note(((midi - 60.0) / 12.0) as f32)),
        None => {
            let message = format!(
                "`note` takes a note from \"C-1\" to \"G9\", not {}",
                describe(source, value)
            );
            source.findings.error(value.span.clone(), message);
            None
        }
    }
}
