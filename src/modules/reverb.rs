//! Stereo reverb: a feedback delay network behind input diffusion.
use crate::dsp::{
    BLOCK,
    delay_line::{advance, read, window, write},
    equal_power::equal_power,
    fdn::{self, Blocks, LINES, Loss, Movement, Rings, Span},
    lanes::{Float, Int, Lanes, Mask},
    math::exp2,
    peak::peak,
};

use super::{
    module::{Build, In, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "signal and room"; }
    params {
        SIZE: "size" ["room"] Plain 0.0, 1.0, 0.5, Linear "from a small room to a cathedral: distances, and decay times from 0.4 to 12 s";
        DECAY: "decay" Plain 0.25, 4.0, 1.0, Log "multiplies the decay time";
        DAMP: "damp" Plain 0.0, 1.0, 0.4, Linear "how much sooner high frequencies die away";
        PREDELAY: "predelay" TempoSeconds 0.0, 0.25, 0.012, Linear "time before the room answers, or a note length";
        CUT: "cut" Hz 10.0, 2_000.0, 100.0, Log "keeps what is lower out of the room";
        MOD: "mod" Plain 0.0, 1.0, 0.35, Linear "movement of the room: 1 is 5 cents either way";
        MIX: "mix" Plain 0.0, 1.0, 0.3, Linear "0 signal only, 1 room only, at equal power";
    }
    options {}
}

/// Scale of the lines at size 0, and how much larger it is at size 1.
const SMALL: f32 = 0.3;
const GROWTH: f32 = 5.5;
/// Decay time in seconds at size 0, and how much longer it is at size 1.
const SHORT: f32 = 0.4;
const LONGER: f32 = 30.0;
/// Damping at 0, and how much stronger it is at 1.
const BRIGHT: f32 = 0.3;
const DARKER: f32 = 200.0;
/// Movement at mod 1, in seconds either way; the clock turns once in 27 s, the lines 9 to 29 times as fast.
const DEPTH: f32 = 0.0006;
const CLOCK_HZ: f32 = 0.037;
/// Longest predelay in seconds: the range's upper end.
const PREDELAY: f32 = 0.25;
/// Seconds of the diffusers on each side, and what they send round: a burst of echoes instead of one.
const DIFFUSERS: [[f32; 4]; 2] = [
    [0.00331, 0.00497, 0.00829, 0.01243],
    [0.00367, 0.00551, 0.00779, 0.01319],
];
const DIFFUSION: f32 = 0.62;
/// Blocks over which a change of size is faded.
const FADE: f32 = 32.0;
/// Seconds in which decay and damping follow their knobs.
const FOLLOW: f32 = 0.03;
/// Brings the room to the level of the signal for music at the defaults.
const LEVEL: f32 = 0.42;
/// The room is silent below this: -140 dB.
const SILENCE: f32 = 1e-7;

/// State words, then the lines' damping.
const AT: usize = 0;
const DIFFUSER_AT: usize = 1;
const PREDELAY_AT: usize = 2;
const CLOCK: usize = 3;
/// Scales that are faded from and to; 0 is a lane that has not started.
const OLD: usize = 4;
const NEW: usize = 5;
const FADED: usize = 6;
/// Loss, damping and movement, as they are now.
const WAYS_NOW: usize = 7;
const DAMP_NOW: usize = 8;
/// Frames since the room was heard.
const QUIET: usize = 9;
const CUT_L: usize = 10;
const CUT_R: usize = 11;
const PREDELAY_NOW: usize = 12;
const DEPTH_NOW: usize = 13;
const LOW: usize = 14;

pub struct Reverb {
    rate: f32,
    /// Frames of each kind of ring.
    line: usize,
    diffuser: usize,
    predelay: usize,
    /// Frames that each side's diffusers hold.
    delays: [[i32; 4]; 2],
}

