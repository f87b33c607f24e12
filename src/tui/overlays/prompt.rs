//! One line to type: a knob's value with its unit, or the file to save to. Says what is wrong while it is typed.
use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::control::command::{Command, Focus};
use crate::modules::spec::ParamSpec;
use crate::patch::value::{bound, format_value, parse_value};
use crate::tui::act;
use crate::tui::app::App;
use crate::tui::overlays::{Overlay, middle, type_key};
use crate::tui::pen::{Labels, Pen, panel, wipe};
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
    SavePath,
}

impl Prompt {
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

pub fn ask_path(app: &mut App, suggestion: &str) {
    app.overlay = Some(Overlay::Prompt(Prompt {
        line: suggestion.to_owned(),
        purpose: Purpose::SavePath,
    }));
}

pub fn on_key(app: &mut App, mut prompt: Prompt, key: &KeyEvent) -> Option<Prompt> {
    match key.code {
        KeyCode::Esc => return None,
        KeyCode::Enter if prompt.line.trim().is_empty() => return None,
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
        Purpose::SavePath if PathBuf::from(prompt.line.trim()).exists() => {
            Some("this file is there already; Enter replaces it".to_owned())
        }
        _ => None,
    }
}

pub fn draw(app: &App, prompt: &Prompt, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let area = middle(area, 60, 5);
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
        Purpose::SavePath => ("save to".to_owned(), "a path that ends in .ron".to_owned()),
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
    let mut pen = Pen::row(buf, inner, 2);
    pen.gap(1);
    match complaint(prompt) {
        Some(why) => pen.text(why, theme.style(Role::DiagError)),
        None => pen.text(hint, theme.style(Role::Muted)),
    };
    Some(cursor)
}
