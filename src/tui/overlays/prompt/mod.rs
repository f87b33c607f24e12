//! One line to type: a value with its unit, a cable's amount, a name, the file to save to. Says what is wrong while it is typed.
mod answer;
mod ask;
mod view;

use std::ops::Range;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use crate::control::command::Focus;
use crate::modules::spec::{OptionSpec, ParamSpec};
use crate::patch::value::AmountIn;
use crate::patch::{Node, Patch};
use crate::tui::app::App;
use crate::tui::overlays::type_key;

pub use ask::*;
pub use view::draw;

pub struct Prompt {
    line: String,
    purpose: Purpose,
}

pub enum Purpose {
    Value {
        focus: Focus,
        module: String,
        spec: &'static ParamSpec,
        now: String,
    },
    Amount {
        from: String,
        to: String,
        into: AmountIn<'static>,
        cabled: Cabled,
    },
    Name {
        patch: Arc<Patch>,
        module: String,
    },
    Choice {
        module: String,
        spec: &'static OptionSpec,
        now: String,
    },
    /// Both ends of what a macro does to a knob.
    Range {
        index: usize,
        module: String,
        spec: &'static ParamSpec,
    },
    Bpm {
        now: f64,
    },
    /// A part of an option's text, in characters.
    Words {
        node: Box<Node>,
        option: usize,
        place: Range<usize>,
    },
    SavePath,
}

/// A cable that an amount is asked for.
#[derive(Clone, Copy)]
pub enum Cabled {
    New { feedback: bool },
    Now { amount: f32 },
}

impl Prompt {
    /// An amount of 1 need not be typed.
    fn may_be_empty(&self) -> bool {
        matches!(self.purpose, Purpose::Amount { .. })
    }

    pub fn type_text(&mut self, text: &str) {
        self.line += text;
    }
}

pub fn on_key(app: &mut App, mut prompt: Prompt, key: &KeyEvent) -> Option<Prompt> {
    match key.code {
        KeyCode::Esc => return None,
        KeyCode::Enter if prompt.line.trim().is_empty() && !prompt.may_be_empty() => return None,
        KeyCode::Enter => return answer::finish(app, prompt),
        _ => {
            type_key(&mut prompt.line, key);
        }
    }
    Some(prompt)
}
