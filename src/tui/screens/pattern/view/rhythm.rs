//! A rhythm of hits among steps, and its knobs.
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::dsp::euclid::{is_hit, rhythm};
use crate::modules::spec::ParamValue;
use crate::patch::Node;
use crate::patch::value::format_value;
use crate::tui::app::App;
use crate::tui::pen::Pen;
use crate::tui::theme::Role;

use super::{cycles, signs, top};

pub(super) fn draw(app: &App, node: &Node, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let signs = signs(app);
    let whole = |name: &str| match node.spec.param(name).map(|p| node.params[p]) {
        Some(ParamValue::Fixed(value)) => value.round() as i64,
        _ => 0,
    };
    let steps = whole("steps").clamp(1, 32);
    let hits = whole("hits").clamp(0, steps);
    let bits = rhythm(hits as usize, steps as usize);
    let number = cycles(app, node).map(|c| (c.floor() as i64).rem_euclid(steps));
    let mut pen = Pen::row(buf, area, 0);
    pen.gap(2);
    let wide = if area.width > 2 * 32 + 4 { 2 } else { 1 };
    for step in 0..steps {
        let hit = is_hit(bits, steps as usize, whole("turn"), step);
        let (sign, role) = match hit {
            true => (signs.hit, Role::Audio),
            false => (signs.none, Role::Muted),
        };
        let playing = number == Some(step);
        let mut style = theme.style(if playing && hit { Role::Live } else { role });
        if playing {
            style = style.add_modifier(Modifier::REVERSED);
        }
        pen.text(sign, style).gap(wide - 1);
    }
    let mut cursor = None;
    let list = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    let focus = app.pattern.row.min(node.spec.params.len() - 1);
    let first = top(focus, node.spec.params.len(), list.height);
    for (row, param) in (0..list.height).zip(first..node.spec.params.len()) {
        let spec = &node.spec.params[param];
        let here = param == focus;
        if here {
            buf.set_style(
                Rect::new(list.x, list.y + row, list.width, 1),
                theme.raised(),
            );
            cursor = Some(Position::new(list.x + 12, list.y + row));
        }
        Pen::row(buf, list, row)
            .text(
                if here { signs.focus } else { " " },
                theme.style(Role::Focus),
            )
            .cell(spec.name, 10, theme.style(Role::Text))
            .gap(1)
            .cell(
                format_value(spec, node.params[param]),
                8,
                theme.style(Role::Cv),
            )
            .text(spec.doc, theme.style(Role::Muted));
    }
    cursor
}
