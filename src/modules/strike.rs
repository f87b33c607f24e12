//! What struck sounds share: the edge of a gate and how hard it was, a decay, and the way from an old sound into a new one without
//! a click. Runs on engine threads.
use crate::dsp::{
    approach::approach,
    lanes::{Float, Lanes, Mask},
};

use super::module::In;

/// Time constants that a decay time stands for: ln 100.
pub const CURVE: f32 = 4.605_170_2;
/// A level that is dropped: -120 dB.
pub const SILENT: f32 = 1e-6;
/// Seconds of time constants that make no click: of an attack, and of the way from an old sound into a new one.
const SOFT: f32 = 0.000_35;
const JOIN: f32 = 0.001;

/// Finds where a gate opens.
pub struct Edges<'a, L: Lanes> {
    gate: In<'a, L>,
    accent: In<'a, L>,
    was: L::F,
}

impl<'a, L: Lanes> Edges<'a, L> {
    /// `was` is the gate in the frame before.
    #[inline(always)]
    pub fn new(gate: In<'a, L>, accent: In<'a, L>, was: L::F) -> Self {
        Self { gate, accent, was }
    }

    /// Nothing opens in this block.
    #[inline(always)]
    pub fn none(&self, l: L) -> bool {
        let opens = self.gate.head().ge(l.f(0.5)) & l.f(0.5).gt(self.was);
        self.gate.is_constant() && !opens.any()
    }

    /// Lanes that open at a frame.
    #[inline(always)]
    pub fn at(&mut self, l: L, i: usize) -> L::M {
        let gate = self.gate.at(i);
        let opens = gate.ge(l.f(0.5)) & l.f(0.5).gt(self.was);
        self.was = gate;
        opens
    }

    /// How hard a strike at a frame is: an open gate's 0.5..1 are 0..1, an accent of 1 doubles it.
    #[inline(always)]
    pub fn hardness(&self, l: L, i: usize) -> L::F {
        let gate = self.gate.at(i).min(l.f(1.0));
        let accent = self.accent.at(i).max(l.f(0.0)).min(l.f(1.0));
        (gate + gate - l.f(1.0)).max(l.f(0.0)) * (accent + l.f(1.0))
    }

    /// The gate of the last frame, for the next block.
    #[inline(always)]
    pub fn end(&self) -> L::F {
        match self.gate.is_constant() {
            true => self.gate.head(),
            false => self.was,
        }
    }
}

/// The part that a decay loses each frame, by a time until 1 % is left; computed once where that stands still.
pub struct Decay<'a, L: Lanes> {
    seconds: In<'a, L>,
    rate: f32,
    steady: L::F,
}

impl<'a, L: Lanes> Decay<'a, L> {
    #[inline(always)]
    pub fn new(l: L, seconds: In<'a, L>, rate: f32) -> Self {
        let steady = approach(l, CURVE, seconds.head(), rate);
        Self {
            seconds,
            rate,
            steady,
        }
    }

    /// What is left of `level` after the frame.
    #[inline(always)]
    pub fn after(&self, l: L, i: usize, level: L::F) -> L::F {
        level.nfma(self.part(l, i), level)
    }

    #[inline(always)]
    pub fn part(&self, l: L, i: usize) -> L::F {
        match self.seconds.is_constant() {
            true => self.steady,
            false => approach(l, CURVE, self.seconds.at(i), self.rate),
        }
    }
}

/// The part of the way to its target that a gain goes in a frame, so that it never steps.
pub fn soft_part(rate: f32) -> f32 {
    1.0 - (-1.0 / (SOFT * rate)).exp()
}

/// What a [`Seam`] keeps of itself each frame.
pub fn seam_keep(rate: f32) -> f32 {
    (-1.0 / (JOIN * rate)).exp()
}

/// What an old sound still has to do when a new one begins from 0 in its place: value and slope go on and die away, critically
/// damped.
pub struct Seam<L: Lanes> {
    keep: f32,
    value: L::F,
    slope: L::F,
    /// The last two frames of the sound with its seam.
    last: L::F,
    before: L::F,
}

impl<L: Lanes> Seam<L> {
    #[inline(always)]
    pub fn load(words: &[L::F], keep: f32) -> Self {
        Self {
            keep,
            value: words[0],
            slope: words[1],
            last: words[2],
            before: words[3],
        }
    }

    #[inline(always)]
    pub fn store(&self, words: &mut [L::F]) {
        words[0] = self.value;
        words[1] = self.slope;
        words[2] = self.last;
        words[3] = self.before;
    }

    #[inline(always)]
    pub fn silent(&self, l: L) -> bool {
        let most = self.value.abs().max(self.slope.abs()).max(self.last.abs());
        l.f(SILENT * 10.0).ge(most).all()
    }

    /// Lanes that begin anew at this frame.
    #[inline(always)]
    pub fn cut(&mut self, l: L, lanes: L::M) {
        let keep = l.f(self.keep);
        self.value = L::F::select(lanes, self.last, self.value);
        self.slope = L::F::select(lanes, self.before.nfma(keep, self.last), self.slope);
    }

    /// One frame of the new sound with what is left of the old.
    #[inline(always)]
    pub fn join(&mut self, l: L, new: L::F) -> L::F {
        let keep = l.f(self.keep);
        self.value = (self.value + self.slope) * keep;
        self.slope = self.slope * keep;
        let out = new + self.value;
        self.before = self.last;
        self.last = out;
        out
    }
}

#[cfg(test)]
pub mod tests {
    use crate::modules::harness::Rig;

    /// The largest bend (second difference) of each hit, in the order of the hits: of the first, and of the worst that follows.
    pub fn bends(kind: &str, set: impl Fn(Rig) -> Rig, every: u64) -> (f32, f32) {
        let gate = move |_: usize, f: u64| (f % every < every / 2) as u32 as f32;
        let out = set(Rig::new(kind))
            .feed("gate", gate)
            .render(20 * every as usize / 64);
        let x = out.lane("out", 0);
        let bend = |from: usize, to: usize| {
            x[from..to]
                .windows(3)
                .map(|w| (w[0] - 2.0 * w[1] + w[2]).abs())
                .fold(0.0, f32::max)
        };
        (
            bend(0, every as usize - 3),
            bend(every as usize - 3, x.len()),
        )
    }

    /// Frames until the level of a hit at frame 0 stays below a part of its peak.
    pub fn lasts(x: &[f32], part: f32) -> usize {
        let peak = x.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        x.iter().rposition(|v| v.abs() > peak * part).unwrap_or(0)
    }
}
