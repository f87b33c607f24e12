//! A slot's modules, cables and knobs; knobs of the live slot are heard as they turn.
use std::time::{Duration, Instant};

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::control::command::{Command, Focus, SlotId};
use crate::modules::spec::{OptionKind, OptionValue, ParamSpec, ParamValue};
use crate::patch::value::{format_value, length_text};
use crate::patch::{Node, Patch};
use crate::tui::app::App;
pub use crate::tui::knob::Step;
use crate::tui::knob::turned;
use crate::tui::overlays::prompt;
use crate::tui::panels::{inspector, rails};
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::theme::Role;
use crate::tui::words;

/// A turned value counts as the parameter's for this long, until the supervisor's view has it.
const TURN_STANDS: Duration = Duration::from_millis(400);

#[derive(Default)]
pub struct PatchScreen {
    /// Shows the standby instead of the live slot.
    pub standby: bool,
    pub wired_only: bool,
    /// The row in focus, by module name and field, so that it survives edits.
    focus: Option<(String, Field)>,
    /// Values turned to a moment ago.
    turns: Vec<(String, usize, ParamValue, Instant)>,
}

/// A line of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    In(usize),
    Param(usize),
    Choice(usize),
    Out(usize),
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub node: usize,
    pub field: Field,
    /// The module's name stands on it.
    pub first: bool,
}

impl PatchScreen {
    pub fn slot(&self, app: &App) -> SlotId {
        match self.standby {
            true => app.view.live.other(),
            false => app.view.live,
        }
    }

    pub fn forget_turns(&mut self) {
        self.turns.clear();
    }
}

/// All rows of a patch, in the order of signal within each module: inputs, knobs, choices, outputs.
pub fn rows(patch: &Patch, wired_only: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for (node, module) in patch.modules.iter().enumerate() {
        let spec = module.spec;
        let start = rows.len();
        let fields = (0..spec.inputs.len())
            .map(Field::In)
            .chain((0..spec.params.len()).map(Field::Param))
            .chain((0..spec.options.len()).map(Field::Choice))
            .chain((0..spec.outputs.len()).map(Field::Out));
        for field in fields {
            if !wired_only || rails::is_wired(patch, node, field) {
                rows.push(Row {
                    node,
                    field,
                    first: rows.len() == start,
                });
            }
        }
        if rows.len() == start {
            rows.push(Row {
                node,
                field: Field::Param(0),
                first: true,
            });
        }
    }
    rows.retain(|row| field_exists(&patch.modules[row.node], row.field));
    rows
}

fn field_exists(node: &Node, field: Field) -> bool {
    match field {
        Field::In(i) => i < node.spec.inputs.len(),
        Field::Param(i) => i < node.spec.params.len(),
        Field::Choice(i) => i < node.spec.options.len(),
        Field::Out(i) => i < node.spec.outputs.len(),
    }
}

/// The row in focus: where the focus was, else the first knob.
pub fn focused(screen: &PatchScreen, patch: &Patch, rows: &[Row]) -> usize {
    let same = |row: &Row| {
        screen.focus.as_ref().is_some_and(|(name, field)| {
            patch.modules[row.node].name == *name && row.field == *field
        })
    };
    let same_module = |row: &Row| {
        let name = screen.focus.as_ref().map(|(name, _)| name);
        name.is_some_and(|name| patch.modules[row.node].name == *name)
    };
    let knob = |row: &Row| matches!(row.field, Field::Param(_));
    rows.iter()
        .position(same)
        .or_else(|| rows.iter().position(same_module))
        .or_else(|| rows.iter().position(knob))
        .unwrap_or(0)
}

fn patch_shown(app: &App) -> Option<std::sync::Arc<Patch>> {
    app.loaded(app.patch.slot(app)).map(|l| l.patch.clone())
}

pub fn move_by(app: &mut App, by: isize) {
    let Some(patch) = patch_shown(app) else {
        return;
    };
    let rows = rows(&patch, app.patch.wired_only);
    let at = focused(&app.patch, &patch, &rows) as isize;
    let to = at.saturating_add(by).clamp(0, rows.len() as isize - 1);
    focus_row(app, &patch, rows.get(to as usize));
}

pub fn next_module(app: &mut App, by: isize) {
    let Some(patch) = patch_shown(app) else {
        return;
    };
    let all = rows(&patch, app.patch.wired_only);
    let Some(at) = all.get(focused(&app.patch, &patch, &all)) else {
        return;
    };
    let node = (at.node as isize + by).rem_euclid(patch.modules.len() as isize) as usize;
    let of_node = || all.iter().filter(|r| r.node == node);
    let knob = of_node().find(|r| matches!(r.field, Field::Param(_)));
    focus_row(app, &patch, knob.or_else(|| of_node().next()));
}

fn focus_row(app: &mut App, patch: &Patch, row: Option<&Row>) {
    if let Some(row) = row {
        let name = patch.modules[row.node].name.clone();
        app.patch.focus = Some((name, row.field));
    }
}

