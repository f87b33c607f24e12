//! A file that is not what it was when its text was taken: whose work stays is the user's choice.
use std::path::{Path, PathBuf};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::control::command::Command;
use crate::tui::act;
use crate::tui::app::App;
use crate::tui::overlays::{Overlay, middle, prompt};
use crate::tui::pen::{Labels, Pen, panel, wipe};
use crate::tui::screens::text;
use crate::tui::seen::Whose;
use crate::tui::theme::Role;

pub struct Conflict {
    path: PathBuf,
    whose: Whose,
}

pub fn open(app: &mut App, path: PathBuf, whose: Whose) {
    app.overlay = Some(Overlay::Conflict(Conflict { path, whose }));
}

pub fn on_key(app: &mut App, conflict: Conflict, key: &KeyEvent) -> Option<Conflict> {
    let path = conflict.path.clone();
    match key.code {
        KeyCode::Char('o') => act::save_to(app, path),
        KeyCode::Char('r') if conflict.whose == Whose::Text => text::reload(app, &path),
        KeyCode::Char('r') => app.send(Command::LoadFile(path)),
        KeyCode::Char('s') => prompt::ask_path(app, &another(&path)),
        KeyCode::Esc | KeyCode::Char('n' | 'q') => app.say("Nothing is written"),
        _ => return Some(conflict),
    }
    None
}

/// "acid-2.ron"
fn another(path: &Path) -> String {
    let stem = path
        .file_stem()
        .map_or("patch".into(), |s| s.to_string_lossy());
    let names = (2..100).map(|n| path.with_file_name(format!("{stem}-{n}.ron")));
    let free = names.into_iter().find(|p| !p.exists());
    free.unwrap_or_else(|| path.to_owned())
        .display()
        .to_string()
}

pub fn draw(app: &App, conflict: &Conflict, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let area = middle(area, 62, 7);
    wipe(buf, area, theme);
    let labels = Labels {
        title: "this file is not what it was",
        title_style: theme.style(Role::DiagWarn).add_modifier(Modifier::BOLD),
        foot: "Esc leave",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let name = format!(
        "{} was changed by another program.",
        conflict.path.display()
    );
    Pen::row(buf, inner, 0)
        .gap(1)
        .text(name, theme.style(Role::Text));
    let [own, again, other] = match conflict.whose {
        Whose::Text => [
            "overwrite it with this text",
            "read it again; ^Z brings this text back",
            "save this text as another file",
        ],
        _ => [
            "overwrite it with this patch",
            "bring what it says into the standby; this goes on",
            "save this patch as another file",
        ],
    };
    for (row, (key, what)) in (2..).zip([("o", own), ("r", again), ("s", other)]) {
        Pen::row(buf, inner, row)
            .gap(1)
            .text(key, theme.style(Role::Focus))
            .gap(2)
            .text(what, theme.style(Role::Text));
    }
}
