//! Keys that come into the text faster than anybody types are a paste of a terminal that does not say so: they become pasted text
//! and cost one edit. Between the terminal and the screen's state, on the screen's thread. Elsewhere keys are keys: scripts send
//! whole lines of them.
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{App, Layer};

/// So many letters that waited together are no typing: a terminal that was stuck for two seconds holds thirty.
const LETTERS: usize = 48;
/// What follows a paste this soon is more of it: a terminal hands it over in pieces, and a busy machine lets it wait between them.
/// Letters that somebody types so soon behind a paste are only joined to its undo step.
const PIECES: Duration = Duration::from_millis(300);
/// So much at once, so that the screen is drawn while a long one comes in.
const MOST: usize = 64 << 10;

/// Letters that came in and were not passed on yet.
#[derive(Default)]
pub struct Burst {
    held: Vec<KeyEvent>,
    /// How long nothing came since the last piece of a paste.
    pasted: Option<Duration>,
}

impl Burst {
    /// An event of the terminal. Letters wait for [`Burst::pass_on`], everything else comes after them.
    pub fn take(&mut self, app: &mut App, input: Input, now: Instant) {
        match input {
            Input::Key(key) if letter(&key).is_some() && typing(app) => {
                self.held.push(key);
                if self.held.len() >= MOST {
                    self.pass_on(app, now);
                }
            }
            // The other half of a letter, where a terminal tells of it.
            Input::Key(key) if key.kind == KeyEventKind::Release && !self.held.is_empty() => {}
            other => {
                self.pass_on(app, now);
                app.on_input(other, now);
            }
        }
    }

    /// Whether what is held is no typing.
    pub fn is_long(&self) -> bool {
        self.held.len() >= LETTERS
    }

    /// The terminal was waited for so long, and nothing came.
    pub fn waited(&mut self, time: Duration) {
        self.pasted = self.pasted.map(|so_far| so_far + time);
    }

    /// Nothing more waits in the terminal: what was held is pasted, or typed.
    pub fn pass_on(&mut self, app: &mut App, now: Instant) {
        if self.held.is_empty() {
            return;
        }
        let goes_on = self.pasted.is_some_and(|idle| idle < PIECES);
        // A key that is held down while the terminal is stuck is many of one kind.
        let several = self.held.iter().any(|key| key.code != self.held[0].code);
        if goes_on || (several && self.is_long()) {
            let text: String = self.held.drain(..).filter_map(|key| letter(&key)).collect();
            self.pasted = Some(Duration::ZERO);
            return app.on_pasted_keys(&text, goes_on, now);
        }
        self.pasted = None;
        for key in self.held.drain(..) {
            app.on_input(Input::Key(key), now);
        }
    }
}

/// Whether letters go into the text.
fn typing(app: &App) -> bool {
    app.layer == Layer::Edit && app.overlay.is_none() && !app.filtering
}

