//! Colours of a patch's text: keys, kinds, strings, numbers, comments. One line at a time.
use crate::tui::theme::Role;

/// Pieces of a line, in order, without gaps; `in_comment` says whether a block comment is open and is kept up to date.
pub fn pieces<'a>(line: &'a str, in_comment: &mut bool) -> Vec<(&'a str, Role)> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (length, role) = next(rest, in_comment);
        pieces.push((&rest[..length], role));
        rest = &rest[length..];
    }
    pieces
}

fn next(rest: &str, in_comment: &mut bool) -> (usize, Role) {
    if *in_comment || rest.starts_with("/*") {
        let from = if *in_comment { 0 } else { 2 };
        let end = rest[from..].find("*/").map(|at| from + at + 2);
        *in_comment = end.is_none();
        return (end.unwrap_or(rest.len()), Role::SynComment);
    }
    if rest.starts_with("//") {
        return (rest.len(), Role::SynComment);
    }
    let Some(first) = rest.chars().next() else {
        return (0, Role::Text);
    };
    match first {
        '"' => (string(rest), Role::SynString),
        c if c.is_alphabetic() || c == '_' => {
            let length = length_while(rest, |c| c.is_alphanumeric() || c == '_');
            let after = rest[length..].trim_start();
            let role = match () {
                () if after.starts_with(':') => Role::SynKey,
                () if c.is_uppercase() => Role::Focus,
                () => Role::Text,
            };
            (length, role)
        }
        c if c.is_ascii_digit() || (c == '-' && digit_follows(rest)) => {
            let length = 1 + length_while(&rest[1..], |c| c.is_alphanumeric() || c == '.');
            (length, Role::SynNumber)
        }
        c => (c.len_utf8(), Role::Text),
    }
}

fn digit_follows(rest: &str) -> bool {
    rest[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.')
}

fn length_while(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is(c)).unwrap_or(text.len())
}

/// Length of a string with its quotes; to the end of the line where it is not closed there.
fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return i + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_line_is_lost() {
        let lines = [
            r#"  vcf: Ladder(cutoff: "400Hz", res: -0.82), // ü comment"#,
            r#""never closed \" "#,
            "/* a */ b: 1 /* open",
            "still */ x",
            "ünï: Kind(-, 3.5e-3)",
        ];
        let mut in_comment = false;
        for line in lines {
            let joined: String = pieces(line, &mut in_comment)
                .iter()
                .map(|(text, _)| *text)
                .collect();
            assert_eq!(joined, line);
        }
        assert!(!in_comment);
    }

    #[test]
    fn keys_kinds_strings_numbers_and_comments_differ() {
        let mut in_comment = false;
        let found = pieces(
            r#"vcf: Ladder(cutoff: "4", res: 0.8) // x"#,
            &mut in_comment,
        );
        let role = |text: &str| found.iter().find(|(t, _)| *t == text).map(|(_, r)| *r);
        assert_eq!(role("vcf"), Some(Role::SynKey));
        assert_eq!(role("Ladder"), Some(Role::Focus));
        assert_eq!(role("\"4\""), Some(Role::SynString));
        assert_eq!(role("0.8"), Some(Role::SynNumber));
        assert_eq!(role("// x"), Some(Role::SynComment));
    }
}
