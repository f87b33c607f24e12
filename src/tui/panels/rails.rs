//! Modules with a row for each port and knob, and the cables between them as rails, like the graph of a version history.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::modules::spec::Signal;
use crate::patch::value::format_value;
use crate::patch::{Patch, Source};
use crate::tui::app::App;
use crate::tui::levels;
use crate::tui::mouse::Spot;
use crate::tui::pen::{Pen, clip};
use crate::tui::screens::patch::cables::{is_wired, near, traced};
use crate::tui::screens::patch::knobs::value_of;
use crate::tui::screens::patch::rows::{field_of, option_text};
use crate::tui::screens::patch::{Field, Row};
use crate::tui::theme::Role;

/// Columns before the rails, behind the mark: name, kind, field with its value; the port follows.
#[derive(Clone, Copy)]
struct Columns {
    name: u16,
    kind: u16,
    field: u16,
}

impl Columns {
    /// What fits beside some rails.
    fn of(width: u16) -> Self {
        let (name, kind, field) = match width {
            0..=43 => (5, 0, 17),
            44..=69 => (7, 7, 20),
            _ => (11, 9, 26),
        };
        Self { name, kind, field }
    }

    fn rails(self) -> u16 {
        1 + self.name + self.kind + self.field + 2
    }
}

/// More rails than this are only given lanes where they are seen.
const MOST_LANED: usize = 300;
/// Columns from one rail to the next.
const PITCH: u16 = 2;

/// All cables that leave one output: they share a rail.
struct Rail {
    from: usize,
    to: Vec<usize>,
    lane: usize,
    signal: Signal,
    /// Rows of cables that the trace goes through; the source's own, where it does.
    traced: Vec<usize>,
}

impl Rail {
    fn top(&self) -> usize {
        self.to.iter().copied().fold(self.from, usize::min)
    }
    fn bottom(&self) -> usize {
        self.to.iter().copied().fold(self.from, usize::max)
    }
}

/// The rails between rows, each in a lane that no other crosses lengthwise.
fn rails(patch: &Patch, rows: &[Row], traced: &[bool], visible: &Range<usize>) -> Vec<Rail> {
    let numbered = rows.iter().enumerate();
    let places: HashMap<(usize, Field), usize> = numbered
        .map(|(i, row)| ((row.node, row.field), i))
        .collect();
    let row_of = |node: usize, field: Field| places.get(&(node, field)).copied();
    let mut of_source: HashMap<Source, usize> = HashMap::new();
    let mut rails: Vec<Rail> = Vec::new();
    for (index, cable) in patch.cables.iter().enumerate() {
        let to = row_of(cable.to.node, field_of(cable.to.input));
        let from = row_of(cable.from.node, Field::Out(cable.from.port));
        let (Some(from), Some(to)) = (from, to) else {
            continue;
        };
        let on_trace = traced.get(index).copied().unwrap_or(false);
        let through: &[usize] = if on_trace { &[from, to] } else { &[] };
        match of_source.entry(cable.from) {
            Entry::Occupied(at) => {
                let rail = &mut rails[*at.get()];
                rail.to.push(to);
                rail.traced.extend(through);
            }
            Entry::Vacant(at) => {
                at.insert(rails.len());
                rails.push(Rail {
                    traced: through.to_vec(),
                    from,
                    to: vec![to],
                    lane: 0,
                    signal: patch.modules[cable.from.node].spec.outputs[cable.from.port].signal,
                });
            }
        }
    }
    // Of very many only those that are seen: to give each a lane takes the square of their number.
    if rails.len() > MOST_LANED {
        rails.retain(|rail| rail.top() < visible.end && visible.start <= rail.bottom());
    }
    // Short ones first, so that they stay close to their ports.
    rails.sort_by_key(|rail| (rail.bottom() - rail.top(), rail.top()));
    for i in 0..rails.len() {
        let (before, rest) = rails.split_at_mut(i);
        let rail = &mut rest[0];
        let taken = |lane: usize| {
            before
                .iter()
                .any(|o| o.lane == lane && o.top() <= rail.bottom() && rail.top() <= o.bottom())
        };
        rail.lane = (0..).find(|lane| !taken(*lane)).unwrap_or(0);
    }
    rails
}

pub fn role_of(signal: Signal) -> Role {
    match signal {
        Signal::Audio => Role::Audio,
        Signal::Gate => Role::Gate,
        Signal::Pitch | Signal::Cv => Role::Cv,
    }
}

/// Across and down; the corners that open to the left: from above, from below, from both.
fn strokes(signal: Signal) -> [&'static str; 5] {
    match signal {
        Signal::Audio => ["━", "┃", "┛", "┓", "┫"],
        Signal::Gate => ["┄", "┆", "┘", "┐", "┤"],
        Signal::Pitch | Signal::Cv => ["─", "│", "┘", "┐", "┤"],
    }
}

