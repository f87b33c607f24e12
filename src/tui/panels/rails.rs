//! Modules with a row for each port and knob, and the cables between them as rails, like the graph of a version history.
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::modules::spec::Signal;
use crate::patch::value::format_value;
use crate::patch::{Input, Patch, Source};
use crate::tui::app::App;
use crate::tui::pen::{Pen, clip};
use crate::tui::screens::patch::{Field, Row, option_text, value_of};
use crate::tui::theme::Role;

/// Columns before the rails: mark, name, kind, field with its value, port.
const NAME: u16 = 7;
const KIND: u16 = 9;
const FIELD: u16 = 20;
/// Columns from one rail to the next.
const PITCH: u16 = 2;

/// All cables that leave one output: they share a rail.
struct Rail {
    source: Source,
    from: usize,
    to: Vec<usize>,
    lane: usize,
    signal: Signal,
}

impl Rail {
    fn top(&self) -> usize {
        self.to.iter().copied().fold(self.from, usize::min)
    }
    fn bottom(&self) -> usize {
        self.to.iter().copied().fold(self.from, usize::max)
    }
}

/// Whether a cable begins or ends at a field.
pub fn is_wired(patch: &Patch, node: usize, field: Field) -> bool {
    patch.cables.iter().any(|cable| match field {
        Field::Out(port) => cable.from == Source { node, port },
        Field::In(port) => cable.to.node == node && cable.to.input == Input::Port(port),
        Field::Param(param) => cable.to.node == node && cable.to.input == Input::Param(param),
        Field::Choice(_) => false,
    })
}

/// The rails between rows, each in a lane that no other crosses lengthwise.
fn rails(patch: &Patch, rows: &[Row]) -> Vec<Rail> {
    let row_of = |node: usize, field: Field| {
        rows.iter()
            .position(|row| row.node == node && row.field == field)
    };
    let mut rails: Vec<Rail> = Vec::new();
    for cable in &patch.cables {
        let to = match cable.to.input {
            Input::Port(port) => row_of(cable.to.node, Field::In(port)),
            Input::Param(param) => row_of(cable.to.node, Field::Param(param)),
        };
        let from = row_of(cable.from.node, Field::Out(cable.from.port));
        let (Some(from), Some(to)) = (from, to) else {
            continue;
        };
        match rails.iter_mut().find(|rail| rail.source == cable.from) {
            Some(rail) => rail.to.push(to),
            None => rails.push(Rail {
                source: cable.from,
                from,
                to: vec![to],
                lane: 0,
                signal: patch.modules[cable.from.node].spec.outputs[cable.from.port].signal,
            }),
        }
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

fn role_of(signal: Signal) -> Role {
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
    let legend = u16::from(area.height >= 8);
    let area_rows = usize::from(area.height - legend);
    if area_rows == 0 {
        return None;
    }
    let top = focus
        .saturating_sub(area_rows / 2)
        .min(rows.len().saturating_sub(area_rows));
    for (y, (i, row)) in (0..area.height - legend).zip(rows.iter().enumerate().skip(top)) {
        draw_row(app, patch, row, i == focus, area, y, buf);
    }
    let start = area.x + 1 + NAME + KIND + FIELD + 2;
    let visible = top..top + area_rows;
    // All that lies across first: what runs down bridges it.
    let rails = rails(patch, rows);
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
    Some(Position::new(area.x + 1 + NAME + KIND, y))
}

fn draw_row(
    app: &App,
    patch: &Patch,
    row: &Row,
    focused: bool,
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
        pen.cell(clip(&node.name, usize::from(NAME - 1)), NAME, bold);
        pen.cell(spec.kind, KIND, theme.style(Role::Muted));
    } else {
        pen.gap(NAME + KIND);
    }
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
    let label_style = match row.field {
        Field::Param(_) | Field::Choice(_) => theme.style(Role::Text),
        _ if wired => theme.style(Role::Text),
        _ => muted,
    };
    if value.is_empty() {
        pen.cell(label, FIELD, label_style);
    } else {
        let width = label.len().max(8) as u16 + 1;
        pen.cell(label, width, label_style);
        let style = match row.field {
            Field::Param(_) => theme.style(Role::SynNumber),
            _ => theme.style(Role::SynString),
        };
        pen.cell(value, FIELD.saturating_sub(width), style);
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
    visible: &std::ops::Range<usize>,
    start: u16,
    area: Rect,
    buf: &mut Buffer,
) {
    let x = start + 1 + rail.lane as u16 * PITCH;
    if x >= area.right() {
        return;
    }
    let [across, down, from_above, from_below, both] = strokes(rail.signal);
    let traced = rail.from == focus || rail.to.contains(&focus);
    let mut style = app.theme.style(role_of(rail.signal));
    if traced {
        style = app.theme.style(Role::Focus).add_modifier(Modifier::BOLD);
    }
    let (top, bottom) = (rail.top(), rail.bottom());
    for row in top.max(visible.start)..=bottom.min(visible.end.saturating_sub(1)) {
        let y = area.y + (row - visible.start) as u16;
        let ends_here = row == rail.from || rail.to.contains(&row);
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
        let rails = rails(&patch, &all);
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
        assert_eq!(rails(&patch, &wired).len(), 2);
    }
}
