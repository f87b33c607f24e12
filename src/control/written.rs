//! Knobs that were turned, written into the text of their patch. Pure functions; run by the supervisor.
use std::collections::HashMap;
use std::ops::Range;

use super::params;
use crate::patch::edit;
use crate::patch::file::parse;
use crate::patch::ports::amount_in;
use crate::patch::value::amount_text;
use crate::patch::{Patch, edit::splice};

/// A text with knobs as the patch has them, by module and name; none where nothing could be written. A text that can't be edited
/// keeps its old value: the patch, not the text, is what sounds.
pub fn write(text: &str, patch: &Patch, turned: Vec<(String, String)>) -> Option<String> {
    let amounts = turned.iter().filter(|(_, name)| name.contains('<')).count();
    let mut new = match amounts {
        0 | 1 => None,
        _ => together(text, patch),
    };
    // What one number says of several cables is written with it, or says the same as before.
    let done = match amounts {
        0 | 1 => None,
        _ => parse(new.as_deref().unwrap_or(text), "").draft,
    };
    for (module, name) in turned {
        let Ok(knob) = params::find(patch, &module, &name) else {
            continue;
        };
        let there = done.as_ref().map(|done| params::find(done, &module, &name));
        if matches!(there, Some(Ok(there)) if there.value == knob.value) {
            continue;
        }
        let now = new.as_deref().unwrap_or(text);
        if let Ok(text) = edit::set_knob(now, &module, &name, knob.value) {
            new = Some(text);
        }
    }
    new
}

/// Amounts that belong to several cables which all were turned alike, each written where it stands.
fn together(text: &str, patch: &Patch) -> Option<String> {
    let parsed = parse(text, "");
    let draft = parsed.draft?;
    let ends = |patch: &Patch| -> Vec<_> { patch.cables.iter().map(|c| (c.from, c.to)).collect() };
    if ends(&draft) != ends(patch) {
        return None;
    }
    let mut shared: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
    for (cable, spans) in parsed.spans.cables.iter().enumerate() {
        if let Some(amount) = &spans.amount {
            let cables = shared.entry((amount.start, amount.end)).or_default();
            cables.push(cable);
        }
    }
    let mut parts: Vec<(Range<usize>, String)> = Vec::new();
    for ((start, end), cables) in shared {
        let first = patch.cables.get(cables[0])?;
        let alike = cables.iter().all(|c| {
            let (old, new) = (&draft.cables[*c], &patch.cables[*c]);
            new.amount == first.amount && old.amount != new.amount
        });
        if cables.len() > 1 && alike {
            let into = amount_in(&patch.modules[first.to.node], first.to.input);
            parts.push((start..end, amount_text(into, first.amount)));
        }
    }
    (!parts.is_empty()).then(|| splice(text, parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::spec::ParamValue;

    const TEXT: &str = "(modules: (a: Lfo(), b: Lfo(), saw: Saw(), vcf: Ladder(), out: Out()), cables: [\"a + b > vcf.cutoff * 2.5oct\", \"saw > vcf > out\"])";

    fn turned(names: &[(&str, f32)]) -> Option<String> {
        let mut patch = parse(TEXT, "t").patch.expect("right");
        for (name, value) in names {
            let knob = params::find(&patch, "vcf", name).expect("there");
            knob.put(&mut patch, ParamValue::Fixed(*value));
        }
        let names = names
            .iter()
            .map(|(n, _)| ("vcf".to_owned(), (*n).to_owned()));
        write(TEXT, &patch, names.collect())
    }

    #[test]
    fn an_amount_of_several_cables_that_are_turned_alike_stays_one_number() {
        let new = turned(&[("cutoff<a", 2.75), ("cutoff<b", 2.75)]).expect("written");
        assert_eq!(new, TEXT.replace("2.5oct", "2.75oct"));
    }

    #[test]
    fn what_several_cables_have_together_is_written_only_where_all_were_turned_alike() {
        // Beside another amount that was turned, so that more than one is.
        let text = TEXT.replace("\"saw >", "\"saw > vcf.res * 0.1\", \"saw >");
        let mut patch = parse(&text, "t").patch.expect("right");
        let turned = [("cutoff<a", 1.5), ("cutoff<b", 3.5), ("res<saw", 0.25)];
        for (name, value) in turned {
            let knob = params::find(&patch, "vcf", name).expect("there");
            knob.put(&mut patch, ParamValue::Fixed(value));
        }
        let names = turned.map(|(name, _)| ("vcf".to_owned(), name.to_owned()));
        let new = write(&text, &patch, names.to_vec()).expect("written");
        let there = parse(&new, "t").patch.expect("right");
        for (name, value) in turned {
            let knob = params::find(&there, "vcf", name).expect("there");
            assert_eq!(knob.value, ParamValue::Fixed(value), "{name}: {new}");
        }
        // What nobody turned is not written, in whatever words it stands.
        let kept = TEXT.replace("2.5oct", "2.50oct");
        let mut patch = parse(&kept, "t").patch.expect("right");
        let knob = params::find(&patch, "vcf", "res").expect("there");
        knob.put(&mut patch, ParamValue::Fixed(0.25));
        let names = ["cutoff<a", "cutoff<b", "res"].map(|n| ("vcf".to_owned(), n.to_owned()));
        let new = write(&kept, &patch, names.to_vec()).expect("written");
        assert!(new.contains("\"a + b > vcf.cutoff * 2.50oct\""), "{new}");
        // A patch of other cables says nothing of these.
        let other = TEXT.replace("\"a + b >", "\"b + a >");
        let mut patch = parse(&other, "t").patch.expect("right");
        for name in ["cutoff<a", "cutoff<b"] {
            let knob = params::find(&patch, "vcf", name).expect("there");
            knob.put(&mut patch, ParamValue::Fixed(2.75));
        }
        assert_eq!(together(TEXT, &patch), None);
    }

    #[test]
    fn one_that_is_turned_alone_gets_words_of_its_own() {
        let new = turned(&[("cutoff<a", 1.5)]).expect("written");
        let patch = parse(&new, "t").patch.expect("right");
        let amount = |name: &str| params::find(&patch, "vcf", name).expect("there").value;
        assert_eq!(amount("cutoff<a"), ParamValue::Fixed(1.5));
        assert_eq!(amount("cutoff<b"), ParamValue::Fixed(2.5));
        let new = turned(&[("cutoff<a", 1.5), ("cutoff<b", 3.5), ("res", 0.25)]).expect("written");
        assert!(new.contains("res: 0.25"), "{new}");
        let patch = parse(&new, "t").patch.expect("right");
        let amount = |name: &str| params::find(&patch, "vcf", name).expect("there").value;
        assert_eq!(amount("cutoff<b"), ParamValue::Fixed(3.5));
    }
}
