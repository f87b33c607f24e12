//! One line to type: a value with its unit, a cable's amount, a name, the file to save to. Says what is wrong while it is typed.
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::control::command::{Command, Focus};
use crate::modules::module::Build;
use crate::modules::spec::{OptionKind, OptionSpec, OptionValue, ParamSpec};
use crate::patch::edit::{Edit, check_name};
use crate::patch::value::{
    AmountIn, amount_hint, amount_text, bound, format_value, parse_amount, parse_length,
    parse_value,
};
use crate::patch::{Node, Patch};
use crate::tui::act;
use crate::tui::app::App;
use crate::tui::overlays::{Overlay, middle, type_key};
use crate::tui::pen::{Labels, Pen, panel, wipe};
use crate::tui::screens::patch::{edits, knobs, rows, wiring};
use crate::tui::screens::pattern;
use crate::tui::theme::Role;

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

/// The whole text with the line in its place.
fn whole(node: &Node, option: usize, place: &Range<usize>, line: &str) -> String {
    match &node.options[option] {
        OptionValue::Text(text) => {
            pattern::words::spliced(text, vec![(place.clone(), line.to_owned())])
        }
        _ => line.to_owned(),
    }
}

/// Where in the line the module finds a fault (from 0), and what.
fn fault(node: &Node, option: usize, place: &Range<usize>, line: &str) -> Option<(usize, String)> {
    let mut options = node.options.clone();
    options[option] = OptionValue::Text(whole(node, option, place, line));
    let build = Build {
        rate: 48_000.0,
        options: &options,
        check: true,
        tuning: None,
    };
    let wrong = crate::modules::check_options(node.spec, &build).err()?;
    let last = line.chars().count();
    Some((wrong.at.saturating_sub(place.start).min(last), wrong.why))
}

/// What a text means for an option, or what would be right.
fn read_choice(spec: &OptionSpec, text: &str) -> Result<OptionValue, String> {
    match spec.kind {
        OptionKind::Choice(names) => {
            let lower = text.to_lowercase();
            let at = names
                .iter()
                .position(|n| n.to_lowercase().starts_with(&lower));
            at.map(OptionValue::Choice)
                .ok_or_else(|| format!("there is {}", names.join(", ")))
        }
        OptionKind::Text(_) => Ok(OptionValue::Text(text.to_owned())),
        // Where it is, is found when the patch's text is read again.
        OptionKind::File(_) => Ok(OptionValue::File {
            written: text.to_owned(),
            path: Default::default(),
        }),
        OptionKind::Whole { min, max, .. } => {
            let number = text.parse().ok().filter(|n| (min..=max).contains(n));
            number
                .map(OptionValue::Whole)
                .ok_or_else(|| format!("a whole number from {min} to {max}"))
        }
        OptionKind::Length { .. } => parse_length(text)
            .map(OptionValue::Length)
            .ok_or_else(|| "a note length such as 1/16".to_owned()),
    }
}

pub fn ask_path(app: &mut App, suggestion: &str) {
    app.overlay = Some(Overlay::Prompt(Prompt {
        line: suggestion.to_owned(),
        purpose: Purpose::SavePath,
    }));
}

pub fn on_key(app: &mut App, mut prompt: Prompt, key: &KeyEvent) -> Option<Prompt> {
    match key.code {
        KeyCode::Esc => return None,
        KeyCode::Enter if prompt.line.trim().is_empty() && !prompt.may_be_empty() => return None,
        KeyCode::Enter => return finish(app, prompt),
        _ => {
            type_key(&mut prompt.line, key);
        }
    }
    Some(prompt)
}

fn finish(app: &mut App, prompt: Prompt) -> Option<Prompt> {
    match &prompt.purpose {
        Purpose::SavePath => {
            act::save(app, &prompt.line);
            None
        }
        _ if complaint(&prompt).is_some() => Some(prompt),
        Purpose::Bpm { .. } => {
            act::bpm(app, &prompt.line);
            None
        }
        Purpose::Range {
            index,
            module,
            spec,
        } => {
            let edit = Edit::Assign {
                index: *index,
                name: spec.name.to_owned(),
                module: module.clone(),
                param: spec.name.to_owned(),
                range: prompt.line.trim().to_owned(),
            };
            edits::send(app, edit)
                .then_some(())
                .map_or(Some(prompt), |()| None)
        }
        Purpose::Words {
            node,
            option,
            place,
        } => {
            let text = whole(node, *option, place, prompt.line.trim());
            pattern::typed(app, node, *option, text);
            None
        }
        Purpose::Amount {
            from, to, cabled, ..
        } => {
            let line = prompt.line.trim();
            let amount = (!line.is_empty()).then(|| line.to_owned());
            let (from, to) = (from.clone(), to.clone());
            match cabled {
                Cabled::New { feedback } => wiring::wire_now(app, from, to, amount, *feedback),
                Cabled::Now { .. } => {
                    edits::send(app, Edit::Amount { from, to, amount });
                }
            }
            None
        }
        Purpose::Name { module, .. } => {
            edits::rename_to(app, module.clone(), prompt.line.trim());
            None
        }
        Purpose::Choice { module, spec, .. } => {
            if let Ok(value) = read_choice(spec, prompt.line.trim()) {
                knobs::choose(app, module.clone(), spec.name, value);
            }
            None
        }
        Purpose::Value {
            focus,
            module,
            spec,
            ..
        } => match parse_value(spec, prompt.line.trim()) {
            Ok(value) => {
                app.say(format!(
                    "{module}.{} {}",
                    spec.name,
                    format_value(spec, value)
                ));
                app.send(Command::SetParam {
                    focus: *focus,
                    module: module.clone(),
                    param: spec.name.to_owned(),
                    value,
                });
                None
            }
            Err(_) => Some(prompt),
        },
    }
}

