//! Quantizer: the nearest note of a scale.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes},
    scale::Scale,
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
    tuner::Tuner,
};

ports! {
    inputs { IN: "in" Pitch "any pitch"; }
    outputs {
        PITCH: "pitch" Pitch "the nearest note of the scale";
        CHANGED: "changed" Gate "opens for 5 ms when the note changes";
    }
    params {
        DEGREES: "degrees" Plain -28.0, 28.0, 0.0, Linear "moves the note by so many notes of the scale; rounded";
        TRANSPOSE: "transpose" Semitones -48.0, 48.0, 0.0, Linear "moves the note after all";
    }
    options { SCALE: "scale" Text("C minor") "a scale such as \"C minor\", \"D dorian\", \"F# blues\", or its notes: \"C Eb F G\""; }
}

/// State words.
const DEGREE: usize = 0;
/// Frames that `changed` stays open.
const LEFT: usize = 1;
const STARTED: usize = 2;

/// Octaves that another note must be nearer than the one that stands, so that noise between two does not make them flutter.
const STICKY: f32 = 0.01;
const PULSE_SECONDS: f32 = 0.005;

pub struct Quantize {
    scale: Scale,
    tuner: Tuner,
    pulse: f32,
}

impl Module for Quantize {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Quantize",
        doc: "Puts a pitch into a scale: the nearest note, with a little stickiness.",
        algorithm: "the nearest note, left only for one that is nearer by a margin",
        family: Family::Notes,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 3;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let scale = Scale::read(build.text(option::SCALE)).map_err(|(at, why)| OptionError {
            option: option::SCALE,
            at,
            why,
        })?;
        Ok(Self {
            scale,
            tuner: build.tuner(),
            pulse: (PULSE_SECONDS * build.rate).round(),
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (input, degrees) = (io.ins[input::IN], io.ins[param::DEGREES]);
        let transpose = io.ins[param::TRANSPOSE];
        let frames = match input.is_constant() && degrees.is_constant() {
            true => 1,
            false => BLOCK,
        };
        let mut pulses = false;
        for lane in 0..L::N {
            let of = |word: usize| io.state[word].lanes()[lane];
            let (mut degree, mut left) = (of(DEGREE) as i32, of(LEFT));
            let mut started = of(STARTED) > 0.5;
            pulses |= left > 0.0;
            for i in 0..frames {
                let near = self.choose(degree, started, input.at(i).lanes()[lane]);
                if near != degree || !started {
                    (degree, started, left) = (near, true, self.pulse);
                    pulses = true;
                }
                let moved = degree.saturating_add(degrees.at(i).lanes()[lane].round() as i32);
                io.outs[output::PITCH].block[i].lanes_mut()[lane] = self.tuner.pitch(self.scale.degree(moved));
                if frames > 1 {
                    let open = if left > 0.0 { 1.0 } else { 0.0 };
                    io.outs[output::CHANGED].block[i].lanes_mut()[lane] = open;
                    left = (left - 1.0).max(0.0);
                }
            }
            if frames == 1 {
                for frame in io.outs[output::CHANGED].block.iter_mut() {
                    frame.lanes_mut()[lane] = if left > 0.0 { 1.0 } else { 0.0 };
                    left = (left - 1.0).max(0.0);
                }
            }
            io.state[DEGREE].lanes_mut()[lane] = degree as f32;
            io.state[LEFT].lanes_mut()[lane] = left;
            io.state[STARTED].lanes_mut()[lane] = 1.0;
        }
        let octave = l.f(1.0 / 12.0);
        let constant = frames == 1 && transpose.is_constant();
        let pitch = &mut io.outs[output::PITCH];
        let first = pitch.block[0];
        for (i, p) in pitch.block.iter_mut().enumerate() {
            let note = if frames == 1 { first } else { *p };
            *p = transpose.at(i).fma(octave, note);
        }
        pitch.constant = constant;
        io.outs[output::CHANGED].constant = !pulses;
    }
}

impl Quantize {
    #[inline(always)]
    fn choose(&self, standing: i32, started: bool, pitch: f32) -> i32 {
        let near = self.scale.nearest(pitch);
        if !started || near == standing {
            return near;
        }
        let off = |degree: i32| (pitch - self.scale.degree(degree)).abs();
        match off(near) + STICKY < off(standing) {
            true => near,
            false => standing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        beat::tests::edges,
        harness::{Rig, hash_noise},
        spec::OptionValue,
    };

    fn quantize(scale: &str) -> Rig {
        Rig::new("Quantize").option("scale", OptionValue::Text(scale.to_owned()))
    }

    #[test]
    fn a_sweep_becomes_the_scale_each_note_once() {
        let out = quantize("C4 major")
            .feed("in", |_, f| f as f32 / 48_000.0)
            .render(750);
        let pitch = out.lane("pitch", 0);
        let mut notes: Vec<i32> = pitch.iter().map(|p| (p * 12.0).round() as i32).collect();
        notes.dedup();
        assert_eq!(notes, [0, 2, 4, 5, 7, 9, 11, 12]);
        let (up, down) = edges(out.lane("changed", 0));
        assert_eq!(up.len(), 8);
        assert!(up.iter().zip(&down).all(|(u, d)| d - u == 240));
        for (u, note) in up[1..].iter().zip([1.0, 3.0, 4.5, 6.0, 8.0, 10.0, 11.5]) {
            // Between two notes, and the stickiness on.
            let want = (note / 12.0 + 0.005) * 48_000.0;
            assert!((*u as f32 - want).abs() < 3.0, "{u} {want}");
        }
    }

    #[test]
    fn noise_between_two_notes_does_not_flutter() {
        let out = quantize("C4 chromatic")
            .feed("in", |lane, f| 0.5 / 12.0 + 0.004 * hash_noise(lane, f))
            .render(400);
        assert_eq!(edges(out.lane("changed", 0)).0.len(), 1);
    }

    #[test]
    fn notes_are_moved_along_the_scale() {
        for (degrees, semitone) in [(0.0, 0), (2.0, 3), (4.4, 7), (-1.0, -2)] {
            let out = quantize("C4 minor")
                .set("degrees", degrees)
                .set("in", 0.01)
                .render(4);
            assert_eq!((out.lane("pitch", 0)[100] * 12.0).round() as i32, semitone);
        }
    }
}
