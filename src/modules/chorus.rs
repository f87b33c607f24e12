//! Chorus: the sound among moving copies of itself.
use crate::dsp::{
    BLOCK,
    delay_line::{add_taps, advance, split, write},
    equal_power::equal_power,
    lanes::{Float, Int, Lanes, Mask},
    phase::{self, turns},
    sine::sin_turn,
};

use super::{
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
    tone::sway,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "signal and copies"; }
    params {
        RATE: "rate" TempoHz 0.01, 10.0, 0.5, Log "how often the copies go to and fro";
        DEPTH: "depth" Seconds 0.0, 0.01, 0.0025, Linear "how far they go either way";
        DELAY: "delay" Seconds 0.001, 0.05, 0.012, Log "how late they are in the middle of their way";
        SPREAD: "spread" Plain 0.0, 1.0, 1.0, Linear "how differently the sides move";
        MIX: "mix" Plain 0.0, 1.0, 0.5, Linear "0 signal only, 1 copies only, at equal power";
    }
    options { VOICES: "voices" Whole { min: 1, max: 6, default: 3 } "copies on each side"; }
}

/// The range's ends, in seconds.
const LATEST: f32 = 0.05 + 0.01;
/// Frames that a copy is late at least: what its interpolation needs.
const LEAST: f32 = 2.0;
/// What was heard is silence below this: -140 dB.
const SILENCE: f32 = 1e-7;

/// State words after the phase: where the rings are written, and frames since something was.
const AT: usize = phase::WORDS;
const QUIET: usize = AT + 1;

pub struct Chorus {
    rate: f32,
    /// Frames in a ring.
    len: usize,
    voices: usize,
}

impl Module for Chorus {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Chorus",
        doc: "Stereo chorus of up to six moving copies a side.",
        algorithm: "modulated delay lines (Dattorro 1997, part 2), phases spread evenly",
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
            voices: build.whole(option::VOICES).clamp(1, 6) as usize,
        })
    }

    fn memory(&self) -> usize {
        2 * self.len
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
        io.state[QUIET] = match hears {
            true => l.f(0.0),
            false => io.state[QUIET].min(l.f(1e7)) + l.f(BLOCK as f32),
        };
        let at = io.state[AT].bits();
        let (depth, delay) = (io.ins[param::DEPTH], io.ins[param::DELAY]);
        let (spread, mix) = (io.ins[param::SPREAD], io.ins[param::MIX]);
        let (r, mut flats) = (l.run(), [[l.f(0.0); BLOCK]; 3]);
        let [flat_depth, flat_delay, flat_spread] = &mut flats;
        let (depth, delay) = (depth.expand(flat_depth), delay.expand(flat_delay));
        let spread = spread.expand(flat_spread);
        let steady = equal_power(r, l.spread(mix.head()));
        let frames = r.f(self.rate);
        // Copies do not add up in step: their sum is as loud as one.
        let level = r.f(1.0 / (self.voices as f32).sqrt());
        let rings = io.memory.chunks_exact_mut(self.len);
        for (side, ((ring, x), out)) in rings.zip(sides).zip(io.outs.iter_mut()).enumerate() {
            let mut flat = [l.f(0.0); BLOCK];
            let x = x.expand(&mut flat);
            write::<L, BLOCK>(ring, at, x);
            let mut copies = [l.f(0.0); BLOCK];
            for voice in 0..self.voices {
                let start = (voice as u64 * (1u64 << 32) / self.voices as u64) as u32 as i32;
                let (mut whole, mut fraction) = ([l.i(0); BLOCK], [l.f(0.0); BLOCK]);
                for i in (0..BLOCK).step_by(L::RUN) {
                    // The right side's copies are up to half the way to their neighbours, and the other way round.
                    let aside = l.load(spread, i) * r.f(0.5 / self.voices as f32 * side as f32);
                    let turn = l.load_int(&moves, i) + turns(r, aside) + r.i(start);
                    let way = sin_turn(r, turn) * (l.load(depth, i) * frames);
                    let place = split(r, l.load(delay, i) * frames, way, LEAST);
                    l.store_int(&mut whole, i, place.0);
                    l.store(&mut fraction, i, place.1);
                }
                add_taps(l, ring, at, (&whole, &fraction), &mut copies);
            }
            let out = &mut out.block[..];
            for i in (0..BLOCK).step_by(L::RUN) {
                let (dry, wet) = match mix.block() {
                    None => steady,
                    Some(mix) => equal_power(r, l.load(mix, i)),
                };
                let copies = l.load(&copies, i) * (level * wet);
                l.store(out, i, l.load(x, i).fma(dry, copies));
            }
        }
        io.state[AT] = advance(l, at, BLOCK as i32, self.len).bits();
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
    fn a_copy_is_bent_by_rate_times_depth() {
        // One copy of 1 kHz, 2 Hz and 2 ms: its frequency swings by 2π · 2 · 0.002 = 2.5 %.
        let hz = 1_000.0f32;
        let out = Rig::new("Chorus")
            .option("voices", OptionValue::Whole(1))
            .feed("in", move |_, f| (std::f32::consts::TAU * hz * f as f32 / RATE).sin())
            .set("rate", 2.0)
            .set("depth", 0.002)
            .set("mix", 1.0)
            .render(1_500);
        let x = &out.lane("out", 0)[12_000..];
        let crossings: Vec<f32> = x
            .windows(2)
            .enumerate()
            .filter(|(_, w)| w[0] < 0.0 && w[1] >= 0.0)
            .map(|(i, w)| i as f32 + w[0] / (w[0] - w[1]))
            .collect();
        let pitches = crossings.windows(2).map(|w| RATE / (w[1] - w[0]));
        let (low, high) = pitches.fold((1e9f32, 0f32), |(a, b), p| (a.min(p), b.max(p)));
        assert!((high / hz - 1.0251).abs() < 0.002, "{high}");
        assert!((low / hz - 0.9749).abs() < 0.002, "{low}");
    }

    #[test]
    fn copies_are_clean() {
        // Nothing moves: what interpolation leaves beside the tone is noise of its rounding.
        let hz = 997.0;
        let out = Rig::new("Chorus")
            .feed("in", move |_, f| (std::f64::consts::TAU * hz * f as f64 / RATE as f64).sin() as f32)
            .set("depth", 0.0)
            .set("mix", 1.0)
            .render(1 << 12);
        let s = Spectrum::new(&out.lane("out", 0)[1 << 16..], RATE);
        assert!(s.thd_n_db(hz) < -110.0, "{}", s.thd_n_db(hz));
    }

    #[test]
    fn sides_differ_and_are_alike_without_spread() {
        let rig = || Rig::new("Chorus").feed("in", hash_noise).feed("in.R", hash_noise);
        let narrow = rig().set("spread", 0.0).render(100);
        assert_eq!(narrow.lane("out", 0), narrow.right("out", 0));
        let wide = rig().render(100);
        assert!(difference_db(wide.lane("out", 0), wide.right("out", 0)) > -10.0);
    }

    #[test]
    fn silence_costs_nothing() {
        let burst = |_: usize, b: u64| (b == 3) as u32 as f32;
        let out = Rig::new("Chorus").steps("in", burst).render(200);
        assert!(out.constant[0] && !out.constant[3] && !out.constant[12] && out.constant[199]);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let depth = |lane: usize| 0.0005 * lane as f32 % 0.01;
            let all = Rig::new("Chorus").feed("in", hash_noise).per_lane("depth", depth);
            let all = all.on(isa, width).render(80);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Chorus")
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .set("depth", depth(lane))
                    .render(80);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -90.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
