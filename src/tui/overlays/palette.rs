//! All actions by name, found by a few letters; some take a word behind the name.
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Modifier,
};

use crate::tui::actions::{ACTIONS, Action};
use crate::tui::app::App;
use crate::tui::fuzzy;
use crate::tui::overlays::{Overlay, middle, type_key};
use crate::tui::pen::{Labels, Pen, panel, tail, wipe};
use crate::tui::theme::Role;
use crate::tui::words::wrapped;

/// What is typed, and the row picked.
#[derive(Default)]
pub struct Palette {
    line: String,
    picked: usize,
}

impl Palette {
    pub fn type_text(&mut self, text: &str) {
        self.line += text;
        self.picked = 0;
    }
}

pub fn open(app: &mut App) {
    app.overlay = Some(Overlay::Palette(Palette::default()));
}

/// The action that a line names exactly, with what follows; longer names win ("swap now" over "swap").
pub fn named(line: &str) -> Option<(&'static Action, &str)> {
    let line = line.trim_start();
    ACTIONS
        .iter()
        .filter_map(|action| {
            let rest = line.strip_prefix(action.name)?;
            (rest.is_empty() || rest.starts_with(' ')).then_some((action, rest.trim()))
        })
        .filter(|(action, rest)| rest.is_empty() || !action.arg.is_empty())
        .max_by_key(|(action, _)| action.name.len())
}

/// The action whose name a line begins with.
fn begun(line: &str) -> Option<&'static Action> {
    let begins = |action: &&Action| {
        let rest = line.strip_prefix(action.name);
        rest.is_some_and(|rest| rest.starts_with(' '))
    };
    ACTIONS.iter().filter(begins).max_by_key(|a| a.name.len())
}

/// Best first.
fn matches(line: &str) -> Vec<&'static Action> {
    if let Some((action, rest)) = named(line)
        && !rest.is_empty()
    {
        return vec![action];
    }
    let mut scored: Vec<(i32, usize)> = ACTIONS
        .iter()
        .enumerate()
        .filter_map(|(i, action)| {
            let by_name = fuzzy::score(line, action.name).map(|s| s + 40);
            // In the description only whole words, or everything would match.
            let by_doc = (line.len() >= 4 && action.doc.contains(line.trim())).then_some(-40);
            Some((by_name.or(by_doc)?, i))
        })
        .collect();
    if !line.is_empty() {
        scored.sort_by_key(|(score, i)| (-score, *i));
    }
    scored.into_iter().map(|(_, i)| &ACTIONS[i]).collect()
}

pub fn on_key(app: &mut App, mut palette: Palette, key: &KeyEvent) -> Option<Palette> {
    let found = matches(&palette.line);
    let last = found.len().saturating_sub(1);
    match key.code {
        KeyCode::Esc => return None,
        KeyCode::Up => palette.picked = palette.picked.saturating_sub(1),
        KeyCode::Down => palette.picked = (palette.picked + 1).min(last),
        KeyCode::PageUp => palette.picked = palette.picked.saturating_sub(8),
        KeyCode::PageDown => palette.picked = (palette.picked + 8).min(last),
        KeyCode::Tab => {
            if let Some(action) = found.get(palette.picked) {
                palette.line = format!("{} ", action.name);
                palette.picked = 0;
            }
        }
        KeyCode::Enter => return run(app, palette, &found),
        _ => {
            if type_key(&mut palette.line, key) {
                palette.picked = 0;
            }
        }
    }
    Some(palette)
}

