//! Tests of the draft.
use super::*;

fn draft(modules: &[(&str, &str)], cables: &[(&str, &str)]) -> Draft {
    let mut draft = Draft::default();
    for (id, kind) in modules {
        draft.create(id, kind).expect("known");
    }
    for (from, to) in cables {
        draft.connect(from, to).expect("both there");
    }
    draft
}

#[test]
fn without_an_output_the_last_module_of_the_signal_is_heard() {
    let mut d = draft(
        &[("amp", "vca"), ("osc1", "simple_sine")],
        &[("osc1", "amp")],
    );
    d.set("osc1", "freq", ParamValue::Fixed(440.0));
    let text = d.text();
    assert!(text.contains("osc1: Sine(freq: 440.0),"), "{text}");
    assert!(text.contains("\"osc1 > amp\""), "{text}");
    assert!(text.contains("\"amp > out\""), "{text}");
    let own = draft(&[("osc", "Sine"), ("o", "Out")], &[("osc", "o")]).text();
    assert_eq!(own.matches("Out(").count(), 1, "{own}");
}

#[test]
fn wrong_messages_say_what_would_be_right() {
    let mut d = draft(&[("osc", "sine"), ("amp", "Vca")], &[("osc", "amp.cv")]);
    for (result, word) in [
        (d.create("x", "Sime"), "did you mean `Sine`"),
        (d.create("osc", "Sine"), "already"),
        (d.create("1x", "Sine"), "name"),
        (d.connect("oscc", "amp"), "did you mean `osc`"),
        (d.connect("osc.oud", "amp"), "did you mean `out`"),
        (d.connect("osc", "amp.gein"), "did you mean `gain`"),
        (d.connect("osc", "amp.cv"), "already"),
        (d.disconnect("amp", "osc"), "not connected"),
        (d.delete("ampp"), "did you mean `amp`"),
    ] {
        let why = result.expect_err(word);
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(d.len(), 2);
}

#[test]
fn a_filter_of_the_predecessor_has_a_mode() {
    let mut d = draft(
        &[("osc", "simple_sine"), ("filt1", "biquad_filter")],
        &[("osc", "filt1")],
    );
    d.set_mode("filt1", 1);
    let text = d.text();
    assert!(text.contains("\"osc > filt1\""), "{text}");
    assert!(text.contains("\"filt1.hp > filt1_mode * 1\""), "{text}");
    assert!(text.contains("\"filt1.lp > filt1_mode * 0\""), "{text}");
    assert!(text.contains("\"filt1_mode > out\""), "{text}");
    let parsed = crate::patch::file::parse(&text, "draft");
    assert!(parsed.patch.is_some(), "{:?}", parsed.diagnostics);
    d.delete("filt1").expect("there");
    assert!(!d.text().contains("filt1"), "{}", d.text());
}

#[test]
fn a_module_goes_with_its_cables() {
    let mut d = draft(&[("osc", "sine"), ("amp", "Vca")], &[("osc", "amp")]);
    d.delete("osc").expect("there");
    assert!(!d.text().contains("osc"));
}
