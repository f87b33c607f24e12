//! The end of a sentence about a name that does not exist: the name that was meant, or the names that there are.
use crate::patch::names::{list, nearest};

/// "; did you mean `cutoff`?", or " (there is cutoff, res, drive)".
pub fn hint<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match nearest(word, names.iter().copied()) {
        Some(name) => format!("; did you mean `{name}`?"),
        None if names.is_empty() => String::new(),
        None => format!(" (there is {})", list(names)),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_slip_is_told_and_nonsense_gets_the_list() {
        let names = ["cutoff", "res", "drive"];
        assert_eq!(super::hint("cutof", names), "; did you mean `cutoff`?");
        assert_eq!(super::hint("xyz", names), " (there is cutoff, res, drive)");
        assert_eq!(super::hint("xyz", []), "");
    }
}
