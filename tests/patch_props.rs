//! What holds for every patch text: no panic, RON has the last word, edits keep all other bytes, written patches read back.
#![allow(clippy::unwrap_used)]
use chronus::modules::REGISTRY;
use chronus::modules::spec::{Family, OptionKind, OptionValue, ParamSpec, ParamValue, Scale, Unit};
use chronus::patch::diagnostic::Severity;
use chronus::patch::edit::{EditError, param_edit, set_param};
use chronus::patch::file::{parse, to_ron};
use chronus::patch::{Cable, Input, Macro, MacroTarget, Node, Patch, PrimeMode, Source, Target};
use proptest::prelude::*;
use serde::de::IgnoredAny;

mod shipped;

/// The shipped patches, and one with every form of text that RON has.
fn texts() -> Vec<String> {
    let mut texts = vec![ODD.to_owned()];
    let shipped = shipped::paths().into_iter();
    texts.extend(shipped.map(|p| std::fs::read_to_string(p).unwrap()));
    texts
}

const ODD: &str = "// a comment, \"quoted\" ( [
(
  name: r#\"odd \"one\"\"#, /* nested /* twice */ ( */ bpm: 1_20.5,
  modules: (
    r#1st: Sine( // behind the bracket
      freq: \"A3\", /* in between */
      level: 0.50,
    ),
    seq: Seq(steps: \"C2 \\u{45}b2 -\", rate: \"1/16\",),
    env: Adsr(a: \"2 ms\", s: .5, d: \"\\x31s\"), vca: Vca(gain: 1e-1),
    lfo: Lfo(shape: Tri, rate: \"1/8t\"),
    out: Out,
  ),
  cables: [
    \"1st > vca > out\", // trailing
    r\"seq.pitch>1st.pitch\",
    \"seq.gate > env.gate\", \"env > vca.cv * 0.5 + 1st.level * 30%\",
    \"vca ~> 1st.fm * -6dB\", \"lfo > 1st.freq * 7st\",
  ],
  macros: [(name: \"m\", at: 0.5, to: [\"1st.freq 100Hz..4kHz\", \"lfo.rate 1/8...1/4\"])],
  prime: (note: \"C3\"), spill: true,
)
";

#[test]
fn the_odd_patch_reads() {
    let parsed = parse(ODD, "odd.ron");
    assert_eq!(parsed.diagnostics, []);
    let patch = parsed.patch.unwrap();
    assert_eq!(patch.name, "odd \"one\"");
    assert_eq!(patch.bpm, Some(120.5));
    assert_eq!(patch.modules[0].name, "1st");
    assert_eq!(patch.prime, PrimeMode::Note(-1.0));
    assert_eq!(
        patch.modules[1].options[1],
        OptionValue::Text("C2 Eb2 -".into())
    );
    let lfo = patch.node("lfo").unwrap();
    assert_eq!(patch.modules[lfo].params[0], ParamValue::Beats(1.0 / 3.0));
    assert!(patch.cables.iter().filter(|c| c.feedback).count() == 1);
    let range = &patch.macros[0].to[1];
    assert_eq!(
        (range.low, range.high),
        (ParamValue::Beats(0.75), ParamValue::Beats(1.0))
    );
    let reread = parse(&to_ron(&patch), "again.ron");
    assert_eq!(reread.diagnostics, []);
    assert_eq!(reread.patch.unwrap(), patch);
}

/// What must hold of any text at all.
fn holds(text: &str) -> bool {
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
enum Mutation {
    Delete(usize, usize),
    Insert(usize, String),
    Repeat(usize, usize, usize),
    Swap(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
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

fn mutate(text: &str, mutations: &[Mutation]) -> String {
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

/// A number from a range by a share of it, as its knob travels.
fn within(spec: &ParamSpec, share: f32) -> f32 {
    let value = match spec.scale {
        Scale::Linear => spec.min + share * (spec.max - spec.min),
        Scale::Log => spec.min * (spec.max / spec.min).powf(share),
    };
    value.clamp(spec.min, spec.max)
}

fn param_value(spec: &ParamSpec, share: f32, choice: u8) -> ParamValue {
    match choice {
        0 if spec.unit.follows_tempo() => ParamValue::Beats((share * 64.0).ceil().max(1.0) / 16.0),
        1 if spec.unit.follows_tempo() => ParamValue::Beats((share * 250.0).max(1e-3)),
        2 => ParamValue::Fixed(spec.default),
        3 => ParamValue::Fixed(if share < 0.5 { spec.min } else { spec.max }),
        _ => ParamValue::Fixed(within(spec, share)),
    }
}

fn number(share: f32, from: f32, to: f32) -> f32 {
    from + share * (to - from)
}

/// A patch without loops, from a row of shares.
fn patch_from(shares: &[f32]) -> Patch {
    let mut shares = shares.iter().copied().cycle();
    let mut next = move || shares.next().unwrap_or(0.5);
    let pick = |n: usize, share: f32| ((share * n as f32) as usize).min(n - 1);
    let mut patch = Patch::empty("a \"name\" with \\ and é");
    patch.bpm = (next() < 0.5).then(|| f64::from(number(next(), 10.0, 999.0)));
    patch.voices = 1 + pick(64, next());
    for index in 0..1 + pick(7, next()) {
        let spec = REGISTRY[pick(REGISTRY.len(), next())];
        patch
            .modules
            .push(random_node(&format!("m{index}"), spec, &mut next));
    }
    let out = REGISTRY
        .iter()
        .find(|s| s.family == Family::Output)
        .unwrap();
    patch.modules.push(random_node("9out", out, &mut next));
    for _ in 0..pick(12, next()) {
        let from = pick(patch.modules.len(), next());
        let to = pick(patch.modules.len(), next());
        let (from_spec, to_spec) = (patch.modules[from].spec, patch.modules[to].spec);
        let inputs = to_spec.inputs.len() + to_spec.params.len();
        if from_spec.outputs.is_empty() || inputs == 0 {
            continue;
        }
        let input = pick(inputs, next());
        let input = match input.checked_sub(to_spec.inputs.len()) {
            None => Input::Port(input),
            Some(param) => Input::Param(param),
        };
        let cable = Cable {
            from: Source {
                node: from,
                port: pick(from_spec.outputs.len(), next()),
            },
            to: Target { node: to, input },
            amount: if next() < 0.3 {
                1.0
            } else {
                number(next(), -20.0, 20.0)
            },
            feedback: from >= to || next() < 0.1,
        };
        patch.cables.push(cable);
    }
    if next() < 0.5 {
        let node = pick(patch.modules.len(), next());
        let params = patch.modules[node].spec.params;
        if !params.is_empty() {
            let param = pick(params.len(), next());
            let to = MacroTarget {
                target: Target {
                    node,
                    input: Input::Param(param),
                },
                low: ParamValue::Fixed(within(&params[param], next())),
                high: ParamValue::Fixed(within(&params[param], next())),
            };
            patch.macros.push(Macro {
                name: "m".into(),
                at: next(),
                to: vec![to],
            });
        }
    }
    patch.prime = match pick(4, next()) {
        0 => PrimeMode::Silent,
        1 => PrimeMode::Note((pick(128, next()) as f64 / 12.0 - 5.0) as f32),
        _ => PrimeMode::Sound,
    };
    patch.spill = next() < 0.5;
    patch.swing = [0.0, 0.2, 0.75][pick(3, next())];
    patch
}

fn random_node(
    name: &str,
    spec: &'static chronus::modules::spec::ModuleSpec,
    next: &mut impl FnMut() -> f32,
) -> Node {
    let mut node = Node::new(name, spec);
    for (value, spec) in node.params.iter_mut().zip(spec.params) {
        *value = param_value(spec, next(), (next() * 6.0) as u8);
    }
    for (value, spec) in node.options.iter_mut().zip(spec.options) {
        *value = match &spec.kind {
            OptionKind::Choice(names) => {
                OptionValue::Choice((next() * names.len() as f32) as usize % names.len())
            }
            OptionKind::Whole { min, max, .. } => {
                OptionValue::Whole(min + (next() * (max - min) as f32) as i64)
            }
            OptionKind::Length { .. } if next() < 0.5 => {
                OptionValue::Length(f64::from((next() * 32.0).ceil().max(1.0)) / 8.0)
            }
            // Texts are the module's own; the default is one it can read.
            _ => continue,
        };
    }
    node
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn no_mutation_panics(
        which in 0usize..64,
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let texts = texts();
        holds(&mutate(&texts[which % texts.len()], &mutations));
    }

    #[test]
    fn noise_is_refused(text in "\\PC{0,200}") {
        holds(&text);
        prop_assert!(parse(&text, "t.ron").patch.is_none());
    }

    #[test]
    fn a_written_patch_reads_back(shares in prop::collection::vec(0.0f32..1.0, 60..200)) {
        let patch = patch_from(&shares);
        let text = to_ron(&patch);
        let parsed = parse(&text, "t.ron");
        let errors: Vec<_> = parsed.errors().map(|d| d.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}\n{text}");
        prop_assert_eq!(parsed.patch.as_ref(), Some(&patch), "{}", text);
    }

    /// On texts with comments and odd layout: the value is the one that was set, and only its bytes changed.
    #[test]
    fn a_knob_changes_its_value_and_nothing_else(
        which in 0usize..64,
        module in 0usize..64,
        param in 0usize..64,
        share in 0.0f32..1.0,
        choice in 0u8..6,
    ) {
        let texts: Vec<String> = texts().into_iter().filter(|t| parse(t, "t").patch.is_some()).collect();
        let text = &texts[which % texts.len()];
        let before = parse(text, "t.ron");
        let patch = before.patch.unwrap();
        let node = module % patch.modules.len();
        let params = patch.modules[node].spec.params;
        prop_assume!(!params.is_empty());
        let param = param % params.len();
        let value = param_value(&params[param], share, choice);
        let name = patch.modules[node].name.clone();
        let edit = param_edit(text, &name, params[param].name, value).unwrap();
        let after = set_param(text, &name, params[param].name, value).unwrap();
        prop_assert_eq!(&after, &edit.apply(text));

        let parsed = parse(&after, "t.ron");
        let errors: Vec<_> = parsed.errors().map(|d| d.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}\n{after}");
        let mut expected = patch.clone();
        expected.modules[node].params[param] = value;
        prop_assert_eq!(parsed.patch.unwrap(), expected);

        // The span of the edit is the old value, or empty where none was written.
        match &before.spans.modules[node].params[param] {
            Some(arg) => prop_assert_eq!(&edit.span, &arg.value),
            None => prop_assert!(edit.span.is_empty()),
        }
        prop_assert!(after.starts_with(&text[..edit.span.start]));
        prop_assert!(after.ends_with(&text[edit.span.end..]));
    }
}

#[test]
fn a_knob_keeps_the_unit_that_the_user_wrote() {
    let text = "(modules: (\n  a: Sine(freq: \"1.2kHz\" /* hi */, level: 1.0),\n  b: Sine(freq: \"A3\"),\n  c: Adsr(a: \"2 ms\"),\n  d: Lfo(rate: \"1/8\"),\n  e: Sine, f: Sine(), out: Out(\n    gain: \"-9dB\", // loud\n  )), cables: [])";
    let hz = ParamValue::Fixed;
    for (module, param, value, from, to) in [
        ("a", "freq", hz(2500.0), "\"1.2kHz\"", "\"2.5kHz\""),
        ("a", "frequency", hz(50.0), "\"1.2kHz\"", "\"0.05kHz\""),
        ("a", "level", hz(2.0), "level: 1.0", "level: 2.0"),
        ("b", "freq", hz(440.0), "\"A3\"", "\"A4\""),
        ("b", "freq", hz(441.0), "\"A3\"", "\"441Hz\""),
        ("c", "a", hz(0.0035), "\"2 ms\"", "\"3.5 ms\""),
        ("c", "s", hz(0.25), "\"2 ms\"", "\"2 ms\", s: 0.25"),
        ("d", "rate", ParamValue::Beats(0.75), "\"1/8\"", "\"3/16\""),
        ("d", "rate", hz(3.0), "\"1/8\"", "\"3Hz\""),
        (
            "e",
            "freq",
            hz(300.0),
            "e: Sine",
            "e: Sine(freq: \"300Hz\")",
        ),
        ("f", "ratio", hz(2.0), "f: Sine()", "f: Sine(ratio: 2)"),
        ("out", "gain", hz(-6.0), "\"-9dB\"", "\"-6dB\""),
    ] {
        let edited = set_param(text, module, param, value).unwrap();
        assert_eq!(edited, text.replacen(from, to, 1));
    }
    let lines = "(modules: (a: Adsr(\n  a: 0.1, // one\n  s: 0.5 // two\n), out: Out()))";
    let edited = set_param(lines, "a", "r", hz(1.5)).unwrap();
    assert_eq!(edited, lines.replace("0.5 //", "0.5,\n  r: \"1.5s\" //"));
}

#[test]
fn a_knob_that_is_not_there_is_told() {
    let text = "(modules: (osc: Sine(), out: Out()), cables: [])";
    let set = |module, param, value| set_param(text, module, param, ParamValue::Fixed(value));
    assert_eq!(
        set("ocs", "freq", 1.0).unwrap_err().to_string(),
        "no module `ocs`; did you mean `osc`?"
    );
    assert_eq!(
        set("osc", "frec", 1.0).unwrap_err().to_string(),
        "`osc` (Sine) has no `frec`; did you mean `freq`?"
    );
    for bad in [f32::NAN, f32::INFINITY, -1.0, 20_001.0] {
        let error = set("osc", "freq", bad).unwrap_err();
        assert!(matches!(error, EditError::Value(_)), "{error}");
    }
    let broken = set_param(
        "(modules: (osc: Sine(",
        "osc",
        "freq",
        ParamValue::Fixed(1.0),
    );
    assert!(matches!(broken, Err(EditError::Broken(_))));
}

/// Errors appear while the user types: a large patch must be read between two keys.
#[test]
fn a_patch_of_64_modules_is_read_in_time() {
    let mut text = String::from("(\n  name: \"large\",\n  modules: (\n    out: Out(),\n");
    let mut cables = String::new();
    for n in 0..21 {
        text += &format!("    o{n}: Sine(freq: \"{}Hz\", level: 0.1),\n", 100 + n);
        text += &format!("    e{n}: Adsr(a: \"2ms\", d: \"180ms\", s: 0, r: \"40ms\"),\n");
        text += &format!("    v{n}: Vca(),\n");
        cables +=
            &format!("    \"o{n} > v{n} > out\",\n    \"e{n} > v{n}.cv + o{n}.freq * 2oct\",\n");
    }
    text += &format!("  ),\n  cables: [\n{cables}  ],\n)\n");
    assert_eq!(parse(&text, "t.ron").patch.unwrap().modules.len(), 64);
    // The same with an error, which costs the search for near names and brackets.
    let bad = text
        .replacen("Sine(", "Sime(", 1)
        .replacen("s: 0,", "s: 0", 1)
        .replacen("  ],\n", "", 1);
    assert!(parse(&bad, "t.ron").errors().count() >= 3);
    for text in [text, bad] {
        let best = (0..20).map(|_| {
            let start = std::time::Instant::now();
            std::hint::black_box(parse(&text, "t.ron"));
            start.elapsed()
        });
        let best = best.min().unwrap();
        println!("{best:?}");
        assert!(best.as_secs_f32() < 5e-3, "{best:?}");
    }
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

/// Cables and macros name what the spec names: a parameter that no cable text can reach would be lost in a written patch.
#[test]
fn every_parameter_has_a_name_of_its_own() {
    for spec in REGISTRY {
        for param in spec.params {
            let mut names = std::iter::once(param.name).chain(param.aliases.iter().copied());
            assert!(
                names.any(|n| spec.input(n).is_none()),
                "{}.{} is hidden by an input",
                spec.kind,
                param.name
            );
            assert!(
                spec.option(param.name).is_none(),
                "{}.{}",
                spec.kind,
                param.name
            );
            let log = matches!(param.unit, Unit::Hz | Unit::TempoHz);
            assert!(!log || param.min > 0.0, "{}.{}", spec.kind, param.name);
        }
    }
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
