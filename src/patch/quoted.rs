//! A quoted text: what it says, and which byte of the file each part of it comes from.
use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    pub text: String,
    /// Byte of the file at which the inside begins.
    start: usize,
    /// Byte of the file at which the inside ends.
    end: usize,
    /// For a text with escapes: (byte of `text`, byte of the file) at which each run without escapes begins.
    runs: Vec<(usize, usize)>,
}

impl Quoted {
    /// Reads a literal with its quotes, which begins at byte `at` of the file. What it can't read is left out and told.
    pub fn read(literal: &str, at: usize) -> (Self, Vec<(Range<usize>, String)>) {
        if literal.starts_with('r') {
            return (Self::raw(literal, at), Vec::new());
        }
        let inside = literal.strip_prefix('"').unwrap_or(literal);
        let inside = inside.strip_suffix('"').unwrap_or(inside);
        let mut quoted = Self {
            text: String::with_capacity(inside.len()),
            start: at + 1,
            end: at + 1 + inside.len(),
            runs: Vec::new(),
        };
        let mut wrong = Vec::new();
        let mut from = 0;
        while let Some(found) = inside[from..].find('\\') {
            let escape = from + found;
            quoted.text.push_str(&inside[from..escape]);
            let (c, len) = unescape(&inside[escape..]);
            match c {
                Ok(c) => quoted.text.push(c),
                Err(why) => {
                    let start = quoted.start + escape;
                    wrong.push((start..start + len, why.to_owned()));
                }
            }
            from = escape + len;
            quoted.runs.push((quoted.text.len(), quoted.start + from));
        }
        quoted.text.push_str(&inside[from..]);
        (quoted, wrong)
    }

    fn raw(literal: &str, at: usize) -> Self {
        let hashes = literal[1..].len() - literal[1..].trim_start_matches('#').len();
        let open = 2 + hashes;
        let inside = literal.get(open..).unwrap_or("");
        // An unclosed one has no closing quote to take away.
        let close: String = std::iter::once('"')
            .chain(std::iter::repeat_n('#', hashes))
            .collect();
        let inside = inside.strip_suffix(&close).unwrap_or(inside);
        Self {
            text: inside.to_owned(),
            start: at + open,
            end: at + open + inside.len(),
            runs: Vec::new(),
        }
    }

    /// The byte of the file that byte `at` of the text comes from.
    pub fn byte(&self, at: usize) -> usize {
        let run = self.runs.partition_point(|(text, _)| *text <= at);
        match run.checked_sub(1).map(|run| self.runs[run]) {
            Some((text, file)) => (file + at - text).min(self.end),
            None => (self.start + at).min(self.end),
        }
    }

    /// The bytes of the file that a part of the text comes from.
    pub fn span(&self, part: Range<usize>) -> Range<usize> {
        self.byte(part.start)..self.byte(part.end).max(self.byte(part.start))
    }

    /// The inside, without the quotes.
    pub fn inside(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// The character that an escape stands for, and the escape's length.
fn unescape(rest: &str) -> (Result<char, &'static str>, usize) {
    const UNKNOWN: &str = "unknown escape; there is \\n \\t \\r \\0 \\\\ \\\" \\' \\x41 \\u{41}";
    let Some(c) = rest[1..].chars().next() else {
        return (Err("`\\` with nothing after it"), 1);
    };
    let simple = match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        '\\' | '"' | '\'' => c,
        'x' => {
            let digits = rest.get(2..4).unwrap_or("");
            // Beyond ASCII RON takes it for a part of UTF-8, which `\u` says better.
            let code = hex(digits)
                .filter(|&code| code < 0x80)
                .and_then(char::from_u32);
            return match code {
                Some(c) => (Ok(c), 4),
                None => (Err("`\\x` takes two hexadecimal digits up to 7f"), 2),
            };
        }
        'u' => {
            let digits = rest[2..]
                .strip_prefix('{')
                .and_then(|digits| digits.find('}').map(|end| &digits[..end]));
            let code = digits.filter(|d| d.len() <= 6).and_then(hex);
            return match (code.and_then(char::from_u32), digits) {
                (Some(c), Some(digits)) => (Ok(c), digits.len() + 4),
                _ => (Err("`\\u{…}` takes a character's number in hexadecimal"), 2),
            };
        }
        c => return (Err(UNKNOWN), 1 + c.len_utf8()),
    };
    (Ok(simple), 2)
}

fn hex(digits: &str) -> Option<u32> {
    let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if all {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}
