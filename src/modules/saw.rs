//! Sawtooth oscillator without audible aliasing: not from modulated frequency and phase, nor from hard sync.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Int, Lanes, same},
    phase::{self, Phase, turns},
    rise,
    step::{self, LATE, Phases, Residuals, TAPS, Table},
    sweep::{self, Sweep},
    way::BACK,
};

use super::{
    level::apply_level,
    module::{Build, In, Io, Module, OptionError, Rest},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        FM: "fm" Audio "phase modulation, in cycles";
        LIN: "lin" Audio "linear frequency modulation, through zero: 1 adds the frequency itself";
        SYNC: "sync" Audio "hard sync: a rise through zero restarts the cycle";
    }
    outputs {
        OUT: "out" Audio "rising sawtooth, -1..1 at level 1, 16 frames late";
        PHASE: "phase" Audio "the cycle as a bare ramp, -1..1, not late: what another oscillator's sync follows exactly at any pitch";
    }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 0.01, 20_000.0, 261.625_58, Log "frequency; a pitch cable shifts it by octaves";
        RATIO: "ratio" Plain 0.0, 64.0, 1.0, Linear "multiplies the frequency";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// State words: the phase, the modulation's last offset, the ramp still to come, the edges' residuals still to come, what restarts
/// need.
const OFFSET: usize = phase::WORDS;
const RAMP: usize = OFFSET + 1;
const RESIDUALS: usize = RAMP + LATE;
const SWEEP: usize = RESIDUALS + TAPS;

pub struct Saw {
    rate: f32,
    table: &'static Table,
}

impl Module for Saw {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Saw",
        doc: "Sawtooth oscillator, band-limited, with frequency and phase modulation and hard sync.",
        algorithm: "32-tap table BLEP, each edge at its crossing between frames: aliasing below -135 dBFS",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = SWEEP + sweep::WORDS;
    const REST: Rest = Rest::Runs;

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
        let (fm, lin, sync) = (io.ins[input::FM], io.ins[input::LIN], io.ins[input::SYNC]);
        let mut phase = Phase::<L>::load(io.state);
        let synced = !sync.is_constant() || !rise::is_still(l, sync.head(), &io.state[SWEEP..][..rise::WORDS]);
        if synced || io.outs[output::PHASE].wanted {
            return self.restarted(l, io, phase);
        }
        io.outs[output::PHASE].fill(l.f(0.0));
        let steady = freq.is_constant() && ratio.is_constant() && is_zero(l, &lin);
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

    #[inline(always)]
    fn may_skip<L: Lanes>(&self, l: L, io: &Io<'_, L>) -> bool {
        let sync = io.ins[input::SYNC].head();
        let synced = !rise::is_still(l, sync, &io.state[SWEEP..][..rise::WORDS]);
        !synced && !io.outs[output::PHASE].wanted
    }

    #[inline(always)]
    fn skip<L: Lanes>(&self, _: L, state: &mut [L::F], frames: u64) {
        let mut phase = Phase::<L>::load(state);
        phase.skip(frames);
        phase.store(state);
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
        let mut tail = [l.f(0.0); 2 * TAPS];
        let table = self.table;
        step::steady_edges(
            l,
            start.turn + offset,
            phase.step(),
            #[inline(always)]
            |lane, i| start.ahead(lane).at(i).wrapping_add(offset.lanes()[lane]),
            #[inline(always)]
            |i, lane, past| step::add_apart(l, (out, &mut tail), table, i, lane, past, -2.0),
        );
        let (now, later) = tail.split_at(TAPS);
        for (o, residual) in out[BLOCK - TAPS..].iter_mut().zip(now) {
            *o = *o + *residual;
        }
        state[LATE..][..TAPS].copy_from_slice(later);
        apply_level(l, out, level);
        phase.store(io.state);
    }

