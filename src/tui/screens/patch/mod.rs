//! The patcher: modules, cables and knobs of the patch on the bench, or of a slot. Knobs are heard as they turn, edits of the
//! structure go to the bench and stand by as soon as they can be heard.
pub mod cables;
pub mod edits;
pub mod knobs;
pub mod lists;
pub mod rows;
pub mod window;
pub mod wiring;

use std::sync::Arc;
use std::time::Instant;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::control::command::{Focus, SlotId};
use crate::modules::spec::ParamValue;
use crate::patch::Patch;
use crate::tui::app::App;
pub use crate::tui::knob::Step;
use crate::tui::panels::{focus, inspector, matrix, probe, rails};
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::theme::Role;
use crate::tui::words;
pub use rows::{Field, Row, rows};

#[derive(Default)]
pub struct PatchScreen {
    /// Which of [`sights`] is shown.
    pub look: usize,
    pub layout: Layout,
    pub wired_only: bool,
    pub hide_inspector: bool,
    /// What hears the field in focus, and what it hears, stands out.
    pub trace: bool,
    /// The row in focus, by module name and field, so that it survives edits.
    focus: Option<(String, Field)>,
    /// Which rows are drawn.
    pub window: window::Window,
    /// The pin in focus of the matrix.
    pub pin: (usize, usize),
    /// Values turned to a moment ago.
    turns: Vec<(String, usize, ParamValue, Instant)>,
}

/// The three ways to see the cables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    #[default]
    Rail,
    Focus,
    Matrix,
}

impl Layout {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Rail, "rail"),
        (Self::Focus, "focus"),
        (Self::Matrix, "matrix"),
    ];

    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(l, _)| *l == self).map_or("", |(_, name)| name)
    }
}

/// A patch that the screen can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Bench,
    Slot(SlotId),
}

/// The patch that is shown.
pub struct Shown {
    pub patch: Arc<Patch>,
}

impl PatchScreen {
    pub fn forget_turns(&mut self) {
        self.turns.clear();
    }

    pub fn focus_on(&mut self, module: &str, field: Field) {
        self.focus = Some((module.to_owned(), field));
    }
}

/// What there is to see, the patch being worked on first.
pub fn sights(app: &App) -> Vec<Sight> {
    let bench = app.view.bench.as_ref().map(|_| Sight::Bench);
    let live = app.view.live;
    let standby = app.loaded(live.other()).map(|_| Sight::Slot(live.other()));
    bench
        .into_iter()
        .chain([Sight::Slot(live)])
        .chain(standby)
        .collect()
}

pub fn sight(app: &App) -> Sight {
    let all = sights(app);
    all[app.patch.look % all.len()]
}

pub fn shown(app: &App) -> Option<Shown> {
    let patch = match sight(app) {
        Sight::Bench => app.view.bench.as_ref().map(|b| b.patch.clone()),
        Sight::Slot(slot) => app.loaded(slot).map(|l| l.patch.clone()),
    };
    patch.map(|patch| Shown { patch })
}

/// Whose knobs and structure the keys change.
pub fn focus_of(app: &App) -> Focus {
    match sight(app) {
        Sight::Bench => Focus::Bench,
        Sight::Slot(slot) if slot == app.view.live => Focus::Live,
        Sight::Slot(slot) => Focus::Slot(slot),
    }
}

/// The rows of the patch shown, and the one in focus.
pub fn here(app: &App) -> Option<(Shown, Vec<Row>, usize)> {
    let shown = shown(app)?;
    let rows = rows(&shown.patch, app.patch.wired_only);
    let at = rows::focused(&app.patch.focus, &shown.patch, &rows);
    (at < rows.len()).then_some((shown, rows, at))
}

pub fn row_in_focus(app: &App) -> Option<(Shown, Row)> {
    let (shown, rows, at) = here(app)?;
    Some((shown, rows[at]))
}

pub fn move_by(app: &mut App, by: isize) {
    if app.patch.layout == Layout::Matrix {
        return matrix::move_pin(app, by, 0);
    }
    let Some((shown, rows, at)) = here(app) else {
        return;
    };
    let of_module = |row: &&Row| app.patch.layout != Layout::Focus || row.node == rows[at].node;
    let within: Vec<&Row> = rows.iter().filter(of_module).collect();
    let at = within.iter().position(|r| **r == rows[at]).unwrap_or(0);
    let last = within.len() as isize - 1;
    let to = (at as isize).saturating_add(by).clamp(0, last);
    let row = *within[to as usize];
    focus_row(app, &shown.patch, row);
    if let Some(at) = rows.iter().position(|r| *r == row) {
        app.patch.window.moved_to(at);
    }
}

/// Other rows come into sight; the one in focus stays one of them.
pub fn scroll(app: &mut App, by: isize) {
    if app.patch.layout != Layout::Rail {
        return move_by(app, by);
    }
    if let Some((shown, rows, at)) = here(app) {
        let to = app.patch.window.scroll(by, at, rows.len());
        focus_row(app, &shown.patch, rows[to]);
    }
}

pub fn next_module(app: &mut App, by: isize) {
    let Some((shown, rows, at)) = here(app) else {
        return;
    };
    let count = shown.patch.modules.len() as isize;
    let node = (rows[at].node as isize + by).rem_euclid(count) as usize;
    focus_module(app, &shown.patch, node);
}