/// Draws the rows around the one in focus; returns where the cursor parks.
pub fn draw(
    app: &App,
    patch: &Patch,
    rows: &[Row],
    focus: usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let columns = Columns::of(area.width);
    let traced = match (app.patch.trace, rows.get(focus)) {
        (true, Some(row)) => traced(patch, *row),
        _ => Vec::new(),
    };
    let legend = u16::from(area.height >= 8);
    let area_rows = usize::from(area.height - legend);
    if area_rows == 0 {
        return None;
    }
    let knobs = area.x + 1 + columns.name + columns.kind;
    let list = Rect {
        height: area.height - legend,
        ..area
    };
    let knobs = knobs..knobs + columns.field;
    let top = app.patch.window.draw(focus, rows.len(), list, knobs);
    for (y, (i, row)) in (0..area.height - legend).zip(rows.iter().enumerate().skip(top)) {
        app.spots.note(
            Rect::new(area.x, area.y + y, area.width, 1),
            Spot::Row(*row),
        );
        draw_row(app, patch, row, i == focus, columns, area, y, buf);
    }
    let start = area.x + columns.rails();
    let visible = top..top + area_rows;
    // All that lies across first: what runs down bridges it.
    let rails = rails(patch, rows, &traced, &visible);
    for part in [Part::Across, Part::Down] {
        for rail in &rails {
            draw_rail(app, rail, part, focus, &visible, start, area, buf);
        }
    }
    if legend > 0 {
        let muted = app.theme.style(Role::Muted);
        let mut pen = Pen::row(buf, area, area.height - 1);
        pen.gap(1);
        for (text, role) in [
            ("━ audio ", Role::Audio),
            ("─ cv ", Role::Cv),
            ("┄ gate ", Role::Gate),
        ] {
            pen.text(text, app.theme.style(role));
        }
        pen.text("○ out ◀ in ● knob", muted);
        let place = format!("{}/{} ", focus + 1, rows.len());
        pen.right(&place, muted);
    }
    let y = area.y + (focus - top) as u16;
    Some(Position::new(area.x + 1 + columns.name + columns.kind, y))
}

#[allow(clippy::too_many_arguments)]
fn draw_row(
    app: &App,
    patch: &Patch,
    row: &Row,
    focused: bool,
    columns: Columns,
    area: Rect,
    y: u16,
    buf: &mut Buffer,
) {
    let theme = &app.theme;
    let node = &patch.modules[row.node];
    let spec = node.spec;
    if focused {
        let whole = Rect::new(area.x, area.y + y, area.width, 1);
        buf.set_style(whole, theme.raised());
    }
    let mut pen = Pen::row(buf, area, y);
    pen.text(if focused { "▸" } else { " " }, theme.style(Role::Focus));
    if row.first {
        let bold = theme.style(Role::Text).add_modifier(Modifier::BOLD);
        let name = clip(&node.name, usize::from(columns.name - 1));
        pen.cell(name, columns.name, bold);
        let kind = clip(spec.kind, usize::from(columns.kind.saturating_sub(1)));
        pen.cell(kind, columns.kind, theme.style(Role::Muted));
    } else {
        pen.gap(columns.name + columns.kind);
    }
    let field = columns.field;
    let muted = theme.style(Role::Muted);
    let wired = is_wired(patch, row.node, row.field);
    let (label, value, mark, role) = match row.field {
        Field::In(i) => {
            let port = &spec.inputs[i];
            let mark = if wired { "◀" } else { "◁" };
            (port.name, String::new(), mark, role_of(port.signal))
        }
        Field::Param(i) => {
            let value = format_value(&spec.params[i], value_of(app, node, i));
            let mark = if wired { "◀" } else { "●" };
            let role = if wired { Role::Cv } else { Role::Border };
            (spec.params[i].name, value, mark, role)
        }
        Field::Choice(i) => (spec.options[i].name, option_text(node, i), " ", Role::Text),
        Field::Out(i) => {
            let port = &spec.outputs[i];
            (port.name, String::new(), "○", role_of(port.signal))
        }
    };
    // The level of what leaves, and of what arrives by a port's only cable.
    let source = match row.field {
        Field::Param(_) | Field::Choice(_) => None,
        _ => match near(patch, *row).as_slice() {
            [cable] => Some(cable.from),
            _ => row.source(),
        },
    };
    let level = source.map_or(String::new(), |s| levels::text(app, patch, s));
    let label_style = match row.field {
        Field::Param(_) | Field::Choice(_) => theme.style(Role::Text),
        _ if wired => theme.style(Role::Text),
        _ => muted,
    };
    if !level.is_empty() {
        let width = field
            .saturating_sub(13)
            .max(label.len() as u16 + 1)
            .min(field);
        pen.cell(label, width, label_style);
        pen.cell(level, field - width, theme.style(Role::MeterLow));
    } else if value.is_empty() {
        pen.cell(label, field, label_style);
    } else {
        let width = label.len().max(8) as u16 + 1;
        pen.cell(label, width, label_style);
        let style = match row.field {
            Field::Param(_) => theme.style(Role::SynNumber),
            _ => theme.style(Role::SynString),
        };
        pen.cell(value, field.saturating_sub(width), style);
    }
    let style = if wired { theme.style(role) } else { muted };
    pen.gap(1).text(mark, style);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Across,
    Down,
}

