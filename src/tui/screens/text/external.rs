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
    /// It was another text than the one it began with.
    taken: bool,
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
            taken: false,
        })
    }

    /// Takes up what was saved; true while the editor is at work.
    pub fn step(&mut self, app: &mut App) -> bool {
        let ended = self.child.try_wait();
        if let Ok(now) = crate::patch::file::read(&self.file)
            && now != self.text
        {
            self.text = now;
            self.taken = true;
            saved(app, &self.text);
        }
        match ended {
            Ok(None) => return true,
            Ok(Some(status)) if status.success() || self.taken => {}
            Ok(Some(status)) => app.complain(unedited(&editor(), status.code())),
            Err(why) => app.complain(format!("{}: {why}", editor())),
        }
        false
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is said of an editor that failed.
fn unedited(editor: &str, code: Option<i32>) -> String {
    let why = match code {
        // As shells say it.
        Some(127) => "is not there; $VISUAL or $EDITOR names another".to_owned(),
        Some(126) => "can't be run".to_owned(),
        Some(code) => format!("ended with {code}"),
        None => "was killed".to_owned(),
    };
    format!("{editor} {why}: the text is as it was")
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::tui::color::Depth;
    use crate::tui::scene::playing;

    fn ended(script: &str) -> String {
        let mut scene = playing(Depth::True);
        scene.press("3");
        let folder = tempfile::tempdir().expect("a folder");
        let mut external = External {
            child: Process::new("sh")
                .args(["-c", script])
                .spawn()
                .expect("runs"),
            file: folder.path().join("none.ron"),
            _folder: folder,
            text: String::new(),
            taken: false,
        };
        while external.step(&mut scene.app) {
            std::thread::yield_now();
        }
        scene.app.sentence.text.clone()
    }

    #[test]
    fn an_editor_that_fails_is_told() {
        assert!(ended("exit 3").contains("ended with 3: the text is as it was"));
        assert!(ended("exit 127").contains("$EDITOR names another"));
        assert!(!ended("exit 0").contains("as it was"));
    }
}
