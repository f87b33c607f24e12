//! What could stand at the cursor of a patch's text: kinds, names, ports, units and choices, all from the modules' specs.
use crate::dsp::scale::SCALES;
use crate::modules::REGISTRY;
use crate::modules::notation::DRUMS;
use crate::modules::spec::{
    Law, ModuleSpec, OptionKind, OptionSpec, ParamSpec, ParamValue, Signal, Unit,
};
use crate::patch::value::{bound, value_text};
use crate::tui::fuzzy;

use super::scan::{Place, Scan, scan};

/// One thing that could stand there.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub label: String,
    /// What it is, in a word or two.
    pub tag: String,
    pub doc: String,
    /// What is written for it; the cursor ends `back` characters before its end.
    pub text: String,
    pub back: usize,
}

/// What fits at a place, best first, and how many characters before the cursor it replaces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fitting {
    pub typed: String,
    pub candidates: Vec<Candidate>,
}

/// Fields of a patch, with a word on each.
const FIELDS: [(&str, &str, &str); 11] = [
    ("name", "name: \"\"", "the patch's own name"),
    ("bpm", "bpm: 120", "tempo that comes with its swap"),
    (
        "voices",
        "voices: 6",
        "how many voices a note source has, 1 to 64",
    ),
    (
        "swing",
        "swing: 0.25",
        "how late every second sixteenth is, 0 to 0.75",
    ),
    (
        "tuning",
        "tuning: \"\"",
        "a Scala file that notes are tuned by",
    ),
    (
        "modules",
        "modules: ()",
        "what sounds: name: Kind(parameters)",
    ),
    ("cables", "cables: []", "\"a > b\", what goes where"),
    ("macros", "macros: []", "knobs that move several parameters"),
    (
        "groups",
        "groups: ()",
        "modules with their cables, to be used several times",
    ),
    (
        "prime",
        "prime: Silent",
        "it may be silent; or (note: \"C3\")",
    ),
    (
        "spill",
        "spill: true",
        "it rings out after a swap away from it",
    ),
];

/// Note lengths as people write them.
const LENGTHS: [(&str, &str); 8] = [
    ("1/1", "a bar of four"),
    ("1/2", "two beats"),
    ("1/4", "a beat"),
    ("3/16", "three sixteenths"),
    ("1/8", "an eighth"),
    ("1/8t", "an eighth of a triplet"),
    ("1/16", "a sixteenth"),
    ("1/32", "a thirty-second"),
];

/// What could stand at a byte of a text.
pub fn fitting(text: &str, at: usize) -> Fitting {
    let Scan { place, modules } = scan(text, at);
    if place.in_comment {
        return Fitting::default();
    }
    let follows = text.get(at..).unwrap_or("");
    match &place.string {
        Some(string) => in_string(&place, string, &modules),
        None => Fitting {
            candidates: among(bare(&place, follows), &place.word),
            typed: place.word,
        },
    }
}

/// Those that match what is typed, best first.
fn among(candidates: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
    let lower = typed.to_lowercase();
    let scored = candidates.into_iter().filter_map(|c| {
        let begins = c.label.to_lowercase().starts_with(&lower);
        let score = fuzzy::score(typed, &c.label)?;
        // In longer names letters are found anywhere.
        (begins || typed.len() >= 2).then_some((score + 1_000 * i32::from(begins), c))
    });
    let mut scored: Vec<_> = scored.collect();
    if !typed.is_empty() {
        scored.sort_by_key(|(score, _)| -score);
    }
    scored.into_iter().map(|(_, c)| c).collect()
}

fn candidate(label: &str, tag: &str, doc: &str) -> Candidate {
    Candidate {
        label: label.to_owned(),
        tag: tag.to_owned(),
        doc: doc.to_owned(),
        text: label.to_owned(),
        back: 0,
    }
}

/// Outside of strings.
fn bare(place: &Place, follows: &str) -> Vec<Candidate> {
    let frames = &place.frames;
    let Some(last) = frames.last() else {
        return Vec::new();
    };
    let list = frames
        .iter()
        .rposition(|f| f.key.as_deref() == Some("modules"));
    match (list.map(|at| frames.len() - at), &last.key) {
        // modules: ( name: |
        (Some(2), Some(_)) => kinds(follows),
        // modules: ( name: Kind( |
        (Some(3), key) => match (crate::modules::find(&last.head), key) {
            (Some(spec), None) => arguments(spec, &last.keys, follows),
            (Some(spec), Some(key)) => values(spec, key),
            _ => Vec::new(),
        },
        (None, None) if frames.len() == 1 && last.head.is_empty() => {
            let fields = FIELDS.iter().filter(|(name, ..)| !given(&last.keys, name));
            let one = |(name, text, doc): &(&str, &str, &str)| Candidate {
                text: (*text).to_owned(),
                back: usize::from(text.ends_with([')', ']', '"'])),
                ..candidate(name, "", doc)
            };
            fields.map(one).collect()
        }
        _ => Vec::new(),
    }
}

