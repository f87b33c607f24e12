//! State-variable filter with all its outputs.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
    matched_svf::{Coefficients, Damped, Reach, Rows, Shape, State},
};

use super::{
    module::{Build, In, Io, Module, OptionError, Out, Rest},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { IN: "in" Audio "signal"; }
    outputs {
        LP: "lp" Audio "low-pass, 12 dB an octave";
        HP: "hp" Audio "high-pass, 12 dB an octave";
        BP: "bp" Audio "band-pass, 1 at the cutoff";
        NOTCH: "notch" Audio "all but the cutoff";
        PEAK: "peak" Audio "low-pass less high-pass: everything passes, the cutoff most";
    }
    params {
        CUTOFF: "cutoff" ["freq", "frequency", "pitch"] Hz 10.0, 20_000.0, 1_000.0, Log "corner frequency";
        Q: "q" ["resonance"] Plain 0.1, 100.0, std::f32::consts::FRAC_1_SQRT_2, Log "resonance: the gain at the cutoff; from 95 on it sings by itself, in tune";
    }
    options {}
}

pub struct Svf {
    reach: Reach,
}

impl Module for Svf {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Svf",
        doc: "State-variable filter: low-pass, high-pass, band-pass, notch and peak at once; sings at the highest q.",
        algorithm: "trapezoidal integrators without a delay in the loop (TPT), stable under audio-rate modulation; poles and outputs matched to the analog filter up to 16 kHz (after Vicanek, Matched Second Order Digital Filters)",
        family: Family::Filter,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 2;
    const REST: Rest = Rest::Forgets { still: &[param::Q] };

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            reach: Reach::new(build.rate),
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, cutoff, q) = (io.ins[input::IN], io.ins[param::CUTOFF], io.ins[param::Q]);
        let (highest, most) = (self.reach.most(), l.f(self.reach.most()));
        let mut bounded;
        let cutoff = match cutoff.block() {
            // Rates from 41 kHz on hold every cutoff.
            _ if highest >= PARAMS[param::CUTOFF].max => cutoff,
            None => In::constant(cutoff.head().min(most)),
            Some(block) => {
                bounded = [l.f(0.0); BLOCK];
                for (to, cutoff) in bounded.iter_mut().zip(block) {
                    *to = cutoff.min(most);
                }
                In::signal(&bounded)
            }
        };
        let mut state = State {
            s1: io.state[0],
            s2: io.state[1],
        };
        let only_lp = !io.outs[output::HP..=output::PEAK].iter().any(|o| o.wanted);
        let sings = q.louder_than(l, SINGS);
        let outs = &mut *io.outs;
        let flat;
        let x = match x.block() {
            Some(block) => block,
            None if only_lp && !sings && state.follow(l, x.head()) => {
                (io.state[0], io.state[1]) = (state.s1, state.s2);
                return outs[output::LP].fill(x.head());
            }
            None => {
                flat = [x.head(); BLOCK];
                &flat
            }
        };
        if sings {
            let mut seeded = [l.f(0.0); BLOCK];
            for (i, s) in seeded.iter_mut().enumerate() {
                *s = singing(l, q.at(i)).fma(l.f(SEED), x[i]);
            }
            run(
                l,
                &mut state,
                &seeded,
                outs,
                only_lp,
                #[inline(always)]
                |i, energy| {
                    let sung = self.damped(l, singing_damping(l, q.at(i), energy));
                    let k = Coefficients::new(l, &sung, cutoff.at(i));
                    (k, Shape::new(l, &self.of(l, q.at(i)), cutoff.at(i)))
                },
            );
            (io.state[0], io.state[1]) = (state.s1, state.s2);
            return;
        }
        match (cutoff.block(), q.block()) {
            (Some(cutoff), None) if L::N == 1 && only_lp => {
                let k = self.of(l, q.head());
                let rows = Rows::new(
                    l,
                    #[inline(always)]
                    |i| Coefficients::new(l, &k, cutoff[i]),
                );
                for (i, o) in outs[output::LP].block.iter_mut().enumerate() {
                    *o = state.low(&rows.at(i), x[i]);
                }
            }
            (Some(cutoff), None) => {
                let k = self.of(l, q.head());
                run(
                    l,
                    &mut state,
                    x,
                    outs,
                    only_lp,
                    #[inline(always)]
                    |i, _| both(l, &k, cutoff[i]),
                );
            }
            (None, None) => {
                let k = both(l, &self.of(l, q.head()), cutoff.head());
                run(
                    l,
                    &mut state,
                    x,
                    outs,
                    only_lp,
                    #[inline(always)]
                    |_, _| k,
                );
            }
            _ => run(
                l,
                &mut state,
                x,
                outs,
                only_lp,
                #[inline(always)]
                |i, _| both(l, &self.of(l, q.at(i)), cutoff.at(i)),
            ),
        }
        (io.state[0], io.state[1]) = (state.s1, state.s2);
    }

    #[inline(always)]
    fn may_rest<L: Lanes>(&self, l: L, knobs: &[L::F]) -> u64 {
        l.f(SINGS).gt(knobs[param::Q]).to_bits()
    }
}

