//! The patterns of the patch, with what sounds in each.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::patch::Node;
use crate::tui::app::App;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::screens::pattern::{is_muted, modules, patch, text};
use crate::tui::theme::Role;

use super::signs;

pub(super) fn draw(app: &App, focus: &Node, area: Rect, buf: &mut Buffer) {
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
