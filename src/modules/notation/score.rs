//! The notes of a pattern, flat: voice by voice, in order. Asked on engine threads: nothing here allocates but `playing`.
use std::ops::Range;

use super::Value;

/// A note of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Cycles from the start of the period.
    pub begin: f64,
    pub end: f64,
    pub value: Value,
    /// Into [`Score::conds`].
    pub conds: Range<usize>,
    /// Characters of the text.
    pub span: (usize, usize),
}

/// Whether a note sounds this time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cond {
    Chance { key: u32, chance: f32 },
    Pick { key: u32, of: u32, nth: u32 },
}

/// A pattern: after `period` cycles it begins again, but for what is left to chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub period: u32,
    /// In order of `begin`; in one voice they do not overlap.
    pub voices: Vec<Vec<Event>>,
    pub conds: Vec<Cond>,
}

impl Score {
    /// The note with a number counted through all periods, and in which of them it is. None in an empty voice.
    #[inline]
    pub fn numbered(&self, voice: usize, number: i64) -> Option<(i64, &Event)> {
        let events = self.voices.get(voice)?;
        let count = events.len().max(1) as i64;
        let event = events.get(number.rem_euclid(count) as usize)?;
        Some((number.div_euclid(count), event))
    }

    /// The number of the last note that begins at or before a position in cycles; off by one where that is within rounding.
    #[inline]
    pub fn number_at(&self, voice: usize, cycles: f64) -> i64 {
        let Some(events) = self.voices.get(voice) else {
            return 0;
        };
        let round = (cycles / self.period as f64).floor();
        let inside = cycles - round * self.period as f64;
        let before = events.partition_point(|e| e.begin <= inside);
        round as i64 * events.len() as i64 + before as i64 - 1
    }

    /// Position in cycles at which a note of a period begins.
    #[inline]
    pub fn begins(&self, period: i64, event: &Event) -> f64 {
        period as f64 * self.period as f64 + event.begin
    }

    /// Whether a note sounds in a period.
    #[inline]
    pub fn sounds(&self, period: i64, event: &Event, seed: u32) -> bool {
        let Some(conds) = self.conds.get(event.conds.clone()) else {
            return true;
        };
        conds.iter().all(|cond| match *cond {
            Cond::Chance { key, chance } => {
                (hash(seed ^ key, period) >> 8) as f32 / (1u32 << 24) as f32 >= 1.0 - chance
            }
            Cond::Pick { key, of, nth } => hash(seed ^ key, period) % of.max(1) == nth,
        })
    }

    /// The characters of what sounds at a position in cycles: for editors. Allocates.
    pub fn playing(&self, cycles: f64, seed: u32) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        for voice in 0..self.voices.len() {
            let number = self.number_at(voice, cycles);
            let Some((period, event)) = self.numbered(voice, number) else {
                continue;
            };
            let lasts = cycles < self.begins(period, event) + event.end - event.begin;
            let span = event.span.0..event.span.1;
            if lasts && self.sounds(period, event, seed) && !spans.contains(&span) {
                spans.push(span);
            }
        }
        spans.sort_by_key(|s| s.start);
        spans
    }

    /// The characters of all words, in order: for editors. Allocates.
    pub fn words(&self) -> Vec<Range<usize>> {
        let events = self.voices.iter().flatten();
        let mut spans: Vec<_> = events.map(|e| e.span.0..e.span.1).collect();
        spans.sort_by_key(|s| s.start);
        spans.dedup();
        spans
    }
}

/// Well mixed bits of a key and a number.
#[inline]
pub fn hash(key: u32, number: i64) -> u32 {
    let mut x = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ key as u64;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) as u32
}
