//! The fifteen acceptance checks, each by the keys that it names.
use std::process::Command;
use std::time::{Duration, Instant};

use crate::session::{ACID, Session, header, knob, level_of, never_ran_dry, sounds, states, still};

#[test]
fn check_01_it_sounds_at_once() {
    let Some(s) = Session::begin("c1", "", "") else {
        return;
    };
    let screen = s.until("a live hello that sounds", |t| {
        header(t).contains("A hello LIVE") && sounds(t)
    });
    never_ran_dry(&screen);
}

#[test]
fn check_02_and_03_a_file_is_primed_and_swapped_in_at_the_bar() {
    let Some(s) = Session::hello("c2") else {
        return;
    };
    s.keys("7");
    s.wait("hello.ron");
    s.keys("/");
    s.line("acid");
    s.wait("acid.ron");
    // Within a second; a busy machine gets three tries.
    let quick = (0..3).any(|_| {
        let pressed = Instant::now();
        s.keys("P");
        s.until("B acid PRIMED", |t| {
            header(t).contains("A hello LIVE B acid PRIMED") && t.contains("primed acid bass in")
        });
        pressed.elapsed() < Duration::from_secs(1)
    });
    assert!(quick, "priming takes more than a second");
    s.keys("C-g");
    s.until("the bar of the swap", |t| header(t).contains('→'));
    let screen = s.head("B acid LIVE");
    never_ran_dry(&screen);
    // The device counts what the machine does to it, so that this holds where the machine is not overloaded.
    if !header(&screen).contains("xrun 0") {
        eprintln!("skipped: xruns on this machine: {}", header(&screen));
    }
}

/// A text in EDIT, and the letters that are taken from a name.
fn misspelt(s: &Session) -> String {
    s.keys("3");
    s.wait("vcf: Ladder");
    s.keys("e C-f");
    s.line("dder");
    s.keys("Delete");
    s.wait("did you mean")
}

#[test]
fn check_04_and_05_a_mistake_is_shown_as_it_is_typed_and_the_sound_goes_on() {
    let Some(s) = Session::with_patch("c4", "acid", ACID) else {
        return;
    };
    misspelt(&s);
    s.wait("7:10");
    let before = "TEXT EDIT A acid LIVE B copy NET";
    s.until(before, |t| states(t) == before);
    s.wait("keeps playing");
    s.keys("C-e");
    // What was asked for before is carried out before.
    s.escape();
    s.screen(6);
    let log = s.at_rest("what happened", |t| t.contains("primed acid bass"));
    for never in ["FAILED", "B primed", "B building"] {
        assert!(!log.contains(never), "{log}");
    }
    s.keys("3");
    s.keys("e");
    s.until(before, |t| states(t) == before);
    s.wait("7:10");
    // The fix, and then it can be heard.
    s.keys("Tab");
    s.wait("0 errors");
    s.keys("C-e");
    s.head("B acid PRIMED");
    s.never_ran_dry();
}

#[test]
fn check_06_a_silent_patch_is_refused_with_its_number() {
    let Some(s) = Session::hello("c6") else {
        return;
    };
    s.command("load tests/silent.ron");
    s.wait("FAILED");
    s.wait("rms 0.0000");
    s.head("A hello LIVE");
}

#[test]
fn check_07_a_knob_turns_and_turns_back() {
    let Some(s) = Session::with_patch("c7", "acid", ACID) else {
        return;
    };
    s.screen(2);
    s.focus("vcf.cutoff", "vcf: Ladder");
    let cutoff = |t: &str| knob(t, "cutoff");
    let before = cutoff(&s.until("a cutoff", |t| cutoff(t).is_some()));
    s.keys("Right");
    s.until("a higher cutoff", |t| cutoff(t) > before);
    s.keys("C-z");
    s.until("the old cutoff", |t| cutoff(t) == before);
    s.never_ran_dry();
}

#[test]
fn check_08_letters_play_notes_in_the_keys_layer_only() {
    let Some(s) = Session::begin("c8", "", "patches/pad/fmpad.ron") else {
        return;
    };
    s.head("A fmpad LIVE");
    s.keys("C-t");
    s.wait("keys:gate");
    s.keys("z");
    s.wait(" C4 ");
    s.head(" KEYS ");
    s.escape();
}

#[test]
fn check_09_panic_is_silence_and_comes_back() {
    let Some(s) = Session::hello("c9") else {
        return;
    };
    // Within half a second; a busy machine gets three tries.
    let quick = (0..3).any(|_| {
        s.until("sound", sounds);
        s.keys("C-x");
        let pressed = Instant::now();
        s.until("silence", |t| t.contains("MUTED") && !sounds(t));
        let took = pressed.elapsed();
        s.keys("C-x");
        s.until("sound again", |t| {
            header(t).contains("A hello LIVE") && sounds(t)
        });
        took < Duration::from_millis(500)
    });
    assert!(quick, "silence takes more than half a second");
}

#[test]
fn check_10_what_is_heard_is_recorded_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("--recordings '{}'", folder.path().display());
    let Some(s) = Session::hello_with("c10", "", &place) else {
        return;
    };
    s.until("sound", sounds);
    s.keys("C-r");
    s.wait("REC 00:01");
    s.keys("C-r");
    s.wait("Recorded");
    s.command("keep 1");
    s.wait("Kept the last 1.0 s");
    let mut takes: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    takes.sort();
    assert_eq!(takes.len(), 2, "{takes:?}");
    for take in takes {
        let mut wav = hound::WavReader::open(&take).unwrap();
        assert_eq!((wav.spec().channels, wav.spec().bits_per_sample), (2, 24));
        assert!(wav.duration() >= wav.spec().sample_rate, "{take:?}");
        let loudest = wav.samples::<i32>().map(|s| s.unwrap().abs()).max();
        assert!(loudest > Some(100_000), "{take:?}: {loudest:?}");
    }
}