fn given(keys: &[String], name: &str) -> bool {
    keys.iter().any(|key| key == name)
}

fn kinds(follows: &str) -> Vec<Candidate> {
    let brackets = !follows.starts_with('(');
    let one = |spec: &&ModuleSpec| Candidate {
        text: match brackets {
            true => format!("{}()", spec.kind),
            false => spec.kind.to_owned(),
        },
        back: usize::from(brackets),
        ..candidate(
            spec.kind,
            &format!("{:?}", spec.family).to_lowercase(),
            spec.doc,
        )
    };
    REGISTRY.iter().map(one).collect()
}

fn arguments(spec: &ModuleSpec, keys: &[String], follows: &str) -> Vec<Candidate> {
    let colon = follows.trim_start().starts_with(':');
    let named = |name: &str, tag: String, doc: &str| Candidate {
        text: match colon {
            true => name.to_owned(),
            false => format!("{name}: "),
        },
        ..candidate(name, &tag, doc)
    };
    let params = spec.params.iter().filter(|p| !given(keys, p.name));
    let params = params.map(|p| named(p.name, range(p), p.doc));
    let options = spec.options.iter().filter(|o| !given(keys, o.name));
    let options = options.map(|o| named(o.name, "choice".to_owned(), o.doc));
    params.chain(options).collect()
}

/// "20 Hz..20 kHz"
pub fn range(spec: &ParamSpec) -> String {
    format!("{}..{}", bound(spec, spec.min), bound(spec, spec.max))
}

/// As patches write a value: in quotes where it has a unit.
fn literal(spec: &ParamSpec, value: f32) -> String {
    value_text(spec, ParamValue::Fixed(value), None)
}

fn values(spec: &ModuleSpec, key: &str) -> Vec<Candidate> {
    if let Some(param) = spec.param(key) {
        let param = &spec.params[param];
        let ends = [
            (param.default, "default"),
            (param.min, "least"),
            (param.max, "most"),
        ];
        let mut found: Vec<Candidate> = Vec::new();
        for (value, word) in ends {
            let one = candidate(&literal(param, value), word, param.doc);
            if found.iter().all(|c| c.label != one.label) {
                found.push(one);
            }
        }
        if param.unit.follows_tempo() {
            found.extend(lengths(true));
        }
        return found;
    }
    let Some(option) = spec.option(key) else {
        return Vec::new();
    };
    let option = &spec.options[option];
    match &option.kind {
        OptionKind::Choice(names) => {
            let one = |name: &&str| candidate(name, "choice", option.doc);
            names.iter().map(one).collect()
        }
        OptionKind::Text(text) | OptionKind::File(text) => {
            let one = Candidate {
                back: 1,
                ..candidate(&format!("\"{text}\""), "default", option.doc)
            };
            vec![one]
        }
        OptionKind::Whole { min, max, default } => {
            let ends = [(default, "default"), (min, "least"), (max, "most")];
            let one = |(n, word): (&i64, &str)| candidate(&n.to_string(), word, option.doc);
            ends.into_iter().map(one).collect()
        }
        OptionKind::Length { .. } => lengths(true).collect(),
    }
}

fn lengths(quoted: bool) -> impl Iterator<Item = Candidate> {
    LENGTHS.into_iter().map(move |(length, doc)| Candidate {
        text: match quoted {
            true => format!("\"{length}\""),
            false => length.to_owned(),
        },
        ..candidate(length, "length", doc)
    })
}

// In strings

