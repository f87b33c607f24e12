//! The `modules` of a patch text: kinds with their values, instances of groups, and what each name means.
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use crate::modules;

use super::Node;
use super::args::read_args;
use super::diagnostic::Fix;
use super::group::{Groups, Instance};
use super::names::{list, nearest, older_kind};
use super::read::{Draft, Source, describe, is_bad};
use super::spans::ModuleSpans;
use super::tree::{Field, Shape, Struct, Value};

/// The modules that a text names.
#[derive(Default)]
pub struct Names<'t> {
    by_name: HashMap<Cow<'t, str>, Named>,
}

#[derive(Clone, Copy)]
struct Named {
    at: usize,
    means: Means,
}

/// What a name stands for.
#[derive(Clone, Copy)]
pub enum Means {
    /// The module's kind is unknown, which was said already.
    Unknown,
    /// Index into the patch's modules.
    Node(usize),
    Group(Instance),
}

impl<'t> Names<'t> {
    pub fn get(&self, name: &str) -> Option<Means> {
        self.by_name.get(name).map(|named| named.means)
    }

    pub fn all(&self) -> impl Iterator<Item = Means> {
        self.by_name.values().map(|named| named.means)
    }

    pub fn nearest(&self, name: &str) -> Option<&str> {
        // In order, so that equally near names give the same answer every time.
        let mut names: Vec<_> = self.by_name.iter().collect();
        names.sort_by(|a, b| (a.1.at, a.0).cmp(&(b.1.at, b.0)));
        nearest(name, names.into_iter().map(|(name, _)| name.as_ref()))
    }

    /// Gives a name its meaning; false where it has one, which is told.
    pub fn add(
        &mut self,
        name: Cow<'t, str>,
        at: &Range<usize>,
        means: Means,
        source: &mut Source,
    ) -> bool {
        if let Some(first) = self.by_name.get(&name) {
            let place = source.findings.place(first.at);
            let message = format!("`{name}` is named twice (first at {place})");
            source.findings.error(at.clone(), message);
            return false;
        }
        let at = at.start;
        self.by_name.insert(name, Named { at, means });
        true
    }
}

/// Reads the modules of a patch, or of a group, where no other groups are known.
pub fn read_modules<'t>(
    value: &Value,
    groups: &Groups,
    draft: &mut Draft,
    source: &mut Source<'_, 't, '_>,
) -> Names<'t> {
    let mut names = Names::default();
    let Shape::Struct(entries) = &value.shape else {
        if !is_bad(value) {
            let message = format!(
                "`modules` takes (name: Kind(…), …), not {}",
                describe(source, value)
            );
            source.findings.error(value.span.clone(), message);
        }
        return names;
    };
    for loose in entries.loose.iter().filter(|v| !is_bad(v)) {
        let message = format!(
            "{} has no name; write `name: Kind(…)`",
            describe(source, loose)
        );
        source.findings.error(loose.span.clone(), message);
    }
    for field in &entries.fields {
        if source.findings.full() {
            break;
        }
        let name = source.word(&field.name);
        let Some(entry) = read_entry(name, field, source) else {
            names.add(name.into(), &field.name, Means::Unknown, source);
            continue;
        };
        let word = source.slice(&entry.kind);
        let means = match (modules::find(word), groups.find(word)) {
            (None, Some(group)) => {
                let next = Means::Group(groups.instance(group, draft));
                if names.add(name.into(), &field.name, next, source) {
                    groups.place(group, (name, &entry), draft, &mut names, source);
                }
                continue;
            }
            (None, None) => {
                unknown_kind(word, &entry.kind, groups, source);
                Means::Unknown
            }
            (Some(spec), _) => {
                let read = read_args(spec, entry.args, None, source);
                let node = Node {
                    name: name.to_owned(),
                    spec,
                    params: read.params,
                    options: read.options,
                };
                let spans = ModuleSpans {
                    name: field.name.clone(),
                    kind: entry.kind.clone(),
                    whole: entry.whole.clone(),
                    inside: entry.args.map(|args| args.inside.clone()),
                    params: read.param_spans,
                    options: read.option_spans,
                    within: None,
                };
                let means = Means::Node(draft.patch.modules.len());
                if names.add(name.into(), &field.name, means, source) {
                    draft.patch.modules.push(node);
                    draft.spans.modules.push(spans);
                }
                continue;
            }
        };
        names.add(name.into(), &field.name, means, source);
    }
    names
}

/// `name: Kind(…)`, of whatever kind.
pub struct Entry<'v> {
    pub name: Range<usize>,
    pub kind: Range<usize>,
    /// From the name to the closing bracket.
    pub whole: Range<usize>,
    pub args: Option<&'v Struct>,
}

fn read_entry<'v>(name: &str, field: &'v Field, source: &mut Source) -> Option<Entry<'v>> {
    let value = &field.value;
    let (kind, args) = match &value.shape {
        Shape::Word => (value.span.clone(), None),
        Shape::Struct(args) => match &args.name {
            Some(kind) => (kind.clone(), Some(args)),
            None => {
                let at = value.span.start;
                let message = format!("`{name}` has no kind before its `(`");
                source.findings.error(at..at + 1, message);
                return None;
            }
        },
        Shape::Bad => return None,
        _ => {
            let message = format!(
                "`{name}` takes a kind of module such as Sine(…), not {}",
                describe(source, value)
            );
            source.findings.error(value.span.clone(), message);
            return None;
        }
    };
    Some(Entry {
        name: field.name.clone(),
        kind,
        whole: field.name.start..value.span.end,
        args,
    })
}

fn unknown_kind(word: &str, span: &Range<usize>, groups: &Groups, source: &mut Source) {
    let kinds = || modules::REGISTRY.iter().map(|spec| spec.kind);
    let near = older_kind(word).or_else(|| nearest(word, kinds().chain(groups.names())));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}", list(kinds())),
    };
    let fix = near.map(|near| Fix::replace(span.clone(), near));
    let message = format!("unknown module `{word}`; {hint}");
    source.findings.fixable(span.clone(), message, fix);
}