fn run(app: &mut App, palette: Palette, found: &[&'static Action]) -> Option<Palette> {
    let picked = found.get(palette.picked).copied();
    // A name typed out counts, unless another row was picked.
    let (action, arg) = match named(&palette.line).filter(|_| palette.picked == 0) {
        Some((action, arg)) => (action, arg.to_owned()),
        None => match picked {
            Some(action) => (action, String::new()),
            None => {
                let line = palette.line.trim();
                app.complain(match begun(line) {
                    Some(action) => format!("{} takes nothing behind its name", action.name),
                    None => format!("no action `{line}`; ? lists them"),
                });
                return None;
            }
        },
    };
    // These do nothing without their word.
    let needs = ["bpm", "gate", "fade", "title", "voices", "layout"].contains(&action.name);
    if needs && arg.is_empty() {
        app.say(format!("{} {}: {}", action.name, action.arg, action.doc));
        return Some(Palette {
            line: format!("{} ", action.name),
            picked: 0,
        });
    }
    (action.run)(app, &arg);
    None
}

pub fn draw(app: &App, palette: &Palette, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let found = matches(&palette.line);
    let area = middle(area, 76, area.height.saturating_sub(3).min(18));
    wipe(buf, area, theme);
    let count = format!(
        "{} of {}  Enter run  Tab complete",
        found.len(),
        ACTIONS.len()
    );
    let labels = Labels {
        title: "command",
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: &count,
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let mut pen = Pen::row(buf, inner, 0);
    pen.gap(1).text("> ", theme.style(Role::Focus));
    // The cursor's column too.
    let room = usize::from(pen.room().saturating_sub(1));
    pen.text(
        tail(&palette.line, room),
        theme.style(Role::Text).add_modifier(Modifier::BOLD),
    );
    let cursor = Position::new(pen.x().min(inner.right().saturating_sub(1)), inner.y);
    // What the row has no room for stands below the rows.
    let full = if inner.height >= 10 { 2 } else { 0 };
    if let Some(action) = found.get(palette.picked).filter(|_| full > 0) {
        let words = wrapped(action.doc, usize::from(inner.width.saturating_sub(2)));
        let style = theme.style(Role::Text);
        for (row, line) in (inner.height - full..inner.height).zip(words) {
            Pen::row(buf, inner, row).gap(1).text(line, style);
        }
    }
    let inner = Rect {
        height: inner.height - full,
        ..inner
    };
    let rows = usize::from(inner.height.saturating_sub(1));
    let top = (palette.picked + 1).saturating_sub(rows);
    for (row, (i, action)) in (1..inner.height).zip(found.iter().enumerate().skip(top)) {
        let picked = i == palette.picked;
        if picked {
            let whole = Rect::new(inner.x, inner.y + row, inner.width, 1);
            buf.set_style(whole, theme.raised());
        }
        let mut pen = Pen::row(buf, inner, row);
        let name = format!("{} {}", action.name, action.arg);
        pen.text(if picked { "▸" } else { " " }, theme.style(Role::Focus));
        if let Some(bound) = app.keymap.of(action).find(|b| b.arg.is_empty()) {
            pen.right(&format!(" {} ", bound.keys), theme.style(Role::Focus));
        }
        pen.cell(name.trim_end(), 17, theme.style(Role::Text));
        pen.gap(1);
        pen.cell(action.doc, pen.room(), theme.style(Role::Muted));
    }
    Some(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_found_by_its_name() {
        for action in ACTIONS {
            assert_eq!(named(action.name).map(|(a, _)| a.name), Some(action.name));
            assert!(matches(action.name).iter().any(|a| a.name == action.name));
        }
    }

    #[test]
    fn what_follows_a_name_is_its_argument() {
        let arg = |line: &'static str| named(line).map(|(a, rest)| (a.name, rest));
        assert_eq!(arg("theme paper"), Some(("theme", "paper")));
        assert_eq!(arg("swap now"), Some(("swap now", "")));
        assert_eq!(arg("swap 4bars"), Some(("swap", "4bars")));
        assert_eq!(arg("panic loudly"), None);
        assert_eq!(arg("swapx"), None);
        assert_eq!(begun("panic loudly").map(|a| a.name), Some("panic"));
        assert!(begun("panicky loudly").is_none());
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = ACTIONS.iter().map(|a| a.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
    }
}
