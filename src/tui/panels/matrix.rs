//! The pin matrix: outputs down, inputs across, a pin where they are wired. Best for many modules.
use std::collections::{HashMap, HashSet};

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::patch::edit::{Edit, source_text, target_text};
use crate::patch::{Cable, Input, Patch, Source, Target};
use crate::tui::app::App;
use crate::tui::difference;
use crate::tui::panels::rails::role_of;
use crate::tui::pen::{Pen, clip, columns};
use crate::tui::screens::patch::rows::{Row, rows};
use crate::tui::screens::patch::{edits, shown, wiring};
use crate::tui::theme::Role;

/// Columns of a pin.
const PIN: u16 = 2;

/// What the matrix is made of: all outputs; all input ports, and the knobs that a cable moves.
struct Grid {
    sources: Vec<Source>,
    targets: Vec<Target>,
    pins: HashMap<(Source, Target), Cable>,
}

impl Grid {
    fn of(patch: &Patch, wired_only: bool) -> Self {
        let all = rows(patch, false);
        let cables = || patch.cables.iter();
        let from: HashSet<Source> = cables().map(|c| c.from).collect();
        let to: HashSet<Target> = cables().map(|c| c.to).collect();
        let sources = all.iter().filter_map(Row::source);
        let targets = all.iter().filter_map(Row::target);
        Self {
            sources: sources
                .filter(|s| !wired_only || from.contains(s))
                .collect(),
            targets: targets
                .filter(|t| {
                    let port = matches!(t.input, Input::Port(_));
                    (port && !wired_only) || to.contains(t)
                })
                .collect(),
            pins: cables().map(|c| ((c.from, c.to), *c)).collect(),
        }
    }

    /// The pin in focus, within the matrix.
    fn pin(&self, pin: (usize, usize)) -> Option<(usize, usize)> {
        let last = (
            self.sources.len().checked_sub(1)?,
            self.targets.len().checked_sub(1)?,
        );
        Some((pin.0.min(last.0), pin.1.min(last.1)))
    }

    fn cable(&self, pin: (usize, usize)) -> Option<Cable> {
        let ends = (self.sources[pin.0], self.targets[pin.1]);
        self.pins.get(&ends).copied()
    }
}

pub fn move_pin(app: &mut App, rows: isize, across: isize) {
    let Some(shown) = shown(app) else { return };
    let grid = Grid::of(&shown.patch, app.patch.wired_only);
    let Some((row, column)) = grid.pin(app.patch.pin) else {
        return;
    };
    let moved = |at: usize, by: isize, count: usize| {
        (at as isize)
            .saturating_add(by)
            .clamp(0, count as isize - 1) as usize
    };
    let pin = (
        moved(row, rows, grid.sources.len()),
        moved(column, across, grid.targets.len()),
    );
    app.patch.pin = pin;
    // The inspector shows where the pin leads.
    let target = grid.targets[pin.1];
    let name = shown.patch.modules[target.node].name.clone();
    let field = crate::tui::screens::patch::rows::field_of(target.input);
    app.patch.focus_on(&name, field);
}

/// Sets the pin in focus, or pulls it.
pub fn toggle(app: &mut App) {
    let Some(shown) = shown(app) else { return };
    let patch = &shown.patch;
    let grid = Grid::of(patch, app.patch.wired_only);
    let Some(pin) = grid.pin(app.patch.pin) else {
        return app.say("Nothing to wire yet: a adds a module");
    };
    if let Some(cable) = grid.cable(pin) {
        return wiring::cut_cable(app, patch, cable);
    }
    let (from, to) = (grid.sources[pin.0], grid.targets[pin.1]);
    let feedback = crate::tui::screens::patch::cables::closes_loop(patch, from.node, to.node);
    edits::send(
        app,
        Edit::Wire {
            from: source_text(patch, from),
            to: target_text(patch, to),
            amount: None,
            feedback,
        },
    );
}

