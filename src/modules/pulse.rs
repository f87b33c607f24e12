//! Pulse oscillator without audible aliasing: not from modulated width, frequency and phase, nor from hard sync.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Int, Lanes, same},
    phase::{self, Phase, turns},
    rise,
    step::{self, LATE, Phases, Residuals, TAPS, Table},
    sweep::{self, Ramp, Sweep},
    way::BACK,
};

use super::{
    level::{apply_moving, steady_level},
    module::{Build, Io, Module, OptionError, Rest},
    saw::{is_zero, modulate},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        FM: "fm" Audio "phase modulation, in cycles";
        LIN: "lin" Audio "linear frequency modulation, through zero: 1 adds the frequency itself";
        SYNC: "sync" Audio "hard sync: a rise through zero restarts the cycle";
    }
    outputs { OUT: "out" Audio "pulse without its direct current: a square is -1..1 at level 1; 16 frames late"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 0.01, 20_000.0, 261.625_58, Log "frequency; a pitch cable shifts it by octaves";
        RATIO: "ratio" Plain 0.0, 64.0, 1.0, Linear "multiplies the frequency";
        WIDTH: "width" ["pw", "duty"] Plain 0.01, 0.99, 0.5, Linear "part of the cycle that is high";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// State words: the phase, the modulation's last offset, the phases and widths still to come, the residuals still to come, what
/// restarts need.
const OFFSET: usize = phase::WORDS;
const RAMP: usize = OFFSET + 1;
const FALLS: usize = RAMP + LATE;
const RESIDUALS: usize = FALLS + LATE;
const SWEEP: usize = RESIDUALS + TAPS;

pub struct Pulse {
    rate: f32,
    table: &'static Table,
}

impl Module for Pulse {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Pulse",
        doc: "Pulse oscillator, band-limited, with width, frequency and phase modulation and hard sync.",
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
        let (fm, width) = (io.ins[input::FM], io.ins[param::WIDTH]);
        let mut phase = Phase::<L>::load(io.state);
        let mut phases: Phases<L> = [l.i(0); LATE + BLOCK];
        // Where in the cycle the pulse falls; the cycle, and the pulse, start at the lowest integer.
        let mut falls: Phases<L> = [l.i(0); LATE + BLOCK];
        for i in 0..LATE {
            phases[i] = io.state[RAMP + i].bits();
            falls[i] = io.state[FALLS + i].bits();
        }
        let mut residuals: Residuals<L> = [l.f(0.0); BLOCK + TAPS];
        residuals[..TAPS].copy_from_slice(&io.state[RESIDUALS..][..TAPS]);

        let (lin, sync, one) = (io.ins[input::LIN], io.ins[input::SYNC], l.f(1.0));
        let synced = !sync.is_constant()
            || !rise::is_still(l, sync.head(), &io.state[SWEEP..][..rise::WORDS]);
        let steady_lin = is_zero(l, &lin);
        let steady = freq.is_constant() && ratio.is_constant() && steady_lin;
        let mut sweep = None;
        if synced {
            let mut still = [l.f(0.0); BLOCK];
            let (before, words) = (&phases, &mut io.state[SWEEP..][..sweep::WORDS]);
            let found = Sweep::new(
                l,
                &mut phase,
                (
                    self.rate,
                    #[inline(always)]
                    |i| freq.at(i) * ratio.at(i) * (one + lin.at(i)),
                ),
                #[inline(always)]
                |i| turns(l, fm.at(i)),
                sync.expand(&mut still),
                std::array::from_fn(
                    #[inline(always)]
                    |k| before[LATE - BACK + k],
                ),
                words,
            );
            for i in 0..BLOCK {
                phases[LATE + i] = found.phase(i);
            }
            sweep = Some(found);
        } else if steady {
            phase.tune(l, freq.head() * ratio.head(), self.rate);
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
                |i| match steady_lin {
                    true => freq.at(i) * ratio.at(i),
                    false => freq.at(i) * ratio.at(i) * (one + lin.at(i)),
                },
                #[inline(always)]
                |i, turn| phases[LATE + i] = turn,
            );
        }
        let offset = match synced {
            true => turns(l, fm.at(BLOCK - 1)),
            false => modulate(l, &mut phases, &fm),
        };
        match width.block() {
            Some(width) => {
                for (fall, width) in falls[LATE..].iter_mut().zip(width) {
                    *fall = fall_at(l, *width);
                }
            }
            None => falls[LATE..].fill(fall_at(l, width.head())),
        }

        let lowest = l.i(i32::MIN);
        let unmoved = fm.is_constant() && same(l, offset, io.state[OFFSET].bits());
        let still = width.is_constant() && same(l, falls[LATE - 1], falls[LATE]);
        let step = phase.step();
        let (t, r) = (self.table, &mut residuals);
        if let Some(sweep) = sweep {
            restart(l, r, t, &sweep, &phases, &falls);
        } else if steady && unmoved && still && step::is_steady::<L>(step) {
            for (shift, height) in [(l.i(0), 2.0), (lowest - falls[LATE], -2.0)] {
                step::steady_edges(
                    l,
                    phases[LATE - 1] + shift,
                    step,
                    #[inline(always)]
                    |lane, i| (phases[LATE - 1 + i.min(BLOCK)] + shift).lanes()[lane],
                    #[inline(always)]
                    |i, lane, past| step::add(l, r, t, i, lane, past, height),
                );
            }
        } else {
            step::moving_edges(l, r, t, &phases, -1.0);
            // The ramp that wraps where the pulse falls.
            let mut ramp = phases;
            for (ramp, fall) in ramp.iter_mut().zip(&falls) {
                *ramp = *ramp - *fall + lowest;
            }
            step::moving_edges(l, r, t, &ramp, 1.0);
        }

        let gain = steady_level(l, &level);
        let out = &mut io.outs[output::OUT].block;
        let (scale, one, two) = (l.f(1.0 / 2_147_483_648.0), l.f(1.0), l.f(2.0));
        for (i, o) in out.iter_mut().enumerate() {
            // Twice the width is 1 + fall / 2^31: less that, the mean is 0.
            let low = -(falls[i].to_float().fma(scale, one));
            let naive = L::F::select(falls[i].gt(phases[i]), low + two, low);
            *o = (naive + residuals[i]) * gain;
        }
        apply_moving(out, &level);

        phase.store(io.state);
        io.state[OFFSET] = offset.bits();
        for i in 0..LATE {
            io.state[RAMP + i] = phases[BLOCK + i].bits();
            io.state[FALLS + i] = falls[BLOCK + i].bits();
        }
        io.state[RESIDUALS..][..TAPS].copy_from_slice(&residuals[BLOCK..]);
    }

    #[inline(always)]
    fn may_skip<L: Lanes>(&self, l: L, io: &Io<'_, L>) -> bool {
        let sync = io.ins[input::SYNC].head();
        rise::is_still(l, sync, &io.state[SWEEP..][..rise::WORDS])
    }

    /// Edges are looked for from the last frame on.
    #[inline(always)]
    fn skip<L: Lanes>(&self, l: L, state: &mut [L::F], frames: u64) {
        let (mut phase, offset) = (Phase::<L>::load(state), state[OFFSET].bits());
        phase.skip(frames - LATE as u64);
        phase.advance_over(
            l,
            0..LATE,
            #[inline(always)]
            |i, turn| state[RAMP + i] = (turn + offset).bits(),
        );
        phase.store(state);
    }
}

