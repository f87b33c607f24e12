//! Edits of any text, one after another: the text says what the model does, and its comments stay.
use chronus::modules::REGISTRY;
use chronus::modules::spec::ParamValue;
use chronus::patch::edit::{Edit, EditError, source_text, target_text};
use chronus::patch::file::parse;
use chronus::patch::{Input, Patch};
use proptest::prelude::*;

use crate::model::{Model, expected};
use crate::texts::{read, texts};

/// Comments of a text, in order, with those inside `but` left out.
pub fn comments(text: &str, but: Option<std::ops::Range<usize>>) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            let mut depth = 0;
            let mut end = 0;
            while end < rest.len() {
                if rest[end..].starts_with("/*") {
                    depth += 1;
                    end += 2;
                } else if rest[end..].starts_with("*/") {
                    depth -= 1;
                    end += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    end += rest[end..].chars().next().map_or(1, char::len_utf8);
                }
            }
            end
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            at += 3 + raw.find("\"#").unwrap() + 2;
            continue;
        } else if let Some(raw) = rest.strip_prefix("r\"") {
            at += 2 + raw.find('"').unwrap() + 1;
            continue;
        } else if rest.starts_with('"') {
            let mut end = 1;
            while !rest[end..].starts_with('"') {
                end += if rest[end..].starts_with('\\') { 2 } else { 1 };
                while !rest.is_char_boundary(end) {
                    end += 1;
                }
            }
            at += end + 1;
            continue;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        if but.as_ref().is_none_or(|but| !but.contains(&at)) {
            found.push(text[at..at + len].trim_end().to_owned());
        }
        at += len;
    }
    found
}

/// An edit of this patch, made from a few numbers.
fn edit_of(patch: &Patch, n: [usize; 5]) -> Edit {
    let pick = |i: usize| patch.modules.get(n[i] % patch.modules.len().max(1));
    let kind = REGISTRY[n[3] % REGISTRY.len()].kind.to_owned();
    let fresh = format!("new{}", n[4] % 50);
    let Some(module) = pick(1).map(|m| m.name.clone()) else {
        return Edit::Add {
            name: fresh,
            kind,
            after: None,
        };
    };
    let cable = patch.cables.get(n[2] % patch.cables.len().max(1));
    let ends = cable.map(|c| (source_text(patch, c.from), target_text(patch, c.to)));
    match (n[0] % 11, ends) {
        (0, _) => Edit::Add {
            name: fresh,
            kind,
            after: n[2].is_multiple_of(2).then_some(module),
        },
        (1, _) => Edit::Rename { module, to: fresh },
        (2, _) => Edit::Duplicate { module, to: fresh },
        (3, _) => Edit::Delete {
            module,
            bridge: n[4].is_multiple_of(2),
        },
        (4 | 5, Some((from, to))) => Edit::Cut { from, to },
        (6, Some((from, to))) => Edit::Amount {
            from,
            to,
            amount: None,
        },
        (7, _) => Edit::Replace { module, kind },
        (8, _) if n[4].is_multiple_of(2) => Edit::Title(format!("\"t{}\"", n[2])),
        (8, _) => Edit::Voices(1 + n[2] % 8),
        _ => {
            let from = &patch.modules[n[1] % patch.modules.len()];
            let to = &patch.modules[n[2] % patch.modules.len()];
            let (ins, params) = (to.spec.inputs.len(), to.spec.params.len());
            if from.spec.outputs.is_empty() || ins + params == 0 {
                return Edit::Delete {
                    module,
                    bridge: true,
                };
            }
            let input = match n[4] % (ins + params) {
                i if i < ins => Input::Port(i),
                p => Input::Param(p - ins),
            };
            let source = chronus::patch::Source {
                node: n[1] % patch.modules.len(),
                port: n[3] % from.spec.outputs.len(),
            };
            let target = chronus::patch::Target {
                node: n[2] % patch.modules.len(),
                input,
            };
            Edit::Wire {
                from: source_text(patch, source),
                to: target_text(patch, target),
                amount: None,
                feedback: n[3].is_multiple_of(2),
            }
        }
    }
}

fn check(text: &str, edit: &Edit) -> Option<String> {
    let patch = read(text);
    let new = match edit.apply(text) {
        Ok(new) => new,
        Err(EditError::Name(_) | EditError::Cable(_)) => return None,
        Err(why) => panic!("{edit:?}: {why}\n{text}"),
    };
    let got = read(&new);
    if let Some(wanted) = expected(&patch, edit) {
        assert_eq!(Model::of(&got), wanted, "{edit:?}\n{text}\n---\n{new}");
    }
    let gone = match edit {
        Edit::Delete { module, .. } | Edit::Replace { module, .. } => {
            let node = patch.node(module).unwrap();
            Some(parse(text, "t").spans.modules[node].whole.clone())
        }
        _ => None,
    };
    let mut left = comments(&new, None);
    for comment in comments(text, gone) {
        let at = left.iter().position(|c| *c == comment);
        let at = at.unwrap_or_else(|| panic!("{edit:?} lost `{comment}`\n{text}\n---\n{new}"));
        left.remove(at);
    }
    if let Edit::Replace { module, kind } = edit {
        replaced(&patch, &got, module, kind);
    }
    Some(new)
}

/// A replaced module keeps all cables to and from ports that both kinds have, and all values that the new one can have.
pub fn replaced(before: &Patch, after: &Patch, module: &str, kind: &str) {
    let was = &before.modules[before.node(module).unwrap()];
    let is = &after.modules[after.node(module).unwrap()];
    assert_eq!(is.spec.kind, kind);
    for (p, spec) in was.spec.params.iter().enumerate() {
        let Some(same) = is.spec.param(spec.name).map(|i| (i, &is.spec.params[i])) else {
            continue;
        };
        let (now, value) = (is.params[same.0], was.params[p]);
        let default = ParamValue::Fixed(spec.default);
        let fits = matches!(value, ParamValue::Fixed(v) if (same.1.min..=same.1.max).contains(&v));
        if same.1.unit == spec.unit && same.1.name == spec.name && fits && value != default {
            assert_eq!(now, value, "{module}.{}", spec.name);
        }
    }
    let others = |p: &Patch| {
        let m = Model::of(p);
        let touches = |e: &str| Model::module_of(e) == module;
        let all = m.cables.into_iter();
        all.filter(|(f, t, ..)| !touches(f) && !touches(t))
            .collect::<Vec<_>>()
    };
    assert_eq!(others(before), others(after));
    let after_model = Model::of(after);
    for c in &before.cables {
        let node = before.node(module).unwrap();
        let Input::Param(p) = c.to.input else {
            continue;
        };
        let name = was.spec.params.get(p).map_or("", |s| s.name);
        if c.to.node == node && c.from.node != node && is.spec.param(name).is_some() {
            let from = source_text(before, c.from);
            assert!(
                after_model
                    .cables
                    .iter()
                    .any(|(f, t, ..)| *f == from && Model::module_of(t) == module),
                "{from} > {module}.{name}"
            );
        }
    }
}

proptest! {

    #[test]
    fn edits_of_the_text_are_edits_of_the_patch(
        which in any::<prop::sample::Index>(),
        steps in prop::collection::vec(prop::array::uniform5(0usize..10_000), 1..10),
    ) {
        let texts = texts();
        let mut text = texts[which.index(texts.len())].clone();
        for n in steps {
            let edit = edit_of(&read(&text), n);
            if let Some(new) = check(&text, &edit) {
                text = new;
            }
        }
    }
}
