//! What lines of `--linear` ask for.
use super::*;

fn command(line: &str) -> Option<Command> {
    let words: Vec<&str> = line.split(' ').collect();
    let word = WORDS.iter().find(|w| w.name == words[0]).expect("a word");
    match (word.read)(&words[1..])? {
        Act::Do(command) => Some(command),
        _ => panic!("{line} asks for nothing"),
    }
}

fn edits(line: &str) -> Option<Edit> {
    match command(line)? {
        Command::Edit {
            focus: Focus::Bench,
            edit,
        } => Some(edit),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cable_is_wired_as_a_patch_writes_it() {
    let wire = |amount: Option<&str>, feedback| {
        Some(Edit::Wire {
            from: "env".into(),
            to: "vcf.cutoff".into(),
            amount: amount.map(str::to_owned),
            feedback,
        })
    };
    assert_eq!(edits("wire env > vcf.cutoff"), wire(None, false));
    assert_eq!(edits("wire env ~> vcf.cutoff"), wire(None, true));
    let with = edits("wire env > vcf.cutoff * 2oct");
    assert_eq!(with, wire(Some("2oct"), false));
    for wrong in [
        "wire env",
        "wire env < vcf",
        "wire env > vcf *",
        "wire env > vcf + 2",
        "wire env > vcf * 2 3",
    ] {
        assert_eq!(edits(wrong), None, "{wrong}");
    }
}

#[test]
fn sound_goes_on_past_a_module_that_is_deleted() {
    let gone = Edit::Delete {
        module: "vcf".into(),
        bridge: true,
    };
    assert_eq!(edits("delete vcf"), Some(gone));
}

#[test]
fn macros_are_counted_from_one() {
    let learn = |to| Some(Command::Learn(to));
    assert_eq!(command("learn 1"), learn(Some(Controlled::Macro(0))));
    assert_eq!(command("learn 0"), None);
    assert_eq!(command("learn vcf"), None);
    assert_eq!(command("learn"), learn(None));
    let cutoff = Controlled::Param {
        module: "vcf".into(),
        param: "cutoff".into(),
    };
    assert_eq!(command("learn vcf.cutoff"), learn(Some(cutoff)));
}
