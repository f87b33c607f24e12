//! The mini-notation of patterns: a text becomes notes in cycles, all told in advance. Runs on the builder and in editors; what it
//! returns is read on engine threads.
//!
//! ```text
//! c3 eb3 g3          one after the other in a cycle        a*2  a/2   faster, slower
//! ~  -               a rest                                a!3  a!    that often, once more
//! [a b]              a group in one place                  a@3  a _   longer
//! <a b>              another one each cycle                a?  a?0.2  left out half of the time, or with that chance
//! a, b               both at once                          a(3,8,2)   3 of 8, turned by 2
//! [a|b]              one of them, by chance                {a b c}%4  4 of them a cycle
//! a:0.5  a=0.2       how hard, how long                    c3'min7    a chord
//! ```
mod flatten;
mod parse;
mod score;
mod words;

pub use score::{Cond, Event, Score, hash};
pub use words::{DRUMS, Drums, Tuned, drum};

/// What is wrong with a text: at which character (from 0), and what would be right.
pub type Wrong = (usize, String);

/// One note, or one drum, that a word stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// Octaves above C4.
    pub pitch: f32,
    /// 0..=1
    pub velocity: f32,
    /// Part of its place that it lasts, where it says so.
    pub gate: Option<f32>,
    /// Its output, where words have their own; else 0.
    pub lane: usize,
}

/// What the words of a text mean.
pub trait Words {
    /// Everything that a word sounds at once, or why it means nothing, at a character of the word.
    fn read(&self, word: &str) -> Result<Vec<Value>, Wrong>;
}

/// How voices come to notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voices {
    /// Each note takes the first that is free; at most so many.
    Free(usize),
    /// Each value says its own, of so many.
    Lanes(usize),
}

/// Reads a text.
pub fn read(text: &str, words: &dyn Words, voices: Voices) -> Result<Score, Wrong> {
    let node = parse::parse(text, words)?;
    flatten::flatten(&node, voices)
}

