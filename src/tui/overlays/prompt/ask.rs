//! What opens the line, and what stands in it then.
use std::ops::Range;
use std::sync::Arc;

use crate::control::command::Focus;
use crate::modules::spec::{OptionValue, ParamSpec};
use crate::patch::value::AmountIn;
use crate::patch::{Node, Patch};
use crate::tui::app::App;
use crate::tui::overlays::Overlay;
use crate::tui::screens::patch::rows;

use super::{Cabled, Prompt, Purpose};

pub fn ask_value(
    app: &mut App,
    focus: Focus,
    module: String,
    spec: &'static ParamSpec,
    now: String,
) {
    app.overlay = Some(Overlay::Prompt(Prompt {
        line: String::new(),
        purpose: Purpose::Value {
            focus,
            module,
            spec,
            now,
        },
    }));
}

/// Which part of a knob's range a macro turns it through.
pub fn ask_range(
    app: &mut App,
    index: usize,
    module: String,
    spec: &'static ParamSpec,
    range: String,
) {
    let purpose = Purpose::Range {
        index,
        module,
        spec,
    };
    let line = range;
    app.overlay = Some(Overlay::Prompt(Prompt { line, purpose }));
}

pub fn ask_bpm(app: &mut App) {
    let purpose = Purpose::Bpm { now: app.view.bpm };
    let line = String::new();
    app.overlay = Some(Overlay::Prompt(Prompt { line, purpose }));
}

pub fn ask_amount(
    app: &mut App,
    from: String,
    to: String,
    into: AmountIn<'static>,
    cabled: Cabled,
) {
    app.overlay = Some(Overlay::Prompt(Prompt {
        line: String::new(),
        purpose: Purpose::Amount {
            from,
            to,
            into,
            cabled,
        },
    }));
}

pub fn ask_name(app: &mut App, patch: Arc<Patch>, module: String) {
    app.overlay = Some(Overlay::Prompt(Prompt {
        line: String::new(),
        purpose: Purpose::Name { patch, module },
    }));
}

/// A choice that is made when the patch is built; a text is there to be changed.
pub fn ask_choice(app: &mut App, node: &Node, option: usize) {
    let now = rows::option_text(node, option);
    let line = match &node.options[option] {
        OptionValue::Text(text) | OptionValue::File { written: text, .. } => text.clone(),
        _ => String::new(),
    };
    app.overlay = Some(Overlay::Prompt(Prompt {
        line,
        purpose: Purpose::Choice {
            module: node.name.clone(),
            spec: &node.spec.options[option],
            now,
        },
    }));
}

/// A part of a notation, or the whole.
pub fn ask_words(app: &mut App, node: Node, option: usize, place: Range<usize>) {
    let line = match &node.options[option] {
        OptionValue::Text(text) => {
            let chars = text.chars().skip(place.start).take(place.len());
            chars.collect()
        }
        _ => String::new(),
    };
    app.overlay = Some(Overlay::Prompt(Prompt {
        line,
        purpose: Purpose::Words {
            node: Box::new(node),
            option,
            place,
        },
    }));
}

pub fn ask_path(app: &mut App, suggestion: &str) {
    app.overlay = Some(Overlay::Prompt(Prompt {
        line: suggestion.to_owned(),
        purpose: Purpose::SavePath,
    }));
}
