//! The patch text as a tree with the bytes of every part. Goes on after a mistake, so that one pass finds them all.
mod mend;

use std::ops::Range;

use super::brackets::balance;
use super::diagnostic::{Findings, Fix};
use super::lexer::{Bracket, Kind, Quotes, Token, lex};
use super::quoted::Quoted;

/// A patch needs 4; a bomb of brackets must not overflow the stack.
const DEEPEST: usize = 16;

#[derive(Clone, Debug)]
pub struct Value {
    pub span: Range<usize>,
    pub shape: Shape,
}

#[derive(Clone, Debug)]
pub enum Shape {
    /// `(…)` or `Name(…)`
    Struct(Struct),
    /// `[…]`
    List(Vec<Value>),
    Text(Quoted),
    /// A number, or what starts like one; not yet read.
    Number,
    /// A bare word.
    Word,
    /// A character, a map: RON, but nothing that a patch has.
    Foreign,
    /// Already reported.
    Bad,
}

#[derive(Clone, Debug, Default)]
pub struct Struct {
    /// Where the name stands before the bracket.
    pub name: Option<Range<usize>>,
    /// Between the brackets.
    pub inside: Range<usize>,
    pub fields: Vec<Field>,
    /// Values without a name.
    pub loose: Vec<Value>,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: Range<usize>,
    pub value: Value,
}

/// A text's tree, and what is wrong with its syntax.
pub struct Tree<'x> {
    /// None where there is nothing in the text.
    pub root: Option<Value>,
    pub findings: Findings<'x>,
    /// From this byte on the structure is a guess.
    pub unsure_from: usize,
    /// Whether a quoted text runs over lines.
    long_text: bool,
}

pub fn read<'x>(file: &'x str, text: &'x str) -> Tree<'x> {
    let plain = read_as(file, text, Quotes::ManyLines);
    if plain.findings.errors() == 0 || !plain.long_text {
        return plain;
    }
    // Two missing quotes make a text between them that runs over lines and swallows what is there.
    let by_line = read_as(file, text, Quotes::OneLine);
    match by_line.findings.errors() < plain.findings.errors() {
        true => by_line,
        false => plain,
    }
}

fn read_as<'x>(file: &'x str, text: &'x str, quotes: Quotes) -> Tree<'x> {
    let mut findings = Findings::new(file, text);
    let tokens = lex(text, quotes, &mut findings);
    let balanced = balance(text, tokens, &mut findings);
    let tokens = balanced.tokens;
    let long_text = tokens.iter().any(|token| {
        matches!(token.kind, Kind::Text { .. }) && text[token.span.clone()].contains('\n')
    });
    let mut reader = Reader {
        text,
        tokens: &tokens,
        at: 0,
        depth: 0,
        findings: &mut findings,
    };
    let root = reader.root();
    Tree {
        root,
        findings,
        unsure_from: balanced.unsure_from,
        long_text,
    }
}

struct Reader<'t, 'f, 'x> {
    text: &'t str,
    tokens: &'t [Token],
    at: usize,
    depth: usize,
    findings: &'f mut Findings<'x>,
}

