//! Cuts a patch text into tokens with their bytes. Never fails: what it can't read becomes a finding and a token all the same.
use std::ops::Range;

use super::diagnostic::{Findings, Fix, bom};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Open(Bracket),
    Close(Bracket),
    Comma,
    Colon,
    /// A bare word; `r#word` too.
    Ident,
    /// A number, or something that starts like one (`440Hz`).
    Number,
    /// Text in quotes, raw or not; the span has the quotes. `closed` is false where the closing quote is missing.
    Text {
        closed: bool,
    },
    /// A character in single quotes.
    Char,
    /// Anything else.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    Round,
    Square,
    Curly,
}

impl Bracket {
    pub fn open(self) -> char {
        match self {
            Self::Round => '(',
            Self::Square => '[',
            Self::Curly => '{',
        }
    }

    pub fn close(self) -> char {
        match self {
            Self::Round => ')',
            Self::Square => ']',
            Self::Curly => '}',
        }
    }
}

/// Where a quoted text may end if its closing quote is missing.
#[derive(Clone, Copy, PartialEq)]
pub enum Quotes {
    /// As RON has it: texts run over lines.
    ManyLines,
    /// Once a quote is known to be missing, the line's end is the better guess.
    OneLine,
}

pub fn lex(text: &str, quotes: Quotes, findings: &mut Findings) -> Vec<Token> {
    let tokens = match scan(text, quotes) {
        Ok(tokens) => tokens,
        Err(QuoteMissing) => scan(text, Quotes::OneLine).unwrap_or_default(),
    };
    for token in &tokens {
        if token.kind == (Kind::Text { closed: false }) {
            let at = token.span.start;
            let fix = Fix::insert(token.span.end, "\"");
            findings.fixable(at..at + 1, "`\"` is never closed", Some(fix));
        }
        if token.kind == Kind::Other && text[token.span.clone()].starts_with("/*") {
            findings.error(token.span.clone(), "`/*` is never closed");
        }
    }
    tokens
        .into_iter()
        .filter(|t| !is_comment(text, t))
        .collect()
}

fn is_comment(text: &str, token: &Token) -> bool {
    token.kind == Kind::Other && text[token.span.clone()].starts_with("/*")
}

struct QuoteMissing;

/// Each is searched for to the end of the text: a text of nothing else must not take minutes.
const MOST_UNCLOSED: usize = 50;

fn scan(text: &str, quotes: Quotes) -> Result<Vec<Token>, QuoteMissing> {
    let mut tokens = Vec::new();
    let mut at = bom(text);
    let mut unclosed = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, len) = match c {
            c if is_space(c) => {
                at += c.len_utf8();
                continue;
            }
            '/' if rest.starts_with("//") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '/' if rest.starts_with("/*") => match comment(rest) {
                Some(len) => {
                    at += len;
                    continue;
                }
                // The rest of the text is inside it: the span is its opening, and nothing follows.
                None => {
                    tokens.push(Token {
                        kind: Kind::Other,
                        span: at..at + 2,
                    });
                    return Ok(tokens);
                }
            },
            '(' => (Kind::Open(Bracket::Round), 1),
            ')' => (Kind::Close(Bracket::Round), 1),
            '[' => (Kind::Open(Bracket::Square), 1),
            ']' => (Kind::Close(Bracket::Square), 1),
            '{' => (Kind::Open(Bracket::Curly), 1),
            '}' => (Kind::Close(Bracket::Curly), 1),
            ',' => (Kind::Comma, 1),
            ':' => (Kind::Colon, 1),
            '"' => text_token(rest, 0, quotes)?,
            'r' if raw_hashes(rest).is_some() => {
                text_token(rest, raw_hashes(rest).unwrap_or(0) + 1, quotes)?
            }
            'r' if rest[1..].starts_with('#') && word_len(&rest[2..]) > 0 => {
                (Kind::Ident, 2 + word_len(&rest[2..]))
            }
            '\'' => character(rest),
            c if starts_number(c, rest) => (Kind::Number, number_len(rest)),
            c if c == '_' || c.is_alphabetic() => (Kind::Ident, word_len(rest)),
            c => (Kind::Other, c.len_utf8()),
        };
        tokens.push(Token {
            kind,
            span: at..at + len,
        });
        at += len;
        unclosed += usize::from(kind == (Kind::Text { closed: false }));
        if unclosed > MOST_UNCLOSED {
            break;
        }
    }
    Ok(tokens)
}

