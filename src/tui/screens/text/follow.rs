//! What the text follows: what is on the bench, else what the live slot plays; knobs that are turned elsewhere are turned in what is
//! being typed, too.
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::control::event::View;
use crate::control::params;
use crate::modules::spec::ParamValue;
use crate::patch::Patch;
use crate::patch::diagnostic::Fix;
use crate::patch::edit::knob_edit;
use crate::tui::app::App;
use crate::tui::screens::Screen;

use super::TextScreen;

/// What was last seen of what is followed.
#[derive(Default)]
pub struct Source {
    text: Option<Arc<str>>,
    patch: Option<Arc<Patch>>,
    /// Knobs that were turned elsewhere since the text was opened: by module and name, "cutoff", "cutoff<env".
    turned: Vec<(String, String)>,
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
        let change = Fix::between(&editor.text(), text);
        editor.follow(change.span, &change.text);
        self.baseline = text.to_owned();
        self.popup = None;
    }

    /// Turns the knobs that were turned elsewhere, where they stand as they stood there: what was typed otherwise is meant otherwise.
    fn turn(&mut self, before: &Patch, after: &Patch) {
        self.check();
        let Some(editor) = &mut self.editor else {
            return;
        };
        for turn in turns(before, after) {
            let (module, name) = (turn.module, turn.name);
            let text = editor.text();
            let stood = match &self.parsed.draft {
                Some(draft) => value(draft, &module, &name) == Some(turn.from),
                // In a text with errors the value itself is compared as it is written.
                None => knob_edit(&text, &module, &name, turn.from)
                    .is_ok_and(|same| same.span.is_empty() || same.apply(&text) == text),
            };
            let edit = knob_edit(&text, &module, &name, turn.to);
            let Some(edit) = edit.ok().filter(|_| stood) else {
                continue;
            };
            editor.follow(edit.span, &edit.text);
            let turned = (module, name);
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

fn value(patch: &Patch, module: &str, name: &str) -> Option<ParamValue> {
    params::find(patch, module, name).ok().map(|k| k.value)
}

/// A knob that differs between two states of one patch.
struct Turn {
    module: String,
    name: String,
    from: ParamValue,
    to: ParamValue,
}

fn turns(before: &Patch, after: &Patch) -> Vec<Turn> {
    let mut turns = Vec::new();
    for new in &after.modules {
        let old = before.node(&new.name).map(|n| &before.modules[n]);
        let Some(old) = old.filter(|old| old.spec.kind == new.spec.kind) else {
            continue;
        };
        for (param, spec) in new.spec.params.iter().enumerate() {
            let (from, to) = (old.params[param], new.params[param]);
            if from != to {
                turns.push(Turn {
                    module: new.name.clone(),
                    name: spec.name.to_owned(),
                    from,
                    to,
                });
            }
        }
    }
    turns.extend(amounts_turned(before, after));
    turns
}

/// Amounts of cables that both states have, in whatever order.
fn amounts_turned(before: &Patch, after: &Patch) -> Vec<Turn> {
    if before.cables == after.cables {
        return Vec::new();
    }
    let named = |patch: &Patch, cable: usize| {
        let knob = params::of_cable(patch, cable);
        let module = patch.modules[knob.node].name.clone();
        ((module, knob.name), knob.value)
    };
    let all = |patch: &Patch| (0..patch.cables.len()).map(|c| named(patch, c)).collect();
    let old: HashMap<(String, String), ParamValue> = all(before);
    let new: HashMap<(String, String), ParamValue> = all(after);
    let turned = new.into_iter().filter_map(|((module, name), to)| {
        let key = (module, name);
        let from = *old.get(&key).filter(|from| **from != to)?;
        let (module, name) = key;
        Some(Turn {
            module,
            name,
            from,
            to,
        })
    });
    turned.collect()
}

/// After undo: knobs that were turned elsewhere are brought up to how they are heard.
pub fn keep_turns(screen: &mut TextScreen) {
    let (Some(editor), Some(patch)) = (&mut screen.editor, &screen.source.patch) else {
        return;
    };
    for (module, name) in &screen.source.turned {
        let Some(value) = value(patch, module, name) else {
            continue;
        };
        if let Ok(edit) = knob_edit(&editor.text(), module, name, value) {
            editor.follow(edit.span, &edit.text);
        }
    }
}

/// A knob that was turned here is not one that was turned elsewhere.
pub fn turned_here(screen: &mut TextScreen, module: &str, name: &str) {
    let turned = &mut screen.source.turned;
    turned.retain(|(m, n)| (m.as_str(), n.as_str()) != (module, name));
}

/// The text screen shows what plays, as long as nobody edited it, and is checked after each change.
pub fn text_follows(app: &mut App) {
    if app.screen == Screen::Text || app.text.editor.is_some() {
        app.text.follow(&app.view);
        super::disk::glance(app);
    }
    app.text.check();
    app.text.changed.get_or_insert(app.input_at);
}
