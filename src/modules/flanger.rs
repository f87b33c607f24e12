//! Flanger: a short moving delay with feedback, as from two tape machines, one held back by a finger.
use crate::dsp::{
    BLOCK,
    delay_line::{advance, put, split, tap},
    lanes::{Float, Int, Lanes, Mask},
    phase::{self, turns},
    sine::sin_turn,
    soften::soften,
};

use super::{
    module::{Build, In, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
    tone::sway,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "signal and its copy"; }
    params {
        RATE: "rate" TempoHz 0.005, 10.0, 0.15, Log "how often the copy goes to and fro";
        DELAY: "delay" ["manual"] Seconds 0.0002, 0.02, 0.004, Log "the longest delay of its way";
        DEPTH: "depth" Plain 0.0, 1.0, 0.9, Linear "how much of the delay it travels: at 1 down to nothing";
        FEEDBACK: "feedback" Plain -0.98, 0.98, 0.4, Linear "how much of the copy goes round again; below 0 upside down";
        SPREAD: "spread" Plain 0.0, 1.0, 0.25, Linear "how far the right side is ahead: at 1 it moves against the left";
        MIX: "mix" Plain 0.0, 1.0, 0.5, Linear "0 signal only, 1 copy only; 0.5 has the deepest notches";
    }
    options { DRY: "dry" Choice(&["Direct", "Through"]) "the signal at once, or half the delay late, so that the copy overtakes it"; }
}

/// The range's end, in seconds.
const LATEST: f32 = 0.02;
/// Frames that a copy is late at least: what its interpolation needs.
const LEAST: f32 = 2.0;
/// What was heard is silence below this: -140 dB.
const SILENCE: f32 = 1e-7;

/// State words after the phase: where the rings are written, and frames since something was.
const AT: usize = phase::WORDS;
const QUIET: usize = AT + 1;

pub struct Flanger {
    rate: f32,
    /// Frames in a ring.
    len: usize,
    through: bool,
}

impl Module for Flanger {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Flanger",
        doc: "Stereo flanger, through zero if wished.",
        algorithm: "modulated comb with feedback (Dattorro 1997, part 2), softly bounded",
        family: Family::Effect,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = QUIET + 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            len: (LATEST * build.rate).ceil() as usize + BLOCK + 8,
            through: build.choice(option::DRY) == 1,
        })
    }

    fn memory(&self) -> usize {
        // The signal's rings are only read where it waits, but state must fit whatever the option.
        4 * self.len
    }

    fn init(&self, _: LaneInit, words: &mut [f32]) {
        words[QUIET] = self.len as f32;
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let sides = [io.ins[input::IN_L], io.ins[input::IN_R]];
        let hears = sides[0].louder_than(l, SILENCE) || sides[1].louder_than(l, SILENCE);
        let moves = sway(l, io.state, self.rate, &io.ins[param::RATE]);
        if !hears && io.state[QUIET].ge(l.f(self.len as f32)).all() {
            io.outs[output::OUT_L].fill(l.f(0.0));
            io.outs[output::OUT_R].fill(l.f(0.0));
            return;
        }
        let at = io.state[AT].bits();
        let mut loudest = l.f(0.0);
        for (side, x) in sides.into_iter().enumerate() {
            let (copies, signals) = io.memory.split_at_mut(2 * self.len);
            let Some(ring) = copies.chunks_exact_mut(self.len).nth(side) else {
                return;
            };
            let Some(signal) = signals.chunks_exact_mut(self.len).nth(side) else {
                return;
            };
            let out = &mut io.outs[output::OUT_L + side].block;
            let written = self.side(l, side, x, io.ins, &moves, at, (ring, signal), out);
            loudest = loudest.max(written);
        }
        let quiet = io.state[QUIET].min(l.f(1e7)) + l.f(BLOCK as f32);
        io.state[QUIET] = L::F::select(loudest.ge(l.f(SILENCE)), l.f(0.0), quiet);
        io.state[AT] = advance(l, at, BLOCK as i32, self.len).bits();
    }
}

