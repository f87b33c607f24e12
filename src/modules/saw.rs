//! Sawtooth oscillator without audible aliasing, frequency and phase modulated without any either.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Int, Lanes, Mask},
    phase::{self, Phase, turns},
    step::{self, LATE, Phases, Residuals, TAPS, Table},
};

use super::{
    level::apply_level,
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { FM: "fm" Audio "phase modulation, in cycles"; }
    outputs { OUT: "out" Audio "rising sawtooth, -1..1 at level 1, 16 frames late"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 0.01, 20_000.0, 261.625_58, Log "frequency; a pitch cable shifts it by octaves";
        RATIO: "ratio" Plain 0.0, 64.0, 1.0, Linear "multiplies the frequency";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// State words: the phase, the modulation's last offset, the ramp still to come, the edges' residuals still to come.
const OFFSET: usize = phase::WORDS;
const RAMP: usize = OFFSET + 1;
const RESIDUALS: usize = RAMP + LATE;

pub struct Saw {
    rate: f32,
    table: &'static Table,
}

impl Module for Saw {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Saw",
        doc: "Sawtooth oscillator, band-limited, with phase modulation.",
        algorithm: "32-tap table BLEP, each edge at its crossing between frames: aliasing below -135 dBFS",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = RESIDUALS + TAPS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            table: step::table(),
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (freq, ratio, level) = (
            io.ins[param::FREQ],
            io.ins[param::RATIO],
            io.ins[param::LEVEL],
        );
        let fm = io.ins[input::FM];
        let mut phase = Phase::<L>::load(io.state);
        let steady = freq.is_constant() && ratio.is_constant();
        if steady {
            phase.tune(l, freq.head() * ratio.head(), self.rate);
        }
        let offset = turns(l, fm.head());
        let unmoved = fm.is_constant() && same(l, offset, io.state[OFFSET].bits());
        if steady && unmoved && step::is_steady::<L>(phase.step()) {
            self.steady(l, io, phase, offset, &level);
        } else {
            self.moving(l, io, phase);
        }
    }
}

impl Saw {
    /// A block of a frequency that stays: no array between the phase and the output.
    #[inline(always)]
    fn steady<L: Lanes>(
        &self,
        l: L,
        io: &mut Io<'_, L>,
        mut phase: Phase<L>,
        offset: L::I,
        level: &In<'_, L>,
    ) {
        let start = phase;
        let out = &mut io.outs[output::OUT].block;
        let (scale, state) = (l.f(1.0 / 2_147_483_648.0), &mut io.state[RAMP..]);
        // The ramp of the frames before, with the residuals that they left.
        for i in 0..LATE {
            out[i] = state[i].bits().to_float().fma(scale, state[LATE + i]);
        }
        phase.advance_over(
            l,
            0..TAPS - LATE,
            #[inline(always)]
            |i, turn| {
                out[LATE + i] = (turn + offset).to_float().fma(scale, state[TAPS + i]);
            },
        );
        phase.advance_over(
            l,
            TAPS - LATE..BLOCK - LATE,
            #[inline(always)]
            |i, turn| out[LATE + i] = (turn + offset).to_float() * scale,
        );
        phase.advance_over(
            l,
            BLOCK - LATE..BLOCK,
            #[inline(always)]
            |i, turn| state[i - (BLOCK - LATE)] = (turn + offset).bits(),
        );
        let mut after = [l.f(0.0); TAPS];
        let table = self.table;
        step::steady_edges(
            l,
            start.turn + offset,
            phase.step(),
            #[inline(always)]
            |lane, i| start.ahead(lane).at(i).wrapping_add(offset.lanes()[lane]),
            #[inline(always)]
            |i, lane, past| step::add_apart(l, (out, &mut after), table, i, lane, past, -2.0),
        );
        state[LATE..][..TAPS].copy_from_slice(&after);
        apply_level(l, out, level);
        phase.store(io.state);
    }

    /// A block whose frequency or phase is modulated.
    #[inline(always)]
    fn moving<L: Lanes>(&self, l: L, io: &mut Io<'_, L>, mut phase: Phase<L>) {
        let (freq, ratio) = (io.ins[param::FREQ], io.ins[param::RATIO]);
        let mut phases: Phases<L> = [l.i(0); LATE + BLOCK];
        for (to, from) in phases.iter_mut().zip(&io.state[RAMP..RESIDUALS]) {
            *to = from.bits();
        }
        let mut residuals: Residuals<L> = [l.f(0.0); BLOCK + TAPS];
        residuals[..TAPS].copy_from_slice(&io.state[RESIDUALS..][..TAPS]);
        if freq.is_constant() && ratio.is_constant() {
            phase.advance(
                l,
                #[inline(always)]
                |i, turn| phases[LATE + i] = turn,
            );
        } else {
            phase.advance_along(
                l,
                self.rate,
                #[inline(always)]
                |i| freq.at(i) * ratio.at(i),
                #[inline(always)]
                |i, turn| phases[LATE + i] = turn,
            );
        }
        let offset = modulate(l, &mut phases, &io.ins[input::FM]);
        step::moving_edges(l, &mut residuals, self.table, &phases, 1.0);

        let out = &mut io.outs[output::OUT].block;
        let scale = l.f(1.0 / 2_147_483_648.0);
        for ((o, phase), residual) in out.iter_mut().zip(&phases).zip(&residuals) {
            *o = phase.to_float().fma(scale, *residual);
        }
        apply_level(l, out, &io.ins[param::LEVEL]);

        phase.store(io.state);
        io.state[OFFSET] = offset.bits();
        for (to, from) in io.state[RAMP..].iter_mut().zip(&phases[BLOCK..]) {
            *to = from.bits();
        }
        io.state[RESIDUALS..][..TAPS].copy_from_slice(&residuals[BLOCK..]);
    }
}

/// Shifts a block's phases by the modulation; the last frame's shift.
#[inline(always)]
pub fn modulate<L: Lanes>(
    l: L,
    phases: &mut Phases<L>,
    fm: &In<'_, L>,
) -> L::I {
    let last = turns(l, fm.at(BLOCK - 1));
    if let Some(fm) = fm.block() {
        for (phase, cycles) in phases[LATE..].iter_mut().zip(fm) {
            *phase = *phase + turns(l, *cycles);
        }
    } else if !same(l, last, l.i(0)) {
        for phase in &mut phases[LATE..] {
            *phase = *phase + last;
        }
    }
    last
}

#[inline(always)]
pub fn same<L: Lanes>(l: L, a: L::I, b: L::I) -> bool {
    let differ = a ^ b;
    !(differ | (l.i(0) - differ)).negative().any()
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type},
        measure::Spectrum,
    };

    const PITCHES: [f32; 5] = [110.0, 440.0, 1_244.5, 2_489.0, 4_978.0];

    #[test]
    fn aliasing_stays_below_135_db_and_the_top_is_all_there() {
        let out = Rig::new("Saw").per_lane("freq", |l| PITCHES[l % 5]).wide().render(1 << 11);
        for (lane, f) in PITCHES.into_iter().enumerate().take(out.lanes()) {
            let f = f as f64;
            let s = Spectrum::new(out.lane("out", lane), RATE);
            let alias = s.alias_db(f);
            assert!(alias < -135.0, "{f} Hz: {alias}");
            let k = (15_000.0 / f).floor();
            let droop = 20.0 * (s.amplitude(k * f) * k * std::f64::consts::FRAC_PI_2).log10();
            assert!(droop.abs() < 0.05, "{f} Hz: {droop}");
        }
    }

    #[test]
    fn modulated_phase_aliases_no_more_than_the_crossing_allows() {
        // Through zero: the phase runs backwards for part of the cycle. Modulator and carrier at one frequency keep the spectrum
        // harmonic, so that all else is aliasing.
        let f = 441.0;
        let m = move |_, t: u64| (0.3 * (std::f64::consts::TAU * f * t as f64 / RATE as f64).sin()) as f32;
        let out = Rig::new("Saw").set("freq", f as f32).feed("fm", m).render(1 << 11);
        let alias = Spectrum::new(out.lane("out", 0), RATE).alias_db(f);
        assert!(alias < -100.0, "{alias}");
    }

    #[test]
    fn all_lane_types_agree_whatever_their_neighbours_do() {
        let freq = |lane: usize, frame: u64| {
            let glide = (lane % 2) as f32 * frame as f32 * 0.01;
            55.0 * (1 << lane.min(8)) as f32 + glide
        };
        let long = 2_000;
        for (isa, width) in every_lane_type() {
            let out = Rig::new("Saw").feed("freq", freq).on(isa, width).render(long);
            for lane in 0..out.lanes() {
                let held = Rig::new("Saw").set("freq", freq(lane, 0));
                let alone = if lane % 2 == 0 { held } else { Rig::new("Saw").feed("freq", move |_, t| freq(lane, t)) };
                let db = difference_db(out.lane("out", lane), alone.render(long).lane("out", 0));
                assert!(db < -120.0, "{isa:?} {width:?} lane {lane}: {db}");
            }
        }
    }
}
