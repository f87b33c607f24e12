//! Text that was typed and not sent yet is told to the instrument, which keeps it where a killed program leaves its work; and is put
//! back where there is some.
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::control::command::Command;
use crate::control::unsaved::Typed;
use crate::tui::app::App;

use super::TextScreen;

/// Between two tellings while somebody types.
const EVERY: Duration = Duration::from_millis(1_500);

#[derive(Default)]
pub struct Kept {
    /// Of the editor, as it was told last; none where nothing of it is kept.
    told: Option<u64>,
    next: Option<Instant>,
    /// What was put back.
    put_back: Option<Arc<Typed>>,
}

/// Once a look.
pub fn keep(app: &mut App) {
    put_back(app);
    let now = app.now;
    if app.text.kept.next.is_some_and(|next| now < next) {
        return;
    }
    app.text.kept.next = Some(now + EVERY);
    let typed = app.text.typed();
    let revision = typed.as_ref().map(|(revision, _)| *revision);
    if revision == app.text.kept.told {
        return;
    }
    app.text.kept.told = revision;
    let typed = typed.map(|(_, typed)| typed);
    app.send_quietly(Command::Typed(typed));
}

/// What a killed program or a screen that failed left behind goes into the editor, unless somebody has typed there since.
fn put_back(app: &mut App) {
    let Some(typed) = app.view.typed.clone() else {
        return;
    };
    let seen = app.text.kept.put_back.as_ref();
    let new = seen.is_none_or(|seen| !Arc::ptr_eq(seen, &typed));
    app.text.kept.put_back = Some(typed.clone());
    // What was told from here is here.
    if !new || app.text.kept.told.is_some() || app.text.edited() {
        return;
    }
    app.text.put_back(&typed);
    app.say("The text that was being typed is back on screen 3, unsaved");
}

impl TextScreen {
    /// What would be lost, and the editor's revision.
    fn typed(&self) -> Option<(u64, Typed)> {
        let editor = self.editor.as_ref().filter(|_| self.edited())?;
        let typed = Typed {
            text: editor.text(),
            baseline: self.baseline.clone(),
            path: self.path.clone(),
            from_file: self.from_file,
        };
        Some((editor.revision(), typed))
    }

    fn put_back(&mut self, typed: &Typed) {
        self.open(&typed.baseline, typed.path.clone(), typed.from_file);
        if let Some(editor) = &mut self.editor {
            editor.exchange(&typed.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::color::Depth;
    use crate::tui::scene::{Scene, playing};

    fn told(scene: &mut Scene) -> Vec<Option<String>> {
        let typed = scene.sent().into_iter().filter_map(|c| match c {
            Command::Typed(typed) => Some(typed.map(|t| t.text)),
            _ => None,
        });
        typed.collect()
    }

    fn pass(scene: &mut Scene) {
        (0..12).for_each(|_| scene.look());
    }

    fn left(text: &str) -> Arc<Typed> {
        Arc::new(Typed {
            text: text.into(),
            baseline: "(name: \"x\")".into(),
            path: Some("x.ron".into()),
            from_file: true,
        })
    }

    #[test]
    fn what_is_typed_is_told_once_and_that_it_is_gone_too() {
        let mut scene = playing(Depth::True);
        scene.press("3 e");
        pass(&mut scene);
        scene.sent();
        scene.type_text("ab");
        pass(&mut scene);
        let all = told(&mut scene);
        assert!((1..=2).contains(&all.len()), "{}", all.len());
        let last = all.last().and_then(Option::as_deref).unwrap_or_default();
        assert!(last.starts_with("ab("), "{last}");
        pass(&mut scene);
        assert!(told(&mut scene).is_empty(), "nothing changed");
        scene.press("Backspace Backspace");
        pass(&mut scene);
        assert_eq!(told(&mut scene).last(), Some(&None));
    }

    #[test]
    fn what_was_left_behind_comes_back_where_nobody_typed() {
        let mut scene = playing(Depth::True);
        scene.publish(|view| view.typed = Some(left("(name: \"ha")));
        assert_eq!(scene.app.text.text(), "(name: \"ha");
        assert!(scene.app.text.edited(), "it is in no file");
        let mut scene = playing(Depth::True);
        scene.press("3 e");
        scene.type_text("mine");
        scene.publish(|view| view.typed = Some(left("(name: \"ha")));
        assert!(scene.app.text.text().starts_with("mine("));
        // What it told itself is no news.
        pass(&mut scene);
        assert!(scene.app.text.kept.told.is_some());
        scene.app.text.kept.next = Some(scene.start + Duration::from_secs(3_600));
        scene.press("Backspace Backspace Backspace Backspace");
        scene.publish(|view| view.typed = Some(left("(name: \"ho")));
        assert!(!scene.app.text.text().contains("ho"));
    }
}
