//! Whether a knob can be turned, and to what: names, ranges and values against a patch. Pure functions.
use crate::modules::spec::{ModuleSpec, ParamSpec, ParamValue, Signal};
use crate::patch::Patch;

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
    match value {
        ParamValue::Fixed(v) if !v.is_finite() => Err(format!("`{}` can't be {v}", spec.name)),
        ParamValue::Fixed(v) if !(spec.min..=spec.max).contains(&v) => Err(format!(
            "`{}` goes from {} to {}{}, not to {v}",
            spec.name,
            spec.min,
            spec.max,
            unit(spec),
        )),
        ParamValue::Beats(b) if !spec.unit.follows_tempo() => Err(format!(
            "`{}` does not follow the tempo: give a value{}, not {b} beats",
            spec.name,
            unit(spec),
        )),
        ParamValue::Beats(b) if !(b.is_finite() && b > 0.0 && b <= 1_024.0) => {
            Err(format!("`{}` can't be {b} beats long", spec.name))
        }
        value => Ok(value),
    }
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

/// For people: "812 Hz", "3/16".
pub fn shown(spec: &ParamSpec, value: ParamValue) -> String {
    match value {
        ParamValue::Fixed(v) => {
            let digits = match v.abs() {
                0.0 => 0,
                a if a >= 100.0 => 0,
                a if a >= 10.0 => 1,
                a if a >= 0.1 => 2,
                _ => 4,
            };
            format!("{v:.digits$}{}", unit(spec))
        }
        ParamValue::Beats(_) => super::draft::value_text(value).trim_matches('"').to_owned(),
    }
}

fn unit(spec: &ParamSpec) -> String {
    match spec.unit.label() {
        "" => String::new(),
        label => format!(" {label}"),
    }
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
        let why = check(&HZ, ParamValue::Fixed(5.0)).expect_err("below");
        assert_eq!(why, "`cutoff` goes from 20 to 20000 Hz, not to 5");
    }

    #[test]
    fn values_read_like_on_a_panel() {
        assert_eq!(shown(&HZ, ParamValue::Fixed(812.4)), "812 Hz");
        assert_eq!(shown(&HZ, ParamValue::Fixed(0.825)), "0.82 Hz");
        assert_eq!(shown(&HZ, ParamValue::Beats(0.75)), "3/16");
    }
}
