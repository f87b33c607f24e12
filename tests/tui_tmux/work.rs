//! Longer work with the whole instrument: writing text, patterns, files that change, a patch from nothing.
use std::path::Path;
use std::time::Duration;

use crate::session::{ACID, Session, header, level_of, never_ran_dry};

#[test]
fn text_is_completed_nudged_and_handed_to_another_editor_while_it_plays() {
    let editor = "EDITOR='sed -i s/-9dB/-7dB/'";
    let Some(s) = Session::with_patch_and("write", ("acid", ACID), editor, "") else {
        return;
    };
    s.keys("3");
    s.wait("vcf: Ladder");
    s.keys("e C-f");
    s.line("vca: Vca(),");
    s.keys("End Enter");
    s.letters("shp: Dri");
    s.wait("▸ Drive");
    s.keys("Enter");
    s.wait("shp: Drive()");
    s.keys("C-z C-z C-z C-f");
    s.line("400");
    s.keys("M-Up");
    // The instrument tells of the knob, and the text stands as it sounds.
    s.wait("401Hz");
    s.wait("vcf.cutoff");
    s.escape();
    s.command("edit external");
    // While the editor has the terminal, the shell's own line shows what it was told.
    s.until("the editor's text", |t| {
        t.contains("-7dB") && header(t).contains("NAV")
    });
    s.never_ran_dry();
    s.head("B acid PRIMED");
}

#[test]
fn a_step_that_is_edited_while_it_plays_is_heard_by_itself() {
    let Some(s) = Session::with_patch("steps", "acid", ACID) else {
        return;
    };
    s.keys("4");
    s.wait("seq: Seq");
    s.until("the play-head", |t| {
        t.contains('▶') && t.lines().any(|l| l.contains("▶0"))
    });
    s.keys("Right");
    s.wait("C#2 C2 Eb2!");
    s.head("PATTERN");
    s.until("the edit is heard", |t| {
        header(t).contains("B acid LIVE") || header(t).contains("B untitled LIVE")
    });
    s.keys("u");
    s.until("the step as it was", |t| {
        t.contains("C2 C2 Eb2!") && !t.contains("C#2 C2")
    });
    let screen = s.until("the undo is heard", |t| header(t).contains("A acid LIVE"));
    never_ran_dry(&screen);
    s.keys("m");
    s.wait("MUTED");
}

#[test]
fn a_file_changed_by_another_editor_is_primed() {
    let Some(s) = Session::with_patch("watch", "acid", ACID) else {
        return;
    };
    replace(s.patch(), &ACID.replace("400Hz", "700Hz"));
    s.head("B acid PRIMED");
    replace(s.patch(), &ACID.replace("Ladder", "Lader"));
    s.wait("did you mean");
    s.head("A acid LIVE");
}

/// As editors do it: written beside, then renamed over.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
}

/// A patch is made from nothing, wired, primed, swapped in and played; then edited while it plays, and undone. Keys only.
#[test]
fn a_patch_grows_from_nothing_and_is_played() {
    let Some(s) = Session::hello("journey") else {
        return;
    };
    s.screen(2);
    s.keys("N");
    s.wait("a adds a module");
    // A list, a few letters, the first that they find; each step is waited for, as a player would see it.
    let pick = |key: &str, letters: &str, done: &str| {
        s.keys(key);
        s.wait("Enter takes it");
        s.line(letters);
        s.until(done, |t| t.contains(done) && !t.contains("Enter takes it"))
    };
    pick("a", "saw", "add saw: Saw");
    pick("a", "svf", "add vcf: Svf");
    pick("a", "out", "add out: Out");
    pick("a", "keys", "add keys: Keys");
    s.wait("NOT YET: nothing reaches `out`");
    pick("w", "saw.pitch", "wire keys > saw.freq");
    pick("w", "vcf", "wire saw > vcf;");
    // The envelope that makes a voice of it, on the way.
    s.keys("w");
    s.wait("Enter takes it");
    s.line("out");
    s.wait("B PRIMED");
    s.head("A hello LIVE");
    pick("/", "keys.gate", "gate: open while");
    s.keys("!");
    let screen = s.until("the new patch heard", |t| {
        header(t).contains("B untitled LIVE") && t.contains("B untitled: rail")
    });
    never_ran_dry(&screen);
    // It sounds: the level of the saw stands on its row and its cable.
    s.until("a level on the cable", |t| {
        let row = t.lines().find(|l| l.contains("out ") && l.contains(" dB"));
        row.is_some()
    });
    s.keys("C-t");
    s.wait("keys:gate");
    s.keys("b");
    s.wait("G4");
    s.escape();
    s.screen(1);
    s.until("sound", |t| level_of(t, 1).is_some_and(|db| db > -30.0));
    // A knob that is heard at once, an edit that stands by, and both taken back.
    s.keys("2");
    pick("/", "vcf.cutoff", "cutoff: corner");
    s.keys("PgUp");
    s.until("a higher cutoff", |t| t.contains("cutoff   2.14 kHz"));
    pick("s", "ladder", "replace vcf by Ladder");
    s.wait("A PRIMED");
    s.until("the other filter on the bench", |t| {
        t.contains("bench: untitled") && t.contains("Ladder")
    });
    s.keys("C-z");
    s.until("the filter back", |t| t.contains("vcf    Svf"));
    s.keys("C-z");
    s.until("the cutoff back", |t| t.contains("cutoff   1.00 kHz"));
}

