//! Knobs that are turned elsewhere turn in the text, and what is nudged in the text is heard.
use std::sync::Arc;

use crate::control::command::{Command, Focus};
use crate::modules::spec::ParamValue;
use crate::patch::edit::set_knob;
use crate::patch::file::parse;

use super::app::Layer;
use super::scene::{ACID, Scene, loaded};
use super::text_tests::{at, text};

/// A knob of the live slot is turned somewhere else.
fn turn(scene: &mut Scene, module: &str, param: &str, to: f32) {
    scene.publish(|view| {
        let live = view.slots[0].loaded.as_mut().expect("loaded");
        let new = set_knob(&live.text, module, param, ParamValue::Fixed(to)).expect("set");
        let patch = parse(&new, "t").patch.expect("right");
        live.text = new.into();
        live.patch = Arc::new(patch);
    });
}

#[test]
fn a_knob_that_is_turned_elsewhere_turns_in_what_is_typed() {
    let mut scene = at("bpm: 132,");
    scene.type_text(" // mine");
    assert!(scene.app.text.edited());
    let cursor = scene.app.text.cursor();
    turn(&mut scene, "env", "d", 0.25);
    let now = text(&scene);
    assert!(
        now.contains("d: \"250ms\"") && now.contains("// mine"),
        "{now}"
    );
    assert_eq!(scene.app.text.cursor(), cursor);
    // What was typed otherwise is meant otherwise.
    scene.press("^F");
    scene.type_text("-9dB");
    scene.press("Enter Delete Delete");
    scene.type_text("-7");
    turn(&mut scene, "out", "gain", -3.0);
    assert!(text(&scene).contains("-7dB"), "{}", text(&scene));
    // Undo takes back what was typed, not what was turned.
    for _ in 0..8 {
        scene.press("^Z");
    }
    let now = text(&scene);
    assert!(
        now.contains("d: \"250ms\"") && !now.contains("mine"),
        "{now}"
    );
}

#[test]
fn an_amount_that_is_turned_elsewhere_turns_in_what_is_typed() {
    let mut scene = at("bpm: 132,");
    scene.type_text(" // mine");
    turn(&mut scene, "vco", "freq<env", 1.5);
    let now = text(&scene);
    assert!(
        now.contains("env > vco.freq * 1.5oct") && now.contains("// mine"),
        "{now}"
    );
    // One that had no amount, in a text with a mistake.
    scene.press("Enter");
    scene.type_text("foo: 3,");
    scene.look();
    assert!(scene.text(80, 24).contains("unknown field"));
    turn(&mut scene, "vca", "cv<env", 0.5);
    assert!(
        text(&scene).contains("\"env > vca.cv * 0.5\""),
        "{}",
        text(&scene)
    );
    turn(&mut scene, "vca", "cv<env", 0.25);
    assert!(
        text(&scene).contains("\"env > vca.cv * 0.25\""),
        "{}",
        text(&scene)
    );
    // What was typed otherwise is meant otherwise.
    scene.press("^F");
    scene.type_text("* 0.15");
    scene.press("Enter Right Right Delete Delete Delete Delete");
    scene.type_text("0.3");
    turn(&mut scene, "pan", "pan<lfo", 0.9);
    assert!(
        text(&scene).contains("lfo > pan.pan * 0.3\""),
        "{}",
        text(&scene)
    );
    // Undo takes back what was typed, not what was turned.
    for _ in 0..20 {
        scene.press("^Z");
    }
    let now = text(&scene);
    assert!(!now.contains("mine") && now.contains("* 0.25\""), "{now}");
    assert!(now.contains("vco.freq * 1.5oct"), "{now}");
}

#[test]
fn a_nudge_of_an_amount_is_heard_at_once_and_so_is_its_undo() {
    let mut scene = at("vco.freq * 2.5");
    scene.sent();
    let heard = |scene: &mut Scene| {
        scene.sent().into_iter().find_map(|c| match c {
            Command::SetParam {
                module,
                param,
                value,
                ..
            } => Some((module, param, value)),
            _ => None,
        })
    };
    scene.press("Alt+Up");
    assert!(
        text(&scene).contains("vco.freq * 2.6oct"),
        "{}",
        text(&scene)
    );
    let want = |amount| {
        Some((
            "vco".to_owned(),
            "freq<env".to_owned(),
            ParamValue::Fixed(amount),
        ))
    };
    assert_eq!(heard(&mut scene), want(2.6));
    turn(&mut scene, "vco", "freq<env", 2.6);
    assert!(!scene.app.text.edited(), "what is heard is what is written");
    scene.press("^Z");
    assert!(
        text(&scene).contains("vco.freq * 2.5oct"),
        "{}",
        text(&scene)
    );
    assert_eq!(heard(&mut scene), want(2.5));
}

/// An amount behind several sources is one number, and one movement.
#[test]
fn a_nudge_of_an_amount_of_several_cables_is_heard_at_once() {
    let mut scene = at("lfo > pan.pan * 0.15");
    let both = ACID.replace("lfo > pan.pan * 0.15", "lfo + env > pan.pan * 0.15");
    scene.publish(|view| view.slots[0].loaded = Some(loaded(&both, "patches/acid.ron")));
    scene.press("^F");
    scene.type_text("* 0.15");
    scene.press("Enter Right Right");
    scene.sent();
    scene.press("Alt+Up");
    assert!(text(&scene).contains("pan.pan * 0.16"), "{}", text(&scene));
    let knobs = scene.sent().into_iter().find_map(|c| match c {
        Command::SetParams { knobs, .. } => Some(knobs),
        _ => None,
    });
    let knob = |name: &str| ("pan".to_owned(), name.to_owned(), ParamValue::Fixed(0.16));
    assert_eq!(knobs, Some(vec![knob("pan<lfo"), knob("pan<env")]));
}

#[test]
fn without_edits_the_text_is_what_plays_and_the_cursor_stays() {
    let mut scene = at("seq.gate > env");
    let cursor = scene.app.text.cursor();
    turn(&mut scene, "env", "a", 0.012);
    assert!(text(&scene).contains("a: \"12ms\""));
    assert!(!scene.app.text.edited());
    assert_eq!(scene.app.text.cursor(), cursor);
    assert_eq!(scene.app.layer, Layer::Edit);
}

#[test]
fn a_nudge_of_a_parameter_is_heard_at_once_and_so_is_its_undo() {
    let mut scene = at("gain: \"-9");
    scene.sent();
    scene.press("Alt+Up");
    assert!(text(&scene).contains("-8dB"));
    let heard = |scene: &mut Scene| {
        scene.sent().into_iter().find_map(|c| match c {
            Command::SetParam {
                focus: Focus::Bench,
                module,
                param,
                value,
            } => Some((module, param, value)),
            _ => None,
        })
    };
    let want = ("out".to_owned(), "gain".to_owned(), ParamValue::Fixed(-8.0));
    assert_eq!(heard(&mut scene), Some(want));
    turn(&mut scene, "out", "gain", -8.0);
    assert!(!scene.app.text.edited(), "what is heard is what is written");
    scene.press("^Z");
    assert!(text(&scene).contains("-9dB"));
    let (_, _, value) = heard(&mut scene).expect("undo is heard");
    assert_eq!(value, ParamValue::Fixed(-9.0));
    // A tempo is no knob.
    scene.press("^F");
    scene.type_text("132");
    scene.press("Enter Alt+Up");
    assert!(text(&scene).contains("bpm: 133"));
    assert_eq!(heard(&mut scene), None);
}