    /// A block whose frequency or phase is modulated.
    #[inline(always)]
    fn moving<L: Lanes>(&self, l: L, io: &mut Io<'_, L>, mut phase: Phase<L>) {
        let (freq, ratio) = (io.ins[param::FREQ], io.ins[param::RATIO]);
        let (lin, one) = (io.ins[input::LIN], l.f(1.0));
        let mut phases: Phases<L> = [l.i(0); LATE + BLOCK];
        for (to, from) in phases.iter_mut().zip(&io.state[RAMP..RESIDUALS]) {
            *to = from.bits();
        }
        let mut residuals: Residuals<L> = [l.f(0.0); BLOCK + TAPS];
        residuals[..TAPS].copy_from_slice(&io.state[RESIDUALS..][..TAPS]);
        if !is_zero(l, &lin) {
            phase.advance_along(
                l,
                self.rate,
                #[inline(always)]
                |i| freq.at(i) * ratio.at(i) * (one + lin.at(i)),
                #[inline(always)]
                |i, turn| phases[LATE + i] = turn,
            );
        } else if freq.is_constant() && ratio.is_constant() {
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

    /// A block that another signal restarts, or of which the bare ramp is wanted.
    #[inline(always)]
    fn restarted<L: Lanes>(&self, l: L, io: &mut Io<'_, L>, mut phase: Phase<L>) {
        let (freq, ratio) = (io.ins[param::FREQ], io.ins[param::RATIO]);
        let (fm, lin, one) = (io.ins[input::FM], io.ins[input::LIN], l.f(1.0));
        let (ramp, rest) = io.state[RAMP..].split_at_mut(LATE);
        let (last, words) = rest.split_at_mut(TAPS);
        let mut still = [l.f(0.0); BLOCK];
        let sweep = Sweep::new(
            l,
            &mut phase,
            (
                self.rate,
                #[inline(always)]
                |i| freq.at(i) * ratio.at(i) * (one + lin.at(i)),
            ),
            #[inline(always)]
            |i| turns(l, fm.at(i)),
            io.ins[input::SYNC].expand(&mut still),
            std::array::from_fn(
                #[inline(always)]
                |k| ramp[LATE - BACK + k].bits(),
            ),
            words,
        );
        let mut residuals: Residuals<L> = [l.f(0.0); BLOCK + TAPS];
        residuals[..TAPS].copy_from_slice(last);
        let (r, table) = (&mut residuals, self.table);
        sweep.edges(
            &sweep.free,
            #[inline(always)]
            |e| step::add(l, r, table, e.frame, e.lane, e.past, e.way * -2.0),
        );
        sweep.restarts(
            #[inline(always)]
            |s| {
                let rise = (s.after as f32 - s.before as f32) / 2_147_483_648.0;
                step::add(l, r, table, s.frame, s.lane, s.past, rise);
            },
        );

        let out = &mut io.outs[output::OUT].block;
        let scale = l.f(1.0 / 2_147_483_648.0);
        for i in 0..LATE {
            out[i] = ramp[i].bits().to_float().fma(scale, residuals[i]);
            ramp[i] = sweep.phase(BLOCK - LATE + i).bits();
        }
        for i in LATE..BLOCK {
            out[i] = sweep.phase(i - LATE).to_float().fma(scale, residuals[i]);
        }
        last.copy_from_slice(&residuals[BLOCK..]);
        apply_level(l, out, &io.ins[param::LEVEL]);
        for (i, o) in io.outs[output::PHASE].block.iter_mut().enumerate() {
            *o = sweep.phase(i).to_float() * scale;
        }
        phase.store(io.state);
        io.state[OFFSET] = turns(l, fm.at(BLOCK - 1)).bits();
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

/// Whether a signal is 0 throughout, as where nothing is connected.
#[inline(always)]
pub fn is_zero<L: Lanes>(l: L, signal: &In<'_, L>) -> bool {
    signal.is_constant() && same(l, signal.head().bits(), l.i(0))
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type},
        measure::Spectrum,
    };

    const PITCHES: [f32; 5] = [110.0, 440.0, 1_244.5, 2_489.0, 4_978.0];

    /// As in a patch that takes the sound alone.
    fn saw() -> Rig {
        Rig::new("Saw").unwanted("phase")
    }

    #[test]
    fn aliasing_stays_below_135_db_and_the_top_is_all_there() {
        let out = saw().per_lane("freq", |l| PITCHES[l % 5]).wide().render(1 << 11);
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
        let out = saw().set("freq", f as f32).feed("fm", m).render(1 << 11);
        let alias = Spectrum::new(out.lane("out", 0), RATE).alias_db(f);
        assert!(alias < -100.0, "{alias}");
    }

    #[test]
    fn all_lane_types_agree_whatever_their_neighbours_do() {
        let freq = |lane: usize, frame: u64| {
            let glide = (lane % 2) as f32 * frame as f32 * 0.01;
            55.0 * (1 << lane.min(7)) as f32 + glide
        };
        let long = 2_000;
        for (isa, width) in every_lane_type() {
            let out = saw().feed("freq", freq).on(isa, width).render(long);
            for lane in 0..out.lanes() {
                let held = saw().set("freq", freq(lane, 0));
                let alone = if lane % 2 == 0 { held } else { saw().feed("freq", move |_, t| freq(lane, t)) };
                let db = difference_db(out.lane("out", lane), alone.render(long).lane("out", 0));
                assert!(db < -120.0, "{isa:?} {width:?} lane {lane}: {db}");
            }
        }
    }

    fn sine(f: f64, t: u64) -> f64 {
        (std::f64::consts::TAU * f * t as f64 / RATE as f64).sin()
    }

    /// The loudest alias of a saw restarted by a signal of the frequency `f`.
    fn synced(f: f32, sync: impl Fn(usize, u64) -> f32 + 'static) -> f64 {
        let out = saw().set("freq", f * 2.71).feed("sync", sync).render(1 << 11);
        Spectrum::new(out.lane("out", 0), RATE).alias_db(f as f64)
    }

    #[test]
    fn hard_sync_stays_below_120_db() {
        for f in PITCHES {
            let master = Rig::new("Saw").set("freq", f).render(1 << 11);
            let (ramp, saw) = (master.lane("phase", 0).to_owned(), master.lane("out", 0).to_owned());
            let alias = synced(f, move |_, t| ramp[t as usize]);
            assert!(alias < -130.0, "{f} Hz, from the phase: {alias}");
            // Sound as it is heard is sharp enough for a master of common pitches.
            if f < 1_300.0 {
                let alias = synced(f, move |_, t| saw[t as usize]);
                assert!(alias < -120.0, "{f} Hz, from the saw: {alias}");
            }
            if f < 2_500.0 {
                let alias = synced(f, move |_, t| sine(f as f64, t) as f32);
                assert!(alias < -120.0, "{f} Hz, from a sine: {alias}");
            }
        }
    }

    #[test]
    fn a_synced_saw_modulated_through_zero_stays_below_110_db() {
        for f in [440.0, 1_244.5] {
            for port in ["fm", "lin"] {
                // An index of 0.3 cycles: as frequency, 0.3 tau.
                let depth = if port == "fm" { 0.3 } else { 0.3 * std::f64::consts::TAU };
                for synced in [false, true] {
                    let rig = saw().feed(port, move |_, t| (depth * sine(f, t)) as f32);
                    let rig = match synced {
                        true => rig.set("freq", 2.71 * f as f32).feed("sync", move |_, t| sine(f, t) as f32),
                        false => rig.set("freq", f as f32),
                    };
                    let alias = Spectrum::new(rig.render(1 << 11).lane("out", 0), RATE).alias_db(f);
                    assert!(alias < -110.0, "{f} {port} synced {synced}: {alias}");
                }
            }
        }
    }

    #[test]
    fn a_restart_is_the_same_in_every_lane_type_and_in_any_block() {
        // The masters run at their own pitches, one of them stops and starts.
        let sync = |lane: usize, t: u64| {
            let f = 100.0 * (lane + 1) as f64;
            let on = lane.is_multiple_of(2) || (t / 5_000).is_multiple_of(2);
            if on { sine(f, t) as f32 } else { 0.0 }
        };
        for (isa, width) in every_lane_type() {
            let rig = saw().set("freq", 333.3).feed("sync", sync);
            let out = rig.on(isa, width).render(500);
            for lane in 0..out.lanes() {
                let alone = saw().set("freq", 333.3).feed("sync", move |_, t| sync(lane, t));
                let db = difference_db(out.lane("out", lane), alone.render(500).lane("out", 0));
                assert!(db < -120.0, "{isa:?} {width:?} lane {lane}: {db}");
            }
        }
    }

    #[test]
    fn a_port_at_rest_changes_nothing() {
        // One restart signal stands still at once, the other as a signal: the cheap path and the dear one.
        for f in PITCHES {
            let plain = saw().set("freq", f).render(200);
            let dear = saw().set("freq", f).feed("sync", |_, _| 0.0).feed("lin", |_, _| 0.0).render(200);
            let db = difference_db(plain.lane("out", 0), dear.lane("out", 0));
            assert!(db < -120.0, "{f}: {db}");
        }
    }
}
