//! What the keys do, on every screen and in every layer.
use crate::control::command::{Command, Focus, Quantum, SlotId};
use crate::modules::spec::ParamValue;

use super::color::Depth;
use super::options::ExitReason;
use super::scene::{Scene, playing};
use super::scene_tests::{SCREENS, SIZES, keep};

#[test]
fn stage_keys_work_on_every_screen_and_under_overlays() {
    let mut scene = playing(Depth::True);
    for (key, _) in SCREENS {
        for over in ["", "?", ":"] {
            scene.press(key);
            if !over.is_empty() {
                scene.press(over);
            }
            scene.sent();
            scene.press("^G ^X");
            assert_eq!(scene.sent(), [Command::Swap(None), Command::Panic]);
            scene.press("Esc");
        }
    }
    scene.press("! b Space u");
    assert_eq!(
        scene.sent(),
        [
            Command::Swap(Some(Quantum::Now)),
            Command::SetQuantum(Quantum::Bars(2)),
            Command::TogglePlay,
            Command::Undo
        ]
    );
}

#[test]
fn an_esc_that_arrives_with_the_next_letter_is_both() {
    let mut scene = playing(Depth::True);
    for over in ["?", ":", "="] {
        scene.press("1");
        scene.press(over);
        scene.press("Alt+3");
        // A chord of its own means what it means.
        assert_eq!(scene.app.picked_macro, 2, "{over}");
    }
    for over in ["?", ":", "=", "g S", "^C", ":theme", ":macros"] {
        scene.press("Esc Esc 1");
        match over.strip_prefix(':').filter(|name| !name.is_empty()) {
            Some(name) => {
                scene.press(":");
                scene.type_text(name);
                scene.press("Enter");
            }
            None => scene.press(over),
        }
        assert!(scene.app.overlay.is_some(), "{over}");
        scene.press("Alt+y");
        assert!(scene.app.overlay.is_none(), "{over}");
        assert!(scene.app.exit.is_none(), "{over}: y is no answer");
        scene.press(":");
        scene.press("Alt+?");
        let shown = scene.text(80, 24);
        assert!(shown.contains("help: every key"), "{over}: {shown}");
    }
    // A filter that is typed, and the first of two letters.
    scene.press("Esc Esc 7 /");
    scene.type_text("pad");
    scene.press("Alt+1");
    assert!(scene.app.filtering, "a chord of its own");
    scene.press("Alt+=");
    assert!(!scene.app.filtering);
    scene.press("Esc g");
    scene.press("Alt+?");
    assert!(scene.app.overlay.is_some());
    // Where nothing lies above, Alt is no Esc.
    scene.press("Esc 3 e Alt+y");
    assert_eq!(scene.app.layer, super::app::Layer::Edit);
}

#[test]
fn no_note_is_held_by_a_window_that_nobody_looks_at() {
    let mut scene = playing(Depth::True);
    scene.publish(|view| view.live = SlotId::B);
    scene.app.notes.mode = super::notes::KeyMode::Latch;
    scene.press("^T z");
    scene.sent();
    let now = scene.start;
    scene.app.on_input(crossterm::event::Event::FocusLost, now);
    let sent = scene.sent();
    let ended = |c: &Command| matches!(c, Command::Note { velocity, .. } if *velocity == 0.0);
    assert!(sent.iter().any(ended), "{sent:?}");
}

#[test]
fn a_first_letter_is_given_up_in_silence() {
    let mut scene = playing(Depth::True);
    let before = scene.app.sentence.text.clone();
    scene.press("g Esc");
    assert_eq!(scene.app.sentence.text, before);
    scene.press("7");
    assert_eq!(scene.app.screen, super::screens::Screen::Files);
}

#[test]
fn of_a_paste_into_a_line_its_first_line_is_taken() {
    let mut scene = playing(Depth::True);
    scene.press(":");
    let now = scene.start;
    let pasted = "bpm 99\nquit\n".to_owned();
    scene
        .app
        .on_input(crossterm::event::Event::Paste(pasted), now);
    scene.press("Enter");
    assert_eq!(scene.sent().last(), Some(&Command::Bpm(99.0)));
}

#[test]
fn keys_that_nothing_hears_are_told() {
    let mut scene = playing(Depth::True);
    scene.press("^T");
    assert!(scene.app.sentence.text.contains("no Keys or Arp"));
    scene.press("Esc");
    scene.publish(|view| view.live = SlotId::B);
    scene.press("^T");
    assert!(scene.app.sentence.text.contains("piano keys"));
}

