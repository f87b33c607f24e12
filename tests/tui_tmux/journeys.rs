//! The ten journeys of somebody who plays, each by the keys that it names.
use crate::session::{ACID, Session, header, knob, level_of, never_ran_dry, sounds};

/// A voice that waits for keys.
const VOICE: &str = r#"(
  name: "voice", voices: 4,
  modules: (
    keys: Keys(), osc: Saw(), env: Adsr(a: "1ms", d: "1s", s: 0.8, r: "50ms"), vca: Vca(), out: Out(gain: "-14dB"),
  ),
  cables: ["keys.pitch > osc.pitch", "keys.gate > env.gate", "env > vca.cv", "osc > vca > out"],
)
"#;

/// Longer than a key's length where it is not held.
const HELD: std::time::Duration = std::time::Duration::from_millis(900);

#[test]
fn journey_01_first_start_sounds_and_says_what_is_heard() {
    let Some(s) = Session::begin("j1", "", "") else {
        return;
    };
    s.until("sound and a sentence", |t| {
        t.contains("You hear hello.ron. Press e to change it") && sounds(t)
    });
    s.head("A hello LIVE");
    // Bells and a bass: around -18 dBFS, neither a whisper nor a shock.
    s.until("its level", |t| {
        level_of(t, 0).is_some_and(|db| (-30.0..-12.0).contains(&db))
    });
    s.keys("e");
    s.head(" EDIT ");
}

#[test]
fn journey_02_a_patch_is_loaded_and_heard_at_the_bar_without_a_look_between() {
    let Some(s) = Session::hello("j2") else {
        return;
    };
    s.keys("7");
    s.wait("hello.ron");
    s.keys("/");
    s.line("acid");
    s.wait("▸");
    // The swap is asked for while the patch is still being built: it waits for it, and for the bar.
    s.keys("P C-g");
    s.head("B acid LIVE");
    s.keys("6");
    s.until("a swap at a bar", |t| {
        let swapped = t.lines().find(|l| l.contains("swapped A -> B at "));
        swapped.is_some_and(|l| l.contains(".1.1, fade 20 ms"))
    });
    s.never_ran_dry();
}

#[test]
fn journey_03_a_module_is_added_by_three_letters_and_named_by_itself() {
    let Some(s) = Session::with_patch("j3", "voice", VOICE) else {
        return;
    };
    s.screen(2);
    s.keys("a");
    s.wait("Enter takes it");
    s.letters("lad");
    s.wait("▸Ladder");
    s.keys("Enter");
    s.wait("add vcf: Ladder");
    s.head("A voice LIVE");
}

#[test]
fn journey_04_a_cable_with_an_amount_is_laid_and_heard_in_the_cue() {
    let text = ACID.replace("    \"env > vcf.cutoff * 2.5oct\",\n", "");
    let Some(s) = Session::with_patch("j4", "acid", &text) else {
        return;
    };
    s.screen(2);
    s.focus("env.out", "out");
    s.keys("w");
    s.wait("Enter takes it");
    s.letters("vcf.c");
    s.wait("▸vcf.cutoff");
    s.keys("Enter");
    s.wait("env > vcf.cutoff *");
    s.line("2.5oct");
    s.head("B acid PRIMED");
    s.keys("c");
    s.wait("Cue: ");
    s.head("A acid LIVE");
    s.keys("3");
    s.wait("env > vcf.cutoff * 2.5oct");
    s.never_ran_dry();
}

#[test]
fn journey_05_a_knob_is_turned_finely_coarsely_and_typed() {
    let Some(s) = Session::with_patch("j5", "acid", ACID) else {
        return;
    };
    s.screen(2);
    s.focus("vcf.cutoff", "vcf: Ladder");
    let cutoff = |t: &str| knob(t, "cutoff");
    let wait = |what: &str, holds: &dyn Fn(f32) -> bool| {
        let screen = s.until(what, |t| cutoff(t).is_some_and(holds));
        cutoff(&screen).unwrap()
    };
    let at = wait("the cutoff", &|hz| hz == 400.0);
    s.keys("S-Right");
    let fine = wait("a little more", &|hz| hz > at);
    s.keys("Right");
    let coarse = wait("more", &|hz| hz > fine);
    s.keys("PgUp");
    let leap = wait("much more", &|hz| hz > coarse);
    assert!(fine - at < coarse - fine && coarse - fine < leap - coarse);
    s.keys("Enter");
    s.wait("= ");
    s.line("650");
    wait("what was typed", &|hz| hz == 650.0);
    // Heard in the live slot, without a build.
    s.head("A acid LIVE B copy NET");
    s.keys("3");
    s.wait("cutoff: \"650Hz\"");
    s.never_ran_dry();
}