impl<'t> Reader<'t, '_, '_> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    fn peek_kind(&self) -> Option<Kind> {
        self.peek().map(|t| t.kind)
    }

    fn kind_after(&self, steps: usize) -> Option<Kind> {
        self.tokens.get(self.at + steps).map(|t| t.kind)
    }

    fn slice(&self, span: &Range<usize>) -> &'t str {
        &self.text[span.clone()]
    }

    /// End of the token before the next one.
    fn behind(&self) -> usize {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        last.map_or(0, |t| t.span.end)
    }

    fn root(&mut self) -> Option<Value> {
        self.attributes();
        let last = self.tokens.last()?;
        let root = self.value();
        if let Some(extra) = self.peek() {
            let span = extra.span.start..last.span.end;
            let message = match root {
                Some(_) => "the patch ends before this; nothing may follow it",
                None => "a patch begins with `(`",
            };
            self.findings.error(span, message);
        }
        root
    }

    /// `#![enable(…)]` lines, which RON files may begin with.
    fn attributes(&mut self) {
        while self.peek().is_some_and(|t| self.slice(&t.span) == "#") {
            let start = self.at;
            while self.at < self.tokens.len()
                && self.peek_kind() != Some(Kind::Open(Bracket::Square))
            {
                self.at += 1;
            }
            self.skip_group();
            let span = self.tokens[start].span.start..self.behind();
            let fix = Fix::replace(span.clone(), "");
            self.findings
                .fixable(span, "a patch needs no `#![…]` line", Some(fix));
        }
    }

    /// Past a bracket and what is in it, or past one token.
    fn skip_group(&mut self) {
        let mut depth = 0usize;
        while let Some(kind) = self.peek_kind() {
            match kind {
                Kind::Open(_) => depth += 1,
                Kind::Close(_) if depth == 0 => return,
                Kind::Close(_) => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// A value; `None` where none begins here, and then nothing is read.
    fn value(&mut self) -> Option<Value> {
        let token = self.peek()?;
        let start = token.span.start;
        let shape = match token.kind {
            Kind::Open(_) if self.depth >= DEEPEST => {
                self.skip_group();
                let message = format!("brackets are more than {DEEPEST} deep");
                self.findings.error(token.span.clone(), message);
                Shape::Bad
            }
            Kind::Open(Bracket::Round) => self.structure(None),
            Kind::Open(Bracket::Square) => self.list(),
            Kind::Open(Bracket::Curly) => {
                self.skip_group();
                Shape::Foreign
            }
            Kind::Ident => {
                self.at += 1;
                match self.peek_kind() {
                    Some(Kind::Open(Bracket::Round)) if self.depth < DEEPEST => {
                        self.structure(Some(token.span.clone()))
                    }
                    _ => Shape::Word,
                }
            }
            Kind::Number => {
                self.at += 1;
                Shape::Number
            }
            Kind::Text { closed: false } => {
                self.at += 1;
                Shape::Bad
            }
            Kind::Text { closed: true } => {
                self.at += 1;
                Shape::Text(self.quoted(token))
            }
            Kind::Char => {
                self.at += 1;
                Shape::Foreign
            }
            Kind::Close(_) | Kind::Comma | Kind::Colon | Kind::Other => return None,
        };
        let span = start..self.behind();
        Some(Value { span, shape })
    }

    fn quoted(&mut self, token: &Token) -> Quoted {
        let (quoted, wrong) = Quoted::read(self.slice(&token.span), token.span.start);
        for (span, why) in wrong {
            self.findings.error(span, why);
        }
        quoted
    }

    fn list(&mut self) -> Shape {
        self.at += 1;
        self.depth += 1;
        let mut items = Vec::new();
        while self.more() {
            match self.value() {
                Some(word) if self.is_bare_cable(&word) => self.bare_cable(word.span.start),
                Some(item) => items.push(item),
                None => self.unexpected(),
            }
            self.separator();
        }
        self.at += 1;
        self.depth -= 1;
        Shape::List(items)
    }

    fn structure(&mut self, name: Option<Range<usize>>) -> Shape {
        self.at += 1;
        self.depth += 1;
        let mut result = Struct {
            name,
            ..Struct::default()
        };
        let start = self.behind();
        while self.more() {
            match (self.peek_kind(), self.kind_after(1)) {
                (Some(Kind::Ident), Some(Kind::Colon)) => {
                    result.fields.extend(self.field(1));
                }
                (Some(Kind::Ident), Some(next)) if self.lacks_colon(next) => {
                    result.fields.extend(self.field(0));
                }
                _ => match self.value() {
                    Some(value) => result.loose.push(value),
                    None => self.unexpected(),
                },
            }
            self.separator();
        }
        let end = self.peek().map_or(self.behind(), |t| t.span.start);
        result.inside = start..end;
        self.at += 1;
        self.depth -= 1;
        Shape::Struct(result)
    }

    /// A field whose name is next, and whose `:` is there (1) or missing (0).
    fn field(&mut self, colons: usize) -> Option<Field> {
        let name = self.peek()?.span.clone();
        let word = self.slice(&name);
        self.at += 1 + colons;
        if colons == 0 {
            let sign = self.peek().filter(|t| self.slice(&t.span) == "=");
            let (span, fix) = match sign {
                Some(sign) => (sign.span.clone(), Fix::replace(sign.span.clone(), ":")),
                None => (name.end..name.end, Fix::insert(name.end, ":")),
            };
            self.at += usize::from(sign.is_some());
            let message = match sign {
                Some(_) => format!("write `:` instead of `=` after `{word}`"),
                None => format!("missing `:` after `{word}`"),
            };
            self.findings.fixable(span, message, Some(fix));
        }
        // `freq: level: 1`: the word belongs to the next field.
        let next_field =
            self.peek_kind() == Some(Kind::Ident) && self.kind_after(1) == Some(Kind::Colon);
        let value = if next_field { None } else { self.value() };
        if value.is_none() {
            let end = self.behind();
            self.findings
                .error(end..end, format!("`{word}` has no value"));
        }
        value.map(|value| Field { name, value })
    }

    /// Whether another entry follows before the closing bracket.
    fn more(&self) -> bool {
        !matches!(self.peek_kind(), None | Some(Kind::Close(_)))
    }

    fn at_separator(&self) -> bool {
        self.peek_kind() == Some(Kind::Comma)
    }

    fn at_value(&self) -> bool {
        !matches!(
            self.peek_kind(),
            None | Some(Kind::Close(_) | Kind::Comma | Kind::Colon | Kind::Other)
        )
    }

    /// The comma after an entry; where it is missing, that is said at the end of the entry.
    fn separator(&mut self) {
        if self.at_separator() {
            self.at += 1;
            return;
        }
        if !self.more() {
            return;
        }
        let end = self.behind();
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        if !self.at_value() {
            return self.unexpected_after();
        }
        let shown = last.map_or("", |t| self.slice(&t.span));
        let shown = if shown.len() > 40 { "this" } else { shown };
        let message = match shown {
            "" | "this" => "missing `,`".to_owned(),
            shown => format!("missing `,` after `{shown}`"),
        };
        self.findings
            .fixable(end..end, message, Some(Fix::insert(end, ",")));
    }
}
