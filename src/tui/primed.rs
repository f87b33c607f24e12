//! What patch files came to when they were last primed: level, load and how long it took. Kept while the program runs, by the
//! screen's thread.
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::control::command::SlotId;
use crate::control::event::View;
use crate::graph::prime::PrimeReport;

#[derive(Default)]
pub struct Primed {
    files: HashMap<PathBuf, PrimeReport>,
    /// What was noted of each slot last.
    generations: [u32; 2],
}

impl Primed {
    /// Notes what was loaded from files since the last look.
    pub fn look(&mut self, view: &View) {
        for slot in SlotId::BOTH {
            let seen = &view.slots[slot.index()];
            let noted = &mut self.generations[slot.index()];
            let Some(loaded) = seen.loaded.as_ref().filter(|_| !seen.is_net) else {
                continue;
            };
            if *noted == seen.generation {
                continue;
            }
            *noted = seen.generation;
            if let Some(path) = loaded.path.as_ref().filter(|_| !loaded.modified) {
                self.files.insert(plain(path), loaded.report.clone());
            }
        }
    }

    /// "last primed in 9.9 ms: rms 0.112, load 1.6 %"
    pub fn of(&self, path: &Path) -> Option<String> {
        let report = self.files.get(&plain(path))?;
        Some(format!(
            "last primed in {:.1} ms: rms {:.3}, load {:.1} %",
            report.total_ms,
            report.rms,
            report.load * 100.0
        ))
    }
}

/// One name for `a.ron` and `./a.ron`.
fn plain(path: &Path) -> PathBuf {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use crate::tui::color::Depth;
    use crate::tui::scene::{ACID, loaded, playing};

    #[test]
    fn a_file_tells_what_it_came_to() {
        let mut scene = playing(Depth::True);
        let of = |scene: &crate::tui::scene::Scene, path: &str| scene.app.primed.of(path.as_ref());
        let words = "last primed in 5.2 ms: rms 0.083, load 4.0 %";
        assert_eq!(of(&scene, "./patches/acid.ron").as_deref(), Some(words));
        assert_eq!(of(&scene, "patches/other.ron"), None);
        // Another patch in its place: the file is still known.
        scene.publish(|view| {
            view.slots[0].generation += 2;
            view.slots[0].loaded = Some(loaded(ACID, "patches/other.ron"));
        });
        assert!(of(&scene, "patches/acid.ron").is_some());
        assert!(of(&scene, "patches/other.ron").is_some());
        // What was typed is not the file, and a copy was primed for another.
        scene.publish(|view| {
            let mut typed = loaded(ACID, "patches/typed.ron");
            typed.modified = true;
            view.slots[0].generation += 2;
            view.slots[0].loaded = Some(typed);
            view.slots[1].generation += 2;
            view.slots[1].loaded = Some(loaded(ACID, "patches/copied.ron"));
            view.slots[1].is_net = true;
        });
        assert_eq!(of(&scene, "patches/typed.ron"), None);
        assert_eq!(of(&scene, "patches/copied.ron"), None);
    }
}
