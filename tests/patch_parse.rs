//! Patch texts in, patches and findings out.
use chronus::patch::{Input, PrimeMode, file::parse};

#[test]
fn the_smallest_patch_reads() {
    let text = "(\n  name: \"hello sine\",\n  modules: (\n    osc: Sine(freq: \"A3\"),\n    out: Out(gain: \"-12dB\"),\n  ),\n  cables: [\"osc > out\"],\n)\n";
    let parsed = parse(text, "hello.ron");
    assert_eq!(parsed.diagnostics, []);
    let patch = parsed.patch.unwrap();
    assert_eq!(patch.name, "hello sine");
    assert_eq!(patch.prime, PrimeMode::Sound);
    assert_eq!(patch.cables.len(), 1);
    assert_eq!(patch.cables[0].to.input, Input::Port(0));
}
