//! Tunings: what pitch a key has. Read from Scala's `.scl` files on the builder, asked on engine threads.
use super::note::read_note;

/// Key of C4, where degree 0 lies if nothing else is said.
const C4: i32 = 60;
/// Hertz of C4 in equal temperament at A4 = 440 Hz: pitch 0.
const C4_HZ: f64 = 261.625_565_300_598_6;
/// Notes of a scale; Scala itself knows no more.
const MOST: usize = 4_096;

/// The notes of a scale between two of its repetitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Scala {
    /// As the file says.
    pub about: String,
    /// Octaves above degree 0 of degrees 1, 2, …; the last one is where the scale repeats.
    steps: Vec<f64>,
}

/// What is wrong with a scale file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalaError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub why: String,
}

impl Scala {
    /// Reads a `.scl` text: lines that begin with `!` are comments, the first other one is about the scale, the second says how many
    /// notes follow, each of which is cents where it has a point, else a ratio.
    pub fn read(text: &str) -> Result<Self, ScalaError> {
        let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
        let mut lines = lines.filter(|(_, line)| !line.starts_with('!'));
        let last = text.lines().count().max(1);
        let missing = |why: &str| ScalaError {
            line: last,
            column: 1,
            why: why.to_owned(),
        };
        let (_, about) = lines
            .next()
            .ok_or_else(|| missing("the file is empty; a scale begins with a line about it"))?;
        let (at, count) = lines
            .next()
            .ok_or_else(|| missing("the number of notes is missing"))?;
        let wrong = |at: usize, line: &str, why: String| ScalaError {
            line: at + 1,
            column: line.chars().take_while(|c| c.is_whitespace()).count() + 1,
            why,
        };
        let word = count.split_whitespace().next().unwrap_or("");
        let notes = word
            .parse::<usize>()
            .ok()
            .filter(|n| (1..=MOST).contains(n));
        let notes = notes.ok_or_else(|| {
            wrong(
                at,
                count,
                format!("the number of notes is a whole number from 1 to {MOST}, not `{word}`"),
            )
        })?;
        let mut steps = Vec::new();
        for n in 1..=notes {
            let Some((at, line)) = lines.next() else {
                return Err(missing(&format!("note {n} of {notes} is missing")));
            };
            steps.push(step(line).map_err(|why| wrong(at, line, why))?);
        }
        if let Some((at, line)) = lines.find(|(_, line)| !line.trim().is_empty()) {
            return Err(wrong(
                at,
                line,
                format!("the scale has {notes} notes, and here is one more"),
            ));
        }
        if steps.last().is_none_or(|period| *period <= 0.0) {
            return Err(missing(
                "the last note is where the scale repeats, and lies above the first",
            ));
        }
        Ok(Self {
            about: about.trim().to_owned(),
            steps,
        })
    }

    /// Octaves of a degree above degree 0.
    #[inline]
    fn degree(&self, degree: i32) -> f64 {
        let count = self.steps.len().max(1) as i32;
        let period = self.steps.last().copied().unwrap_or(1.0);
        let inside = match degree.rem_euclid(count) {
            0 => 0.0,
            n => self.steps.get(n as usize - 1).copied().unwrap_or(0.0),
        };
        degree.div_euclid(count) as f64 * period + inside
    }

    /// Notes until it repeats.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// A note's octaves above degree 0.
fn step(line: &str) -> Result<f64, String> {
    let word = line.split_whitespace().next().unwrap_or("");
    let unknown =
        || format!("`{word}` is no note; cents have a point (701.955), ratios have none (3/2, 2)");
    if word.contains('.') {
        let cents = word
            .parse::<f64>()
            .ok()
            .filter(|c| c.abs() <= 12_000.0 && c.is_finite());
        return cents.map(|c| c / 1_200.0).ok_or_else(unknown);
    }
    let (over, under) = word.split_once('/').unwrap_or((word, "1"));
    let whole = |part: &str| {
        part.parse::<u64>()
            .ok()
            .filter(|n| *n > 0)
            .map(|n| n as f64)
    };
    match (whole(over), whole(under)) {
        (Some(over), Some(under)) => Ok((over / under).log2()),
        _ => Err(unknown()),
    }
}

/// A scale laid on the keys: each key is the next degree.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    scala: Scala,
    /// Key on which degree 0 lies.
    root: i32,
    /// Octaves above C4 at which degree 0 sounds.
    base: f64,
}

impl Tuning {
    /// `root` is the key of degree 0, `fixed` the key whose frequency is given; without one the root sounds as in equal temperament.
    pub fn new(scala: Scala, root: Option<i32>, fixed: Option<(i32, f64)>) -> Self {
        let root = root.unwrap_or(C4);
        let base = match fixed {
            Some((key, hz)) => (hz / C4_HZ).log2() - scala.degree(key - root),
            None => (root - C4) as f64 / 12.0,
        };
        Self { scala, root, base }
    }

