//! A knob that is turned changes its own value in the text, and nothing else.
use chronus::modules::REGISTRY;
use chronus::modules::spec::{ParamValue, Unit};
use chronus::patch::edit::{EditError, set_param};
use chronus::patch::file::parse;

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
