//! The text of a patch being edited: what the keys do to it, and undo in steps that a person would call one.
pub mod highlight;

use std::ops::Range;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, TextArea};

/// Edits kept for undo.
const UNDO_STEPS: usize = 10_000;
const INDENT: &str = "  ";

/// What the last key did, to join it with the next one into one undo step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Typing,
    Erasing,
    Else,
}

pub struct Editor {
    area: TextArea<'static>,
    /// Sizes of the undo steps in the area's own edits, newest last.
    undo: Vec<usize>,
    redo: Vec<usize>,
    doing: Doing,
    /// Counts changes.
    revision: u64,
}

impl Editor {
    pub fn new(text: &str) -> Self {
        let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
        let mut area = TextArea::new(lines.map(str::to_owned).collect());
        area.set_max_histories(UNDO_STEPS);
        Self {
            area,
            undo: Vec::new(),
            redo: Vec::new(),
            doing: Doing::Else,
            revision: 0,
        }
    }

    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Changes with every edit.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Line and character, from 0.
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    pub fn set_cursor(&mut self, line: usize, column: usize) {
        let small = |n: usize| n.min(usize::from(u16::MAX)) as u16;
        self.area
            .move_cursor(CursorMove::Jump(small(line), small(column)));
        self.doing = Doing::Else;
    }

    /// The cursor's place in the text, in bytes.
    pub fn cursor_byte(&self) -> usize {
        let (line, column) = self.cursor();
        self.byte_of(line, column)
    }

    fn byte_of(&self, line: usize, column: usize) -> usize {
        let lines = self.area.lines();
        let before: usize = lines[..line.min(lines.len())]
            .iter()
            .map(|l| l.len() + 1)
            .sum();
        let within = lines.get(line).map_or(0, |l| {
            l.char_indices().nth(column).map_or(l.len(), |(i, _)| i)
        });
        before + within
    }

    /// Line and character of a byte of the text, from 0.
    pub fn place_of(&self, byte: usize) -> (usize, usize) {
        let mut start = 0;
        for (n, line) in self.area.lines().iter().enumerate() {
            if byte <= start + line.len() {
                let column = line
                    .char_indices()
                    .take_while(|(i, _)| start + i < byte)
                    .count();
                return (n, column);
            }
            start += line.len() + 1;
        }
        let last = self.area.lines().len().saturating_sub(1);
        (last, self.area.lines()[last].chars().count())
    }

