//! Shift register that feeds itself, with a chance of changing its mind.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
};

use super::{
    module::{Build, Io, LaneInit, Module, OptionError},
    notation::hash,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        CLOCK: "clock" Gate "moves the register on when it opens";
    }
    outputs {
        OUT: "out" Cv "the register's last eight bits as a value, 0..1";
        PITCH: "pitch" Pitch "the same over `range` octaves from C4 up; a Quantize puts it in a scale";
        GATE: "gate" Gate "open with the clock where the last bit is set";
        NOT: "notgate" Gate "open with the clock where it is not";
    }
    params {
        LENGTH: "length" Plain 1.0, 32.0, 8.0, Linear "steps until the register comes round";
        CHANCE: "chance" Plain 0.0, 1.0, 0.1, Linear "chance that a bit changes as it comes round; 0: a loop, 0.5: random, 1: a loop twice as long";
        RANGE: "range" Octaves 0.0, 8.0, 2.0, Linear "what the pitch spans";
    }
    options {}
}

/// State words.
const REGISTER: usize = 0;
const COUNT: usize = 1;
const OPEN: usize = 2;
const SEED: usize = 3;

pub struct Turing;

impl Module for Turing {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Turing",
        doc: "Random looping sequence: a shift register that comes round and sometimes changes a bit.",
        algorithm: "after Tom Whitwell's Turing Machine, which follows Don Buchla's Source of Uncertainty",
        family: Family::Notes,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 4;

    fn build(_: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self)
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.seed);
        words[REGISTER] = f32::from_bits(hash(lane.seed, -1));
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let clock = io.ins[input::CLOCK];
        let range = io.ins[param::RANGE];
        let mut open = io.state[OPEN].gt(l.f(0.5));
        let mut value = value(l, io.state);
        let mut set = is_set(l, io.state);
        let steady = clock.is_constant() && !(clock.head().ge(l.f(0.5)) & open.not()).any();
        for i in 0..BLOCK {
            let now = clock.at(i).ge(l.f(0.5));
            let opens = now & open.not();
            open = now;
            if opens.any() {
                for lane in (0..L::N).filter(|lane| opens.to_bits() >> lane & 1 == 1) {
                    let of = |param: usize| io.ins[param].at(i).lanes()[lane];
                    shift(io.state, lane, of(param::LENGTH), of(param::CHANCE));
                }
                value = self::value(l, io.state);
                set = is_set(l, io.state);
            }
            let gate = L::F::select(now, l.f(1.0), l.f(0.0));
            io.outs[output::OUT].block[i] = value;
            io.outs[output::PITCH].block[i] = value * range.at(i);
            io.outs[output::GATE].block[i] = gate * set;
            io.outs[output::NOT].block[i] = gate * (l.f(1.0) - set);
            if steady && range.is_constant() {
                break;
            }
        }
        for (port, out) in io.outs.iter_mut().enumerate() {
            out.constant = steady && (range.is_constant() || port != output::PITCH);
        }
        if steady && !range.is_constant() {
            let pitch = &mut io.outs[output::PITCH].block;
            for (i, p) in pitch.iter_mut().enumerate() {
                *p = value * range.at(i);
            }
        }
        io.state[OPEN] = L::F::select(open, l.f(1.0), l.f(0.0));
    }
}

/// Moves one lane's register on by a bit.
#[inline(always)]
fn shift<F: Float>(state: &mut [F], lane: usize, length: f32, chance: f32) {
    let get = |word: usize| state[word].lanes()[lane].to_bits();
    let (register, seed) = (get(REGISTER), get(SEED));
    let count = get(COUNT).wrapping_add(1);
    let luck = (hash(seed, count as i64) >> 8) as f32 / (1u32 << 24) as f32;
    let back = (length.round() as u32).clamp(1, 32) - 1;
    let bit = (register >> back & 1) ^ (luck < chance) as u32;
    state[REGISTER].lanes_mut()[lane] = f32::from_bits(register << 1 | bit);
    state[COUNT].lanes_mut()[lane] = f32::from_bits(count);
}

#[inline(always)]
fn value<L: Lanes>(l: L, state: &[L::F]) -> L::F {
    l.from_fn(
        #[inline(always)]
        |lane| (state[REGISTER].lanes()[lane].to_bits() & 255) as f32 / 255.0,
    )
}

#[inline(always)]
fn is_set<L: Lanes>(l: L, state: &[L::F]) -> L::F {
    l.from_fn(
        #[inline(always)]
        |lane| (state[REGISTER].lanes()[lane].to_bits() & 1) as f32,
    )
}

#[cfg(test)]
mod tests {
    use super::super::harness::Rig;

    fn turing(length: f32, chance: f32) -> Rig {
        Rig::new("Turing")
            .set("length", length)
            .set("chance", chance)
            .feed("clock", |_, f| (f % 100 < 50) as u32 as f32)
    }

    fn steps(rig: &Rig, count: usize) -> Vec<f32> {
        let out = rig.render(count * 100 / 64 + 1);
        out.lane("out", 0)
            .iter()
            .skip(10)
            .step_by(100)
            .take(count)
            .copied()
            .collect()
    }

    #[test]
    fn without_chance_it_loops_and_with_certainty_twice_as_long() {
        for length in [1, 3, 8, 16, 32] {
            let locked = steps(&turing(length as f32, 0.0), 200);
            assert!(
                (40..200 - length).all(|i| locked[i] == locked[i + length]),
                "{length}"
            );
            let turned = steps(&turing(length as f32, 1.0), 200);
            assert!((40..200 - 2 * length).all(|i| turned[i] == turned[i + 2 * length]));
        }
        let locked = steps(&turing(8.0, 0.0), 60);
        assert!((20..52).any(|i| locked[i] != locked[i + 1]));
    }

    #[test]
    fn bits_change_with_their_chance() {
        let out = turing(16.0, 0.25).render(20_000);
        let gate = out.lane("gate", 0);
        let bits: Vec<bool> = gate
            .iter()
            .skip(10)
            .step_by(100)
            .map(|g| *g > 0.5)
            .collect();
        let changed = (16..bits.len())
            .filter(|i| bits[*i] != bits[i - 16])
            .count();
        let share = changed as f64 / (bits.len() - 16) as f64;
        assert!((share - 0.25).abs() < 0.02, "{share}");
        let other = out.lane("notgate", 0);
        let clock = |f: usize| (f % 100 < 50) as u32 as f32;
        assert!((0..gate.len()).all(|f| gate[f] + other[f] == clock(f)));
    }

    #[test]
    fn the_register_moves_at_the_frame_of_the_clock() {
        let out = turing(9.0, 0.5).render(400);
        let values = out.lane("out", 0);
        let moved = (1..values.len()).filter(|f| values[*f] != values[f - 1]);
        assert!(moved.clone().count() > 100);
        assert!(moved.into_iter().all(|f| f % 100 == 0));
    }
}
