//! Bad patch texts and exactly what is said about them: place, cause, and the edit that mends it.
use chronus::patch::diagnostic::{Lines, Severity};
use chronus::patch::file::parse;

const HELLO: &str = "(
  name: \"hello\",
  modules: (
    osc: Sine(freq: \"A3\", level: 0.5),
    env: Adsr(a: \"2ms\", s: 0.5),
    vca: Vca(),
    out: Out(gain: \"-12dB\"),
  ),
  cables: [
    \"osc > vca > out\",
    \"env > vca.cv * 0.5\",
  ],
)
";

/// What replaces what in the good patch, and all findings on the result: `line:column message`.
const CASES: &[(&str, &str, &[&str])] = &[
    ("", "", &[]),
    // Names
    (
        "Adsr(",
        "Adssr(",
        &["5:10 unknown module `Adssr`; did you mean `Adsr`?"],
    ),
    (
        "Sine(",
        "simple_sine(",
        &["4:10 unknown module `simple_sine`; did you mean `Sine`?"],
    ),
    (
        "level: 0.5",
        "levle: 0.5",
        &["4:27 `Sine` has no `levle`; did you mean `level`? (freq, ratio, feedback)"],
    ),
    (
        "level: 0.5",
        "fm: 0.5",
        &["4:27 `fm` is an input of `Sine`, not a value; connect it in `cables`"],
    ),
    (
        "cables:",
        "cabels:",
        &["9:3 unknown field `cabels`; did you mean `cables`?"],
    ),
    (
        "vca: Vca()",
        "osc: Vca()",
        &[
            "6:5 `osc` is named twice (first at 4:5)",
            "10:12 no module `vca`",
            "11:12 no module `vca`",
        ],
    ),
    (
        "level: 0.5",
        "freq: 220",
        &["4:27 `freq` is given twice (first at 4:15)"],
    ),
    (
        "osc > vca",
        "ocs > vca",
        &["10:6 no module `ocs`; did you mean `osc`?"],
    ),
    (
        "vca.cv",
        "vca.cw",
        &["11:12 `vca` has no input `cw`; did you mean `vca.cv`?"],
    ),
    (
        "env > vca.cv",
        "env.oout > vca.cv",
        &["11:6 `env` has no output `oout`; did you mean `env.out`?"],
    ),
    (
        "env > vca.cv",
        "env.gate > vca.cv",
        &["11:6 `gate` is an input of `env`, not an output (out)"],
    ),
    // Values
    (
        "\"A3\"",
        "\"440hzz\"",
        &["4:22 unknown unit `hzz` in \"440hzz\"; try Hz or kHz"],
    ),
    ("\"A3\"", "A3", &["4:21 write \"A3\" with quotes"]),
    ("\"A3\"", "440Hz", &["4:21 write \"440Hz\" with quotes"]),
    (
        "\"A3\"",
        "1e39",
        &["4:21 `freq` goes from 0.01 Hz to 20 kHz, not inf"],
    ),
    (
        "\"A3\"",
        "NaN",
        &["4:21 `freq` goes from 0.01 Hz to 20 kHz, not NaN"],
    ),
    (
        "\"A3\"",
        "-inf",
        &["4:21 `freq` goes from 0.01 Hz to 20 kHz, not -inf"],
    ),
    (
        "\"A3\"",
        "30000",
        &["4:21 `freq` goes from 0.01 Hz to 20 kHz, not 30 kHz"],
    ),
    (
        "\"A3\"",
        "\"30kHz\"",
        &["4:22 `freq` goes from 0.01 Hz to 20 kHz, not 30 kHz"],
    ),
    (
        "\"A3\"",
        "\"2ms\"",
        &["4:22 \"2ms\" is a time; `freq` takes Hz or kHz"],
    ),
    (
        "\"A3\"",
        "[1]",
        &["4:21 `freq` takes a number or a text such as \"261.62558 Hz\", not a list"],
    ),
    (
        "\"A3\"",
        "\"1/8\"",
        &["4:22 \"1/8\" is a note length; `freq` takes Hz or kHz"],
    ),
    (
        "\"-12dB\"",
        "\"13dB\"",
        &["7:21 `gain` goes from -60 dB to 12 dB, not 13 dB"],
    ),
    (
        "* 0.5",
        "* 2oct",
        &["11:21 `2oct` is an interval; the amount here is in a number, % or dB"],
    ),
    (
        "* 0.5",
        "* 1e39",
        &["11:21 an amount here goes from -10000 to 10000, not 1e39"],
    ),
    ("* 0.5", "*", &["11:20 `*` has no amount behind it"]),
    // Syntax
    (", level", " level", &["4:25 missing `,` after `\"A3\"`"]),
    ("s: 0.5),", "s: 0.5)", &["5:32 missing `,` after `)`"]),
    (
        "[\n",
        "\n",
        &[
            "10:5 `cables` takes a list such as [\"osc > out\"], not `\"osc > vca > out\"`",
            "11:5 `\"env > vca.cv * 0.5\"` has no field name; write `name: value`",
            "12:3 `]` closes nothing",
            "12:4 this `,` separates nothing",
        ],
    ),
    ("  ],\n)", ")", &["9:11 `[` is never closed"]),
    (
        "0.5),\n    env",
        "0.5,\n    env",
        &["4:14 `(` is never closed"],
    ),
    (
        "0.5),\n    env",
        "0.5)),\n    env",
        &["4:38 `)` closes nothing"],
    ),
    (
        "cv * 0.5\",\n  ]",
        "cv * 0.5\",\n  )",
        &["12:3 `)` does not close the `[` of 9:11; write `]`"],
    ),
    ("\"A3\"", "\"A3", &["4:21 `\"` is never closed"]),
    (
        "freq: ",
        "freq = ",
        &["4:20 write `:` instead of `=` after `freq`"],
    ),
    ("freq: ", "freq ", &["4:19 missing `:` after `freq`"]),
    ("freq: \"A3\"", "freq: ", &["4:20 `freq` has no value"]),
    (
        "0.5),\n    env",
        "0.5),,\n    env",
        &["4:39 this `,` separates nothing"],
    ),
    (
        "osc > vca",
        "osc -> vca",
        &["10:10 write `>` instead of `->`"],
    ),
    (
        "osc > vca > out",
        "osc",
        &["10:9 a cable needs `>` and a destination"],
    ),
    (
        "\"osc > vca > out\"",
        "osc > vca > out",
        &["10:5 a cable is written in quotes: \"osc > out\""],
    ),
    (
        "name: \"hello\"",
        "name: \"hello\\q\"",
        &["2:15 unknown escape; there is \\n \\t \\r \\0 \\\\ \\\" \\' \\x41 \\u{41}"],
    ),
    (
        "(\n  name",
        "#![enable(implicit_some)]\n(\n  name",
        &["1:1 a patch needs no `#![…]` line"],
    ),
    (
        "name: \"hello\"",
        "name: Some(\"hello\")",
        &["2:9 `name` takes a text in quotes, not a group in `( )`"],
    ),
    (
        "name:",
        "/* name:",
        &["2:3 `/*` is never closed", "1:1 `(` is never closed"],
    ),
    (")\n", ") extra\n", &[]),
    // The top level
    (
        "name:",
        "bpm: 5, name:",
        &["2:8 `bpm` goes from 10 to 999, not 5"],
    ),
    (
        "name:",
        "voices: 1.5, name:",
        &["2:11 `voices` is a whole number, not 1.5"],
    ),
    (
        "name:",
        "voices: 65, name:",
        &["2:11 `voices` goes from 1 to 64, not 65"],
    ),
    (
        "name:",
        "prime: (note: \"H3\"), name:",
        &["2:17 `note` takes a note from \"C-1\" to \"G9\", not `\"H3\"`"],
    ),
    (
        "name:",
        "prime: quiet, name:",
        &["2:10 `prime` takes Silent or (note: \"C3\"), not `quiet`"],
    ),
    // The graph
    (
        "vca > out",
        "vca > osc.fm",
        &[
            "4:5 `osc` reaches no output",
            "5:5 `env` reaches no output",
            "6:5 `vca` reaches no output",
            "7:5 nothing reaches `out`",
            "10:6 cycle without a feedback mark: vca > osc > vca; `~>` here reads one block (64 frames) late",
        ],
    ),
    ("out: Out(gain: \"-12dB\"),", "", &["10:18 no module `out`"]),
    (
        " > out",
        "",
        &[
            "7:5 nothing reaches `out`",
            "4:5 `osc` reaches no output",
            "5:5 `env` reaches no output",
            "6:5 `vca` reaches no output",
        ],
    ),
    (
        "\"env >",
        "\"osc > vca\", \"env >",
        &["11:6 this cable is there twice (first at 10:6); both are summed"],
    ),
    // Macros
    (
        "name:",
        "macros: [(name: \"a\", at: 2, to: [\"osc.freqq 1..2\", \"vca.cv 0\", \"osc.freq A3..30kHz\", \"osc.ratio 1..4\"])], name:",
        &[
            "2:28 `at` goes from 0 to 1, not 2",
            "2:37 `osc` has no input `freqq`; did you mean `osc.freq`?",
            "2:62 a range has two ends: \"0.1..0.9\"",
            "2:80 `freq` goes from 0.01 Hz to 20 kHz, not 30 kHz",
        ],
    ),
];

#[test]
fn every_mistake_is_told_at_its_place() {
    let mut wrong = String::new();
    for (from, to, expected) in CASES {
        assert!(HELLO.contains(from), "{from}");
        let text = match *from == ")\n" {
            // The last one of the text is meant.
            true => HELLO.trim_end().to_owned() + &to[1..],
            false => HELLO.replacen(from, to, 1),
        };
        let expected: Vec<String> = match *from == ")\n" {
            true => vec!["t.ron:13:3 the patch ends before this; nothing may follow it".into()],
            false => {
                let mut all: Vec<(usize, String)> = expected
                    .iter()
                    .map(|e| {
                        let mut parts = e.split(' ').next().unwrap().split(':');
                        let place: Vec<usize> =
                            parts.by_ref().map(|p| p.parse().unwrap()).collect();
                        (
                            Lines::new(&text).byte(place[0], place[1]),
                            format!("t.ron:{e}"),
                        )
                    })
                    .collect();
                all.sort_by_key(|(at, _)| *at);
                all.into_iter().map(|(_, e)| e).collect()
            }
        };
        let parsed = parse(&text, "t.ron");
        let found: Vec<String> = parsed.diagnostics.iter().map(|d| d.to_string()).collect();
        if found != expected {
            wrong += &format!("{from:?} -> {to:?}\n  expected {expected:#?}\n  found {found:#?}\n");
        }
        assert_eq!(parsed.patch.is_some(), parsed.errors().count() == 0);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Tab applies the fix of the first finding that has one; again and again, that leads to a patch that reads.
#[test]
fn fixes_mend() {
    let mut mended = 0;
    for (from, to, _) in CASES {
        let mut text = HELLO.replacen(from, to, 1);
        let fixable = |text: &str| {
            let errors = parse(text, "t.ron").diagnostics;
            let mut errors = errors.into_iter().filter(|d| d.severity == Severity::Error);
            errors.find_map(|d| d.fix)
        };
        let before = parse(&text, "t.ron").errors().count();
        let all_fixable = parse(&text, "t.ron").errors().all(|d| d.fix.is_some());
        for _ in 0..5 {
            let Some(fix) = fixable(&text) else { break };
            text = fix.apply(&text);
        }
        if before > 0 && all_fixable {
            let parsed = parse(&text, "t.ron");
            let left: Vec<_> = parsed.errors().map(|d| d.to_string()).collect();
            assert_eq!(left, Vec::<String>::new(), "{from:?} -> {to:?}:\n{text}");
            mended += 1;
        }
    }
    assert!(mended >= 15, "only {mended} were mended by their fixes");
}

#[test]
fn columns_count_characters_and_lines_end_either_way() {
    let text = "\u{feff}(\r\n  name: \"grüße 🎹\", moduls: (),\r\n)\r\n";
    let parsed = parse(text, "t.ron");
    let found: Vec<String> = parsed.diagnostics.iter().map(|d| d.to_string()).collect();
    assert_eq!(
        found,
        ["t.ron:2:20 unknown field `moduls`; did you mean `modules`?"]
    );
    let good = "\u{feff}(modules: (osc: Sine(), out: Out()),\r\n cables: [\"osc > out\"])";
    let parsed = parse(good, "dir/some name.ron");
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(parsed.patch.unwrap().name, "some name");
}

#[test]
fn a_module_tells_what_is_wrong_inside_its_text() {
    let text = "(modules: (\n  seq: Seq(steps: \"C2 Eb2 \\u{48}9x D2\"),\n osc: Sine(), out: Out()), cables: [\"seq.pitch > osc.pitch\", \"osc > out\"])";
    let parsed = parse(text, "t.ron");
    let errors: Vec<_> = parsed.errors().collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!((errors[0].line, errors[0].column), (2, 27), "{}", errors[0]);
    assert_eq!(&text[errors[0].span.clone()], "\\u{48}9x");
}

#[test]
fn bombs_are_refused_at_once() {
    let many = 500_000;
    for text in [
        "(".repeat(many),
        "[".repeat(many),
        "(a:".repeat(many),
        "(\n".repeat(many),
        "(".repeat(many) + "\n" + &")".repeat(many),
        ")".repeat(many),
        "/*".repeat(many),
        "\"".repeat(many + 1),
        "'".repeat(many),
        "\\".repeat(many),
        "r#".repeat(many),
        "a,".repeat(many),
        "(modules:(".to_owned() + &"a:B(c:1),".repeat(100_000) + "))",
        "(cables:[".to_owned() + &"\"a>b\",".repeat(150_000) + "])",
        "(cables:[\"a".to_owned() + &"+a".repeat(250_000) + ">b\"])",
        "-".repeat(many),
        "1/".repeat(many),
        "x".repeat(2 << 20),
        "(".repeat(100) + &")".repeat(100),
        "{".repeat(100) + &"}".repeat(100),
        "(modules: (a: ".to_owned() + &"A(b: ".repeat(90) + &")".repeat(92),
    ] {
        let start = std::time::Instant::now();
        let parsed = parse(&text, "bomb.ron");
        assert!(parsed.patch.is_none());
        assert!(parsed.errors().count() > 0);
        // Generous, for a debug build on a busy machine: what is meant is "not quadratic".
        let (took, begin) = (start.elapsed(), &text[..text.len().min(20)]);
        assert!(took.as_secs_f32() < 3.0, "{begin}… took {took:?}");
    }
}
