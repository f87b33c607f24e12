//! Triangle oscillator without audible aliasing, frequency, phase and hard sync modulated without any either.
use crate::dsp::{
    BLOCK, corner,
    lanes::{Float, Int, Lanes, same},
    phase::{self, Phase, turns},
    rise,
    step::{self, LATE, Phases, Residuals, TAPS, Table},
    sweep::{self, Ramp, Sweep},
    way::BACK,
};

use super::{
    level::apply_level,
    module::{Build, Io, Module, OptionError, Rest},
    saw::is_zero,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        FM: "fm" Audio "phase modulation, in cycles";
        LIN: "lin" Audio "linear frequency modulation, through zero: 1 adds the frequency itself";
        SYNC: "sync" Audio "hard sync: a rise through zero restarts the cycle";
    }
    outputs { OUT: "out" Audio "triangle, -1..1 at level 1, from its lowest point; 16 frames late"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 0.01, 20_000.0, 261.625_58, Log "frequency; a pitch cable shifts it by octaves";
        RATIO: "ratio" Plain 0.0, 64.0, 1.0, Linear "multiplies the frequency";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// State words: the phase, the modulation's last offset, the ramp and the residuals still to come, what restarts need.
const OFFSET: usize = phase::WORDS;
const RAMP: usize = OFFSET + 1;
const RESIDUALS: usize = RAMP + LATE;
const SWEEP: usize = RESIDUALS + TAPS;

/// The triangle rises by 2 over half a cycle, so a corner bends it by 4 times the ramp's speed.
const BEND: f32 = 4.0 / 2_147_483_648.0;

pub struct Tri {
    rate: f32,
    steps: &'static Table,
    corners: &'static Table,
    /// A corner's two sides bend apart where its frequency moves.
    curves: &'static Table,
}

impl Module for Tri {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Tri",
        doc: "Triangle oscillator, band-limited, with frequency and phase modulation and hard sync.",
        algorithm: "32-tap table BLAMP, each corner at its crossing between frames: aliasing below -135 dBFS",
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
            steps: step::table(),
            corners: corner::table(),
            curves: corner::curves(),
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (fm, sync) = (io.ins[input::FM], io.ins[input::SYNC]);
        let (freq, ratio) = (io.ins[param::FREQ], io.ins[param::RATIO]);
        let lin = io.ins[input::LIN];
        let mut phase = Phase::<L>::load(io.state);
        let mut phases: Phases<L> = [l.i(0); LATE + BLOCK];
        for (to, from) in phases.iter_mut().zip(&io.state[RAMP..RESIDUALS]) {
            *to = from.bits();
        }
        let mut residuals: Residuals<L> = [l.f(0.0); BLOCK + TAPS];
        residuals[..TAPS].copy_from_slice(&io.state[RESIDUALS..SWEEP]);

        let synced = !sync.is_constant()
            || !rise::is_still(l, sync.head(), &io.state[SWEEP..][..rise::WORDS]);
        let offset = turns(l, fm.head());
        let unmoved = fm.is_constant() && same(l, offset, io.state[OFFSET].bits());
        let mut steady = freq.is_constant() && ratio.is_constant() && is_zero(l, &lin);
        if steady && unmoved && !synced {
            phase.tune(l, freq.head() * ratio.head(), self.rate);
            steady = step::is_steady::<L>(phase.step());
        }
        if steady && unmoved && !synced {
            let start = phase;
            phase.advance(
                l,
                #[inline(always)]
                |i, turn| phases[LATE + i] = turn + offset,
            );
            let speed = phase.step().to_float() * l.f(BEND);
            for (shift, bend) in [(0, 1.0), (i32::MIN, -1.0)] {
                step::steady_edges(
                    l,
                    start.turn + offset + l.i(shift),
                    phase.step(),
                    #[inline(always)]
                    |lane, i| {
                        let turn = start.ahead(lane).at(i);
                        turn.wrapping_add(offset.lanes()[lane]).wrapping_add(shift)
                    },
                    #[inline(always)]
                    |i, lane, past| {
                        let bend = bend * speed.lanes()[lane];
                        step::add(l, &mut residuals, self.corners, i, lane, past, bend);
                    },
                );
            }
            io.state[OFFSET] = offset.bits();
        } else {
            let mut still = [l.f(0.0); BLOCK];
            let one = l.f(1.0);
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
                sync.expand(&mut still),
                std::array::from_fn(
                    #[inline(always)]
                    |k| phases[LATE - BACK + k],
                ),
                &mut io.state[SWEEP..][..sweep::WORDS],
            );
            for i in 0..BLOCK {
                phases[LATE + i] = sweep.phase(i);
            }
            let (r, corners, curves) = (&mut residuals, self.corners, self.curves);
            // The ramp wraps at the lowest point; half a cycle on, it does at the highest.
            let mut shifted: Ramp<L> = sweep.free;
            for phase in &mut shifted {
                *phase = *phase + l.i(i32::MIN);
            }
            for (ramp, bend) in [(&sweep.free, BEND), (&shifted, -BEND)] {
                sweep.edges(
                    ramp,
                    #[inline(always)]
                    |e| {
                        // The way decides, also where rounding takes a restart back over the wrap and forth again.
                        let bend = bend * e.way;
                        step::add(l, r, corners, e.frame, e.lane, e.past, bend * e.speed);
                        step::add(l, r, curves, e.frame, e.lane, e.past, bend * e.gain);
                    },
                );
            }
            sweep.restarts(
                #[inline(always)]
                |s| {
                    let (frame, lane, past) = (s.frame, s.lane, s.past);
                    let rise = tri(s.after) - tri(s.before);
                    step::add(l, r, self.steps, frame, lane, past, rise);
                    if (s.before < 0) != (s.after < 0) {
                        let bend = if s.after < 0 { BEND } else { -BEND };
                        step::add(l, r, corners, frame, lane, past, bend * s.speed);
                        step::add(l, r, curves, frame, lane, past, bend * s.gain);
                    }
                },
            );
            io.state[OFFSET] = turns(l, fm.at(BLOCK - 1)).bits();
        }

        let out = &mut io.outs[output::OUT].block;
        let (two, one) = (l.f(1.0 / 1_073_741_824.0), l.f(1.0));
        for ((o, phase), residual) in out.iter_mut().zip(&phases).zip(&residuals) {
            *o = phase.to_float().abs().nfma(two, one) + *residual;
        }
        apply_level(l, out, &io.ins[param::LEVEL]);

        phase.store(io.state);
        for (to, from) in io.state[RAMP..].iter_mut().zip(&phases[BLOCK..]) {
            *to = from.bits();
        }
        io.state[RESIDUALS..SWEEP].copy_from_slice(&residuals[BLOCK..]);
    }

    #[inline(always)]
    fn may_skip<L: Lanes>(&self, l: L, io: &Io<'_, L>) -> bool {
        let sync = io.ins[input::SYNC].head();
        rise::is_still(l, sync, &io.state[SWEEP..][..rise::WORDS])
    }

    #[inline(always)]
    fn skip<L: Lanes>(&self, _: L, state: &mut [L::F], frames: u64) {
        let mut phase = Phase::<L>::load(state);
        phase.skip(frames);
        phase.store(state);
    }
}

