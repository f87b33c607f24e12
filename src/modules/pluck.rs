//! Plucked string.
use crate::dsp::{
    BLOCK,
    delay_line::{advance, lagrange, lagrange6, weigh, wrap},
    lanes::{Float, Int, Lanes, Mask},
    math::exp2,
    noise::white,
    phase::turns,
    sine::sin_turn,
    soften::soften,
};

use super::{
    level::apply_level,
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    strike::{Edges, SILENT},
    table::ports,
};

ports! {
    inputs {
        GATE: "gate" Gate "plucks where it opens; how hard is 2 · gate - 1";
        ACCENT: "accent" Cv "plucks up to twice as hard: louder and brighter";
        IN: "in" Audio "any sound excites the string: a bow, a hammer, feedback";
    }
    outputs { OUT: "out" Audio "the string; a pluck at full gate peaks near full scale"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 20.0, 8_000.0, 261.625_58, Log "the note; a pitch cable shifts it by octaves";
        DECAY: "decay" Seconds 0.02, 60.0, 4.0, Log "time until the fundamental is 60 dB down, whatever the brightness";
        RELEASE: "release" Seconds 0.02, 60.0, 60.0, Log "the same where the gate is closed: a hand on the string; the shorter of the two counts";
        BRIGHTNESS: "brightness" ["bright"] Plain 0.0, 1.0, 0.7, Linear "how long the harmonics ring beside the fundamental";
        POSITION: "position" ["pick"] Plain 0.01, 0.5, 0.14, Linear "where it is plucked: 0 at the bridge, thin; 0.5 in the middle, hollow";
        NOISE: "noise" Plain 0.0, 1.0, 0.4, Linear "what plucks: 0 a fingertip, 1 a burst of noise as in the classic algorithm";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// The lowest note: the range's lower end.
const LOWEST: f32 = 20.0;
/// log2 of 60 dB.
const OCTAVES_60_DB: f32 = 9.965_784;
/// Seconds of the time constant in which a hand comes down or lifts.
const HAND: f32 = 0.003;
/// Hertz below which no excitation enters: what stands still would never leave the string.
const STILL: f32 = 15.0;
/// The part of a lossless loop's damping that brightness may use: the rest keeps what stands still from ringing for ever.
const USABLE: f32 = 0.95;
/// Octaves above 300 Hz to which a full pluck's noise reaches.
const HARD_OCTAVES: f32 = 5.5;
/// Brings a full pluck near full scale.
const LOUD: f32 = 0.95;
/// Noise against a fingertip, for the same peak.
const HISS: f32 = 0.8;

/// State words.
const AT: usize = 0;
const QUIET: usize = 1;
const READ: usize = 2;
const WAS: usize = 4;
/// How much of the burst is still to come, 1..0; its strength and softness.
const BURST: usize = 5;
const HARD: usize = 6;
const SOFT: usize = 7;
const SOFTENED: usize = 8;
/// What stands still in the excitation.
const MEAN: usize = 9;
/// 1 where the gate is open, 0 where the hand lies on the string.
const HELD: usize = 10;
const COUNT: usize = 11;
const SEED: usize = 12;
const WORDS: usize = 13;

pub struct Pluck {
    rate: f32,
    len: usize,
    hand: f32,
    still: f32,
}

impl Module for Pluck {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Pluck",
        doc: "Plucked string, in tune from the lowest to the highest; pluck it with a gate or excite it with any sound.",
        algorithm: "Karplus and Strong, extended by Jaffe and Smith (Computer Music Journal 7:2, 1983): symmetric three-tap damping, whose delay is one frame at every frequency, and fifth-order Lagrange interpolation; the loop's gain makes good what damping takes of the fundamental",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = WORDS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let part = |seconds: f32| 1.0 - (-1.0 / (seconds * build.rate)).exp();
        Ok(Self {
            rate: build.rate,
            len: (build.rate / LOWEST).ceil() as usize + BLOCK + 6,
            hand: part(HAND),
            still: part(1.0 / (std::f32::consts::TAU * STILL)),
        })
    }

    fn memory(&self) -> usize {
        self.len
    }

    /// The string is at rest before anything excites it.
    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[QUIET] = self.len as f32;
        words[SEED] = f32::from_bits(lane.seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, gate) = (io.ins[input::IN], io.ins[input::GATE]);
        let mut edges = Edges::new(gate, io.ins[input::ACCENT], io.state[WAS]);
        let full = l.f(self.len as f32);
        let out = &mut io.outs[output::OUT];
        if edges.none(l) && !x.louder_than(l, SILENT) && io.state[QUIET].ge(full).all() {
            io.state[WAS] = edges.end();
            for word in [READ, READ + 1, BURST, SOFTENED, MEAN] {
                io.state[word] = l.f(0.0);
            }
            return out.fill(l.f(0.0));
        }
        let (freq, decay, release) = (io.ins[param::FREQ], io.ins[param::DECAY], io.ins[param::RELEASE]);
        let (bright, position, noise) = (io.ins[param::BRIGHTNESS], io.ins[param::POSITION], io.ins[param::NOISE]);
        let [mut burst, mut hard, mut soft, mut softened, mut mean, mut held] = [BURST, HARD, SOFT, SOFTENED, MEAN, HELD].map(
            #[inline(always)]
            |w| io.state[w],
        );
        let (at, count, seed) = (io.state[AT].bits(), io.state[COUNT].bits(), io.state[SEED].bits());
        let (mut last, mut older) = (io.state[READ], io.state[READ + 1]);
        let (zero, one, per_frame) = (l.f(0.0), l.f(1.0), l.f(1.0 / self.rate));
        let mut loudest = zero;
        for (i, o) in out.block.iter_mut().enumerate() {
            let struck = edges.at(l, i);
            if struck.any() {
                let strength = edges.hardness(l, i);
                hard = L::F::select(struck, strength, hard);
                soft = L::F::select(struck, self.softness(l, strength), soft);
                burst = L::F::select(struck, one, burst);
            }
            let hz = freq.at(i);
            // The excitation lasts a period.
            let mut pushed = x.at(i);
            if (burst.gt(zero) | softened.abs().gt(l.f(SILENT))).any() {
                let fingertip = finger(l, one - burst, hard);
                let hiss = white(l, count + l.i(i as i32), seed);
                let hiss = L::F::select(burst.gt(zero), hiss, zero);
                softened = (hiss - softened).fma(soft, softened);
                let mixed = (softened * l.f(HISS) - fingertip).fma(noise.at(i), fingertip);
                pushed = mixed.fma(hard, pushed);
                burst = hz.nfma(per_frame, burst).max(zero);
            } else {
                softened = zero;
            }
            mean = (pushed - mean).fma(l.f(self.still), mean);

            let open = L::F::select(gate.at(i).ge(l.f(0.5)), one, zero);
            held = (open - held).fma(l.f(self.hand), held);
            let (gain, side) = self.losses(l, hz, decay.at(i), release.at(i), bright.at(i), held);
            let now = at + l.i(i as i32);
            let period = l.f(self.rate) / hz;
            let read = self.read(l, io.memory, now, period);
            // [side, 1 - 2 side, side] around the value before: one frame late.
            let damped = (read + older).fma(side, side.nfma(last + last, last));
            (older, last) = (last, read);
            let y = soften(l, damped.fma(gain, pushed - mean));
            for lane in 0..L::N {
                let place = wrap(now.lanes()[lane], self.len);
                io.memory[place].lanes_mut()[lane] = y.lanes()[lane];
            }
            // What comes back from the bridge cancels what has a node where it is plucked.
            let heard = y - self.bridge(l, io.memory, now, period * position.at(i));
            loudest = loudest.max(heard.abs());
            *o = heard * l.f(LOUD);
        }
        apply_level(l, &mut out.block, &io.ins[param::LEVEL]);
        io.state[WAS] = edges.end();
        (io.state[READ], io.state[READ + 1]) = (last, older);
        for (word, value) in [(BURST, burst), (HARD, hard), (SOFT, soft), (SOFTENED, softened), (MEAN, mean), (HELD, held)] {
            io.state[word] = value;
        }
        io.state[AT] = advance(l, at, BLOCK as i32, self.len).bits();
        io.state[COUNT] = (count + l.i(BLOCK as i32)).bits();
        let quiet = (io.state[QUIET] + l.f(BLOCK as f32)).min(full);
        io.state[QUIET] = L::F::select(loudest.gt(l.f(SILENT)), zero, quiet);
    }
}

