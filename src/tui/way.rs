//! The way through the screens: to one of them, back, and up and down on it.
use super::app::{App, Layer};
use super::screens::{Screen, diag, patch, pattern};

impl App {
    pub fn go(&mut self, screen: Screen) {
        if self.screen != screen {
            self.trail.push(self.screen);
            // Each screen stands on the way once, and the way begins at Perform.
            if let Some(at) = self.trail.iter().position(|s| *s == screen) {
                self.trail.truncate(at);
            }
            if screen == Screen::Perform {
                self.trail.clear();
            }
            self.screen = screen;
        }
        self.filtering = false;
        if self.layer == Layer::Edit && screen != Screen::Text {
            self.layer = Layer::Nav;
        }
        match screen {
            Screen::Text => self.text.show(&self.view),
            Screen::Files => self.files.rescan(),
            _ => {}
        }
    }

    /// Drops what is in the way, else goes to the screen before.
    pub fn back(&mut self) {
        if self.screen == Screen::Files && !self.files.filter.is_empty() {
            self.files.set_filter(String::new());
        } else if self.screen == Screen::Log && !self.journal.filter.is_empty() {
            self.journal.filter.clear();
        } else {
            let before = self.trail.last().copied();
            self.go(before.unwrap_or_default());
        }
    }

    /// Rows up (negative) or down on the present screen.
    pub fn move_by(&mut self, rows: isize) {
        match self.screen {
            Screen::Patch => patch::move_by(self, rows),
            Screen::Text => self.text.move_by(rows),
            Screen::Pattern => pattern::move_by(self, rows),
            Screen::Files => self.files.move_by(rows),
            Screen::Log if self.tree.open => self.tree.move_by(rows),
            Screen::Log => self.journal.scroll(rows.saturating_neg()),
            Screen::Diag => diag::pick(self, rows),
            Screen::Perform => {}
        }
    }

    pub fn start_filter(&mut self) {
        match self.screen {
            Screen::Files => self.files.set_filter(String::new()),
            Screen::Log => self.journal.filter.clear(),
            Screen::Text => self.text.search.clear(),
            _ => return self.say("/ filters the Files and Log screens"),
        }
        self.filtering = true;
    }
}
