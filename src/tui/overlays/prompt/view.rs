//! How the line looks.
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::modules::spec::OptionKind;
use crate::patch::value::{amount_hint, amount_text, bound};
use crate::tui::app::App;
use crate::tui::overlays::middle;
use crate::tui::pen::{Labels, Pen, panel, tail, wipe};
use crate::tui::theme::Role;

use super::answer::{complaint, fault};
use super::{Cabled, Prompt, Purpose};

pub fn draw(app: &App, prompt: &Prompt, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let wide = matches!(prompt.purpose, Purpose::Words { .. });
    let area = middle(area, if wide { 100 } else { 60 }, 5);
    wipe(buf, area, theme);
    let (title, hint) = heading(prompt);
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "Enter set  Esc leave",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let mut pen = Pen::row(buf, inner, 0);
    pen.gap(1).text("= ", theme.style(Role::Focus));
    let room = usize::from(pen.room().saturating_sub(1));
    let seen = tail(&prompt.line, room);
    let hidden = (prompt.line.chars().count()).saturating_sub(seen.chars().count());
    pen.text(seen, theme.style(Role::Text).add_modifier(Modifier::BOLD));
    let cursor = Position::new(pen.x().min(inner.right().saturating_sub(1)), inner.y);
    if let Purpose::Words {
        node,
        option,
        place,
    } = &prompt.purpose
        && let Some((at, _)) = fault(node, *option, place, &prompt.line)
    {
        let mut pen = Pen::row(buf, inner, 1);
        pen.gap(3 + at.saturating_sub(hidden) as u16)
            .text("^", theme.style(Role::DiagError));
    }
    let mut pen = Pen::row(buf, inner, 2);
    pen.gap(1);
    match complaint(prompt) {
        Some(why) => pen.text(why, theme.style(Role::DiagError)),
        None => pen.text(hint, theme.style(Role::Muted)),
    };
    Some(cursor)
}

/// The line's title, and what is said while nothing is wrong.
fn heading(prompt: &Prompt) -> (String, String) {
    match &prompt.purpose {
        Purpose::Value {
            module, spec, now, ..
        } => (
            format!("{module}.{}", spec.name),
            format!(
                "now {now}, from {} to {}",
                bound(spec, spec.min),
                bound(spec, spec.max)
            ),
        ),
        Purpose::Bpm { now } => (
            "tempo".to_owned(),
            format!("now {now:.1} BPM, from 20 to 400"),
        ),
        Purpose::Range {
            index,
            module,
            spec,
        } => (
            format!("macro {} turns {module}.{}", index + 1, spec.name),
            "from..to: its values at 0 and at 100".to_owned(),
        ),
        Purpose::Words { node, option, .. } => {
            let spec = &node.spec.options[*option];
            (format!("{}.{}", node.name, spec.name), spec.doc.to_owned())
        }
        Purpose::SavePath => ("save to".to_owned(), "a path that ends in .ron".to_owned()),
        Purpose::Amount {
            from,
            to,
            into,
            cabled,
        } => {
            let now = match cabled {
                Cabled::New { .. } => "nothing typed is 1".to_owned(),
                Cabled::Now { amount } => format!("now {}", amount_text(*into, *amount)),
            };
            (
                format!("{from} > {to} *"),
                format!("{now}; {}", amount_hint(*into)),
            )
        }
        Purpose::Name { module, .. } => (
            format!("rename {module}"),
            "every cable and macro follows".to_owned(),
        ),
        Purpose::Choice { module, spec, now } => {
            let hint = match spec.kind {
                OptionKind::Choice(names) => names.join(" "),
                _ => spec.doc.to_owned(),
            };
            (
                format!("{module}.{}", spec.name),
                format!("now {now}; {hint}"),
            )
        }
    }
}