    /// A key of ordinary typing. Returns whether it was one.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        if alt {
            return false;
        }
        let step = match (key.code, control) {
            (KeyCode::Left, false) => CursorMove::Back,
            (KeyCode::Right, false) => CursorMove::Forward,
            (KeyCode::Left, true) => CursorMove::WordBack,
            (KeyCode::Right, true) => CursorMove::WordForward,
            (KeyCode::Up, _) => CursorMove::Up,
            (KeyCode::Down, _) => CursorMove::Down,
            (KeyCode::Home, true) => CursorMove::Top,
            (KeyCode::End, true) => CursorMove::Bottom,
            (KeyCode::Home, false) => CursorMove::Head,
            (KeyCode::End, false) => CursorMove::End,
            _ => return self.typing(key.code, control),
        };
        self.area.move_cursor(step);
        self.doing = Doing::Else;
        true
    }

    fn typing(&mut self, code: KeyCode, control: bool) -> bool {
        match code {
            KeyCode::Char(c) if !control => {
                self.area.insert_char(c);
                // A word is one step: what follows a blank begins the next.
                self.changed(1, Doing::Typing, c != ' ');
            }
            KeyCode::Enter => self.newline(),
            KeyCode::Backspace | KeyCode::Delete => {
                let done = match code {
                    KeyCode::Backspace => self.area.delete_char(),
                    _ => self.area.delete_next_char(),
                };
                if done {
                    self.changed(1, Doing::Erasing, true);
                }
            }
            _ => return false,
        }
        true
    }

    /// Ends the line, with the same indent in the next one.
    fn newline(&mut self) {
        let (line, column) = self.cursor();
        let text = &self.area.lines()[line];
        let blanks = text.chars().take(column).take_while(|c| *c == ' ').count();
        let opens = text
            .chars()
            .take(column)
            .last()
            .is_some_and(|c| matches!(c, '(' | '[' | '{'));
        let mut indent = " ".repeat(blanks);
        if opens {
            indent += INDENT;
        }
        self.insert(&format!("\n{indent}"));
    }

    pub fn indent(&mut self) {
        self.insert(INDENT);
    }

    /// Inserts text as one undo step. Terminals paste carriage returns for line ends.
    pub fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.area.insert_str(text) {
            self.changed(1, Doing::Else, false);
        }
    }

    /// Replaces bytes of the text as one undo step; the cursor ends behind the new text.
    pub fn replace(&mut self, span: Range<usize>, with: &str) {
        let text = self.text();
        let Some(old) = text.get(span.clone()) else {
            return;
        };
        let (line, column) = self.place_of(span.start);
        self.set_cursor(line, column);
        let mut edits = 0;
        edits += usize::from(self.area.delete_str(old.chars().count()));
        edits += usize::from(!with.is_empty() && self.area.insert_str(with));
        if edits > 0 {
            self.changed(edits, Doing::Else, false);
        }
    }

    pub fn undo(&mut self) -> bool {
        let Some(edits) = self.undo.pop() else {
            return false;
        };
        for _ in 0..edits {
            self.area.undo();
        }
        self.redo.push(edits);
        self.moved();
        true
    }

    pub fn redo(&mut self) -> bool {
        let Some(edits) = self.redo.pop() else {
            return false;
        };
        for _ in 0..edits {
            self.area.redo();
        }
        self.undo.push(edits);
        self.moved();
        true
    }

    fn moved(&mut self) {
        self.revision += 1;
        self.doing = Doing::Else;
    }

    fn changed(&mut self, edits: usize, doing: Doing, joins_next: bool) {
        self.revision += 1;
        self.redo.clear();
        match self.undo.last_mut() {
            Some(last) if doing != Doing::Else && self.doing == doing => *last += edits,
            _ => self.undo.push(edits),
        }
        self.doing = if joins_next { doing } else { Doing::Else };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, code: KeyCode) {
        assert!(editor.key(&KeyEvent::new(code, KeyModifiers::NONE)));
    }

    fn write(editor: &mut Editor, text: &str) {
        for c in text.chars() {
            press(editor, KeyCode::Char(c));
        }
    }

    #[test]
    fn a_word_is_one_undo_step_and_a_paste_too() {
        let mut editor = Editor::new("");
        write(&mut editor, "one two");
        editor.insert("(\r  pasted: 1,\r)");
        assert_eq!(editor.text(), "one two(\n  pasted: 1,\n)");
        for left in ["one two", "one ", ""] {
            assert!(editor.undo());
            assert_eq!(editor.text(), left);
        }
        assert!(!editor.undo());
        for back in ["one ", "one two", "one two(\n  pasted: 1,\n)"] {
            assert!(editor.redo());
            assert_eq!(editor.text(), back);
        }
    }

    #[test]
    fn a_replacement_is_one_step_and_knows_its_bytes() {
        let text = "(\n  ü: Lader(),\n)";
        let mut editor = Editor::new(text);
        let at = text.find("Lader").expect("there");
        editor.replace(at..at + 5, "Ladder");
        assert_eq!(editor.text(), "(\n  ü: Ladder(),\n)");
        assert_eq!(editor.cursor(), (1, 11));
        assert_eq!(editor.cursor_byte(), at + 6);
        assert!(editor.undo());
        assert_eq!(editor.text(), text);
    }

    #[test]
    fn places_and_bytes_agree() {
        let text = "äb\n\n  c";
        let editor = Editor::new(text);
        for (byte, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let (line, column) = editor.place_of(byte);
            assert_eq!(editor.byte_of(line, column), byte);
        }
    }

    #[test]
    fn a_new_line_keeps_the_indent_and_deepens_it_after_a_bracket() {
        let mut editor = Editor::new("  modules: (");
        press(&mut editor, KeyCode::End);
        press(&mut editor, KeyCode::Enter);
        write(&mut editor, "a");
        assert_eq!(editor.text(), "  modules: (\n    a");
        press(&mut editor, KeyCode::Enter);
        assert_eq!(editor.cursor(), (2, 4));
    }
}
