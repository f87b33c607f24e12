//! What stands where nothing of the kind is expected: said once, with what was probably meant, and passed over.
use std::ops::Range;

use super::{Reader, Shape, Value};
use crate::patch::diagnostic::Fix;
use crate::patch::lexer::{Bracket, Kind};

impl Reader<'_, '_, '_> {
    /// `[osc > out]`: a cable without its quotes.
    pub fn is_bare_cable(&self, word: &Value) -> bool {
        let sign = self.peek().filter(|t| t.kind == Kind::Other);
        let sign = sign.map(|t| self.slice(&t.span));
        matches!(word.shape, Shape::Word) && matches!(sign, Some(">" | "~" | "." | "*" | "+" | "-"))
    }

    pub fn bare_cable(&mut self, start: usize) {
        while self.more() && !self.at_separator() {
            self.skip_group();
        }
        let span = start..self.behind();
        let quotes = format!("\"{}\"", self.slice(&span));
        let fix = Fix::replace(span.clone(), quotes);
        self.findings.fixable(
            span,
            "a cable is written in quotes: \"osc > out\"",
            Some(fix),
        );
    }

    /// Whether what follows a word shows that a `:` was meant.
    pub fn lacks_colon(&self, next: Kind) -> bool {
        match next {
            Kind::Number | Kind::Text { .. } | Kind::Open(Bracket::Square) => true,
            // `osc Sine(…)`; a word that is followed by `:` begins the next field instead.
            Kind::Ident => self.kind_after(2) != Some(Kind::Colon),
            Kind::Other => {
                let sign = self.tokens.get(self.at + 1);
                sign.is_some_and(|t| self.slice(&t.span) == "=")
            }
            _ => false,
        }
    }

    pub fn unexpected(&mut self) {
        let Some(token) = self.peek() else { return };
        let span = token.span.clone();
        let found = self.slice(&span);
        let fix = Some(Fix::replace(span.clone(), ""));
        if token.kind == Kind::Comma {
            self.findings
                .fixable(span, "this `,` separates nothing", fix);
            return;
        }
        let (message, fix) = stranger(found, &span);
        self.findings.fixable(span, message, fix);
        // One finding is enough for a row of such characters.
        while self.more() && !self.at_separator() && !self.at_value() {
            self.at += 1;
        }
    }

    /// Something between an entry and its comma that can be neither.
    pub fn unexpected_after(&mut self) {
        let Some(token) = self.peek() else { return };
        let found = self.slice(&token.span);
        self.findings.error(
            token.span.clone(),
            format!("`{found}` is not expected here"),
        );
        while self.more() && !self.at_separator() {
            self.skip_group();
        }
        if self.at_separator() {
            self.at += 1;
        }
    }
}

/// What to say about a character that no patch has, and what was probably meant by it.
fn stranger(found: &str, span: &Range<usize>) -> (String, Option<Fix>) {
    let instead = match found {
        "“" | "”" | "„" | "‟" | "«" | "»" => "\"",
        "\u{a0}" | "\u{2009}" | "\u{202f}" | "\u{3000}" | "\u{feff}" | "\u{200b}" => " ",
        ";" => ",",
        _ => return (format!("`{found}` is not expected here"), None),
    };
    let fix = Some(Fix::replace(span.clone(), instead));
    let message = match instead {
        " " => "an invisible character that is no plain space".to_owned(),
        instead => format!("write `{instead}` instead of `{found}`"),
    };
    (message, fix)
}
