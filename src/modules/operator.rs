//! FM operator: a sine with a ratio, an index for what modulates it, feedback, and a level made for envelopes.
use crate::dsp::{
    BLOCK,
    lanes::Lanes,
    math::exp2,
    phase::{self, Phase, turns},
    sine::sin_turn,
};

use super::{
    module::{Build, Io, Module, OptionError, Rest},
    saw::is_zero,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
    tone::{feed_back, phases},
    vca::exponential,
};

ports! {
    inputs { FM: "fm" Audio "modulators, summed: a modulator at level 1 moves the phase by `index` radians"; }
    outputs { OUT: "out" Audio "sine, -1..1 at level 1"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 0.01, 20_000.0, 261.625_58, Log "frequency; a pitch cable shifts it by octaves";
        RATIO: "ratio" ["coarse"] Plain 0.0, 64.0, 1.0, Linear "multiplies the frequency";
        DETUNE: "detune" ["fine"] Cents -100.0, 100.0, 0.0, Linear "moves the pitch";
        INDEX: "index" ["depth"] Plain 0.0, 32.0, 1.0, Linear "modulation index, in radians";
        FEEDBACK: "feedback" ["fb"] Plain 0.0, 1.0, 0.0, Linear "phase modulation by its own sound, in cycles: near a sawtooth at 0.2, noise towards 1";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "level; set it to 0 and let an envelope raise it";
    }
    options { RESPONSE: "response" Choice(&["Linear", "Exponential"]) "what is heard of the level: itself, or 60 dB from 0 (silence) to 1 (full, and no further), as envelopes of FM synthesizers have it"; }
}

/// State words: the phase, the last two frames.
const LAST: usize = phase::WORDS;

pub struct Operator {
    rate: f32,
    exponential: bool,
}

impl Module for Operator {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Operator",
        doc: "FM operator: patch one's `out` into another's `fm`, as many as the sound needs.",
        algorithm: "phase modulation with averaged feedback (Chowning 1973; Tomisawa, US patent 4,249,447), sine as in Sine",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = LAST + 2;
    const REST: Rest = Rest::Runs;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            exponential: build.choice(option::RESPONSE) == 1,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (freq, ratio, detune) = (
            io.ins[param::FREQ],
            io.ins[param::RATIO],
            io.ins[param::DETUNE],
        );
        let (fm, index) = (io.ins[input::FM], io.ins[param::INDEX]);
        let (feedback, level) = (io.ins[param::FEEDBACK], io.ins[param::LEVEL]);
        let out = &mut io.outs[output::OUT];
        let mut phase = Phase::<L>::load(io.state);

        let beside = exp2(l, detune.head() * l.f(1.0 / 1_200.0));
        let steady = freq.is_constant() && ratio.is_constant() && detune.is_constant();
        let hertz = steady.then(
            #[inline(always)]
            || freq.head() * ratio.head() * beside,
        );
        let mut phases = phases(
            l,
            &mut phase,
            self.rate,
            hertz,
            #[inline(always)]
            |i| {
                let beside = match detune.block() {
                    Some(detune) => exp2(l, detune[i] * l.f(1.0 / 1_200.0)),
                    None => beside,
                };
                freq.at(i) * ratio.at(i) * beside
            },
        );
        phase.store(io.state);

