//! What the files of the slots and of the bench were when they were read: a save writes over nobody else's work unasked. Run by the
//! screen's thread.
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::control::command::SlotId;
use crate::control::event::View;

/// When a file was written, and how long it was; none where there is no file.
type Stamp = Option<(SystemTime, u64)>;

/// Whose patch a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Slot(SlotId),
    Bench,
    /// The text screen's, which looks after its file itself.
    Text,
}

/// A file as it was met.
#[derive(Clone)]
struct Met {
    path: PathBuf,
    generation: u32,
    stamp: Stamp,
}

#[derive(Default)]
pub struct Seen {
    slots: [Option<Met>; 2],
    bench: Option<Met>,
}

impl Seen {
    /// Meets the files of what was loaded since the last look.
    pub fn look(&mut self, view: &View) {
        for slot in SlotId::BOTH {
            let seen = &view.slots[slot.index()];
            let loaded = seen.loaded.as_ref();
            let path = loaded.and_then(|l| l.path.as_deref());
            // A copy that stands by was not read from the file either.
            let copied = seen.is_net || loaded.is_some_and(|l| l.modified);
            let old = self.slots[slot.index()].take();
            self.slots[slot.index()] = self.meet(old, path, seen.generation, copied);
        }
        let path = view.bench.as_ref().and_then(|b| b.path.as_deref());
        let old = self.bench.take();
        self.bench = self.meet(old, path, 0, true);
    }

    fn meet(
        &self,
        old: Option<Met>,
        path: Option<&Path>,
        generation: u32,
        copied: bool,
    ) -> Option<Met> {
        let path = path?;
        let known = |met: &&Met| met.path == path;
        if let Some(old) = old.as_ref().filter(known)
            && (old.generation == generation || copied)
        {
            let generation = old.generation.max(generation);
            return Some(Met {
                generation,
                ..old.clone()
            });
        }
        // What was typed, patched or copied began with the file as somebody met it.
        let others = self.slots.iter().flatten().chain(&self.bench);
        let met = others.filter(|_| copied).find(known);
        Some(Met {
            path: path.to_owned(),
            generation,
            stamp: met.map_or_else(|| stamp(path), |met| met.stamp),
        })
    }

    /// This program wrote it.
    pub fn written(&mut self, path: &Path) {
        let all = self.slots.iter_mut().chain([&mut self.bench]).flatten();
        for met in all.filter(|met| met.path == path) {
            met.stamp = stamp(path);
        }
    }

    /// Whether somebody else wrote a patch's own file since it was met.
    pub fn is_other(&self, whose: Whose, path: &Path) -> bool {
        let met = match whose {
            Whose::Slot(slot) => &self.slots[slot.index()],
            Whose::Bench => &self.bench,
            Whose::Text => return false,
        };
        let now = stamp(path);
        let met = met.as_ref().filter(|met| met.path == path);
        now.is_some() && met.is_some_and(|met| met.stamp != now)
    }
}

