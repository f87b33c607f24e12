//! One module in the middle: what it hears at its left, what hears it at its right, a line for each cable.
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::modules::spec::Signal;
use crate::patch::value::format_value;
use crate::patch::{Cable, Patch};
use crate::tui::app::App;
use crate::tui::difference;
use crate::tui::panels::rails::role_of;
use crate::tui::pen::{Pen, clip, columns};
use crate::tui::screens::patch::cables::near;
use crate::tui::screens::patch::knobs::value_of;
use crate::tui::screens::patch::rows::option_text;
use crate::tui::screens::patch::{Field, Row};
use crate::tui::theme::Role;

/// A line: a row of the module, and one of its cables; `first` has the row's name.
struct Line {
    row: usize,
    cable: Option<Cable>,
    first: bool,
}

pub fn draw(
    app: &App,
    patch: &Patch,
    rows: &[Row],
    at: usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = &app.theme;
    let node = rows.get(at)?.node;
    let module = &patch.modules[node];
    let mut lines = Vec::new();
    for (i, row) in rows.iter().enumerate().filter(|(_, r)| r.node == node) {
        let cables = near(patch, *row);
        let count = cables.len().max(1);
        for n in 0..count {
            lines.push(Line {
                row: i,
                cable: cables.get(n).copied(),
                first: n == 0,
            });
        }
    }
    let middle = (area.width * 9 / 20).clamp(16, 30).min(area.width);
    let side = (area.width - middle) / 2;
    let head = format!("{}: {}", module.name, module.spec.kind);
    let place = format!("{}/{}", node + 1, patch.modules.len());
    let mut pen = Pen::row(buf, area, 0);
    pen.gap(1).text("Tab ▸ next", theme.style(Role::Muted));
    pen.to(area.x + side + 1).text(
        clip(&head, usize::from(middle)),
        theme.style(Role::Focus).add_modifier(Modifier::BOLD),
    );
    pen.right(&format!("{place} "), theme.style(Role::Muted));
    let body = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let room = usize::from(body.height);
    let here = lines.iter().position(|l| l.row == at).unwrap_or(0);
    let top = here
        .saturating_sub(room / 2)
        .min(lines.len().saturating_sub(room));
    let mut cursor = None;
    for (y, line) in (0..body.height).zip(&lines[top..]) {
        let row = rows[line.row];
        let focused = line.row == at;
        let inside = Rect::new(body.x + side, body.y + y, middle, 1);
        if focused {
            buf.set_style(inside, theme.raised());
            if line.first {
                cursor = Some(Position::new(inside.x, inside.y));
            }
        }
        if line.first {
            centre(app, patch, row, focused, inside, buf);
        }
        let Some(cable) = line.cable else { continue };
        let signal = patch.modules[cable.from.node].spec.outputs[cable.from.port].signal;
        let role = match focused {
            true => Role::Focus,
            false => role_of(signal),
        };
        let times = difference::amount(patch, &cable).map_or(String::new(), |a| format!(" *{a}"));
        let late = if cable.feedback { " ~" } else { "" };
        let level = crate::tui::levels::text(app, patch, cable.from);
        let style = theme.style(role);
        if row.source().is_none() {
            let name = difference::source(patch, cable.from);
            let text = format!("{name}{times}{late}");
            let left = Rect::new(body.x, body.y + y, side, 1);
            let width = columns(&text).min(side.saturating_sub(4));
            let start = left.right().saturating_sub(width + 4);
            let mut pen = Pen::row(buf, left, 0);
            if start > left.x + columns(&level) {
                pen.text(&level, theme.style(Role::Muted));
            }
            pen.to(start.max(left.x));
            pen.text(clip(&text, usize::from(width)), style)
                .gap(1)
                .text(stroke(signal), style);
        } else {
            let name = difference::target(patch, cable.to);
            let right = Rect::new(inside.right(), body.y + y, area.width - side - middle, 1);
            let mut pen = Pen::row(buf, right, 0);
            pen.text(stroke(signal), style).gap(1);
            pen.text(format!("{name}{times}{late}"), style);
            pen.right(&format!("{level} "), theme.style(Role::Muted));
        }
    }
    cursor
}

fn stroke(signal: Signal) -> &'static str {
    match signal {
        Signal::Audio => "━▶",
        Signal::Gate => "┄▶",
        Signal::Pitch | Signal::Cv => "─▶",
    }
}

/// The row itself: inputs at the left of the box, outputs at its right.
fn centre(app: &App, patch: &Patch, row: Row, focused: bool, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let node = &patch.modules[row.node];
    let spec = node.spec;
    let mut pen = Pen::row(buf, area, 0);
    pen.text(if focused { "▸" } else { "│" }, theme.style(Role::Focus));
    let text = theme.style(Role::Text);
    match row.field {
        Field::In(i) => {
            let port = &spec.inputs[i];
            pen.text("◀ ", theme.style(role_of(port.signal)));
            pen.text(port.name, text);
        }
        Field::Param(i) => {
            pen.text("● ", theme.style(Role::Cv))
                .text(spec.params[i].name, text);
            let value = format_value(&spec.params[i], value_of(app, node, i));
            pen.right(&format!("{value} │"), theme.style(Role::SynNumber));
            return;
        }
        Field::Choice(i) => {
            pen.text("▪ ", theme.style(Role::Muted))
                .text(spec.options[i].name, text);
            let room = usize::from(pen.room().saturating_sub(4));
            let value = clip(&option_text(node, i), room);
            pen.right(&format!("{value} │"), theme.style(Role::SynString));
            return;
        }
        Field::Out(i) => {
            let port = &spec.outputs[i];
            pen.right("○", theme.style(role_of(port.signal)));
            pen.right(&format!("{} ", port.name), text);
            return;
        }
    }
    pen.right("│", theme.style(Role::Focus));
}
