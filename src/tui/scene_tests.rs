//! Every screen, drawn at every size, and what stands on it.
use crate::control::command::Command;
use crate::control::slot::{Incoming, SlotState};
use crate::graph::prime::Check;

use super::app::Layer;
use super::color::Depth;
use super::options::Glyphs;
use super::scene::{ACID, Scene, playing};
use super::svg;

pub const SIZES: [(u16, u16); 8] = [
    (80, 24),
    (120, 40),
    (200, 60),
    (40, 10),
    (20, 5),
    (79, 23),
    (1, 1),
    (300, 3),
];

pub const SCREENS: [(&str, &str); 7] = [
    ("1", "PERFORM"),
    ("2", "PATCH"),
    ("3", "TEXT"),
    ("4", "PATTERN"),
    ("5", "DIAG"),
    ("6", "LOG"),
    ("7", "FILES"),
];

/// With CHRONUS_PICTURES=folder every screen of these tests is also drawn there, to be looked at.
pub fn keep(scene: &mut Scene, name: &str, width: u16, height: u16) {
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
fn a_swap_counts_down_and_the_quantum_is_shown() {
    let mut scene = playing(Depth::True);
    assert!(scene.text(80, 24).contains("^G next bar [b]"));
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
