//! The patch that OSC builds message by message in the standby's draft: becomes patch text, so that it goes the same way
//! as every other patch. Pure data, owned by the supervisor.
use serde::{Deserialize, Serialize};

use crate::modules::{self, spec::ModuleSpec, spec::ParamValue};
use crate::patch::value::length_text;

use super::hint::hint;
use super::predecessor::{ENVELOPE, FILTER, KINDS, MODES};

/// Modules in a draft; the compiler's and the priming's limits come on top.
const MOST_MODULES: usize = 1_000;
const MOST_CABLES: usize = 4_000;

/// What stands for the other half of a module that was one in the predecessor.
const AMPLIFIER_SUFFIX: &str = "_vca";
pub const MODE_SUFFIX: &str = "_mode";

/// The name of a patch that was a draft.
pub const DRAFT: &str = "draft";

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    modules: Vec<Module>,
    cables: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct Module {
    id: String,
    spec: &'static ModuleSpec,
    params: Vec<(&'static str, ParamValue)>,
    /// The kind's name that it was made under.
    made_as: String,
    /// Sound leaves through this amplifier: `<id>_vca`, `<id>_mode`.
    through: Option<String>,
    /// And enters by it, too: that of an envelope.
    amplified: bool,
}

impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
            && std::ptr::eq(self.spec, other.spec)
            && self.params == other.params
            && self.made_as == other.made_as
            && self.through == other.through
    }
}

/// A draft by names, as it is kept on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    modules: Vec<WrittenModule>,
    cables: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct WrittenModule {
    id: String,
    kind: String,
    made_as: String,
    params: Vec<(String, ParamValue)>,
    through: Option<String>,
    amplified: bool,
}

impl Draft {
    pub fn written(&self) -> Written {
        let modules = self.modules.iter().map(|m| WrittenModule {
            id: m.id.clone(),
            kind: m.spec.kind.to_owned(),
            made_as: m.made_as.clone(),
            params: m
                .params
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
            through: m.through.clone(),
            amplified: m.amplified,
        });
        Written {
            modules: modules.collect(),
            cables: self.cables.clone(),
        }
    }

    /// None where a kind is not there any more.
    pub fn read(written: &Written) -> Option<Self> {
        let modules = written.modules.iter().map(|m| {
            let spec = find_kind(&m.kind).ok()?;
            let known = m
                .params
                .iter()
                .filter_map(|(name, value)| Some((spec.params[spec.param(name)?].name, *value)));
            Some(Module {
                id: m.id.clone(),
                spec,
                params: known.collect(),
                made_as: m.made_as.clone(),
                through: m.through.clone(),
                amplified: m.amplified,
            })
        });
        Some(Self {
            modules: modules.collect::<Option<_>>()?,
            cables: written.cables.clone(),
        })
    }

    /// Its modules that were made under one of the predecessor's names, with these.
    pub fn old_kinds(&self) -> Vec<(String, String)> {
        let ids = self.modules.iter().map(|m| m.id.as_str());
        ids.filter_map(|id| Some((id.to_owned(), self.made_as(id)?.to_owned())))
            .collect()
    }

