//! Matching what the user types against names: letters in order, the closer together the better.

/// A score where every letter of `query` occurs in `text` in order; higher is better. An empty query matches all.
pub fn score(query: &str, text: &str) -> Option<i32> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut at = 0;
    let mut total = 0;
    let mut last = None;
    for wanted in query.to_lowercase().chars().filter(|c| *c != ' ') {
        let found = at + text[at..].iter().position(|c| *c == wanted)?;
        let word_start = found == 0 || !text[found - 1].is_alphanumeric();
        total += match last {
            Some(last) if found == last + 1 => 8,
            _ if word_start => 6,
            _ => 0,
        };
        // Earlier is better, and so is a shorter name.
        total -= (found - at) as i32;
        last = Some(found);
        at = found + 1;
    }
    // "new" is "new patch" before it is "newer".
    let whole = last.is_some() && text.get(at).is_none_or(|next| !next.is_alphanumeric());
    total += if whole { 4 } else { 0 };
    Some(total * 4 - text.len() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_begins_so_wins() {
        let best = |query: &str, names: &[&'static str]| {
            let scored = names.iter().filter_map(|n| Some((score(query, n)?, *n)));
            scored.max().map(|(_, name)| name)
        };
        assert_eq!(best("sw", &["answer", "swap", "show waves"]), Some("swap"));
        assert_eq!(best("acid", &["acid.ron", "placid.ron"]), Some("acid.ron"));
        assert_eq!(best("new", &["newer", "new patch"]), Some("new patch"));
        assert_eq!(best("saw", &["SuperSaw", "Sawtooth", "Saw"]), Some("Saw"));
        assert_eq!(best("xyz", &["swap"]), None);
        assert!(score("", "anything").is_some());
    }
}
