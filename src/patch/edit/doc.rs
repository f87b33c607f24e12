//! A patch's text taken apart for an edit: what it says, and where each module and each chain of cables stands.
use std::ops::Range;

use crate::patch::chain::{Chain, End, parse_chain};
use crate::patch::diagnostic::Severity;
use crate::patch::names::nearest;
use crate::patch::quoted::Quoted;
use crate::patch::read::{Source as Reading, read_patch};
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
    /// The patch's cable with which each hop begins: for each destination in turn, one from each source.
    pub firsts: Vec<usize>,
}

impl Item {
    /// The cable of a hop from a source to a destination, by their places in the stages.
    pub fn cable(&self, hop: usize, from: usize, to: usize) -> usize {
        self.firsts[hop] + to * self.chain.stages[hop].len() + from
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

    /// The modules, in the order of the patch.
    pub fn modules(&self) -> Option<List> {
        match &self.field("modules")?.1.value.shape {
            Shape::Struct(group) => Some(List {
                inside: group.inside.clone(),
                entries: self.spans.modules.iter().map(|m| m.whole.clone()).collect(),
            }),
            _ => None,
        }
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
        let mut first = 0;
        let mut items = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let Shape::Text(quoted) = &value.shape else {
                continue;
            };
            let Ok(chain) = parse_chain(&quoted.text) else {
                continue;
            };
            let mut firsts = Vec::new();
            for pair in chain.stages.windows(2) {
                firsts.push(first);
                first += pair[0].len() * pair[1].len();
            }
            items.push(Item {
                index,
                quoted: quoted.clone(),
                chain,
                firsts,
            });
        }
        debug_assert_eq!(first, self.patch.cables.len());
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

const EMPTY: Value = Value {
    span: 0..0,
    shape: Shape::Bad,
};

fn list_of(value: &Value, items: &[Value]) -> List {
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
