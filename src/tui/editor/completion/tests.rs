//! Completion at every kind of place.
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

const BELLS: &str = "(groups: (bell: (modules: (mod: Sine(), car: Sine(freq: 3), env: Adsr), cables: [\"in.pitch > mod.pitch\", \"in.bright > car.fm\", \"car > out\", \"env > out.env\"])),";

#[test]
fn groups_their_ports_and_what_is_in_them_are_known() {
    for (text, wanted, never) in [
        (" modules: (low: be|", "bell", "mod"),
        (" modules: (low: bell(|", "car", "freq"),
        (" modules: (low: bell(mod: (|", "ratio", "car"),
        (" modules: (low: bell(mod: (freq: \"44|", "Hz", "ms"),
        (
            " modules: (low: bell(), out: Out), cables: [\"lo|",
            "low",
            "mod",
        ),
        (
            " modules: (low: bell(), out: Out), cables: [\"low_|",
            "low_car",
            "out",
        ),
        (
            " modules: (low: bell(), out: Out), cables: [\"low.|",
            "env",
            "pitch",
        ),
        (
            " modules: (low: bell, k: Keys), cables: [\"k > low.|",
            "bright",
            "out",
        ),
        (
            " modules: (low: bell, k: Keys), cables: [\"k > low_car.|",
            "fm",
            "bright",
        ),
        (
            " modules: (low: bell), macros: [(to: [\"low_mod.|",
            "ratio",
            "fm",
        ),
    ] {
        let found = labels(&format!("{BELLS}{text}"));
        assert!(found.iter().any(|l| l == wanted), "{text}: {found:?}");
        assert!(!found.iter().any(|l| l == never), "{text}: {found:?}");
    }
    for (text, wanted, never) in [
        ("(groups: (v: (|", "cables", "name"),
        (
            "(groups: (v: (modules: (o: Sine, |x: Saw), cables: []))",
            "",
            "bell",
        ),
        (
            "(groups: (v: (modules: (o: Sine(), e: Adsr), cables: [\"i|",
            "in",
            "o",
        ),
        (
            "(groups: (v: (modules: (o: Sine(), e: Adsr), cables: [\"e > |\"])), modules: (w: Saw)",
            "out",
            "w",
        ),
    ] {
        let found = labels(text);
        assert!(
            wanted.is_empty() || found.iter().any(|l| l == wanted),
            "{text}: {found:?}"
        );
        assert!(!found.iter().any(|l| l == never), "{text}: {found:?}");
    }
}
