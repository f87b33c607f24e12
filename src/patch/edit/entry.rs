//! Entries of a bracketed list in a text: adding one in the layout of its neighbours, taking one out with its comma and its line.
//! Comments stay, all of them.
use std::ops::Range;

use super::doc::splice;

/// `( … )` or `[ … ]`.
#[derive(Clone, Debug)]
pub struct List {
    /// Between the brackets.
    pub inside: Range<usize>,
    /// In the order of the text, without their commas.
    pub entries: Vec<Range<usize>>,
}

/// The text with an entry behind `after`, or behind the last one.
pub fn insert(text: &str, list: &List, after: Option<usize>, new: &str) -> String {
    let Some(last) = list.entries.len().checked_sub(1) else {
        return insert_first(text, list, new);
    };
    let index = after.map_or(last, |after| after.min(last));
    let entry = &list.entries[index];
    let comma = comma_after(text, entry.end, list.inside.end);
    let own_line = own_line(text, entry.start).filter(|line| *line >= list.inside.start);
    let behind = comma.map_or(entry.end, |comma| comma + 1);
    let (rest_ends, at) = rest_of_line(text, behind, list.inside.end);
    let mut parts = Vec::new();
    match (own_line, comma) {
        (Some(line), Some(_)) if rest_ends => {
            let indent = &text[line..entry.start];
            parts.push((at..at, format!("\n{indent}{new},")));
        }
        (Some(line), None) if rest_ends => {
            let indent = &text[line..entry.start];
            parts.push((entry.end..entry.end, ",".to_owned()));
            parts.push((at..at, format!("\n{indent}{new}")));
        }
        (_, Some(comma)) => parts.push((comma + 1..comma + 1, format!(" {new},"))),
        (_, None) => parts.push((entry.end..entry.end, format!(", {new}"))),
    }
    splice(text, parts)
}

/// Into a list that has no entries, perhaps only comments.
fn insert_first(text: &str, list: &List, new: &str) -> String {
    let inside = &text[list.inside.clone()];
    let line = text[..list.inside.start].rfind('\n').map_or(0, |at| at + 1);
    let lead = &text[line..list.inside.start];
    let indent: String = lead
        .chars()
        .take_while(|c| *c == ' ' || *c == '\t')
        .collect();
    let kept = inside.trim_end();
    let at = list.inside.start + kept.len();
    let entry = format!("\n{indent}  {new},\n{indent}");
    splice(text, vec![(at..list.inside.end, entry)])
}

/// The text without an entry.
pub fn remove(text: &str, list: &List, index: usize) -> String {
    let entry = list.entries[index].clone();
    let comma = comma_after(text, entry.end, list.inside.end);
    let blank = |part: Range<usize>| text[part].trim().is_empty();
    // A comment between an entry and its comma stays.
    let joined = comma.is_none_or(|comma| blank(entry.end..comma));
    let mut parts = Vec::new();
    let mut gone = entry.clone();
    match comma {
        Some(comma) if joined => gone.end = comma + 1,
        Some(comma) => parts.push((comma..comma + 1, String::new())),
        None => {}
    }
    let line = own_line(text, entry.start).filter(|line| *line >= list.inside.start);
    let spaces = |from: usize| {
        let rest = &text[from..list.inside.end];
        from + rest.len() - rest.trim_start_matches([' ', '\t']).len()
    };
    let after = spaces(gone.end);
    let line_ends = text[after..].starts_with('\n') || text[after..].starts_with("\r\n");
    match line {
        // The whole line goes.
        Some(line) if line_ends && joined => {
            let newline = text[after..].find('\n').map_or(after, |at| after + at + 1);
            gone = line..newline.min(list.inside.end.max(after));
        }
        _ => gone.end = after,
    }
    if line.is_none() && comma.is_none() && index > 0 {
        // `[a, b]` becomes `[a]`: the comma before it separates nothing any more.
        let before = &list.entries[index - 1];
        if let Some(comma) = comma_after(text, before.end, list.inside.end) {
            if blank(comma + 1..entry.start) {
                gone.start = comma;
                gone.end = entry.end;
            } else {
                parts.push((comma..comma + 1, String::new()));
            }
        }
    }
    parts.push((gone, String::new()));
    splice(text, parts)
}

/// The text with several entries in the place of one.
pub fn replace(text: &str, list: &List, index: usize, new: &[String]) -> String {
    let entry = list.entries[index].clone();
    if new.is_empty() {
        return remove(text, list, index);
    }
    let line = own_line(text, entry.start).filter(|line| *line >= list.inside.start);
    let between = match line {
        Some(line) => format!(",\n{}", &text[line..entry.start]),
        None => ", ".to_owned(),
    };
    splice(text, vec![(entry, new.join(&between))])
}