/// What RON takes for white space.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace()
        || matches!(
            c,
            '\u{b}' | '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
        )
}

/// Length of a block comment, which may hold others.
pub fn comment(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The number of `#` of a raw text's opening (`r"`, `r#"`).
fn raw_hashes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// A quoted text; `raw` is 0 for a plain one, else its number of hashes plus 1.
fn text_token(rest: &str, raw: usize, quotes: Quotes) -> Result<(Kind, usize), QuoteMissing> {
    // `"`, or `r`, hashes and `"`.
    let start = raw + 1;
    let body = &rest[start..];
    let end = match raw {
        0 => plain_end(body),
        hashes => {
            let close: String = std::iter::once('"')
                .chain(std::iter::repeat_n('#', hashes - 1))
                .collect();
            body.find(&close).map(|at| at + close.len())
        }
    };
    match end {
        Some(end) if quotes == Quotes::ManyLines || raw > 0 || !body[..end].contains('\n') => {
            Ok((Kind::Text { closed: true }, start + end))
        }
        None if quotes == Quotes::ManyLines => Err(QuoteMissing),
        _ => {
            let line = body.split(['\n', '\r']).next().unwrap_or("");
            Ok((Kind::Text { closed: false }, start + one_line(line)))
        }
    }
}

/// Where the text of an unclosed quote probably ends: before `, name:`, or before the `,` or bracket that ends its line.
fn one_line(line: &str) -> usize {
    let next_field = line.match_indices(',').find_map(|(at, _)| {
        let after = line[at + 1..].trim_start();
        let word = word_len(after);
        (word > 0 && after[word..].starts_with(':')).then_some(at)
    });
    let line = &line[..next_field.unwrap_or(line.len())];
    line.trim_end_matches([' ', '\t', ',', ')', ']', '}']).len()
}

/// Length of a plain text's body with its closing quote.
fn plain_end(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

fn character(rest: &str) -> (Kind, usize) {
    let mut chars = rest.char_indices().skip(1);
    let mut escaped = false;
    // `'\u{10ffff}'` is the longest.
    for (at, c) in chars.by_ref().take(12) {
        match c {
            '\n' => break,
            '\'' if !escaped && at > 1 => return (Kind::Char, at + 1),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    (Kind::Other, 1)
}

fn starts_number(c: char, rest: &str) -> bool {
    let digit = |s: &str| s.starts_with(|c: char| c.is_ascii_digit());
    match c {
        '0'..='9' => true,
        '+' | '-' => {
            let after = &rest[1..];
            digit(after)
                || after.strip_prefix('.').is_some_and(digit)
                || after.starts_with("inf")
                || after.starts_with("NaN")
        }
        '.' => digit(&rest[1..]),
        _ => false,
    }
}

/// Takes units and note lengths along, so that `440Hz` without quotes is one mistake and not two tokens.
fn number_len(rest: &str) -> usize {
    let mut before = ' ';
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, c)| c).unwrap_or(' ');
        let inside = match c {
            '+' | '-' => at == 0 || matches!(before, 'e' | 'E'),
            '/' => next.is_ascii_digit(),
            '.' | '_' | '%' => true,
            c => c.is_alphanumeric(),
        };
        if !inside {
            return at;
        }
        before = c;
    }
    rest.len()
}

fn word_len(rest: &str) -> usize {
    rest.find(|c: char| c != '_' && !c.is_alphanumeric())
        .unwrap_or(rest.len())
}
