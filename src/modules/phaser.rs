//! Phaser: notches that wander, from a row of all-pass filters.
use std::f32::consts::PI;

use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes, Mask, RunF},
    math::{exp2, tan_fraction},
    phase::{self, turns},
    sine::sin_turn,
};

use super::{
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
    tone::sway,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "signal with moving notches"; }
    params {
        RATE: "rate" TempoHz 0.005, 20.0, 0.25, Log "how often the notches go to and fro";
        CENTER: "center" ["freq", "cutoff"] Hz 40.0, 10_000.0, 800.0, Log "the middle of their way";
        DEPTH: "depth" Octaves 0.0, 4.0, 1.5, Linear "how far they go either way";
        FEEDBACK: "feedback" ["res"] Plain -0.98, 0.98, 0.5, Linear "how much goes round again: sharper; below 0 peaks and notches change places";
        SPREAD: "spread" Plain 0.0, 1.0, 0.25, Linear "how far the right side is ahead: at 1 it moves against the left";
        MIX: "mix" Plain 0.0, 1.0, 0.5, Linear "0 signal only, 1 filters only; 0.5 has the deepest notches";
    }
    options { STAGES: "stages" Whole { min: 2, max: 12, default: 6 } "all-pass filters in a row; two make a notch"; }
}

/// Of one side.
const MOST: usize = 12;
/// What is left in the filters is dropped below this: -140 dB.
const SILENCE: f32 = 1e-7;

pub struct Phaser {
    rate: f32,
    stages: usize,
}

impl Module for Phaser {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Phaser",
        doc: "Stereo phaser of two to twelve stages.",
        algorithm: "trapezoidal first-order all-passes, their feedback solved without a delay (Zavalishin 2012)",
        family: Family::Effect,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = phase::WORDS + 2 * MOST;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            stages: build.whole(option::STAGES).clamp(2, MOST as i64) as usize,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let sides = [io.ins[input::IN_L], io.ins[input::IN_R]];
        let moves = sway(l, io.state, self.rate, &io.ins[param::RATE]);
        let filters = &mut io.state[phase::WORDS..];
        let silent = !sides[0].louder_than(l, SILENCE) && !sides[1].louder_than(l, SILENCE);
        if silent && !filters.iter().any(|s| s.abs().gt(l.f(SILENCE)).any()) {
            filters.fill(l.f(0.0));
            io.outs[output::OUT_L].fill(l.f(0.0));
            io.outs[output::OUT_R].fill(l.f(0.0));
            return;
        }
        let ways = [0, 1].map(
            #[inline(always)]
            |side| self.ways(l, side, io.ins, &moves),
        );
        let [left, right, ..] = &mut *io.outs else {
            return;
        };
        let outs = [&mut *left.block, &mut *right.block];
        let feedback = io.ins[param::FEEDBACK];
        // Both sides in one loop: neither waits for the other.
        for i in 0..BLOCK {
            let round = feedback.at(i);
            for side in 0..2 {
                let state = &mut filters[side * MOST..][..self.stages];
                outs[side][i] = ways[side].pass(l, i, sides[side].at(i), round, state);
            }
        }
        let mix = io.ins[param::MIX];
        for side in 0..2 {
            blend(l, sides[side], &feedback, &mix, outs[side]);
        }
    }
}

/// What the filters of one side do in a block, frame by frame. An all-pass is `pass` of its input and `keep` of its state; the state
/// moves by `part` of what it lacks.
struct Ways<L: Lanes> {
    pass: [L::F; BLOCK],
    keep: [L::F; BLOCK],
    part: [L::F; BLOCK],
    /// What all of them pass of what goes in, and what the loop makes of that: both times 1 / (1 - feedback times the former).
    through: [L::F; BLOCK],
    open: [L::F; BLOCK],
}