/// Puts the focus on a module's first knob, or its first port.
pub fn focus_module(app: &mut App, patch: &Patch, node: usize) {
    let all = rows(patch, app.patch.wired_only);
    let of_node = || all.iter().filter(|r| r.node == node);
    let knob = of_node().find(|r| matches!(r.field, Field::Param(_)));
    if let Some(row) = knob.or_else(|| of_node().next()) {
        focus_row(app, patch, *row);
    }
}

/// Puts the focus on a row that was drawn, if it is still there.
pub fn focus_on_row(app: &mut App, row: Row) {
    if let Some(shown) = shown(app)
        && row.node < shown.patch.modules.len()
    {
        focus_row(app, &shown.patch, row);
    }
}

fn focus_row(app: &mut App, patch: &Patch, row: Row) {
    app.patch.focus_on(&patch.modules[row.node].name, row.field);
}

pub fn other_slot(app: &mut App) {
    let count = sights(app).len();
    app.patch.look = (app.patch.look % count + 1) % count;
    app.patch.forget_turns();
    let (title, _) = title(app);
    app.say(format!("Shown: {title}"));
}

pub fn next_layout(app: &mut App, arg: &str) {
    let all = Layout::ALL;
    app.patch.layout = match arg.trim() {
        "" => {
            let at = all.iter().position(|(l, _)| *l == app.patch.layout);
            all[at.map_or(0, |at| (at + 1) % all.len())].0
        }
        word => match all.iter().find(|(_, name)| *name == word) {
            Some((layout, _)) => *layout,
            None => return app.complain("view takes rail, focus or matrix"),
        },
    };
    app.say(match app.patch.layout {
        Layout::Rail => "Rail: a row for each port, cables beside them",
        Layout::Focus => "Focus: one module, what it hears at its left, what hears it at its right",
        Layout::Matrix => {
            "Matrix: outputs down, inputs across; arrows move, Enter sets or pulls a pin"
        }
    });
}

pub fn toggle_trace(app: &mut App) {
    app.patch.trace = !app.patch.trace;
    app.say(match app.patch.trace {
        true => "Trace: what feeds the row in focus, and what it feeds",
        false => "Trace off",
    });
}

pub fn toggle_wired(app: &mut App) {
    app.patch.wired_only = !app.patch.wired_only;
}

pub fn toggle_inspector(app: &mut App) {
    app.patch.hide_inspector = !app.patch.hide_inspector;
}

/// "bench: acid bass", and the role of its colour.
fn title(app: &App) -> (String, Role) {
    let name = shown(app).map_or("empty".to_owned(), |s| s.patch.name.clone());
    match sight(app) {
        Sight::Bench => (format!("bench: {name}"), Role::Focus),
        Sight::Slot(slot) => (format!("{} {name}", slot.name()), words::slot_role(slot)),
    }
}

/// How far what is shown is from being heard, in words.
fn state(app: &App) -> (String, Role) {
    let slot = match sight(app) {
        Sight::Slot(slot) => return words::state(&app.view, slot),
        Sight::Bench => app.view.live.other(),
    };
    let Some(bench) = &app.view.bench else {
        return (String::new(), Role::Muted);
    };
    if let Some(trouble) = &bench.trouble {
        return (format!("NOT YET: {trouble}"), Role::Busy);
    }
    let there = app.loaded(slot).is_some_and(|l| l.text == bench.text);
    let (word, role) = words::state(&app.view, slot);
    match (there, app.slot(slot).incoming.is_some()) {
        (true, _) | (_, true) => (format!("{} {word}", slot.name()), role),
        (false, false) => ("^E primes it".to_owned(), Role::Muted),
    }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let side = match area.width {
        _ if app.patch.hide_inspector => 0,
        0..=59 => 0,
        60..=99 => 30,
        _ => (area.width / 3).min(56),
    };
    let list = Rect {
        width: area.width - side,
        ..area
    };
    let (title, title_role) = title(app);
    let title = format!("{title}: {}", app.patch.layout.name());
    let (word, role) = state(app);
    let labels = Labels {
        title: &title,
        title_style: theme.style(title_role).add_modifier(Modifier::BOLD),
        foot: &word,
        foot_style: theme.style(role).add_modifier(Modifier::BOLD),
    };
    let mut inner = panel(buf, list, theme, &labels);
    if side == 0 {
        let rows = probe::height(app, inner.height);
        let rows = if inner.height < 14 { rows.min(1) } else { rows };
        inner.height -= rows;
        let below = Rect {
            y: inner.bottom(),
            height: rows,
            ..inner
        };
        probe::draw(app, below, buf);
    }
    let Some((shown, rows, at)) = here(app) else {
        let what = match shown(app) {
            None => "Nothing is loaded here; files are on screen 7.",
            Some(_) if app.patch.wired_only => "Nothing is wired; f shows all ports.",
            Some(_) => "An empty patch: a adds a module.",
        };
        Pen::row(buf, inner, 0)
            .gap(1)
            .text(what, theme.style(Role::Muted));
        return None;
    };
    let cursor = match app.patch.layout {
        Layout::Rail => rails::draw(app, &shown.patch, &rows, at, inner, buf),
        Layout::Focus => focus::draw(app, &shown.patch, &rows, at, inner, buf),
        Layout::Matrix => matrix::draw(app, &shown.patch, inner, buf),
    };
    if side > 0 {
        let side = Rect {
            x: list.right(),
            width: side,
            ..area
        };
        inspector::draw(app, &shown.patch, rows.get(at), side, buf);
    }
    cursor
}
