//! Noise in three colours.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Int, Lanes},
    noise::{Color, POLES, white},
};

use super::{
    level::{apply_moving, steady_level},
    module::{Build, Io, LaneInit, Module, OptionError, Rest},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {}
    outputs { OUT: "out" Audio "noise: white between -1 and 1, pink and brown at an RMS of 0.25"; }
    params { LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude"; }
    options { COLOR: "color" Choice(&["White", "Pink", "Brown"]) "spectrum: flat, 3 or 6 dB an octave down"; }
}

/// State words: frames so far, the seed, the colour's poles.
const COUNT: usize = 0;
const SEED: usize = 1;
const COLORED: usize = 2;

pub struct Noise {
    /// None for white.
    color: Option<Color>,
}

impl Module for Noise {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Noise",
        doc: "White, pink or brown noise; the same at every start.",
        algorithm: "white from a hash of the frame number (lowbias32, Wellons); pink and brown from it through five parallel one-poles",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = COLORED + POLES + 1;
    const REST: Rest = Rest::Runs;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            color: match build.choice(option::COLOR) {
                0 => None,
                1 => Some(Color::pink(build.rate)),
                _ => Some(Color::brown(build.rate)),
            },
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let level = io.ins[param::LEVEL];
        let gain = steady_level(l, &level);
        let out = &mut io.outs[output::OUT].block;
        let (count, seed) = (io.state[COUNT].bits(), io.state[SEED].bits());
        for (i, o) in out.iter_mut().enumerate() {
            *o = white(l, count + l.i(i as i32), seed);
        }
        io.state[COUNT] = (count + l.i(BLOCK as i32)).bits();
        if let Some(color) = &self.color {
            let mut state: [L::F; POLES + 1] = [l.f(0.0); POLES + 1];
            state.copy_from_slice(&io.state[COLORED..]);
            for o in out.iter_mut() {
                *o = color.tick(l, &mut state, *o) * gain;
            }
            io.state[COLORED..].copy_from_slice(&state);
        } else {
            for o in out.iter_mut() {
                *o = *o * gain;
            }
        }
        apply_moving(out, &level);
    }

    /// Colours remember all that was.
    #[inline(always)]
    fn may_skip<L: Lanes>(&self, _: L, _: &Io<'_, L>) -> bool {
        self.color.is_none()
    }

    #[inline(always)]
    fn skip<L: Lanes>(&self, l: L, state: &mut [L::F], frames: u64) {
        state[COUNT] = (state[COUNT].bits() + l.i(frames as i32)).bits();
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rendered, Rig, difference_db, every_lane_type},
        measure::{Spectrum, rms},
        spec::OptionValue,
    };

    fn noise(color: usize, rate: f32, seed: u32) -> Rendered {
        let rig = Rig::new("Noise").option("color", OptionValue::Choice(color));
        rig.rate(rate).seed(seed).render(1 << 13)
    }

    #[test]
    fn each_colour_has_its_slope_and_level() {
        for rate in [44_100.0, RATE, 96_000.0] {
            for (color, slope, level) in [(0, 3.0, 0.577), (1, 0.0, 0.25), (2, -3.0, 0.25)] {
                let out = noise(color, rate, 7);
                let x = out.lane("out", 0);
                assert!((rms(x) / level - 1.0).abs() < 0.1, "{color}: {}", rms(x));
                // Power of each octave from 40 Hz, against the one at 1,280 Hz.
                let s = Spectrum::new(x, rate);
                let octave = |k: i32| {
                    let from = 40.0 * 2f64.powi(k);
                    s.band_db(from, 2.0 * from)
                };
                for k in 0..9 {
                    let got = octave(k) - octave(5);
                    let want = slope * (k - 5) as f64;
                    // Noise over so few bins at the bottom leaves a decibel or so to chance.
                    let slack = if k < 3 { 1.2 } else { 0.35 };
                    assert!((got - want).abs() < slack, "{rate} {color} octave {k}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn seeds_and_voices_are_independent_and_starts_repeat() {
        let (a, b) = (noise(0, RATE, 1), noise(0, RATE, 2));
        assert_eq!(a.lane("out", 0), noise(0, RATE, 1).lane("out", 0));
        let (a, b) = (a.lane("out", 0), b.lane("out", 0));
        for shift in 0..50 {
            let sum: f64 = a[shift..].iter().zip(b).map(|(a, b)| (a * b) as f64).sum();
            let correlation = sum / (a.len() as f64 * rms(a) * rms(b));
            assert!(correlation.abs() < 0.01, "shift {shift}: {correlation}");
        }
    }

    #[test]
    fn all_lane_types_make_the_same_noise() {
        for color in 0..3 {
            let rig = || Rig::new("Noise").option("color", OptionValue::Choice(color));
            let want = rig().render(500);
            for (isa, width) in every_lane_type() {
                let got = rig().on(isa, width).render(500);
                let db = difference_db(got.lane("out", 0), want.lane("out", 0));
                // Brown noise is a sum of thousands of frames, and of their roundings.
                assert!(db < -115.0, "{color} {isa:?} {width:?}: {db}");
            }
        }
    }
}
