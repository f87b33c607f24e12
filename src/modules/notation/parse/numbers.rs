//! Numbers in a pattern's text, and factors as whole ratios.
use super::{Node, Parser, Wrong};

/// What a factor is counted in, so that cycles come out whole.
pub const PARTS: f64 = 1_000.0;

impl Parser<'_> {
    pub fn comma(&mut self, open: usize) -> Result<(), Wrong> {
        self.spaces();
        if !self.take(',') {
            let why = "a rhythm is (hits,steps) or (hits,steps,turn)".to_owned();
            return Err((self.at.max(open), why));
        }
        self.spaces();
        Ok(())
    }

    /// A number after a mark.
    pub fn number(&mut self, mark: &str, min: f64, max: f64) -> Result<f64, Wrong> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
        {
            self.at += 1;
        }
        let digits: String = self.chars[start..self.at].iter().collect();
        let number = digits
            .parse::<f64>()
            .ok()
            .filter(|n| (min..=max).contains(n));
        number.ok_or_else(|| {
            (
                start,
                format!("after `{mark}` comes a number from {min} to {max}"),
            )
        })
    }

    pub fn whole(&mut self, mark: &str, min: i64, max: i64) -> Result<i64, Wrong> {
        let start = self.at;
        let number = self.number(mark, min as f64, max as f64);
        let whole = number.ok().filter(|n| n.fract() == 0.0);
        let why = || {
            (
                start,
                format!("after `{mark}` comes a whole number from {min} to {max}"),
            )
        };
        whole.map(|n| n as i64).ok_or_else(why)
    }

    pub fn fast(&self, times: f64, node: Node) -> Result<Node, Wrong> {
        // Thousandths, or a part of them: `*1.5`, `/3`, and what brackets ask for.
        let ratio = [(times * PARTS, PARTS), (PARTS, PARTS / times)];
        let whole = ratio.into_iter().find(|(up, down)| {
            let near = |x: &f64| (x - x.round()).abs() < 1e-6 && *x >= 0.5;
            near(up) && near(down)
        });
        let (up, down) = match whole {
            Some((up, down)) => (up.round() as u64, down.round() as u64),
            None => nearest_ratio(times),
        };
        let common = gcd(up, down);
        Ok(Node::Fast {
            up: up / common,
            down: down / common,
            node: Box::new(node),
        })
    }
}

pub fn gcd(a: u64, b: u64) -> u64 {
    match b {
        0 => a.max(1),
        _ => gcd(b, a % b),
    }
}

/// A factor as a ratio of small numbers.
fn nearest_ratio(times: f64) -> (u64, u64) {
    let by = |down: u64| (times * down as f64 - (times * down as f64).round()).abs();
    let down = (1..=1_000).min_by(|a, b| by(*a).total_cmp(&by(*b)));
    let down = down.unwrap_or(1);
    (((times * down as f64).round() as u64).max(1), down)
}