    pub fn len(&self) -> usize {
        self.modules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    pub fn create(&mut self, id: &str, kind: &str) -> Result<(), String> {
        if !is_name(id) {
            return Err(format!(
                "`{id}` can't be a module's name: letters, digits and _, not a digit first"
            ));
        }
        if self.find(id).is_some() {
            return Err(format!("`{id}` is in the draft already"));
        }
        if self.modules.len() >= MOST_MODULES {
            return Err(format!("a draft holds at most {MOST_MODULES} modules"));
        }
        let spec = find_kind(kind)?;
        let amplified = kind == ENVELOPE;
        let through = match kind {
            ENVELOPE => Some(format!("{id}{AMPLIFIER_SUFFIX}")),
            FILTER => Some(format!("{id}{MODE_SUFFIX}")),
            _ => None,
        };
        self.modules.push(Module {
            id: id.to_owned(),
            spec,
            params: Vec::new(),
            made_as: kind.to_owned(),
            through: through.clone(),
            amplified,
        });
        let Some(vca) = through else {
            return Ok(());
        };
        self.create(&vca, "Vca")
            .inspect_err(|_| drop(self.modules.pop()))?;
        if amplified {
            self.cables.push((id.to_owned(), format!("{vca}.cv")));
        } else {
            self.set(&vca, "gain", ParamValue::Fixed(1.0));
            self.set_mode(id, 0);
        }
        Ok(())
    }

    /// What leaves a filter that was one of the predecessor's.
    pub fn set_mode(&mut self, id: &str, mode: usize) {
        let vca = format!("{id}{MODE_SUFFIX}");
        self.cables
            .retain(|(_, to)| module_of(to) != vca || !to.contains('*'));
        for (n, output) in MODES.iter().enumerate() {
            let amount = usize::from(n == mode);
            self.cables
                .push((format!("{id}.{output}"), format!("{vca} * {amount}")));
        }
    }

    /// The predecessor's name under which a module was made, if it was.
    pub fn made_as(&self, id: &str) -> Option<&str> {
        let made_as = self.modules[self.find(id)?].made_as.as_str();
        let known = KINDS.iter().any(|(old, _)| *old == made_as);
        known.then_some(made_as)
    }

    pub fn connect(&mut self, from: &str, to: &str) -> Result<(), String> {
        let cable = (self.end(from, End::From)?, self.end(to, End::To)?);
        if self.cables.contains(&cable) {
            return Err(format!("`{from}` is connected to `{to}` already"));
        }
        if self.cables.len() >= MOST_CABLES {
            return Err(format!("a draft holds at most {MOST_CABLES} cables"));
        }
        self.cables.push(cable);
        Ok(())
    }

    pub fn disconnect(&mut self, from: &str, to: &str) -> Result<(), String> {
        let cable = (self.end(from, End::From)?, self.end(to, End::To)?);
        let before = self.cables.len();
        self.cables.retain(|c| *c != cable);
        if self.cables.len() == before {
            return Err(format!("`{from}` is not connected to `{to}`"));
        }
        Ok(())
    }

    pub fn delete(&mut self, id: &str) -> Result<(), String> {
        let index = self.find(id).ok_or_else(|| self.unknown(id))?;
        let gone = self.modules.remove(index);
        let touches = |end: &str| module_of(end) == id;
        self.cables.retain(|(a, b)| !touches(a) && !touches(b));
        if let Some(vca) = gone.through {
            // It may have been deleted by itself.
            let _ = self.delete(&vca);
        }
        Ok(())
    }

    /// Sets a parameter that was checked against the module's spec (see [`super::params`]).
    pub fn set(&mut self, id: &str, param: &'static str, value: ParamValue) {
        if let Some(index) = self.find(id) {
            let params = &mut self.modules[index].params;
            params.retain(|(name, _)| *name != param);
            params.push((param, value));
        }
    }

    /// The kind of a module of the draft.
    pub fn spec(&self, id: &str) -> Option<&'static ModuleSpec> {
        self.find(id).map(|i| self.modules[i].spec)
    }

    /// The value that the draft gives to a parameter.
    pub fn value(&self, id: &str, param: usize) -> Option<ParamValue> {
        let module = &self.modules[self.find(id)?];
        let spec = module.spec.params.get(param)?;
        let set = module.params.iter().find(|(name, _)| *name == spec.name);
        Some(set.map_or(ParamValue::Fixed(spec.default), |(_, value)| *value))
    }