#[test]
fn arrows_turn_the_knob_in_focus_of_the_live_slot() {
    let mut scene = playing(Depth::True);
    scene.press("2 Tab");
    let before = scene.text(80, 24);
    assert!(before.contains("▸"), "{before}");
    scene.sent();
    scene.press("Right Right");
    let sent = scene.sent();
    let values: Vec<f32> = sent
        .iter()
        .map(|c| match c {
            Command::SetParam {
                focus: Focus::Live,
                module,
                value: ParamValue::Fixed(v),
                ..
            } => {
                assert_eq!(module, "vco");
                *v
            }
            other => panic!("{other:?}"),
        })
        .collect();
    // The second press builds on the first although the view has not changed yet.
    assert!(values[1] > values[0]);
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        keep(&mut scene, "patch", width, height);
    }
    scene.press("Enter");
    scene.type_text("1.2kHz");
    keep(&mut scene, "value", 80, 24);
    scene.press("Enter");
    let sent = scene.sent();
    assert!(
        matches!(&sent[..], [Command::SetParam { value: ParamValue::Fixed(v), .. }] if (*v - 1_200.0).abs() < 0.01),
        "{sent:?}"
    );
    scene.press("o Right");
    assert!(matches!(
        &scene.sent()[..],
        [Command::SetParam {
            focus: Focus::Slot(SlotId::B),
            ..
        }]
    ));
}

#[test]
fn letters_are_notes_in_the_keys_layer_and_end_with_it() {
    let mut scene = playing(Depth::True);
    scene.press("^T");
    scene.sent();
    scene.press("z");
    let text = scene.text(80, 24);
    assert!(
        text.contains("keys:gate 1/8") && text.contains("C4"),
        "{text}"
    );
    assert!(text.contains("KEYS"));
    keep(&mut scene, "keys", 80, 24);
    let sent = scene.sent();
    assert!(
        matches!(sent[0], Command::Note { note, velocity } if note == 60.0 && velocity > 0.0),
        "{sent:?}"
    );
    scene.press("x");
    let now = scene.start;
    scene.app.on_input(crossterm::event::Event::FocusLost, now);
    let sent = scene.sent();
    let ends = |note: f32| {
        let ended = |c: &&Command| matches!(c, Command::Note { note: n, velocity } if *n == note && *velocity == 0.0);
        sent.iter().filter(ended).count()
    };
    assert_eq!(ends(62.0), 1, "{sent:?}");
    assert!(ends(60.0) <= 1, "{sent:?}");
    scene.press("Esc");
    assert!(scene.text(80, 24).contains("NAV"));
}

#[test]
fn quitting_asks_once_and_three_presses_force() {
    let mut scene = playing(Depth::True);
    scene.press("^C");
    assert!(scene.text(80, 24).contains("Fade out and quit?"));
    keep(&mut scene, "quit", 80, 24);
    scene.press("n");
    assert_eq!(scene.app.exit, None);
    scene.press("^C y");
    assert_eq!(scene.app.exit, Some(ExitReason::Quit));
    let mut scene = playing(Depth::True);
    scene.press("^C ^C ^C");
    assert_eq!(scene.app.exit, Some(ExitReason::Quit));
}

#[test]
fn the_palette_finds_and_runs_actions_with_what_follows() {
    let mut scene = playing(Depth::True);
    scene.press(":");
    scene.type_text("the");
    keep(&mut scene, "palette", 80, 24);
    scene.press("Backspace Backspace Backspace");
    scene.type_text("theme paper");
    scene.press("Enter");
    assert_eq!(scene.app.theme.name, "paper");
    keep(&mut scene, "paper", 120, 40);
    scene.press(":");
    scene.type_text("bpm 140");
    scene.press("Enter");
    assert_eq!(scene.sent(), [Command::Bpm(140.0)]);
    scene.press("?");
    assert!(scene.text(80, 24).contains("help: every key"));
    keep(&mut scene, "help", 80, 24);
    scene.press("Esc =");
    keep(&mut scene, "diff", 80, 24);
    scene.press("Esc");
    for (key, name) in SCREENS {
        scene.press(key);
        keep(&mut scene, name, 120, 40);
    }
}

#[test]
fn macros_move_their_parameters() {
    let mut scene = playing(Depth::True);
    scene.sent();
    scene.press("Up");
    let sent = scene.sent();
    assert!(
        matches!(&sent[..], [Command::Macro { name, at }] if name == "1" && (*at - 0.47).abs() < 1e-6),
        "{sent:?}"
    );
    assert!(scene.text(80, 24).contains(" 42"));
    scene.press("Right Right Down");
    assert!(
        matches!(&scene.sent()[..], [Command::Macro { name, at }] if name == "3" && *at == 0.45)
    );
    // By their numbers, from anywhere, and with m.
    scene.press("7 Alt+2 Alt+Up");
    assert!(matches!(&scene.sent()[..], [Command::Macro { name, .. }] if name == "2"));
    scene.press("1 m 1 Alt+Down");
    assert!(matches!(&scene.sent()[..], [Command::Macro { name, .. }] if name == "1"));
    scene.press("Alt+7");
    assert!(scene.app.sentence.text.contains("no macro 7"));
}

