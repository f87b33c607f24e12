//! Names in edits: which are allowed, which are free, and how the ends of cables are called.
use crate::modules::spec::{Family, ModuleSpec};
use crate::patch::ports::{self, PortError};
use crate::patch::write;
use crate::patch::{Patch, Source, Target, chain};

use super::EditError;
use super::doc::Doc;

/// Longer ones would not fit any screen.
const LONGEST: usize = 32;

/// Refuses what can't be a module's name in this patch.
pub fn check_name(patch: &Patch, name: &str) -> Result<(), EditError> {
    let mut chars = name.chars();
    let first = chars
        .next()
        .is_some_and(|c| c == '_' || c.is_ascii_alphabetic());
    let rest = chars.all(|c| c == '_' || c.is_ascii_alphanumeric());
    if !first || !rest || name.len() > LONGEST {
        let why = "a name has letters, digits and _, begins with a letter, and is short";
        return Err(EditError::Name(format!("`{name}` can't be a name: {why}")));
    }
    match patch.node(name) {
        Some(_) => Err(EditError::Name(format!("`{name}` is there already"))),
        None => Ok(()),
    }
}

/// A name for a new module of a kind that nothing in the patch has: "vcf", "saw2".
pub fn free_name(patch: &Patch, spec: &ModuleSpec) -> String {
    let base = match spec.family {
        Family::Filter => "vcf".to_owned(),
        _ => spec.kind.to_lowercase(),
    };
    free_like(patch, &base)
}

/// The same from a name: "osc" gives "osc2" where "osc" is taken.
pub fn free_like(patch: &Patch, name: &str) -> String {
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let base = if base.is_empty() { "m" } else { base };
    let numbered = (2..).map(|n| format!("{base}{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names
        .find(|name| patch.node(name).is_none())
        .unwrap_or_default()
}

/// An output as cables name it: "env", "seq.gate".
pub fn source_text(patch: &Patch, from: Source) -> String {
    let node = &patch.modules[from.node];
    match from.port {
        0 => node.name.clone(),
        port => format!("{}.{}", node.name, node.spec.outputs[port].name),
    }
}

/// An input or parameter as cables name it: "vcf.cutoff"; "vca" for the input that is simply its `in`.
pub fn target_text(patch: &Patch, to: Target) -> String {
    let first = patch.modules[to.node].spec.inputs.first();
    let bare = match first.is_some_and(|port| port.name == "in") {
        true => write::Bare::First,
        false => write::Bare::Never,
    };
    write::target(patch, to, bare)
}

/// The output that "seq.gate" means.
pub fn source(doc: &Doc, text: &str) -> Result<Source, EditError> {
    let (node, port) = split(doc, text)?;
    let module = &doc.patch.modules[node];
    let port = ports::output(&module.name, module.spec, port.as_deref()).map_err(no_port)?;
    Ok(Source { node, port })
}

/// The input or parameter that "vcf.cutoff" means.
pub fn target(doc: &Doc, text: &str) -> Result<Target, EditError> {
    let (node, port) = split(doc, text)?;
    let module = &doc.patch.modules[node];
    let input = ports::input(&module.name, module.spec, port.as_deref()).map_err(no_port)?;
    Ok(Target { node, input })
}

fn split(doc: &Doc, text: &str) -> Result<(usize, Option<String>), EditError> {
    let end = chain::parse_end(text).map_err(|mistake| EditError::NoPort(mistake.why))?;
    let node = doc.node(&text[end.module.clone()])?;
    Ok((node, end.port.map(|port| text[port].to_owned())))
}

fn no_port(error: PortError) -> EditError {
    EditError::NoPort(error.why)
}