/// What is wrong with the line as it stands.
fn complaint(prompt: &Prompt) -> Option<String> {
    match &prompt.purpose {
        Purpose::Value { spec, .. } if !prompt.line.trim().is_empty() => {
            parse_value(spec, prompt.line.trim()).err().map(|e| e.why)
        }
        Purpose::Amount { into, .. } if !prompt.line.trim().is_empty() => {
            parse_amount(*into, prompt.line.trim()).err().map(|e| e.why)
        }
        Purpose::Name { patch, .. } if !prompt.line.trim().is_empty() => {
            let refused = check_name(patch, prompt.line.trim()).err();
            refused.map(|why| why.to_string())
        }
        Purpose::Choice { spec, .. } if !prompt.line.trim().is_empty() => {
            read_choice(spec, prompt.line.trim()).err()
        }
        Purpose::Bpm { .. } if !prompt.line.trim().is_empty() => {
            let bpm = prompt.line.trim().parse::<f64>().ok();
            let right = bpm.is_some_and(|bpm| (20.0..=400.0).contains(&bpm));
            (!right).then(|| "a tempo is a number from 20 to 400".to_owned())
        }
        Purpose::Range { spec, .. } => match prompt.line.split_once("..") {
            Some((low, high)) => {
                let wrong = |text: &str| parse_value(spec, text.trim()).err().map(|e| e.why);
                wrong(low).or_else(|| wrong(high))
            }
            None => Some("a range has two ends: 200Hz..4kHz".to_owned()),
        },
        Purpose::Words {
            node,
            option,
            place,
        } => {
            let (at, why) = fault(node, *option, place, &prompt.line)?;
            Some(format!("column {}: {why}", at + 1))
        }
        Purpose::SavePath if PathBuf::from(prompt.line.trim()).exists() => {
            Some("this file is there already; Enter replaces it".to_owned())
        }
        _ => None,
    }
}

pub fn draw(app: &App, prompt: &Prompt, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let wide = matches!(prompt.purpose, Purpose::Words { .. });
    let area = middle(area, if wide { 100 } else { 60 }, 5);
    wipe(buf, area, theme);
    let (title, hint) = match &prompt.purpose {
        Purpose::Value {
            module, spec, now, ..
        } => (
            format!("{module}.{}", spec.name),
            format!(
                "now {now}, from {} to {}",
                bound(spec, spec.min),
                bound(spec, spec.max)
            ),
        ),
        Purpose::Bpm { now } => (
            "tempo".to_owned(),
            format!("now {now:.1} BPM, from 20 to 400"),
        ),
        Purpose::Range {
            index,
            module,
            spec,
        } => (
            format!("macro {} turns {module}.{}", index + 1, spec.name),
            "from..to: its values at 0 and at 100".to_owned(),
        ),
        Purpose::Words { node, option, .. } => {
            let spec = &node.spec.options[*option];
            (format!("{}.{}", node.name, spec.name), spec.doc.to_owned())
        }
        Purpose::SavePath => ("save to".to_owned(), "a path that ends in .ron".to_owned()),
        Purpose::Amount {
            from,
            to,
            into,
            cabled,
        } => {
            let now = match cabled {
                Cabled::New { .. } => "nothing typed is 1".to_owned(),
                Cabled::Now { amount } => format!("now {}", amount_text(*into, *amount)),
            };
            (
                format!("{from} > {to} *"),
                format!("{now}; {}", amount_hint(*into)),
            )
        }
        Purpose::Name { module, .. } => (
            format!("rename {module}"),
            "every cable and macro follows".to_owned(),
        ),
        Purpose::Choice { module, spec, now } => {
            let hint = match spec.kind {
                OptionKind::Choice(names) => names.join(" "),
                _ => spec.doc.to_owned(),
            };
            (
                format!("{module}.{}", spec.name),
                format!("now {now}; {hint}"),
            )
        }
    };
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "Enter set  Esc leave",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let mut pen = Pen::row(buf, inner, 0);
    pen.gap(1).text("= ", theme.style(Role::Focus)).text(
        &prompt.line,
        theme.style(Role::Text).add_modifier(Modifier::BOLD),
    );
    let cursor = Position::new(pen.x().min(inner.right().saturating_sub(1)), inner.y);
    if let Purpose::Words {
        node,
        option,
        place,
    } = &prompt.purpose
        && let Some((at, _)) = fault(node, *option, place, &prompt.line)
    {
        let mut pen = Pen::row(buf, inner, 1);
        pen.gap(3 + at as u16)
            .text("^", theme.style(Role::DiagError));
    }
    let mut pen = Pen::row(buf, inner, 2);
    pen.gap(1);
    match complaint(prompt) {
        Some(why) => pen.text(why, theme.style(Role::DiagError)),
        None => pen.text(hint, theme.style(Role::Muted)),
    };
    Some(cursor)
}
