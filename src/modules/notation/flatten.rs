//! From the tree of a pattern to its notes: cycle by cycle until all begins again.
use super::{
    Node, Value, Voices, Wrong,
    parse::gcd,
    score::{Cond, Event, Score, hash},
};

/// Cycles until a pattern repeats.
const LONGEST: u64 = 1_024;
/// Notes of a period, and parts looked at to find them.
const MOST: usize = 16_384;
const WORK: usize = 400_000;
/// Positions nearer than this are the same.
const NEAR: f64 = 1e-9;
/// Largest denominator of a position: beyond it, it is taken as it is.
const FINEST: u64 = 100_000;

/// A note in the cycle of its part of the tree.
#[derive(Clone)]
struct Hap {
    begin: f64,
    end: f64,
    value: Value,
    conds: Vec<Mark>,
    span: (usize, usize),
}

/// A condition whose place in time is not known yet.
#[derive(Clone)]
enum Mark {
    Chance { salt: u32, chance: f32 },
    Pick { key: u32, of: u32, nth: u32 },
}

pub fn flatten(node: &Node, voices: Voices) -> Result<Score, Wrong> {
    let period = period(node).ok_or_else(|| {
        let why = format!("this comes round only after more than {LONGEST} cycles");
        (0, why)
    })?;
    let mut work = WORK;
    let mut haps = Vec::new();
    for cycle in 0..period {
        let mut of_cycle = Vec::new();
        play(node, cycle as i64, &mut work, &mut of_cycle)?;
        for mut hap in of_cycle {
            hap.begin = snapped(hap.begin + cycle as f64);
            hap.end = snapped(hap.end + cycle as f64).min(period as f64);
            haps.push(hap);
        }
        if haps.len() > MOST {
            return Err(too_much());
        }
    }
    haps.sort_by(|a, b| a.begin.total_cmp(&b.begin));
    spread(haps, period as u32, voices)
}

fn too_much() -> Wrong {
    (
        0,
        format!("a pattern has at most {MOST} notes until it begins again"),
    )
}

/// Cycles after which a part begins again; none where that is too long.
fn period(node: &Node) -> Option<u64> {
    match node {
        Node::Rest | Node::Word { .. } => Some(1),
        Node::Seq(steps) => of_all(steps.iter().map(|(_, n)| n)),
        Node::Stack(nodes) | Node::Pick { of: nodes, .. } => of_all(nodes.iter()),
        Node::Maybe { node, .. } => period(node),
        Node::Fast { up, down, node } => {
            // After so many cycles a whole number of its own periods has passed.
            let inner = period(node)?.checked_mul(*down)?;
            Some(inner / gcd(*up, inner)).filter(|p| *p <= LONGEST)
        }
    }
}

fn of_all<'a>(mut nodes: impl Iterator<Item = &'a Node>) -> Option<u64> {
    nodes.try_fold(1, |all, node| lcm(all, period(node)?))
}

fn lcm(a: u64, b: u64) -> Option<u64> {
    (a / gcd(a, b)).checked_mul(b).filter(|p| *p <= LONGEST)
}

