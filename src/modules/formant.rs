//! Vowels.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
    math::exp2,
    svf::{Coefficients, State},
};

use super::{
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
    vowels::{FORMANTS, VOICES, VOWELS, Vowel},
};

ports! {
    inputs { IN: "in" Audio "signal, best one with many harmonics"; }
    outputs { OUT: "out" Audio "the signal as if sung"; }
    params {
        VOWEL: "vowel" ["morph"] Plain 0.0, 4.0, 0.0, Linear "0 A, 1 E, 2 I, 3 O, 4 U, and all between";
        SHIFT: "shift" Octaves -1.0, 1.0, 0.0, Linear "moves all formants: a larger or smaller head";
        FOCUS: "focus" ["q"] Plain 0.25, 8.0, 1.0, Log "how narrow the formants are against a singer's";
        MIX: "mix" Plain 0.0, 1.0, 1.0, Linear "0 the signal, 1 the vowel";
    }
    options { VOICE: "voice" Choice(&["Bass", "Tenor", "Alto", "Soprano"]) "whose formants"; }
}

/// What rings on is silence below this: -140 dB.
const SILENCE: f32 = 1e-7;
/// Makes a vowel about as loud as a saw that goes in.
const LEVEL: f32 = 4.0;

pub struct Formant {
    vowels: &'static [Vowel; VOWELS],
    per_hz: f32,
}

/// Where the formants are: angle, damping and gain of each.
type Place<L> = [[<L as Lanes>::F; 3]; FORMANTS];

impl Module for Formant {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Formant",
        doc: "Vowel filter: five formants of a singer, from A through E, I and O to U.",
        algorithm: "five band-passes side by side; formants of singers as published with Csound (appendix of its manual)",
        family: Family::Filter,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 2 * FORMANTS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            vowels: &VOICES[build.choice(option::VOICE).min(VOICES.len() - 1)],
            per_hz: std::f32::consts::PI / build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let x = io.ins[input::IN];
        let out = &mut io.outs[output::OUT];
        let mut loudest = l.f(0.0);
        for s in io.state.iter() {
            loudest = loudest.max(s.abs());
        }
        if x.is_constant() && !x.louder_than(l, 0.0) && l.f(SILENCE).ge(loudest).all() {
            io.state.fill(l.f(0.0));
            return out.fill(l.f(0.0));
        }
        let at = [io.ins[param::VOWEL], io.ins[param::SHIFT], io.ins[param::FOCUS]];
        let mut sum = [l.f(0.0); BLOCK];
        let still = at.iter().all(In::is_constant);
        if still {
            let place = self.place(l, here(at, 0));
            for (state, place) in io.state.chunks_exact_mut(2).zip(&place) {
                sing(l, state, x, 0, &mut sum, place);
            }
        } else {
            for (i, sum) in sum.iter_mut().enumerate() {
                let place = self.place(l, here(at, i));
                for (state, place) in io.state.chunks_exact_mut(2).zip(&place) {
                    sing(l, state, x, i, std::slice::from_mut(sum), place);
                }
            }
        }
        let mix = io.ins[param::MIX];
        for (i, o) in out.block.iter_mut().enumerate() {
            *o = (sum[i] - x.at(i)).fma(mix.at(i), x.at(i));
        }
    }
}

impl Formant {
    /// Formants between two vowels: pitches, decibels and bandwidths on a line, with rest at its ends.
    #[inline(always)]
    fn place<L: Lanes>(&self, l: L, [vowel, shift, focus]: [L::F; 3]) -> Place<L> {
        let (zero, one) = (l.f(0.0), l.f(1.0));
        let mut place = [[zero; 3]; FORMANTS];
        for (n, vowels) in self.vowels.iter().enumerate() {
            let near = (one - (vowel - l.f(n as f32)).abs()).max(zero);
            // Bent so that the way through a vowel has no corner.
            let weight = near * near * near.fma(l.f(-2.0), l.f(3.0));
            for (place, formant) in place.iter_mut().zip(vowels) {
                for (p, f) in place.iter_mut().zip(formant) {
                    *p = weight.fma(l.f(*f), *p);
                }
            }
        }
        place.map(
            #[inline(always)]
            |[pitch, gain, band]| {
                let hz = exp2(l, pitch);
                let angle = hz * exp2(l, shift) * l.f(self.per_hz);
                let gain = exp2(l, gain) * l.f(LEVEL);
                [angle.min(l.f(1.5)), band / (hz * focus), gain]
            },
        )
    }
}

/// Vowel, shift and focus of a frame.
#[inline(always)]
fn here<L: Lanes>(at: [In<'_, L>; 3], i: usize) -> [L::F; 3] {
    at.map(
        #[inline(always)]
        |x| x.at(i),
    )
}

/// Adds one formant's part to some frames.
#[inline(always)]
fn sing<L: Lanes>(
    l: L,
    state: &mut [L::F],
    x: In<'_, L>,
    start: usize,
    sum: &mut [L::F],
    [angle, damping, gain]: &[L::F; 3],
) {
    let mut filter = State {
        s1: state[0],
        s2: state[1],
    };
    let k = Coefficients::new(l, *angle, *damping);
    let (level, half) = (*damping * *gain, l.f(0.5));
    for (i, o) in sum.iter_mut().enumerate() {
        *o = filter.tick(&k, x.at(start + i), half).1.fma(level, *o);
    }
    (state[0], state[1]) = (filter.s1, filter.s2);
}

#[cfg(test)]
mod tests {
    use super::super::vowels::{VOICES, VOWELS};
    use crate::modules::{
        harness::{RATE, Rig, hash_noise},
        measure::gains,
        spec::OptionValue,
    };

    #[test]
    fn each_vowel_peaks_at_its_first_formant_and_is_as_broad() {
        for (voice, vowels) in VOICES.iter().enumerate() {
            for (vowel, formants) in vowels.iter().enumerate().take(VOWELS) {
                let rig = Rig::new("Formant").option("voice", OptionValue::Choice(voice));
                let impulse = |_, t: u64| if t == 0 { 1.0 } else { 0.0 };
                let out = rig.set("vowel", vowel as f32).feed("in", impulse).render(400);
                let [pitch, _, band] = formants[0].map(|x| x as f64);
                let hz = pitch.exp2();
                let at: Vec<f64> = (0..120).map(|i| hz * (0.7 + 0.005 * i as f64)).collect();
                let g = gains(out.lane("out", 0), RATE, &at);
                let top = (0..at.len()).max_by(|a, b| g[*a].total_cmp(&g[*b])).expect("points");
                assert!((at[top] / hz - 1.0).abs() < 0.04, "{voice} {vowel}: {} {hz}", at[top]);
                let g = gains(out.lane("out", 0), RATE, &[hz, hz + 0.5 * band]);
                let db = 20.0 * (g[1] / g[0]).log10();
                assert!((-5.0..-1.5).contains(&db), "{voice} {vowel}: {db}");
            }
        }
    }

    #[test]
    fn a_vowel_that_moves_slowly_sounds_like_one_that_stands_there() {
        let rig = || Rig::new("Formant").feed("in", hash_noise);
        let still = rig().set("vowel", 1.5).render(200);
        let moved = rig().feed("vowel", |_, t| 1.5 + 1e-6 * (t % 2) as f32).render(200);
        let off = crate::modules::harness::difference_db(still.lane("out", 0), moved.lane("out", 0));
        assert!(off < -80.0, "{off}");
    }
}
