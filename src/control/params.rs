//! Whether a knob can be turned, and to what: names, ranges and values against a patch. Pure functions.
use crate::modules::spec::{ModuleSpec, ParamSpec, ParamValue, Signal};
use crate::patch::Patch;
use crate::patch::value::check_range;

use super::hint::hint;

/// A parameter of a patch, found.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    /// Index into the patch's modules.
    pub node: usize,
    /// Index into the spec's parameters.
    pub param: usize,
    pub spec: &'static ParamSpec,
    pub value: ParamValue,
}

/// Finds a parameter in a patch, or says what would be right.
pub fn find(patch: &Patch, module: &str, param: &str) -> Result<Knob, String> {
    let node = find_module(patch, module)?;
    let param = find_param(patch.modules[node].spec, module, param)?;
    Ok(Knob {
        node,
        param,
        spec: &patch.modules[node].spec.params[param],
        value: patch.modules[node].params[param],
    })
}

pub fn find_module(patch: &Patch, module: &str) -> Result<usize, String> {
    patch.node(module).ok_or_else(|| {
        let names = patch.modules.iter().map(|m| m.name.as_str());
        format!(
            "no module `{module}` in {}{}",
            patch.name,
            hint(module, names)
        )
    })
}

pub fn find_param(spec: &ModuleSpec, module: &str, param: &str) -> Result<usize, String> {
    spec.param(param).ok_or_else(|| {
        let names = spec.params.iter().map(|p| p.name);
        format!(
            "`{module}` ({}) has no parameter `{param}`{}",
            spec.kind,
            hint(param, names)
        )
    })
}

/// Whether a value may be set: finite, in range, and a note length only where the parameter follows the tempo.
pub fn check(spec: &ParamSpec, value: ParamValue) -> Result<ParamValue, String> {
    check_range(spec, value).map_err(|e| e.why)
}

/// The gate input of a module of the patch.
pub fn gated(patch: &Patch, module: &str) -> Result<usize, String> {
    let node = find_module(patch, module)?;
    let spec = patch.modules[node].spec;
    if spec.inputs.iter().any(|i| i.signal == Signal::Gate) {
        return Ok(node);
    }
    let with_gates = patch
        .modules
        .iter()
        .filter(|m| has_gate(m.spec))
        .map(|m| m.name.as_str());
    let names: Vec<&str> = with_gates.collect();
    let others = match names.as_slice() {
        [] => String::from("; no module of the patch has one"),
        names => format!("; {} has", names.join(", ")),
    };
    Err(format!(
        "`{module}` ({}) has no gate input{others}",
        spec.kind
    ))
}

fn has_gate(spec: &ModuleSpec) -> bool {
    spec.inputs.iter().any(|i| i.signal == Signal::Gate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::spec::{Scale, Unit};

    const HZ: ParamSpec = ParamSpec {
        name: "cutoff",
        aliases: &[],
        doc: "",
        unit: Unit::Hz,
        min: 20.0,
        max: 20_000.0,
        default: 1_000.0,
        scale: Scale::Log,
    };

    #[test]
    fn nothing_that_is_not_a_value_in_range_gets_through() {
        for bad in [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            19.9,
            20_001.0,
            -0.0,
            1e30,
        ] {
            let why = check(&HZ, ParamValue::Fixed(bad)).expect_err("bad");
            assert!(why.contains("cutoff"), "{why}");
        }
        assert!(check(&HZ, ParamValue::Beats(1.0)).is_err());
        let tempo = ParamSpec {
            unit: Unit::TempoHz,
            ..HZ
        };
        assert!(check(&tempo, ParamValue::Beats(1.0)).is_ok());
        for bad in [f32::NAN, 0.0, -1.0, f32::INFINITY] {
            assert!(check(&tempo, ParamValue::Beats(bad)).is_err());
        }
    }
}
