//! Builds a patch step by step, as messages from outside do; every step leaves a patch whose names are right.
use crate::modules;
use crate::modules::spec::{ModuleSpec, ParamValue, Signal};

use super::check::cycles;
use super::edit::EditError;
use super::names::{list, nearest, older_kind};
use super::ports::{self, amount_in};
use super::value::parse_amount;
use super::{Cable, Input, Node, Patch, PrimeMode, Source, Target};

/// More modules than this is a runaway script.
const MOST_MODULES: usize = 1024;

/// Longest name of a module.
const LONGEST_NAME: usize = 64;

impl Patch {
    /// A patch with nothing in it.
    pub fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            bpm: None,
            voices: 1,
            modules: Vec::new(),
            cables: Vec::new(),
            macros: Vec::new(),
            prime: PrimeMode::Sound,
            spill: false,
        }
    }
}

impl Node {
    /// A module with the defaults of its kind.
    pub fn new(name: &str, spec: &'static ModuleSpec) -> Self {
        let params = spec.params.iter().map(|p| ParamValue::Fixed(p.default));
        Self {
            name: name.to_owned(),
            spec,
            params: params.collect(),
            options: spec.options.iter().map(|o| o.default_value()).collect(),
        }
    }
}

/// Adds a module. Kinds may be written as the predecessor did (`simple_sine`) or in any case (`sine`).
pub fn add_module(patch: &mut Patch, name: &str, kind: &str) -> Result<(), EditError> {
    check_name(patch, name)?;
    let spec = find_kind(kind)?;
    patch.modules.push(Node::new(name, spec));
    // The predecessor's `adsr` was an envelope and the amplifier behind it in one: audio went through it.
    let amplifier = amplifier_name(name);
    if kind == "adsr"
        && check_name(patch, &amplifier).is_ok()
        && let Some(vca) = modules::find("Vca")
    {
        patch.modules.push(Node::new(&amplifier, vca));
        return connect(patch, name, &format!("{amplifier}.cv"));
    }
    Ok(())
}

fn amplifier_name(envelope: &str) -> String {
    format!("{envelope}_vca")
}

fn check_name(patch: &Patch, name: &str) -> Result<(), EditError> {
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if name.is_empty() || !letters || name.len() > LONGEST_NAME {
        let shown: String = name.chars().take(LONGEST_NAME).collect();
        let why = format!("`{shown}` is no name: up to {LONGEST_NAME} letters, digits and `_`");
        return Err(EditError::Name(why));
    }
    if patch.node(name).is_some() {
        return Err(EditError::Name(format!("`{name}` is there already")));
    }
    if patch.modules.len() >= MOST_MODULES {
        let why = format!("a draft has at most {MOST_MODULES} modules");
        return Err(EditError::Name(why));
    }
    Ok(())
}

fn find_kind(kind: &str) -> Result<&'static ModuleSpec, EditError> {
    let kinds = || modules::REGISTRY.iter().map(|spec| spec.kind);
    let same = kinds().find(|known| known.eq_ignore_ascii_case(kind));
    let name = same.or_else(|| older_kind(kind));
    name.and_then(modules::find).ok_or_else(|| {
        let hint = match nearest(kind, kinds()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", list(kinds())),
        };
        let shown: String = kind.chars().take(LONGEST_NAME).collect();
        EditError::Name(format!("unknown module `{shown}`; {hint}"))
    })
}

/// Removes a module with its cables and what macros do to it.
pub fn remove_module(patch: &mut Patch, name: &str) -> Result<(), EditError> {
    let node = find_node(patch, name)?;
    let amplifier = amplifier_of(patch, node);
    remove_node(patch, node);
    // Indices moved: the amplifier is found again by its name.
    if amplifier.is_some()
        && let Some(amplifier) = patch.node(&amplifier_name(name))
    {
        remove_node(patch, amplifier);
    }
    Ok(())
}

fn remove_node(patch: &mut Patch, node: usize) {
    patch.modules.remove(node);
    patch
        .cables
        .retain(|c| c.from.node != node && c.to.node != node);
    let lower = |index: &mut usize| *index -= usize::from(*index > node);
    for cable in &mut patch.cables {
        lower(&mut cable.from.node);
        lower(&mut cable.to.node);
    }
    for knob in &mut patch.macros {
        knob.to.retain(|to| to.target.node != node);
        for to in &mut knob.to {
            lower(&mut to.target.node);
        }
    }
}

