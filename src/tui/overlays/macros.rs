//! Eight macros and a digit to pick one: to turn it, or to have it turn the knob under the cursor.
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::modules::spec::ParamSpec;
use crate::patch::Macro;
use crate::patch::value::bound;
use crate::tui::app::App;
use crate::tui::overlays::{Overlay, middle, prompt};
use crate::tui::panels::macros::MOST;
use crate::tui::pen::{Labels, Pen, panel, wipe};
use crate::tui::screens::patch;
use crate::tui::stage;
use crate::tui::theme::Role;

/// What the digit is for.
pub enum Macros {
    Pick,
    Assign {
        module: String,
        spec: &'static ParamSpec,
    },
}

pub fn open(app: &mut App) {
    app.overlay = Some(Overlay::Macros(Macros::Pick));
}

/// For the knob under the cursor of the Patch screen.
pub fn assign(app: &mut App) {
    match patch::knobs::in_focus(app) {
        Some((module, _, spec, _)) => {
            app.overlay = Some(Overlay::Macros(Macros::Assign { module, spec }));
        }
        None => app.say("No knob on this row: arrows up and down move to one"),
    }
}

/// Those that a digit means: of the live patch, or of the one that is edited.
fn listed(app: &App, macros: &Macros) -> Vec<Macro> {
    match macros {
        Macros::Pick => stage::macros(app).to_vec(),
        Macros::Assign { .. } => patch::shown(app).map_or(Vec::new(), |s| s.patch.macros.clone()),
    }
}

pub fn on_key(app: &mut App, macros: Macros, key: &KeyEvent) -> Option<Macros> {
    let KeyCode::Char(c) = key.code else {
        return None;
    };
    let n = c.to_digit(10).filter(|n| (1..=MOST as u32).contains(n))? as usize;
    match &macros {
        Macros::Pick => stage::pick_macro(app, &n.to_string()),
        Macros::Assign { module, spec } => {
            let count = listed(app, &macros).len();
            let index = (n - 1).min(count);
            let range = format!("{}..{}", bound(spec, spec.min), bound(spec, spec.max));
            prompt::ask_range(app, index, module.clone(), spec, range);
        }
    }
    None
}

pub fn draw(app: &App, macros: &Macros, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let all = listed(app, macros);
    let area = middle(area, 46, MOST as u16 + 2);
    wipe(buf, area, theme);
    let title = match macros {
        Macros::Pick => "macros of what you hear".to_owned(),
        Macros::Assign { module, spec } => format!("{module}.{} to macro", spec.name),
    };
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "1-8  Esc leave",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    for n in 0..MOST.min(usize::from(inner.height)) {
        let mut pen = Pen::row(buf, inner, n as u16);
        pen.gap(1)
            .text((n + 1).to_string(), theme.style(Role::Focus))
            .gap(1);
        match (all.get(n), macros) {
            (Some(each), _) => {
                pen.cell(&each.name, 14, theme.style(Role::Text)).text(
                    format!("{:>3.0}  {} knobs", each.at * 100.0, each.to.len()),
                    theme.style(Role::Muted),
                );
            }
            (None, Macros::Assign { .. }) if n == all.len() => {
                pen.text("a new one", theme.style(Role::Primed));
            }
            (None, _) => {
                pen.text("-", theme.style(Role::Muted));
            }
        }
    }
}
