//! What a group looks like from outside: its inputs and outputs by name, and what each is connected to inside.
use super::names::{list, nearest};
use super::{Source, Target};

/// In the order in which the group's cables name them.
#[derive(Default)]
pub struct Ports {
    inputs: Vec<(String, Vec<InSide>)>,
    outputs: Vec<(String, Vec<OutSide>)>,
}

/// Where a signal goes that comes into a group.
#[derive(Clone, Copy)]
pub struct InSide {
    pub target: Target,
    pub amount: f32,
    /// The amount is written, so that it says what 1 is.
    pub written: bool,
    pub feedback: bool,
}

/// What leaves a group.
#[derive(Clone, Copy)]
pub struct OutSide {
    pub source: Source,
    pub factor: f32,
    pub feedback: bool,
}

impl Ports {
    pub fn add_input(&mut self, port: &str, side: InSide) {
        add(&mut self.inputs, port, side);
    }

    pub fn add_output(&mut self, port: &str, side: OutSide) {
        add(&mut self.outputs, port, side);
    }

    /// What an input of a group's use is connected to; without a name the first one.
    pub fn inputs(&self, group: &str, port: Option<&str>) -> Result<&[InSide], String> {
        find(&self.inputs, group, "input", "in", port)
    }

    pub fn outputs(&self, group: &str, port: Option<&str>) -> Result<&[OutSide], String> {
        find(&self.outputs, group, "output", "out", port)
    }
}

fn add<T>(ports: &mut Vec<(String, Vec<T>)>, name: &str, side: T) {
    match ports.iter_mut().find(|(known, _)| known == name) {
        Some((_, sides)) => sides.push(side),
        None => ports.push((name.to_owned(), vec![side])),
    }
}

fn find<'p, T>(
    ports: &'p [(String, Vec<T>)],
    group: &str,
    side: &str,
    first: &str,
    port: Option<&str>,
) -> Result<&'p [T], String> {
    let named = |name: &str| ports.iter().find(|(known, _)| known == name);
    let found = match port {
        Some(port) => named(port),
        None => named(first).or_else(|| ports.first()),
    };
    if let Some((_, sides)) = found {
        return Ok(sides);
    }
    let names = || ports.iter().map(|(name, _)| name.as_str());
    let hint = match port.and_then(|port| nearest(port, names())) {
        Some(near) => format!("did you mean `{group}.{near}`?"),
        None if ports.is_empty() => format!("a group gets one by a cable with `{first}`"),
        None => format!("it has {}", list(names())),
    };
    Err(match port {
        Some(port) => format!("`{group}` has no {side} `{port}`; {hint}"),
        None => format!("`{group}` has no {side}; {hint}"),
    })
}
