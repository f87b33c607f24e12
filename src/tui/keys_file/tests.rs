//! Tests of keys of one's own.
use super::*;
use crate::tui::chord::Chord;
use crate::tui::keymap::Found;

fn told(text: &str) -> Vec<String> {
    let told = read(text, "keys.ron").diagnostics;
    told.iter().map(ToString::to_string).collect()
}

fn does(file: &KeysFile, scope: Scope, chord: &str) -> String {
    let chord = Chord::parse(chord).expect("a chord");
    match file.keymap.find(&[scope], None, chord) {
        Found::Bound(b) => format!("{} {}", b.action.name, b.arg).trim_end().to_owned(),
        _ => "nothing".to_owned(),
    }
}

#[test]
fn keys_of_ones_own_come_over_the_tables() {
    let file = read(
        "(layout: \"azerty\", nav: [\"K keep 30\", \"b nothing\"], everywhere: [\"F4 record\"])",
        "keys.ron",
    );
    assert_eq!(file.diagnostics, []);
    assert_eq!(file.layout.as_deref(), Some("azerty"));
    assert_eq!(does(&file, Scope::Nav, "K"), "keep 30");
    assert_eq!(does(&file, Scope::Nav, "b"), "nothing");
    assert_eq!(does(&file, Scope::Nav, "e"), "edit");
    assert_eq!(does(&file, Scope::Everywhere, "F4"), "record");
}

#[test]
fn mistakes_are_told_with_their_place_and_the_rest_holds() {
    let text = "(\n  nav: [\n    \"K kepe 30\",\n    \"Entr swap\",\n    \"L swap now\",\n    \"L undo\",\n  ],\n  perfrom: [],\n  layout: \"azertyy\",\n  edit: [\"^I fix\", \"x fix\"],\n)";
    let expected = [
        "keys.ron:3:8 there is no action `kepe 30`; did you mean `keep`?",
        "keys.ron:4:6 no keys are called `Entr`; did you mean `Enter`?",
        "keys.ron:6:6 `L` is bound twice in nav (first at 5:5)",
        "keys.ron:8:3 there is no place `perfrom`; did you mean `perform`?",
        "keys.ron:9:12 there is no layout `azertyy`; did you mean `azerty`?",
        "keys.ron:10:11 terminals send Tab for `^I`; bind Tab",
        "keys.ron:10:21 `x` is text in EDIT and could not be typed; use Ctrl, Alt or an F key",
    ];
    assert_eq!(told(text), expected);
    assert_eq!(does(&read(text, "k"), Scope::Nav, "L"), "swap now");
    assert!(told("(nav: [\"K keep\"")[0].contains("never closed"));
    assert!(told("(nav: [\"K panic loudly\"])")[0].contains("takes nothing behind"));
}

#[test]
fn what_cannot_be_a_key_or_a_file_of_keys_is_told() {
    assert_eq!(
        told("(keys: [\"a swap\"])"),
        ["keys.ron:1:10 `a` is a note in KEYS"]
    );
    assert!(told("(\"K keep\")")[0].contains("a field is missing before this"));
    let long = format!("(nav: [\"K keep\"]) // {}", "x".repeat(LARGEST));
    let file = read(&long, "keys.ron");
    assert!(file.diagnostics[0].message.contains("too large"));
    assert_ne!(does(&file, Scope::Nav, "K"), "keep");
}

#[test]
fn no_chord_of_the_stage_is_lost_in_silence() {
    let warned = told("(everywhere: [\"^X record\", \"F12 nothing\"], nav: [\"^G quit\"])");
    assert_eq!(warned.len(), 3, "{warned:?}");
    assert_eq!(
        warned[0],
        "keys.ron:1:16 `^X` was `panic`, which stays on F12"
    );
    assert!(warned[1].contains("no key does `panic` in everywhere any more"));
    assert!(warned[2].contains("`^G` is `swap` everywhere; in nav no more"));
    let only_warned = read("(everywhere: [\"^X record\"])", "k");
    let severe = |d: &Diagnostic| d.severity == Severity::Error;
    assert!(!only_warned.diagnostics.iter().any(severe));
}

#[test]
fn the_template_changes_nothing_and_names_everything() {
    let text = template(&Keymap::default(), "qwerty");
    assert_eq!(told(&text), [] as [String; 0]);
    // With all slashes gone it says what the table says.
    let on: String = text
        .lines()
        .map(|l| match l.trim_start().strip_prefix("// \"") {
            Some(rest) => format!("\"{rest}\n"),
            None => format!("{l}\n"),
        })
        .collect();
    assert!(on.contains("\"m8 macro 8\","));
    let letters = |t: &String| !t.contains("is text in EDIT") && !t.contains("is a note");
    let odd: Vec<String> = told(&on).into_iter().filter(letters).collect();
    assert_eq!(odd, [] as [String; 0]);
}
