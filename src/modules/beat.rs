//! Steps and strikes on the shared transport: what clocks, sequencers and patterns have in common. Runs on engine threads.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes},
    swing::Swing,
    transport::Transport,
};

use super::module::{BlockCx, In, OptionError, Out};

/// Steps of one length, with the module's own swing and the patch's.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// Beats.
    length: f64,
    own: Swing,
    patch: Swing,
}

/// A step, or a part of one, in the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Counted from beat 0.
    pub number: i64,
    /// Beats.
    pub start: f64,
    pub end: f64,
}

impl Grid {
    /// `own` is how late every second step is, in steps, beside what the patch asks of its sixteenths.
    #[inline]
    pub fn new(length: f64, own: f32, patch: Swing) -> Self {
        let one = Swing {
            late: own as f64,
            grid: 1.0,
        };
        // Steps that the patch swings too: one swing, so that the two can cancel.
        match length == patch.grid {
            true => Self {
                length,
                own: Swing::new(one.late + patch.late, 1.0),
                patch: Swing::NONE,
            },
            false => Self {
                length,
                own: one,
                patch,
            },
        }
    }

    /// The beat of a step's start.
    #[inline]
    pub fn beat(&self, step: i64) -> f64 {
        self.patch
            .beat_of(self.own.warped(step as f64) * self.length)
    }

    /// The step at a frame.
    #[inline]
    pub fn place(&self, time: &Transport, frame: u64) -> Place {
        self.tick(time, frame, 1, 1)
    }

    /// The tick at a frame, where `up` ticks share `down` steps.
    #[inline]
    pub fn tick(&self, time: &Transport, frame: u64, up: i64, down: i64) -> Place {
        let beat = time.beat_at(frame);
        // But for swing, which moves an edge by less than a step: the edges themselves decide.
        let mut number = (beat / self.length * up as f64 / down as f64).floor() as i64;
        let mut start = self.tick_beat(number, up, down);
        let mut end = self.tick_beat(number + 1, up, down);
        while start > beat {
            number -= 1;
            (start, end) = (self.tick_beat(number, up, down), start);
        }
        while end <= beat {
            number += 1;
            (start, end) = (end, self.tick_beat(number + 1, up, down));
        }
        Place { number, start, end }
    }

    #[inline]
    fn tick_beat(&self, tick: i64, up: i64, down: i64) -> f64 {
        let (step, part) = ((tick * down).div_euclid(up), (tick * down).rem_euclid(up));
        let start = self.beat(step);
        match part {
            0 => start,
            _ => start + (self.beat(step + 1) - start) * (part as f64 / up as f64),
        }
    }
}

impl Place {
    /// The part of a place, cut into so many, at a frame; its number is the part's, from 0.
    #[inline]
    pub fn part(&self, time: &Transport, frame: u64, parts: u32) -> Self {
        if parts <= 1 {
            return Self { number: 0, ..*self };
        }
        let parts = parts as i64;
        let edge = |n: i64| match n == parts {
            true => self.end,
            false => self.start + (self.end - self.start) * (n as f64 / parts as f64),
        };
        let beat = time.beat_at(frame);
        let inside = (beat - self.start) / (self.end - self.start);
        let mut number = ((inside * parts as f64) as i64).clamp(0, parts - 1);
        while number > 0 && edge(number) > beat {
            number -= 1;
        }
        while number < parts - 1 && edge(number + 1) <= beat {
            number += 1;
        }
        Self {
            number,
            start: edge(number),
            end: edge(number + 1),
        }
    }
}

/// A gate that opens at a beat, or a rest.
#[derive(Clone, Copy, Debug)]
pub struct Strike {
    /// Beats: where it begins, where a full gate would end, and where the next begins.
    pub start: f64,
    pub stop: f64,
    pub next: f64,
    pub open: bool,
    /// The gate stays open into the next.
    pub holds: bool,
    /// What an open gate sends.
    pub high: f32,
}

impl Strike {
    /// A step, struck or not.
    #[inline]
    pub fn of(place: &Place, open: bool) -> Self {
        Self {
            start: place.start,
            stop: place.end,
            next: place.end,
            open,
            holds: false,
            high: 1.0,
        }
    }
}

/// A part of a block in which one strike sounds.
pub struct Stretch<'a> {
    pub time: &'a Transport,
    /// Frames of the block.
    pub at: usize,
    pub to: usize,
}

