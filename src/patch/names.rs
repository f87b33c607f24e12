//! "Did you mean": the name nearest to one that does not exist.

/// The candidate that a slip of the fingers away from `word` is, if there is one.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A long word is no name; comparing costs the product of the lengths.
    if word.is_empty() || word.len() > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let score = similarity(&lower, &candidate.to_lowercase());
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, candidate));
        }
    }
    // 0.7 takes `Lader` for `Ladder` and `cutof` for `cutoff`, and leaves `Foo` for nothing.
    best.filter(|&(score, _)| score >= 0.7)
        .map(|(_, name)| name)
}

fn similarity(a: &str, b: &str) -> f64 {
    let edits = strsim::normalized_damerau_levenshtein(a, b);
    // One slip in a short name is much of it, and still one slip: `ocs` is `osc`.
    let longest = a.chars().count().max(b.chars().count());
    let one_slip = longest >= 2 && (1.0 - edits) * longest as f64 <= 1.01;
    if one_slip {
        return edits.max(0.7);
    }
    // A beginning counts, so that `freq` finds `frequency`; two letters, so that any single one does not.
    let begun = a.len() >= 2 && (b.starts_with(a) || a.starts_with(b));
    if begun { edits.max(0.7) } else { edits }
}

/// The first few names, for "there is a, b, c".
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    let shown = names.len().min(12);
    let mut text = names[..shown].join(", ");
    if shown < names.len() {
        text += ", …";
    }
    text
}

/// Kinds that Music Chronus, the program before this one, called otherwise.
const OLDER: [(&str, &str); 6] = [
    ("simple_sine", "Sine"),
    ("adsr", "Adsr"),
    ("biquad_filter", "Svf"),
    ("lfo", "Lfo"),
    ("acid_filter", "Ladder"),
    ("distortion", "Drive"),
];

/// The kind that an older name means.
pub fn older_kind(word: &str) -> Option<&'static str> {
    let known = |kind: &str| crate::modules::find(kind).is_some();
    let found = OLDER.iter().find(|(old, _)| old.eq_ignore_ascii_case(word));
    found.map(|(_, kind)| *kind).filter(|kind| known(kind))
}
