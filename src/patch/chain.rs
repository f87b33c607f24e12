//! A cable's text taken apart: "a > b.cv * 0.5 + c ~> d". Names are not yet looked up.
use std::ops::Range;

/// Stages joined by arrows; there is one arrow less than stages.
#[derive(Debug, Default)]
pub struct Chain {
    pub stages: Vec<Vec<End>>,
    pub arrows: Vec<Arrow>,
}

/// A module, perhaps with a port, perhaps with an amount. Ranges are bytes of the text.
#[derive(Clone, Debug)]
pub struct End {
    pub module: Range<usize>,
    pub port: Option<Range<usize>>,
    pub amount: Option<Range<usize>>,
}

impl End {
    pub fn span(&self) -> Range<usize> {
        self.module.start..self.port.as_ref().map_or(self.module.end, |port| port.end)
    }
}

#[derive(Clone, Debug)]
pub struct Arrow {
    pub span: Range<usize>,
    /// `~>`: read one block late.
    pub feedback: bool,
}

/// What is wrong with a cable's text.
#[derive(Debug)]
pub struct Mistake {
    pub span: Range<usize>,
    pub why: String,
    /// What to write there instead.
    pub instead: Option<&'static str>,
}

pub fn parse_chain(text: &str) -> Result<Chain, Mistake> {
    let mut reader = Reader { text, at: 0 };
    let mut chain = Chain::default();
    loop {
        let stage = reader.stage(chain.stages.is_empty())?;
        chain.stages.push(stage);
        match reader.arrow()? {
            Some(arrow) => chain.arrows.push(arrow),
            None => break,
        }
    }
    if chain.arrows.is_empty() {
        let end = text.trim_end().len();
        return Err(mistake(end..end, "a cable needs `>` and a destination"));
    }
    Ok(chain)
}

/// A module and perhaps a port, and nothing else.
pub fn parse_end(text: &str) -> Result<End, Mistake> {
    let mut reader = Reader { text, at: 0 };
    let end = reader.module_and_port()?;
    reader.space();
    match reader.rest().is_empty() {
        true => Ok(end),
        false => Err(reader.unexpected()),
    }
}

fn mistake(span: Range<usize>, why: impl Into<String>) -> Mistake {
    Mistake {
        span,
        why: why.into(),
        instead: None,
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, sign: &str) -> Option<Range<usize>> {
        self.space();
        self.rest().starts_with(sign).then(|| {
            let start = self.at;
            self.at += sign.len();
            start..self.at
        })
    }

    fn stage(&mut self, is_first: bool) -> Result<Vec<End>, Mistake> {
        let mut ends = Vec::new();
        loop {
            let mut end = self.module_and_port()?;
            if let Some(star) = self.eat("*") {
                end.amount = Some(self.amount(star.end)?);
                if is_first {
                    let why = "an amount belongs to a destination, behind it";
                    return Err(mistake(star, why));
                }
            }
            ends.push(end);
            if self.eat("+").is_none() {
                return Ok(ends);
            }
        }
    }

    fn module_and_port(&mut self) -> Result<End, Mistake> {
        let module = self.name("the name of a module")?;
        let port = match self.eat(".") {
            Some(_) => Some(self.name("the name of a port")?),
            None => None,
        };
        Ok(End {
            module,
            port,
            amount: None,
        })
    }

    fn name(&mut self, wanted: &str) -> Result<Range<usize>, Mistake> {
        self.space();
        let rest = self.rest();
        let len = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let span = self.at..self.at + len;
        if len == 0 {
            let found = rest.chars().next();
            let end = self.at + found.map_or(0, char::len_utf8);
            let why = match found {
                Some(found) => format!("{wanted} is missing before `{found}`"),
                None => format!("{wanted} is missing"),
            };
            return Err(mistake(self.at..end, why));
        }
        self.at = span.end;
        Ok(span)
    }

    /// Up to the next arrow or `+`, but for the sign of the amount or of its exponent.
    fn amount(&mut self, after_star: usize) -> Result<Range<usize>, Mistake> {
        self.space();
        let start = self.at;
        let mut before = ' ';
        for (at, c) in self.rest().char_indices() {
            let exponent = matches!(before, 'e' | 'E');
            if matches!(c, '>' | '~' | '*') || (c == '+' && at > 0 && !exponent) {
                break;
            }
            // `* 0.5 -> b`: the `-` is half an arrow.
            if c == '-' && self.text[start + at..].starts_with("->") {
                break;
            }
            before = c;
            self.at = start + at + c.len_utf8();
        }
        let end = start + self.text[start..self.at].trim_end().len();
        self.at = end;
        match end > start {
            true => Ok(start..end),
            false => Err(mistake(
                after_star..after_star,
                "`*` has no amount behind it",
            )),
        }
    }

    fn arrow(&mut self) -> Result<Option<Arrow>, Mistake> {
        let wrong = ["->", "=>", "→"];
        if let Some(span) = wrong.iter().find_map(|sign| self.eat(sign)) {
            let found = &self.text[span.clone()];
            let mut mistake = mistake(span.clone(), format!("write `>` instead of `{found}`"));
            mistake.instead = Some(">");
            return Err(mistake);
        }
        for (sign, feedback) in [("~>", true), (">", false)] {
            if let Some(span) = self.eat(sign) {
                return Ok(Some(Arrow { span, feedback }));
            }
        }
        match self.rest().is_empty() {
            true => Ok(None),
            false => Err(self.unexpected()),
        }
    }

    fn unexpected(&self) -> Mistake {
        let rest = self.rest();
        let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let found: String = rest[..len].chars().take(40).collect();
        let why = format!("`{found}` is not expected here; a cable is `a > b.port * amount`");
        mistake(self.at..self.at + len, why)
    }
}
