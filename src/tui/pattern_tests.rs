//! The Pattern screen: steps, rhythms and drums by keys, heard as they are edited.
use std::sync::Arc;

use crate::control::command::{Command, Focus, Quantum};
use crate::control::event::Loaded;
use crate::modules::spec::{OptionValue, ParamValue};
use crate::patch::edit::{Edit, set_param};
use crate::patch::file::parse;

use super::color::Depth;
use super::options::Glyphs;
use super::scene::{Scene, loaded, playing};

const SET: &str = r#"(
  name: "set", bpm: 132,
  modules: (
    seq: Seq(rate: "1/16", gate: 0.6, steps: "C2 C2 Eb2! - C3~ G1 C2! Bb1"),
    rhythm: Euclid(hits: 3, steps: 8),
    chords: Pattern(pattern: "<c3 e3> [~ g3]"),
    kit: Drums(pattern: "bd*4, ~ sd ~ sd, hh*8"),
    vco: Saw(), env: Adsr(), vca: Vca(), out: Out(),
  ),
  cables: ["vco > vca > out", "seq.pitch + chords.pitch > vco.pitch", "seq.gate + kit.bd + rhythm.gate > env.gate", "env > vca.cv"],
)
"#;

/// The screen on a module, with the patch playing. Edits are made as the supervisor makes them.
struct Patterns {
    scene: Scene,
    sent: Vec<Command>,
}

impl Patterns {
    fn on(module: &str) -> Self {
        let mut scene = playing(Depth::True);
        scene.publish(|view| {
            view.slots[0].loaded = Some(loaded(SET, "set.ron"));
            view.armed = None;
        });
        scene.press("4");
        let mut patterns = Self {
            scene,
            sent: Vec::new(),
        };
        let place = ["seq", "rhythm", "chords", "kit"]
            .iter()
            .position(|m| *m == module);
        for _ in 0..place.expect("known") {
            patterns.press("Tab");
        }
        patterns
    }

    fn live(&self) -> &Loaded {
        self.scene.view.slots[0].loaded.as_ref().expect("loaded")
    }

    fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.scene.press(key);
            self.make();
        }
    }

    /// Makes the edits and turns that were asked for, as if they were heard at once.
    fn make(&mut self) {
        for command in self.scene.sent() {
            let text = match &command {
                Command::Edit {
                    focus: Focus::Bench,
                    edit,
                } => Some(edit.apply(&self.live().text).expect("an edit")),
                Command::SetParam {
                    module,
                    param,
                    value,
                    ..
                } => Some(set_param(&self.live().text, module, param, *value).expect("a turn")),
                _ => None,
            };
            if let Some(text) = text {
                self.scene.publish(|view| {
                    let live = view.slots[0].loaded.as_mut().expect("loaded");
                    live.patch = Arc::new(parse(&text, "t").patch.expect("right"));
                    live.text = text.into();
                });
            }
            self.sent.push(command);
        }
    }

    fn option(&self, module: &str, option: &str) -> String {
        let patch = &self.live().patch;
        let node = &patch.modules[patch.node(module).expect("there")];
        match &node.options[node.spec.option(option).expect("has it")] {
            OptionValue::Text(text) => text.clone(),
            other => format!("{other:?}"),
        }
    }

    fn knob(&self, module: &str, param: &str) -> ParamValue {
        let patch = &self.live().patch;
        let node = &patch.modules[patch.node(module).expect("there")];
        node.params[node.spec.param(param).expect("has it")]
    }
}

#[test]
fn steps_are_edited_by_keys_and_swapped_in_at_once() {
    let mut p = Patterns::on("seq");
    p.press("Down Down !");
    assert_eq!(p.option("seq", "steps"), "C2 C2 Eb2 - C3~ G1 C2! Bb1");
    let edits: Vec<_> = p
        .sent
        .iter()
        .filter(|c| !matches!(c, Command::Watch(_)))
        .collect();
    assert!(
        matches!(
            &edits[..],
            [
                Command::Edit {
                    edit: Edit::Choose { .. },
                    ..
                },
                Command::Swap(Some(Quantum::Now))
            ]
        ),
        "{edits:?}"
    );
    p.press("Right Shift+Right Down x Down ~ * - Down");
    assert_eq!(p.option("seq", "steps"), "C2 C2 E3 E3 - G1 C2! Bb1");
    p.press("r ] i X {");
    assert_eq!(p.option("seq", "rate"), "Length(0.375)");
    for _ in 0..20 {
        p.press("u");
    }
    assert_eq!(p.option("seq", "steps"), "C2 C2 Eb2! - C3~ G1 C2! Bb1");
    assert_eq!(p.option("seq", "rate"), "Length(0.25)");
    p.press("U");
    assert_eq!(p.option("seq", "steps"), "C2 C2 Eb2 - C3~ G1 C2! Bb1");
}

