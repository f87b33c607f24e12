//! What is in the patch file in focus: whether it is right, what it came to when it was last primed, and its text.
use ratatui::{buffer::Buffer, layout::Rect};

use crate::tui::app::App;
use crate::tui::editor::highlight;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::screens::files::{Content, Entry};
use crate::tui::theme::Role;
use crate::tui::words;

/// The file in focus.
pub fn draw(app: &App, entry: Option<&Entry>, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let content = entry.and_then(|e| e.content.as_ref());
    let title = match content {
        Some(Content::Patch { name, .. }) => format!("preview: {name}"),
        _ => "preview".to_owned(),
    };
    let foot = format!("→ slot {}", app.view.live.other().name());
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Muted),
        foot: &foot,
        foot_style: theme.style(words::slot_role(app.view.live.other())),
    };
    let inner = panel(buf, area, theme, &labels);
    let (head, role, text) = match content {
        Some(Content::Patch { facts, text, .. }) => {
            (format!("{facts}, no errors"), Role::Live, text.as_str())
        }
        Some(Content::Wrong {
            place,
            message,
            text,
        }) => (format!("{place} {message}"), Role::DiagError, text.as_str()),
        Some(Content::Unreadable(why)) => (why.clone(), Role::DiagError, ""),
        None => (String::new(), Role::Muted, ""),
    };
    Pen::row(buf, inner, 0).gap(1).text(head, theme.style(role));
    let primed = entry.and_then(|entry| app.primed.of(&entry.path));
    if let Some(primed) = &primed {
        Pen::row(buf, inner, 1)
            .gap(1)
            .text(primed, theme.style(Role::Muted));
    }
    let first = if primed.is_some() { 3 } else { 2 };
    let mut in_comment = false;
    for (row, line) in (first..inner.height).zip(text.lines()) {
        let mut pen = Pen::row(buf, inner, row);
        pen.gap(1);
        for (piece, role) in highlight::pieces(line, &mut in_comment) {
            pen.text(piece, theme.style(role));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::tui::color::Depth;
    use crate::tui::scene::{ACID, Scene, loaded, playing};

    #[test]
    fn a_file_shows_what_it_came_to_above_its_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("acid.ron");
        std::fs::write(&path, ACID).expect("written");
        let mut scene = playing(Depth::True);
        let folders: [PathBuf; 1] = [folder.path().to_owned()];
        scene.app.files = crate::tui::screens::files::FilesScreen::new(&folders);
        scene.press("7");
        let rows = |scene: &mut Scene| -> Vec<String> {
            let shown = scene.text(120, 40);
            let right = shown.lines().filter_map(|row| row.split_once("││"));
            let rows = right.map(|(_, text)| text.trim_matches(['│', ' ']).to_owned());
            rows.take(4).collect()
        };
        let plain = rows(&mut scene);
        assert!(
            plain[0].contains("no errors") && plain[2].starts_with('('),
            "{plain:?}"
        );
        let text = path.display().to_string();
        scene.publish(|view| {
            view.slots[0].generation += 2;
            view.slots[0].loaded = Some(loaded(ACID, &text));
        });
        let primed = rows(&mut scene);
        assert!(primed[1].contains("last primed in 5.2 ms"), "{primed:?}");
        assert!(
            primed[2].is_empty() && primed[3].starts_with('('),
            "{primed:?}"
        );
    }
}
