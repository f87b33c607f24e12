//! Every screen, drawn at every size, and what the keys do there.
use crate::control::command::{Command, Focus, Quantum, SlotId};
use crate::control::slot::{Incoming, SlotState};
use crate::graph::prime::Check;
use crate::modules::spec::ParamValue;

use super::app::Layer;
use super::color::Depth;
use super::options::{ExitReason, Glyphs};
use super::scene::{ACID, Scene, playing};
use super::svg;

const SIZES: [(u16, u16); 8] = [
    (80, 24),
    (120, 40),
    (200, 60),
    (40, 10),
    (20, 5),
    (79, 23),
    (1, 1),
    (300, 3),
];

const SCREENS: [(&str, &str); 7] = [
    ("1", "PERFORM"),
    ("2", "PATCH"),
    ("3", "TEXT"),
    ("4", "PATTERN"),
    ("5", "DIAG"),
    ("6", "LOG"),
    ("7", "FILES"),
];

/// With CHRONUS_PICTURES=folder every screen of these tests is also drawn there, to be looked at.
fn keep(scene: &mut Scene, name: &str, width: u16, height: u16) {
    let Some(folder) = std::env::var_os("CHRONUS_PICTURES") else {
        return;
    };
    let buf = scene.draw(width, height);
    let (ground, ink) = scene.app.theme.ground();
    let path = std::path::Path::new(&folder).join(format!("{name}-{width}x{height}.svg"));
    std::fs::write(path, svg::picture(&buf, ground, ink)).expect("written");
}

#[test]
fn every_screen_and_overlay_fits_every_size() {
    for glyphs in [Glyphs::Unicode, Glyphs::Braille, Glyphs::Ascii] {
        let mut scene = playing(Depth::True);
        scene.app.options.glyphs = glyphs;
        for (key, name) in SCREENS {
            scene.press(key);
            for over in ["", "?", ":", "=", "^C"] {
                if !over.is_empty() {
                    scene.press(over);
                }
                for (width, height) in SIZES {
                    let text = scene.text(width, height);
                    if over.is_empty() && width >= 20 && height > 3 {
                        assert!(text.starts_with(&format!(" {name} ")), "{text}");
                    }
                }
                scene.press("Esc");
                if over.is_empty() {
                    scene.press(key);
                }
                assert_eq!(scene.app.screen.name(), name);
            }
        }
    }
}

#[test]
fn the_stage_shows_states_in_words_meters_and_counters() {
    let mut scene = playing(Depth::True);
    let text = scene.text(80, 24);
    for wanted in [
        "A acid LIVE",
        "B fmpad PRIMED→14",
        "none 0",
        "xrun 0",
        "cpu 14%",
        "-14.2",
        "-3.1",
        "27/30 min 22",
        "key-to-sound 14 ms",
        "1 bright",
        "^G swaps at bar 14",
        "^E prime",
        "spectrum",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
    }
    for (width, height) in [(80, 24), (120, 40), (200, 60), (40, 10)] {
        keep(&mut scene, "perform", width, height);
    }
    assert!(scene.text(40, 10).contains("80×24 shows more"));
}

#[test]
fn a_refused_patch_is_told_beside_what_goes_on() {
    let mut scene = playing(Depth::True);
    scene.publish(|view| {
        view.armed = None;
        view.slots[1].incoming = Some(Incoming::Refused {
            check: Check::Silent,
            why: "rms 0.0000 after 1 s: nothing reaches `out`".into(),
        });
    });
    let text = scene.text(80, 24);
    assert!(text.contains("B fmpad FAILED"), "{text}");
    assert!(text.contains("rms 0.0000"), "{text}");
    assert!(text.contains("A acid LIVE"), "{text}");
    keep(&mut scene, "failed", 80, 24);
    scene.publish(|view| {
        view.slots[1].incoming = None;
        view.slots[1].state = SlotState::Filling;
        view.slots[1].is_net = true;
    });
    assert!(scene.text(80, 24).contains("B copy NET"));
}

#[test]
fn without_colours_there_is_no_colour_and_every_state_can_be_read() {
    let mut scene = playing(Depth::None);
    for (key, _) in SCREENS {
        scene.press(key);
        let buf = scene.draw(120, 40);
        for cell in buf.content() {
            let plain = |c| matches!(c, ratatui::style::Color::Reset);
            assert!(plain(cell.fg) && plain(cell.bg), "{cell:?}");
        }
    }
    let text = scene.text(80, 24);
    assert!(text.contains("LIVE") && text.contains("PRIMED"));
}

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
fn an_error_is_shown_as_it_is_typed_and_tab_mends_it() {
    let mut scene = playing(Depth::True);
    scene.press("3 e");
    assert_eq!(scene.app.layer, Layer::Edit);
    for _ in 0..4 {
        scene.press("Down");
    }
    // "    vco: Sine()," becomes "Sne".
    for _ in 0..10 {
        scene.press("Right");
    }
    scene.press("Delete");
    let text = scene.text(80, 24);
    assert!(text.contains("did you mean `Sine`"), "{text}");
    assert!(text.contains("5:10"), "{text}");
    assert!(text.contains("A acid bass keeps playing"), "{text}");
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        keep(&mut scene, "text", width, height);
    }
    scene.sent();
    scene.press("^E");
    assert_eq!(scene.sent(), [], "a text with an error is not built");
    scene.press("Tab");
    let text = scene.text(80, 24);
    assert!(text.contains("0 errors"), "{text}");
    scene.press("^E");
    let sent = scene.sent();
    assert!(
        matches!(&sent[..], [Command::LoadText { text, .. }] if text == ACID),
        "{sent:?}"
    );
    scene.press("^Z ^Z");
    scene.look();
    assert!(!scene.app.text.edited());
    scene.press("Esc");
    assert_eq!(scene.app.layer, Layer::Nav);
}

#[test]
fn pasted_text_is_one_step_and_is_never_carried_out() {
    let mut scene = playing(Depth::True);
    scene.press("3");
    scene.sent();
    let pasted = crossterm::event::Event::Paste("(\r  name: \"x\",\r)\r7P".into());
    let now = scene.start;
    scene.app.on_input(pasted, now);
    scene.look();
    assert!(scene.app.text.edited());
    assert_eq!(scene.sent(), []);
    scene.press("e ^Z");
    assert!(!scene.app.text.edited());
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
fn a_swap_counts_down_and_the_quantum_is_shown() {
    let mut scene = playing(Depth::True);
    assert!(scene.text(80, 24).contains("^G at the next bar [b]"));
    scene.publish(|view| {
        view.armed = Some(Some(14));
        // Beat 52 is bar 14; the reading stands 3.6 beats before it.
        view.swap_beat = Some(view.transport.beat_at(1_056_000) + 1.5);
    });
    let text = scene.text(80, 24);
    assert!(text.contains("in 1.5 beats"), "{text}");
    assert!(text.contains("██████····"), "{text}");
    scene.press("2");
    assert!(scene.text(80, 24).contains("B in 1.5 beats, 0.7 s"));
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
    command(&mut scene, "layout azerty");
    command(&mut scene, "mouse off");
    let again = super::settings::Settings::read(scene.app.options.config.as_deref());
    assert_eq!((again.layout.as_str(), again.mouse_off), ("azerty", true));
    super::act::remember(&mut scene.app);
    assert_eq!(scene.app.notes.note_of('w'), Some(60));
    assert_eq!(scene.app.notes.layout(), "azerty");
}