impl Pluck {
    /// The loop's gain, and the outer taps of its damping: together they leave the fundamental the time that was asked for.
    #[inline(always)]
    fn losses<L: Lanes>(&self, l: L, hz: L::F, decay: L::F, release: L::F, bright: L::F, held: L::F) -> (L::F, L::F) {
        let one = l.f(1.0);
        let free = one / decay;
        let pressed = free.max(one / release);
        let speed = (pressed - free).nfma(held, pressed);
        let kept = exp2(l, l.f(-OCTAVES_60_DB) * speed / hz);
        // 1 - cos w of the fundamental, without losing its digits.
        let sine = sin_turn(l, turns(l, hz * l.f(0.5 / self.rate)));
        let bend = (sine * sine * l.f(4.0)).max(l.f(1e-9));
        let most = (one - kept) * l.f(USABLE) / bend;
        let side = ((one - bright) * l.f(0.25)).min(most);
        let gain = kept / side.nfma(bend, one);
        (gain.min(one), side)
    }

    /// The part of the way that a pluck's softened noise goes in a frame: hard plucks are bright.
    #[inline(always)]
    fn softness<L: Lanes>(&self, l: L, hardness: L::F) -> L::F {
        let octaves = hardness.min(l.f(1.5)) * l.f(HARD_OCTAVES);
        let x = exp2(l, octaves) * l.f(300.0 * std::f32::consts::TAU / self.rate);
        x / (l.f(1.0) + x)
    }

