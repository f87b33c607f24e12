//! Stereo reverb: a feedback delay network behind input diffusion.
use crate::dsp::{
    BLOCK,
    delay_line::{advance, read, write},
    diffuser::Diffuser,
    fdn::{self, Blocks, Feed, LINES, Loss, Losses, Movement, Rings, Span},
    lanes::{Float, Int, Lanes, Mask},
    leak::{leak, scale},
    math::exp2,
    peak::peak,
};

use super::{
    blend::blend,
    module::{Build, Io, LaneInit, Module, OptionError},
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
        FREEZE: "freeze" ["hold"] Plain 0.0, 1.0, 0.0, Linear "from 0.5 on the room keeps what it has for as long as you like, and hears nothing new";
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
/// Of the left side; the right one's is the next.
const CUT_LOW: usize = 10;
const PREDELAY_NOW: usize = 12;
const DEPTH_NOW: usize = 13;
const FREEZE_NOW: usize = 14;
const LOW: usize = 15;

pub struct Reverb {
    rate: f32,
    /// Frames of each kind of ring.
    line: usize,
    predelay: usize,
    diffuser: Diffuser,
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
            predelay: (PREDELAY * rate).ceil() as usize + 2 * BLOCK,
            diffuser: Diffuser::new(rate),
        })
    }

    fn memory(&self) -> usize {
        2 * self.predelay + self.diffuser.memory() + LINES * self.line + 2 * LINES * BLOCK
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

        let start = (2 * self.predelay + self.diffuser.memory()).min(io.memory.len());
        // The lines, and behind them the room for two blocks of each.
        let rings_and_blocks = io.memory[start..].split_at_mut_checked(LINES * self.line);
        let Some((memory, blocks)) = rings_and_blocks else {
            return;
        };
        let (blocks, aside) = blocks.split_at_mut((LINES * BLOCK).min(blocks.len()));
        let (Some(blocks), Some(aside)) = (lines(blocks), lines(aside)) else {
            return;
        };
        let rings = Rings {
            len: self.line,
            at: io.state[AT].bits(),
        };
        let rate = l.f(self.rate);
        let new = io.state[NEW] * rate;
        let losses = Losses::new(l, &room.loss);
        fdn::read_lines(l, memory, rings, new, &room.movement, &losses, blocks);
        if let Some(Span { from, to }) = room.fade {
            let mut old: Blocks<L> = [[l.f(0.0); BLOCK]; LINES];
            let before = io.state[OLD] * rate;
            fdn::read_lines(l, memory, rings, before, &room.movement, &losses, &mut old);
            fdn::fade(l, blocks, &old, l.f(1.0) - from, l.f(1.0) - to);
        }
        losses.damp(l, blocks, &mut io.state[LOW..]);

        let (mut left, mut right) = ([l.f(0.0); BLOCK], [l.f(0.0); BLOCK]);
        let feed = Feed {
            blocks,
            aside,
            input: input.each_ref(),
            sides: [&mut left, &mut right],
        };
        fdn::feed(l, memory, rings, feed);
        io.state[AT] = advance(l, rings.at, BLOCK as i32, self.line).bits();

        io.state[QUIET] = if hears {
            l.f(0.0)
        } else {
            let loud = peak(l, &left).max(peak(l, &right)).ge(l.f(SILENCE));
            let quiet = io.state[QUIET].min(l.f(1e7)) + l.f(BLOCK as f32);
            L::F::select(loud, l.f(0.0), quiet)
        };
        let mix = io.ins[param::MIX];
        blend(l, io, mix, [&left, &right]);
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
        (self.line + self.diffuser.ring + self.predelay) as f32
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
        let held = L::F::select(io.ins[param::FREEZE].head().ge(l.f(0.5)), one, zero);
        let frozen = go(l, &mut state[FREEZE_NOW], fresh, part, held);
        // What is kept loses nothing: neither by the walls nor by reading between two frames.
        let free = Span {
            from: one - frozen.from,
            to: one - frozen.to,
        };
        let ways = go(l, &mut state[WAYS_NOW], fresh, part, scale / seconds);
        let ways = Span {
            from: ways.from * free.from,
            to: ways.to * free.to,
        };
        let damping = go(l, &mut state[DAMP_NOW], fresh, part, power(l, BRIGHT, DARKER, damp)).to;
        let depth = go(l, &mut state[DEPTH_NOW], fresh, part, io.ins[param::MOD].head() * l.f(DEPTH * self.rate));

        let depth = Span {
            from: depth.from * free.from,
            to: depth.to * free.to,
        };

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
                from: inject(l, ways.from) * free.from,
                to: inject(l, ways.to) * free.to,
            },
        }
    }

    /// Both sides without what is lower than `cut`.
    #[inline(always)]
    fn low_cut<L: Lanes>(&self, l: L, io: &mut Io<'_, L>, input: &mut [[L::F; BLOCK]; 2]) {
        let tau = -std::f32::consts::TAU * std::f32::consts::LOG2_E / self.rate;
        let cutoff = io.ins[param::CUT];
        let keep = exp2(l, cutoff.head() * l.f(tau));
        for (side, block) in input.iter_mut().enumerate() {
            let mut flat = [l.f(0.0); BLOCK];
            let x = io.ins[input::IN_L + side].expand(&mut flat);
            let mut low = io.state[CUT_LOW + side];
            if let Some(cutoff) = cutoff.block() {
                for i in 0..BLOCK {
                    let keep = exp2(l, cutoff[i] * l.f(tau));
                    low = low.fma(keep, x[i] * (l.f(1.0) - keep));
                    block[i] = x[i] - low;
                }
            } else {
                *block = *x;
                scale(l, l.f(1.0) - keep, block);
                leak(l, keep, &mut low, block);
                for at in (0..BLOCK).step_by(L::RUN) {
                    let high = l.load(x, at) - l.load(block, at);
                    l.store(block, at, high);
                }
            }
            io.state[CUT_LOW + side] = low;
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
        let wanted = (io.ins[param::PREDELAY].head() * l.f(self.rate)).to_int();
        let before = L::I::select(
            l.f(0.0).ge(io.state[PREDELAY_NOW]),
            wanted,
            io.state[PREDELAY_NOW].to_int() - l.i(1),
        );
        // One more than the frames, so that 0 is a lane that has not started.
        io.state[PREDELAY_NOW] = (wanted + l.i(1)).to_float();
        let stays = before.lanes() == wanted.lanes();
        self.low_cut(l, io, input);

        let at = io.state[PREDELAY_AT].bits();
        let diffuser_at = io.state[DIFFUSER_AT].bits();
        let (predelays, diffusers) = io.memory.split_at_mut((2 * self.predelay).min(io.memory.len()));
        for (side, block) in input.iter_mut().enumerate() {
            fdn::ramp(l, inject, block);
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
            self.diffuser.diffuse(l, side, diffusers, diffuser_at, block);
        }
        io.state[PREDELAY_AT] = advance(l, at, BLOCK as i32, self.predelay).bits();
        io.state[DIFFUSER_AT] = advance(l, diffuser_at, BLOCK as i32, self.diffuser.ring).bits();
    }
}

/// A block of each line.
#[inline(always)]
fn lines<F>(memory: &mut [F]) -> Option<&mut [[F; BLOCK]; LINES]> {
    memory.as_chunks_mut::<BLOCK>().0.first_chunk_mut::<LINES>()
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

#[cfg(test)]
mod tests;