impl Svf {
    #[inline(always)]
    fn damped<L: Lanes>(&self, l: L, damping: L::F) -> Damped<L> {
        Damped::new(l, &self.reach, damping)
    }

    /// Of a resonance.
    #[inline(always)]
    fn of<L: Lanes>(&self, l: L, q: L::F) -> Damped<L> {
        self.damped(l, l.f(1.0) / q)
    }
}

/// From this Q on the damping falls faster than 1 / Q, through 0 at about 93, to -0.03 at 100.
const SINGS: f32 = 90.0;
const FALL: f32 = 0.04;
/// What swings in a filter that sings adds this times its energy to the damping: it settles at an amplitude of 0.6.
const BOUNDS: f32 = 0.08;
/// A hair of direct current (-120 dBFS), so that a silent filter can start.
const SEED: f32 = 1e-6;

/// 0 where it does not sing, 1 at the highest Q.
#[inline(always)]
fn singing<L: Lanes>(l: L, q: L::F) -> L::F {
    (q - l.f(SINGS)).max(l.f(0.0)) * l.f(1.0 / (100.0 - SINGS))
}

#[inline(always)]
fn singing_damping<L: Lanes>(l: L, q: L::F, energy: L::F) -> L::F {
    let bound = energy.min(l.f(10.0)).fma(l.f(BOUNDS), l.f(-FALL));
    singing(l, q).fma(bound, l.f(1.0) / q)
}

/// Coefficients of the states and of all outputs; the latter fall away where they are not used.
#[inline(always)]
fn both<L: Lanes>(l: L, k: &Damped<L>, cutoff: L::F) -> (Coefficients<L>, Shape<L>) {
    (Coefficients::new(l, k, cutoff), Shape::new(l, k, cutoff))
}