    /// The draft as a patch file. Where it has no output, its last module in the order of the signal is heard, as in the predecessor.
    pub fn text(&self) -> String {
        let mut text = format!("(\n  name: \"{DRAFT}\",\n  modules: (\n");
        for module in &self.modules {
            let params: Vec<_> = module
                .params
                .iter()
                .map(|(name, value)| format!("{name}: {}", value_text(*value)))
                .collect();
            text += &format!(
                "    {}: {}({}),\n",
                module.id,
                module.spec.kind,
                params.join(", ")
            );
        }
        let mut cables = self.cables.clone();
        if !self.modules.iter().any(|m| m.spec.kind == "Out")
            && let Some(last) = self.last_in_order()
        {
            let mut out = String::from("out");
            while self.find(&out).is_some() {
                out.push('_');
            }
            text += &format!("    {out}: Out(),\n");
            cables.push((last.to_owned(), out));
        }
        text += "  ),\n  cables: [\n";
        for (from, to) in &cables {
            text += &format!("    \"{from} > {to}\",\n");
        }
        text + "  ],\n)\n"
    }

    /// The last module, feeders first; modules that nothing orders stay in the order they were made.
    fn last_in_order(&self) -> Option<&str> {
        let mut left: Vec<&str> = self.modules.iter().map(|m| m.id.as_str()).collect();
        let head = |end: &str| module_of(end).to_owned();
        let mut last = *left.last()?;
        while !left.is_empty() {
            let fed = |id: &str| {
                self.cables
                    .iter()
                    .any(|(a, b)| head(b) == id && left.contains(&head(a).as_str()))
            };
            // In a cycle nothing is ready; the check of the text names it.
            let ready = left.iter().position(|id| !fed(id))?;
            last = left.remove(ready);
        }
        Some(last)
    }

    fn find(&self, id: &str) -> Option<usize> {
        self.modules.iter().position(|m| m.id == id)
    }

    /// `id` or `id.port`, checked; an amplified envelope's ends are its amplifier's.
    fn end(&self, text: &str, end: End) -> Result<String, String> {
        let (id, port) = match text.split_once('.') {
            Some((id, port)) => (id, Some(port)),
            None => (text, None),
        };
        let index = self.find(id).ok_or_else(|| self.unknown(id))?;
        let module = &self.modules[index];
        let Some(port) = port else {
            return Ok(match (&module.through, end) {
                (Some(vca), End::From) => vca.clone(),
                (Some(vca), End::To) if module.amplified => vca.clone(),
                _ => id.to_owned(),
            });
        };
        let spec = module.spec;
        let known = match end {
            End::From => spec.output(port).is_some(),
            End::To => spec.input(port).is_some() || spec.param(port).is_some(),
        };
        if known {
            return Ok(text.to_owned());
        }
        let names: Vec<&str> = match end {
            End::From => spec.outputs.iter().map(|p| p.name).collect(),
            End::To => (spec.inputs.iter().map(|p| p.name))
                .chain(spec.params.iter().map(|p| p.name))
                .collect(),
        };
        let what = match end {
            End::From => "output",
            End::To => "input",
        };
        Err(format!(
            "`{id}` has no {what} `{port}`{}",
            hint(port, names.iter().copied())
        ))
    }

    fn unknown(&self, id: &str) -> String {
        let ids = self.modules.iter().map(|m| m.id.as_str());
        format!("the draft has no module `{id}`{}", hint(id, ids))
    }
}

#[derive(Clone, Copy)]
enum End {
    From,
    To,
}

fn find_kind(kind: &str) -> Result<&'static ModuleSpec, String> {
    let known = KINDS
        .iter()
        .find_map(|(old, new)| (*old == kind).then_some(*new));
    let name = known.unwrap_or(kind);
    modules::REGISTRY
        .iter()
        .copied()
        .find(|s| s.kind.eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            let kinds = modules::REGISTRY.iter().map(|s| s.kind);
            format!("unknown module `{kind}`{}", hint(kind, kinds))
        })
}

/// The module of a cable's end: "filt1" of "filt1.hp", of "filt1 * 0".
fn module_of(end: &str) -> &str {
    end.split(['.', ' ']).next().unwrap_or_default()
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 64
}

/// As patch files write a value.
fn value_text(value: ParamValue) -> String {
    match value {
        ParamValue::Fixed(v) => format!("{v:?}"),
        ParamValue::Beats(beats) => format!("\"{}\"", length_text(beats)),
    }
}

#[cfg(test)]
mod tests;
