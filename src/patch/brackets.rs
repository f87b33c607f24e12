//! The bracket pass: finds the bracket that is at fault, says so, and hands on tokens whose brackets all match.
use super::diagnostic::{Findings, Fix};
use super::lexer::{Bracket, Kind, Token};

/// Guesses from the layout are tried this often; then brackets are matched in plain order.
const MOST_GUESSES: usize = 8;

/// Beyond so many tokens guessing takes too long for the next key, and nobody wrote the text by hand.
const MOST_TOKENS: usize = 20_000;

/// Brackets deeper than this are no layout.
const MOST_OPEN: usize = 32;

/// Unclosed brackets that are told where nothing says which of them is at fault: the innermost ones.
const MOST_TOLD: usize = 3;

/// Tokens whose brackets match.
pub struct Balanced {
    pub tokens: Vec<Token>,
    /// From this byte on the structure is a guess; what does not fit there may be a consequence.
    pub unsure_from: usize,
}

/// One change that makes the brackets match better.
#[derive(Clone, Debug)]
enum Repair {
    /// `opener` is never closed; its closer belongs before the token `before`.
    Close { opener: usize, before: usize },
    /// The closer closes nothing.
    Drop { closer: usize },
    /// The closer is of the wrong kind.
    Swap { opener: usize, closer: usize },
}

pub fn balance(text: &str, mut tokens: Vec<Token>, findings: &mut Findings) -> Balanced {
    let guesses = if tokens.len() > MOST_TOKENS {
        0
    } else {
        MOST_GUESSES
    };
    for _ in 0..guesses {
        let plain = plain_repairs(&tokens);
        if plain.is_empty() {
            break;
        }
        let mut guesses = by_layout(text, &tokens);
        guesses.extend(wrong_kinds(&plain, &tokens));
        let scored = guesses.into_iter().map(|repair| {
            let repaired = apply(&tokens, std::slice::from_ref(&repair));
            (plain_repairs(&repaired).len(), repair, repaired)
        });
        // `min_by_key` takes the first of equals: the layout is trusted before the kinds.
        let best = scored.min_by_key(|(left, ..)| *left);
        let Some((_, repair, repaired)) = best.filter(|(left, ..)| *left < plain.len()) else {
            break;
        };
        report(text, &tokens, &repair, findings);
        tokens = repaired;
    }
    let plain = plain_repairs(&tokens);
    for repair in plain.iter().take(MOST_TOLD) {
        report(text, &tokens, repair, findings);
    }
    let openers = plain.iter().filter_map(|repair| match repair {
        Repair::Close { opener, .. } => Some(tokens[*opener].span.start),
        _ => None,
    });
    Balanced {
        unsure_from: openers.max().unwrap_or(usize::MAX),
        tokens: apply(&tokens, &plain),
    }
}

/// The repairs of one pass that takes every closer at its word.
fn plain_repairs(tokens: &[Token]) -> Vec<Repair> {
    let mut repairs = Vec::new();
    let mut open: Vec<(usize, Bracket)> = Vec::new();
    // How many of each kind are open, so that a stray closer is known without a search.
    let mut count = [0usize; 3];
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open(bracket) => {
                open.push((at, bracket));
                count[bracket as usize] += 1;
            }
            Kind::Close(bracket) if count[bracket as usize] == 0 => {
                repairs.push(Repair::Drop { closer: at });
            }
            Kind::Close(bracket) => {
                while let Some((opener, kind)) = open.pop() {
                    count[kind as usize] -= 1;
                    if kind == bracket {
                        break;
                    }
                    repairs.push(Repair::Close { opener, before: at });
                }
            }
            _ => {}
        }
    }
    let end = tokens.len();
    repairs.extend(open.iter().rev().map(|&(opener, _)| Repair::Close {
        opener,
        before: end,
    }));
    repairs
}

/// A closer that would match if it were of the other kind.
fn wrong_kinds(plain: &[Repair], tokens: &[Token]) -> Vec<Repair> {
    let closes = plain.iter().filter_map(|repair| match *repair {
        Repair::Close { opener, before } if before < tokens.len() => Some(Repair::Swap {
            opener,
            closer: before,
        }),
        _ => None,
    });
    closes.take(MOST_GUESSES).collect()
}

/// What the indentation says: a bracket should be closed before a line that stands no deeper than the line of the bracket.
fn by_layout(text: &str, tokens: &[Token]) -> Vec<Repair> {
    let layout = Layout::new(text, tokens);
    let mut guesses = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if guesses.len() >= MOST_GUESSES {
            break;
        }
        let closes = matches!(token.kind, Kind::Close(_));
        if let Some(indent) = layout.starts_line(at) {
            for &opener in open.iter().skip(open.len().saturating_sub(MOST_OPEN)) {
                let own = layout.indent(opener);
                let out = own > indent || (own == indent && !closes);
                // Where the bracket ends its line and the next stands no deeper, nobody indents here.
                let indented = !layout.ends_line(opener) || layout.indent(opener + 1) > own;
                if out && indented {
                    guesses.push(Repair::Close { opener, before: at });
                }
            }
        }
        match token.kind {
            Kind::Open(_) => open.push(at),
            Kind::Close(_) => {
                let opener = open.pop();
                let early = opener.is_some_and(|opener| {
                    layout.starts_line(at).is_none()
                        && layout.line(opener) < layout.line(at)
                        && layout
                            .next_line(at)
                            .is_some_and(|next| layout.indent(next) > layout.indent(opener))
                });
                if early {
                    guesses.push(Repair::Drop { closer: at });
                }
            }
            _ => {}
        }
    }
    guesses
}

