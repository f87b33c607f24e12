//! The texts: those that come with the program, and one with everything odd that is allowed.
use chronus::modules::spec::{OptionValue, ParamValue};
use chronus::patch::PrimeMode;
use chronus::patch::file::{parse, to_ron};

use crate::shipped;

/// The shipped patches, and one with every form of text that RON has.
pub fn texts() -> Vec<String> {
    let mut texts = vec![ODD.to_owned()];
    let shipped = shipped::paths().into_iter();
    texts.extend(shipped.map(|p| std::fs::read_to_string(p).unwrap()));
    texts
}

pub const ODD: &str = "// a comment, \"quoted\" ( [
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