/// One block with the coefficients that `at` gives for each frame and the energy in the filter.
#[inline(always)]
fn run<L: Lanes>(
    l: L,
    state: &mut State<L>,
    x: &[L::F; BLOCK],
    outs: &mut [Out<L>],
    only_lp: bool,
    at: impl Fn(usize, L::F) -> (Coefficients<L>, Shape<L>),
) {
    if only_lp {
        // By twos: counting frames is a part of the loop.
        let twos = outs[output::LP].block.as_chunks_mut::<2>().0.iter_mut();
        for (two, (o, x)) in twos.zip(x.as_chunks::<2>().0).enumerate() {
            for k in 0..2 {
                o[k] = state.low(&at(2 * two + k, state.energy(x[k])).0, x[k]);
            }
        }
        return;
    }
    let [lp, hp, bp, notch, peak] = outs else {
        return;
    };
    for (i, x) in x.iter().enumerate() {
        let (k, shape) = at(i, state.energy(*x));
        let frame = state.tick(l, &k, &shape, *x);
        lp.block[i] = frame.low;
        hp.block[i] = frame.high;
        bp.block[i] = frame.band;
        notch.block[i] = frame.notch;
        peak.block[i] = frame.peak;
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::{Spectrum, cents, pitch, rms},
    };
    use std::f64::consts::TAU;

    /// Gain at a frequency, from the spectra of an impulse's response.
    fn gains(port: &str, cutoff: f32, q: f32, at: &[f64]) -> Vec<f64> {
        let impulse = |_, t: u64| if t == 0 { 1.0 } else { 0.0 };
        let rig = Rig::new("Svf").set("cutoff", cutoff).set("q", q);
        let out = rig.feed("in", impulse).render(1 << 9);
        let response = out.lane(port, 0);
        at.iter()
            .map(|f| {
                let (mut re, mut im) = (0.0, 0.0);
                for (t, y) in response.iter().enumerate() {
                    let turn = TAU * f * t as f64 / RATE as f64;
                    re += *y as f64 * turn.cos();
                    im += *y as f64 * turn.sin();
                }
                re.hypot(im)
            })
            .collect()
    }

    #[test]
    fn responses_are_those_of_the_analog_filter_up_to_16_khz() {
        let at = [50.0, 300.0, 1_000.0, 4_000.0, 10_000.0, 16_000.0];
        for cutoff in [200.0f32, 1_000.0, 5_000.0, 10_000.0, 14_000.0] {
            for q in [0.5f32, 0.707, 1.0, 4.0, 20.0] {
                for port in ["lp", "hp", "bp", "notch", "peak"] {
                    for (f, got) in at.iter().zip(gains(port, cutoff, q, &at)) {
                        let v = f / cutoff as f64;
                        let (re, im) = (1.0 - v * v, v / q as f64);
                        let over = match port {
                            "lp" => 1.0,
                            "hp" => v * v,
                            "bp" => im,
                            "notch" => re.abs(),
                            _ => 1.0 + v * v,
                        };
                        let want = over / re.hypot(im);
                        let db = 20.0 * (got.max(1e-3) / want.max(1e-3)).log10();
                        let most = match port {
                            "lp" | "bp" => 0.4,
                            // The broadest notch is the one that misses the mark.
                            "notch" if q < 0.6 => 1.5,
                            _ if cutoff > 10_000.0 => 1.0,
                            _ => 0.5,
                        };
                        assert!(db.abs() < most, "{port} {cutoff} {q} at {f}: {db} dB");
                    }
                }
            }
        }
    }

    #[test]
    fn at_the_highest_q_it_sings_in_tune_from_silence() {
        let tuned = [110.0f32, 440.0, 1_000.0, 3_000.0, 7_000.0, 12_000.0];
        let rig = Rig::new("Svf").set("q", 100.0);
        let out = rig
            .per_lane("cutoff", move |lane| tuned[lane % 6])
            .wide()
            .render(3_000);
        for (lane, cutoff) in tuned.into_iter().enumerate().take(out.lanes()) {
            for port in ["lp", "bp"] {
                let y = &out.lane(port, lane)[128_000..];
                let off = cents(pitch(y, cutoff as f64, RATE), cutoff as f64);
                assert!(off.abs() < 0.01, "{port} {cutoff}: {off} cents");
            }
            let y = rms(&out.lane("lp", lane)[128_000..]);
            assert!((0.4..0.5).contains(&y), "{cutoff}: {y}");
        }
    }

    /// Cutoff swept at audio rate by 2 or 4 octaves either way around 1 kHz: 48 cases.
    fn sweeps() -> Vec<(f64, f64, f32)> {
        let rates = [1.0, 20.0, 110.0, 997.0, 5_000.0, 12_000.0];
        let cases = rates.iter().flat_map(|r| [2.0, 4.0].map(|o| (*r, o)));
        cases
            .flat_map(|(r, o)| [0.707, 4.0, 20.0, 100.0].map(|q| (r, o, q)))
            .collect()
    }

    #[test]
    fn no_audio_rate_modulation_blows_up() {
        assert_eq!(sweeps().len(), 48);
        for (rate, octaves, q) in sweeps() {
            let cutoff = move |_, t: u64| {
                let turn = rate * t as f64 / RATE as f64;
                (1_000.0 * (octaves * (TAU * turn).sin()).exp2()) as f32
            };
            let rig = Rig::new("Svf").set("q", q).feed("cutoff", cutoff);
            let out = rig.feed("in", hash_noise).render(750);
            let peak = out.lane("lp", 0).iter().fold(0.0f32, |m, x| m.max(x.abs()));
            // A resonance that noise rings passes at most its Q, with a margin for modulation that pumps it.
            assert!(
                peak < 4.0 * q.max(4.0),
                "{rate} Hz, {octaves} octaves, Q {q}: {peak}"
            );
        }
    }

    #[test]
    fn lane_types_agree_whether_or_not_a_neighbour_sweeps() {
        let cutoff = |lane: usize, t: u64| match lane % 2 {
            0 => 400.0 + 300.0 * lane as f32,
            _ => 800.0 + (t % 4_800) as f32,
        };
        for (isa, width) in every_lane_type() {
            let rig = Rig::new("Svf").set("q", 5.0).feed("cutoff", cutoff);
            let quiet = |lane, t| 0.25 * hash_noise(lane, t);
            let out = rig.feed("in", quiet).on(isa, width).render(400);
            for lane in 0..out.lanes() {
                let alone = Rig::new("Svf").set("q", 5.0);
                let alone = match lane % 2 {
                    0 => alone.set("cutoff", cutoff(lane, 0)),
                    _ => alone.feed("cutoff", move |_, t| cutoff(lane, t)),
                };
                let alone = alone.feed("in", move |_, t| quiet(lane, t)).render(400);
                for port in ["lp", "hp", "bp", "notch", "peak"] {
                    let db = difference_db(out.lane(port, lane), alone.lane(port, 0));
                    assert!(db < -120.0, "{isa:?} {width:?} {port} {lane}: {db}");
                }
            }
        }
    }

    #[test]
    fn a_deep_cutoff_keeps_its_precision() {
        // A 20 Hz low-pass at Q 10 passes a 20 Hz sine with gain 10 and no noise to speak of.
        let x = |_, t: u64| (0.05 * (TAU * 20.507_812_5 * t as f64 / RATE as f64).sin()) as f32;
        let out = Rig::new("Svf")
            .set("cutoff", 20.0)
            .set("q", 10.0)
            .feed("in", x)
            .render(1 << 12);
        let s = Spectrum::new(&out.lane("lp", 0)[1 << 17..], RATE);
        assert!(
            s.band_db(100.0, 20_000.0) < -120.0,
            "{}",
            s.band_db(100.0, 20_000.0)
        );
    }
}