/// The notes that begin in a cycle of a part, positions counted from the cycle's start.
fn play(node: &Node, cycle: i64, work: &mut usize, out: &mut Vec<Hap>) -> Result<(), Wrong> {
    *work = work.checked_sub(1).ok_or_else(too_much)?;
    match node {
        Node::Rest => {}
        Node::Word { values, span } => out.extend(values.iter().map(|value| Hap {
            begin: 0.0,
            end: 1.0,
            value: *value,
            conds: Vec::new(),
            span: *span,
        })),
        Node::Stack(nodes) => {
            for node in nodes {
                play(node, cycle, work, out)?;
            }
        }
        Node::Seq(steps) => sequence(steps, cycle, work, out)?,
        Node::Pick { of, salt } => {
            let key = hash(*salt, cycle);
            for (nth, node) in of.iter().enumerate() {
                let from = out.len();
                play(node, cycle, work, out)?;
                for hap in &mut out[from..] {
                    hap.conds.push(Mark::Pick {
                        key,
                        of: of.len() as u32,
                        nth: nth as u32,
                    });
                }
            }
        }
        Node::Maybe { chance, salt, node } => {
            let from = out.len();
            play(node, cycle, work, out)?;
            for hap in &mut out[from..] {
                hap.conds.push(Mark::Chance {
                    salt: *salt,
                    chance: *chance,
                });
            }
        }
        Node::Fast { up, down, node } => {
            let times = *up as f64 / *down as f64;
            let (low, high) = (cycle as f64 * times, (cycle + 1) as f64 * times);
            let mut inner = Vec::new();
            for k in (low + NEAR).floor() as i64..(high - NEAR).ceil() as i64 {
                inner.clear();
                play(node, k, work, &mut inner)?;
                for mut hap in inner.drain(..) {
                    let (begin, end) = (hap.begin + k as f64, hap.end + k as f64);
                    if begin >= low - NEAR && begin < high - NEAR {
                        hap.begin = ((begin - low) / times).max(0.0);
                        hap.end = (end - low) / times;
                        out.push(hap);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Steps share a cycle by their weights, and none lasts beyond its own.
fn sequence(
    steps: &[(f64, Node)],
    cycle: i64,
    work: &mut usize,
    out: &mut Vec<Hap>,
) -> Result<(), Wrong> {
    if let [(_, only)] = steps {
        return play(only, cycle, work, out);
    }
    let total: f64 = steps.iter().map(|(weight, _)| weight).sum();
    let mut before = 0.0;
    for (weight, node) in steps {
        let (start, len) = (before / total, weight / total);
        before += weight;
        let from = out.len();
        play(node, cycle, work, out)?;
        for hap in &mut out[from..] {
            hap.begin = start + hap.begin * len;
            hap.end = start + hap.end.min(1.0) * len;
        }
    }
    Ok(())
}

/// The fraction that was meant, so that a third is the nearest number to a third however it came about.
fn snapped(x: f64) -> f64 {
    let whole = x.floor();
    let (mut rest, mut last, mut this) = (x - whole, (1u64, 0u64), (0u64, 1u64));
    let part = rest;
    for _ in 0..24 {
        let value = this.0 as f64 / this.1 as f64;
        if (value - part).abs() < NEAR * 1e-3 {
            return (whole * this.1 as f64 + this.0 as f64) / this.1 as f64;
        }
        rest = 1.0 / rest;
        let digit = rest.floor();
        if digit.is_nan() || digit > FINEST as f64 {
            break;
        }
        rest -= digit;
        let next = (
            digit as u64 * this.0 + last.0,
            digit as u64 * this.1 + last.1,
        );
        (last, this) = (this, next);
        if this.1 > FINEST {
            break;
        }
    }
    x
}

/// Gives every note its voice.
fn spread(haps: Vec<Hap>, period: u32, voices: Voices) -> Result<Score, Wrong> {
    let mut score = Score {
        period,
        voices: match voices {
            Voices::Lanes(count) => vec![Vec::new(); count],
            Voices::Free(_) => vec![Vec::new()],
        },
        conds: Vec::new(),
    };
    for hap in haps {
        let voice = match voices {
            Voices::Lanes(_) => hap.value.lane,
            Voices::Free(most) => {
                let is_free =
                    |voice: &Vec<Event>| voice.last().is_none_or(|e| e.end <= hap.begin + NEAR);
                let voice = score.voices.iter().position(is_free);
                let voice = voice.unwrap_or(score.voices.len());
                if voice >= most {
                    let why = format!("more than {most} notes at once");
                    return Err((hap.span.0, why));
                }
                if voice == score.voices.len() {
                    score.voices.push(Vec::new());
                }
                voice
            }
        };
        let from = score.conds.len();
        score.conds.extend(hap.conds.iter().map(|mark| match *mark {
            // Notes that begin together stay or go together.
            Mark::Chance { salt, chance } => Cond::Chance {
                key: hash(salt, hap.begin.to_bits() as i64),
                chance,
            },
            Mark::Pick { key, of, nth } => Cond::Pick { key, of, nth },
        }));
        let events = &mut score.voices[voice];
        // Of two strikes of a drum at once the later written counts; one that rings is cut by the next.
        if let Some(last) = events.last_mut() {
            last.end = last.end.min(hap.begin);
        }
        events.push(Event {
            begin: hap.begin,
            end: hap.end,
            value: hap.value,
            conds: from..score.conds.len(),
            span: hap.span,
        });
    }
    for voice in &mut score.voices {
        voice.dedup_by(|later, earlier| {
            let same = later.begin - earlier.begin < NEAR;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
    }
    Ok(score)
}