impl Module for Reverb {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Reverb",
        doc: "Room around the sound, from a small one to a cathedral.",
        algorithm: "Feedback delay network of 16 moving lines (Stautner and Puckette 1982, Jot 1991) behind Schroeder diffusers.",
        family: Family::Effect,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = LOW + LINES;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let rate = build.rate;
        Ok(Self {
            rate,
            line: fdn::ring(rate, SMALL * GROWTH, DEPTH * rate),
            diffuser: frames(DIFFUSERS[1][3], rate) as usize + BLOCK,
            predelay: (PREDELAY * rate).ceil() as usize + 2 * BLOCK,
            delays: DIFFUSERS.map(|side| side.map(|seconds| frames(seconds, rate))),
        })
    }

    fn memory(&self) -> usize {
        2 * self.predelay + 8 * self.diffuser + LINES * self.line
    }

    fn init(&self, _: LaneInit, words: &mut [f32]) {
        words[QUIET] = self.longest();
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let hears = self.hears(l, io);
        if !hears && self.rests(l, io) {
            // What comes next is heard in the room as it is then.
            io.state[OLD] = l.f(0.0);
            io.outs[output::OUT_L].fill(l.f(0.0));
            io.outs[output::OUT_R].fill(l.f(0.0));
            return;
        }
        let room = self.follow(l, io);
        let mut input = [[l.f(0.0); BLOCK]; 2];
        self.enter(l, io, room.inject, &mut input);

        let start = (2 * self.predelay + 8 * self.diffuser).min(io.memory.len());
        let memory = &mut io.memory[start..];
        let rings = Rings {
            len: self.line,
            at: io.state[AT].bits(),
        };
        let rate = l.f(self.rate);
        let mut blocks: Blocks<L> = [[l.f(0.0); BLOCK]; LINES];
        let new = io.state[NEW] * rate;
        fdn::read_lines(l, memory, rings, new, &room.movement, &mut blocks);
        if let Some(Span { from, to }) = room.fade {
            let mut old: Blocks<L> = [[l.f(0.0); BLOCK]; LINES];
            fdn::read_lines(l, memory, rings, io.state[OLD] * rate, &room.movement, &mut old);
            fdn::fade(l, &mut blocks, &old, l.f(1.0) - from, l.f(1.0) - to);
        }
        fdn::lose(l, &room.loss, &mut blocks, &mut io.state[LOW..]);

        let (mut left, mut right) = ([l.f(0.0); BLOCK], [l.f(0.0); BLOCK]);
        fdn::sides(l, &blocks, &mut left, &mut right);
        let [to_left, to_right] = &input;
        fdn::feed(l, memory, rings, &mut blocks, [to_left, to_right]);
        io.state[AT] = advance(l, rings.at, BLOCK as i32, self.line).bits();

        io.state[QUIET] = if hears {
            l.f(0.0)
        } else {
            let loud = peak(l, &left).max(peak(l, &right)).ge(l.f(SILENCE));
            let quiet = io.state[QUIET].min(l.f(1e7)) + l.f(BLOCK as f32);
            L::F::select(loud, l.f(0.0), quiet)
        };
        blend(l, io, &left, &right);
    }
}

/// The room during a block.
struct Room<L: Lanes> {
    movement: Movement<L>,
    loss: Loss<L>,
    /// Weight of the new scale, while it is faded in.
    fade: Option<Span<L::F>>,
    /// Level of what enters the lines.
    inject: Span<L::F>,
}

impl Reverb {
    /// Frames after which nothing written before is left in any ring.
    fn longest(&self) -> f32 {
        (self.line + self.diffuser + self.predelay) as f32
    }

    /// Something comes in.
    #[inline(always)]
    fn hears<L: Lanes>(&self, l: L, io: &Io<'_, L>) -> bool {
        let sides = [io.ins[input::IN_L], io.ins[input::IN_R]];
        sides[0].louder_than(l, SILENCE) || sides[1].louder_than(l, SILENCE)
    }

    /// Nothing is left in any lane.
    #[inline(always)]
    fn rests<L: Lanes>(&self, l: L, io: &Io<'_, L>) -> bool {
        io.state[QUIET].ge(l.f(self.longest())).all()
    }

