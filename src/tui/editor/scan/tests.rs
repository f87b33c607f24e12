//! Tests of the scan.
use super::*;

/// The place of `|` in a text.
fn at(text: &str) -> Scan {
    let byte = text.find('|').expect("a place");
    scan(&text.replace('|', ""), byte)
}

fn way(scan: &Scan) -> String {
    let frames = scan.place.frames.iter();
    let one = |f: &Frame| format!("{}{}{}", f.head, f.bracket, f.key.as_deref().unwrap_or("-"));
    frames.map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_way_to_a_place_is_found_in_texts_that_are_being_typed() {
    for (text, want, word) in [
        ("(na|", "(-", "na"),
        ("(modules: (vcf: La|", "(modules (vcf", "La"),
        ("(modules: (vcf: Ladder(cu|", "(modules (vcf Ladder(-", "cu"),
        (
            "(modules: (vcf: Ladder(cutoff: 4, |res: 1",
            "(modules (vcf Ladder(-",
            "",
        ),
        (
            "(modules: (vcf: Ladder(\n  |\n), x: Saw(",
            "(modules (vcf Ladder(-",
            "",
        ),
        (
            "(modules: (a: Saw(), b: Lfo(shape: |)",
            "(modules (b Lfo(shape",
            "",
        ),
    ] {
        let found = at(text);
        assert_eq!(way(&found), want, "{text}");
        assert_eq!(found.place.word, word, "{text}");
    }
}

#[test]
fn strings_end_with_their_line_and_modules_are_known_by_kind() {
    let found = at("(modules: (a: Saw(freq: \"44|\n), b: Vca()), cables: [\"a > b\"])");
    assert_eq!(found.place.string.as_deref(), Some("44"));
    let names: Vec<_> = found
        .modules
        .iter()
        .map(|m| (m.name.as_str(), m.kind.as_str()))
        .collect();
    assert_eq!(names, [("a", "Saw"), ("b", "Vca")]);
    let found = at("(modules: (a: Saw()), cables: [\"a > |\"])");
    assert_eq!(found.place.string.as_deref(), Some("a > "));
    assert_eq!(way(&found), "(cables [-");
    assert!(at("( // x |\n").place.in_comment);
}

#[test]
fn names_behind_the_place_count_too() {
    let found = at("(modules: (v: Ladder(|cutoff: 400, res: 0.5, ), w: Saw(freq: 1)))");
    let keys = &found.place.frames.last().expect("inside").keys;
    assert_eq!(keys, &["cutoff", "res"]);
}

#[test]
fn any_text_is_read() {
    let text = "(a: \"é\\\" x /* ( \n]) } r#\"x\" // é";
    for (byte, _) in text.char_indices() {
        scan(text, byte);
    }
    scan(text, text.len());
}
