//! How patterns look: the list of them, the grid of the one in focus with its play-head, and its text.
mod drums;
mod list;
mod notation;
mod rhythm;
mod rows;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::dsp::swing::Swing;
use crate::modules::spec::{OptionValue, ParamValue};
use crate::patch::Node;
use crate::patch::value::length_text;
use crate::tui::app::App;
use crate::tui::options::Glyphs;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::sounding::moment;
use crate::tui::theme::Role;

use super::{Shape, here, is_muted, patch, words};

/// Marks that have another form where fonts have few glyphs.
pub struct Signs {
    pub focus: &'static str,
    pub plays: &'static str,
    pub hit: &'static str,
    pub soft: &'static str,
    pub none: &'static str,
    pub beat: &'static str,
    pub line: &'static str,
}

fn signs(app: &App) -> Signs {
    match app.options.glyphs {
        Glyphs::Ascii => Signs {
            focus: ">",
            plays: "*",
            hit: "x",
            soft: "o",
            none: ".",
            beat: "+",
            line: "|",
        },
        _ => Signs {
            focus: "▸",
            plays: "▶",
            hit: "●",
            soft: "○",
            none: "·",
            beat: "┃",
            line: "│",
        },
    }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let Some((node, shape)) = here(app) else {
        let labels = Labels {
            title: "patterns",
            title_style: app.theme.style(Role::Text),
            ..Labels::default()
        };
        let inner = panel(buf, area, &app.theme, &labels);
        Pen::row(buf, inner, 0).gap(1).text(
            "No pattern here. On the Patch screen (2) a adds Seq, Euclid, Pattern or Drums.",
            app.theme.style(Role::Muted),
        );
        return None;
    };
    let side = match area.width {
        0..=59 => 0,
        60..=99 => 22,
        width => (width / 4).min(44),
    };
    let has_text = shape != Shape::Rhythm;
    let below = match area.height {
        0..=9 => 0,
        10..=15 => 3,
        _ => 4,
    };
    let below = if has_text { below } else { 0 };
    let list = Rect {
        width: side,
        height: area.height - below,
        ..area
    };
    let grid = Rect {
        x: area.x + side,
        width: area.width - side,
        ..list
    };
    let lower = Rect {
        y: list.bottom(),
        height: below,
        ..area
    };
    if side > 0 {
        list::draw(app, &node, list, buf);
    }
    let cursor = draw_grid(app, &node, shape, grid, buf);
    if below > 0 {
        notation::draw(app, &node, shape, lower, buf);
    }
    cursor
}

/// "seq: Seq  1/16  8 steps"
fn title(node: &Node, shape: Shape) -> String {
    let lengths = node.options.iter().filter_map(|o| match o {
        OptionValue::Length(beats) => Some(length_text(*beats as f32)),
        _ => None,
    });
    let length = lengths.collect::<Vec<_>>().join(" ");
    let count = match shape {
        Shape::Rows { .. } => format!(
            "  {}",
            crate::tui::words::count(super::rows(node, shape), "step")
        ),
        _ => String::new(),
    };
    let mute = if is_muted(node) { "  MUTED" } else { "" };
    let moved = node.spec.param("transpose").map(|p| node.params[p]);
    let moved = match moved {
        Some(ParamValue::Fixed(st)) if st != 0.0 => format!("  {st:+.0} st"),
        _ => String::new(),
    };
    format!(
        "{}: {}  {length}{count}{moved}{mute}",
        node.name, node.spec.kind
    )
}

fn draw_grid(
    app: &App,
    node: &Node,
    shape: Shape,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = &app.theme;
    let title = title(node, shape);
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Text).add_modifier(Modifier::BOLD),
        foot: app.pattern.hear.when.words(),
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    match shape {
        Shape::Rows { option, notation } => rows::draw(
            app,
            node,
            option,
            &words(node, option, notation),
            inner,
            buf,
        ),
        Shape::Drums { option } => drums::draw(app, node, option, inner, buf),
        Shape::Rhythm => rhythm::draw(app, node, inner, buf),
    }
}

fn top(row: usize, count: usize, height: u16) -> usize {
    let height = usize::from(height);
    row.saturating_sub(height / 2)
        .min(count.saturating_sub(height))
}

/// Where a module is in its cycle, in cycles.
fn cycles(app: &App, node: &Node) -> Option<f64> {
    let patch = patch(app).filter(|_| app.view.playing)?;
    let at = moment(app, &patch, node);
    let length = node.options.iter().find_map(|o| match o {
        OptionValue::Length(beats) if *beats > 0.0 => Some(*beats),
        _ => None,
    })?;
    let swing = Swing::new(f64::from(at.own_swing) + at.swing.late, at.swing.grid);
    Some(swing.position_at(at.beat) / length)
}