/// A knob that was turned makes what plays another text than its file: that is no news from the file, whoever reads it.
#[test]
fn a_turned_knob_does_not_bring_the_file_into_the_standby() {
    let Some(s) = Session::with_patch("tutor", "acid", ACID) else {
        return;
    };
    s.screen(2);
    s.focus("vcf.cutoff", "vcf: Ladder");
    s.keys("Right");
    s.wait("vcf.cutoff 4");
    s.command("tutor");
    s.head("B tutor sine PRIMED");
    std::fs::read_to_string(s.patch()).unwrap();
    // Longer than the watcher waits for a writer to be done.
    std::thread::sleep(Duration::from_millis(700));
    s.head("B tutor sine PRIMED");
    s.keys("6");
    let screen = s.at_rest("what happened", |t| t.contains("primed tutor sine"));
    assert!(!screen.contains("B primed acid bass"), "{screen}");
}

#[test]
fn the_mouse_focuses_turns_wires_and_swaps() {
    let Some(s) = Session::with_patch("mouse", "acid", ACID) else {
        return;
    };
    s.keys("2");
    let all = [" slide ", " velocity ", " lin "];
    let screen = s.until("ports", |t| all.iter().all(|w| t.contains(w)));
    let row = |word: &str| {
        let row = screen.lines().position(|l| l.contains(word));
        (30, row.unwrap_or_else(|| panic!("{word}\n{screen}")) + 1)
    };
    // The wheel turns what is under it.
    s.mouse(64, row(" slide "), 'M');
    s.until("a turned knob", |t| {
        t.lines().any(|l| l.contains("▸") && l.contains(" slide ")) && t.contains("seq.slide")
    });
    // From an output to an input.
    s.mouse(0, row(" velocity "), 'M');
    s.mouse(32, row(" lin "), 'M');
    s.mouse(0, row(" lin "), 'm');
    s.wait("wire seq.velocity > vco.lin");
    // The state of what stands by.
    let screen = s.head("B acid PRIMED");
    let at = header(&screen)
        .split("B acid")
        .next()
        .unwrap()
        .chars()
        .count()
        + 1;
    s.mouse(0, (at, 1), 'M');
    s.mouse(0, (at, 1), 'm');
    s.head("B acid LIVE");
    s.keys("7");
    s.wait("▸");
    s.never_ran_dry();
}

#[test]
fn a_killed_program_gives_back_what_was_typed_and_what_was_patched() {
    let Some(s) = Session::with_patch("killed", "acid", ACID) else {
        return;
    };
    s.screen(2);
    s.focus("vcf.cutoff", "vcf: Ladder");
    s.keys("D");
    s.wait("duplicate vcf as vcf2");
    s.head("B acid PRIMED");
    s.keys("3");
    s.wait("vcf2: Ladder");
    s.keys("e");
    s.head(" EDIT ");
    s.keys("End");
    s.letters(" // mine");
    s.wait("// mine");
    // Work is kept every three seconds.
    s.until("what was typed is on the disk", |_| {
        s.kept("chronus/unsaved").contains("// mine")
    });
    s.killed_and_again();
    s.wait("Unsaved work was left behind");
    s.head("A acid LIVE");
    s.keys("g");
    s.keys("w");
    s.head("B acid PRIMED");
    s.wait("recovered acid bass");
    s.keys("3");
    s.until("typed and patched", |t| {
        t.contains("// mine") && t.contains("vcf2: Ladder")
    });
}
