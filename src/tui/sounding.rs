//! Which words of the live patch's sequences and patterns sound at this moment: for the screens that show their text.
use std::ops::Range;
use std::sync::Arc;

use crate::dsp::swing::Swing;
use crate::modules::module::{Build, seed};
use crate::modules::playing::{Moment, Part, Written};
use crate::modules::spec::{Family, OptionKind, OptionValue, ParamValue};
use crate::modules::{self};
use crate::patch::file::Parsed;
use crate::patch::quoted::Quoted;
use crate::patch::{Node, Patch};

use super::app::App;

/// The seed that performances play with.
const SEED: u32 = 1;

#[derive(Default)]
pub struct Sounding {
    patch: Option<Arc<Patch>>,
    read: Vec<Read>,
}

struct Read {
    name: String,
    kind: &'static str,
    options: Vec<OptionValue>,
    written: Box<dyn Written>,
}

/// Whether a module has steps that can be followed.
pub fn has_words(node: &Node) -> bool {
    let text = |kind: &OptionKind| matches!(kind, OptionKind::Text(_));
    node.spec.family == Family::Notes && node.spec.options.iter().any(|o| text(&o.kind))
}

pub fn read(node: &Node) -> Option<Box<dyn Written>> {
    let build = Build {
        rate: 48_000.0,
        options: &node.options,
        check: true,
        tuning: None,
    };
    modules::written(node.spec, &build).ok()
}

impl Sounding {
    /// Reads the modules of the live patch whose texts changed.
    pub fn update(&mut self, patch: Option<&Arc<Patch>>) {
        let same = match (&self.patch, patch) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        let mut old = std::mem::take(&mut self.read);
        for node in patch
            .iter()
            .flat_map(|p| &p.modules)
            .filter(|n| has_words(n))
        {
            let known = old.iter().position(|r| {
                r.name == node.name && r.kind == node.spec.kind && r.options == node.options
            });
            let read = match known {
                Some(at) => Some(old.swap_remove(at)),
                None => read(node).map(|written| Read {
                    name: node.name.clone(),
                    kind: node.spec.kind,
                    options: node.options.clone(),
                    written,
                }),
            };
            self.read.extend(read);
        }
        self.patch = patch.cloned();
    }

    /// What of a module sounds, where it is in the live patch with the same texts.
    pub fn playing(&self, app: &App, node: &Node) -> Vec<Part> {
        let Some(patch) = self.patch.as_ref().filter(|_| app.view.playing) else {
            return Vec::new();
        };
        let read = self
            .read
            .iter()
            .find(|r| r.name == node.name && r.kind == node.spec.kind && r.options == node.options);
        let own = patch.node(&node.name).map(|n| &patch.modules[n]);
        match (read, own) {
            (Some(read), Some(own)) => read.written.playing(&moment(app, patch, own)),
            _ => Vec::new(),
        }
    }

    /// Bytes of a text that sound.
    pub fn spans(&self, app: &App, text: &str, parsed: &Parsed) -> Vec<Range<usize>> {
        let Some(draft) = &parsed.draft else {
            return Vec::new();
        };
        let mut spans = Vec::new();
        for (node, places) in draft.modules.iter().zip(&parsed.spans.modules) {
            if !has_words(node) {
                continue;
            }
            for part in self.playing(app, node) {
                let Some(Some(arg)) = places.options.get(part.option) else {
                    continue;
                };
                let Some(literal) = text.get(arg.value.clone()) else {
                    continue;
                };
                let (quoted, _) = Quoted::read(literal, arg.value.start);
                let byte = |chars: usize| {
                    let at = quoted.text.char_indices().nth(chars);
                    at.map_or(quoted.text.len(), |(at, _)| at)
                };
                spans.push(quoted.span(byte(part.chars.start)..byte(part.chars.end)));
            }
        }
        spans
    }
}

/// Where the song is for a module of a patch.
pub fn moment(app: &App, patch: &Patch, node: &Node) -> Moment {
    let swing = node.spec.param("swing").map(|p| node.params[p]);
    let own_swing = match swing {
        Some(ParamValue::Fixed(value)) => value,
        _ => 0.0,
    };
    Moment {
        beat: app.view.transport.beat_at(app.reading.frame),
        swing: Swing::new(patch.swing, Swing::GRID),
        own_swing,
        seed: seed(SEED, &node.name, 0),
    }
}
