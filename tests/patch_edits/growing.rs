//! Patches that are made by edits alone, in the layout of the house; and edits that are refused.
use chronus::patch::edit::Edit;

use crate::texts::LAYOUTS;

pub fn made(text: &str, edit: &Edit) -> String {
    edit.apply(text).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn a_patch_grows_from_nothing_in_the_house_layout() {
    let mut text = LAYOUTS[4].to_owned();
    let add = |name: &str, kind: &str| Edit::Add {
        name: name.into(),
        kind: kind.into(),
        after: None,
    };
    let wire = |from: &str, to: &str, amount: Option<&str>| Edit::Wire {
        from: from.into(),
        to: to.into(),
        amount: amount.map(str::to_owned),
        feedback: false,
    };
    for edit in [
        add("saw", "Saw"),
        add("vcf", "Svf"),
        add("out", "Out"),
        add("env", "Adsr"),
        wire("saw", "vcf", None),
        wire("vcf", "out", None),
        wire("env", "vcf.cutoff", Some("2.5oct")),
        Edit::Voices(4),
    ] {
        text = made(&text, &edit);
    }
    assert_eq!(
        text,
        r#"(
  name: "empty",
  voices: 4,
  modules: (
    // nothing yet
    saw: Saw(),
    vcf: Svf(),
    out: Out(),
    env: Adsr(),
  ),
  cables: [
    "saw > vcf",
    "vcf > out",
    "env > vcf.cutoff * 2.5oct",
  ],
)
"#
    );
}

#[test]
fn a_chain_stays_a_chain_where_it_can() {
    let text = LAYOUTS[1];
    let deleted = made(
        text,
        &Edit::Delete {
            module: "vcf".into(),
            bridge: true,
        },
    );
    assert!(deleted.contains("\"osc > vca > out\","), "{deleted}");
    assert!(
        deleted.contains("/* both */ \"env > vca.cv\","),
        "{deleted}"
    );
    assert!(deleted.contains("to: [\"env.d 40ms..400ms\"]"), "{deleted}");
    let cut = made(
        text,
        &Edit::Cut {
            from: "vcf".into(),
            to: "vca".into(),
        },
    );
    assert!(
        cut.contains("    \"osc > vcf\",\n    \"vca > out\","),
        "{cut}"
    );
    let replaced = made(
        text,
        &Edit::Replace {
            module: "vcf".into(),
            kind: "Ladder".into(),
        },
    );
    assert!(
        replaced.contains("vcf: Ladder(cutoff: \"400Hz\""),
        "{replaced}"
    );
    assert!(replaced.contains("vcf.cutoff * 2.5oct"), "{replaced}");
    assert!(replaced.contains("\"osc > vcf > vca > out\""), "{replaced}");
}

#[test]
fn a_copy_has_every_cable_that_the_original_has() {
    let text = r#"(
  modules: (a: Sine(), b: Saw(), out: Out()),
  cables: ["b > a.fm", "b > a.fm * 10%", "a ~> a.fm * 20%", "a > out"],
)"#;
    let twice = made(
        text,
        &Edit::Duplicate {
            module: "a".into(),
            to: "c".into(),
        },
    );
    let from_start = twice.split("\"a > out\"").nth(1).unwrap();
    for cable in ["b > c.fm\"", "b > c.fm * 0.1\"", "c ~> c.fm * 0.2\""] {
        assert!(from_start.contains(cable), "{cable}\n{twice}");
    }
    assert_eq!(twice.matches("c.fm").count(), 3, "{twice}");
}

#[test]
fn a_value_by_another_name_is_kept_by_its_own() {
    let text = r#"(
  modules: (m: Mix(level: 0.8), f: Follower(gain: 6, level: 0.2), out: Out()),
  cables: ["m > f", "m > out"],
  macros: [(name: "x", to: ["m.level -20dB..0dB"])],
)"#;
    let replace = |module: &str, kind: &str| {
        let (module, kind) = (module.into(), kind.into());
        made(text, &Edit::Replace { module, kind })
    };
    let drive = replace("m", "Drive");
    assert!(drive.contains("m: Drive(level: 0.8)"), "{drive}");
    let out = replace("m", "Out");
    assert!(out.contains("m: Out(gain: 0.8)"), "{out}");
    assert!(out.contains("m.gain -20dB..0dB"), "{out}");
    // The follower's `level` is its threshold, which a drive has not; its gain is one that a drive has.
    let louder = replace("f", "Drive");
    assert!(louder.contains("f: Drive(gain: 6)"), "{louder}");
}

#[test]
fn what_cannot_be_done_is_said_and_nothing_is_changed() {
    let text = LAYOUTS[1];
    let wire = |from: &str, to: &str, amount: Option<&str>| Edit::Wire {
        from: from.into(),
        to: to.into(),
        amount: amount.map(str::to_owned),
        feedback: false,
    };
    for (edit, why) in [
        (
            wire("ocs", "vcf", None),
            "no module `ocs`; did you mean `osc`?",
        ),
        (wire("osc", "vcf.cutof", None), "did you mean `vcf.cutoff`?"),
        (wire("osc", "vcf", None), "osc > vcf is wired already"),
        (wire("env", "vcf.q", Some("3Hz")), "amount here is in"),
        (
            Edit::Rename {
                module: "vcf".into(),
                to: "vca".into(),
            },
            "`vca` is there already",
        ),
        (
            Edit::Rename {
                module: "vcf".into(),
                to: "2x".into(),
            },
            "can't be a name",
        ),
        (
            Edit::Add {
                name: "x".into(),
                kind: "Lader".into(),
                after: None,
            },
            "did you mean `Ladder`?",
        ),
        (
            Edit::Cut {
                from: "env".into(),
                to: "out".into(),
            },
            "there is no cable env > out",
        ),
        (Edit::Voices(65), "`voices` goes from 1 to 64"),
    ] {
        let said = edit.apply(text).unwrap_err().to_string();
        assert!(said.contains(why), "{edit:?}: {said}");
    }
}
