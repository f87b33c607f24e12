//! A patch's text taken apart for an edit: what it says, and where each module and each chain of cables stands.
use std::collections::HashMap;
use std::ops::Range;

use crate::patch::chain::{Chain, End, parse_chain};
use crate::patch::diagnostic::Severity;
use crate::patch::names::nearest;
use crate::patch::quoted::Quoted;
use crate::patch::read::{Draft, Source as Reading, read_patch};
use crate::patch::spans::Spans;
use crate::patch::tree::{self, Field, Shape, Value};
use crate::patch::{Cable, Patch};

use super::EditError;
use super::entry::List;

/// Read anew after each step of an edit, so that no place is ever stale.
pub struct Doc<'t> {
    pub text: &'t str,
    pub patch: Patch,
    pub spans: Spans,
    root: Vec<Field>,
    root_inside: Range<usize>,
}

/// One text of the `cables` list.
pub struct Item {
    /// Its place in the list.
    pub index: usize,
    pub quoted: Quoted,
    pub chain: Chain,
    /// The patch's cables of each hop, by the places of destination and source in their stages: one, or several where an end is
    /// a port of a group.
    pairs: Vec<Vec<Vec<Vec<usize>>>>,
}

impl Item {
    /// The cables of a hop from a source to a destination, by their places in the stages; never none.
    pub fn cables(&self, hop: usize, from: usize, to: usize) -> &[usize] {
        &self.pairs[hop][to][from]
    }

    /// The first of them.
    pub fn cable(&self, hop: usize, from: usize, to: usize) -> usize {
        self.pairs[hop][to][from][0]
    }

    pub fn word(&self, part: &Range<usize>) -> &str {
        &self.quoted.text[part.clone()]
    }

    pub fn ends(&self) -> impl Iterator<Item = (usize, &End)> {
        let stages = self.chain.stages.iter().enumerate();
        stages.flat_map(|(stage, ends)| ends.iter().map(move |end| (stage, end)))
    }
}

impl<'t> Doc<'t> {
    /// Refuses a text with errors: nobody knows what belongs to what in it.
    pub fn read(text: &'t str) -> Result<Self, EditError> {
        let tree = tree::read("", text);
        let mut findings = tree.findings;
        let Some(root) = tree.root.filter(|_| findings.errors() == 0) else {
            return Err(broken(findings));
        };
        let mut source = Reading {
            text,
            findings: &mut findings,
        };
        let draft = read_patch(&root, "", &mut source);
        let (Shape::Struct(root), 0) = (root.shape, findings.errors()) else {
            return Err(broken(findings));
        };
        Ok(Self {
            text,
            patch: draft.patch,
            spans: draft.spans,
            root: root.fields,
            root_inside: root.inside,
        })
    }

    pub fn has_groups(&self) -> bool {
        self.field("groups").is_some()
    }

    pub fn node(&self, module: &str) -> Result<usize, EditError> {
        self.patch.node(module).ok_or_else(|| {
            let names = self.patch.modules.iter().map(|m| m.name.as_str());
            EditError::NoModule(match nearest(module, names) {
                Some(near) => format!("`{module}`; did you mean `{near}`?"),
                None => format!("`{module}`"),
            })
        })
    }

