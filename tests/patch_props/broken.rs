//! Texts that are cut off or changed anywhere: no panic, and RON has the last word.
use chronus::modules::spec::ParamValue;
use chronus::patch::diagnostic::Severity;
use chronus::patch::file::parse;
use proptest::prelude::*;
use serde::de::IgnoredAny;

use crate::texts::{ODD, texts};

/// What must hold of any text at all.
pub fn holds(text: &str) -> bool {
    let parsed = parse(text, "t.ron");
    let errors = parsed.errors().count();
    assert_eq!(parsed.patch.is_none(), errors > 0, "{text}");
    if parsed.patch.is_some() {
        let plain = text.trim_start_matches('\u{feff}');
        let ron = ron::from_str::<IgnoredAny>(plain);
        assert!(ron.is_ok(), "RON refuses what we read: {ron:?}\n{text}");
    }
    let mut last = 0;
    for d in &parsed.diagnostics {
        assert!(d.span.start >= last && d.line >= 1 && d.column >= 1);
        last = d.span.start;
        assert!(
            text.get(d.span.clone()).is_some(),
            "{d}: {:?} in {text}",
            d.span
        );
        if let Some(fix) = &d.fix {
            assert!(text.get(fix.span.clone()).is_some(), "{d}: {fix:?}");
        }
        assert!(!d.message.is_empty() && d.message.len() < 400, "{d}");
    }
    for module in &parsed.spans.modules {
        assert!(text.get(module.whole.clone()).is_some());
    }
    parsed.patch.is_some()
}

#[test]
fn a_truncated_text_is_never_half_read() {
    truncate(&[ODD.to_owned()], 1);
    truncate(&texts(), 7);
}

#[test]
#[ignore = "long: every byte of every shipped patch"]
fn a_text_truncated_at_any_byte_is_never_half_read() {
    truncate(&texts(), 1);
}

fn truncate(texts: &[String], step: usize) {
    for text in texts {
        for end in (0..text.len()).step_by(step) {
            // Only white space and comments may be missing.
            if text.is_char_boundary(end) && holds(&text[..end]) {
                let rest = text[end..].trim();
                assert!(rest.is_empty() || rest.starts_with("//"), "{rest}");
            }
        }
    }
}

/// One edit that a slip or a bad disk makes.
#[derive(Clone, Debug)]
pub enum Mutation {
    Delete(usize, usize),
    Insert(usize, String),
    Repeat(usize, usize, usize),
    Swap(usize, usize),
}

pub fn mutation() -> impl Strategy<Value = Mutation> {
    let place = 0usize..4096;
    let snippet = prop_oneof![
        prop::sample::select(vec![
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "\"",
            ",",
            ":",
            "//",
            "/*",
            "*/",
            "\\",
            "r#\"",
            "\"#",
            "'",
            " > ",
            "~>",
            "+",
            "*",
            ".",
            "..",
            "NaN",
            "inf",
            "1e39",
            "-",
            "0x",
            "\n",
            "\r\n",
            "\u{feff}",
            "\0",
            "é",
            "🎹",
            "Some(",
            "()",
            "#![enable(x)]",
            "osc",
            "out: Out()",
            "\"a > b\"",
            "_",
            "1_",
            "\\u{110000}",
            "\\x80",
            "b'",
            "b\"",
            "=",
            "\u{85}",
            "\u{a0}",
            "'a'",
            "1.0f32",
            "1u8",
            "0b1",
            "--1",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    prop_oneof![
        (place.clone(), 0usize..40).prop_map(|(at, len)| Mutation::Delete(at, len)),
        (place.clone(), snippet).prop_map(|(at, text)| Mutation::Insert(at, text)),
        (place.clone(), 0usize..40, place.clone()).prop_map(|(a, l, b)| Mutation::Repeat(a, l, b)),
        (place.clone(), place).prop_map(|(a, b)| Mutation::Swap(a, b)),
    ]
}

pub fn mutate(text: &str, mutations: &[Mutation]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for m in mutations {
        let n = chars.len();
        if n == 0 {
            break;
        }
        match m {
            Mutation::Delete(at, len) => {
                let at = at % n;
                chars.drain(at..(at + len).min(n));
            }
            Mutation::Insert(at, text) => {
                let at = at % (n + 1);
                chars.splice(at..at, text.chars());
            }
            Mutation::Repeat(from, len, to) => {
                let from = from % n;
                let part = chars[from..(from + len).min(n)].to_vec();
                let to = to % (n + 1);
                chars.splice(to..to, part);
            }
            Mutation::Swap(a, b) => chars.swap(a % n, b % n),
        }
    }
    chars.into_iter().collect()
}

#[test]
fn warnings_do_not_keep_a_patch_from_being_read() {
    let parsed = parse("(modules: (osc: Sine(), out: Out()), cables: [])", "t.ron");
    assert!(parsed.patch.is_some());
    assert!(!parsed.diagnostics.is_empty());
    assert!(
        parsed
            .diagnostics
            .iter()
            .all(|d| d.severity == Severity::Warning)
    );
}

/// Forms of number that RON has or lacks: what we read is what RON reads.
#[test]
fn numbers_are_those_of_ron() {
    let mut read = 0;
    for number in [
        "1", "1.", ".5", "+.5", "-0.0", "1_0", "1__0", "_1", "1_", "1e0", "1e", "1e+0", "1E-1",
        "0x1", "0x", "0b1", "0o7", "01", "1f32", "1.0f32", "1u8", "1i64", "--1", "+-1", "- 1",
        "1 .5", "1.5.5", "0.1e-3", "1e999", "''", "'a'", "b\"x\"", "true", "()", "1_.5", "0_.5",
        "0x_1", "1._5",
    ] {
        let text =
            format!("(modules: (a: Sine(level: {number}), out: Out()), cables: [\"a > out\"])");
        read += usize::from(holds(&text));
        // A space, a comment or an ending comma changes nothing.
        let spaced = text.replace(number, &format!(" {number} /* */ ,"));
        assert_eq!(holds(&text), holds(&spaced), "{number}");
        if let Some(patch) = parse(&text, "t.ron").patch
            && let Ok(expected) = ron::from_str::<f64>(number)
        {
            let level = patch.modules[0].params[patch.modules[0].spec.param("level").unwrap()];
            assert_eq!(level, ParamValue::Fixed(expected as f32), "{number}");
        }
    }
    assert!(read >= 10, "only {read}");
}