#[allow(clippy::too_many_arguments)]
fn draw_rail(
    app: &App,
    rail: &Rail,
    part: Part,
    focus: usize,
    visible: &Range<usize>,
    start: u16,
    area: Rect,
    buf: &mut Buffer,
) {
    let x = start + 1 + rail.lane as u16 * PITCH;
    if x >= area.right() {
        return;
    }
    let [across, down, from_above, from_below, both] = strokes(rail.signal);
    let theme = &app.theme;
    let bold = |role: Role| theme.style(role).add_modifier(Modifier::BOLD);
    let touched = rail.from == focus || rail.to.contains(&focus);
    let style = match (app.patch.trace, touched) {
        // What the trace does not go through steps back.
        (true, _) if rail.traced.is_empty() => theme.style(Role::Border),
        (true, _) => bold(role_of(rail.signal)),
        (false, true) => bold(Role::Focus),
        (false, false) => theme.style(role_of(rail.signal)),
    };
    // Of a rail that goes on to others, only as far as the trace does.
    let off = |row: usize| {
        let ends = |f: fn(usize, usize) -> usize| rail.traced.iter().copied().reduce(f);
        let within = ends(usize::min).zip(ends(usize::max));
        app.patch.trace && within.is_some_and(|(top, bottom)| row < top || row > bottom)
    };
    let (top, bottom) = (rail.top(), rail.bottom());
    for row in top.max(visible.start)..=bottom.min(visible.end.saturating_sub(1)) {
        let y = area.y + (row - visible.start) as u16;
        let ends_here = row == rail.from || rail.to.contains(&row);
        let branch = app.patch.trace && ends_here && !rail.traced.contains(&row);
        let style = match off(row) || (branch && part == Part::Across) {
            true => theme.style(Role::Border),
            false => style,
        };
        match part {
            Part::Across if ends_here => {
                for cell_x in start..x {
                    buf[(cell_x, y)].set_symbol(across).set_style(style);
                }
            }
            Part::Across => {}
            Part::Down => {
                let cell = &mut buf[(x, y)];
                let crossing = matches!(cell.symbol(), "─" | "━" | "┄");
                let symbol = match (ends_here, row == top, row == bottom) {
                    (false, ..) if crossing && rail.signal == Signal::Audio => "╂",
                    (false, ..) if crossing => "┼",
                    (false, ..) => down,
                    (true, true, true) => across,
                    (true, true, false) => from_below,
                    (true, false, true) => from_above,
                    (true, false, false) => both,
                };
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::file::parse;
    use crate::tui::screens::patch::rows;

    #[test]
    fn rails_of_one_lane_never_overlap() {
        let text = r#"(modules: (
            a: Sine(), b: Sine(), c: Vca(), d: Vca(), e: Mix(), out: Out(),
        ), cables: ["a > c > e > out", "b > d > e", "a > b.freq", "b > c.cv", "d > c.cv", "a > d.cv"])"#;
        let parsed = parse(text, "test.ron");
        let patch = parsed
            .patch
            .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
        let all = rows(&patch, false);
        let rails = rails(&patch, &all, &[], &(0..all.len()));
        let ends: usize = rails.iter().map(|r| r.to.len()).sum();
        assert_eq!(ends, patch.cables.len());
        for (i, a) in rails.iter().enumerate() {
            for b in &rails[..i] {
                let apart = a.bottom() < b.top() || b.bottom() < a.top();
                assert!(a.lane != b.lane || apart);
            }
        }
    }

    #[test]
    fn hiding_what_is_not_wired_keeps_every_cable() {
        let text = r#"(modules: (a: Sine(), c: Vca(), out: Out()), cables: ["a > c > out"])"#;
        let patch = parse(text, "test.ron").patch.expect("a patch");
        let (all, wired) = (rows(&patch, false), rows(&patch, true));
        assert!(wired.len() < all.len());
        assert_eq!(rails(&patch, &wired, &[], &(0..99)).len(), 2);
    }
}
