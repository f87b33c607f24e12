//! What the text follows: what is on the bench, else what the live slot plays; knobs that are turned elsewhere are turned in what is
//! being typed, too.
use std::path::Path;
use std::sync::Arc;

use crate::control::event::View;
use crate::modules::spec::ParamValue;
use crate::patch::Patch;
use crate::patch::edit::param_edit;
use crate::tui::app::App;
use crate::tui::editor::Editor;
use crate::tui::screens::Screen;

use super::TextScreen;

/// What was last seen of what is followed.
#[derive(Default)]
pub struct Source {
    text: Option<Arc<str>>,
    patch: Option<Arc<Patch>>,
    /// Knobs that were turned elsewhere since the text was opened.
    turned: Vec<(String, &'static str)>,
}

/// What a text with this path follows now.
fn source<'v>(
    screen: &TextScreen,
    view: &'v View,
) -> Option<(&'v Arc<str>, &'v Arc<Patch>, Option<&'v Path>)> {
    let slot = |loaded: &'v crate::control::event::Loaded| {
        (&loaded.text, &loaded.patch, loaded.path.as_deref())
    };
    if screen.from_file {
        // A file's text follows the slot that the file was loaded into.
        let slots = [view.live.other(), view.live].map(|s| view.slots[s.index()].loaded.as_ref());
        let of_file = |l: &&crate::control::event::Loaded| l.path == screen.path;
        return slots.into_iter().flatten().find(of_file).map(slot);
    }
    match &view.bench {
        Some(bench) => Some((&bench.text, &bench.patch, bench.path.as_deref())),
        None => view.slots[view.live.index()].loaded.as_ref().map(slot),
    }
}

/// The patch that the text follows: the one whose knobs a nudge turns.
pub fn followed(screen: &TextScreen, view: &View) -> Option<Arc<Patch>> {
    source(screen, view).map(|(_, patch, _)| patch.clone())
}

impl TextScreen {
    /// The screen is shown: without edits, with what plays.
    pub fn show(&mut self, view: &View) {
        if self.editor.is_none() {
            self.from_file = false;
        }
        self.follow(view);
    }

    /// Shows what is on the bench, else what the live slot plays, knob turns and all.
    pub fn follow(&mut self, view: &View) {
        let Some((text, patch, path)) = source(self, view) else {
            return;
        };
        if self.editor.is_none() {
            self.open(text, path.map(Path::to_owned), false);
            return self.saw(text, patch);
        }
        let seen = self.source.text.as_ref();
        let same_patch = self
            .source
            .patch
            .as_ref()
            .is_some_and(|p| Arc::ptr_eq(p, patch));
        if same_patch && seen.is_some_and(|seen| **seen == **text) {
            return;
        }
        let before = self.source.patch.clone();
        if !self.edited() && !self.from_file {
            let other = path != self.path.as_deref();
            if other && before.as_ref().is_none_or(|b| b.name != patch.name) {
                self.open(text, path.map(Path::to_owned), false);
            } else if **text != *self.baseline {
                self.catch_up(text);
            }
        } else if let Some(before) = before {
            self.turn(&before, patch);
        }
        self.saw(text, patch);
    }

    fn saw(&mut self, text: &Arc<str>, patch: &Arc<Patch>) {
        self.source.text = Some(text.clone());
        self.source.patch = Some(patch.clone());
    }

    /// Nobody typed: the text becomes the one that is followed, without a jump of the cursor.
    fn catch_up(&mut self, text: &str) {
        let Some(editor) = &mut self.editor else {
            return;
        };
        replace_difference(editor, text);
        self.baseline = text.to_owned();
        self.popup = None;
    }

    /// Turns the knobs that were turned elsewhere, where they stand as they stood there: what was typed otherwise is meant otherwise.
    fn turn(&mut self, before: &Patch, after: &Patch) {
        self.check();
        let Some(editor) = &mut self.editor else {
            return;
        };
        for (module, param, from, to) in turns(before, after) {
            let text = editor.text();
            let stood = match &self.parsed.draft {
                Some(draft) => value(draft, &module, param) == Some(from),
                // In a text with errors the value itself is compared as it is written.
                None => param_edit(&text, &module, param, from)
                    .is_ok_and(|same| same.span.is_empty() || same.apply(&text) == text),
            };
            let edit = param_edit(&text, &module, param, to);
            let Some(edit) = edit.ok().filter(|_| stood) else {
                continue;
            };
            editor.follow(edit.span, &edit.text);
            let turned = (module, param);
            if !self.source.turned.contains(&turned) {
                self.source.turned.push(turned);
            }
        }
    }

    /// A swap happened: where it brought this text, the text is what plays.
    pub fn heard(&mut self, view: &View) {
        let live = view.slots[view.live.index()].loaded.as_ref();
        if let (Some(editor), Some(live)) = (&self.editor, live)
            && editor.text() == *live.text
        {
            self.baseline = editor.text();
            self.from_file = false;
        }
    }
}

fn value(patch: &Patch, module: &str, param: &str) -> Option<ParamValue> {
    let node = &patch.modules[patch.node(module)?];
    Some(node.params[node.spec.param(param)?])
}

/// Knobs that differ between two states of one patch.
fn turns(before: &Patch, after: &Patch) -> Vec<(String, &'static str, ParamValue, ParamValue)> {
    let mut turns = Vec::new();
    for new in &after.modules {
        let old = before.node(&new.name).map(|n| &before.modules[n]);
        let Some(old) = old.filter(|old| old.spec.kind == new.spec.kind) else {
            continue;
        };
        for (param, spec) in new.spec.params.iter().enumerate() {
            let (from, to) = (old.params[param], new.params[param]);
            if from != to {
                turns.push((new.name.clone(), spec.name, from, to));
            }
        }
    }
    turns
}

/// After undo: knobs that were turned elsewhere are brought up to how they are heard.
pub fn keep_turns(screen: &mut TextScreen) {
    let (Some(editor), Some(patch)) = (&mut screen.editor, &screen.source.patch) else {
        return;
    };
    for (module, param) in &screen.source.turned {
        let Some(value) = value(patch, module, param) else {
            continue;
        };
        if let Ok(edit) = param_edit(&editor.text(), module, param, value) {
            editor.follow(edit.span, &edit.text);
        }
    }
}

/// A knob that was turned here is not one that was turned elsewhere.
pub fn turned_here(screen: &mut TextScreen, module: &str, param: &str) {
    screen
        .source
        .turned
        .retain(|(m, p)| (m.as_str(), *p) != (module, param));
}

/// Replaces the part in which two texts differ.
fn replace_difference(editor: &mut Editor, new: &str) {
    let old = editor.text();
    let same = |(a, b): &(char, char)| a == b;
    let head: usize = (old.chars().zip(new.chars()).take_while(same))
        .map(|(c, _)| c.len_utf8())
        .sum();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tails = old_rest.chars().rev().zip(new_rest.chars().rev());
    let tail: usize = tails.take_while(same).map(|(c, _)| c.len_utf8()).sum();
    editor.follow(head..old.len() - tail, &new[head..new.len() - tail]);
}

/// The text screen shows what plays, as long as nobody edited it, and is checked after each change.
pub fn text_follows(app: &mut App) {
    if app.screen == Screen::Text || app.text.editor.is_some() {
        app.text.follow(&app.view);
        super::disk::glance(app);
    }
    app.text.check();
}
