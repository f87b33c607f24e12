//! What may stand outside of strings: fields, kinds, names of values.
use crate::modules::REGISTRY;
use crate::modules::spec::ModuleSpec;
use crate::tui::editor::scan::{Frame, Group, Scan};

use super::values::{range, values};
use super::{Candidate, candidate};

/// Fields of a patch, with a word on each.
const FIELDS: [(&str, &str, &str); 11] = [
    ("name", "name: \"\"", "the patch's own name"),
    ("bpm", "bpm: 120", "tempo that comes with its swap"),
    (
        "voices",
        "voices: 6",
        "how many voices a note source has, 1 to 64",
    ),
    (
        "swing",
        "swing: 0.25",
        "how late every second sixteenth is, 0 to 0.75",
    ),
    (
        "tuning",
        "tuning: \"\"",
        "a Scala file that notes are tuned by",
    ),
    (
        "modules",
        "modules: ()",
        "what sounds: name: Kind(parameters)",
    ),
    ("cables", "cables: []", "\"a > b\", what goes where"),
    ("macros", "macros: []", "knobs that move several parameters"),
    (
        "groups",
        "groups: ()",
        "modules with their cables, to be used several times",
    ),
    (
        "prime",
        "prime: Silent",
        "it may be silent; or (note: \"C3\")",
    ),
    (
        "spill",
        "spill: true",
        "it rings out after a swap away from it",
    ),
];

/// Of a group.
const GROUP_FIELDS: [(&str, &str, &str); 2] = [
    ("modules", "modules: ()", "what is in each use of it"),
    (
        "cables",
        "cables: []",
        "\"in.pitch > osc.pitch\", \"osc > out\": in and out are its own",
    ),
];

pub(super) fn candidates(scan: &Scan, follows: &str) -> Vec<Candidate> {
    let frames = &scan.place.frames;
    let Some(last) = frames.last() else {
        return Vec::new();
    };
    let first = frames.first().and_then(|f| f.key.as_deref());
    match (below_modules(frames), &last.key) {
        // modules: ( name: |
        (Some(2), Some(_)) => {
            let mut found = kinds(follows);
            if first != Some("groups") {
                found.extend(scan.groups.iter().map(|group| use_of(group, follows)));
            }
            found
        }
        // modules: ( name: Kind( |, or a group's
        (Some(3 | 4), key) => match (spec_here(scan), group_here(scan), key) {
            (Some(spec), _, None) => arguments(spec, &last.keys, follows),
            (Some(spec), _, Some(key)) => values(spec, key),
            (None, Some(group), None) => inner(group, last, follows),
            _ => Vec::new(),
        },
        (None, None) if frames.len() == 1 && last.head.is_empty() => fields(&FIELDS, last),
        // groups: ( name: ( |
        (None, None) if frames.len() == 3 && first == Some("groups") => fields(&GROUP_FIELDS, last),
        _ => Vec::new(),
    }
}

/// How many brackets deep it is behind the innermost `modules`.
fn below_modules(frames: &[Frame]) -> Option<usize> {
    let list = frames
        .iter()
        .rposition(|f| f.key.as_deref() == Some("modules"))?;
    Some(frames.len() - list)
}

/// The kind whose values stand here: that of a module, or of one within a use of a group.
pub(super) fn spec_here(scan: &Scan) -> Option<&'static ModuleSpec> {
    let frames = &scan.place.frames;
    match below_modules(frames)? {
        3 => crate::modules::find(&frames.last()?.head),
        4 => {
            let [.., of_use, _] = &frames[..] else {
                return None;
            };
            let group = scan.group(&of_use.head)?;
            let name = of_use.key.as_deref()?;
            group.modules.iter().find(|m| m.name == name)?.spec
        }
        _ => None,
    }
}

/// The group whose use's values stand here.
fn group_here(scan: &Scan) -> Option<&Group> {
    let frames = &scan.place.frames;
    (below_modules(frames) == Some(3)).then(|| scan.group(&frames.last()?.head))?
}

fn fields(all: &[(&str, &str, &str)], here: &Frame) -> Vec<Candidate> {
    let fields = all.iter().filter(|(name, ..)| !given(&here.keys, name));
    let one = |(name, text, doc): &(&str, &str, &str)| Candidate {
        text: (*text).to_owned(),
        back: usize::from(text.ends_with([')', ']', '"'])),
        ..candidate(name, "", doc)
    };
    fields.map(one).collect()
}

/// A group as a kind of module.
fn use_of(group: &Group, follows: &str) -> Candidate {
    let brackets = !follows.starts_with('(');
    let names: Vec<&str> = group.modules.iter().map(|m| m.name.as_str()).collect();
    Candidate {
        text: match brackets {
            true => format!("{}()", group.name),
            false => group.name.clone(),
        },
        back: usize::from(brackets),
        ..candidate(&group.name, "group", &names.join(", "))
    }
}

/// The modules of a group, to give one use values of its own.
fn inner(group: &Group, here: &Frame, follows: &str) -> Vec<Candidate> {
    let colon = follows.trim_start().starts_with(':');
    let modules = group.modules.iter().filter(|m| !given(&here.keys, &m.name));
    let one = |module: &crate::tui::editor::scan::Named| Candidate {
        text: match colon {
            true => module.name.clone(),
            false => format!("{}: ()", module.name),
        },
        back: usize::from(!colon),
        ..candidate(&module.name, &module.kind, "its values in this use")
    };
    modules.map(one).collect()
}

fn given(keys: &[String], name: &str) -> bool {
    keys.iter().any(|key| key == name)
}

fn kinds(follows: &str) -> Vec<Candidate> {
    let brackets = !follows.starts_with('(');
    let one = |spec: &&ModuleSpec| Candidate {
        text: match brackets {
            true => format!("{}()", spec.kind),
            false => spec.kind.to_owned(),
        },
        back: usize::from(brackets),
        ..candidate(
            spec.kind,
            &format!("{:?}", spec.family).to_lowercase(),
            spec.doc,
        )
    };
    REGISTRY.iter().map(one).collect()
}

fn arguments(spec: &ModuleSpec, keys: &[String], follows: &str) -> Vec<Candidate> {
    let colon = follows.trim_start().starts_with(':');
    let named = |name: &str, tag: String, doc: &str| Candidate {
        text: match colon {
            true => name.to_owned(),
            false => format!("{name}: "),
        },
        ..candidate(name, &tag, doc)
    };
    let params = spec.params.iter().filter(|p| !given(keys, p.name));
    let params = params.map(|p| named(p.name, range(p), p.doc));
    let options = spec.options.iter().filter(|o| !given(keys, o.name));
    let options = options.map(|o| named(o.name, "choice".to_owned(), o.doc));
    params.chain(options).collect()
}
