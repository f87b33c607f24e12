//! The patches that the format was designed on, and what is said where one of them has a slip.
use chronus::modules::spec::ParamValue;
use chronus::patch::file::parse;
use chronus::patch::{Input, PrimeMode};

const ACID: &str = include_str!("acid.ron");

const PAD: &str = r#"(
  name: "fm pad", bpm: 84, voices: 6,
  modules: (
    keys: Keys(),
    env: Adsr(a: "900ms", d: "1.2s", s: 0.7, r: "2.5s"),
    lfo: Lfo(rate: "0.13Hz", shape: Tri),
    op2: Sine(ratio: 2.0),
    op1: Sine(ratio: 1.0),
    vca: Vca(),
    rev: Reverb(size: 0.8, mix: 0.35),
    out: Out(gain: "-14dB"),
  ),
  cables: [
    "keys.pitch > op1.pitch + op2.pitch",
    "keys.gate > env.gate",
    "op2 > op1.fm * 0.4",
    "op1 > vca > rev > out",
    "env > vca.cv",
    "lfo > op2.level * 0.15",
  ],
  macros: [
    (name: "bright", at: 0.35, to: ["op1.fm 0.1..0.9", "op2.ratio 1..4"]),
    (name: "space",  at: 0.50, to: ["rev.mix 0..0.8"]),
  ],
)
"#;

#[test]
fn the_samples_read() {
    for (text, modules, cables, macros) in [(ACID, 7, 9, 0), (PAD, 8, 9, 2)] {
        let parsed = parse(text, "sample.ron");
        assert_eq!(parsed.diagnostics, []);
        let patch = parsed.patch.unwrap();
        assert_eq!(patch.modules.len(), modules);
        assert_eq!(patch.cables.len(), cables);
        assert_eq!(patch.macros.len(), macros);
        assert_eq!(patch.prime, PrimeMode::Sound);
    }
}

#[test]
fn cables_mean_what_they_say() {
    let patch = parse(ACID, "acid.ron").patch.unwrap();
    let cable = |text: &str| {
        let (from, to) = text.split_once(" > ").unwrap();
        let found = patch.cables.iter().find(|c| {
            let source = &patch.modules[c.from.node];
            let target = &patch.modules[c.to.node];
            let input = match c.to.input {
                Input::Port(port) => target.spec.inputs[port].name,
                Input::Param(param) => target.spec.params[param].name,
            };
            let output = source.spec.outputs[c.from.port].name;
            format!("{}.{output}", source.name) == from && format!("{}.{input}", target.name) == to
        });
        found.unwrap_or_else(|| panic!("no cable {text}"))
    };
    assert_eq!(cable("vco.out > vcf.in").amount, 1.0);
    assert_eq!(cable("env.out > vcf.cutoff").amount, 2.5);
    assert_eq!(cable("seq.accent > vcf.res").amount, 0.15);
    // The alias `pitch` is the parameter itself.
    assert_eq!(cable("seq.pitch > vco.freq").amount, 1.0);
    assert_eq!(cable("env.out > vca.cv").to.input, Input::Port(1));
}

/// One slip each; the finding is the only one.
#[test]
fn slips_are_told() {
    for (text, from, to, expected) in [
        (
            ACID,
            "Ladder(",
            "Lader(",
            "7:10 unknown module `Lader`; did you mean `Ladder`?",
        ),
        (
            ACID,
            "cutoff:",
            "cutof:",
            "7:17 `Ladder` has no `cutof`; did you mean `cutoff`? (res, drive)",
        ),
        (ACID, "0.82,", "0.82", "7:43 missing `,` after `0.82`"),
        (
            ACID,
            "dly: Delay",
            "vca: Delay",
            "9:5 `vca` is named twice (first at 8:5)",
        ),
        (ACID, "  ],\n)", ")", "12:11 `[` is never closed"),
        (
            ACID,
            "vcf.cutoff *",
            "vcf.cutof *",
            "17:12 `vcf` has no input `cutof`; did you mean `vcf.cutoff`?",
        ),
        (
            PAD,
            "0.13Hz",
            "0.13hzz",
            "6:21 unknown unit `hzz` in \"0.13hzz\"; try Hz or kHz",
        ),
        (
            PAD,
            "0.1..0.9",
            "0.1..0,9",
            "22:50 `0,9` is no amount; try a number, % or dB",
        ),
        (
            PAD,
            "Tri",
            "Triangle",
            "6:37 `shape` has no `Triangle`; did you mean `Tri`?",
        ),
    ] {
        let name = if text == ACID {
            "acid.ron"
        } else {
            "fmpad.ron"
        };
        let parsed = parse(&text.replacen(from, to, 1), name);
        let found: Vec<String> = parsed.errors().map(|d| d.to_string()).collect();
        assert!(
            found.contains(&format!("{name}:{expected}")),
            "{expected}\n{found:#?}"
        );
        // A module that is lost takes its cables along; nothing else follows from a slip.
        assert!(found.len() == 1 || to.starts_with("vca:"), "{found:#?}");
    }
}

#[test]
fn a_macro_moves_along_the_scale_of_its_target() {
    let text = "(modules: (a: Sine(), b: Vca(), l: Lfo(), out: Out()), cables: [\"a > b > out\", \"l > b.cv\"],
        macros: [(name: \"m\", to: [\"a.freq 100Hz..400Hz\", \"a.level 1..0\", \"b.cv 0..0.5\", \"l.rate 1/16..1/4\"])])";
    let patch = parse(text, "t.ron").patch.unwrap();
    let values = |at: f32| -> Vec<f32> {
        let values = patch.macros[0].values(&patch, at).into_iter();
        values
            .map(|(_, value)| match value {
                ParamValue::Fixed(v) | ParamValue::Beats(v) => v,
            })
            .collect()
    };
    assert_eq!(values(0.0), [100.0, 1.0, 0.0, 0.25]);
    assert_eq!(values(1.0), [400.0, 0.0, 0.5, 1.0]);
    assert_eq!(values(0.5), [200.0, 0.5, 0.25, 0.5]);
}