impl Phaser {
    #[inline(always)]
    fn ways<L: Lanes>(&self, l: L, side: usize, ins: &[In<'_, L>], moves: &[L::I; BLOCK]) -> Ways<L> {
        let [center, depth] = [ins[param::CENTER], ins[param::DEPTH]];
        let [feedback, spread] = [ins[param::FEEDBACK], ins[param::SPREAD]];
        let row = [l.f(0.0); BLOCK];
        let mut ways = Ways {
            pass: row,
            keep: row,
            part: row,
            through: row,
            open: row,
        };
        let r = l.run();
        let (one, two) = (r.f(1.0), r.f(2.0));
        let (per_hz, highest) = (r.f(PI / self.rate), r.f(0.45 * PI));
        for at in (0..BLOCK).step_by(L::RUN) {
            let aside = turns(r, run_of(l, &spread, at) * r.f(0.5 * side as f32));
            let way = sin_turn(r, l.load_int(moves, at) + aside) * run_of(l, &depth, at);
            let angle = run_of(l, &center, at) * exp2(r, way) * per_hz;
            let (n, d) = tan_fraction(r, angle.min(highest));
            let per = one / (n + d);
            let pass = (n - d) * per;
            let mut through = pass;
            for _ in 1..self.stages {
                through = through * pass;
            }
            let open = one / run_of(l, &feedback, at).nfma(through, one);
            l.store(&mut ways.pass, at, pass);
            l.store(&mut ways.keep, at, two * d * per);
            l.store(&mut ways.part, at, two * n * per);
            l.store(&mut ways.through, at, through * open);
            l.store(&mut ways.open, at, open);
        }
        ways
    }
}

impl<L: Lanes> Ways<L> {
    /// What comes out of a frame's filters. They are linear: what reaches each one is what the states before it give, known before
    /// the loop is closed, and its share of what goes in. So only the first sum goes from filter to filter.
    #[inline(always)]
    fn pass(&self, l: L, i: usize, x: L::F, round: L::F, state: &mut [L::F]) -> L::F {
        let (pass, keep, part) = (self.pass[i], self.keep[i], self.part[i]);
        let mut reaches = [l.f(0.0); MOST];
        let mut from_state = l.f(0.0);
        for (s, reaches) in state.iter().zip(&mut reaches) {
            *reaches = from_state;
            from_state = from_state.fma(pass, *s * keep);
        }
        let y = self.through[i].fma(x, from_state * self.open[i]);
        let mut share = y.fma(round, x);
        for (s, reaches) in state.iter_mut().zip(reaches) {
            *s = (reaches + share - *s).fma(part, *s);
            share = share * pass;
        }
        y
    }
}

/// A run of an input.
#[inline(always)]
fn run_of<L: Lanes>(l: L, x: &In<'_, L>, at: usize) -> RunF<L> {
    match x.block() {
        Some(block) => l.load(block, at),
        None => l.spread(x.head()),
    }
}

/// What is heard, of what comes out of the filters. Beside them that is what goes into them, feedback included: so a notch is to
/// nothing however sharp. Of the loop's gain, 1 / (1 - feedback) at a peak, half is taken back.
#[inline(always)]
fn blend<L: Lanes>(l: L, x: In<'_, L>, round: &In<'_, L>, mix: &In<'_, L>, out: &mut [L::F; BLOCK]) {
    let r = l.run();
    let (half, one) = (r.f(0.5), r.f(1.0));
    for at in (0..BLOCK).step_by(L::RUN) {
        let (mix, round) = (run_of(l, mix, at), run_of(l, round, at));
        let y = l.load(out, at);
        let both = (mix + mix).min(one);
        let dry = (y * round).fma(both, run_of(l, &x, at));
        let heard = (y - dry).fma(mix, dry) * both.nfma(round.abs() * half, one);
        l.store(out, at, heard);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        spec::OptionValue,
    };
    use std::f64::consts::{PI, TAU};

    fn gain(out: &[f32], hz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (t, x) in out.iter().enumerate() {
            let turn = TAU * hz * t as f64 / RATE as f64;
            re += *x as f64 * turn.cos();
            im += *x as f64 * turn.sin();
        }
        re.hypot(im)
    }

    #[test]
    fn notches_are_where_the_filters_turn_by_half_a_cycle() {
        // Four stages turn by 4 · 2 atan(g / g0): half a cycle at tan(π/8) and tan(3π/8) of the center, whatever the feedback.
        for feedback in [0.0, 0.7] {
            let out = Rig::new("Phaser")
                .option("stages", OptionValue::Whole(4))
                .feed("in", |_, f| (f == 0) as u32 as f32)
                .set("center", 1_000.0)
                .set("depth", 0.0)
                .set("feedback", feedback)
                .render(200);
            let g0 = (PI * 1_000.0 / RATE as f64).tan();
            for part in [PI / 8.0, 3.0 * PI / 8.0] {
                let hz = (g0 * part.tan()).atan() * RATE as f64 / PI;
                let here = gain(out.lane("out", 0), hz);
                assert!(here < 1e-3, "{feedback} {hz}: {here}");
            }
        }
    }

    #[test]
    fn the_fastest_sweep_with_most_feedback_is_bounded() {
        for feedback in [-0.98, 0.98] {
            let out = Rig::new("Phaser")
                .option("stages", OptionValue::Whole(12))
                .feed("in", hash_noise)
                .set("rate", 20.0)
                .set("depth", 4.0)
                .set("feedback", feedback)
                .render(3_000);
            // At a peak the loop's gain is 50, of which half is taken back.
            let top = out.lane("out", 0).iter().fold(0.0f32, |a, b| a.max(b.abs()));
            assert!(top < 50.0, "{feedback}: {top}");
        }
    }

    #[test]
    fn silence_costs_nothing() {
        let burst = |_: usize, b: u64| (b == 3) as u32 as f32;
        let out = Rig::new("Phaser").steps("in", burst).render(1_500);
        assert!(out.constant[0] && !out.constant[3] && out.constant[1_499]);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let center = |lane: usize| 200.0 + 150.0 * lane as f32;
            let all = Rig::new("Phaser").feed("in", hash_noise).per_lane("center", center);
            let all = all.on(isa, width).render(80);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Phaser")
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .set("center", center(lane))
                    .render(80);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -100.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
