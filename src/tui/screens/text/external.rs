//! The text in the user's own editor: the terminal is given up for it and taken back, the sound goes on, and what is saved there is
//! read here and primed.
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command as Process};

use crate::control::command::Command;
use crate::patch::file::parse;
use crate::tui::app::App;

/// An editor at work on a copy of the text.
pub struct External {
    child: Child,
    /// Goes with the folder.
    file: PathBuf,
    _folder: tempfile::TempDir,
    /// What was read last.
    text: String,
}

/// `:edit external`: asks the screen to give the terminal up.
pub fn ask(app: &mut App) {
    app.go(crate::tui::screens::Screen::Text);
    match app.text.editor.is_some() {
        true => app.external = true,
        false => app.say("Nothing is loaded; files are on screen 7"),
    }
}

/// What the user edits with: `$VISUAL`, `$EDITOR`, or what is always there.
fn editor() -> String {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|n| std::env::var(n).ok());
    let mut named = named.filter(|e| !e.trim().is_empty());
    named.next().unwrap_or_else(|| "vi".to_owned())
}

impl External {
    pub fn start(app: &App) -> io::Result<Self> {
        let text = app
            .text
            .editor
            .as_ref()
            .map(|e| e.text())
            .unwrap_or_default();
        let folder = tempfile::Builder::new().prefix("chronus-").tempdir()?;
        let name = app.text.path.as_ref().and_then(|p| p.file_name());
        let file = folder.path().join(name.unwrap_or("patch.ron".as_ref()));
        std::fs::write(&file, &text)?;
        // The shell takes `code --wait` apart.
        let child = Process::new("sh")
            .args(["-c", &format!("{} \"$1\"", editor()), "sh"])
            .arg(&file)
            .spawn()?;
        Ok(Self {
            child,
            file,
            _folder: folder,
            text,
        })
    }

    /// Takes up what was saved; true while the editor is at work.
    pub fn step(&mut self, app: &mut App) -> bool {
        let over = !matches!(self.child.try_wait(), Ok(None));
        if let Ok(now) = crate::patch::file::read(&self.file)
            && now != self.text
        {
            self.text = now;
            saved(app, &self.text);
        }
        !over
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A text that was saved in the other editor.
pub fn saved(app: &mut App, text: &str) {
    let Some(editor) = &mut app.text.editor else {
        return;
    };
    editor.exchange(text);
    app.text.check();
    if app.text.first_error().is_some() {
        let sentence = super::error_sentence(app).unwrap_or_default();
        return app.complain(sentence);
    }
    let name = app.text.file_name();
    if parse(text, &name).patch.is_some() {
        let path = app.text.path.clone();
        app.send(Command::LoadText {
            text: text.to_owned(),
            path,
        });
    }
}
