//! The texts that are edited: those that come with the program, and layouts that people write.
use chronus::patch::Patch;
use chronus::patch::file::parse;

use crate::shipped;

/// Every layout that people write: one line, one a line with and without the last comma, comments everywhere, RON's odd texts.
pub const LAYOUTS: [&str; 5] = [
    r#"(modules: (a: Saw(), vca: Vca(gain: 0.5), out: Out()), cables: ["a > vca > out", "a > vca.gain * 0.25"])"#,
    r#"// head, of ( it
(
  name: "one a line", // the name
  modules: (
    // sources
    keys: Keys(),
    osc: Saw(freq: "A3"), // bright, "saw"
    env: Adsr(a: "2ms", /* fast, ( */ d: "180ms"),
    vcf: Svf(cutoff: "400Hz", q: 2.0),
    vca: Vca(), out: Out(gain: "-9dB"),
    // the end
  ),
  cables: [
    "keys.pitch > osc.pitch", // tune
    "keys.gate > env.gate",
    "osc > vcf > vca > out",
    /* both */ "env > vca.cv + vcf.cutoff * 2.5oct",
    // last
  ],
  macros: [(name: "m", at: 0.5, to: ["vcf.cutoff 100Hz..4kHz", "env.d 40ms..400ms"])],
)
"#,
    r##"(
  modules: (
    a: Sine( // inside
      freq: "A3",
    ),
    b: Saw(),
    m: Mix()
    // nothing follows
    ,
    out: Out
  ),
  cables: [
    "a + b > m.a * 0.5 + m.b ~> a.fm * 10%",
    r"a>m>out" /* a, b */ , r#"b > m.c"#,
    "m > out"
  ]
)"##,
    "(name: \"bare\", modules: (out: Out()))",
    "(\n  name: \"empty\",\n  modules: (\n    // nothing yet\n  ),\n  cables: [],\n)\n",
];

/// Beside the shipped ones, so that what a patch names by its place is found.
const FILE: &str = "patches/generative/t.ron";

pub fn texts() -> Vec<String> {
    let mut texts: Vec<String> = LAYOUTS.iter().map(|t| (*t).to_owned()).collect();
    let shipped = shipped::paths().into_iter();
    texts.extend(shipped.map(|p| std::fs::read_to_string(p).unwrap()));
    texts.sort();
    texts
}

pub fn read(text: &str) -> Patch {
    let parsed = parse(text, FILE);
    parsed
        .draft
        .unwrap_or_else(|| panic!("{:?}\n{text}", parsed.diagnostics))
}