fn stamp(path: &Path) -> Stamp {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::bench::{Bench, Sheet};
    use crate::control::command::Command;
    use crate::control::event::{Event, What};
    use crate::tui::color::Depth;
    use crate::tui::scene::{ACID, Scene, loaded, playing};

    /// The scene with a file of its own behind the live slot.
    fn with_file(folder: &Path) -> (Scene, PathBuf) {
        let path = folder.join("acid.ron");
        std::fs::write(&path, ACID).expect("written");
        let mut scene = playing(Depth::True);
        let text = path.display().to_string();
        scene.publish(|view| view.slots[0].loaded = Some(loaded(ACID, &text)));
        scene.sent();
        (scene, path)
    }

    fn saved(scene: &mut Scene) -> Vec<PathBuf> {
        let paths = scene
            .sent()
            .into_iter()
            .filter_map(|command| match command {
                Command::Save { path, .. } => path,
                _ => None,
            });
        paths.collect()
    }

    fn run(scene: &mut Scene, line: &str) {
        scene.press(":");
        scene.type_text(line);
        scene.press("Enter");
    }

    #[test]
    fn what_another_program_wrote_is_written_over_only_when_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut scene, path) = with_file(folder.path());
        scene.press("^S");
        assert_eq!(saved(&mut scene), std::slice::from_ref(&path));
        std::fs::write(&path, "(name: \"somebody else's\")").expect("written");
        scene.press("^S");
        assert!(saved(&mut scene).is_empty());
        let shown = scene.text(80, 24);
        assert!(shown.contains("was changed by another program"), "{shown}");
        scene.press("Esc");
        assert!(saved(&mut scene).is_empty());
        scene.press("^S o");
        assert_eq!(saved(&mut scene), std::slice::from_ref(&path));
        scene.press("^S r");
        assert!(saved(&mut scene).is_empty());
        // This program wrote it: it is what is known now.
        let what = What::Saved { path: path.clone() };
        scene.board.tell(&Event {
            what,
            ..Event::default()
        });
        scene.look();
        scene.press("^S");
        assert_eq!(saved(&mut scene), [path]);
    }

    #[test]
    fn what_was_typed_begins_with_the_file_as_it_was_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut scene, path) = with_file(folder.path());
        std::fs::write(&path, "(name: \"somebody else's\")").expect("written");
        // The text of that file, edited and primed, comes after the other program.
        let text = path.display().to_string();
        scene.publish(|view| {
            view.slots[0].generation += 1;
            let mut typed = loaded(ACID, &text);
            typed.modified = true;
            view.slots[0].loaded = Some(typed);
        });
        scene.press("^S");
        assert!(saved(&mut scene).is_empty());
        // The file itself is another matter.
        scene.press("Esc");
        scene.publish(|view| {
            view.slots[0].generation += 1;
            view.slots[0].loaded = Some(loaded(ACID, &text));
        });
        scene.press("^S");
        assert_eq!(saved(&mut scene), [path]);
    }

    #[test]
    fn a_copy_of_what_plays_knows_its_file_as_the_first_one_did() {
        // One that stands by, and one that was typed or patched.
        for is_net in [true, false] {
            let folder = tempfile::tempdir().expect("a folder");
            let (mut scene, path) = with_file(folder.path());
            std::fs::write(&path, "(name: \"somebody else's\")").expect("written");
            let text = path.display().to_string();
            scene.publish(|view| {
                view.slots[1].generation += 2;
                let mut copy = loaded(ACID, &text);
                copy.modified = !is_net;
                view.slots[1].loaded = Some(copy);
                view.slots[1].is_net = is_net;
            });
            // It takes over.
            scene.publish(|view| {
                view.live = crate::control::command::SlotId::B;
                view.slots[1].is_net = false;
            });
            scene.sent();
            scene.press("^S");
            assert!(saved(&mut scene).is_empty(), "net: {is_net}");
            // A file that is gone is nobody's.
            scene.press("Esc");
            std::fs::remove_file(&path).expect("gone");
            scene.press("^S");
            assert_eq!(saved(&mut scene), [path], "net: {is_net}");
        }
    }

    #[test]
    fn what_the_text_screen_wrote_is_known_of_the_slot_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut scene, path) = with_file(folder.path());
        scene.press("3 e");
        scene.type_text("// mine ");
        scene.press("^S");
        let there = std::fs::read_to_string(&path).expect("there");
        assert!(there.starts_with("// mine "), "{there}");
        scene.press("Esc 1");
        scene.sent();
        scene.press("^S");
        assert_eq!(saved(&mut scene), [path]);
    }

    #[test]
    fn the_bench_asks_too_and_r_and_s_leave_the_file_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut scene, path) = with_file(folder.path());
        let sheet = Sheet {
            text: ACID.into(),
            path: Some(path.clone()),
            of_live: true,
        };
        let bench = Bench::open(sheet).expect("a patch");
        scene.publish(|view| view.bench = Some(bench));
        scene.press("2");
        scene.sent();
        scene.press("^S");
        let path_of = |command: &Command| match command {
            Command::SaveBench { path } => path.clone(),
            _ => None,
        };
        let benches = |scene: &mut Scene| -> Vec<PathBuf> {
            scene.sent().iter().filter_map(path_of).collect()
        };
        assert_eq!(benches(&mut scene), std::slice::from_ref(&path));
        std::fs::write(&path, "(name: \"somebody else's\")").expect("written");
        scene.press("^S");
        assert!(benches(&mut scene).is_empty());
        scene.press("z");
        let shown = scene.text(80, 24);
        assert!(shown.contains("was changed by another program"), "{shown}");
        scene.press("r");
        assert_eq!(scene.sent(), [Command::LoadFile(path.clone())]);
        std::fs::write(folder.path().join("acid-2.ron"), "mine").expect("written");
        scene.press("^S s Enter");
        assert_eq!(benches(&mut scene), [folder.path().join("acid-3.ron")]);
    }

    #[test]
    fn a_file_of_another_name_is_replaced_only_when_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut scene, _) = with_file(folder.path());
        let other = folder.path().join("other.ron");
        std::fs::write(&other, "mine").expect("written");
        let stem = folder.path().join("other").display().to_string();
        run(&mut scene, &format!("save {stem}"));
        assert!(
            saved(&mut scene).is_empty(),
            "its ending is added, and it is there"
        );
        let shown = scene.text(80, 24);
        assert!(shown.contains("Enter replaces it"), "{shown}");
        scene.press("Enter");
        assert_eq!(saved(&mut scene), [other]);
        run(&mut scene, &format!("save {stem}2"));
        assert_eq!(saved(&mut scene), [folder.path().join("other2.ron")]);
        // Neither pictures nor reports take a file's place.
        let notes = folder.path().join("notes.txt");
        std::fs::write(&notes, "mine").expect("written");
        run(&mut scene, &format!("picture {}", notes.display()));
        assert!(scene.app.picture.is_none());
        assert!(scene.app.sentence.text.contains("already"));
        let stem = notes.with_extension("").display().to_string();
        run(&mut scene, &format!("export {stem}"));
        assert!(scene.app.sentence.text.contains("already"));
        assert_eq!(std::fs::read_to_string(&notes).expect("read"), "mine");
        assert!(!notes.with_extension("json").exists());
    }
}
