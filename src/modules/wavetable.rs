//! Wavetable oscillator.
use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::sync::{Arc, OnceLock};

use realfft::num_complex::Complex;

use crate::dsp::{
    BLOCK,
    lanes::{Float, Int, Lanes},
    phase::{self, Phase, turns},
    wavetable::{HARMONICS, Harmonics, Waves, analyse},
};

use super::{
    audio_file,
    level::apply_level,
    module::{Build, Io, Module, OptionError, Rest},
    spec::{Family, ModuleSpec, OptionValue, Voicing},
    table::ports,
};

ports! {
    inputs { FM: "fm" Audio "phase modulation, in cycles"; }
    outputs { OUT: "out" Audio "the waveform"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 0.01, 20_000.0, 261.625_58, Log "frequency; a pitch cable shifts it by octaves";
        MORPH: "morph" ["position"] Plain 0.0, 1.0, 0.0, Linear "the way from the first waveform to the last";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {
        TABLE: "table" Choice(&["Basic", "Pulse", "Organ", "Vocal", "Glass"]) "the waveforms: sine to triangle, saw and square; narrower pulses; more drawbars; vowels; bell-like partials";
        FILE: "file" File("the table") "waveforms of your own: one cycle, or several of equal length one after another";
        FRAME: "frame" Whole { min: 0, max: 65_536, default: 0 } "samples of a cycle in the file; 0: all of it up to 4,096, else 2,048 each";
    }
}

/// Waveforms that a file may have.
const MOST: usize = 128;

/// State word after the phase: the modulation's last value.
const LAST: usize = phase::WORDS;

pub struct Wavetable {
    waves: Arc<Waves>,
    rate: f32,
}

impl Module for Wavetable {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Wavetable",
        doc: "Oscillator that morphs through waveforms, built in or from a file.",
        algorithm: "tables of limited bandwidth, three an octave, read with third-order Lagrange: aliasing below -115 dBFS",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = LAST + 1;
    const REST: Rest = Rest::Runs;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let sound = build.sound(option::FILE)?;
        let waves = match (&sound, &build.options[option::FILE]) {
            (Some(_), OptionValue::File { path, .. }) => {
                let frame = build.whole(option::FRAME) as usize;
                let made = audio_file::waves(path, frame, |sample| cycles(sample.channel(0), frame));
                made.map_err(|why| OptionError {
                    option: option::FILE,
                    at: 0,
                    why,
                })?
            }
            _ => built_in(build.choice(option::TABLE)),
        };
        Ok(Self {
            waves,
            rate: build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (freq, morph, fm) = (io.ins[param::FREQ], io.ins[param::MORPH], io.ins[input::FM]);
        let mut phase = Phase::<L>::load(io.state);
        let mut phases = [l.i(0); BLOCK];
        let mut fastest = freq.head();
        if freq.is_constant() {
            phase.tune(l, freq.head(), self.rate);
            phase.advance(
                l,
                #[inline(always)]
                |i, turn| phases[i] = turn,
            );
        } else {
            phase.advance_along(
                l,
                self.rate,
                #[inline(always)]
                |i| freq.at(i),
                #[inline(always)]
                |i, turn| phases[i] = turn,
            );
            for i in 0..BLOCK {
                fastest = fastest.max(freq.at(i));
            }
        }
        let mut fastest = fastest * l.f(1.0 / self.rate);
        // A modulated phase runs as fast as the two together.
        let (mut last, mut most) = (io.state[LAST], l.f(0.0));
        for (i, phase) in phases.iter_mut().enumerate() {
            let offset = fm.at(i);
            most = most.max((offset - last).abs());
            last = offset;
            *phase = *phase + turns(l, offset);
        }
        if !fm.is_constant() {
            fastest = fastest + most;
        }
        io.state[LAST] = last;
        phase.store(io.state);
        let out = &mut io.outs[output::OUT].block;
        for lane in 0..L::N {
            let level = self.waves.level(fastest.lanes()[lane]);
            for (i, o) in out.iter_mut().enumerate() {
                let turn = phases[i].lanes()[lane] as u32;
                o.lanes_mut()[lane] = self.waves.read(level, turn, morph.at(i).lanes()[lane]);
            }
        }
        apply_level(l, out, &io.ins[param::LEVEL]);
    }

    #[inline(always)]
    fn may_skip<L: Lanes>(&self, _: L, _: &Io<'_, L>) -> bool {
        true
    }

    #[inline(always)]
    fn skip<L: Lanes>(&self, _: L, state: &mut [L::F], frames: u64) {
        let mut phase = Phase::<L>::load(state);
        phase.skip(frames);
        phase.store(state);
    }
}

/// The cycles of a file.
fn cycles(x: &[f32], frame: usize) -> Result<Vec<Harmonics>, String> {
    let frame = match frame {
        0 if x.len() <= 4_096 => x.len(),
        0 => 2_048,
        frame => frame,
    };
    if frame < 8 || x.len() < frame || !x.len().is_multiple_of(frame) {
        let len = x.len();
        return Err(format!("{len} samples are no whole number of cycles of {frame}; `frame` says how long one is"));
    }
    let count = x.len() / frame;
    if count > MOST {
        return Err(format!("{count} cycles are too many; the most is {MOST}"));
    }
    Ok(x.chunks_exact(frame).map(analyse).collect())
}

fn built_in(table: usize) -> Arc<Waves> {
    static TABLES: [OnceLock<Arc<Waves>>; 5] = [const { OnceLock::new() }; 5];
    let table = table.min(TABLES.len() - 1);
    TABLES[table]
        .get_or_init(|| {
            let all: Vec<Harmonics> = match table {
                0 => (0..4).map(|w| sines(|k| basic(w, k))).collect(),
                1 => (0..12).map(|w| pulse(0.5 * 0.8f64.powi(w))).collect(),
                2 => (0..8).map(|w| sines(|k| organ(w, k))).collect(),
                3 => (0..5).map(|w| sines(|k| vowel(w, k as f64 * 110.0))).collect(),
                _ => (0..8).map(|w| sines(|k| glass(w, k))).collect(),
            };
            Arc::new(Waves::new(&all.into_iter().map(full_scale).collect::<Vec<_>>()))
        })
        .clone()
}

/// Harmonics that are all sines.
fn sines(amplitude: impl Fn(usize) -> f64) -> Harmonics {
    (1..=HARMONICS).map(|k| Complex::new(0.0, -amplitude(k))).collect()
}

/// Sine, triangle, saw, square: alike at their start, so that they morph without cancelling.
fn basic(wave: usize, k: usize) -> f64 {
    let (n, odd) = (k as f64, k % 2 == 1);
    match wave {
        0 => (k == 1) as u32 as f64,
        1 if odd => (n * FRAC_PI_2).sin() * 8.0 / (PI * PI * n * n),
        2 => 2.0 / (PI * n),
        3 if odd => 4.0 / (PI * n),
        _ => 0.0,
    }
}

fn pulse(width: f64) -> Harmonics {
    let bin = |k: usize| {
        let n = k as f64;
        // Centred on a quarter cycle.
        Complex::from_polar(4.0 / (PI * n) * (PI * n * width).sin(), -TAU * n * 0.25)
    };
    (1..=HARMONICS).map(bin).collect()
}

fn organ(wave: usize, k: usize) -> f64 {
    let bars = [1, 2, 3, 4, 6, 8, 10, 12];
    let bar = bars.iter().position(|b| *b == k);
    bar.map_or(0.0, |bar| if bar <= wave { 0.9f64.powi(bar as i32) } else { 0.0 })
}

/// a, e, i, o, u: three formants over a falling source.
fn vowel(vowel: usize, hz: f64) -> f64 {
    const FORMANTS: [[f64; 3]; 5] = [
        [730.0, 1_090.0, 2_440.0],
        [530.0, 1_840.0, 2_480.0],
        [270.0, 2_290.0, 3_010.0],
        [570.0, 840.0, 2_410.0],
        [300.0, 870.0, 2_240.0],
    ];
    let levels = [1.0, 0.5, 0.3];
    let formants = FORMANTS[vowel.min(4)].iter().zip(levels);
    let shape: f64 = formants.map(|(f, level)| level / (1.0 + ((hz - f) / 70.0).powi(2))).sum();
    (shape + 0.01) / (1.0 + hz / 600.0)
}

/// Sparse partials that lie closer the further the table goes.
fn glass(wave: usize, k: usize) -> f64 {
    let partials = [1.0, 2.76, 5.4, 8.93, 13.34, 18.64, 24.8, 31.9];
    let spread = 1.0 + wave as f64 * 0.12;
    let hit = |(p, ratio): (usize, &f64)| (((ratio * spread).round() as usize) == k).then(|| 0.62f64.powi(p as i32));
    partials.iter().enumerate().find_map(hit).unwrap_or(0.0)
}

/// Scaled to a peak of 1.
fn full_scale(harmonics: Harmonics) -> Harmonics {
    let points = 2_048;
    let at = |i: usize| {
        let turn = TAU * i as f64 / points as f64;
        let heard = harmonics.iter().take(200).enumerate();
        heard.map(|(k, h)| h.re * ((k + 1) as f64 * turn).cos() - h.im * ((k + 1) as f64 * turn).sin()).sum::<f64>()
    };
    let peak = (0..points).map(|i| at(i).abs()).fold(1e-9, f64::max);
    harmonics.into_iter().map(|h| h / peak).collect()
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        audio_file::tests::wav,
        harness::{RATE, Rig, difference_db, every_lane_type},
        measure::{Spectrum, cents, pitch},
        spec::OptionValue,
    };

    #[test]
    fn aliasing_stays_below_115_db() {
        for hz in [110.0f32, 440.0, 1_244.5, 2_489.0, 4_978.0] {
            let mut worst = -300.0f64;
            for (table, morph) in [(0, 2.0 / 3.0), (0, 0.5), (1, 1.0), (4, 1.0)] {
                let rig = Rig::new("Wavetable").option("table", OptionValue::Choice(table));
                let out = rig.set("freq", hz).set("morph", morph).render(1 << 11);
                worst = worst.max(Spectrum::new(out.lane("out", 0), RATE).alias_db(hz as f64));
            }
            assert!(worst < -115.0, "{hz}: {worst}");
        }
    }

    #[test]
    fn the_saw_of_the_table_has_the_harmonics_of_a_saw_and_its_pitch() {
        let out = Rig::new("Wavetable").set("freq", 440.0).set("morph", 2.0 / 3.0).render(1 << 11);
        let s = Spectrum::new(out.lane("out", 0), RATE);
        for k in [2.0, 3.0, 10.0, 40.0] {
            let off = s.amplitude_db(440.0 * k) - s.amplitude_db(440.0) + 20.0 * f64::log10(k);
            assert!(off.abs() < 0.01, "{k}: {off}");
        }
        assert!(cents(pitch(out.lane("out", 0), 440.0, RATE), 440.0).abs() < 0.01);
    }

    #[test]
    fn a_file_of_cycles_is_morphed_through() {
        let folder = tempfile::tempdir().unwrap();
        let wave = |i: usize| match i / 600 {
            0 => (i as f32 * std::f32::consts::TAU / 600.0).sin(),
            _ => 0.5 * (3.0 * i as f32 * std::f32::consts::TAU / 600.0).sin(),
        };
        let frames: Vec<[f32; 2]> = (0..1_200).map(|i| [wave(i); 2]).collect();
        let path = wav(folder.path(), "a.wav", 44_100, &frames);
        let file = || OptionValue::File {
            written: String::new(),
            path: path.clone(),
        };
        let rig = || Rig::new("Wavetable").option("file", file()).option("frame", OptionValue::Whole(600)).set("freq", 500.0);
        for (morph, first, third) in [(0.0, 1.0, 0.0), (1.0, 0.0, 0.5), (0.5, 0.5, 0.25)] {
            let out = rig().set("morph", morph).render(1 << 9);
            let s = Spectrum::new(out.lane("out", 0), RATE);
            assert!((s.amplitude(500.0) - first).abs() < 1e-4, "{morph}");
            assert!((s.amplitude(1_500.0) - third).abs() < 1e-4, "{morph}");
        }
    }

    #[test]
    fn voices_sound_as_they_do_alone() {
        for (isa, width) in every_lane_type() {
            let all = Rig::new("Wavetable").per_lane("freq", |lane| 70.0 + 130.0 * lane as f32).set("morph", 0.6);
            let all = all.on(isa, width).render(200);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Wavetable").set("freq", 70.0 + 130.0 * lane as f32).set("morph", 0.6).render(200);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -110.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
