//! The text of a pattern, with what sounds in it and the word in focus.
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::patch::Node;
use crate::tui::app::App;
use crate::tui::pen::{Labels, panel};
use crate::tui::screens::pattern::{Shape, text, words};
use crate::tui::theme::Role;

/// The notation, with what sounds in it and the word in focus.
pub(super) fn draw(app: &App, node: &Node, shape: Shape, area: Rect, buf: &mut Buffer) {
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
