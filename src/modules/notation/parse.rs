//! From the text of a pattern to its tree. Every mistake knows its character.
mod numbers;

use super::{Node, Words, Wrong};
use crate::dsp::euclid;

use numbers::PARTS;
pub use numbers::gcd;

/// Brackets in brackets.
const DEEPEST: usize = 12;
/// Characters of a text: what one person can read.
const LONGEST: usize = 4_096;
/// Copies by `!`, and steps of a Euclidean rhythm.
const COPIES: u64 = 64;
/// Times as fast or as slow.
const FASTEST: f64 = 64.0;

pub fn parse(text: &str, words: &dyn Words) -> Result<Node, Wrong> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > LONGEST {
        return Err((
            LONGEST,
            format!("a pattern has at most {LONGEST} characters"),
        ));
    }
    let mut parser = Parser {
        chars,
        at: 0,
        depth: 0,
        salt: 0,
        words,
    };
    let node = parser.stack(None)?;
    match parser.peek() {
        None => Ok(node),
        Some(c) => Err((parser.at, format!("`{c}` closes nothing"))),
    }
}

struct Parser<'a> {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    salt: u32,
    words: &'a dyn Words,
}

/// What a bracket was opened with, and where.
#[derive(Clone, Copy)]
struct Open {
    bracket: char,
    at: usize,
}

impl Open {
    fn close(self) -> char {
        match self.bracket {
            '[' => ']',
            '<' => '>',
            _ => '}',
        }
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        self.at += there as usize;
        there
    }

    fn spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn fresh(&mut self) -> u32 {
        self.salt = self.salt.wrapping_add(0x9e37_79b9);
        self.salt
    }

    /// Layers parted by `,`, or choices parted by `|`, up to a closing bracket.
    fn stack(&mut self, open: Option<Open>) -> Result<Node, Wrong> {
        let mut layers = vec![self.sequence()?];
        let mut between = None;
        while let Some(c) = self.peek().filter(|c| matches!(c, ',' | '|')) {
            if between.is_some_and(|b| b != c) {
                let why = "`,` and `|` can't stand beside each other; use brackets".to_owned();
                return Err((self.at, why));
            }
            between = Some(c);
            self.at += 1;
            layers.push(self.sequence()?);
        }
        if between == Some('|') && open.is_none_or(|o| o.bracket != '[') {
            return Err((self.at, "a choice stands in brackets: [a|b]".to_owned()));
        }
        let first_weight = layers.first().map_or(1.0, |l| weight(l));
        let steps = match open {
            Some(open) => self.close(open, first_weight)?,
            None => None,
        };
        let mut nodes = Vec::with_capacity(layers.len());
        for layer in layers {
            // `<a b>` takes its total weight in cycles; `{a b}%n` as many steps in each as it says.
            let total = weight(&layer);
            nodes.push(match steps {
                Some(steps) if total > 0.0 => self.fast(steps / total, Node::Seq(layer))?,
                _ => Node::Seq(layer),
            });
        }
        Ok(match between {
            Some('|') => Node::Pick {
                of: nodes,
                salt: self.fresh(),
            },
            Some(_) => Node::Stack(nodes),
            None => nodes.pop().unwrap_or(Node::Rest),
        })
    }

    /// Past a closing bracket; the steps of a cycle where the bracket says so.
    fn close(&mut self, open: Open, first_weight: f64) -> Result<Option<f64>, Wrong> {
        if !self.take(open.close()) {
            return Err(match self.peek() {
                None => (open.at, format!("`{}` is never closed", open.bracket)),
                Some(c) => {
                    let why = format!("`{c}` does not close the `{}` before it", open.bracket);
                    (self.at, why)
                }
            });
        }
        Ok(match open.bracket {
            '[' => None,
            '<' => Some(1.0),
            _ if self.take('%') => Some(self.number("%", 1.0 / FASTEST, FASTEST)?),
            _ => Some(first_weight),
        })
    }

    /// Words one after the other, each with its weight.
    fn sequence(&mut self) -> Result<Vec<(f64, Node)>, Wrong> {
        let mut steps: Vec<(f64, Node)> = Vec::new();
        loop {
            self.spaces();
            let start = self.at;
            let Some(c) = self
                .peek()
                .filter(|c| !matches!(c, ']' | '>' | '}' | ',' | '|'))
            else {
                break;
            };
            match c {
                '_' => {
                    self.at += 1;
                    let last = steps.last_mut();
                    let last = last.ok_or((start, "`_` has nothing to make longer".to_owned()))?;
                    last.0 += 1.0;
                }
                '!' => {
                    self.at += 1;
                    let last = steps.last().cloned();
                    let last = last.ok_or((start, "`!` has nothing to repeat".to_owned()))?;
                    steps.push((last.0, self.copy(&last.1)));
                }
                _ => self.step(&mut steps)?,
            }
        }
        if steps.is_empty() {
            steps.push((1.0, Node::Rest));
        }
        Ok(steps)
    }