/// Line and indentation of each token.
struct Layout {
    /// Line, and the indentation of that line's first token.
    places: Vec<(usize, usize)>,
    /// The first token of the next line that has any.
    next: Vec<Option<usize>>,
}

impl Layout {
    fn new(text: &str, tokens: &[Token]) -> Self {
        let (mut line, mut from, mut indent, mut first) = (0, 0, 0, true);
        let places = tokens.iter().map(|token| {
            let between = &text[from..token.span.start];
            if let Some(end) = between.rfind('\n') {
                line += between.matches('\n').count();
                indent = between[end + 1..].chars().count();
            } else if first {
                indent = between.chars().count();
            }
            first = false;
            from = token.span.start;
            (line, indent)
        });
        let places: Vec<(usize, usize)> = places.collect();
        let mut next = vec![None; places.len()];
        for at in (1..places.len()).rev() {
            let same_line = places[at - 1].0 == places[at].0;
            next[at - 1] = if same_line { next[at] } else { Some(at) };
        }
        Self { places, next }
    }

    fn line(&self, token: usize) -> usize {
        self.places[token].0
    }

    /// Indentation of the token's line; 0 after the last token.
    fn indent(&self, token: usize) -> usize {
        self.places.get(token).map_or(0, |place| place.1)
    }

    /// The indentation, where the token is the first of its line and not of the text.
    fn starts_line(&self, token: usize) -> Option<usize> {
        let (line, indent) = self.places[token];
        (token > 0 && self.places[token - 1].0 < line).then_some(indent)
    }

    fn ends_line(&self, token: usize) -> bool {
        self.next_line(token) == Some(token + 1)
    }

    fn next_line(&self, token: usize) -> Option<usize> {
        self.next[token]
    }
}

fn report(text: &str, tokens: &[Token], repair: &Repair, findings: &mut Findings) {
    let slice = |at: usize| text[tokens[at].span.clone()].to_owned();
    match *repair {
        Repair::Close { opener, before } => {
            let Kind::Open(bracket) = tokens[opener].kind else {
                return;
            };
            let at = tokens[insertion(tokens, before).max(1) - 1].span.end;
            let fix = Fix::insert(at, bracket.close());
            let span = tokens[opener].span.clone();
            let message = format!("`{}` is never closed", bracket.open());
            findings.fixable(span, message, Some(fix));
        }
        Repair::Drop { closer } => {
            let span = tokens[closer].span.clone();
            let message = format!("`{}` closes nothing", slice(closer));
            findings.fixable(span.clone(), message, Some(Fix::replace(span, "")));
        }
        Repair::Swap { opener, closer } => {
            let Kind::Open(bracket) = tokens[opener].kind else {
                return;
            };
            let (span, right) = (tokens[closer].span.clone(), bracket.close());
            let message = format!(
                "`{}` does not close the `{}` of {}; write `{right}`",
                slice(closer),
                bracket.open(),
                findings.place(tokens[opener].span.start),
            );
            findings.fixable(span.clone(), message, Some(Fix::replace(span, right)));
        }
    }
}

/// The token before which a closer that belongs before `before` goes: a comma in between separates what follows.
fn insertion(tokens: &[Token], before: usize) -> usize {
    match before.checked_sub(1) {
        Some(last) if before < tokens.len() && tokens[last].kind == Kind::Comma => last,
        _ => before,
    }
}

fn apply(tokens: &[Token], repairs: &[Repair]) -> Vec<Token> {
    let mut kinds: Vec<Option<Kind>> = tokens.iter().map(|t| Some(t.kind)).collect();
    let mut closers: Vec<(usize, Bracket)> = Vec::new();
    for repair in repairs {
        match *repair {
            Repair::Close { opener, before } => {
                if let Kind::Open(bracket) = tokens[opener].kind {
                    closers.push((insertion(tokens, before), bracket));
                }
            }
            Repair::Drop { closer } => kinds[closer] = None,
            Repair::Swap { opener, closer } => {
                if let Kind::Open(bracket) = tokens[opener].kind {
                    kinds[closer] = Some(Kind::Close(bracket));
                }
            }
        }
    }
    // Stable: closers before the same token stay in order, innermost first.
    closers.sort_by_key(|(before, _)| *before);
    let mut closers = closers.into_iter().peekable();
    let mut result = Vec::with_capacity(tokens.len() + closers.len());
    for at in 0..=tokens.len() {
        while let Some((_, bracket)) = closers.next_if(|(before, _)| *before == at) {
            let end = at.checked_sub(1).map_or(0, |last| tokens[last].span.end);
            result.push(Token {
                kind: Kind::Close(bracket),
                span: end..end,
            });
        }
        if let Some(kind) = kinds.get(at).copied().flatten() {
            let span = tokens[at].span.clone();
            result.push(Token { kind, span });
        }
    }
    result
}