/// Waits until what stands still is as it was.
fn as_before(s: &Session, before: &str) {
    let before = still(before);
    let seen = std::cell::RefCell::new(String::new());
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        s.until("the screen as it was", |t| {
            *seen.borrow_mut() = still(t);
            still(t) == before
        })
    }));
    if found.is_err() {
        let seen = seen.borrow();
        let rows = before.lines().zip(seen.lines()).filter(|(a, b)| a != b);
        panic!("these rows differ: {:#?}", rows.collect::<Vec<_>>());
    }
}

#[test]
fn check_11_help_comes_and_goes_and_leaves_the_screen_as_it_was() {
    let Some(s) = Session::hello("c11") else {
        return;
    };
    for screen in ["1", "7"] {
        s.keys(screen);
        let before = s.at_rest("the screen", |t| match screen {
            "1" => t.contains("spectrum"),
            _ => t.contains("no errors"),
        });
        s.keys("?");
        s.until("help over it", |t| {
            t.contains("help: every key") && still(t) != still(&before)
        });
        s.keys("Escape");
        as_before(&s, &before);
    }
}

#[test]
fn check_12_any_size_is_drawn_and_the_way_back_is_exact() {
    let Some(s) = Session::hello("c12") else {
        return;
    };
    let before = s.at_rest("the screen", |t| t.contains("spectrum"));
    for (width, height) in [("40", "10"), ("20", "5"), ("1", "1"), ("200", "60")] {
        s.tmux(&["resize-window", "-x", width, "-y", height]);
        match width {
            "40" => drop(s.wait("80×24 shows more")),
            "200" => drop(s.until("wide", |t| header(t).chars().count() > 100)),
            _ => drop(s.until("small", |t| t.lines().all(|l| l.chars().count() <= 20))),
        }
        s.tmux(&["resize-window", "-x", "80", "-y", "24"]);
        as_before(&s, &before);
    }
    s.never_ran_dry();
}

#[test]
fn check_13_no_color_means_no_colour_and_states_are_words() {
    let Some(s) = Session::hello_with("c13", "NO_COLOR=1", "") else {
        return;
    };
    s.wait("spectrum");
    let screen = s.tmux(&["capture-pane", "-pe"]);
    for sequence in screen.split("\x1b[").skip(1) {
        let codes = sequence.split('m').next().unwrap_or_default();
        for code in codes.split(';').filter_map(|c| c.parse::<u32>().ok()) {
            let colour = (30..=49).contains(&code) || (90..=107).contains(&code);
            assert!(!colour || code == 39 || code == 49, "{codes}");
        }
    }
    assert!(screen.contains("LIVE"));
}

#[test]
fn check_14_what_is_pasted_is_one_step_and_is_never_carried_out() {
    let Some(s) = Session::with_patch("c14", "acid", ACID) else {
        return;
    };
    s.keys("3");
    s.wait("vcf: Ladder");
    s.keys("e");
    s.head("EDIT");
    let before = s.at_rest("the text", |t| t.contains("vcf: Ladder"));
    s.tmux(&["set-buffer", "(\n  name: \"pasted\",\n)\n7P\n:quit\n"]);
    s.tmux(&["paste-buffer", "-p"]);
    s.wait("pasted");
    s.keys("C-z");
    let rows = |t: &str| -> Vec<String> { t.lines().skip(1).take(20).map(str::to_owned).collect() };
    s.until("one step takes all of it away, and nothing happened", |t| {
        rows(t) == rows(&before) && states(t) == states(&before)
    });
}

#[test]
fn check_15_the_terminal_is_given_back_after_quit_and_after_a_signal() {
    for signal in [false, true] {
        let Some(s) = Session::hello(&format!("c15{signal}")) else {
            return;
        };
        if signal {
            let pid = s.tmux(&["display", "-p", "#{pane_pid}"]);
            let children = format!("pkill -TERM -P {}", pid.trim());
            Command::new("sh").args(["-c", &children]).status().unwrap();
        } else {
            s.keys("C-c");
            s.wait("Fade out and quit?");
            s.keys("y");
        }
        s.wait("exit=0");
        s.wait("prompt>");
        assert_eq!(
            s.tmux(&["display", "-p", "#{alternate_on}#{cursor_flag}"])
                .trim(),
            "01"
        );
        s.line("stty -a | tr ';' '\\n' | grep -ow echo; echo typed");
        s.until("echo is on", |t| t.contains("\necho\ntyped"));
    }
}

/// That these looks can see what they look for.
#[test]
fn screens_are_read_as_they_are() {
    let screen = " PERFORM NAV ▶84.0 1.4.2 A hello LIVE B copy NET none 0 xrun 3 cpu 5%\n\
                  │ L ████  -12.3 pk -3.1 ││ L ··  -60.0 pk-60.0 │\n\
                  │ vcf ││ cutoff  1.25 kHz  ██ │\n\
                  │ vcf ││ res      0.82  ██ │\n";
    assert_eq!(states(screen), "PERFORM NAV A hello LIVE B copy NET");
    assert_eq!(level_of(screen, 0), Some(-12.3));
    assert_eq!(level_of(screen, 1), Some(-60.0));
    assert!(sounds(screen));
    assert_eq!(knob(screen, "cutoff"), Some(1_250.0));
    assert_eq!(knob(screen, "res"), Some(0.82));
    assert_eq!(knob(screen, "drive"), None);
}
