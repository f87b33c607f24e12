//! Sine oscillator: phase and frequency modulation through zero, feedback.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes},
    phase::{self, Phase, turns},
    sine::sin_turn,
};

use super::{
    level::{apply_moving, is_full, steady_level},
    module::{Build, Io, Module, OptionError, Rest},
    saw::is_zero,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
    tone::{feed_back, phases},
};

ports! {
    inputs {
        FM: "fm" Audio "phase modulation, in cycles";
        LIN: "lin" Audio "linear frequency modulation, through zero: 1 adds the frequency itself";
    }
    outputs { OUT: "out" Audio "sine, -1..1 at level 1"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 0.01, 20_000.0, 261.625_58, Log "frequency; a pitch cable shifts it by octaves";
        RATIO: "ratio" Plain 0.0, 64.0, 1.0, Linear "multiplies the frequency";
        FEEDBACK: "feedback" ["fb"] Plain 0.0, 1.0, 0.0, Linear "phase modulation by its own sound, in cycles: near a sawtooth at 0.2, noise towards 1";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// State words: the phase, the last two frames.
const LAST: usize = phase::WORDS;

pub struct Sine {
    rate: f32,
}

impl Module for Sine {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Sine",
        doc: "Sine oscillator with phase and frequency modulation and feedback.",
        algorithm: "odd polynomial of degree 9 over a 63-bit phase: THD+N below -145 dB, no drift",
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
        Ok(Self { rate: build.rate })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (freq, ratio, level) = (
            io.ins[param::FREQ],
            io.ins[param::RATIO],
            io.ins[param::LEVEL],
        );
        let (fm, lin, feedback) = (
            io.ins[input::FM],
            io.ins[input::LIN],
            io.ins[param::FEEDBACK],
        );
        let out: &mut [L::F; BLOCK] = &mut io.outs[output::OUT].block;
        let gain = steady_level(l, &level);
        let mut phase = Phase::<L>::load(io.state);
        let steady = freq.is_constant() && ratio.is_constant() && is_zero(l, &lin);
        let alone = is_zero(l, &feedback);
        if steady && fm.is_constant() && alone && L::N > 1 {
            phase.tune(l, freq.head() * ratio.head(), self.rate);
            let offset = turns(l, fm.head());
            phase.turn = phase.turn + offset;
            if is_full(l, gain) {
                phase.advance(
                    l,
                    #[inline(always)]
                    |i, turn| out[i] = sin_turn(l, turn),
                );
            } else {
                phase.advance(
                    l,
                    #[inline(always)]
                    |i, turn| out[i] = sin_turn(l, turn) * gain,
                );
            }
            phase.turn = phase.turn - offset;
        } else {
            // Phases first: then nothing is carried from frame to frame, and one lane goes on in runs.
            let hertz = steady.then(
                #[inline(always)]
                || freq.head() * ratio.head(),
            );
            let mut phases = phases(
                l,
                &mut phase,
                self.rate,
                hertz,
                #[inline(always)]
                |i| (freq.at(i) * ratio.at(i)).fma(lin.at(i), freq.at(i) * ratio.at(i)),
            );
            let (r, steady) = (l.run(), turns(l, fm.head()));
            for at in (0..BLOCK).step_by(L::RUN) {
                let moved = match fm.block() {
                    Some(fm) => turns(r, l.load(fm, at)),
                    None => l.spread_int(steady),
                };
                let turn = l.load_int(&phases, at) + moved;
                if alone {
                    l.store(out, at, sin_turn(r, turn) * l.spread(gain));
                } else {
                    l.store_int(&mut phases, at, turn);
                }
            }
            if !alone {
                let last = [io.state[LAST], io.state[LAST + 1]];
                feed_back(
                    l,
                    &phases,
                    &feedback,
                    #[inline(always)]
                    |i| level.at(i),
                    last,
                    out,
                );
            }
        }
        if alone {
            apply_moving(out, &level);
        }
        phase.store(io.state);
        io.state[LAST..].copy_from_slice(&out[BLOCK - 2..]);
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
        harness::{RATE, Rig, difference_db, every_lane_type},
        measure::Spectrum,
    };

    #[test]
    fn thd_and_noise_stay_below_145_db() {
        for f in [110.0, 997.0, 9_001.0] {
            for fm in [0.0, 0.37] {
                let out = Rig::new("Sine").set("freq", f).set("fm", fm).wide().render(1 << 10);
                let db = Spectrum::new(out.lane("out", 3), RATE).thd_n_db(f as f64);
                assert!(db < -145.0, "{f}: {db}");
            }
        }
    }

    #[test]
    fn all_lane_types_agree_whatever_their_neighbours_do() {
        // Even lanes hold their frequency, odd ones glide: on its own, an even lane takes the cheap path.
        let freq = |lane: usize, frame: u64| {
            let glide = (lane % 2) as f32 * frame as f32 * 0.01;
            220.0 * (lane + 1) as f32 + glide
        };
        let long = 3_000;
        for (isa, width) in every_lane_type() {
            let out = Rig::new("Sine").feed("freq", freq).on(isa, width).render(long);
            for lane in 0..out.lanes() {
                let held = Rig::new("Sine").set("freq", freq(lane, 0));
                let alone = if lane % 2 == 0 { held } else { Rig::new("Sine").feed("freq", move |_, t| freq(lane, t)) };
                let db = difference_db(out.lane("out", lane), alone.render(long).lane("out", 0));
                assert!(db < -120.0, "{isa:?} {width:?} lane {lane}: {db}");
            }
        }
    }

    /// Bessel's function of the first kind, by its integral.
    fn bessel(n: f64, x: f64) -> f64 {
        let steps = 2_000;
        let at = |i: usize| std::f64::consts::PI * (i as f64 + 0.5) / steps as f64;
        let sum: f64 = (0..steps).map(|i| (n * at(i) - x * at(i).sin()).cos()).sum();
        sum / steps as f64
    }

    #[test]
    fn phase_and_frequency_modulation_make_the_same_sidebands_through_zero() {
        // The frequency swings from -1,700 Hz to 4,300; lower sidebands fold at zero, beside the upper ones.
        let (f, m, index) = (1_300.0f64, 1_000.0f64, 3.0f64);
        let turn = move |t: u64| std::f64::consts::TAU * m * t as f64 / RATE as f64;
        let cycles = index / std::f64::consts::TAU;
        let carrier = || Rig::new("Sine").set("freq", f as f32);
        let pm = carrier().feed("fm", move |_, t| (cycles * turn(t).sin()) as f32);
        let fm = carrier().feed("lin", move |_, t| (index * m / f * turn(t).cos()) as f32);
        for (rig, within) in [(pm, 0.001), (fm, 0.06)] {
            let s = Spectrum::new(rig.render(1 << 10).lane("out", 0), RATE);
            for n in -3..=7 {
                let want = bessel(n as f64, index).abs();
                let got = s.amplitude((f + n as f64 * m).abs());
                assert!((got - want).abs() < within * want.max(0.1), "sideband {n}: {got} {want}");
            }
        }
    }

    #[test]
    fn feedback_fills_in_harmonics_like_a_sawtooth() {
        // Tomisawa: harmonic k of a sine that modulates itself by b radians has the amplitude 2 J_k(k b) / (k b); the
        // frame and a half that it waits for itself shows little at a low pitch.
        let cycles = 0.13f32;
        let b = std::f64::consts::TAU * cycles as f64;
        let out = Rig::new("Sine").set("freq", 55.0).set("feedback", cycles).render(1 << 11);
        let s = Spectrum::new(out.lane("out", 0), RATE);
        for k in 1..=6 {
            let want = 2.0 * bessel(k as f64, k as f64 * b) / (k as f64 * b);
            let off = 20.0 * (s.amplitude(55.0 * k as f64) / want).log10();
            assert!(off.abs() < 0.2, "harmonic {k}: {off} dB");
        }
    }
}