/// What a key writes, where it only writes.
fn letter(key: &KeyEvent) -> Option<char> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    // As line ends arrive in raw mode where the terminal leaves them as they are.
    if (key.code, key.modifiers) == (KeyCode::Char('j'), KeyModifiers::CONTROL) {
        return Some('\n');
    }
    if !(key.modifiers - KeyModifiers::SHIFT).is_empty() {
        return None;
    }
    match key.code {
        KeyCode::Char(c) => Some(c),
        KeyCode::Enter => Some('\n'),
        KeyCode::Tab => Some('\t'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::command::Command;
    use crate::tui::color::Depth;
    use crate::tui::scene::{ACID, Scene, playing};

    /// Text as keys, in pieces as a terminal hands them over.
    fn keys(scene: &mut Scene, burst: &mut Burst, text: &str, piece: usize) {
        let keys: Vec<char> = text.chars().collect();
        for piece in keys.chunks(piece) {
            burst.waited(Duration::from_millis(150));
            for c in piece {
                // Raw mode: both line ends are the same key, but for ^J.
                let code = match c {
                    '\n' => KeyCode::Enter,
                    '\t' => KeyCode::Tab,
                    c => KeyCode::Char(*c),
                };
                let key = KeyEvent::new(code, KeyModifiers::NONE);
                burst.take(&mut scene.app, Input::Key(key), scene.start);
            }
            burst.pass_on(&mut scene.app, scene.start);
        }
        scene.look();
    }

    fn editing() -> Scene {
        let mut scene = playing(Depth::True);
        scene.press("3 e");
        scene
    }

    #[test]
    fn a_patch_that_comes_as_keys_is_written_as_it_is_in_one_step() {
        let mut scene = editing();
        let before = scene.app.text.text();
        let mut burst = Burst::default();
        keys(&mut scene, &mut burst, ACID, 100);
        let wanted = format!("{ACID}{before}");
        assert_eq!(scene.app.text.text(), wanted, "no indents, no completions");
        assert!(!scene.text(80, 24).contains("▸"), "no list");
        scene.press("^Z");
        assert_eq!(scene.app.text.text(), before);
    }

    #[test]
    fn what_is_typed_stays_typed_however_late_it_comes() {
        let mut scene = editing();
        let mut burst = Burst::default();
        keys(&mut scene, &mut burst, "// forty letters that waited", 100);
        assert!(scene.app.text.text().starts_with("// forty letters"));
        scene.press("^Z");
        let left = scene.app.text.text();
        assert!(
            left.starts_with("// forty letters that ("),
            "word by word: {left}"
        );
        let held = "j".repeat(200);
        keys(&mut scene, &mut burst, &held, 200);
        assert!(burst.pasted.is_none(), "a held key is typed");
        assert!(scene.app.text.text().contains(&held));
    }

    #[test]
    fn a_paste_is_over_when_nothing_comes_for_a_while() {
        let mut scene = editing();
        let mut burst = Burst::default();
        let line = format!("// {}", "a paste ".repeat(8));
        keys(&mut scene, &mut burst, &line, 100);
        assert!(burst.pasted.is_some());
        burst.waited(PIECES);
        keys(&mut scene, &mut burst, "typed", 100);
        scene.press("^Z");
        let left = scene.app.text.text();
        assert!(left.starts_with(&format!("{line}(")), "{left}");
    }

    #[test]
    fn line_ends_of_raw_terminals_are_pasted_too() {
        let mut scene = editing();
        let mut burst = Burst::default();
        for c in "  one\n  two\n".repeat(6).chars() {
            let (code, modifiers) = match c {
                '\n' => (KeyCode::Char('j'), KeyModifiers::CONTROL),
                c => (KeyCode::Char(c), KeyModifiers::NONE),
            };
            let mut key = KeyEvent::new(code, modifiers);
            burst.take(&mut scene.app, Input::Key(key), scene.start);
            // Where a terminal tells of it.
            key.kind = KeyEventKind::Release;
            burst.take(&mut scene.app, Input::Key(key), scene.start);
        }
        assert_eq!(burst.held.len(), 72);
        burst.pass_on(&mut scene.app, scene.start);
        let text = scene.app.text.text();
        assert!(text.starts_with("  one\n  two\n  one\n"), "{text}");
    }

    #[test]
    fn what_is_held_has_an_end() {
        let mut scene = editing();
        let mut burst = Burst::default();
        for n in 0..MOST + 10 {
            let code = KeyCode::Char(if n % 2 == 0 { 'a' } else { 'b' });
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            burst.take(&mut scene.app, Input::Key(key), scene.start);
        }
        assert_eq!(burst.held.len(), 10);
    }

    #[test]
    fn a_line_of_a_list_is_typed_however_much_comes() {
        let mut scene = editing();
        let mut burst = Burst::default();
        scene.press("F1");
        assert!(!typing(&scene.app), "help lies above");
        scene.press("Esc");
        assert!(typing(&scene.app));
        let long = "abcdefghij".repeat(8);
        scene.press("^P");
        keys(&mut scene, &mut burst, &long, 100);
        assert!(burst.pasted.is_none());
        assert!(scene.text(80, 24).contains("abcdefghij"));
    }

    #[test]
    fn a_script_may_send_a_whole_line_at_once() {
        let mut scene = playing(Depth::True);
        let mut burst = Burst::default();
        scene.sent();
        let path = format!("/{}/acid.ron", "folder".repeat(20));
        keys(&mut scene, &mut burst, &format!(":load {path}\n"), 1_000);
        let sent = scene.sent();
        assert!(sent.contains(&Command::LoadFile(path.into())), "{sent:?}");
    }

    #[test]
    fn keys_of_other_kinds_keep_their_place_among_letters() {
        let mut scene = editing();
        let mut burst = Burst::default();
        let at = scene.start;
        for code in [
            KeyCode::Char('a'),
            KeyCode::Char('b'),
            KeyCode::Left,
            KeyCode::Char('c'),
        ] {
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            burst.take(&mut scene.app, Input::Key(key), at);
        }
        burst.pass_on(&mut scene.app, at);
        assert!(scene.app.text.text().starts_with("acb("));
    }
}