impl Flanger {
    /// One side's block; the loudest frame that was written.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // one call
    fn side<L: Lanes>(
        &self,
        l: L,
        side: usize,
        x: In<'_, L>,
        ins: &[In<'_, L>],
        moves: &[L::I; BLOCK],
        at: L::I,
        (ring, signal): (&mut [L::F], &mut [L::F]),
        out: &mut [L::F; BLOCK],
    ) -> L::F {
        let (delay, depth) = (ins[param::DELAY], ins[param::DEPTH]);
        let (feedback, spread, mix) = (ins[param::FEEDBACK], ins[param::SPREAD], ins[param::MIX]);
        let (half, frames) = (l.f(0.5), l.f(self.rate));
        let mut loudest = l.f(0.0);
        for i in 0..BLOCK {
            let now = at + l.i(i as i32);
            let base = delay.at(i) * frames;
            let aside = turns(l, spread.at(i) * l.f(0.5 * side as f32));
            let wave = sin_turn(l, moves[i] + aside).fma(half, half);
            let (whole, fraction) = split(l, base, -(base * depth.at(i) * wave), LEAST);
            let copy = tap(l, ring, now, whole, fraction);
            let x = x.at(i);
            let to = soften(l, copy.fma(feedback.at(i), x));
            put::<L>(ring, now, to);
            loudest = loudest.max(to.abs());
            let dry = match self.through {
                false => x,
                true => {
                    put::<L>(signal, now, x);
                    let (whole, fraction) = split(l, base * half, l.f(0.0), LEAST);
                    tap(l, signal, now, whole, fraction)
                }
            };
            out[i] = (copy - dry).fma(mix.at(i), dry);
        }
        loudest
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::Spectrum,
        spec::OptionValue,
    };

    #[test]
    fn notches_are_where_the_delay_says() {
        // 2 ms: notches at 250 Hz, 750 Hz and so on, peaks between.
        let out = Rig::new("Flanger")
            .feed("in", |_, f| (f == 0) as u32 as f32)
            .set("delay", 0.002)
            .set("depth", 0.0)
            .set("feedback", 0.0)
            .render(16);
        let gain = |hz: f64| {
            let x = out.lane("out", 0).iter().enumerate();
            let (re, im) = x.fold((0.0, 0.0), |(re, im), (t, x)| {
                let turn = std::f64::consts::TAU * hz * t as f64 / RATE as f64;
                (re + *x as f64 * turn.cos(), im + *x as f64 * turn.sin())
            });
            re.hypot(im)
        };
        for n in 0..8 {
            assert!(gain(250.0 + 500.0 * n as f64) < 1e-4, "notch {n}");
            assert!((gain(500.0 * n as f64) - 1.0).abs() < 1e-4, "peak {n}");
        }
    }

    #[test]
    fn through_zero_the_signal_vanishes() {
        // The copy upside down by a mix of half and a feedback of nothing meets the signal once on its way: all of it is there.
        let tone = |_: usize, f: u64| (std::f32::consts::TAU * 500.0 * f as f32 / RATE).sin();
        let out = Rig::new("Flanger")
            .option("dry", OptionValue::Choice(1))
            .feed("in", tone)
            .set("rate", 0.5)
            .set("delay", 0.004)
            .set("depth", 1.0)
            .set("feedback", 0.0)
            .render(1_500);
        let out = &out.lane("out", 0)[9_600..];
        let loudest = out.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!((loudest - 1.0).abs() < 0.01, "{loudest}");
    }

    #[test]
    fn feedback_at_its_ends_is_bounded_and_dies() {
        for feedback in [-0.98, 0.98] {
            let out = Rig::new("Flanger")
                .feed("in", |_, f| if f < 4_800 { 4.0 * hash_noise(0, f) } else { 0.0 })
                .set("feedback", feedback)
                .set("mix", 1.0)
                .render(6_000);
            assert!(out.lane("out", 0).iter().all(|x| x.abs() < 3.0));
            assert!(out.constant[5_999], "sleeps");
        }
    }

    #[test]
    fn a_still_copy_is_clean() {
        let hz = 997.0;
        let out = Rig::new("Flanger")
            .feed("in", move |_, f| (0.5 * (std::f64::consts::TAU * hz * f as f64 / RATE as f64).sin()) as f32)
            .set("depth", 0.3)
            .set("rate", 0.005)
            .set("feedback", 0.0)
            .set("mix", 1.0)
            .render(1 << 11);
        let s = Spectrum::new(&out.lane("out", 0)[1 << 16..], RATE);
        assert!(s.band_db(3_000.0, 20_000.0) < -95.0, "{}", s.band_db(3_000.0, 20_000.0));
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let delay = |lane: usize| 0.001 + 0.001 * lane as f32;
            let all = Rig::new("Flanger").feed("in", hash_noise).per_lane("delay", delay);
            let all = all.on(isa, width).render(80);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Flanger")
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .set("delay", delay(lane))
                    .render(80);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -90.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