pub fn draw(app: &App, patch: &Patch, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let grid = Grid::of(patch, app.patch.wired_only);
    let Some(pin) = grid.pin(app.patch.pin) else {
        Pen::row(buf, area, 0).gap(1).text(
            "No outputs and inputs to wire yet.",
            theme.style(Role::Muted),
        );
        return None;
    };
    let label = |s: &Source| difference::source(patch, *s);
    let head = |t: &Target| difference::target(patch, *t);
    let left = grid.sources.iter().map(|s| columns(&label(s))).max();
    let left = left.unwrap_or(4).min(area.width / 3).max(4) + 2;
    // Names of inputs run down; the pin in focus says its own in full below.
    let longest = grid.targets.iter().map(|t| columns(&head(t))).max();
    let tall = longest.unwrap_or(1).min(area.height / 3);
    let pins = Rect {
        x: area.x + left,
        y: area.y + tall,
        width: area.width.saturating_sub(left),
        height: area.height.saturating_sub(tall + 1),
    };
    let (room_x, room_y) = (usize::from(pins.width / PIN), usize::from(pins.height));
    if room_x == 0 || room_y == 0 {
        return None;
    }
    let first = |at: usize, room: usize, count: usize| {
        at.saturating_sub(room / 2).min(count.saturating_sub(room))
    };
    let (top, from) = (
        first(pin.0, room_y, grid.sources.len()),
        first(pin.1, room_x, grid.targets.len()),
    );
    for (x, (column, target)) in (0..room_x).zip(grid.targets.iter().enumerate().skip(from)) {
        let style = match column == pin.1 {
            true => theme.style(Role::Focus).add_modifier(Modifier::BOLD),
            false => theme.style(Role::Muted),
        };
        // The end of a name tells more than its beginning: the port stands there.
        let name: Vec<char> = head(target).chars().collect();
        let shown = &name[name.len().saturating_sub(usize::from(tall))..];
        for (y, c) in shown.iter().enumerate() {
            let y = area.y + tall - shown.len() as u16 + y as u16;
            buf[(pins.x + x as u16 * PIN, y)]
                .set_char(*c)
                .set_style(style);
        }
    }
    let mut cursor = None;
    for (y, (row, source)) in (0..pins.height).zip(grid.sources.iter().enumerate().skip(top)) {
        let signal = patch.modules[source.node].spec.outputs[source.port].signal;
        let mut pen = Pen::row(
            buf,
            Rect {
                y: pins.y,
                height: pins.height,
                ..area
            },
            y,
        );
        let here = row == pin.0;
        pen.text(if here { "▸" } else { " " }, theme.style(Role::Focus));
        let name = clip(&label(source), usize::from(left - 2));
        pen.cell(name, left - 1, theme.style(role_of(signal)));
        for x in 0..room_x.min(grid.targets.len() - from) {
            let at = (row, from + x);
            let cable = grid.cable(at);
            let (mut symbol, mut style) = match cable {
                Some(c) if c.feedback => ("◍", theme.style(role_of(signal))),
                Some(_) => ("●", theme.style(role_of(signal))),
                None if here || at.1 == pin.1 => ("·", theme.style(Role::Focus)),
                None => ("·", theme.style(Role::Border)),
            };
            let position = Position::new(pins.x + x as u16 * PIN, pins.y + y);
            if at == pin {
                cursor = Some(position);
                style = theme.style(Role::Selection);
                symbol = if cable.is_some() { "●" } else { "○" };
            }
            buf[position].set_symbol(symbol).set_style(style);
        }
    }
    let foot = Rect {
        y: area.bottom().saturating_sub(1),
        height: 1,
        ..area
    };
    let (source, target) = (&grid.sources[pin.0], &grid.targets[pin.1]);
    let mut pen = Pen::row(buf, foot, 0);
    pen.gap(1);
    match grid.cable(pin) {
        Some(cable) => {
            let level = crate::tui::levels::text(app, patch, cable.from);
            let text = format!("{}  {level}", difference::cable(patch, &cable));
            pen.text(text, theme.style(Role::Text));
            pen.right("Enter pulls it, * amount ", theme.style(Role::Muted));
        }
        None => {
            let text = format!("{} > {}", label(source), head(target));
            pen.text(text, theme.style(Role::Muted));
            pen.right("Enter wires it ", theme.style(Role::Muted));
        }
    }
    cursor
}