    /// The string a period ago, less the frame that damping takes.
    #[inline(always)]
    fn read<L: Lanes>(&self, l: L, ring: &[L::F], now: L::I, period: L::F) -> L::F {
        let most = (self.len - BLOCK) as f32;
        let frames = (period - l.f(1.0)).max(l.f(3.0)).min(l.f(most));
        let whole = frames.floor();
        let newest = now + l.i(2) - whole.to_int();
        let near = around::<L, 6>(l, ring, newest);
        let weights = lagrange6(l, frames - whole);
        let mut sum = near[0] * weights[0];
        for (x, weight) in near.iter().zip(&weights).skip(1) {
            sum = x.fma(*weight, sum);
        }
        sum
    }

    /// The string some frames before `now`, which is written already.
    #[inline(always)]
    fn bridge<L: Lanes>(&self, l: L, ring: &[L::F], now: L::I, frames: L::F) -> L::F {
        let frames = frames.max(l.f(1.0));
        let whole = frames.floor();
        let near = around::<L, 4>(l, ring, now + l.i(1) - whole.to_int());
        weigh::<L>(near, lagrange(l, frames - whole))
    }
}

/// So many frames of each lane's ring, from `newest` back.
#[inline(always)]
fn around<L: Lanes, const N: usize>(l: L, ring: &[L::F], newest: L::I) -> [L::F; N] {
    let mut near = [l.f(0.0); N];
    for lane in 0..L::N {
        let mut place = wrap(newest.lanes()[lane], ring.len());
        for x in &mut near {
            x.lanes_mut()[lane] = ring[place].lanes()[lane];
            place = if place == 0 { ring.len() - 1 } else { place - 1 };
        }
    }
    near
}

/// A fingertip's push at a place 0..1 of the first period: a raised cosine, the shorter the harder.
#[inline(always)]
fn finger<L: Lanes>(l: L, place: L::F, hardness: L::F) -> L::F {
    let width = hardness.min(l.f(1.5)).nfma(l.f(0.22), l.f(0.45));
    let part = (place / width).min(l.f(1.0));
    let sine = sin_turn(l, turns(l, part * l.f(0.5)));
    sine * sine
}

#[cfg(test)]
mod tests;