#[test]
fn the_morph_the_tempo_and_the_cue_are_keys() {
    let mut scene = playing(Depth::True);
    scene.publish(|view| view.morph = Some(0.4));
    assert!(scene.text(120, 40).contains("morph 0.40"));
    scene.sent();
    scene.press(") ( + -");
    assert_eq!(
        scene.sent(),
        [
            Command::Morph(0.45),
            Command::Morph(0.35),
            Command::Bpm(133.0),
            Command::Bpm(131.0)
        ]
    );
    // Keys come a tenth of a second apart here, and the last one of each press a little later.
    scene.press("t t t t t");
    let sent = scene.sent();
    assert!(
        matches!(sent.last(), Some(Command::Bpm(_)))
            || scene.app.sentence.text.contains("tapped 600")
    );
    scene.press("B");
    scene.type_text("140");
    scene.press("Enter c");
    assert_eq!(scene.sent(), [Command::Bpm(140.0), Command::Cue(true)]);
    scene.publish(|view| view.cued = true);
    assert!(scene.text(120, 40).contains("spectrum of B, cued"));
}

#[test]
fn two_letters_go_places_and_a_slow_second_one_is_helped() {
    let mut scene = playing(Depth::True);
    scene.press("g f");
    assert_eq!(scene.app.screen.name(), "FILES");
    scene.press("g");
    // The look after the press is 300 ms later.
    let text = scene.text(80, 24);
    assert!(
        text.contains("g …") && text.contains("diagnostics"),
        "{text}"
    );
    for (width, height) in SIZES {
        scene.draw(width, height);
    }
    scene.press("Esc");
    assert!(!scene.text(80, 24).contains("g …"));
    assert_eq!(scene.app.screen.name(), "FILES");
    scene.press("g z");
    assert!(scene.app.sentence.text.contains("g z does nothing here"));
    scene.press("g p m 2");
    assert_eq!(
        (scene.app.screen.name(), scene.app.picked_macro),
        ("PERFORM", 1)
    );
    scene.press("^T Alt+3");
    assert_eq!(scene.app.picked_macro, 2);
}

#[test]
fn keys_of_ones_own_are_written_read_shown_and_told_of() {
    let folder = tempfile::tempdir().expect("folder");
    let mut scene = playing(Depth::True);
    scene.app.options.config = Some(folder.path().join("chronus"));
    let command = |scene: &mut Scene, line: &str| {
        scene.press(":");
        scene.type_text(line);
        scene.press("Enter");
    };
    command(&mut scene, "keys");
    let path = folder.path().join("chronus/keys.ron");
    let template = std::fs::read_to_string(&path).expect("written");
    assert!(template.contains("// \"^E prime\","), "{template}");
    let own = "(nav: [\"K swap now\"], perform: [\"C undo\"], everywhere: [\"^G nothing\"])";
    std::fs::write(&path, own).expect("written");
    command(&mut scene, "keys load");
    let told = scene.app.sentence.text.clone();
    assert!(
        told.contains("keys.ron:1:34 `C` was `clear clips`"),
        "{told}"
    );
    scene.sent();
    scene.press("K");
    assert_eq!(scene.sent(), [Command::Swap(Some(Quantum::Now))]);
    scene.press("^G");
    assert_eq!(scene.sent(), []);
    let row = scene.text(200, 60);
    assert!(
        row.contains("F6 swap") && !row.contains("^G swap "),
        "{row}"
    );
    scene.press("?");
    assert!(scene.text(120, 200).contains("!  K"));
    scene.press("Esc");
    // What is wrong comes first, and the log has all of it; the row of keys shows what they do here.
    let several = "(nav: [\"C clear\", \"^X record\", \"Q bogus\", \"W bogus\"])";
    std::fs::write(&path, several).expect("written");
    command(&mut scene, "keys load");
    let told = &scene.app.sentence.text;
    assert!(
        told.contains("no action `clear`") && told.contains("(and 3 more: the log tells)"),
        "{told}"
    );
    let log: Vec<String> = scene
        .app
        .journal
        .newest()
        .take(4)
        .map(|e| e.sentence.clone())
        .collect();
    assert!(
        log[0].contains("`^X` is `panic` everywhere")
            || log.iter().any(|l| l.contains("`^X` is `panic`")),
        "{log:?}"
    );
    assert_eq!(
        log.iter().filter(|l| l.contains("no action")).count(),
        3,
        "{log:?}"
    );
    scene.press("1");
    // What is said stands over the keys for a while.
    (0..24).for_each(|_| scene.look());
    let shown = scene.text(120, 40);
    assert!(
        shown.contains("F12 panic") && !shown.contains("^X panic"),
        "{shown}"
    );
    command(&mut scene, "layout azerty");
    command(&mut scene, "mouse off");
    let again = super::settings::Settings::read(scene.app.options.config.as_deref());
    assert_eq!((again.layout.as_str(), again.mouse_off), ("azerty", true));
    super::act::remember(&mut scene.app);
    assert_eq!(scene.app.notes.note_of('w'), Some(60));
    assert_eq!(scene.app.notes.layout(), "azerty");
}
