//! Find in the text: letters in any case, round and round.
use crate::tui::app::App;

use super::TextScreen;

impl TextScreen {
    /// Lines and columns of what is looked for.
    pub fn matches(&self) -> Vec<(usize, usize)> {
        let wanted = self.search.to_lowercase();
        let Some(editor) = self.editor.as_ref().filter(|_| !wanted.is_empty()) else {
            return Vec::new();
        };
        let lines = editor.lines().iter().enumerate();
        let of_line = |(n, line): (usize, &String)| {
            let lower: Vec<char> = line.chars().map(lower).collect();
            let wanted: Vec<char> = wanted.chars().collect();
            let found = lower.windows(wanted.len()).enumerate();
            let found = found.filter(|(_, part)| *part == wanted);
            found.map(|(column, _)| (n, column)).collect::<Vec<_>>()
        };
        lines.flat_map(of_line).collect()
    }

    /// The search grew by a letter: the cursor goes to the first match from where it stands.
    pub fn searched(&mut self, search: String) {
        self.search = search;
        let matches = self.matches();
        if let Some(editor) = &mut self.editor {
            let here = editor.cursor();
            let next = matches.iter().find(|at| **at >= here);
            if let Some((line, column)) = next.or(matches.first()) {
                editor.set_cursor(*line, *column);
            }
        }
    }
}

/// One character for one, so that columns stay.
fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

pub fn find(app: &mut App) {
    app.text.popup = None;
    app.text.search.clear();
    app.filtering = true;
}

pub fn find_next(app: &mut App, forward: bool) {
    let matches = app.text.matches();
    let Some(editor) = &mut app.text.editor else {
        return;
    };
    let here = editor.cursor();
    let found = match forward {
        true => matches.iter().position(|at| *at > here).unwrap_or(0),
        false => {
            let before = matches.iter().rposition(|at| *at < here);
            before.unwrap_or(matches.len().saturating_sub(1))
        }
    };
    match matches.get(found) {
        Some((line, column)) => {
            editor.set_cursor(*line, *column);
            let (search, count) = (app.text.search.clone(), matches.len());
            app.say(format!("{} of {count}: {search}", found + 1));
        }
        None if app.text.search.is_empty() => app.say("Nothing is looked for: / or ^F finds"),
        None => {
            let why = format!("`{}` is not in this text", app.text.search);
            app.say(why);
        }
    }
}