/// The naive triangle at a phase.
#[inline(always)]
fn tri(phase: i32) -> f32 {
    1.0 - (phase as f32).abs() / 1_073_741_824.0
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type},
        measure::Spectrum,
    };
    use std::f64::consts::{PI, TAU};

    const PITCHES: [f32; 5] = [110.0, 440.0, 1_244.5, 2_489.0, 4_978.0];

    fn sine(f: f32) -> impl Fn(usize, u64) -> f32 {
        move |_, t| (TAU * f as f64 * t as f64 / RATE as f64).sin() as f32
    }

    #[test]
    fn aliasing_stays_below_135_db_and_harmonics_are_those_of_a_triangle() {
        let out = Rig::new("Tri")
            .per_lane("freq", |l| PITCHES[l % 5])
            .wide()
            .render(1 << 11);
        for (lane, f) in PITCHES.into_iter().enumerate().take(out.lanes()) {
            let f = f as f64;
            let s = Spectrum::new(out.lane("out", lane), RATE);
            let alias = s.alias_db(f);
            assert!(alias < -135.0, "{f} Hz: {alias}");
            let top = (15_000.0 / f).floor();
            for k in [1.0, 3.0, top - (1.0 - top % 2.0)] {
                let want = 8.0 / (PI * k).powi(2);
                let db = 20.0 * (s.amplitude(k * f) / want).log10();
                assert!(db.abs() < 0.05, "{f} Hz, harmonic {k}: {db}");
            }
        }
    }

    #[test]
    fn hard_sync_and_modulation_hardly_alias() {
        for f in PITCHES.into_iter().take(4) {
            for (port, depth) in [("sync", 0.0), ("lin", 0.5), ("fm", 0.2)] {
                let rig = Rig::new("Tri").set("freq", f * 2.71).feed("sync", sine(f));
                let rig = match port {
                    "sync" => rig,
                    _ => rig.feed(port, move |l, t| depth * sine(f)(l, t)),
                };
                let out = rig.render(1 << 11);
                let alias = Spectrum::new(out.lane("out", 0), RATE).alias_db(f as f64);
                // Modulated sidebands of the highest reach beyond what five frames tell.
                let most = match (port, f > 2_000.0) {
                    ("sync", _) => -125.0,
                    (_, true) => -85.0,
                    _ => -110.0,
                };
                assert!(alias < most, "{f} Hz, {port}: {alias}");
            }
        }
    }

    #[test]
    fn a_port_at_rest_changes_nothing() {
        for f in PITCHES {
            let plain = Rig::new("Tri").set("freq", f).render(200);
            let dear = Rig::new("Tri")
                .set("freq", f)
                .feed("sync", |_, _| 0.0)
                .render(200);
            let db = difference_db(plain.lane("out", 0), dear.lane("out", 0));
            assert!(db < -120.0, "{f}: {db}");
        }
    }

    #[test]
    fn all_lane_types_agree_whatever_their_neighbours_do() {
        let freq = |lane: usize, frame: u64| {
            let glide = (lane % 2) as f32 * frame as f32 * 0.01;
            55.0 * (1 << lane.min(7)) as f32 + glide
        };
        for (isa, width) in every_lane_type() {
            let out = Rig::new("Tri")
                .feed("freq", freq)
                .on(isa, width)
                .render(1_000);
            for lane in 0..out.lanes() {
                let alone = Rig::new("Tri");
                let alone = match lane % 2 {
                    0 => alone.set("freq", freq(lane, 0)),
                    _ => alone.feed("freq", move |_, t| freq(lane, t)),
                };
                let db = difference_db(out.lane("out", lane), alone.render(1_000).lane("out", 0));
                assert!(db < -120.0, "{isa:?} {width:?} lane {lane}: {db}");
            }
        }
    }
}
