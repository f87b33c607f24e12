//! Whether a knob can be turned, and to what: names, ranges and values against a patch. Pure functions.
use crate::graph::Change;
use crate::modules::spec::{ModuleSpec, ParamSpec, ParamValue, Scale, Signal, Unit};
use crate::patch::edit::{source_text, target_text};
use crate::patch::ports;
use crate::patch::value::{check_range, most_amount, parse_amount, parse_value};
use crate::patch::{Cable, Input, Patch, Target};

use super::hint::hint;

/// Between an input's name and that of what its cable comes from, in the name of that cable's amount: "fm<op2".
const FROM: char = '<';

/// A knob of a patch, found: a parameter, or the amount of a cable.
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    /// Index into the patch's modules.
    pub node: usize,
    pub place: Place,
    /// As the history and sets call it: "cutoff", "fm<op2".
    pub name: String,
    pub spec: ParamSpec,
    pub value: ParamValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Index into the spec's parameters.
    Param(usize),
    /// Index into the patch's cables.
    Cable(usize),
}

impl Knob {
    /// Sets it in the patch that it was found in.
    pub fn put(&self, patch: &mut Patch, value: ParamValue) {
        match self.place {
            Place::Param(param) => patch.modules[self.node].params[param] = value,
            Place::Cable(cable) => {
                let (ParamValue::Fixed(amount) | ParamValue::Beats(amount)) = value;
                let same = patch.cables[cable];
                // One that is there twice is turned as one.
                for cable in &mut patch.cables {
                    if (cable.from, cable.to, cable.feedback) == (same.from, same.to, same.feedback)
                    {
                        cable.amount = amount;
                    }
                }
            }
        }
    }

    /// What a graph of the patch that it was found in is told.
    pub fn change(&self, value: ParamValue) -> Change {
        match (self.place, value) {
            (Place::Param(param), value) => Change::Param {
                node: self.node,
                param,
                value,
            },
            (Place::Cable(cable), ParamValue::Fixed(value) | ParamValue::Beats(value)) => {
                Change::Amount { cable, value }
            }
        }
    }
}

/// Finds a knob in a patch, or says what would be right. Of the amounts of several cables into a port it is the first one's.
pub fn find(patch: &Patch, module: &str, name: &str) -> Result<Knob, String> {
    let node = find_module(patch, module)?;
    let spec = patch.modules[node].spec;
    if let Some((input, from)) = name.split_once(FROM) {
        let input = ports::input(module, spec, Some(input)).map_err(|e| e.why)?;
        let into = amounts(patch, Target { node, input });
        let named = into.into_iter().find(|knob| knob.name == name);
        return named.ok_or_else(|| format!("no cable from `{from}` into `{module}`"));
    }
    let why = match find_param(spec, module, name) {
        Ok(param) => return Ok(of_param(patch, node, param)),
        Err(why) => why,
    };
    let port = spec.input(name).ok_or(why)?;
    let target = Target {
        node,
        input: Input::Port(port),
    };
    let first = amounts(patch, target).into_iter().next();
    first.ok_or_else(|| {
        format!("no cable enters `{module}.{name}`: there is no amount to turn; `{name}` is a port")
    })
}

/// A value for a knob as people write it: "800Hz", "3/16", "2.5oct".
pub fn read(patch: &Patch, knob: &Knob, text: &str) -> Result<ParamValue, String> {
    let value = match knob.place {
        Place::Param(_) => parse_value(&knob.spec, text),
        Place::Cable(cable) => {
            let to = patch.cables[cable].to;
            let into = ports::amount_in(&patch.modules[to.node], to.input);
            parse_amount(into, text).map(ParamValue::Fixed)
        }
    };
    value.map_err(|e| e.why)
}

/// What a macro's target stands for: a parameter, or the amount of every cable into a port.
pub fn at(patch: &Patch, target: Target) -> Vec<Knob> {
    match target.input {
        Input::Param(param) => vec![of_param(patch, target.node, param)],
        Input::Port(_) => amounts(patch, target),
    }
}

/// All that a name stands for: more than one are the amounts of the cables into a port.
pub fn named(patch: &Patch, module: &str, name: &str) -> Vec<Knob> {
    let Some(node) = patch.node(module) else {
        return Vec::new();
    };
    let spec = patch.modules[node].spec;
    let target = |input| Target { node, input };
    match (spec.param(name), spec.input(name)) {
        (Some(param), _) => at(patch, target(Input::Param(param))),
        (None, Some(port)) => at(patch, target(Input::Port(port))),
        (None, None) => find(patch, module, name).into_iter().collect(),
    }
}

/// The amount of the cable between two ends as edits name them, and its module.
pub fn amount(patch: &Patch, from: &str, to: &str) -> Option<(String, Knob)> {
    let cables = (0..patch.cables.len()).map(|cable| (&patch.cables[cable], cable));
    let named = |(cable, _): &(&Cable, usize)| {
        source_text(patch, cable.from) == from && target_text(patch, cable.to) == to
    };
    let (_, cable) = cables.into_iter().find(named)?;
    let knob = of_cable(patch, cable);
    Some((patch.modules[knob.node].name.clone(), knob))
}

/// Every knob of a patch.
pub fn all(patch: &Patch) -> impl Iterator<Item = Knob> + '_ {
    let params = patch.modules.iter().enumerate().flat_map(move |(node, m)| {
        let params = 0..m.spec.params.len();
        params.map(move |param| of_param(patch, node, param))
    });
    params.chain((0..patch.cables.len()).map(|cable| of_cable(patch, cable)))
}

fn of_param(patch: &Patch, node: usize, param: usize) -> Knob {
    let module = &patch.modules[node];
    let spec = module.spec.params[param];
    Knob {
        node,
        place: Place::Param(param),
        name: spec.name.to_owned(),
        spec,
        value: module.params[param],
    }
}

fn amounts(patch: &Patch, target: Target) -> Vec<Knob> {
    let into = (0..patch.cables.len()).filter(|c| patch.cables[*c].to == target);
    into.map(|cable| of_cable(patch, cable)).collect()
}

/// The amount of a cable.
pub fn of_cable(patch: &Patch, index: usize) -> Knob {
    let cable = &patch.cables[index];
    let node = &patch.modules[cable.to.node];
    let input = ports::input_name(node.spec, cable.to.input);
    let late = if cable.feedback { "~" } else { "" };
    let from = source_text(patch, cable.from);
    let to = ports::amount_in(node, cable.to.input);
    let most = most_amount(to) as f32;
    Knob {
        node: cable.to.node,
        place: Place::Cable(index),
        name: format!("{input}{FROM}{late}{from}"),
        spec: ParamSpec {
            name: input,
            aliases: &[],
            doc: "how much of the cable arrives",
            unit: match ports::is_octaves(to) {
                true => Unit::Octaves,
                false => Unit::Plain,
            },
            min: -most,
            max: most,
            default: 1.0,
            scale: Scale::Linear,
        },
        value: ParamValue::Fixed(cable.amount),
    }
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
