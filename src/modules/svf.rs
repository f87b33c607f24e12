//! State-variable filter with all its outputs.
use std::f32::consts::PI;

use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes},
    svf::{Coefficients, State},
};

use super::{
    module::{Build, Io, Module, Out, OptionError},
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
        Q: "q" ["resonance"] Plain 0.1, 100.0, std::f32::consts::FRAC_1_SQRT_2, Log "resonance: the gain at the cutoff";
    }
    options {}
}

pub struct Svf {
    /// Half a turn a frame, for each hertz.
    per_hz: f32,
}

impl Module for Svf {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Svf",
        doc: "State-variable filter: low-pass, high-pass, band-pass, notch and peak at once.",
        algorithm: "trapezoidal integrators without a delay in the loop (TPT), stable under audio-rate modulation",
        family: Family::Filter,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 2;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            per_hz: PI / build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (x, cutoff, q) = (io.ins[input::IN], io.ins[param::CUTOFF], io.ins[param::Q]);
        let mut state = State {
            s1: io.state[0],
            s2: io.state[1],
        };
        let only_lp = !io.outs[output::HP..=output::PEAK].iter().any(|o| o.wanted);
        let outs = &mut *io.outs;
        let flat;
        let x = match x.block() {
            Some(block) => block,
            None if only_lp && state.follow(l, x.head()) => {
                (io.state[0], io.state[1]) = (state.s1, state.s2);
                return outs[output::LP].fill(x.head());
            }
            None => {
                flat = [x.head(); BLOCK];
                &flat
            }
        };
        match (cutoff.block(), q.block()) {
            (Some(cutoff), None) => {
                let damping = l.f(1.0) / q.head();
                run(
                    l,
                    &mut state,
                    x,
                    outs,
                    only_lp,
                    #[inline(always)]
                    |i| (self.coefficients(l, cutoff[i], damping), damping),
                );
            }
            (None, None) => {
                let damping = l.f(1.0) / q.head();
                let k = self.coefficients(l, cutoff.head(), damping);
                run(
                    l,
                    &mut state,
                    x,
                    outs,
                    only_lp,
                    #[inline(always)]
                    |_| (k, damping),
                );
            }
            _ => run(
                l,
                &mut state,
                x,
                outs,
                only_lp,
                #[inline(always)]
                |i| {
                    let damping = l.f(1.0) / q.at(i);
                    (self.coefficients(l, cutoff.at(i), damping), damping)
                },
            ),
        }
        (io.state[0], io.state[1]) = (state.s1, state.s2);
    }
}

impl Svf {
    #[inline(always)]
    fn coefficients<L: Lanes>(&self, l: L, cutoff: L::F, damping: L::F) -> Coefficients<L> {
        // The tangent's fraction holds up to 0.49 of the rate.
        let angle = (cutoff * l.f(self.per_hz)).min(l.f(0.49 * PI));
        Coefficients::new(l, angle, damping)
    }
}

/// One block with the coefficients and damping that `at` gives for each frame.
#[inline(always)]
fn run<L: Lanes>(
    l: L,
    state: &mut State<L>,
    x: &[L::F; BLOCK],
    outs: &mut [Out<L>],
    only_lp: bool,
    at: impl Fn(usize) -> (Coefficients<L>, L::F),
) {
    let half = l.f(0.5);
    if only_lp {
        for (i, o) in outs[output::LP].block.iter_mut().enumerate() {
            *o = state.tick(&at(i).0, x[i], half).0;
        }
        return;
    }
    let [lp, hp, bp, notch, peak] = outs else {
        return;
    };
    for i in 0..BLOCK {
        let (k, damping) = at(i);
        let x = x[i];
        let (low, band) = state.tick(&k, x, half);
        let band = band * damping;
        let rest = x - band;
        let high = rest - low;
        lp.block[i] = low;
        hp.block[i] = high;
        bp.block[i] = band;
        notch.block[i] = rest;
        peak.block[i] = low - high;
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        measure::Spectrum,
    };
    use std::f64::consts::{PI, TAU};

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
    fn responses_are_those_of_the_prewarped_analog_filter() {
        let at = [50.0, 300.0, 1_000.0, 4_000.0, 12_000.0];
        for cutoff in [200.0f32, 1_000.0, 9_000.0] {
            for q in [0.5f32, 1.0, 8.0] {
                let g = (PI * cutoff as f64 / RATE as f64).tan();
                let want = |f: f64, port: &str| {
                    let w = (PI * f / RATE as f64).tan() / g;
                    let (re, im) = (1.0 - w * w, w / q as f64);
                    let below = re.hypot(im);
                    match port {
                        "lp" => 1.0 / below,
                        "hp" => w * w / below,
                        "bp" => im / below,
                        "notch" => re.abs() / below,
                        _ => (1.0 + w * w) / below,
                    }
                };
                for port in ["lp", "hp", "bp", "notch", "peak"] {
                    for (f, got) in at.iter().zip(gains(port, cutoff, q, &at)) {
                        let want = want(*f, port);
                        let db = 20.0 * (got.max(1e-4) / want.max(1e-4)).log10();
                        assert!(db.abs() < 0.05, "{port} {cutoff} {q} at {f}: {got} {want}");
                    }
                }
            }
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
            assert!(peak < 4.0 * q.max(4.0), "{rate} Hz, {octaves} octaves, Q {q}: {peak}");
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
        let out = Rig::new("Svf").set("cutoff", 20.0).set("q", 10.0).feed("in", x).render(1 << 12);
        let s = Spectrum::new(&out.lane("lp", 0)[1 << 17..], RATE);
        assert!(s.band_db(100.0, 20_000.0) < -120.0, "{}", s.band_db(100.0, 20_000.0));
    }
}
