//! The one place where events of the terminal arrive: keys by layer, overlay and screen, pasted text, the mouse.
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::actions::Scope;
use super::app::{App, Layer};
use super::chord::Chord;
use super::keymap::Found;
use super::screens::{Screen, pattern, text};

impl App {
    /// An event of the terminal.
    pub fn on_input(&mut self, input: Input, now: Instant) {
        (self.now, self.input_at) = (now, now);
        match input {
            Input::Key(key) => self.on_key(&key),
            Input::Paste(text) => self.on_paste(&text),
            Input::FocusLost => {
                self.prefix = None;
                let out = self.notes.all_off();
                self.play(out);
            }
            Input::Mouse(mouse) => super::mouse::on_mouse(self, mouse),
            Input::FocusGained | Input::Resize(..) => {}
        }
    }

    /// Keys that were none, but text that a terminal pasted without a word; in pieces, which are one step.
    pub fn on_pasted_keys(&mut self, text: &str, goes_on: bool, now: Instant) {
        (self.now, self.input_at) = (now, now);
        self.prefix = None;
        match goes_on {
            true => self.text.paste_on(text),
            false => self.on_paste(text),
        }
    }

    fn on_paste(&mut self, text: &str) {
        if let Some(mut overlay) = self.overlay.take() {
            overlay.paste(text);
            self.overlay.get_or_insert(overlay);
        } else if self.screen == Screen::Text && self.layer != Layer::Keys {
            self.text.paste(text);
        } else {
            self.say("Pasted text goes into the Text screen (3)");
        }
    }

    fn on_key(&mut self, key: &KeyEvent) {
        let chord = Chord::from(key);
        if self.layer == Layer::Keys && self.overlay.is_none() && self.note_key(key) {
            return;
        }
        if key.kind == KeyEventKind::Release {
            return;
        }
        if let Some(letter) = self.behind_esc(key, chord) {
            self.on_key(&KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
            return self.on_key(&letter);
        }
        if let Some(overlay) = self.overlay.take() {
            if let Some(overlay) = super::overlays::on_key(self, overlay, key, chord) {
                self.overlay.get_or_insert(overlay);
            }
            return;
        }
        if self.filtering && self.filter_key(key) {
            return;
        }
        let before = self.prefix.take().map(|(chord, _)| chord);
        if before.is_some() && key.code == KeyCode::Esc {
            return;
        }
        if self.layer == Layer::Edit && before.is_none() && text::popup::key(&mut self.text, key) {
            return;
        }
        match self.keymap.find(&self.scopes(), before, chord) {
            Found::Bound(binding) => {
                let (run, arg) = (binding.action.run, binding.arg.clone());
                run(self, &arg);
            }
            Found::Begins => self.prefix = Some((chord, self.now)),
            Found::Nothing => match before {
                Some(first) => self.say(format!("{first} {chord} does nothing here")),
                None if self.layer == Layer::Edit => self.text.key(key),
                None => {}
            },
        }
    }

    /// The letter of an Esc and a letter that came as one: so terminals write Alt, and multiplexers hold an Esc back for a while to
    /// see whether a letter follows. Only where Esc closes what lies above the screen, and nothing is bound to the two as a chord.
    fn behind_esc(&self, key: &KeyEvent, chord: Chord) -> Option<KeyEvent> {
        let scopes = match (&self.overlay, self.filtering || self.prefix.is_some()) {
            (Some(_), _) => vec![Scope::Everywhere],
            (None, true) => self.scopes(),
            (None, false) => return None,
        };
        let alt = key.modifiers - KeyModifiers::SHIFT == KeyModifiers::ALT;
        let both = alt && matches!(key.code, KeyCode::Char(_));
        let unbound = matches!(self.keymap.find(&scopes, None, chord), Found::Nothing);
        (both && unbound).then(|| KeyEvent {
            modifiers: key.modifiers - KeyModifiers::ALT,
            ..*key
        })
    }

    /// A note of the KEYS layer.
    fn note_key(&mut self, key: &KeyEvent) -> bool {
        let KeyCode::Char(c) = key.code else {
            return false;
        };
        let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
        if !plain || self.notes.note_of(c).is_none() {
            return false;
        }
        let out = match key.kind {
            KeyEventKind::Press => {
                let beat = Duration::from_secs_f64(60.0 / self.view.bpm.max(1.0));
                if self.screen == Screen::Pattern
                    && let Some(note) = self.notes.note_of(c)
                {
                    pattern::play_in(self, i32::from(note));
                }
                self.notes.press(c, self.now, beat)
            }
            KeyEventKind::Release => self.notes.release(c),
            KeyEventKind::Repeat => Vec::new(),
        };
        self.play(out);
        true
    }

    fn filter_key(&mut self, key: &KeyEvent) -> bool {
        let mut filter = match self.screen {
            Screen::Files => self.files.filter.clone(),
            Screen::Text => self.text.search.clone(),
            _ => self.journal.filter.clone(),
        };
        match key.code {
            KeyCode::Enter => {
                self.filtering = false;
                return true;
            }
            KeyCode::Esc => {
                self.filtering = false;
                filter.clear();
            }
            KeyCode::Backspace => {
                filter.pop();
            }
            KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => filter.push(c),
            _ => return false,
        }
        match self.screen {
            Screen::Files => self.files.set_filter(filter),
            Screen::Text => self.text.searched(filter),
            _ => {
                self.journal.back = 0;
                self.journal.filter = filter;
            }
        }
        true
    }

    /// Where chords are looked up now, the nearest first.
    pub fn scopes(&self) -> Vec<Scope> {
        match self.layer {
            Layer::Nav => vec![Scope::On(self.screen), Scope::Nav, Scope::Everywhere],
            Layer::Edit => vec![Scope::Edit, Scope::Everywhere],
            Layer::Keys => vec![Scope::Keys, Scope::Everywhere],
        }
    }
}