fn in_string(place: &Place, string: &str, modules: &[(String, &'static ModuleSpec)]) -> Fitting {
    let frames = &place.frames;
    let Some(last) = frames.last() else {
        return Fitting::default();
    };
    let list = |key: &str| {
        let before = frames.len().checked_sub(2).map(|at| &frames[at]);
        last.bracket == '[' && before.is_some_and(|f| f.key.as_deref() == Some(key))
    };
    if list("cables") {
        return in_cable(string, modules);
    }
    if list("to") {
        let word = string.trim_start();
        return match word.contains(' ') {
            true => Fitting::default(),
            false => end_of_cable(word, modules, Ends::Knobs),
        };
    }
    let spec = crate::modules::find(&last.head);
    let Some((spec, key)) = spec.zip(last.key.as_deref()) else {
        return Fitting::default();
    };
    if let Some(param) = spec.param(key) {
        return in_value(&spec.params[param], string);
    }
    match spec.option(key) {
        Some(option) => in_option(spec, &spec.options[option], string),
        None => Fitting::default(),
    }
}

/// Digits, then the unit.
fn in_value(spec: &ParamSpec, string: &str) -> Fitting {
    if string.is_empty() {
        let mut found = vec![
            (spec.default, "default"),
            (spec.min, "least"),
            (spec.max, "most"),
        ];
        found.dedup_by_key(|(value, _)| *value);
        let one = |(value, word): (f32, &str)| {
            let text = literal(spec, value);
            candidate(text.trim_matches('"'), word, spec.doc)
        };
        let mut candidates: Vec<_> = found.into_iter().map(one).collect();
        if spec.unit.follows_tempo() {
            candidates.extend(lengths(false));
        }
        return Fitting {
            typed: String::new(),
            candidates,
        };
    }
    if string.contains('/') && spec.unit.follows_tempo() {
        return Fitting {
            candidates: among(lengths(false).collect(), string),
            typed: string.to_owned(),
        };
    }
    after_number(string, units(spec.unit))
}

fn after_number(string: &str, units: &[(&str, &str)]) -> Fitting {
    let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | ' ');
    let typed = string.trim_start_matches(number);
    if typed.len() == string.len() {
        return Fitting::default();
    }
    let one = |(unit, doc): &(&str, &str)| candidate(unit, "unit", doc);
    Fitting {
        candidates: among(units.iter().map(one).collect(), typed),
        typed: typed.to_owned(),
    }
}

fn units(unit: Unit) -> &'static [(&'static str, &'static str)] {
    match unit {
        Unit::Plain => &[("%", "hundredths")],
        Unit::Hz | Unit::TempoHz | Unit::HzShift => &[("Hz", "hertz"), ("kHz", "1,000 hertz")],
        Unit::Seconds | Unit::TempoSeconds => &[("ms", "milliseconds"), ("s", "seconds")],
        Unit::Decibels => &[("dB", "decibels")],
        Unit::Octaves | Unit::Semitones | Unit::Cents => &[
            ("st", "semitones"),
            ("oct", "octaves"),
            ("cents", "hundredths of a semitone"),
        ],
    }
}

fn in_option(spec: &ModuleSpec, option: &OptionSpec, string: &str) -> Fitting {
    let typed = string
        .rsplit([' ', '[', '<', '{', ','])
        .next()
        .unwrap_or("");
    let candidates = match option.kind {
        OptionKind::Length { .. } => {
            return Fitting {
                candidates: among(lengths(false).collect(), string),
                typed: string.to_owned(),
            };
        }
        OptionKind::Text(_) if option.name == "scale" && string.contains(' ') => {
            let one = |(name, _): &(&str, &[u8])| candidate(name, "scale", "");
            SCALES.iter().map(one).collect()
        }
        // Its words are its outputs.
        OptionKind::Text(_) if spec.output(DRUMS[0].0).is_some() && !typed.is_empty() => {
            let doc = |name: &str| spec.output(name).map_or("", |o| spec.outputs[o].doc);
            let one = |(name, _): &(&str, &[&str])| candidate(name, "drum", doc(name));
            DRUMS.iter().map(one).collect()
        }
        _ => return Fitting::default(),
    };
    Fitting {
        candidates: among(candidates, typed),
        typed: typed.to_owned(),
    }
}

/// Which ends of a cable.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    Sources,
    Targets,
    Knobs,
}