#[test]
fn notes_are_played_in_and_typed_and_a_fault_shows_its_column() {
    let mut p = Patterns::on("seq");
    p.press("^T z s ^T");
    assert_eq!(p.option("seq", "steps"), "C4 C#4 Eb2! - C3~ G1 C2! Bb1");
    p.press("Enter");
    p.scene.type_text("x");
    let shown = p.scene.text(80, 24);
    assert!(shown.contains("column 5: `x` can't follow"), "{shown}");
    p.press("Enter");
    assert!(p.scene.app.overlay.is_some(), "a fault is not taken");
    p.press("Backspace Backspace");
    p.scene.type_text("~");
    p.press("Enter");
    assert!(
        p.option("seq", "steps").starts_with("C4 C#4 Eb2~ -"),
        "{}",
        p.option("seq", "steps")
    );
    p.press("E");
    for _ in 0..60 {
        p.press("Backspace");
    }
    p.scene.type_text("C2 E2 H2");
    let shown = p.scene.text(80, 24);
    assert!(shown.contains("column 7"), "{shown}");
    p.press("Esc");
}

#[test]
fn mutes_and_transposes_are_knobs_and_heard_without_a_swap() {
    let mut p = Patterns::on("seq");
    p.press("m");
    assert_eq!(p.knob("seq", "gate"), ParamValue::Fixed(0.0));
    assert!(p.scene.text(80, 24).contains("MUTED"));
    p.press("m t t t T");
    assert_eq!(p.knob("seq", "gate"), ParamValue::Fixed(0.6));
    assert_eq!(p.knob("seq", "transpose"), ParamValue::Fixed(2.0));
    assert!(
        !p.sent
            .iter()
            .any(|c| matches!(c, Command::Swap(_) | Command::Edit { .. }))
    );
    p.press("u u u u u");
    assert_eq!(p.knob("seq", "gate"), ParamValue::Fixed(0.0));
}

#[test]
fn a_rhythm_is_turned_and_its_steps_are_shown() {
    let mut p = Patterns::on("rhythm");
    assert!(
        p.scene.text(80, 24).contains("●··●··●·"),
        "{}",
        p.scene.text(80, 24)
    );
    p.press("Right Right Down Right Down Right r");
    assert_eq!(p.knob("rhythm", "hits"), ParamValue::Fixed(5.0));
    assert_eq!(p.knob("rhythm", "steps"), ParamValue::Fixed(9.0));
    assert_eq!(p.knob("rhythm", "turn"), ParamValue::Fixed(0.0));
}

#[test]
fn drums_are_set_step_by_step_and_lanes_muted() {
    let mut p = Patterns::on("kit");
    p.press("Right Right x");
    assert!(
        p.option("kit", "pattern").starts_with("bd ~ bd ~ bd"),
        "{}",
        p.option("kit", "pattern")
    );
    p.press("! Down M");
    assert!(p.option("kit", "pattern").contains("[~ sd ~ sd]?1"));
    assert!(p.option("kit", "pattern").starts_with("bd ~ bd:0.5 ~"));
    p.press("M u u");
    assert!(!p.option("kit", "pattern").contains('?'));
    let mut p = Patterns::on("chords");
    p.press("Down Right Down x");
    assert_eq!(p.option("chords", "pattern"), "<c3 f3> [f3 g3]");
}

#[test]
fn edits_wait_for_the_quantum_or_for_the_user_where_that_is_wanted() {
    let mut p = Patterns::on("seq");
    p.press("w !");
    assert!(
        p.sent.contains(&Command::Swap(Some(Quantum::Bar))),
        "{:?}",
        p.sent
    );
    p.sent.clear();
    p.press("w !");
    assert!(!p.sent.iter().any(|c| matches!(c, Command::Swap(_))));
}

#[test]
fn how_patterns_look() {
    let frame = |step: f64| ((step + 0.5) * 48_000.0 * 60.0 / 132.0 / 4.0) as u64;
    for (module, step) in [("seq", 4.0), ("kit", 5.0), ("rhythm", 3.0), ("chords", 1.0)] {
        let mut p = Patterns::on(module);
        p.scene.reading(|reading| reading.frame = frame(step));
        p.scene.look();
        insta::assert_snapshot!(format!("{module}-80x24"), p.scene.text(80, 24));
        if module == "seq" {
            for (width, height) in [(40, 10), (120, 40), (200, 60)] {
                insta::assert_snapshot!(
                    format!("{module}-{width}x{height}"),
                    p.scene.text(width, height)
                );
            }
            p.scene.app.options.glyphs = Glyphs::Ascii;
            let plain = p.scene.text(80, 24);
            assert!(plain.contains("*05+"), "{plain}");
        }
        if module == "kit" {
            insta::assert_snapshot!("kit-40x10", p.scene.text(40, 10));
        }
    }
}
