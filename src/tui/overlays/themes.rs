//! Themes to choose from, each shown as the cursor comes to it. Enter keeps it, Esc brings the old one back.
use std::path::Path;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::tui::app::App;
use crate::tui::overlays::Overlay;
use crate::tui::pen::{Labels, Pen, panel, wipe};
use crate::tui::theme::{Role, Theme};

/// Where the user's own are.
const FOLDER: &str = "themes";

pub struct Themes {
    /// Shipped ones by their names, then files.
    names: Vec<String>,
    at: usize,
    /// Why the one under the cursor can't be shown.
    trouble: Option<String>,
    before: Theme,
}

pub fn open(app: &mut App) {
    let mut names: Vec<String> = Theme::shipped().map(str::to_owned).collect();
    names.extend(own(Path::new(FOLDER), &names));
    let at = names.iter().position(|n| *n == app.theme.name).unwrap_or(0);
    app.overlay = Some(Overlay::Themes(Themes {
        names,
        at,
        trouble: None,
        before: app.theme.clone(),
    }));
}

/// Theme files that do not stand for a shipped one.
fn own(folder: &Path, shipped: &[String]) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = entries.flatten().map(|e| e.path());
    let mut names: Vec<String> = files
        .filter(|p| p.extension().is_some_and(|e| e == "ron"))
        .filter(|p| {
            let stem = p.file_stem().map(|s| s.to_string_lossy().into_owned());
            stem.is_some_and(|stem| !shipped.contains(&stem))
        })
        .map(|p| p.display().to_string())
        .collect();
    names.sort();
    names
}

pub fn on_key(app: &mut App, mut themes: Themes, key: &KeyEvent) -> Option<Themes> {
    let last = themes.names.len() - 1;
    match key.code {
        KeyCode::Down | KeyCode::Char('j') => themes.at = (themes.at + 1).min(last),
        KeyCode::Up | KeyCode::Char('k') => themes.at = themes.at.saturating_sub(1),
        KeyCode::Enter => {
            app.say(format!("Theme {}", app.theme.name));
            return None;
        }
        KeyCode::Esc => {
            app.theme = themes.before;
            return None;
        }
        _ => return Some(themes),
    }
    match Theme::load(&themes.names[themes.at], app.depth) {
        Ok(theme) => (app.theme, themes.trouble) = (theme, None),
        Err(why) => themes.trouble = Some(why),
    }
    Some(themes)
}

/// At the right edge, so that the screen is seen beside it.
pub fn draw(app: &App, themes: &Themes, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let width = 30.min(area.width);
    let height = (themes.names.len() as u16 + 4).min(area.height);
    let area = Rect::new(
        area.right() - width,
        area.y + u16::from(area.height > height),
        width,
        height,
    );
    wipe(buf, area, theme);
    let labels = Labels {
        title: "theme",
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "Enter keep  Esc back",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    for (row, name) in (0..inner.height).zip(&themes.names) {
        let picked = usize::from(row) == themes.at;
        let (sign, style) = match picked {
            true => ("▸", theme.style(Role::Focus).add_modifier(Modifier::BOLD)),
            false => (" ", theme.style(Role::Text)),
        };
        Pen::row(buf, inner, row)
            .text(sign, style)
            .text(name, style);
    }
    let row = inner.height.saturating_sub(1);
    match &themes.trouble {
        Some(why) => Pen::row(buf, inner, row).text(why, theme.style(Role::DiagError)),
        None => Pen::row(buf, inner, row)
            .text("live ", theme.style(Role::Live))
            .text("primed ", theme.style(Role::Primed))
            .text("failed", theme.style(Role::Failed)),
    };
}