/// Adds a cable from "module" or "module.port" to the same, perhaps with " * amount". Connecting twice is connecting once.
pub fn connect(patch: &mut Patch, from: &str, to: &str) -> Result<(), EditError> {
    let (to_text, amount_text) = match to.split_once('*') {
        Some((to, amount)) => (to, Some(amount.trim())),
        None => (to, None),
    };
    let (from, to) = ends(patch, from, to_text)?;
    let amount = match amount_text {
        Some(text) => parse_amount(amount_in(&patch.modules[to.node], to.input), text)
            .map_err(|error| EditError::Value(error.why))?,
        None => 1.0,
    };
    let cable = Cable {
        from,
        to,
        amount,
        feedback: false,
    };
    if let Some(same) = patch
        .cables
        .iter_mut()
        .find(|c| c.from == from && c.to == to)
    {
        same.amount = amount;
        return Ok(());
    }
    patch.cables.push(cable);
    if let Some((_, text)) = cycles(patch).first() {
        let why = format!("that would close a cycle: {text}");
        patch.cables.pop();
        return Err(EditError::NoPort(why));
    }
    Ok(())
}

/// Removes the cable between two ends, written as for [`connect`].
pub fn disconnect(patch: &mut Patch, from: &str, to: &str) -> Result<(), EditError> {
    let ends = ends(patch, from, to)?;
    let before = patch.cables.len();
    patch.cables.retain(|c| (c.from, c.to) != ends);
    if patch.cables.len() == before {
        let (from, to) = (from.to_owned(), to.to_owned());
        return Err(EditError::NoCable { from, to });
    }
    Ok(())
}

/// Removes every module.
pub fn clear(patch: &mut Patch) {
    patch.modules.clear();
    patch.cables.clear();
    patch.macros.clear();
}

/// The patch as it is to be built. The predecessor had no output module: its last module was heard. Where there is no `Out`,
/// every audio module that leads nowhere goes to one.
pub fn finished(patch: &Patch) -> Patch {
    let mut patch = patch.clone();
    let family = crate::modules::spec::Family::Output;
    let Some(out) = modules::find("Out") else {
        return patch;
    };
    if patch.modules.iter().any(|m| m.spec.family == family) {
        return patch;
    }
    let ends: Vec<usize> = (0..patch.modules.len())
        .filter(|&node| {
            let first = patch.modules[node].spec.outputs.first();
            first.is_some_and(|port| port.signal == Signal::Audio)
                && !patch.cables.iter().any(|c| c.from.node == node)
        })
        .collect();
    let mut name = "out".to_owned();
    while patch.node(&name).is_some() {
        name.push('_');
    }
    let to = Target {
        node: patch.modules.len(),
        input: Input::Port(0),
    };
    patch.modules.push(Node::new(&name, out));
    patch.cables.extend(ends.into_iter().map(|node| Cable {
        from: Source { node, port: 0 },
        to,
        amount: 1.0,
        feedback: false,
    }));
    patch
}

fn find_node(patch: &Patch, name: &str) -> Result<usize, EditError> {
    patch.node(name).ok_or_else(|| {
        let shown: String = name.chars().take(LONGEST_NAME).collect();
        EditError::NoModule(format!("`{shown}`"))
    })
}

/// The amplifier that an envelope of the predecessor brought along.
fn amplifier_of(patch: &Patch, envelope: usize) -> Option<usize> {
    let node = &patch.modules[envelope];
    let amplifier = patch.node(&amplifier_name(&node.name))?;
    let same = node.spec.kind == "Adsr" && patch.modules[amplifier].spec.kind == "Vca";
    let cv = patch.modules[amplifier].spec.input("cv").map(Input::Port)?;
    let feeds = |c: &Cable| c.from.node == envelope && c.to.node == amplifier && c.to.input == cv;
    (same && patch.cables.iter().any(feeds)).then_some(amplifier)
}

fn ends(patch: &Patch, from: &str, to: &str) -> Result<(Source, Target), EditError> {
    let wrong = |error: ports::PortError| EditError::NoPort(error.why);
    let (from_name, from_port) = split(from);
    let (to_name, to_port) = split(to);
    let (mut from, mut to) = (find_node(patch, from_name)?, find_node(patch, to_name)?);
    // The cable inside such a pair is the one that starts at the envelope itself.
    let inside = amplifier_of(patch, from) == Some(to);
    if from_port.is_none() && !inside {
        from = amplifier_of(patch, from).unwrap_or(from);
    }
    if to_port.is_none() {
        to = amplifier_of(patch, to).unwrap_or(to);
    }
    let node = &patch.modules[from];
    let port = ports::output(&node.name, node.spec, from_port).map_err(wrong)?;
    let node = &patch.modules[to];
    let input = ports::input(&node.name, node.spec, to_port).map_err(wrong)?;
    Ok((Source { node: from, port }, Target { node: to, input }))
}

fn split(end: &str) -> (&str, Option<&str>) {
    match end.split_once('.') {
        Some((module, port)) => (module.trim(), Some(port.trim())),
        None => (end.trim(), None),
    }
}