    /// Follows the knobs.
    #[inline(always)]
    fn follow<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) -> Room<L> {
        let (zero, one) = (l.f(0.0), l.f(1.0));
        let (size, decay, damp) = (
            io.ins[param::SIZE].head(),
            io.ins[param::DECAY].head(),
            io.ins[param::DAMP].head(),
        );
        let state = &mut *io.state;
        let scale = power(l, SMALL, GROWTH, size);
        let fresh = zero.ge(state[OLD]);

        let faded = state[FADED];
        let settled = faded.ge(one) | fresh;
        let moved = (scale - state[NEW]).abs().gt(l.f(1e-4));
        state[OLD] = L::F::select(settled, state[NEW], state[OLD]);
        state[NEW] = L::F::select(settled, scale, state[NEW]);
        state[OLD] = L::F::select(fresh, scale, state[OLD]);
        let from = L::F::select(settled, L::F::select(moved, zero, one), faded);
        let from = L::F::select(fresh, one, from);
        let to = (from + l.f(1.0 / FADE)).min(one);
        state[FADED] = to;
        let fade = one.gt(from).any().then_some(Span { from, to });

        let part = (BLOCK as f32 / (FOLLOW * self.rate)).min(1.0);
        let seconds = power(l, SHORT, LONGER, size) * decay;
        let ways = go(l, &mut state[WAYS_NOW], fresh, part, scale / seconds);
        let damping = go(l, &mut state[DAMP_NOW], fresh, part, power(l, BRIGHT, DARKER, damp)).to;
        let depth = go(l, &mut state[DEPTH_NOW], fresh, part, io.ins[param::MOD].head() * l.f(DEPTH * self.rate));

        let from = state[CLOCK].bits();
        let turn = CLOCK_HZ * BLOCK as f32 / self.rate * 4_294_967_296.0;
        let to = from + l.i(turn as i32);
        state[CLOCK] = to.bits();
        Room {
            movement: Movement {
                clock: Span { from, to },
                depth,
                deepest: DEPTH * self.rate,
            },
            loss: Loss { ways, damping },
            fade,
            inject: Span {
                from: inject(l, ways.from),
                to: inject(l, ways.to),
            },
        }
    }

    /// The signal on its way in: low cut, predelay, diffusion.
    #[inline(always)]
    fn enter<L: Lanes>(
        &self,
        l: L,
        io: &mut Io<'_, L>,
        inject: Span<L::F>,
        input: &mut [[L::F; BLOCK]; 2],
    ) {
        let tau = -std::f32::consts::TAU * std::f32::consts::LOG2_E / self.rate;
        let cut = l.f(1.0) - exp2(l, io.ins[param::CUT].head() * l.f(tau));
        let wanted = (io.ins[param::PREDELAY].head() * l.f(self.rate)).to_int();
        let before = L::I::select(
            l.f(0.0).ge(io.state[PREDELAY_NOW]),
            wanted,
            io.state[PREDELAY_NOW].to_int() - l.i(1),
        );
        // One more than the frames, so that 0 is a lane that has not started.
        io.state[PREDELAY_NOW] = (wanted + l.i(1)).to_float();
        let stays = before.lanes() == wanted.lanes();
        let step = (inject.to - inject.from) * l.f(1.0 / BLOCK as f32);

        let at = io.state[PREDELAY_AT].bits();
        let diffuser_at = io.state[DIFFUSER_AT].bits();
        let (predelays, rest) = io.memory.split_at_mut((2 * self.predelay).min(io.memory.len()));
        let mut diffusers = rest.chunks_exact_mut(self.diffuser);
        for (side, block) in input.iter_mut().enumerate() {
            let x = io.ins[[input::IN_L, input::IN_R][side]];
            let mut low = io.state[[CUT_L, CUT_R][side]];
            for (i, o) in block.iter_mut().enumerate() {
                let x = x.at(i);
                low = (x - low).fma(cut, low);
                *o = (x - low) * step.fma(l.f(i as f32), inject.from);
            }
            io.state[[CUT_L, CUT_R][side]] = low;

            let Some(ring) = predelays.chunks_exact_mut(self.predelay).nth(side) else {
                return;
            };
            write::<L, BLOCK>(ring, at, block);
            read::<L>(ring, at - wanted, &mut block[..]);
            if !stays {
                let mut old = [l.f(0.0); BLOCK];
                read::<L>(ring, at - before, &mut old);
                for (i, (o, old)) in block.iter_mut().zip(old).enumerate() {
                    let t = i as f32 / BLOCK as f32;
                    *o = (*o - old).fma(l.f(t * t * (3.0 - 2.0 * t)), old);
                }
            }
            for (delay, ring) in self.delays[side].iter().zip(&mut diffusers) {
                let (mut scratch, mut fed) = ([l.f(0.0); BLOCK], [l.f(0.0); BLOCK]);
                let held = window::<L, BLOCK>(ring, diffuser_at - l.i(*delay), &mut scratch);
                for i in 0..BLOCK {
                    fed[i] = held[i].fma(l.f(DIFFUSION), block[i]);
                    block[i] = fed[i].nfma(l.f(DIFFUSION), held[i]);
                }
                write::<L, BLOCK>(ring, diffuser_at, &fed);
            }
        }
        io.state[PREDELAY_AT] = advance(l, at, BLOCK as i32, self.predelay).bits();
        io.state[DIFFUSER_AT] = advance(l, diffuser_at, BLOCK as i32, self.diffuser).bits();
    }
}