    /// One word or bracket with what follows it.
    fn step(&mut self, steps: &mut Vec<(f64, Node)>) -> Result<(), Wrong> {
        let mut node = self.unit()?;
        let (mut weight, mut copies) = (1.0, 1);
        while let Some(c) = self.peek() {
            let at = self.at;
            self.at += 1;
            match c {
                '*' => {
                    let times = self.number("*", 1.0 / PARTS, FASTEST)?;
                    node = self.fast(times, node)?;
                }
                '/' => {
                    let times = self.number("/", 1.0 / PARTS, FASTEST)?;
                    node = self.fast(1.0 / times, node)?;
                }
                '@' => weight = self.number("@", 1.0 / PARTS, FASTEST)?,
                '!' if self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                    copies = self.whole("!", 1, COPIES as i64)? as usize;
                }
                '!' => copies += 1,
                '?' => {
                    let numbered = self.peek().is_some_and(|c| c.is_ascii_digit() || c == '.');
                    let without = match numbered {
                        true => self.number("?", 0.0, 1.0)?,
                        false => 0.5,
                    };
                    node = Node::Maybe {
                        chance: 1.0 - without as f32,
                        salt: self.fresh(),
                        node: Box::new(node),
                    };
                }
                '(' => node = self.euclid(at, node)?,
                _ => {
                    self.at = at;
                    break;
                }
            }
        }
        if let Some(c) = self.peek()
            && !c.is_whitespace()
            && !matches!(c, ']' | '>' | '}' | ',' | '|' | '[' | '<' | '{' | '~' | '_')
        {
            let why = format!("`{c}` can't follow a step; a space ends it");
            return Err((self.at, why));
        }
        for _ in 1..copies {
            let copy = self.copy(&node);
            steps.push((weight, copy));
        }
        steps.push((weight, node));
        Ok(())
    }

    fn unit(&mut self) -> Result<Node, Wrong> {
        let start = self.at;
        match self.peek() {
            Some(bracket @ ('[' | '<' | '{')) => {
                if self.depth >= DEEPEST {
                    return Err((start, format!("brackets are more than {DEEPEST} deep")));
                }
                self.at += 1;
                self.depth += 1;
                let node = self.stack(Some(Open { bracket, at: start }));
                self.depth -= 1;
                node
            }
            Some('~') => {
                self.at += 1;
                Ok(Node::Rest)
            }
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Node, Wrong> {
        let start = self.at;
        let belongs = |c: char| {
            c.is_alphanumeric() || matches!(c, '#' | '♯' | '♭' | '-' | '.' | ':' | '=' | '\'')
        };
        while self.peek().is_some_and(belongs) {
            self.at += 1;
        }
        let word: String = self.chars[start..self.at].iter().collect();
        if word == "-" {
            return Ok(Node::Rest);
        }
        if word.is_empty() {
            let c = self.peek().unwrap_or(' ');
            let why = match c {
                '*' | '/' | '@' | '?' | '(' | '%' | ')' => format!("`{c}` has no step before it"),
                _ => format!("`{c}` means nothing here"),
            };
            return Err((start, why));
        }
        let values = self.words.read(&word);
        let values = values.map_err(|(inside, why)| (start + inside, why))?;
        Ok(Node::Word {
            values,
            span: (start, self.at),
        })
    }

    /// `(hits,steps)` or `(hits,steps,turn)` after a step.
    fn euclid(&mut self, at: usize, node: Node) -> Result<Node, Wrong> {
        let most = euclid::MOST as i64;
        self.spaces();
        let hits = self.whole("(", -most, most)?;
        self.comma(at)?;
        let steps = self.whole(",", 1, most)?;
        self.spaces();
        let turn = match self.peek() {
            Some(',') => {
                self.comma(at)?;
                self.whole(",", -most, most)?
            }
            _ => 0,
        };
        self.spaces();
        if !self.take(')') {
            return Err((
                at,
                "`(` is never closed: (hits,steps) or (hits,steps,turn)".to_owned(),
            ));
        }
        let rhythm = euclid::rhythm(hits.unsigned_abs() as usize, steps as usize);
        let mut slots = Vec::with_capacity(steps as usize);
        for step in 0..steps {
            // As many rests where the number is negative.
            let hit = euclid::is_hit(rhythm, steps as usize, turn, step) == (hits >= 0);
            slots.push(match hit {
                true => (1.0, self.copy(&node)),
                false => (1.0, Node::Rest),
            });
        }
        Ok(Node::Seq(slots))
    }

    /// The same again, with chances of its own.
    fn copy(&mut self, node: &Node) -> Node {
        let mut copy = node.clone();
        self.salt_anew(&mut copy);
        copy
    }

    fn salt_anew(&mut self, node: &mut Node) {
        match node {
            Node::Rest | Node::Word { .. } => {}
            Node::Seq(steps) => steps.iter_mut().for_each(|(_, n)| self.salt_anew(n)),
            Node::Stack(nodes) => nodes.iter_mut().for_each(|n| self.salt_anew(n)),
            Node::Pick { of, salt } => {
                *salt = self.fresh();
                of.iter_mut().for_each(|n| self.salt_anew(n));
            }
            Node::Fast { node, .. } => self.salt_anew(node),
            Node::Maybe { salt, node, .. } => {
                *salt = self.fresh();
                self.salt_anew(node);
            }
        }
    }
}

fn weight(steps: &[(f64, Node)]) -> f64 {
    steps.iter().map(|(weight, _)| weight).sum()
}