impl Stretch<'_> {
    /// The frame of the block at which `beat` comes, at most the stretch's end.
    #[inline]
    pub fn end(&self, cx: &BlockCx<'_>, beat: f64) -> usize {
        let next = self.time.frame_of(beat, cx.frame + self.at as u64 + 1);
        next.map_or(self.to, |f| self.to.min((f - cx.frame) as usize))
    }

    /// Writes a lane's gate up to the next strike; returns its frame, and whether the gate moves before it. `gate` is the part of
    /// the strike that it stays open.
    #[inline(always)]
    pub fn write<L: Lanes>(
        &self,
        cx: &BlockCx<'_>,
        out: &mut Out<L>,
        lane: usize,
        gate: In<'_, L>,
        strike: &Strike,
    ) -> (usize, bool) {
        let (first, time) = (cx.frame, self.time);
        let frame = first + self.at as u64;
        let next = time.frame_of(strike.next, frame + 1);
        let end = next.map_or(self.to, |f| self.to.min((f - first) as usize));
        // A note that does not go on into the next leaves it a closed frame, so that it opens anew.
        let last = match next {
            Some(next) if !strike.holds => next - 1,
            _ => u64::MAX,
        };
        let part = |i: usize| gate.at(i).lanes()[lane] as f64;
        let off = |part: f64| strike.start + part * (strike.stop - strike.start);
        let until = match () {
            _ if !time.playing || !strike.open => 0,
            // A gate that is closed silences what is held, too.
            _ if part(self.at) <= 0.0 => 0,
            _ if strike.holds => u64::MAX,
            _ => time
                .frame_of(off(part(self.at)), frame)
                .map_or(last, |f| f.min(last)),
        };
        let follow = !gate.is_constant() && until > 0 && !strike.holds;
        let moves = follow || (until > frame && until < first + end as u64);
        if !follow {
            let closes = until
                .saturating_sub(first)
                .clamp(self.at as u64, end as u64) as usize;
            self.hold(out, lane, closes, strike.high);
            for frame in &mut out.block[closes..end] {
                frame.lanes_mut()[lane] = 0.0;
            }
            return (end, moves);
        }
        for i in self.at..end {
            let now = first + i as u64;
            let open = now < last && time.beat_at(now) < off(part(i));
            out.block[i & (BLOCK - 1)].lanes_mut()[lane] = if open { strike.high } else { 0.0 };
        }
        (end, moves)
    }

    /// Writes one value over a lane's frames up to `end`.
    #[inline(always)]
    pub fn hold<L: Lanes>(&self, out: &mut Out<L>, lane: usize, end: usize, value: f32) {
        for frame in &mut out.block[self.at..end] {
            frame.lanes_mut()[lane] = value;
        }
    }
}

/// Goes through a block stretch by stretch, as far as `each` says that one lasts and whether something moved in it. Says whether
/// anything moves in the block.
#[inline(always)]
pub fn walk(cx: &BlockCx<'_>, mut each: impl FnMut(Stretch<'_>) -> (usize, bool)) -> bool {
    let split = cx.time.split.min(BLOCK);
    let mut moves = split < BLOCK;
    for (time, from, to) in [(&cx.time.before, 0, split), (&cx.time.after, split, BLOCK)] {
        let mut at = from;
        while at < to {
            let (next, moved) = each(Stretch { time, at, to });
            moves |= moved || next < to;
            at = next.max(at + 1);
        }
    }
    moves
}

/// A length that a sequencer can step by.
pub fn step_length(length: f64, option: usize) -> Result<f64, OptionError> {
    match length > 0.0 && length.is_finite() {
        true => Ok(length),
        false => Err(OptionError {
            option,
            at: 0,
            why: "a step has to have a length, such as 1/16".to_owned(),
        }),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Frames at which a gate opens and closes.
    pub fn edges(gate: &[f32]) -> (Vec<u64>, Vec<u64>) {
        let open = |i: usize| gate[i] >= 0.5;
        let was = |i: usize| i > 0 && open(i - 1);
        let at = |rise: bool| {
            let hit = move |i: &usize| open(*i) == rise && was(*i) != rise;
            (0..gate.len()).filter(hit).map(|i| i as u64).collect()
        };
        (at(true), at(false))
    }

    #[test]
    fn own_swing_and_the_patchs_cancel_on_sixteenths() {
        let grid = Grid::new(0.25, -0.3, Swing::new(0.3, 0.25));
        for step in -9..9 {
            assert_eq!(grid.beat(step), step as f64 * 0.25);
        }
        let eighths = Grid::new(0.5, 0.0, Swing::new(0.3, 0.25));
        assert_eq!(eighths.beat(3), 1.5);
        let thirty_seconds = Grid::new(0.125, 0.0, Swing::new(0.5, 0.25));
        assert_eq!(thirty_seconds.beat(1), 0.1875);
    }

    #[test]
    fn ticks_divide_and_multiply_steps() {
        let time = Transport::new(48_000.0, 120.0);
        let grid = Grid::new(0.25, 0.0, Swing::NONE);
        // A sixteenth is 6,000 frames.
        assert_eq!(grid.tick(&time, 5_999, 3, 1).number, 2);
        assert_eq!(grid.tick(&time, 6_000, 3, 1).number, 3);
        assert_eq!(grid.tick(&time, 23_999, 1, 4).number, 0);
        assert_eq!(grid.tick(&time, 24_000, 1, 4).number, 1);
        let place = grid.place(&time, 7_000);
        assert_eq!(place.part(&time, 7_999, 3).number, 0);
        assert_eq!(place.part(&time, 11_999, 3).number, 2);
    }
}