    /// The pitch of a note that is given in octaves above C4 of equal temperament; between two keys it lies between their pitches.
    #[inline]
    pub fn pitch(&self, note: f32) -> f32 {
        let place = note as f64 * 12.0 + (C4 - self.root) as f64;
        // What equal temperament rounds is on the key: 1e-4 semitones.
        let key = (place + 1e-4).floor();
        let part = (place - key).max(0.0);
        let low = self.scala.degree(key as i32);
        let here = match part < 2e-4 {
            true => low,
            false => low + (self.scala.degree(key as i32 + 1) - low) * part,
        };
        (self.base + here) as f32
    }
}

/// Reads a key by its name: `C4`, `Eb3`.
pub fn read_key(text: &str) -> Option<i32> {
    let (note, rest) = read_note(text.trim())?;
    let octave = note.octave.filter(|_| rest.is_empty())?;
    let key = (octave + 1) * 12 + note.semitone;
    (0..=127).contains(&key).then_some(key)
}

/// Reads a reference such as `A4=440`: the key, and its hertz.
pub fn read_reference(text: &str) -> Option<(i32, f64)> {
    let (key, hz) = text.split_once('=')?;
    let hz = hz.trim();
    let hz = hz
        .strip_suffix("Hz")
        .or_else(|| hz.strip_suffix("hz"))
        .unwrap_or(hz);
    let hz = hz
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|hz| (1.0..=20_000.0).contains(hz))?;
    Some((read_key(key)?, hz))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIFTHS: &str =
        "! fifths.scl\n!\nJust fifth and octave\n 3\n!\n 5/4 a third\n 701.955\n 2/1\n";

    fn cents(tuning: &Tuning, key: i32) -> f64 {
        tuning.pitch((key - C4) as f32 / 12.0) as f64 * 1_200.0
    }

    #[test]
    fn ratios_and_cents_become_the_keys_one_by_one() {
        let scala = Scala::read(FIFTHS).expect("reads");
        assert_eq!(
            (scala.about.as_str(), scala.len()),
            ("Just fifth and octave", 3)
        );
        let tuning = Tuning::new(scala, None, None);
        let want = [
            (60, 0.0),
            (61, 386.313_714),
            (62, 701.955),
            (63, 1_200.0),
            (59, -498.045),
            (57, -1_200.0),
        ];
        for (key, cents_wanted) in want {
            assert!(
                (cents(&tuning, key) - cents_wanted).abs() < 1e-3,
                "{key}: {}",
                cents(&tuning, key)
            );
        }
        let between = tuning.pitch(0.5 / 12.0) as f64 * 1_200.0;
        assert!((between - 193.157).abs() < 1e-2, "{between}");
    }

    #[test]
    fn root_and_reference_place_the_scale() {
        let scala = Scala::read(FIFTHS).expect("reads");
        let low = Tuning::new(scala.clone(), read_key("A3"), None);
        assert!((cents(&low, 57) + 300.0).abs() < 1e-3);
        let fixed = Tuning::new(scala, read_key("C4"), read_reference("D4 = 432 Hz"));
        let hz = C4_HZ * (fixed.pitch(2.0 / 12.0) as f64).exp2();
        assert!((hz - 432.0).abs() < 1e-3, "{hz}");
    }

    #[test]
    fn twelve_equal_steps_change_nothing() {
        let steps: String = (1..=12).map(|n| format!("{}.0\n", n * 100)).collect();
        let tuning = Tuning::new(
            Scala::read(&format!("12\n12\n{steps}")).expect("reads"),
            read_key("D4"),
            None,
        );
        for n in -600..=600 {
            let pitch = n as f32 / 120.0;
            assert!((tuning.pitch(pitch) - pitch).abs() < 2e-6, "{n}");
        }
    }

    #[test]
    fn errors_name_their_line_and_column() {
        for (text, line, column) in [
            ("", 1, 1),
            ("about\n", 1, 1),
            ("about\n x\n", 2, 2),
            ("about\n2\n3/2\n", 3, 1),
            ("about\n2\n!no\n  3//2\n2/1\n", 4, 3),
            ("about\n1\n0/1\n", 3, 1),
            ("about\n1\n2/1\n3/1\n", 4, 1),
            ("about\n1\n-5.0\n", 3, 1),
        ] {
            let error = Scala::read(text).expect_err(text);
            assert_eq!(
                (error.line, error.column),
                (line, column),
                "{text:?}: {}",
                error.why
            );
        }
        for (text, good) in [
            ("A4=440", true),
            ("A4=0", false),
            ("H4=440", false),
            ("A=440", false),
            ("A4", false),
        ] {
            assert_eq!(read_reference(text).is_some(), good, "{text}");
        }
    }
}