/// Adds the residuals of a pulse that another signal restarts.
#[inline(always)]
fn restart<L: Lanes>(
    l: L,
    residuals: &mut Residuals<L>,
    table: &Table,
    sweep: &Sweep<L>,
    phases: &Phases<L>,
    falls: &Phases<L>,
) {
    // The ramp that wraps where the pulse falls.
    let mut ramp: Ramp<L> = sweep.free;
    for (ramp, fall) in ramp.iter_mut().zip(&falls[LATE - BACK..]) {
        *ramp = *ramp - *fall + l.i(i32::MIN);
    }
    let mut risen = [l.f(0.0); BLOCK];
    for (ramp, height) in [(&sweep.free, 2.0), (&ramp, -2.0)] {
        sweep.edges(
            ramp,
            #[inline(always)]
            |e| {
                let height = e.way * height;
                risen[e.frame].lanes_mut()[e.lane] += height;
                step::add(l, residuals, table, e.frame, e.lane, e.past, height);
            },
        );
    }
    sweep.restarts(
        #[inline(always)]
        |s| {
            let at = |x: &Phases<L>, i: usize| x[i].lanes()[s.lane];
            let high = |i: usize| (at(falls, i) > at(phases, i)) as u8 as f32;
            // What the edges have not made of the way from the frame before to this one, the restart did.
            let i = LATE + s.frame;
            let height = 2.0 * (high(i) - high(i - 1)) - risen[s.frame].lanes()[s.lane];
            if height != 0.0 {
                step::add(l, residuals, table, s.frame, s.lane, s.past, height);
            }
        },
    );
}