/// The knob in focus: its module's name, spec and value.
pub fn knob_in_focus(app: &App) -> Option<(String, usize, &'static ParamSpec, ParamValue)> {
    let patch = patch_shown(app)?;
    let rows = rows(&patch, app.patch.wired_only);
    let row = rows.get(focused(&app.patch, &patch, &rows))?;
    let Field::Param(param) = row.field else {
        return None;
    };
    let node = &patch.modules[row.node];
    let value = value_of(app, node, param);
    Some((node.name.clone(), param, &node.spec.params[param], value))
}

/// A parameter's value, with the turn of a moment ago.
pub fn value_of(app: &App, node: &Node, param: usize) -> ParamValue {
    let turned =
        app.patch.turns.iter().rev().find(|(name, p, _, at)| {
            *name == node.name && *p == param && app.now < *at + TURN_STANDS
        });
    turned.map_or(node.params[param], |(_, _, value, _)| *value)
}

fn focus_of(app: &App) -> Focus {
    match app.patch.standby {
        true => Focus::Slot(app.patch.slot(app)),
        false => Focus::Live,
    }
}

pub fn turn(app: &mut App, step: Step, direction: f32) {
    let Some((module, param, spec, value)) = knob_in_focus(app) else {
        return app.say("No knob on this row: arrows up and down move to one");
    };
    set(
        app,
        module,
        param,
        spec,
        turned(spec, value, step, direction),
    );
}

pub fn to_default(app: &mut App) {
    if let Some((module, param, spec, _)) = knob_in_focus(app) {
        set(app, module, param, spec, ParamValue::Fixed(spec.default));
    }
}

fn set(app: &mut App, module: String, param: usize, spec: &'static ParamSpec, value: ParamValue) {
    let now = app.now;
    app.patch
        .turns
        .retain(|(m, p, _, at)| now < *at + TURN_STANDS && (m, *p) != (&module, param));
    app.patch.turns.push((module.clone(), param, value, now));
    app.say(format!(
        "{module}.{} {}",
        spec.name,
        format_value(spec, value)
    ));
    let focus = focus_of(app);
    app.send(Command::SetParam {
        focus,
        module,
        param: spec.name.to_owned(),
        value,
    });
}

pub fn ask_value(app: &mut App) {
    let Some((module, _, spec, value)) = knob_in_focus(app) else {
        return app.say("No knob on this row");
    };
    let focus = focus_of(app);
    let now = format_value(spec, value);
    app.patch.forget_turns();
    prompt::ask_value(app, focus, module, spec, now);
}

pub fn other_slot(app: &mut App) {
    app.patch.standby = !app.patch.standby;
    app.patch.forget_turns();
}

pub fn toggle_wired(app: &mut App) {
    app.patch.wired_only = !app.patch.wired_only;
}

/// "Tri", "\"C2 C2\"", "1/16".
pub fn option_text(node: &Node, option: usize) -> String {
    let names = match node.spec.options[option].kind {
        OptionKind::Choice(names) => names,
        _ => &[],
    };
    match &node.options[option] {
        OptionValue::Choice(i) => names.get(*i).copied().unwrap_or("?").to_owned(),
        OptionValue::Text(text) => format!("\"{text}\""),
        OptionValue::Whole(n) => n.to_string(),
        OptionValue::Length(beats) => length_text(*beats as f32),
    }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let slot = app.patch.slot(app);
    let inspector_width = match area.width {
        0..=59 => 0,
        60..=99 => 30,
        _ => (area.width / 3).min(56),
    };
    let list = Rect {
        width: area.width - inspector_width,
        ..area
    };
    let (word, role) = words::state(&app.view, slot);
    let name = app
        .loaded(slot)
        .map_or("empty".to_owned(), |l| l.patch.name.clone());
    let title = format!("{} {name}", slot.name());
    let labels = Labels {
        title: &title,
        title_style: theme
            .style(words::slot_role(slot))
            .add_modifier(Modifier::BOLD),
        foot: &word,
        foot_style: theme.style(role).add_modifier(Modifier::BOLD),
    };
    let inner = panel(buf, list, theme, &labels);
    let Some(loaded) = app.loaded(slot) else {
        Pen::row(buf, inner, 0).gap(1).text(
            "Nothing is loaded here; files are on screen 7.",
            theme.style(Role::Muted),
        );
        return None;
    };
    let rows = rows(&loaded.patch, app.patch.wired_only);
    let at = focused(&app.patch, &loaded.patch, &rows);
    let cursor = rails::draw(app, &loaded.patch, &rows, at, inner, buf);
    if inspector_width > 0 {
        let side = Rect {
            x: list.right(),
            width: inspector_width,
            ..area
        };
        inspector::draw(app, &loaded.patch, rows.get(at), side, buf);
    }
    cursor
}