/// `from` times `by` to the power of `x`.
#[inline(always)]
fn power<L: Lanes>(l: L, from: f32, by: f32, x: L::F) -> L::F {
    exp2(l, x.fma(l.f(by.log2()), l.f(from.log2())))
}

/// Goes a part of the way to a knob, or all of it in a fresh lane.
#[inline(always)]
fn go<L: Lanes>(l: L, now: &mut L::F, fresh: L::M, part: f32, to: L::F) -> Span<L::F> {
    let from = L::F::select(fresh, to, *now);
    let to = (to - from).fma(l.f(part), from);
    *now = to;
    Span { from, to }
}

/// A room that decays for longer piles up more: half of that (in dB) is taken back. 0.05 s is a line's way at scale 1.
#[inline(always)]
fn inject<L: Lanes>(l: L, ways: L::F) -> L::F {
    let lost = l.f(1.0) - exp2(l, ways * l.f(0.05 * -2.0 * 9.965_784));
    lost.sqrt().sqrt() * l.f(LEVEL)
}

/// A diffuser's delay: at least a block, which is read before it is written.
fn frames(seconds: f32, rate: f32) -> i32 {
    ((seconds * rate).round() as i32).max(BLOCK as i32)
}

/// Signal and room into the outputs.
#[inline(always)]
fn blend<L: Lanes>(l: L, io: &mut Io<'_, L>, left: &[L::F; BLOCK], right: &[L::F; BLOCK]) {
    let mix: In<'_, L> = io.ins[param::MIX];
    let steady = equal_power(l, mix.head());
    for (from, to, room) in [
        (input::IN_L, output::OUT_L, left),
        (input::IN_R, output::OUT_R, right),
    ] {
        let mut flat = [l.f(0.0); BLOCK];
        let x = io.ins[from];
        let x = x.expand(&mut flat);
        let out = &mut io.outs[to].block;
        if mix.is_constant() {
            for i in 0..BLOCK {
                out[i] = x[i].fma(steady.0, room[i] * steady.1);
            }
            continue;
        }
        for i in 0..BLOCK {
            let (dry, wet) = equal_power(l, mix.at(i));
            out[i] = x[i].fma(dry, room[i] * wet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::{RATE, Rig, difference_db, every_lane_type, hash_noise};

    /// One frame at 1 on the left.
    fn impulse() -> Rig {
        let one = |_: usize, f: u64| (f == 0) as u32 as f32;
        Rig::new("Reverb").feed("in", one).set("mix", 1.0)
    }

    fn energy(x: &[f32]) -> f64 {
        x.iter().map(|x| (*x as f64).powi(2)).sum()
    }

    /// Seconds to -60 dB, by the slope of the backward-integrated energy between -5 and -35 dB (ISO 3382).
    fn decay_time(x: &[f32]) -> f64 {
        let mut left = energy(x);
        let whole = left;
        let (mut from, mut to) = (0, 0);
        for (i, x) in x.iter().enumerate() {
            left -= (*x as f64).powi(2);
            let db = 10.0 * (left / whole).max(1e-30).log10();
            if db > -5.0 {
                from = i;
            }
            if db > -35.0 {
                to = i;
            }
        }
        2.0 * (to - from) as f64 / RATE as f64
    }

    #[test]
    fn rooms_last_as_long_as_their_size_says() {
        for (size, decay, want) in [(0.0, 1.0, 0.4), (0.5, 1.0, 2.19), (0.5, 0.5, 1.1), (0.8, 1.0, 6.08)] {
            let out = impulse().set("size", size).set("decay", decay).set("damp", 0.0);
            let out = out.render((want * 1.3 * RATE / 64.0) as usize);
            let took = decay_time(out.lane("out", 0));
            assert!((took / want as f64 - 1.0).abs() < 0.12, "{size}: {took} s, {want}");
        }
    }

    #[test]
    fn both_sides_answer_alike_and_differ() {
        let out = impulse().feed("in.R", |_, f| (f == 0) as u32 as f32).render(2_000);
        let (l, r) = (out.lane("out", 0), out.right("out", 0));
        let balance = 10.0 * (energy(l) / energy(r)).log10();
        assert!(balance.abs() < 1.5, "{balance} dB");
        let both: f64 = l.iter().zip(r).map(|(a, b)| *a as f64 * *b as f64).sum();
        let correlation = both / (energy(l) * energy(r)).sqrt();
        assert!(correlation.abs() < 0.15, "{correlation}");
    }

    #[test]
    fn the_tail_is_dense_like_noise() {
        // Echo density (Abel and Huang 2006): the part of 20 ms beyond one standard deviation, against noise's. 1 is noise.
        let out = impulse().set("size", 0.5).render(2_000);
        let out = out.lane("out", 0);
        let density = |at: f32| {
            let part = &out[(at * RATE) as usize..][..960];
            let deviation = (energy(part) / 960.0).sqrt() as f32;
            part.iter().filter(|x| x.abs() > deviation).count() as f32 / 960.0 / 0.3173
        };
        assert!(density(0.15) > 0.8, "{}", density(0.15));
        assert!(density(0.4) > 0.85, "{}", density(0.4));
    }

    #[test]
    fn a_steady_input_leaves_no_dc() {
        let out = Rig::new("Reverb")
            .feed("in", |_, _| 1.0)
            .set("size", 1.0)
            .set("decay", 4.0)
            .set("mix", 1.0)
            .render(30_000);
        let end = &out.lane("out", 0)[1_000_000..];
        let most = end.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(most < 0.1, "{most}");
    }

    #[test]
    fn the_longest_room_does_not_grow() {
        let out = Rig::new("Reverb")
            .feed("in", |_, f| if f < 48_000 { hash_noise(0, f) } else { 0.0 })
            .set("size", 1.0)
            .set("decay", 4.0)
            .set("damp", 0.0)
            .set("mod", 1.0)
            .set("mix", 1.0)
            .render(15_000);
        let second = |n: usize| energy(&out.lane("out", 0)[n * 48_000..][..48_000]);
        for n in 2..19 {
            assert!(second(n + 1) < second(n), "{n}");
        }
    }

    #[test]
    fn knobs_turn_without_a_step() {
        let tone = |_: usize, f: u64| (f as f32 * 0.02).sin();
        let out = Rig::new("Reverb")
            .feed("in", tone)
            .steps("size", |_, b| if b < 1_000 { 0.3 } else { 0.8 })
            .steps("predelay", |_, b| if b < 1_500 { 0.01 } else { 0.02 })
            .set("mix", 1.0)
            .render(2_500);
        let out = &out.lane("out", 0)[40_000..];
        let top = out.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let bend = out.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max);
        // A tone of this level curves by 0.02² of it; a step would be a thousand times that. The crossfades bend a little more.
        assert!(bend < 0.004 * top, "{bend} {top}");
    }

    #[test]
    fn silence_costs_nothing_and_sound_wakes_it() {
        let out = Rig::new("Reverb")
            .steps("in", |_, b| (b == 30) as u32 as f32)
            .set("size", 0.0)
            .set("decay", 0.25)
            .render(3_000);
        assert!(out.constant[0] && out.constant[2_999] && !out.constant[40]);
        assert!(energy(&out.lane("out", 0)[32 * 64..]) > 1e-4);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let all = Rig::new("Reverb")
                .per_lane("size", |lane| 0.1 * lane as f32 % 1.0)
                .feed("in", hash_noise)
                .on(isa, width)
                .render(100);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Reverb")
                    .set("size", 0.1 * lane as f32 % 1.0)
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .render(100);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -110.0, "{isa:?} {width:?} lane {lane}: {off}");
            }
        }
    }
}