/// A width as the phase where the pulse falls.
#[inline(always)]
fn fall_at<L: Lanes>(l: L, width: L::F) -> L::I {
    ((width - l.f(0.5)) * l.f(4_294_967_296.0)).to_int()
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type},
        measure::Spectrum,
    };
    use std::f64::consts::{PI, TAU};

    const PITCHES: [f32; 5] = [110.0, 440.0, 1_244.5, 2_489.0, 4_978.0];

    #[test]
    fn aliasing_stays_below_135_db_and_harmonics_are_those_of_a_pulse() {
        for width in [0.5f32, 0.23] {
            let rig = Rig::new("Pulse").set("width", width);
            let out = rig.per_lane("freq", |l| PITCHES[l % 5]).wide().render(1 << 11);
            for (lane, f) in PITCHES.into_iter().enumerate().take(out.lanes()) {
                let f = f as f64;
                let s = Spectrum::new(out.lane("out", lane), RATE);
                let alias = s.alias_db(f);
                assert!(alias < -135.0, "{f} Hz, width {width}: {alias}");
                for k in [1.0, 3.0, (15_000.0 / f).floor()] {
                    let want = 4.0 / (PI * k) * (PI * k * width as f64).sin().abs();
                    if want > 1e-3 {
                        let db = 20.0 * (s.amplitude(k * f) / want).log10();
                        assert!(db.abs() < 0.05, "{f} Hz, width {width}, harmonic {k}: {db}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_modulated_width_does_not_alias() {
        // At the pitch itself, so that every line that belongs is a harmonic.
        let f = 441.0;
        let w = move |_, t: u64| (0.5 + 0.3 * (TAU * f * t as f64 / RATE as f64).sin()) as f32;
        let out = Rig::new("Pulse").set("freq", f as f32).feed("width", w).render(1 << 11);
        let alias = Spectrum::new(out.lane("out", 0), RATE).alias_db(f);
        assert!(alias < -100.0, "{alias}");
    }

    #[test]
    fn a_knob_that_steps_between_blocks_takes_its_edges_along() {
        // A width that is constant in each block but jumps between blocks, against the same one as a signal.
        let width = |t: u64| 0.2 + 0.1 * ((t / 64) % 7) as f32;
        let steps = Rig::new("Pulse").set("freq", 997.0).steps("width", move |_, b| width(b * 64));
        let signal = Rig::new("Pulse").set("freq", 997.0).feed("width", move |_, t| width(t));
        let (a, b) = (steps.render(500), signal.render(500));
        assert!(difference_db(a.lane("out", 0), b.lane("out", 0)) < -120.0);
    }

    #[test]
    fn all_lane_types_agree_whatever_their_neighbours_do() {
        let freq = |lane: usize, frame: u64| {
            let glide = (lane % 2) as f32 * frame as f32 * 0.01;
            55.0 * (1 << lane.min(7)) as f32 + glide
        };
        for (isa, width) in every_lane_type() {
            let out = Rig::new("Pulse").feed("freq", freq).on(isa, width).render(1_000);
            for lane in 0..out.lanes() {
                let alone = Rig::new("Pulse");
                let alone = match lane % 2 {
                    0 => alone.set("freq", freq(lane, 0)),
                    _ => alone.feed("freq", move |_, t| freq(lane, t)),
                };
                let db = difference_db(out.lane("out", lane), alone.render(1_000).lane("out", 0));
                assert!(db < -120.0, "{isa:?} {width:?} lane {lane}: {db}");
            }
        }
    }

    #[test]
    fn hard_sync_and_modulation_hardly_alias() {
        for f in PITCHES.into_iter().take(4) {
            let sine = move |_: usize, t: u64| (TAU * f as f64 * t as f64 / RATE as f64).sin() as f32;
            for lin in [0.0, 0.3] {
                let rig = Rig::new("Pulse").set("freq", f * 2.71).set("width", 0.3).feed("sync", sine);
                let rig = if lin > 0.0 { rig.feed("lin", move |l, t| lin * sine(l, t)) } else { rig };
                let out = rig.render(1 << 11);
                let alias = Spectrum::new(out.lane("out", 0), RATE).alias_db(f as f64);
                let most = if lin > 0.0 && f > 2_000.0 { -90.0 } else { -120.0 };
                assert!(alias < most, "{f} Hz, lin {lin}: {alias}");
            }
        }
    }

    #[test]
    fn a_port_at_rest_changes_nothing() {
        for f in PITCHES {
            let plain = Rig::new("Pulse").set("freq", f).render(200);
            let dear = Rig::new("Pulse").set("freq", f).feed("sync", |_, _| 0.0).feed("lin", |_, _| 0.0).render(200);
            let db = difference_db(plain.lane("out", 0), dear.lane("out", 0));
            assert!(db < -120.0, "{f}: {db}");
        }
    }
}
