//! The end of a sentence about a name that does not exist: the name that was meant, or the names that there are.

/// "; did you mean `cutoff`?", or " (there is cutoff, res, drive)".
pub fn hint<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let lower = word.to_lowercase();
    let nearest = names
        .iter()
        .map(|name| {
            let score = strsim::normalized_damerau_levenshtein(&lower, &name.to_lowercase());
            // A beginning counts, so that `freq` finds `frequency`; two letters, so that any single one does not.
            let begun = lower.len() >= 2 && name.to_lowercase().starts_with(&lower);
            (if begun { score.max(0.7) } else { score }, *name)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        // 0.7 takes `cutof` for `cutoff` and leaves `foo` for nothing. A long word is no name.
        Some((score, name)) if score >= 0.7 && word.len() <= 64 => {
            format!("; did you mean `{name}`?")
        }
        _ if names.is_empty() => String::new(),
        _ => {
            let more = if names.len() > 12 { ", …" } else { "" };
            format!(
                " (there is {}{more})",
                names[..names.len().min(12)].join(", ")
            )
        }
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