        // A silent operator costs its phase.
        if is_zero(l, &level) {
            io.state[LAST..].fill(l.f(0.0));
            return out.fill(l.f(0.0));
        }
        if !is_zero(l, &fm) {
            let cycles = l.f(1.0 / std::f32::consts::TAU);
            for (i, phase) in phases.iter_mut().enumerate() {
                *phase = *phase + turns(l, fm.at(i) * index.at(i) * cycles);
            }
        }
        let mut levels = [level.head(); BLOCK];
        if let Some(block) = level.block() {
            levels.copy_from_slice(block);
        }
        if self.exponential {
            match level.is_constant() {
                true => levels.fill(exponential(l, level.head())),
                false => {
                    for level in &mut levels {
                        *level = exponential(l, *level);
                    }
                }
            }
        }
        if is_zero(l, &feedback) {
            for ((o, phase), level) in out.block.iter_mut().zip(&phases).zip(&levels) {
                *o = sin_turn(l, *phase) * *level;
            }
        } else {
            let last = [io.state[LAST], io.state[LAST + 1]];
            feed_back(
                l,
                &phases,
                &feedback,
                #[inline(always)]
                |i| levels[i],
                last,
                &mut out.block,
            );
        }
        io.state[LAST..].copy_from_slice(&out.block[BLOCK - 2..]);
    }

    /// Feedback never comes back to where it was.
    #[inline(always)]
    fn may_skip<L: Lanes>(&self, l: L, io: &Io<'_, L>) -> bool {
        is_zero(l, &io.ins[param::FEEDBACK])
    }

    #[inline(always)]
    fn skip<L: Lanes>(&self, _: L, state: &mut [L::F], frames: u64) {
        let mut phase = Phase::<L>::load(state);
        phase.skip(frames);
        phase.store(state);
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rendered, Rig, difference_db, every_lane_type},
        measure::{Spectrum, cents, pitch, rms},
        spec::OptionValue,
    };

    fn stack() -> (Rendered, Rendered) {
        // Modulator at three times the pitch and half level into an index of 2: one radian.
        let low = Rig::new("Operator")
            .set("freq", 1_000.0)
            .set("ratio", 3.0)
            .set("level", 0.5);
        let low = low.render(1 << 10);
        let x = low.lane("out", 0).to_owned();
        let high = Rig::new("Operator").set("freq", 1_000.0).set("index", 2.0);
        let high = high.feed("fm", move |_, t| x[t as usize]).render(1 << 10);
        (low, high)
    }

    #[test]
    fn a_stack_of_two_has_the_sidebands_of_its_index() {
        let (low, high) = stack();
        let noise = Spectrum::new(low.lane("out", 0), RATE).thd_n_db(3_000.0);
        assert!(noise < -145.0, "{noise}");
        let s = Spectrum::new(high.lane("out", 0), RATE);
        // J_0..J_3 of 1; lower sidebands fold at zero, away from the others.
        for (n, want) in [
            (0, 0.765_198),
            (1, 0.440_051),
            (2, 0.114_903),
            (3, 0.019_563),
        ] {
            let off = 20.0 * (s.amplitude(1_000.0 + 3_000.0 * n as f64) / want).log10();
            assert!(off.abs() < 0.01, "sideband {n}: {off} dB");
        }
    }

    #[test]
    fn it_is_in_tune_with_its_detune() {
        let out = Rig::new("Operator")
            .set("freq", 220.0)
            .set("ratio", 2.0)
            .set("detune", 7.0)
            .render(1 << 10);
        let off = cents(pitch(out.lane("out", 0), 441.8, RATE), 440.0) - 7.0;
        assert!(off.abs() < 0.01, "{off}");
    }

    #[test]
    fn an_exponential_level_falls_evenly_in_decibels() {
        let at = |level: f32| {
            let rig = Rig::new("Operator").option("response", OptionValue::Choice(1));
            let out = rig.set("freq", 1_000.0).set("level", level).render(100);
            20.0 * (rms(out.lane("out", 0)) * 2f64.sqrt()).log10()
        };
        assert!(
            at(1.0).abs() < 0.01 && (at(0.75) + 15.0).abs() < 0.1 && (at(0.5) + 30.0).abs() < 0.3
        );
        assert!(at(0.0) < -200.0);
    }

    #[test]
    fn all_lane_types_agree_whatever_their_neighbours_do() {
        let level = |lane: usize, t: u64| match lane % 3 {
            0 => 0.0,
            _ => 0.5 + 0.4 * (t as f32 * 1e-3).sin(),
        };
        for (isa, width) in every_lane_type() {
            let rig = || {
                Rig::new("Operator")
                    .set("freq", 310.0)
                    .set("feedback", 0.1)
                    .set("index", 2.0)
            };
            let fm = |lane: usize, t: u64| ((t * (lane as u64 + 1)) as f32 * 0.05).sin();
            let out = rig()
                .feed("level", level)
                .feed("fm", fm)
                .on(isa, width)
                .render(500);
            for lane in 0..out.lanes() {
                let alone = rig().feed("fm", move |_, t| fm(lane, t));
                let alone = match lane % 3 {
                    0 => alone.set("level", 0.0),
                    _ => alone.feed("level", move |_, t| level(lane, t)),
                };
                let db = difference_db(out.lane("out", lane), alone.render(500).lane("out", 0));
                assert!(db < -110.0, "{isa:?} {width:?} lane {lane}: {db}");
            }
        }
    }
}
