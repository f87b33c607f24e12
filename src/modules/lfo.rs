//! Low-frequency oscillator: free-running, or locked to the beat.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Int, Lanes, Mask},
    sine::sin_turn,
};

use super::{
    module::{BlockCx, Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { RESET: "reset" Gate "starts the cycle when it opens (free-running only), and the fade-in"; }
    outputs {
        OUT: "out" Cv "-1..1";
        UNI: "uni" Cv "the same as 0..1";
    }
    params {
        RATE: "rate" ["freq"] TempoHz 0.001, 1_000.0, 1.0, Log "cycles a second, or a note length; the phase runs free";
        PHASE: "phase" Plain 0.0, 1.0, 0.0, Linear "where in the cycle it starts";
        FADE: "fade" ["delay"] Seconds 0.0, 30.0, 0.0, Linear "grows from nothing to full level in this time, from its start or the last reset on";
    }
    options {
        SHAPE: "shape" Choice(&["Sine", "Tri", "Saw", "Square", "Random", "Drift", "Fall"]) "waveform; Saw rises, Fall falls, Random holds a new value each cycle, Drift wanders between them";
        MODE: "mode" Choice(&["Free", "Once"]) "goes round for ever, or one cycle from each reset and then holds its end";
        EVERY: "every" Length { default: 0.0 } "a cycle of this length, locked to the beat; `rate` is then not used";
    }
}

/// State words. The remainder is the part of a 2^-32 turn that the increments so far have left out: without it a cycle of
/// minutes would be a part in a thousand off.
const PHASE: usize = 0;
const CYCLE: usize = 1;
const REMAINDER: usize = 2;
const OPEN: usize = 3;
const SEED: usize = 4;
/// How much of the fade-in is over, 0..1.
const FADED: usize = 5;

#[derive(Clone, Copy)]
enum Shape {
    Sine,
    Tri,
    Saw,
    Square,
    Random,
    Drift,
    Fall,
}

pub struct Lfo {
    shape: Shape,
    once: bool,
    /// Beats; 0 where it runs free.
    every: f64,
    turns_per_hz: f32,
    rate: f32,
}

impl Module for Lfo {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Lfo",
        doc: "Slow oscillator for modulation, free-running or locked to the beat.",
        algorithm: "a phase of 32 bits with its remainder; locked to the beat it is a function of the position in the song; random values come from a hash of the cycle",
        family: Family::Modulation,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 6;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        use Shape::*;
        let shapes = [Sine, Tri, Saw, Square, Random, Drift, Fall];
        Ok(Self {
            shape: shapes[build.choice(option::SHAPE).min(shapes.len() - 1)],
            once: build.choice(option::MODE) == 1,
            every: build.length(option::EVERY),
            turns_per_hz: TURN / build.rate,
            rate: build.rate,
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.seed);
        // One that waits for its reset stands at its end.
        if self.once {
            words[PHASE] = f32::from_bits(u32::MAX);
        }
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let mut phases = [l.i(0); BLOCK];
        let mut cycles = [l.i(0); BLOCK];
        let was_open = io.state[OPEN];
        if self.every > 0.0 {
            self.locked(l, io.cx, &mut phases, &mut cycles);
        } else {
            self.free(l, io, &mut phases, &mut cycles);
        }
        let start = io.ins[param::PHASE];
        if start.is_constant() {
            let turn = to_turn(l, start.head());
            for p in &mut phases {
                *p = *p + turn;
            }
        } else {
            for (i, p) in phases.iter_mut().enumerate() {
                *p = *p + to_turn(l, start.at(i));
            }
        }
        let seed = io.state[SEED].bits();
        let (out, uni) = io.outs.split_at_mut(output::UNI);
        let (out, uni) = (&mut out[0].block, &mut uni[0]);
        match self.shape {
            Shape::Sine => draw(
                out,
                &phases,
                #[inline(always)]
                |_, p| sin_turn(l, p),
            ),
            Shape::Tri => draw(
                out,
                &phases,
                #[inline(always)]
                |_, p| triangle(l, p),
            ),
            Shape::Saw => draw(
                out,
                &phases,
                #[inline(always)]
                |_, p| (p + l.i(i32::MIN)).to_float() * l.f(2.0 / TURN),
            ),
            Shape::Square => draw(
                out,
                &phases,
                #[inline(always)]
                |_, p| L::F::select(p.negative(), l.f(-1.0), l.f(1.0)),
            ),
            Shape::Random => draw(
                out,
                &phases,
                #[inline(always)]
                |i, _| random(l, cycles[i], seed),
            ),
            Shape::Drift => draw(
                out,
                &phases,
                #[inline(always)]
                |i, p| drift(l, p, cycles[i], seed),
            ),
            Shape::Fall => draw(
                out,
                &phases,
                #[inline(always)]
                |_, p| (p + l.i(i32::MIN)).to_float() * l.f(-2.0 / TURN),
            ),
        }
        if uni.wanted {
            for (u, o) in uni.block.iter_mut().zip(out.iter()) {
                *u = o.fma(l.f(0.5), l.f(0.5));
            }
        }
        self.fade(l, io, was_open);
    }
}

/// One turn in phase units.
const TURN: f32 = 4_294_967_296.0;

impl Lfo {
    /// Fades in what is drawn; costs nothing without a fade or once it is over.
    #[inline(always)]
    fn fade<L: Lanes>(&self, l: L, io: &mut Io<'_, L>, was_open: L::F) {
        let (fade, reset) = (io.ins[param::FADE], io.ins[input::RESET]);
        let (zero, one) = (l.f(0.0), l.f(1.0));
        let mut faded = io.state[FADED];
        let over = faded.ge(one).all() && reset.is_constant() && was_open.ge(reset.head()).all();
        if (fade.is_constant() && zero.ge(fade.head()).all()) || over {
            io.state[FADED] = if over { faded } else { one };
            return;
        }
        let mut open = was_open;
        for i in 0..BLOCK {
            let now = L::F::select(reset.at(i).ge(l.f(0.5)), one, zero);
            faded = L::F::select(now.gt(open), zero, faded);
            open = now;
            // A fade of no time is over in its first frame.
            let frames = (fade.at(i) * l.f(self.rate)).max(one);
            faded = (faded + one / frames).min(one);
            for out in io.outs.iter_mut() {
                out.block[i] = out.block[i] * faded;
            }
        }
        (io.state[FADED], io.state[OPEN]) = (faded, open);
    }

    /// The phase adds up from frame to frame.
    #[inline(always)]
    fn free<L: Lanes>(
        &self,
        l: L,
        io: &mut Io<'_, L>,
        phases: &mut [L::I; BLOCK],
        cycles: &mut [L::I; BLOCK],
    ) {
        let (rate, reset) = (io.ins[param::RATE], io.ins[input::RESET]);
        let mut phase = io.state[PHASE].bits();
        let mut cycle = io.state[CYCLE].bits();
        let mut remainder = io.state[REMAINDER];
        let mut open = io.state[OPEN].gt(l.f(0.5));
        for i in 0..BLOCK {
            let now = reset.at(i).ge(l.f(0.5));
            let start = now & open.not();
            if start.any() {
                phase = L::I::select(start, l.i(0), phase);
                remainder = L::F::select(start, l.f(0.0), remainder);
                cycle = L::I::select(start, cycle + l.i(1), cycle);
            }
            open = now;
            phases[i] = phase;
            cycles[i] = cycle;
            let turns = rate.at(i).fma(l.f(self.turns_per_hz), remainder);
            let whole = turns.round();
            remainder = turns - whole;
            let next = phase + whole.to_int();
            let wrapped = phase.negative() & next.negative().not();
            if self.once {
                phase = L::I::select(wrapped, l.i(-1), next);
                remainder = L::F::select(wrapped, l.f(0.0), remainder);
                continue;
            }
            cycle = L::I::select(wrapped, cycle + l.i(1), cycle);
            phase = next;
        }
        io.state[PHASE] = phase.bits();
        io.state[CYCLE] = cycle.bits();
        io.state[REMAINDER] = remainder;
        io.state[OPEN] = L::F::select(open, l.f(1.0), l.f(0.0));
    }

    /// The phase is the position in the song.
    #[inline(always)]
    fn locked<L: Lanes>(
        &self,
        l: L,
        cx: &BlockCx<'_>,
        phases: &mut [L::I; BLOCK],
        cycles: &mut [L::I; BLOCK],
    ) {
        for i in 0..BLOCK {
            let at = cx.time.at(i).beat_at(cx.frame + i as u64) / self.every;
            let cycle = at.floor();
            phases[i] = l.i(((at - cycle) * TURN as f64) as u64 as u32 as i32);
            cycles[i] = l.i(cycle as i64 as i32);
        }
    }
}

#[inline(always)]
fn draw<L: Float>(out: &mut [L; BLOCK], phases: &[L::I; BLOCK], wave: impl Fn(usize, L::I) -> L)
where
    L::I: Copy,
{
    for (i, (o, p)) in out.iter_mut().zip(phases).enumerate() {
        *o = wave(i, *p);
    }
}

#[inline(always)]
fn to_turn<L: Lanes>(l: L, turns: L::F) -> L::I {
    ((turns - turns.round()) * l.f(TURN)).to_int()
}

/// 0, 1, 0, -1 at the quarters: a quarter on, and folded at the half turn.
#[inline(always)]
fn triangle<L: Lanes>(l: L, phase: L::I) -> L::F {
    let folded = (phase + l.i(1 << 30)).to_float().abs();
    folded.fma(l.f(4.0 / TURN), l.f(-1.0))
}

/// From a cycle's value to the next one's, without a corner.
#[inline(always)]
fn drift<L: Lanes>(l: L, phase: L::I, cycle: L::I, seed: L::I) -> L::F {
    let (from, to) = (random(l, cycle, seed), random(l, cycle + l.i(1), seed));
    let t = phase.shr(1).to_float() * l.f(2.0 / TURN);
    let eased = t * t * t.nfma(l.f(2.0), l.f(3.0));
    (to - from).fma(eased, from)
}

/// The value of a cycle, -1..1: its number and the seed, mixed twice.
#[inline(always)]
fn random<L: Lanes>(l: L, cycle: L::I, seed: L::I) -> L::F {
    let mut x = cycle * l.i(0x9e37_79b9u32 as i32) + seed;
    x = (x ^ x.shr(16)) * l.i(0x7feb_352du32 as i32);
    x = (x ^ x.shr(15)) * l.i(0x846c_a68bu32 as i32);
    x = x ^ x.shr(16);
    x.to_float() * l.f(1.0 / (1u32 << 31) as f32)
}

#[cfg(test)]
mod tests;
