//! Longer work with the whole instrument: writing text, patterns, files that change, a patch from nothing.
use std::path::Path;
use std::time::Duration;

use crate::session::{ACID, Session, header, level_of, never_ran_dry, patch_file};

#[test]
fn text_is_completed_nudged_and_handed_to_another_editor_while_it_plays() {
    let (_folder, path) = patch_file("acid", ACID);
    let editor = "EDITOR='sed -i s/-9dB/-7dB/'";
    let Some(s) = Session::start("write", editor, path.to_str().unwrap()) else {
        return;
    };
    s.wait("A acid LIVE");
    s.keys("3");
    s.wait("vcf: Ladder");
    s.keys("e C-f");
    s.line("vca: Vca(),");
    s.keys("End Enter");
    s.tmux(&["send-keys", "-l", "shp: Dri"]);
    s.wait("▸ Drive");
    s.keys("Enter");
    s.wait("shp: Drive()");
    s.keys("C-z C-z C-z C-f");
    s.line("400");
    s.keys("M-Up");
    // The instrument tells of the knob, and the text stands as it sounds.
    s.wait("401Hz");
    s.wait("vcf.cutoff");
    s.keys("Escape");
    s.until("NAV", |t| header(t).contains("NAV"));
    s.keys(":");
    s.line("edit external");
    // While the editor has the terminal, the shell's own line shows what it was told.
    s.until("the editor's text", |t| {
        t.contains("-7dB") && header(t).contains("NAV")
    });
    s.never_ran_dry();
    s.until("it is primed", |t| header(t).contains("B acid PRIMED"));
}

#[test]
fn a_step_that_is_edited_while_it_plays_is_heard_by_itself() {
    let (_folder, path) = patch_file("acid", ACID);
    let Some(s) = Session::start("steps", "", path.to_str().unwrap()) else {
        return;
    };
    s.wait("A acid LIVE");
    s.keys("4");
    s.wait("seq: Seq");
    s.until("the play-head", |t| {
        t.contains('▶') && t.lines().any(|l| l.contains("▶0"))
    });
    s.keys("Right");
    let screen = s.wait("C#2 C2 Eb2!");
    assert!(screen.contains("PATTERN"), "{screen}");
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
    let (_folder, path) = patch_file("acid", ACID);
    let Some(s) = Session::start("watch", "", path.to_str().unwrap()) else {
        return;
    };
    s.wait("A acid LIVE");
    std::thread::sleep(Duration::from_millis(600));
    replace(&path, &ACID.replace("400Hz", "700Hz"));
    s.wait("B acid PRIMED");
    replace(&path, &ACID.replace("Ladder", "Lader"));
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
    let Some(s) = Session::start("journey", "", "") else {
        return;
    };
    s.wait("A hello LIVE");
    s.keys("2");
    s.wait("PATCH");
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
    let screen = pick("a", "keys", "add keys: Keys");
    assert!(
        screen.contains("NOT YET: nothing reaches `out`"),
        "{screen}"
    );
    pick("w", "saw.pitch", "wire keys > saw.freq");
    pick("w", "vcf", "wire saw > vcf;");
    // The envelope that makes a voice of it, on the way.
    s.keys("w");
    s.wait("Enter takes it");
    s.line("out");
    let screen = s.wait("B PRIMED");
    assert!(header(&screen).contains("A hello LIVE"), "{screen}");
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
    s.keys("Escape 1");
    s.until("sound", |t| level_of(t, 1).is_some_and(|db| db > -30.0));
    // A knob that is heard at once, an edit that stands by, and both taken back.
    s.keys("2");
    pick("/", "vcf.cutoff", "cutoff: corner");
    s.keys("PgUp");
    s.until("a higher cutoff", |t| t.contains("cutoff   2.14 kHz"));
    pick("s", "ladder", "replace vcf by Ladder");
    s.wait("A PRIMED");
    let screen = s.wait("bench: untitled");
    assert!(screen.contains("Ladder"), "{screen}");
    s.keys("C-z");
    s.until("the filter back", |t| t.contains("vcf    Svf"));
    s.keys("C-z");
    s.until("the cutoff back", |t| t.contains("cutoff   1.00 kHz"));
}

/// A knob that was turned makes what plays another text than its file: that is no news from the file, whoever reads it.
#[test]
fn a_turned_knob_does_not_bring_the_file_into_the_standby() {
    let (_folder, path) = patch_file("acid", ACID);
    let Some(s) = Session::start("tutor", "", path.to_str().unwrap()) else {
        return;
    };
    s.wait("A acid LIVE");
    s.keys("2");
    s.wait("PATCH");
    s.focus("vcf.cutoff", "vcf: Ladder");
    s.keys("Right");
    s.wait("vcf.cutoff 4");
    s.command("tutor");
    s.head("B tutor sine PRIMED");
    std::fs::read_to_string(&path).unwrap();
    // Longer than the watcher waits for a writer to be done.
    std::thread::sleep(Duration::from_millis(700));
    let screen = s.text();
    assert!(header(&screen).contains("B tutor sine PRIMED"), "{screen}");
    s.keys("6");
    let screen = s.wait("primed tutor sine");
    assert!(!screen.contains("B primed acid bass"), "{screen}");
}

#[test]
fn the_mouse_focuses_turns_wires_and_swaps() {
    let (_folder, path) = patch_file("acid", ACID);
    let Some(s) = Session::start("mouse", "", path.to_str().unwrap()) else {
        return;
    };
    s.wait("A acid LIVE");
    s.head("B copy NET");
    s.keys("2");
    let screen = s.wait(" velocity ");
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
