//! A patch's tuning as the modules that make notes ask for it. Runs on engine threads.
use std::sync::Arc;

use crate::dsp::tuning::Tuning;

/// Puts notes where the patch's tuning has them; without one they stay.
#[derive(Clone, Debug, Default)]
pub struct Tuner(Option<Arc<Tuning>>);

impl Tuner {
    pub fn new(tuning: Option<&Arc<Tuning>>) -> Self {
        Self(tuning.cloned())
    }

    /// The pitch of a note that is given in octaves above C4 of equal temperament.
    #[inline]
    pub fn pitch(&self, note: f32) -> f32 {
        match &self.0 {
            Some(tuning) => tuning.pitch(note),
            None => note,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::dsp::tuning::{Scala, Tuning, read_key};
    use crate::modules::{harness::Rig, module::VoiceChange, spec::OptionValue};

    const JUST: &str = include_str!("../../patches/scales/just.scl");
    /// Of the file's ratios, from C to B.
    const CENTS: [f64; 12] = [
        0.0, 111.731, 203.910, 315.641, 386.314, 498.045, 590.224, 701.955, 813.686, 884.359,
        1_017.596, 1_088.269,
    ];

    fn text(text: &str) -> OptionValue {
        OptionValue::Text(text.to_owned())
    }

    fn tuned(kind: &str) -> Rig {
        let scala = Scala::read(JUST).expect("reads");
        Rig::new(kind).tuning(Tuning::new(scala, None, None))
    }

    /// Pitches of a rig that plays E4, G4 and A5 one after the other, in cents above C4.
    fn heard(rig: Rig, blocks: usize) -> Vec<f64> {
        let out = rig.render(blocks);
        let mut pitches: Vec<f64> = out
            .lane("pitch", 0)
            .iter()
            .map(|p| *p as f64 * 1_200.0)
            .collect();
        pitches.dedup();
        pitches
    }

    #[test]
    fn every_source_of_notes_plays_the_cents_of_the_file() {
        let on = |pitch| VoiceChange::On {
            pitch,
            velocity: 1.0,
            legato: false,
        };
        let want = [CENTS[4], CENTS[7], 1_200.0 + CENTS[9]];
        let note = |n: usize| [4.0, 7.0, 21.0][n % 3] / 12.0;
        let keys = (0..3).fold(tuned("Keys"), |rig, n| {
            rig.note(1_000 * n as u64, 0, on(note(n)))
        });
        let arp = tuned("Arp").option("notes", text("E4 G4 A5"));
        let seq = tuned("Seq").option("steps", text("E4 G4 A5"));
        let pattern = tuned("Pattern")
            .option("pattern", text("e4 g4 a5"))
            .option("every", OptionValue::Length(0.75));
        let quantize = tuned("Quantize").option("scale", text("C4 chromatic"));
        let quantize = quantize.feed("in", move |_, f| note((f / 6_000) as usize) + 0.02);
        for (kind, rig) in [
            ("Keys", keys),
            ("Arp", arp),
            ("Seq", seq),
            ("Pattern", pattern),
            ("Quantize", quantize),
        ] {
            let pitches = heard(rig, 250);
            assert!(pitches.len() >= 3, "{kind}: {pitches:?}");
            for (got, want) in pitches.iter().zip(want) {
                assert!((got - want).abs() < 0.01, "{kind}: {got} cents, not {want}");
            }
        }
    }

    #[test]
    fn every_key_of_the_shipped_scale_has_the_cents_of_its_ratio() {
        let scala = Scala::read(JUST).expect("reads");
        let tuning = Tuning::new(scala, read_key("C4"), None);
        for key in 0..128i32 {
            let degree = key - 60;
            let want =
                1_200.0 * (degree as f64 / 12.0).floor() + CENTS[degree.rem_euclid(12) as usize];
            let got = tuning.pitch(degree as f32 / 12.0) as f64 * 1_200.0;
            assert!((got - want).abs() < 0.01, "{key}: {got} {want}");
        }
    }
}