/// `a.out + b > c.cutoff * 2.5oct`
fn in_cable(string: &str, modules: &[(String, &'static ModuleSpec)]) -> Fitting {
    let (before, word) = match string.rfind(['>', '+']) {
        Some(at) => (&string[..=at], &string[at + 1..]),
        None => ("", string),
    };
    let ends = match before.contains('>') {
        true => Ends::Targets,
        false => Ends::Sources,
    };
    match word.split_once('*') {
        Some((end, amount)) => after_number(amount, amounts(end.trim(), modules)),
        None => end_of_cable(word.trim_start(), modules, ends),
    }
}

/// Units of an amount into a port or a knob.
fn amounts(
    end: &str,
    modules: &[(String, &'static ModuleSpec)],
) -> &'static [(&'static str, &'static str)] {
    let (name, port) = end.split_once('.').unwrap_or((end, ""));
    let Some((_, spec)) = modules.iter().find(|(n, _)| n == name) else {
        return &[];
    };
    let octaves = match (spec.param(port), spec.input(port)) {
        (Some(param), _) => match spec.params[param].unit.law() {
            Law::Octaves => true,
            Law::Decibels => return units(Unit::Decibels),
            Law::Add => spec.params[param].unit != Unit::Plain,
        },
        (None, Some(port)) => spec.inputs[port].signal == Signal::Pitch,
        (None, None) => false,
    };
    match octaves {
        true => units(Unit::Octaves),
        false => &[("%", "hundredths"), ("dB", "decibels")],
    }
}

fn end_of_cable(word: &str, modules: &[(String, &'static ModuleSpec)], ends: Ends) -> Fitting {
    let Some((name, typed)) = word.split_once('.') else {
        let fits = |spec: &ModuleSpec| match ends {
            Ends::Sources => !spec.outputs.is_empty(),
            Ends::Targets => !spec.inputs.is_empty() || !spec.params.is_empty(),
            Ends::Knobs => !spec.params.is_empty(),
        };
        let all = modules.iter().filter(|(_, spec)| fits(spec));
        let one = |(name, spec): &(String, &'static ModuleSpec)| {
            let dot = if ends == Ends::Knobs { "." } else { "" };
            Candidate {
                text: format!("{name}{dot}"),
                ..candidate(name, spec.kind, spec.doc)
            }
        };
        return Fitting {
            candidates: among(all.map(one).collect(), word),
            typed: word.to_owned(),
        };
    };
    let Some((_, spec)) = modules.iter().find(|(n, _)| n == name) else {
        return Fitting::default();
    };
    let port = |p: &crate::modules::spec::PortSpec| {
        candidate(p.name, &format!("{:?}", p.signal).to_lowercase(), p.doc)
    };
    let mut found: Vec<Candidate> = match ends {
        Ends::Sources => spec.outputs.iter().map(port).collect(),
        Ends::Targets => spec.inputs.iter().map(port).collect(),
        Ends::Knobs => Vec::new(),
    };
    if ends != Ends::Sources {
        let knobs = spec.params.iter();
        found.extend(knobs.map(|p| candidate(p.name, &range(p), p.doc)));
    }
    Fitting {
        candidates: among(found, typed),
        typed: typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        let at = text.find('|').expect("a place");
        let found = fitting(&text.replacen('|', "", 1), at);
        found.candidates.into_iter().map(|c| c.label).collect()
    }

    #[test]
    fn what_fits_comes_from_the_specs() {
        let patch = |cable: &str| {
            format!(
                "(modules: (vco: Saw(), vcf: Ladder(), seq: Seq(), kit: Drums()), cables: [\"{cable}|\"])"
            )
        };
        for (text, first, other) in [
            ("(modules: (vcf: La|".to_owned(), "Ladder", "Saw"),
            ("(modules: (vcf: |)".to_owned(), "Sine", ""),
            ("(modules: (vcf: Ladder(|".to_owned(), "cutoff", "osc"),
            (
                "(modules: (vcf: Ladder(|, cutoff: 3)".to_owned(),
                "res",
                "cutoff",
            ),
            (
                "(modules: (vcf: Ladder(cutoff: |".to_owned(),
                "\"1000Hz\"",
                "res",
            ),
            (
                "(modules: (vcf: Ladder(cutoff: \"40|".to_owned(),
                "Hz",
                "ms",
            ),
            (
                "(modules: (vcf: Ladder(cutoff: \"40k|\"".to_owned(),
                "kHz",
                "Hz",
            ),
            ("(modules: (env: Adsr(a: \"40|\"".to_owned(), "ms", "Hz"),
            ("(modules: (lfo: Lfo(shape: T|".to_owned(), "Tri", "Sine"),
            ("(modules: (s: Seq(rate: \"1/|".to_owned(), "1/1", "C"),
            (
                "(modules: (p: Pattern(scale: \"C mi|".to_owned(),
                "minor",
                "major",
            ),
            (patch("s"), "seq", "vco"),
            (patch("seq."), "pitch", "transpose"),
            (patch("vco > v"), "vco", "seq"),
            (patch("vco > vcf."), "in", "out"),
            (patch("seq.pitch > vcf.cut"), "cutoff", "res"),
            (patch("vco > vcf.cutoff * 2"), "st", "Hz"),
            (patch("vco > vcf.in * 2d"), "dB", "st"),
            (patch("kit.s"), "sd", "bd"),
            ("(na|".to_owned(), "name", "bpm"),
            (
                "(macros: [(to: [\"|\"])], modules: (vcf: Ladder()))".to_owned(),
                "vcf",
                "cutoff",
            ),
        ] {
            let found = labels(&text);
            assert_eq!(
                found.first().map(String::as_str),
                Some(first),
                "{text}: {found:?}"
            );
            assert!(!found.iter().any(|l| l == other), "{text}: {found:?}");
        }
    }

    #[test]
    fn nothing_fits_in_comments_names_and_numbers() {
        for text in [
            "( // modules: (a: S|",
            "(modules: (ad|",
            "(modules: (a: Saw()), cables: [\"x.|\"])",
            "(name: \"my|\")",
            "|",
        ] {
            assert_eq!(labels(text), [] as [&str; 0], "{text}");
        }
    }
}
