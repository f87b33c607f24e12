//! The text's file: what it said when the text was taken from it, so that nobody's work is written over unasked.
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::patch::file::{self, save_atomic};
use crate::tui::app::App;

/// How often the file is looked at.
const GLANCE: Duration = Duration::from_millis(400);

#[derive(Default)]
pub struct Disk {
    /// None where there is no file, or none that can be read.
    text: Option<String>,
    seen: Option<(SystemTime, u64)>,
    looked: Option<Instant>,
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

impl Disk {
    pub fn of(path: Option<&Path>) -> Self {
        let path = path.filter(|p| p.as_os_str() != "-");
        Self {
            text: path.and_then(|p| file::read(p).ok()),
            seen: path.and_then(stamp),
            looked: None,
        }
    }

    /// The file says something else than what is known of it.
    pub fn changed(&self, path: &Path) -> bool {
        let now = file::read(path).ok();
        now.is_some() && now != self.text
    }
}

/// Writes the text.
pub fn write(app: &mut App, path: PathBuf) {
    let Some(text) = app.text.editor.as_ref().map(|e| e.text()) else {
        return;
    };
    match save_atomic(&path, &text) {
        Ok(()) => {
            app.say(format!("Saved {}", path.display()));
            app.text.disk = Disk::of(Some(&path));
            app.seen.written(&path);
            app.text.baseline = text;
            app.text.path = Some(path);
            app.text.from_file = true;
        }
        Err(why) => app.complain(format!("{} is not saved: {why}", path.display())),
    }
}

/// The user chose what the file says; undo brings the text back.
pub fn reload(app: &mut App, path: &Path) {
    let text = match file::read(path) {
        Ok(text) => text,
        Err(why) => return app.complain(why.to_string()),
    };
    app.text.disk = Disk::of(Some(path));
    take(app, text);
    app.say(format!(
        "{} is read again; ^Z in EDIT brings the text back",
        path.display()
    ));
}

/// Puts a text from outside in place of the present one, as one undo step.
pub fn take(app: &mut App, text: String) {
    app.text.popup = None;
    if let Some(editor) = &mut app.text.editor {
        editor.exchange(&text);
        app.text.baseline = text;
        app.text.check();
    }
}

/// Looks at the file now and then: what another program wrote is taken up where nothing was typed, else told.
pub fn glance(app: &mut App) {
    let disk = &mut app.text.disk;
    let Some(path) = app.text.path.clone().filter(|_| app.text.editor.is_some()) else {
        return;
    };
    if disk.looked.is_some_and(|then| app.now < then + GLANCE) {
        return;
    }
    disk.looked = Some(app.now);
    let stamp = stamp(&path);
    if stamp.is_none() || stamp == disk.seen {
        return;
    }
    disk.seen = stamp;
    let Ok(text) = file::read(&path) else {
        return;
    };
    if disk.text.as_ref() == Some(&text) {
        return;
    }
    let name = path.display().to_string();
    if app.text.editor.as_ref().is_some_and(|e| e.text() == text) {
        app.text.disk.text = Some(text.clone());
        app.text.baseline = text;
        return;
    }
    if app.text.edited() {
        return app.say(format!(
            "{name} changed on disk; what is typed here stays, ^S asks"
        ));
    }
    app.text.disk.text = Some(text.clone());
    take(app, text);
    app.text.from_file = true;
    app.say(format!(
        "{name} changed on disk and is read again; ^E primes it"
    ));
}
