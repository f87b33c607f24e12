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
