//! A struck body: a bank of tuned resonators.
use crate::dsp::{
    BLOCK, alike,
    lanes::{Float, Lanes, Mask},
    math::exp2,
    phase::turns,
    sine::sin_turn,
    soften::soften,
};

use super::{
    level::apply_level,
    materials::{MATERIALS, MODES, Material},
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    strike::{Edges, SILENT},
    table::ports,
};

ports! {
    inputs {
        GATE: "gate" Gate "strikes where it opens; how hard is 2 · gate - 1";
        ACCENT: "accent" Cv "strikes up to twice as hard: louder and brighter";
        IN: "in" Audio "any sound excites the body: noise, a bow, a drum";
    }
    outputs { OUT: "out" Audio "the body; a full strike peaks near full scale"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 20.0, 12_000.0, 261.625_58, Log "the note; a pitch cable shifts it by octaves";
        DECAY: "decay" Seconds 0.01, 60.0, 2.0, Log "time until the note is 60 dB down";
        DAMP: "damp" Plain 0.0, 2.0, 0.6, Linear "how much sooner high modes die: 0 all at once, 1 in proportion to their frequency";
        BRIGHTNESS: "brightness" ["bright"] Plain 0.0, 1.0, 0.6, Linear "how hard the mallet is: 0 felt, 1 steel";
        POSITION: "position" Plain 0.0, 1.0, 0.3, Linear "where it is struck: modes that stand still there are not heard";
        STRETCH: "stretch" Plain 0.5, 1.5, 1.0, Linear "spreads the modes or draws them together; the note stays";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {
        MATERIAL: "material" Choice(&["Bar", "String", "Membrane", "Bell", "Glass", "Bowl"]) "what is struck: the ratios of its modes";
        HOW_MANY: "modes" Whole { min: 1, max: 24, default: 16 } "how many modes ring: a body that has fewer uses what it has";
    }
}

/// Frames from one set of coefficients to the next; between them they go straight, which stays within the circle of stability.
const STRETCH_FRAMES: usize = 16;
/// log2 of 60 dB.
const OCTAVES_60_DB: f32 = 9.965_784;
/// Modes fade out between these parts of the rate: none folds back.
const FADES: f32 = 0.40;
const GONE: f32 = 0.46;
/// What a sound at the input rings up to against a strike.
const EXCITED: f32 = 4.0;

/// State words: of each mode the two parts of its swing and of its turn a frame.
const RE: usize = 0;
const IM: usize = MODES;
const COS: usize = 2 * MODES;
const SIN: usize = 3 * MODES;
const WAS: usize = 4 * MODES;
/// 0 before the first block: coefficients have nothing to come from.
const TUNED: usize = WAS + 1;
const WORDS: usize = TUNED + 1;

pub struct Modal {
    rate: f32,
    material: &'static Material,
    modes: usize,
    /// Brings a full strike near full scale.
    loud: f32,
}

/// What a set of coefficients is computed from.
struct Knobs<L: Lanes> {
    freq: L::F,
    decay: L::F,
    damp: L::F,
    stretch: L::F,
}

impl Module for Modal {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Modal",
        doc: "Struck bars, strings, skins, bells and glasses: up to 24 tuned resonators a voice, struck by a gate or excited by any sound.",
        algorithm: "modal synthesis (Adrien 1991) with rotating phasors, which keep their pitch and stay stable however they are modulated; ratios of the modes after Fletcher and Rossing, The Physics of Musical Instruments",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = WORDS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let material = &MATERIALS[build.choice(option::MATERIAL).min(MATERIALS.len() - 1)];
        let modes = (build.whole(option::HOW_MANY).max(1) as usize).min(material.ratios.len());
        Ok(Self {
            rate: build.rate,
            material,
            modes,
            loud: 1.6 / (modes as f32).sqrt(),
        })
    }

    fn init(&self, _: LaneInit, words: &mut [f32]) {
        words[TUNED] = 0.0;
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, gate) = (io.ins[input::IN], io.ins[input::GATE]);
        let mut edges = Edges::new(gate, io.ins[input::ACCENT], io.state[WAS]);
        let excited = x.louder_than(l, SILENT);
        let rests = !excited && edges.none(l) && self.still(l, io.state);
        let out = &mut io.outs[output::OUT];
        if rests {
            io.state[WAS] = edges.end();
            io.state[TUNED] = l.f(0.0);
            io.state[..2 * MODES].fill(l.f(0.0));
            return out.fill(l.f(0.0));
        }
        let (bright, position) = (io.ins[param::BRIGHTNESS], io.ins[param::POSITION]);
        let steady = [param::FREQ, param::DECAY, param::DAMP, param::STRETCH].iter().all(
            #[inline(always)]
            |p| io.ins[*p].is_constant(),
        );
        let fresh = l.f(0.5).gt(io.state[TUNED]);
        io.state[TUNED] = l.f(1.0);
        let mut hits = [l.f(0.0); BLOCK];
        let mut struck = false;
        for (i, hit) in hits.iter_mut().enumerate() {
            let opens = edges.at(l, i);
            if opens.any() {
                struck = true;
                *hit = L::F::select(opens, edges.hardness(l, i), l.f(0.0));
            }
        }
        io.state[WAS] = edges.end();
        out.block.fill(l.f(0.0));
        for from in (0..BLOCK).step_by(STRETCH_FRAMES) {
            let end = from + STRETCH_FRAMES - 1;
            let hardest = hits[from..=end].iter().fold(l.f(0.0), |a, b| a.max(*b));
            let tilt = self.tilt(l, bright.at(end), hardest);
            let knobs = Knobs::<L> {
                freq: io.ins[param::FREQ].at(end),
                decay: io.ins[param::DECAY].at(end),
                damp: io.ins[param::DAMP].at(end),
                stretch: io.ins[param::STRETCH].at(end),
            };
            for mode in 0..self.modes {
                let mut turn = [io.state[COS + mode], io.state[SIN + mode]];
                let (target, kept, there) = match steady && from > 0 && !excited && !struck {
                    true => (turn, l.f(0.0), l.f(0.0)),
                    false => self.turn(l, mode, &knobs),
                };
                // A body at rest takes its tuning at once.
                if from == 0 {
                    for (t, new) in turn.iter_mut().zip(target) {
                        *t = L::F::select(fresh, new, *t);
                    }
                }
                let gain = there * self.weight(l, mode, tilt, position.at(end));
                let ring = (kept.nfma(kept, l.f(1.0)).max(l.f(0.0)).sqrt() * l.f(EXCITED)) * gain;
                let part = l.f(1.0 / STRETCH_FRAMES as f32);
                let step = [(target[0] - turn[0]) * part, (target[1] - turn[1]) * part];
                let (mut re, mut im) = (io.state[RE + mode], io.state[IM + mode]);
                for i in from..=end {
                    turn = [turn[0] + step[0], turn[1] + step[1]];
                    let push = match excited {
                        true => x.at(i).fma(ring, hits[i] * gain),
                        false => hits[i] * gain,
                    };
                    // Nothing is fused: a rounding that differs would be heard as another pitch after minutes.
                    let next = re * turn[0] - im * turn[1];
                    im = re * turn[1] + im * turn[0] + push;
                    re = next;
                    out.block[i] = out.block[i] + re;
                }
                (io.state[RE + mode], io.state[IM + mode]) = (re, im);
                [io.state[COS + mode], io.state[SIN + mode]] = target;
            }
        }
        for o in out.block.iter_mut() {
            *o = soften(l, *o * l.f(self.loud));
        }
        apply_level(l, &mut out.block, &io.ins[param::LEVEL]);
    }
}