/// A text as a tree.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Rest,
    Word {
        values: Vec<Value>,
        /// Characters of the text.
        span: (usize, usize),
    },
    /// Each with its weight.
    Seq(Vec<(f64, Node)>),
    Stack(Vec<Node>),
    /// One of them each cycle. The salt tells choices of one text apart.
    Pick {
        of: Vec<Node>,
        salt: u32,
    },
    /// `up / down` times as fast.
    Fast {
        up: u64,
        down: u64,
        node: Box<Node>,
    },
    /// Each note with this chance.
    Maybe {
        chance: f32,
        salt: u32,
        node: Box<Node>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::scale::Scale;

    fn score(text: &str) -> Result<Score, Wrong> {
        let scale = Scale::read("C4 chromatic").expect("reads");
        let tuner = &Default::default();
        let words = Tuned {
            scale: &scale,
            tuner,
        };
        read(text, &words, Voices::Free(16))
    }

    /// `begin-end:semitone` of all notes, in 1/144 of a cycle.
    fn told(text: &str) -> String {
        let score = score(text).expect(text);
        let mut notes: Vec<_> = score.voices.iter().flatten().collect();
        notes.sort_by(|a, b| {
            (a.begin, a.value.pitch)
                .partial_cmp(&(b.begin, b.value.pitch))
                .expect("finite")
        });
        let parts = |x: f64| (x * 144.0 * 1e6).round() / 1e6;
        let one = |e: &&Event| {
            format!(
                "{}-{}:{}",
                parts(e.begin),
                parts(e.end),
                (e.value.pitch * 12.0).round()
            )
        };
        notes.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_notation_means_what_it_says() {
        for (text, want) in [
            ("0 1", "0-72:0 72-144:1"),
            ("c4 e4", "0-72:0 72-144:4"),
            ("0 ~ 1 -", "0-36:0 72-108:1"),
            ("0 [1 2]", "0-72:0 72-108:1 108-144:2"),
            ("0*2 1", "0-36:0 36-72:0 72-144:1"),
            ("0!2 1", "0-48:0 48-96:0 96-144:1"),
            ("0 ! 1", "0-48:0 48-96:0 96-144:1"),
            ("0@3 1", "0-108:0 108-144:1"),
            ("0 _ _ 1", "0-108:0 108-144:1"),
            ("<0 1>", "0-144:0 144-288:1"),
            ("<0 1>*2", "0-72:0 72-144:1"),
            ("<0@2 1>", "0-288:0 288-432:1"),
            ("[0 1]/2", "0-144:0 144-288:1"),
            ("0/2 1", "0-72:0 72-144:1 216-288:1"),
            ("0, 1 2", "0-144:0 0-72:1 72-144:2"),
            ("[0,4,7] 2", "0-72:0 0-72:4 0-72:7 72-144:2"),
            ("0(3,8)", "0-18:0 54-72:0 108-126:0"),
            ("0(3,8,2)", "18-36:0 72-90:0 108-126:0"),
            ("0(-3,8)", "18-36:0 36-54:0 72-90:0 90-108:0 126-144:0"),
            (
                "{0 1 2}%2",
                "0-72:0 72-144:1 144-216:2 216-288:0 288-360:1 360-432:2",
            ),
            (
                "{0 1, 2 3 4}",
                "0-72:0 0-72:2 72-144:1 72-144:3 144-216:0 144-216:4 216-288:1 216-288:2 288-360:0 288-360:3 360-432:1 360-432:4",
            ),
            (
                "[0 1]*1.5",
                "0-48:0 48-96:1 96-144:0 144-192:1 192-240:0 240-288:1",
            ),
            ("0'min7", "0-144:0 0-144:3 0-144:7 0-144:10"),
            ("<0 [1 2]>", "0-144:0 144-216:1 216-288:2"),
            ("0 <1 2>", "0-72:0 72-144:1 144-216:0 216-288:2"),
            ("-2", "0-144:-2"),
            ("", ""),
            ("~", ""),
        ] {
            assert_eq!(told(text), want, "{text}");
        }
    }

    #[test]
    fn errors_point_at_the_character() {
        for (text, at) in [
            ("0 [1 2", 2),
            ("0 1]", 3),
            ("0 [1>", 4),
            ("0 h", 2),
            ("0 c4'mox", 5),
            ("0*x", 2),
            ("0(3)", 3),
            ("0(3,99)", 4),
            ("0(3,8", 1),
            ("0:2", 1),
            ("é", 0),
            ("~ é", 2),
            ("*2", 0),
            ("_ 0", 0),
            ("0,1|2", 3),
            ("0|1", 3),
            ("0*3*", 4),
            ("0)", 1),
            ("0 . 1", 2),
            ("0!0", 2),
        ] {
            let (found, why) = score(text).expect_err(text);
            assert_eq!(found, at, "{text}: {why}");
        }
    }

    #[test]
    fn too_much_is_refused_in_no_time() {
        for text in [
            "[[[[0*64]*64]*64]*64]*64",
            "<0 1>/61 <0 1 2>/59",
            "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]",
            &"[".repeat(100),
            &"0 ".repeat(4_000),
        ] {
            assert!(score(text).is_err(), "{}", &text[..8]);
        }
        let long = score(&"<0 1 2 3 4>/8 ".repeat(20));
        assert_eq!(long.expect("reads").period, 40);
    }

    #[test]
    fn chances_are_kept_and_chords_stay_together() {
        let score = score("[0,4,7]?0.25 [1|2|3] 5*4?").expect("reads");
        let (mut chords, mut counts) = (0, [0; 3]);
        for period in 0..4_000 {
            let sounds = |e: &&Event| score.sounds(period, e, 99);
            let at = |from: f64| {
                score
                    .voices
                    .iter()
                    .flatten()
                    .filter(move |e| e.begin == from)
            };
            let chord = at(0.0).filter(sounds).count();
            assert!(chord == 0 || chord == 3);
            chords += chord / 3;
            let one: Vec<_> = score
                .voices
                .iter()
                .flatten()
                .filter(|e| (e.begin - 1.0 / 3.0).abs() < 1e-9)
                .filter(sounds)
                .collect();
            assert_eq!(one.len(), 1);
            counts[(one[0].value.pitch * 12.0).round() as usize - 1] += 1;
        }
        assert!((2_900..3_100).contains(&chords), "{chords}");
        assert!(
            counts.iter().all(|c| (1_200..1_470).contains(c)),
            "{counts:?}"
        );
    }

    #[test]
    fn thirds_are_the_nearest_numbers_to_thirds() {
        let score = score("[0 1 2]*5 [3 4]").expect("reads");
        for (n, event) in score.voices[0].iter().take(15).enumerate() {
            assert_eq!(event.begin, n as f64 / 30.0);
        }
    }

    #[test]
    fn editors_are_told_what_sounds_now() {
        let text = "<c4 [e4 g4]> a3(3,8)";
        let score = score(text).expect("reads");
        let at = |cycles: f64| -> Vec<&str> {
            let spans = score.playing(cycles, 1);
            spans.into_iter().map(|s| &text[s]).collect()
        };
        assert_eq!(at(0.2), ["c4"]);
        assert_eq!(at(1.1), ["e4"]);
        assert_eq!(at(1.3), ["g4"]);
        assert_eq!(at(1.51), ["a3"]);
        assert!(at(1.6).is_empty());
        let words: Vec<&str> = score.words().into_iter().map(|s| &text[s]).collect();
        assert_eq!(words, ["c4", "e4", "g4", "a3"]);
    }

    #[test]
    fn drums_have_their_lanes() {
        let score = read("bd*2, hh*4, ~ sn:0.5", &Drums, Voices::Lanes(8)).expect("reads");
        let counts: Vec<usize> = score.voices.iter().map(Vec::len).collect();
        assert_eq!(counts, [2, 1, 4, 0, 0, 0, 0, 0]);
        assert_eq!(score.voices[1][0].value.velocity, 0.5);
    }
}
