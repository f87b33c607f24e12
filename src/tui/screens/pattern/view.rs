//! How patterns look: the list of them, the grid of the one in focus with its play-head, and its text.
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::dsp::euclid::{is_hit, rhythm};
use crate::dsp::swing::Swing;
use crate::modules::notation::DRUMS;
use crate::modules::spec::{OptionValue, ParamValue};
use crate::patch::Node;
use crate::patch::value::{format_value, length_text};
use crate::tui::app::App;
use crate::tui::options::Glyphs;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::sounding::moment;
use crate::tui::theme::Role;

use super::words::Words;
use super::{Shape, here, is_muted, kit, modules, patch, rows, text, words};

/// Marks that have another form where fonts have few glyphs.
struct Signs {
    focus: &'static str,
    plays: &'static str,
    hit: &'static str,
    soft: &'static str,
    none: &'static str,
    beat: &'static str,
    line: &'static str,
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
        draw_list(app, &node, list, buf);
    }
    let cursor = draw_grid(app, &node, shape, grid, buf);
    if below > 0 {
        draw_text(app, &node, shape, lower, buf);
    }
    cursor
}

fn draw_list(app: &App, focus: &Node, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let labels = Labels {
        title: "patterns",
        title_style: theme.style(Role::Text).add_modifier(Modifier::BOLD),
        foot: "Tab next",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let signs = signs(app);
    let patch = patch(app);
    let all = patch.iter().flat_map(|p| modules(p));
    for (row, node) in (0..inner.height).zip(all) {
        let here = node.name == focus.name;
        if here {
            let line = Rect::new(inner.x, inner.y + row, inner.width, 1);
            buf.set_style(line, theme.raised());
        }
        let mut pen = Pen::row(buf, inner, row);
        pen.text(
            if here { signs.focus } else { " " },
            theme.style(Role::Focus),
        );
        pen.cell(&node.name, 8, theme.style(Role::Text));
        let (word, role) = match (is_muted(node), sounding(app, node)) {
            (true, _) => ("muted".to_owned(), Role::Failed),
            (false, words) if words.is_empty() => (node.spec.kind.to_owned(), Role::Muted),
            (false, words) => (words.join(" "), Role::Live),
        };
        pen.gap(1)
            .cell(word, inner.width.saturating_sub(10), theme.style(role));
    }
}

/// The words of a module that sound.
fn sounding(app: &App, node: &Node) -> Vec<String> {
    let parts = app.sounding.playing(app, node).into_iter();
    let word = |part: crate::modules::playing::Part| {
        let text = text(node, part.option);
        let chars = text.chars().skip(part.chars.start).take(part.chars.len());
        chars.collect()
    };
    parts.map(word).collect()
}

/// "seq: Seq  1/16  8 steps"
fn title(node: &Node, shape: Shape) -> String {
    let lengths = node.options.iter().filter_map(|o| match o {
        OptionValue::Length(beats) => Some(length_text(*beats as f32)),
        _ => None,
    });
    let length = lengths.collect::<Vec<_>>().join(" ");
    let count = match shape {
        Shape::Rows { .. } => format!("  {}", crate::tui::words::count(rows(node, shape), "step")),
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
        Shape::Rows { option, notation } => draw_rows(
            app,
            node,
            option,
            &words(node, option, notation),
            inner,
            buf,
        ),
        Shape::Drums { option } => draw_drums(app, node, option, inner, buf),
        Shape::Rhythm => draw_rhythm(app, node, inner, buf),
    }
}

fn top(row: usize, count: usize, height: u16) -> usize {
    let height = usize::from(height);
    row.saturating_sub(height / 2)
        .min(count.saturating_sub(height))
}

fn draw_rows(
    app: &App,
    node: &Node,
    option: usize,
    all: &Words,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = &app.theme;
    let signs = signs(app);
    let count = all.places.len();
    let focus = app.pattern.row.min(count.saturating_sub(1));
    let playing = app.sounding.playing(app, node);
    let notes: Vec<Option<i32>> = (0..count).map(|n| all.note(n)).collect();
    let lowest = notes.iter().flatten().min().copied().unwrap_or(60);
    let highest = notes.iter().flatten().max().copied().unwrap_or(60);
    let mut cursor = None;
    let top = top(focus, count, area.height);
    for (row, n) in (0..area.height).zip(top..count) {
        let sounds = playing
            .iter()
            .any(|p| p.option == option && p.chars == all.places[n]);
        if n == focus {
            let line = Rect::new(area.x, area.y + row, area.width, 1);
            buf.set_style(line, theme.raised());
        }
        let mut pen = Pen::row(buf, area, row);
        pen.text(
            if sounds { signs.plays } else { " " },
            theme.style(Role::Live),
        );
        let role = if n == focus { Role::Text } else { Role::Muted };
        pen.text(format!("{:02}", n + 1), theme.style(role));
        let line = if n % 4 == 0 { signs.beat } else { signs.line };
        pen.text(line, theme.style(Role::Border)).gap(1);
        if n == focus {
            cursor = Some(Position::new(pen.x(), area.y + row));
        }
        let marks = all.marks(n);
        let word = all.word(n);
        let head = word[..word.len() - marks.len()].to_owned();
        let style = match (sounds, all.is_rest(n)) {
            (true, _) => theme.style(Role::Live).add_modifier(Modifier::REVERSED),
            (false, true) => theme.style(Role::Muted),
            (false, false) => theme.style(Role::Text),
        };
        let width = head.chars().count() as u16;
        pen.text(&head, style)
            .gap(9u16.saturating_sub(width).max(1));
        for mark in ['!', '~'] {
            let text = if marks.contains(mark) { mark } else { '.' };
            let role = if marks.contains(mark) {
                Role::Gate
            } else {
                Role::Muted
            };
            pen.text(text.to_string(), theme.style(role)).gap(1);
        }
        let more: String = marks.replace(['!', '~'], "");
        pen.gap(1)
            .cell(more, 12.min(area.width / 4), theme.style(Role::Cv));
        // The melody at a glance.
        let room = pen.room().saturating_sub(1);
        if let Some(midi) = notes[n].filter(|_| room >= 8) {
            let width = i32::from(room.min(48) - 1);
            let span = (highest - lowest).max(1);
            let place = (midi - lowest) * width / span;
            let role = if sounds { Role::Live } else { Role::Audio };
            pen.gap(place as u16).text(signs.hit, theme.style(role));
        }
    }
    cursor
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

fn draw_drums(
    app: &App,
    node: &Node,
    option: usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = &app.theme;
    let signs = signs(app);
    let text = text(node, option);
    let kit = kit::Kit::read(&text)?;
    let now = cycles(app, node);
    let cycle = now.map_or(0, |c| c.floor() as i64);
    let column = now.map(|c| ((c - c.floor()) * kit.columns as f64) as usize);
    let focus_row = app.pattern.row.min(DRUMS.len() - 1);
    let focus_column = app.pattern.column.min(kit.columns - 1);
    let names = 4;
    let room = area.width.saturating_sub(names + 4);
    let wide = (room / kit.columns as u16).clamp(1, 3);
    let shown = usize::from(room / wide).min(kit.columns);
    let first = focus_column
        .saturating_sub(shown / 2)
        .min(kit.columns - shown);
    let mut cursor = None;
    let rows = area.height.min(DRUMS.len() as u16);
    let top = top(focus_row, DRUMS.len(), rows);
    for (row, lane) in (0..rows).zip(top..DRUMS.len()) {
        let muted = kit::muted(&text, lane);
        if lane == focus_row {
            let line = Rect::new(area.x, area.y + row, area.width, 1);
            buf.set_style(line, theme.raised());
        }
        let mut pen = Pen::row(buf, area, row);
        let role = match (muted, kit.plays(lane)) {
            (true, _) => Role::Failed,
            (false, true) => Role::Text,
            (false, false) => Role::Muted,
        };
        let mark = match (muted, lane == focus_row) {
            (true, _) => "m",
            (false, true) => signs.focus,
            (false, false) => " ",
        };
        pen.text(
            mark,
            theme.style(if muted { Role::Failed } else { Role::Focus }),
        );
        pen.cell(DRUMS[lane].0, names, theme.style(role));
        for at in first..first + shown {
            let gap = if at % 4 == 0 { signs.line } else { " " };
            if wide > 1 {
                pen.text(gap, theme.style(Role::Border));
            }
            let cell = kit.cell(lane, at, cycle);
            let playing = column == Some(at);
            let (sign, role) = match cell {
                Some(cell) if cell.velocity < 0.75 => (signs.soft, Role::Gate),
                Some(cell) if cell.sometimes => (signs.hit, Role::Cv),
                Some(_) => (signs.hit, Role::Audio),
                None => (signs.none, Role::Muted),
            };
            let role = match (playing && cell.is_some(), muted) {
                (_, true) => Role::Muted,
                (true, false) => Role::Live,
                (false, false) => role,
            };
            let mut style = theme.style(role);
            if playing {
                style = style.add_modifier(Modifier::REVERSED);
            }
            if lane == focus_row && at == focus_column {
                style = style.add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
                cursor = Some(Position::new(pen.x(), area.y + row));
            }
            pen.text(sign, style).gap(wide.saturating_sub(2));
        }
    }
    cursor
}

fn draw_rhythm(app: &App, node: &Node, area: Rect, buf: &mut Buffer) -> Option<Position> {
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

/// The notation, with what sounds in it and the word in focus.
fn draw_text(app: &App, node: &Node, shape: Shape, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let (option, focus) = match shape {
        Shape::Rows { option, notation } => {
            let all = words(node, option, notation);
            let n = app.pattern.row.min(all.places.len().saturating_sub(1));
            (option, all.places.get(n).cloned())
        }
        Shape::Drums { option } => (option, None),
        Shape::Rhythm => return,
    };
    let title = node.spec.options[option].name;
    let labels = Labels {
        title,
        title_style: theme.style(Role::Muted),
        foot: "E edits it",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let width = usize::from(inner.width.saturating_sub(2)).max(1);
    let playing = app.sounding.playing(app, node);
    let chars: Vec<char> = text(node, option).chars().collect();
    // A text that is too long follows the word in focus.
    let rows = usize::from(inner.height);
    let at = focus.as_ref().map_or(0, |f| f.start / width);
    let first = at.saturating_sub(rows.saturating_sub(1)) * width;
    for (i, c) in chars.iter().enumerate().skip(first) {
        let (x, y) = ((i - first) % width, (i - first) / width);
        if y >= rows {
            break;
        }
        let within = |p: &std::ops::Range<usize>| p.contains(&i);
        let sounds = playing
            .iter()
            .any(|p| p.option == option && within(&p.chars));
        let mut style = theme.style(if sounds { Role::Live } else { Role::SynString });
        if sounds {
            style = style.add_modifier(Modifier::REVERSED);
        }
        if focus.as_ref().is_some_and(within) {
            style = style.add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        }
        let place = Position::new(inner.x + 1 + x as u16, inner.y + y as u16);
        if let Some(cell) = buf.cell_mut(place) {
            cell.set_char(*c).set_style(style);
        }
    }
}
