//! Somebody on the other side of the Patch screen, for tests: makes the edits that it sends, so that each key meets what the last one
//! did.
use crate::control::bench::{Bench, Sheet};
use crate::control::command::{Command, Focus};
use crate::patch::edit::Edit;

use super::color::Depth;
use super::scene::{Scene, playing};

/// A scene whose bench follows the edits.
pub struct Player {
    pub scene: Scene,
    pub edits: Vec<Edit>,
    pub others: Vec<Command>,
}

impl Player {
    pub fn new() -> Self {
        let mut scene = playing(Depth::True);
        scene.press("2");
        scene.sent();
        Self {
            scene,
            edits: Vec::new(),
            others: Vec::new(),
        }
    }

    pub fn press(&mut self, chords: &str) {
        for chord in chords.split(' ') {
            self.scene.press(chord);
            self.make();
        }
    }

    pub fn type_text(&mut self, text: &str) {
        self.scene.type_text(text);
        self.make();
    }

    /// A list, a few letters, the first of what they find.
    pub fn pick(&mut self, key: &str, letters: &str) {
        self.press(key);
        self.type_text(letters);
        self.press("Enter");
    }

    pub fn make(&mut self) {
        for command in self.scene.sent() {
            match command {
                Command::Edit { focus, edit } => {
                    let live = self.scene.view.slots[0].loaded.clone().expect("a patch");
                    let bench = self.scene.view.bench.as_ref();
                    let text = match (focus, bench) {
                        (Focus::Bench, Some(bench)) => bench.text.clone(),
                        _ => live.text.clone(),
                    };
                    let words = edit.words();
                    let text = edit
                        .apply(&text)
                        .unwrap_or_else(|why| panic!("{words}: {why}"));
                    self.lay(&text);
                    self.edits.push(edit);
                }
                Command::NewPatch => self.lay(crate::control::bench::EMPTY),
                other => self.others.push(other),
            }
        }
    }

    pub fn lay(&mut self, text: &str) {
        let bench = Bench::open(Sheet {
            text: text.into(),
            path: None,
            of_live: true,
        });
        let bench = bench.expect("a patch");
        self.scene.publish(|view| view.bench = Some(bench));
    }

    pub fn bench(&self) -> String {
        let bench = self.scene.view.bench.as_ref();
        bench.map_or(String::new(), |b| b.text.to_string())
    }

    pub fn said(&self) -> &str {
        &self.scene.app.sentence.text
    }
}
