//! The text of a patch being edited: what the keys do to it, and undo in steps that a person would call one.
pub mod completion;
pub mod highlight;
pub mod scan;

use std::ops::Range;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, TextArea};

use crate::tui::pen::columns;

/// Undo keeps so many steps, and so many bytes of text.
const UNDO_STEPS: usize = 1_000;
const UNDO_BYTES: usize = 32 << 20;
const INDENT: &str = "  ";

/// What the last key did, to join it with the next one into one undo step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Typing,
    Erasing,
    Pasting,
    Else,
}

/// The text before a step.
struct Snapshot {
    text: String,
    cursor: (usize, usize),
    /// The step was heard at once.
    heard: bool,
}

pub struct Editor {
    area: TextArea<'static>,
    /// Newest last. Whole texts, so that changes from outside, which are no steps, may come between.
    undo: Vec<Snapshot>,
    redo: Vec<Snapshot>,
    doing: Doing,
    /// Counts changes.
    revision: u64,
}

fn area(text: &str) -> TextArea<'static> {
    let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
    let mut area = TextArea::new(lines.map(str::to_owned).collect());
    area.set_max_histories(0);
    area
}

impl Editor {
    pub fn new(text: &str) -> Self {
        Self {
            area: area(text),
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

    pub fn byte_of(&self, line: usize, column: usize) -> usize {
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
                // A word is one step: what follows a blank begins the next.
                self.step(Doing::Typing, c != ' ', |area| {
                    area.insert_char(c);
                    true
                });
            }
            KeyCode::Enter => self.newline(),
            KeyCode::Backspace => self.step(Doing::Erasing, true, TextArea::delete_char),
            KeyCode::Delete => self.step(Doing::Erasing, true, TextArea::delete_next_char),
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
        self.doing = Doing::Else;
        self.step(Doing::Pasting, true, |area| area.insert_str(text));
    }

    /// The same as a part of the step before, where that was an insertion too.
    pub fn insert_on(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        self.step(Doing::Pasting, true, |area| area.insert_str(text));
    }

    /// Replaces bytes of the text as one undo step; the cursor ends behind the new text.
    pub fn replace(&mut self, span: Range<usize>, with: &str) {
        self.replaced(span, with, false);
    }

    /// The same for what is heard at once: so is its undo.
    pub fn replace_heard(&mut self, span: Range<usize>, with: &str) {
        self.replaced(span, with, true);
    }

    fn replaced(&mut self, span: Range<usize>, with: &str, heard: bool) {
        let before = self.text();
        let Some(text) = spliced(&before, &span, with) else {
            return;
        };
        self.doing = Doing::Else;
        self.step(Doing::Else, false, |old| {
            *old = area(&text);
            text != before
        });
        if let Some(step) = self.undo.last_mut() {
            step.heard = heard;
        }
        let (line, column) = self.place_of(span.start + with.len());
        self.set_cursor(line, column);
    }

    /// Puts another whole text in its place as one undo step; the cursor stays on its line.
    pub fn exchange(&mut self, text: &str) {
        let (line, column) = self.cursor();
        let before = self.text();
        self.step(Doing::Else, false, |old| {
            *old = area(text);
            text != before
        });
        self.set_cursor(line, column);
    }

    /// Replaces bytes because something else changed them: no undo step, and the cursor stays where it is in the text.
    pub fn follow(&mut self, span: Range<usize>, with: &str) {
        let cursor = self.cursor_byte();
        let Some(text) = spliced(&self.text(), &span, with) else {
            return;
        };
        let doing = self.doing;
        self.area = area(&text);
        let cursor = match cursor {
            at if at <= span.start => at,
            at if at >= span.end => at - span.len() + with.len(),
            at => at.min(span.start + with.len()),
        };
        let (line, column) = self.place_of(cursor);
        self.set_cursor(line, column);
        self.revision += 1;
        self.doing = doing;
    }

    /// Whether there was a step, and whether that was one which is heard at once.
    pub fn undo(&mut self) -> Option<bool> {
        let step = self.undo.pop()?;
        let heard = step.heard;
        let back = self.put(step);
        self.redo.push(back);
        Some(heard)
    }

    pub fn redo(&mut self) -> Option<bool> {
        let step = self.redo.pop()?;
        let heard = step.heard;
        let back = self.put(step);
        self.undo.push(back);
        Some(heard)
    }

    /// Puts a text in place of the present one, which it gives back.
    fn put(&mut self, step: Snapshot) -> Snapshot {
        let back = Snapshot {
            text: self.text(),
            cursor: self.cursor(),
            heard: step.heard,
        };
        self.area = area(&step.text);
        self.set_cursor(step.cursor.0, step.cursor.1);
        self.revision += 1;
        back
    }

    /// One change of the text, which tells whether it was one; a step of its own where it does not go on with the last one. Going on
    /// takes no copy of the text: a hundred thousand letters may come as keys.
    fn step(
        &mut self,
        doing: Doing,
        joins_next: bool,
        change: impl FnOnce(&mut TextArea<'static>) -> bool,
    ) {
        let goes_on = doing != Doing::Else && self.doing == doing && !self.undo.is_empty();
        let before = (!goes_on).then(|| Snapshot {
            text: self.text(),
            cursor: self.cursor(),
            heard: false,
        });
        if !change(&mut self.area) {
            return;
        }
        self.revision += 1;
        self.redo.clear();
        if let Some(before) = before {
            self.undo.push(before);
            self.forget();
        }
        self.doing = if joins_next { doing } else { Doing::Else };
    }

    /// Drops the oldest steps where there are too many.
    fn forget(&mut self) {
        let mut bytes = 0;
        let steps = self.undo.iter().rev();
        let kept = steps.take_while(|step| {
            bytes += step.text.len();
            bytes <= UNDO_BYTES
        });
        let kept = kept.count().clamp(1, UNDO_STEPS);
        self.undo.drain(..self.undo.len().saturating_sub(kept));
    }
}

/// Columns that a line's characters take: some take two, some none.
pub fn width_between(line: &str, from: usize, to: usize) -> u16 {
    let part: String = line.chars().take(to).skip(from).collect();
    columns(&part)
}

/// The character that is so many columns behind another one.
pub fn char_at(line: &str, from: usize, columns: u16) -> usize {
    let last = line.chars().count();
    let beyond = (from..last).find(|to| width_between(line, from, to + 1) > columns);
    beyond.unwrap_or(last)
}

fn spliced(text: &str, span: &Range<usize>, with: &str) -> Option<String> {
    Some([text.get(..span.start)?, with, text.get(span.end..)?].concat())
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
            assert!(editor.undo().is_some());
            assert_eq!(editor.text(), left);
        }
        assert!(editor.undo().is_none());
        for back in ["one ", "one two", "one two(\n  pasted: 1,\n)"] {
            assert!(editor.redo().is_some());
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
        assert!(editor.undo().is_some());
        assert_eq!(editor.text(), text);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let line = "a音b音";
        assert_eq!(width_between(line, 0, 4), 6);
        assert_eq!(width_between(line, 1, 2), 2);
        for (columns, char) in [(0, 0), (1, 1), (2, 1), (3, 2), (4, 3), (6, 4), (60, 4)] {
            assert_eq!(char_at(line, 0, columns), char);
        }
        assert_eq!(char_at(line, 2, 1), 3);
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

    #[test]
    fn what_changes_from_outside_is_no_step_and_leaves_the_cursor() {
        let mut editor = Editor::new("(a: 1, b: 2)");
        editor.set_cursor(0, 10);
        write(&mut editor, "9");
        editor.follow(4..5, "123");
        assert_eq!(editor.text(), "(a: 123, b: 92)");
        assert_eq!(editor.cursor(), (0, 13));
        write(&mut editor, "8");
        assert_eq!(editor.text(), "(a: 123, b: 982)");
        assert_eq!(editor.undo(), Some(false), "typing goes on over it");
        assert_eq!(editor.text(), "(a: 1, b: 2)");
        assert_eq!(editor.redo(), Some(false));
        assert_eq!(editor.text(), "(a: 123, b: 982)");
        editor.replace_heard(4..7, "5");
        assert_eq!(editor.undo(), Some(true));
    }
}