    /// The fields of the whole patch.
    pub fn fields(&self) -> List {
        let entries = self.root.iter();
        List {
            inside: self.root_inside.clone(),
            entries: entries.map(|f| f.name.start..f.value.span.end).collect(),
        }
    }

    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        let mut fields = self.root.iter().enumerate();
        fields.find(|(_, f)| &self.text[f.name.clone()] == name)
    }

    /// A module that stands in the text by itself, and not within a use of a group.
    pub fn own_node(&self, module: &str) -> Result<usize, EditError> {
        let group = |spans: &crate::patch::spans::ModuleSpans| {
            let (name, kind) = (
                &self.text[spans.name.clone()],
                &self.text[spans.kind.clone()],
            );
            (name.to_owned(), kind.to_owned())
        };
        let mut uses = self.spans.modules.iter().filter(|m| m.within.is_some());
        let used = uses.find(|m| &self.text[m.name.clone()] == module);
        if let (None, Some(spans)) = (self.patch.node(module), used) {
            let (name, kind) = group(spans);
            return Err(EditError::Group(format!(
                "`{name}: {kind}` is a use of a group: change it in the text, on screen 3"
            )));
        }
        let node = self.node(module)?;
        let spans = &self.spans.modules[node];
        if spans.within.is_some() {
            let (name, kind) = group(spans);
            return Err(EditError::Group(format!(
                "`{module}` is part of `{name}`, and what it is stands in the group `{kind}`, for all its uses: change it there, on screen 3"
            )));
        }
        Ok(node)
    }

    /// The modules in the order of the patch; a use of a group is one of them.
    pub fn modules(&self) -> Option<List> {
        match &self.field("modules")?.1.value.shape {
            Shape::Struct(group) => {
                let spans = self.spans.modules.iter();
                let mut entries: Vec<_> = spans.map(|m| m.whole.clone()).collect();
                entries.dedup();
                let inside = group.inside.clone();
                Some(List { inside, entries })
            }
            _ => None,
        }
    }

    /// The place of a module in that list.
    pub fn entry(&self, node: usize) -> usize {
        let whole = |n: usize| self.spans.modules[n].whole.clone();
        (1..=node).filter(|n| whole(*n) != whole(n - 1)).count()
    }

    fn list(&self, field: &str) -> Option<(&Value, &[Value])> {
        let value = &self.field(field)?.1.value;
        match &value.shape {
            Shape::List(items) => Some((value, items)),
            _ => None,
        }
    }

    pub fn cables(&self) -> Option<List> {
        let (value, items) = self.list("cables")?;
        Some(list_of(value, items))
    }

    /// The texts of the cables with the cables that each makes.
    pub fn items(&self) -> Vec<Item> {
        let (_, values) = self.list("cables").unwrap_or((&EMPTY, &[]));
        let mut by_ends: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
        for (index, cable) in self.spans.cables.iter().enumerate() {
            let ends = (cable.from.start, cable.to.start);
            by_ends.entry(ends).or_default().push(index);
        }
        let mut items = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let Shape::Text(quoted) = &value.shape else {
                continue;
            };
            let Ok(chain) = parse_chain(&quoted.text) else {
                continue;
            };
            let start = |end: &End| quoted.span(end.span()).start;
            let cables = |from: &End, to: &End| {
                let found = by_ends.get(&(start(from), start(to)));
                found.cloned().unwrap_or_default()
            };
            let hops = chain.stages.windows(2).map(|hop| {
                let (froms, tos) = (&hop[0], &hop[1]);
                let to = |to| froms.iter().map(|from| cables(from, to)).collect();
                tos.iter().map(to).collect()
            });
            let pairs: Vec<Vec<Vec<Vec<usize>>>> = hops.collect();
            // In a text without errors every pair of ends is a cable.
            if pairs.iter().flatten().flatten().all(|c| !c.is_empty()) {
                items.push(Item {
                    index,
                    quoted: quoted.clone(),
                    chain,
                    pairs,
                });
            }
        }
        items
    }

    /// The targets of every macro: the list that each stands in, its place there, and its text.
    pub fn macro_targets(&self) -> Vec<(List, usize, Quoted)> {
        let (_, macros) = self.list("macros").unwrap_or((&EMPTY, &[]));
        let mut found = Vec::new();
        for each in macros {
            let Shape::Struct(group) = &each.shape else {
                continue;
            };
            for field in &group.fields {
                let Shape::List(items) = &field.value.shape else {
                    continue;
                };
                for (index, item) in items.iter().enumerate() {
                    if let Shape::Text(quoted) = &item.shape {
                        found.push((list_of(&field.value, items), index, quoted.clone()));
                    }
                }
            }
        }
        found
    }

    pub fn cable(&self, index: usize) -> &Cable {
        &self.patch.cables[index]
    }
}

/// A text as far as it can be read: one with mistakes in it, too, if only its brackets are right.
pub fn as_far_as(text: &str) -> Result<Draft, EditError> {
    let tree = tree::read("", text);
    let mut findings = tree.findings;
    // Where brackets are wrong, nobody knows what belongs to which module.
    let Some(root) = tree.root.filter(|_| findings.errors() == 0) else {
        return Err(broken(findings));
    };
    let mut source = Reading {
        text,
        findings: &mut findings,
    };
    Ok(read_patch(&root, "", &mut source))
}

const EMPTY: Value = Value {
    span: 0..0,
    shape: Shape::Bad,
};

pub fn list_of(value: &Value, items: &[Value]) -> List {
    List {
        inside: value.span.start + 1..value.span.end - 1,
        entries: items.iter().map(|i| i.span.clone()).collect(),
    }
}

fn broken(findings: crate::patch::diagnostic::Findings<'_>) -> EditError {
    let all = findings.finish();
    let first = all.into_iter().find(|d| d.severity == Severity::Error);
    EditError::Broken(first.map_or("the patch is empty".to_owned(), |d| {
        format!("{}:{} {}", d.line, d.column, d.message)
    }))
}

/// Replaces parts of a text that do not overlap.
pub fn splice(text: &str, mut parts: Vec<(Range<usize>, String)>) -> String {
    parts.sort_by_key(|(span, _)| span.start);
    let mut result = String::with_capacity(text.len() + 64);
    let mut from = 0;
    for (span, new) in parts {
        result += text.get(from..span.start).unwrap_or("");
        result += &new;
        from = span.end.max(from);
    }
    result + text.get(from..).unwrap_or("")
}
