//! Envelope of as many stages as are written.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Int, Lanes, Mask},
    math::exp2,
};

use super::{
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    stages::{self, Stages},
    table::ports,
};

ports! {
    inputs { GATE: "gate" Gate "opens: from the first stage on, from the level that is there; closes: on to what follows the hold or the repeated part"; }
    outputs {
        OUT: "out" Cv "level, -1..1";
        END: "end" Gate "open from the end of the last stage to the next start";
    }
    params { TIME: "time" Plain 0.05, 20.0, 1.0, Log "all times are this much longer"; }
    options { STAGES: "stages" Text("1@5ms 0.5@200ms^-5 | 0@300ms^-5") "LEVEL@TIME for each stage, `^` and a curve (-5: fast first), `|` where it waits for the gate to close, `[` and `]` round what repeats until then; without either it plays to its end"; }
}

/// A stage's way in phase units: the sign bit says that it is over.
const FULL: f32 = 2_147_483_648.0;

/// State words: the stage (as a float; the number of stages at rest), its way so far, where it began, how far it leads by its curve,
/// where it ends, its curve, phase units a frame at `time` 1, and whether the gate was open.
const STAGE: usize = 0;
const WAY: usize = 1;
const FROM: usize = 2;
const SPAN: usize = 3;
const TO: usize = 4;
const CURVE: usize = 5;
const STEP: usize = 6;
const OPEN: usize = 7;

pub struct Env {
    stages: Stages,
    rate: f32,
}

impl Module for Env {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Env",
        doc: "Envelope of any stages, each with its level, time and curve; may hold or repeat while the gate is open.",
        algorithm: "each stage an exponential whose exponent is its curve, straight at 0",
        family: Family::Modulation,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 8;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let stages = stages::read(build.text(option::STAGES)).map_err(|(at, why)| OptionError {
            option: option::STAGES,
            at,
            why,
        })?;
        Ok(Self {
            stages,
            rate: build.rate,
        })
    }

    fn init(&self, _: LaneInit, words: &mut [f32]) {
        words[STAGE] = self.stages.stages.len() as f32;
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (gate, time) = (io.ins[input::GATE], io.ins[param::TIME]);
        let (zero, one, half) = (l.f(0.0), l.f(1.0), l.f(0.5));
        let count = l.f(self.stages.stages.len() as f32);
        let [out, end] = io.outs else {
            return;
        };
        let is_open = L::F::select(gate.head().ge(half), one, zero);
        let same = gate.is_constant() && zero.ge((is_open - io.state[OPEN]).abs()).all();
        // A stage of no step is a rest or a hold.
        if same && zero.ge(io.state[STEP]).all() {
            out.fill(io.state[TO]);
            return end.fill(L::F::select(io.state[STAGE].ge(count), one, zero));
        }
        let mut way = io.state[WAY].bits();
        for i in 0..BLOCK {
            let open = L::F::select(gate.at(i).ge(half), one, zero);
            let turned = (open - io.state[OPEN]).abs().gt(half);
            if turned.any() {
                io.state[OPEN] = open;
                io.state[WAY] = way.bits();
                for lane in (0..L::N).filter(|lane| turned.to_bits() >> lane & 1 == 1) {
                    self.turn(l, io.state, lane);
                }
                way = io.state[WAY].bits();
            }
            let step = (io.state[STEP] / time.at(i)).min(l.f(FULL * 0.999));
            way = way + step.to_int();
            let over = way.negative();
            if over.any() {
                io.state[WAY] = way.bits();
                for lane in (0..L::N).filter(|lane| over.to_bits() >> lane & 1 == 1) {
                    self.go_on::<L>(io.state, lane);
                }
                way = io.state[WAY].bits();
            }
            out.block[i] = level(l, io.state, way);
            end.block[i] = L::F::select(io.state[STAGE].ge(count), one, zero);
        }
        io.state[WAY] = way.bits();
    }
}

/// Where the lanes are on their ways.
#[inline(always)]
fn level<L: Lanes>(l: L, state: &[L::F], way: L::I) -> L::F {
    let t = way.to_float() * l.f(1.0 / FULL);
    let curve = state[CURVE];
    let bent = curve.abs().gt(l.f(0.0));
    let along = match bent.any() {
        true => L::F::select(bent, exp2(l, curve * t) - l.f(1.0), t),
        false => t,
    };
    let on_way = state[SPAN].fma(along, state[FROM]);
    L::F::select(state[STEP].gt(l.f(0.0)), on_way, state[TO])
}

/// Changes of stage are rare and go lane by lane: no vectors, and so out of line.
impl Env {
    /// A lane's gate has changed.
    #[inline(always)]
    fn turn<L: Lanes>(&self, l: L, state: &mut [L::F], lane: usize) {
        let from = level(l, state, state[WAY].bits()).lanes()[lane];
        let stage = state[STAGE].lanes()[lane] as usize;
        let holds = self.stages.hold.is_some() || self.stages.round.is_some();
        if state[OPEN].lanes()[lane] > 0.5 {
            self.start::<L>(state, lane, 0, from);
        } else if holds && stage < self.stages.stages.len() && stage < self.stages.release() {
            self.start::<L>(state, lane, self.stages.release(), from);
        } else if self.stages.hold == Some(stage) && state[STEP].lanes()[lane] <= 0.0 {
            self.start::<L>(state, lane, stage, from);
        }
    }

