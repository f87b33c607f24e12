//! Looks up the ends of cables: which port or parameter of a module a name means.
use crate::modules::spec::{Law, ModuleSpec, Signal};

use super::names::{list, nearest};
use super::value::AmountIn;
use super::{Input, Node};

/// Why a name is no port, and the port that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortError {
    pub why: String,
    pub meant: Option<&'static str>,
}

/// The destination that a name of a module means: a port first, then a parameter; without a name the first input.
pub fn input(
    module: &str,
    spec: &'static ModuleSpec,
    port: Option<&str>,
) -> Result<Input, PortError> {
    let params = || spec.params.iter().map(|p| p.name);
    let Some(port) = port else {
        if !spec.inputs.is_empty() {
            return Ok(Input::Port(0));
        }
        let why = match params().next() {
            Some(first) => format!(
                "`{module}` has no input; name one of its values, such as `{module}.{first}` ({})",
                list(params())
            ),
            None => format!("`{module}` has no input"),
        };
        return Err(PortError { why, meant: None });
    };
    if let Some(index) = spec.input(port) {
        return Ok(Input::Port(index));
    }
    if let Some(index) = spec.param(port) {
        return Ok(Input::Param(index));
    }
    if spec.output(port).is_some() {
        let why = format!("`{port}` is an output of `{module}`, not an input");
        return Err(PortError { why, meant: None });
    }
    if spec.option(port).is_some() {
        let why = format!("`{port}` of `{module}` is fixed in the patch; no cable can move it");
        return Err(PortError { why, meant: None });
    }
    let inputs = || spec.inputs.iter().map(|p| p.name);
    let aliases = spec.params.iter().flat_map(|p| p.aliases.iter().copied());
    let near = nearest(port, inputs().chain(params()).chain(aliases));
    Err(unknown(
        module,
        "input",
        port,
        near,
        list(inputs().chain(params())),
    ))
}

/// The output that a name of a module means; without a name the first one.
pub fn output(
    module: &str,
    spec: &'static ModuleSpec,
    port: Option<&str>,
) -> Result<usize, PortError> {
    let outputs = || spec.outputs.iter().map(|p| p.name);
    let Some(port) = port else {
        if !spec.outputs.is_empty() {
            return Ok(0);
        }
        let why = format!("`{module}` has no output");
        return Err(PortError { why, meant: None });
    };
    if let Some(index) = spec.output(port) {
        return Ok(index);
    }
    if spec.input(port).is_some() || spec.param(port).is_some() {
        let all = list(outputs());
        let why = format!("`{port}` is an input of `{module}`, not an output ({all})");
        return Err(PortError { why, meant: None });
    }
    let near = nearest(port, outputs());
    Err(unknown(module, "output", port, near, list(outputs())))
}

fn unknown(
    module: &str,
    side: &str,
    port: &str,
    near: Option<&'static str>,
    all: String,
) -> PortError {
    let hint = match near {
        Some(near) => format!("did you mean `{module}.{near}`?"),
        None if all.is_empty() => "it has none".to_owned(),
        None => format!("it has {all}"),
    };
    let why = format!("`{module}` has no {side} `{port}`; {hint}");
    PortError { why, meant: near }
}

/// What an amount means at a destination.
pub fn amount_in(node: &Node, input: Input) -> AmountIn<'static> {
    match input {
        Input::Port(port) => AmountIn::Port(node.spec.inputs[port].signal),
        Input::Param(param) => AmountIn::Param(&node.spec.params[param]),
    }
}

/// The name of a destination's port or parameter.
pub fn input_name(spec: &ModuleSpec, input: Input) -> &'static str {
    match input {
        Input::Port(port) => spec.inputs[port].name,
        Input::Param(param) => spec.params[param].name,
    }
}

/// Whether amounts are octaves at a destination.
pub fn is_octaves(to: AmountIn<'_>) -> bool {
    is_pitch(to) || matches!(to, AmountIn::Param(spec) if spec.unit.law() == Law::Octaves)
}

/// Whether a destination is a pitch, where amounts are intervals.
pub fn is_pitch(to: AmountIn<'_>) -> bool {
    matches!(to, AmountIn::Port(Signal::Pitch))
}
