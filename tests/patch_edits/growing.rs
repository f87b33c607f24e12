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