    /// A lane has come to the end of its stage.
    #[inline(never)]
    fn go_on<L: Lanes>(&self, state: &mut [L::F], lane: usize) {
        let stage = state[STAGE].lanes()[lane] as usize;
        let to = state[TO].lanes()[lane];
        let open = state[OPEN].lanes()[lane] > 0.5;
        let next = match self.stages.round {
            Some((first, end)) if open && stage + 1 == end => first,
            _ => stage + 1,
        };
        if open && self.stages.hold == Some(next) {
            self.rest::<L>(state, lane, next, to);
        } else {
            self.start::<L>(state, lane, next, to);
        }
    }

    /// Sets a lane on the way of a stage, or to rest where there is none.
    #[inline(never)]
    fn start<L: Lanes>(&self, state: &mut [L::F], lane: usize, stage: usize, from: f32) {
        let Some(to) = self.stages.stages.get(stage) else {
            return self.rest::<L>(state, lane, stage, from);
        };
        let frames = (to.seconds * self.rate).max(1.0);
        let whole = if to.curve == 0.0 { 1.0 } else { to.curve.exp2() - 1.0 };
        let words = [
            (STAGE, stage as f32),
            (WAY, 0.0),
            (FROM, from),
            (SPAN, (to.level - from) / whole),
            (TO, to.level),
            (CURVE, to.curve),
            (STEP, FULL / frames),
        ];
        for (word, x) in words {
            state[word].lanes_mut()[lane] = x;
        }
    }

    #[inline(never)]
    fn rest<L: Lanes>(&self, state: &mut [L::F], lane: usize, stage: usize, at: f32) {
        for (word, x) in [(STAGE, stage as f32), (WAY, 0.0), (TO, at), (STEP, 0.0)] {
            state[word].lanes_mut()[lane] = x;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{harness::Rig, spec::OptionValue};

    fn rig(stages: &str) -> Rig {
        Rig::new("Env").option("stages", OptionValue::Text(stages.into()))
    }

    fn gate(from: u64, to: u64) -> impl Fn(usize, u64) -> f32 {
        move |_, t| (from..to).contains(&t) as u8 as f32
    }

    #[test]
    fn stages_pass_their_levels_at_their_times_and_hold() {
        let out = rig("1@10ms 0.25@20ms 0.5@10ms | 0@40ms");
        let out = out.feed("gate", gate(100, 9_600)).render(250);
        let y = out.lane("out", 0);
        let near = |t: usize, want: f32| assert!((y[t] - want).abs() < 2e-3, "{t}: {} {want}", y[t]);
        assert_eq!(y[99], 0.0);
        for (t, want) in [(339, 0.5), (579, 1.0), (1_059, 0.625), (1_539, 0.25), (2_019, 0.5)] {
            near(t, want);
        }
        assert!(y[2_100..9_600].iter().all(|y| *y == 0.5));
        near(9_600 + 959, 0.25);
        assert_eq!(y[9_600 + 1_930], 0.0);
        let rests = rig("1@10ms 0.5@10ms | 0@40ms").steps("gate", |_, b| (b < 150) as u8 as f32);
        let rests = rests.render(250).constant;
        assert!(rests[40] && rests[249] && !rests[10] && !rests[151]);
        let end = out.lane("end", 0);
        assert_eq!((end[50], end[5_000], end[9_600 + 1_930]), (1.0, 0.0, 1.0));
    }

    #[test]
    fn a_curve_bends_a_repeat_goes_round_and_a_shot_plays_to_its_end() {
        let bent = rig("1@100ms^-6 0@100ms").feed("gate", gate(0, 10)).render(160);
        let y = bent.lane("out", 0);
        let half = (2f32.powf(-3.0) - 1.0) / (2f32.powf(-6.0) - 1.0);
        assert!((y[2_399] - half).abs() < 2e-3, "{} {half}", y[2_399]);
        assert!((y[4_799] - 1.0).abs() < 1e-3 && (y[7_199] - 0.5).abs() < 1e-3);
        assert_eq!(y[9_700], 0.0);
        let round = rig("1@10ms [ 0@10ms 1@10ms ] 0@5ms").feed("gate", gate(0, 40_000)).render(700);
        let tops = round.lane("out", 0).windows(3).filter(|w| w[1] > 0.99 && w[1] >= w[0] && w[1] > w[2]);
        assert!((40..=43).contains(&tops.count()));
        assert_eq!(round.lane("out", 0)[40_500], 0.0);
        // Twice as long.
        let slow = rig("1@100ms 0@100ms").set("time", 2.0).feed("gate", gate(0, 10)).render(160);
        assert!((slow.lane("out", 0)[4_799] - 0.5).abs() < 1e-3);
    }

    #[test]
    fn a_gate_that_closes_early_goes_on_from_the_level_that_is_there() {
        let out = rig("1@10ms 0.5@1s | 0@20ms").feed("gate", |_, t| (t % 2_000 < 250) as u8 as f32);
        let out = out.render(200);
        let step = out.lane("out", 0).windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(step < 1.05 / 480.0, "{step}");
    }
}