impl Modal {
    /// Nothing swings any more.
    #[inline(always)]
    fn still<L: Lanes>(&self, l: L, state: &[L::F]) -> bool {
        let swings = state[RE..RE + self.modes].iter().chain(&state[IM..IM + self.modes]);
        l.f(SILENT).ge(swings.fold(l.f(0.0), |a, x| a.max(x.abs()))).all()
    }

    /// A mode's turn a frame, what a frame leaves of it, and how much of it there is so close to half the rate.
    #[inline(always)]
    fn turn<L: Lanes>(&self, l: L, mode: usize, knobs: &Knobs<L>) -> ([L::F; 2], L::F, L::F) {
        let octaves = l.f(self.material.ratios[mode].log2());
        let ratio = alike::exp2(l, octaves * knobs.stretch);
        let cycles = knobs.freq * ratio * l.f(1.0 / self.rate);
        let there = ((l.f(GONE) - cycles) * l.f(1.0 / (GONE - FADES))).max(l.f(0.0)).min(l.f(1.0));
        let angle = turns(l, cycles.min(l.f(GONE)));
        // High modes lose more: ratio^damp times as fast.
        let faster = alike::exp2(l, (octaves * knobs.stretch * knobs.damp).max(l.f(0.0)));
        let kept = alike::exp2(l, faster / knobs.decay * l.f(-OCTAVES_60_DB / self.rate));
        let quarter = l.i(1 << 30);
        let turn = [alike::sin_turn(l, angle + quarter) * kept, alike::sin_turn(l, angle) * kept];
        (turn, kept, there)
    }

    /// The power of the ratio with which high modes are struck less: a soft blow is a soft mallet.
    #[inline(always)]
    fn tilt<L: Lanes>(&self, l: L, bright: L::F, hardness: L::F) -> L::F {
        let soft = (l.f(1.0) - hardness.min(l.f(1.0))) * l.f(0.6);
        bright.nfma(l.f(2.2), l.f(2.3)) + soft
    }

    /// How much of a blow a mode takes.
    #[inline(always)]
    fn weight<L: Lanes>(&self, l: L, mode: usize, tilt: L::F, position: L::F) -> L::F {
        let octaves = l.f(self.material.ratios[mode].log2());
        // A mode below the note (a bell's hum) is no louder than it.
        let dull = exp2(l, -(octaves.max(l.f(0.0)) * tilt));
        let place = sin_turn(l, turns(l, (position * l.f(0.96)).fma(l.f(0.5), l.f(0.01)) * l.f(mode as f32 + 1.0)));
        dull * place
    }
}

#[cfg(test)]
mod tests;
