//! Work that was not saved, on disk every few seconds: what plays, the bench and the undo tree, so that a killed program loses
//! nothing but the last moments. Plain data and file work; written by a thread of its own.
mod keeper;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bench::Sheet;
use super::command::{Focus, SlotId};
use super::draft::{Draft, Written};
use super::event::Loaded;
use super::history::{Gesture, History, KnobTurn, Label, Step};
use crate::graph::prime::PrimeReport;
use crate::modules::spec::ParamValue;
use crate::patch::edit::Edit;
use crate::patch::file::parse;
pub use keeper::Keeper;

const VERSION: u32 = 1;

/// All of it.
#[derive(Serialize, Deserialize)]
pub struct Work {
    version: u32,
    /// Of the patch that sounded.
    pub name: String,
    texts: Vec<String>,
    live: Option<Kept>,
    bench: Option<Kept>,
    steps: Vec<KeptStep>,
    here: Option<usize>,
    #[serde(default)]
    draft: Option<Written>,
    #[serde(default)]
    typed: Option<Typed>,
}

/// Text in an editor that was not sent yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Typed {
    pub text: String,
    /// What it was before.
    pub baseline: String,
    pub path: Option<PathBuf>,
    /// It belongs to a file that is not what plays.
    pub from_file: bool,
}

/// A text by its number, and where it came from.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    text: usize,
    path: Option<PathBuf>,
    of_live: bool,
    /// The knobs of a patch that was heard, which its text rounds.
    knobs: Vec<Vec<ParamValue>>,
}

#[derive(Serialize, Deserialize)]
struct KeptStep {
    parent: Option<usize>,
    frame: u64,
    label: Label,
    what: What,
}

#[derive(Serialize, Deserialize)]
enum What {
    Knob(Focus, KnobTurn),
    Gesture(Gesture, Vec<KnobTurn>),
    Edit(Option<Kept>, Option<Kept>),
    Swap(SlotId, Kept, Kept),
}

/// Numbers texts, each once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    known: HashMap<Arc<str>, usize>,
}

impl Texts {
    fn number(&mut self, text: &Arc<str>) -> usize {
        *self.known.entry(text.clone()).or_insert_with(|| {
            self.list.push(text.to_string());
            self.list.len() - 1
        })
    }

    fn sheet(&mut self, sheet: &Sheet) -> Kept {
        Kept {
            text: self.number(&sheet.text),
            path: sheet.path.clone(),
            of_live: sheet.of_live,
            knobs: Vec::new(),
        }
    }

    fn loaded(&mut self, loaded: &Loaded) -> Kept {
        Kept {
            text: self.number(&loaded.text),
            path: loaded.path.clone(),
            of_live: true,
            knobs: loaded
                .patch
                .modules
                .iter()
                .map(|m| m.params.clone())
                .collect(),
        }
    }
}

impl Work {
    pub fn of(live: Option<&Loaded>, bench: Option<&Sheet>, history: &History) -> Self {
        let mut texts = Texts::default();
        let (entries, here) = history.entries();
        let steps = entries.iter().map(|entry| KeptStep {
            parent: entry.parent,
            frame: entry.frame,
            label: entry.label.clone(),
            what: match &entry.step {
                Step::Knob {
                    focus,
                    module,
                    param,
                    from,
                    to,
                } => What::Knob(
                    *focus,
                    KnobTurn {
                        module: module.clone(),
                        param: param.clone(),
                        from: *from,
                        to: *to,
                    },
                ),
                Step::Gesture { gesture, turns } => What::Gesture(*gesture, turns.clone()),
                Step::Edit { before, after, .. } => What::Edit(
                    before.as_ref().map(|s| texts.sheet(s)),
                    after.as_ref().map(|s| texts.sheet(s)),
                ),
                Step::Swap { to, from, into } => {
                    What::Swap(*to, texts.loaded(from), texts.loaded(into))
                }
            },
        });
        let steps = steps.collect();
        Self {
            version: VERSION,
            name: live.map_or(String::new(), |l| l.patch.name.clone()),
            live: live.map(|l| texts.loaded(l)),
            bench: bench.map(|b| texts.sheet(b)),
            steps,
            here,
            texts: texts.list,
            draft: None,
            typed: None,
        }
    }

    /// With what is neither heard nor on the bench yet.
    pub fn beside(mut self, draft: Option<&Draft>, typed: Option<&Typed>) -> Self {
        self.draft = draft.map(Draft::written);
        self.typed = typed.cloned();
        self
    }

    pub fn draft(&self) -> Option<Draft> {
        self.draft.as_ref().and_then(Draft::read)
    }

    pub fn typed(&self) -> Option<Typed> {
        self.typed.clone()
    }

    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn text(&self, kept: &Kept) -> Option<Arc<str>> {
        self.texts.get(kept.text).map(|t| t.as_str().into())
    }

    fn sheet(&self, kept: &Kept) -> Option<Sheet> {
        Some(Sheet {
            text: self.text(kept)?,
            path: kept.path.clone(),
            of_live: kept.of_live,
        })
    }

    fn loaded(&self, kept: &Kept) -> Option<Loaded> {
        let text = self.text(kept)?;
        let name = (kept.path.as_ref()).map_or("patch".into(), |path| path.to_string_lossy());
        let mut patch = parse(&text, &name).patch?;
        for (node, params) in patch.modules.iter_mut().zip(&kept.knobs) {
            if node.params.len() == params.len() {
                node.params.clone_from(params);
            }
        }
        Some(Loaded {
            patch: Arc::new(patch),
            text,
            path: kept.path.clone(),
            modified: true,
            report: PrimeReport::default(),
        })
    }

    /// What was on the bench, else what played.
    pub fn bench(&self) -> Option<Sheet> {
        self.bench.as_ref().and_then(|b| self.sheet(b))
    }

    pub fn live(&self) -> Option<Loaded> {
        self.live.as_ref().and_then(|l| self.loaded(l))
    }

    /// Puts the tree back; a step that can't be read any more is the end of its branch.
    pub fn restore(&self, history: &mut History) {
        let mut places = vec![None; self.steps.len()];
        let mut steps = Vec::new();
        for (i, kept) in self.steps.iter().enumerate() {
            let parent = match kept.parent {
                None => None,
                Some(parent) => match places.get(parent).copied().flatten() {
                    Some(place) => Some(place),
                    None => continue,
                },
            };
            if let Some(step) = self.step(&kept.what) {
                places[i] = Some(steps.len());
                steps.push((parent, step, kept.frame, kept.label.clone()));
            }
        }
        let here = self
            .here
            .and_then(|here| places.get(here).copied().flatten());
        history.restore(steps, here);
    }

    fn step(&self, what: &What) -> Option<Step> {
        let sheet = |kept: &Option<Kept>| match kept {
            Some(kept) => self.sheet(kept).map(Some),
            None => Some(None),
        };
        Some(match what {
            What::Knob(focus, turn) => Step::Knob {
                focus: *focus,
                module: turn.module.clone(),
                param: turn.param.clone(),
                from: turn.from,
                to: turn.to,
            },
            What::Gesture(gesture, turns) => Step::Gesture {
                gesture: *gesture,
                turns: turns.clone(),
            },
            What::Edit(before, after) => Step::Edit {
                edit: Box::new(Edit::Rewrite(String::new())),
                before: sheet(before)?,
                after: sheet(after)?,
            },
            What::Swap(to, from, into) => Step::Swap {
                to: *to,
                from: Box::new(self.loaded(from)?),
                into: Box::new(self.loaded(into)?),
            },
        })
    }
}

#[cfg(test)]
mod tests;
