//! What careless hands, other programs and full or locked disks do to it: nothing is lost unsaid, and the sound goes on.
use std::time::Duration;

use crate::session::{ACID, Session, never_ran_dry, sounds};

#[test]
fn a_hundred_kilobytes_are_pasted_in_one_step() {
    pasted("paste", &["paste-buffer", "-p"]);
}

/// As terminals do that do not tell a paste from typing.
#[test]
fn a_hundred_kilobytes_that_come_as_keys_are_one_step_too() {
    pasted("keys", &["paste-buffer"]);
}

fn pasted(name: &str, paste: &[&str]) {
    let Some(s) = Session::with_patch(name, "acid", ACID) else {
        return;
    };
    s.keys("3");
    s.wait("vcf: Ladder");
    s.keys("e");
    s.head(" EDIT ");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    let lines: String = (0..1_000)
        .map(|n| format!("  // {n} {}\n", "x".repeat(93)))
        .collect();
    std::fs::write(&path, lines).unwrap();
    s.tmux(&["load-buffer", path.to_str().unwrap()]);
    s.tmux(paste);
    // The cursor stands behind it.
    s.wait(" 1001:1 ");
    s.keys("C-z");
    s.until("all of it is gone", |t| {
        t.contains(" 1:1 ") && t.contains("vcf: Ladder")
    });
    s.never_ran_dry();
}

#[test]
fn what_is_typed_while_the_window_changes_is_all_there() {
    let Some(s) = Session::with_patch("resize", "acid", ACID) else {
        return;
    };
    s.keys("3");
    s.wait("vcf: Ladder");
    s.keys("e");
    s.head(" EDIT ");
    for (n, (width, height)) in [(40, 10), (20, 5), (200, 60), (1, 1), (79, 23), (40, 10)]
        .into_iter()
        .enumerate()
    {
        s.letters(&format!("a{n}"));
        let (width, height) = (width.to_string(), height.to_string());
        s.tmux(&["resize-window", "-x", &width, "-y", &height]);
        s.letters("b");
    }
    s.wait("a0ba1ba2ba3ba4ba5b(");
    s.tmux(&["resize-window", "-x", "80", "-y", "24"]);
    s.head("A acid LIVE");
    s.wait("vcf: Ladder");
}

#[test]
fn a_file_that_is_deleted_while_it_plays_is_told_of_and_saved_anew() {
    let Some(s) = Session::with_patch("deleted", "acid", ACID) else {
        return;
    };
    std::fs::remove_file(s.patch()).unwrap();
    s.wait("is gone from the disk: what plays goes on");
    s.head("A acid LIVE");
    s.screen(2);
    s.focus("vcf.cutoff", "vcf: Ladder");
    s.keys("Right");
    s.wait("vcf.cutoff 4");
    s.keys("C-s");
    s.until("the file is there again", |_| s.patch().exists());
    let text = std::fs::read_to_string(s.patch()).unwrap();
    assert!(
        text.contains("Ladder(cutoff: \"4") && !text.contains("400Hz"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_kept_is_said_first() {
    // A folder that nobody can make anything in, whoever it is.
    let locked = "XDG_STATE_HOME=/dev/null XDG_CONFIG_HOME=/dev/null";
    let args = "--recordings /dev/null/takes";
    let Some(s) = Session::with_patch_and("locked", ("acid", ACID), locked, args) else {
        return;
    };
    s.wait("Unsaved work is not kept, 6 says why. You hear ");
    s.keys("6");
    s.until("why", |t| {
        t.contains("unsaved work is not kept: /dev/null")
            && t.contains("the performance is not written down: /dev/null")
    });
    s.command("sets");
    s.wait("this performance is not written down");
    closed(&s);
    s.keys("C-r");
    s.wait("can't be written");
    s.command("layout azerty");
    s.wait("this is not remembered");
    s.command("save /dev/null/x.ron");
    s.until("no file that nobody asked for is named", |t| {
        t.contains("/dev/null/x.ron is not saved: ") && !t.contains(".tmp")
    });
    s.command("load /nowhere.ron");
    s.wait("/nowhere.ron: No such file");
    let screen = s.head("A acid LIVE");
    never_ran_dry(&screen);
}

/// The shelf is closed: a key that comes with Escape in one piece would be one with Alt.
fn closed(s: &Session) {
    s.escape();
    s.until("the shelf closed", |t| !t.contains("Enter hear it"));
}

#[test]
fn a_set_is_heard_again_from_the_shelf() {
    let takes = tempfile::tempdir().unwrap();
    let args = format!("--recordings '{}'", takes.path().display());
    let Some(s) = Session::hello_with("shelf", "", &args) else {
        return;
    };
    s.screen(1);
    s.until("sound", sounds);
    std::thread::sleep(Duration::from_secs(1));
    s.keys("C-c");
    s.wait("Fade out and quit?");
    s.keys("y");
    s.wait("exit=0");
    s.again();
    s.head("A hello LIVE");
    s.command("sets");
    s.until("both", |t| t.contains("set-2") && t.contains("set-1"));
    // The one that is being written can't be heard yet.
    s.keys("Enter");
    s.wait("set-2 is being written: it can be heard when it has ended");
    s.keys("Down");
    s.keys("Enter");
    s.head("B set-1 PRIMED");
    closed(&s);
    s.keys("!");
    s.head("B set-1 LIVE");
    assert!(takes.path().join("set-1.wav").exists());
}

#[test]
fn thirty_swaps_at_once_are_swaps() {
    let Some(s) = Session::with_patch("swaps", "acid", ACID) else {
        return;
    };
    s.command("load patches/hello.ron");
    s.head("B hello PRIMED");
    for _ in 0..15 {
        s.keys("! C-g");
    }
    s.command("load patches/hello.ron");
    let screen = s.until("one of both is heard", |t| {
        t.contains("A acid LIVE") || t.contains("B hello LIVE") || t.contains("A hello LIVE")
    });
    never_ran_dry(&screen);
}
