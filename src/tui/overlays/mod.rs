//! What lies over a screen until it is answered or closed.
pub mod conflict;
pub mod diff;
pub mod explain;
pub mod help;
pub mod macros;
pub mod palette;
pub mod pick;
pub mod prompt;
pub mod quit;
pub mod shelf;
pub mod themes;
pub mod which;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::actions::Scope;
use super::app::App;
use super::chord::Chord;
use super::keymap::Found;

/// One of them at a time.
pub enum Overlay {
    Help(help::Help),
    Palette(palette::Palette),
    Prompt(prompt::Prompt),
    Pick(pick::Pick),
    Macros(macros::Macros),
    Conflict(conflict::Conflict),
    Diff,
    Explain,
    Themes(themes::Themes),
    Shelf(shelf::Shelf),
    Quit,
}

impl Overlay {
    /// Pasted text goes where letters go.
    pub fn paste(&mut self, text: &str) {
        let line = text.lines().next().unwrap_or_default();
        match self {
            Self::Palette(palette) => palette.type_text(line),
            Self::Prompt(prompt) => prompt.type_text(line),
            Self::Pick(pick) => pick.type_text(line),
            Self::Shelf(shelf) => shelf.type_text(line),
            Self::Help(_)
            | Self::Conflict(_)
            | Self::Macros(_)
            | Self::Themes(_)
            | Self::Diff
            | Self::Explain
            | Self::Quit => {}
        }
    }
}

/// A key while an overlay is open. Gives the overlay back where it stays open.
pub fn on_key(app: &mut App, overlay: Overlay, key: &KeyEvent, chord: Chord) -> Option<Overlay> {
    // What matters on stage works everywhere, whatever lies above.
    if let Found::Bound(binding) = app.keymap.find(&[Scope::Everywhere], None, chord) {
        let (action, arg) = (binding.action, binding.arg.clone());
        let closes = matches!(action.name, "help" | "palette" | "quit");
        if !(closes && matches!(overlay, Overlay::Quit)) && action.name != "keyboard" {
            (action.run)(app, &arg);
            let replaced = app.overlay.is_some();
            return (!replaced && !closes).then_some(overlay);
        }
    }
    match overlay {
        Overlay::Help(help) => help::on_key(help, key).map(Overlay::Help),
        Overlay::Palette(palette) => palette::on_key(app, palette, key).map(Overlay::Palette),
        Overlay::Prompt(prompt) => prompt::on_key(app, prompt, key).map(Overlay::Prompt),
        Overlay::Pick(pick) => pick::on_key(app, pick, key).map(Overlay::Pick),
        Overlay::Conflict(conflict) => conflict::on_key(app, conflict, key).map(Overlay::Conflict),
        Overlay::Macros(macros) => macros::on_key(app, macros, key).map(Overlay::Macros),
        Overlay::Themes(themes) => themes::on_key(app, themes, key).map(Overlay::Themes),
        Overlay::Shelf(shelf) => shelf::on_key(app, shelf, key).map(Overlay::Shelf),
        Overlay::Diff | Overlay::Explain => None,
        Overlay::Quit => quit::on_key(app, key).then_some(Overlay::Quit),
    }
}

/// Draws the open overlay; where it has a cursor, its place.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    match app.overlay.as_ref()? {
        Overlay::Help(help) => help::draw(app, help, area, buf),
        Overlay::Palette(palette) => return palette::draw(app, palette, area, buf),
        Overlay::Prompt(prompt) => return prompt::draw(app, prompt, area, buf),
        Overlay::Pick(pick) => return pick::draw(app, pick, area, buf),
        Overlay::Conflict(conflict) => conflict::draw(app, conflict, area, buf),
        Overlay::Macros(macros) => macros::draw(app, macros, area, buf),
        Overlay::Themes(themes) => themes::draw(app, themes, area, buf),
        Overlay::Shelf(shelf) => return shelf::draw(app, shelf, area, buf),
        Overlay::Explain => explain::draw(app, area, buf),
        Overlay::Diff => diff::draw(app, area, buf),
        Overlay::Quit => quit::draw(app, area, buf),
    }
    None
}

/// A box of at most this size in the middle of an area.
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect::new(
        area.x + (area.width - width) / 2,
        area.y + (area.height - height) / 2,
        width,
        height,
    )
}

/// Types into one line of text. Returns whether the key was a letter or took one away.
pub fn type_key(line: &mut String, key: &KeyEvent) -> bool {
    match key.code {
        KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => line.push(c),
        KeyCode::Backspace => drop(line.pop()),
        // As shells do: the line, the word.
        KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => line.clear(),
        KeyCode::Char('w') if key.modifiers == KeyModifiers::CONTROL => {
            let kept = line.trim_end_matches([' ', '/']);
            line.truncate(kept.rfind([' ', '/']).map_or(0, |at| at + 1));
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_loses_a_letter_a_word_or_all() {
        let mut line = "save sets/one two".to_owned();
        let mut press = |code, modifiers| {
            assert!(type_key(&mut line, &KeyEvent::new(code, modifiers)));
            line.clone()
        };
        let control = KeyModifiers::CONTROL;
        assert_eq!(
            press(KeyCode::Backspace, KeyModifiers::NONE),
            "save sets/one tw"
        );
        assert_eq!(press(KeyCode::Char('w'), control), "save sets/one ");
        assert_eq!(press(KeyCode::Char('w'), control), "save sets/");
        assert_eq!(press(KeyCode::Char('w'), control), "save ");
        assert_eq!(press(KeyCode::Char('ü'), KeyModifiers::NONE), "save ü");
        assert_eq!(press(KeyCode::Char('u'), control), "");
        assert_eq!(press(KeyCode::Char('w'), control), "");
    }
}