#[test]
fn journey_06_notes_are_played_and_escape_leaves() {
    let Some(s) = Session::with_patch("j6", "voice", VOICE) else {
        return;
    };
    s.until("silence before the first key", |t| !sounds(t));
    s.keys("C-t");
    s.wait("keys:gate");
    for (key, note) in [
        ("z", "C4"),
        ("s", "C#4"),
        ("x", "D4"),
        ("d", "Eb4"),
        ("c", "E4"),
    ] {
        s.keys(key);
        s.wait(&format!(" {note} "));
    }
    s.until("sound", sounds);
    s.until("a key's length is over", |t| !sounds(t));
    // One that is held goes on until Escape.
    s.keys("Tab");
    s.wait("keys:latch");
    s.keys("z");
    s.until("sound", sounds);
    std::thread::sleep(HELD);
    s.until("it is held", sounds);
    s.escape();
    s.until("all notes end", |t| !sounds(t));
    s.never_ran_dry();
}

#[test]
fn journey_07_text_is_edited_and_its_mistakes_are_seen_while_it_plays() {
    let Some(s) = Session::hello("j7") else {
        return;
    };
    s.keys("e");
    s.head(" EDIT ");
    s.keys("C-f");
    s.line("Vca(");
    s.letters("x");
    s.wait("unknown module");
    s.head("A hello LIVE");
    s.keys("BSpace");
    s.wait("0 errors");
    s.never_ran_dry();
}

#[test]
fn journey_08_what_was_edited_is_primed_compared_and_swapped_in() {
    let Some(s) = Session::with_patch("j8", "acid", ACID) else {
        return;
    };
    s.keys("e");
    s.head(" EDIT ");
    s.keys("C-f");
    s.line("0.82");
    s.keys("Delete Delete Delete Delete");
    s.letters("0.5");
    s.wait("res: 0.5,");
    s.keys("C-e");
    s.head("B acid PRIMED");
    s.escape();
    s.keys("=");
    s.until("what would change", |t| {
        t.contains("any key closes") && t.contains("vcf.res")
    });
    s.keys("Escape");
    s.until("the list closed", |t| !t.contains("any key closes"));
    s.keys("C-g");
    let screen = s.head("B acid LIVE");
    never_ran_dry(&screen);
}

#[test]
fn journey_09_everything_is_undone_recorded_and_silenced() {
    let takes = tempfile::tempdir().unwrap();
    let args = format!("--recordings '{}'", takes.path().display());
    let Some(s) = Session::with_patch_and("j9", ("acid", ACID), "", &args) else {
        return;
    };
    s.screen(2);
    s.focus("vcf.cutoff", "vcf: Ladder");
    let cutoff = |t: &str| knob(t, "cutoff");
    s.until("the cutoff", |t| cutoff(t) == Some(400.0));
    // A knob goes back at once.
    s.keys("PgUp");
    s.until("turned", |t| cutoff(t) > Some(400.0));
    s.keys("C-z");
    s.until("turned back", |t| cutoff(t) == Some(400.0));
    s.head("A acid LIVE B copy NET");
    // Structure goes back through prime, and what was swapped in through prime and swap.
    s.keys("X");
    s.wait("delete vcf");
    s.head("B acid PRIMED");
    s.keys("!");
    s.head("B acid LIVE");
    s.until("no filter", |t| !t.contains("Ladder"));
    s.keys("C-z");
    let screen = s.until("the filter is heard again", |t| {
        header(t).contains("A acid LIVE") && t.contains("Ladder")
    });
    never_ran_dry(&screen);
    s.keys("1 C-r");
    s.wait("REC 00:00");
    s.keys("C-r");
    s.wait("Recorded");
    assert_eq!(std::fs::read_dir(takes.path()).unwrap().count(), 1);
    s.until("sound", sounds);
    s.keys("C-x");
    s.until("silence", |t| t.contains("MUTED") && !sounds(t));
    s.keys("C-x");
    s.until("sound again", sounds);
}

/// A module that takes twice the time there is, from its second second on.
#[cfg(feature = "faults")]
#[test]
fn journey_10_it_says_why_it_crackled() {
    let slow = r#"(
  name: "slow",
  modules: (osc: Sine(freq: "220Hz"), drag: Fault(kind: Slow, after: 1500), out: Out(gain: "-12dB")),
  cables: ["osc > drag > out"],
)
"#;
    let Some(s) = Session::heard("j10", ("slow", slow), "", "") else {
        return;
    };
    s.keys("5");
    s.wait("why did it crackle?");
    s.wait("likely: ");
    s.keys("Enter");
    s.until("what was heard, why, where and what to try", |t| {
        let all = ["any key closes", "likely: ", "`drag`", "in: ", "try: "];
        // Where the machine's own processors are short, the device misses its time before the ring is empty.
        let heard = ["none-read", "xrun"];
        all.iter().all(|w| t.contains(w)) && heard.iter().any(|w| t.contains(w))
    });
    s.keys("Escape");
    s.until("closed", |t| !t.contains("any key closes"));
}
