//! Macros in a patch's text: where they stand, and what they turn.
use std::ops::Range;

use crate::patch::tree::{Field, Shape, Value};
use crate::patch::write::quoted;

use super::EditError;
use super::doc::{Doc, splice};
use super::entry::{self, List};

/// The text with a macro at another place, 0..=1.
pub fn set_macro_at(text: &str, index: usize, at: f32) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let place = format!("{}", (f64::from(at) * 1_000.0).round() / 1_000.0);
    let (fields, inside) = fields_of(&doc, index)?;
    if let Some(field) = named(text, fields, "at") {
        return Ok(splice(text, vec![(field.value.span.clone(), place)]));
    }
    let after = fields.iter().position(|f| &text[f.name.clone()] == "name");
    let list = list_of(fields, inside);
    Ok(entry::insert(text, &list, after, &format!("at: {place}")))
}

/// The text with a target, "vcf.cutoff" over "200Hz..4kHz", in a macro: in place of the same one, else behind the others.
pub fn assign(
    text: &str,
    index: usize,
    name: &str,
    target: &str,
    range: &str,
) -> Result<String, EditError> {
    let doc = Doc::read(text)?;
    let new = quoted(&format!("{target} {}", range.trim()));
    let assigned = match fields_of(&doc, index) {
        Ok((fields, inside)) => match named(text, fields, "to") {
            Some(to) => add_target(text, &to.value, target, &new)?,
            None => {
                let list = list_of(fields, inside);
                entry::insert(text, &list, None, &format!("to: [{new}]"))
            }
        },
        Err(_) => {
            let new = format!("(name: {}, at: 0, to: [{new}])", quoted(name));
            match doc.field("macros") {
                Some((_, field)) => match &field.value.shape {
                    Shape::List(items) => {
                        entry::insert(text, &items_of(&field.value, items), None, &new)
                    }
                    _ => return Err(EditError::Broken("`macros` is no list".into())),
                },
                None => entry::insert(text, &doc.fields(), None, &format!("macros: [{new}]")),
            }
        }
    };
    // The range and the name have their say in the reader.
    match Doc::read(&assigned) {
        Ok(_) => Ok(assigned),
        Err(EditError::Broken(why)) => Err(EditError::Value(why)),
        Err(other) => Err(other),
    }
}

fn add_target(text: &str, to: &Value, target: &str, new: &str) -> Result<String, EditError> {
    let Shape::List(items) = &to.shape else {
        return Err(EditError::Broken("a macro's `to` is no list".into()));
    };
    for item in items {
        if let Shape::Text(had) = &item.shape
            && had.text.split_whitespace().next() == Some(target)
        {
            return Ok(splice(text, vec![(item.span.clone(), new.to_owned())]));
        }
    }
    // Targets are short and stand on one line: no layout of a list to guess.
    match items.last() {
        Some(last) => {
            let at = last.span.end;
            Ok(splice(text, vec![(at..at, format!(", {new}"))]))
        }
        None => {
            let at = to.span.start + 1;
            Ok(splice(text, vec![(at..at, new.to_owned())]))
        }
    }
}

/// The fields of a macro, and what its brackets enclose.
fn fields_of<'d>(doc: &'d Doc<'_>, index: usize) -> Result<(&'d [Field], Range<usize>), EditError> {
    let none = || EditError::Name(format!("there is no macro {}", index + 1));
    let (_, field) = doc.field("macros").ok_or_else(none)?;
    let Shape::List(items) = &field.value.shape else {
        return Err(none());
    };
    match items.get(index).map(|item| &item.shape) {
        Some(Shape::Struct(group)) => Ok((&group.fields, group.inside.clone())),
        _ => Err(none()),
    }
}

fn named<'f>(text: &str, fields: &'f [Field], name: &str) -> Option<&'f Field> {
    fields.iter().find(|f| &text[f.name.clone()] == name)
}

fn list_of(fields: &[Field], inside: Range<usize>) -> List {
    let entries = fields.iter();
    List {
        inside,
        entries: entries.map(|f| f.name.start..f.value.span.end).collect(),
    }
}

fn items_of(value: &Value, items: &[Value]) -> List {
    List {
        inside: value.span.start + 1..value.span.end - 1,
        entries: items.iter().map(|i| i.span.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::file::parse;

    const PLAIN: &str = "(\n  // a filter\n  modules: (\n    vco: Saw(), // bright\n    vcf: Ladder(cutoff: \"400Hz\"),\n    out: Out(),\n  ),\n  cables: [\"vco > vcf > out\"],\n)\n";

    #[test]
    fn a_knob_is_assigned_and_every_comment_stays() {
        let one = assign(PLAIN, 0, "bright", "vcf.cutoff", "200Hz..4kHz").expect("assigned");
        assert!(
            one.contains("macros: [(name: \"bright\", at: 0, to: [\"vcf.cutoff 200Hz..4kHz\"])]"),
            "{one}"
        );
        assert!(one.contains("// a filter") && one.contains("// bright"));
        let two = assign(&one, 0, "x", "vcf.res", "0.1..0.9").expect("assigned");
        let again = assign(&two, 0, "x", "vcf.cutoff", "100Hz..1kHz").expect("assigned");
        let three = assign(&again, 7, "drive", "vcf.drive", "1..4").expect("assigned");
        let patch = parse(&three, "test.ron").patch.expect("a patch");
        assert_eq!(patch.macros.len(), 2, "{three}");
        assert_eq!(patch.macros[0].to.len(), 2, "{three}");
        let moved = set_macro_at(&three, 0, 0.45).expect("moved");
        assert_eq!(
            parse(&moved, "t").patch.expect("a patch").macros[0].at,
            0.45
        );
        assert_eq!(moved.replace("at: 0.45", "at: 0"), three);
        let bare = three.replacen("at: 0, ", "", 1);
        let moved = set_macro_at(&bare, 0, 0.45).expect("moved");
        assert_eq!(
            parse(&moved, "t").patch.expect("a patch").macros[0].at,
            0.45
        );
    }

    #[test]
    fn what_the_reader_would_refuse_is_refused() {
        for (target, range) in [
            ("vcf.cutof", "1..2"),
            ("vcf.cutoff", "200Hz"),
            ("vcf.res", "0..9"),
        ] {
            let why = assign(PLAIN, 0, "a", target, range).expect_err("refused");
            assert!(!why.to_string().is_empty());
        }
        assert!(set_macro_at(PLAIN, 0, 0.5).is_err());
    }
}