/// The start of the line, where nothing but white space stands before a byte of it.
fn own_line(text: &str, at: usize) -> Option<usize> {
    let line = text[..at].rfind('\n')? + 1;
    text[line..at].trim().is_empty().then_some(line)
}

/// The comma behind an entry, white space and comments aside.
fn comma_after(text: &str, from: usize, end: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = skip_space(text, at, end);
        match skip_comment(text, at, end) {
            Some(behind) => at = behind,
            None => return text[at..end].starts_with(',').then_some(at),
        }
    }
}

/// Whether nothing but comments follows on the line, and where they end.
fn rest_of_line(text: &str, from: usize, end: usize) -> (bool, usize) {
    let mut at = from;
    let mut behind = from;
    loop {
        let rest = &text[at..end];
        let start = at + rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
        match skip_comment(text, start, end) {
            Some(comment_end) => {
                let many_lines = text[start..comment_end].contains('\n');
                (at, behind) = (comment_end, comment_end);
                if many_lines {
                    return (true, behind);
                }
            }
            None => {
                let ends = start >= end || text[start..].starts_with('\n');
                return (ends, behind);
            }
        }
    }
}

fn skip_space(text: &str, at: usize, end: usize) -> usize {
    let rest = &text[at..end];
    at + rest.len() - rest.trim_start().len()
}

/// Behind the comment that begins here.
fn skip_comment(text: &str, at: usize, end: usize) -> Option<usize> {
    let rest = &text[at..end];
    if rest.starts_with("//") {
        return Some(at + rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*")
        .then(|| crate::patch::lexer::comment(rest).map(|len| at + len))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::edit::doc::Doc;

    fn cables(text: &str) -> List {
        Doc::read(text).unwrap().cables().unwrap()
    }

    fn with(cables: &str) -> String {
        format!("(modules: (a: Saw(), b: Vca(), out: Out()), cables: {cables})")
    }

    fn inserted(before: &str) -> String {
        let text = with(before);
        let new = insert(&text, &cables(&text), None, "\"b > out\"");
        Doc::read(&new).unwrap_or_else(|why| panic!("{why}\n{new}"));
        new[with("").len() - 1..new.len() - 1].to_owned()
    }

    fn removed(before: &str, index: usize) -> String {
        let text = with(before);
        let new = remove(&text, &cables(&text), index);
        Doc::read(&new).unwrap_or_else(|why| panic!("{why}\n{new}"));
        new[with("").len() - 1..new.len() - 1].to_owned()
    }

    #[test]
    fn a_new_entry_stands_as_its_neighbours_do() {
        for (before, after) in [
            ("[]", "[\n  \"b > out\",\n]"),
            ("[ // none yet\n]", "[ // none yet\n  \"b > out\",\n]"),
            ("[\"a > b\"]", "[\"a > b\", \"b > out\"]"),
            ("[\"a > b\",]", "[\"a > b\", \"b > out\",]"),
            ("[\n  \"a > b\",\n]", "[\n  \"a > b\",\n  \"b > out\",\n]"),
            ("[\n  \"a > b\"\n]", "[\n  \"a > b\",\n  \"b > out\"\n]"),
            (
                "[\n  \"a > b\" // x\n]",
                "[\n  \"a > b\", // x\n  \"b > out\"\n]",
            ),
            (
                "[\n  \"a > b\", /* y */ // x, z\n]",
                "[\n  \"a > b\", /* y */ // x, z\n  \"b > out\",\n]",
            ),
            (
                "[\n  \"a > b\" /* , */,\n]",
                "[\n  \"a > b\" /* , */,\n  \"b > out\",\n]",
            ),
        ] {
            assert_eq!(inserted(before), after, "{before}");
        }
    }

    #[test]
    fn a_removed_entry_takes_its_comma_and_its_line_and_leaves_comments() {
        for (before, index, after) in [
            ("[\"a > b\"]", 0, "[]"),
            ("[\"a > b\", \"b > out\"]", 0, "[\"b > out\"]"),
            ("[\"a > b\", \"b > out\"]", 1, "[\"a > b\"]"),
            (
                "[\n  \"a > b\",\n  \"b > out\",\n]",
                0,
                "[\n  \"b > out\",\n]",
            ),
            ("[\n  \"a > b\",\n  \"b > out\"\n]", 1, "[\n  \"a > b\",\n]"),
            ("[\n  \"a > b\", // x\n]", 0, "[\n  // x\n]"),
            ("[\n  \"a > b\" /* x */,\n]", 0, "[\n  /* x */\n]"),
            (
                "[\"a > b\", /* x */ \"b > out\"]",
                1,
                "[\"a > b\" /* x */ ]",
            ),
        ] {
            assert_eq!(removed(before, index), after, "{before}");
        }
    }
}
