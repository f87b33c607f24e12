//! What one patch changes against another, in the words of the patch file.
use crate::patch::value::{AmountIn, format_amount, format_value};
use crate::patch::{Cable, Input, Node, Patch, Source, Target};

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub mark: Mark,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Added,
    Removed,
    Changed,
}

impl Mark {
    pub fn sign(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Removed => "-",
            Self::Changed => "~",
        }
    }
}

/// Everything that `new` has otherwise than `old`: modules, then parameters and options, then cables.
pub fn difference(old: &Patch, new: &Patch) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut add = |mark, text: String| changes.push(Change { mark, text });
    for node in &new.modules {
        match old.node(&node.name).map(|i| &old.modules[i]) {
            None => add(Mark::Added, format!("{}: {}", node.name, node.spec.kind)),
            Some(was) if was.spec.kind != node.spec.kind => add(
                Mark::Changed,
                format!("{}: {} → {}", node.name, was.spec.kind, node.spec.kind),
            ),
            Some(was) => settings(was, node, &mut add),
        }
    }
    for node in &old.modules {
        if new.node(&node.name).is_none() {
            add(Mark::Removed, format!("{}: {}", node.name, node.spec.kind));
        }
    }
    let texts = |p: &Patch| -> Vec<String> { p.cables.iter().map(|c| cable(p, c)).collect() };
    let (before, after) = (texts(old), texts(new));
    for text in after.iter().filter(|t| !before.contains(t)) {
        add(Mark::Added, text.clone());
    }
    for text in before.iter().filter(|t| !after.contains(t)) {
        add(Mark::Removed, text.clone());
    }
    for knob in &new.macros {
        match old.macros.iter().find(|m| m.name == knob.name) {
            None => add(Mark::Added, format!("macro {}", knob.name)),
            Some(was) if was.to.len() != knob.to.len() => add(
                Mark::Changed,
                format!(
                    "macro {} turns {} → {}",
                    knob.name,
                    was.to.len(),
                    knob.to.len()
                ),
            ),
            Some(_) => {}
        }
    }
    for knob in &old.macros {
        if !new.macros.iter().any(|m| m.name == knob.name) {
            add(Mark::Removed, format!("macro {}", knob.name));
        }
    }
    if old.voices != new.voices {
        add(
            Mark::Changed,
            format!("voices {} → {}", old.voices, new.voices),
        );
    }
    if old.swing != new.swing {
        add(
            Mark::Changed,
            format!("swing {} → {}", old.swing, new.swing),
        );
    }
    if old.tuning != new.tuning {
        let told = |patch: &Patch| match &patch.tuning {
            Some(tuning) => tuning.written(),
            None => "equal".to_owned(),
        };
        add(
            Mark::Changed,
            format!("tuning {} → {}", told(old), told(new)),
        );
    }
    if let (Some(was), Some(is)) = (old.bpm, new.bpm)
        && was != is
    {
        add(Mark::Changed, format!("bpm {was} → {is}"));
    }
    changes
}

/// "+3 -4 modules ~6 values" or "the same"; cables come with modules.
pub fn summary(old: &Patch, new: &Patch) -> String {
    let added = |a: &Patch, b: &Patch| {
        let new = b.modules.iter().filter(|m| a.node(&m.name).is_none());
        new.count()
    };
    let (more, less) = (added(old, new), added(new, old));
    let all = difference(old, new);
    let changed = all.iter().filter(|c| c.mark == Mark::Changed).count();
    if all.is_empty() {
        return "the same".to_owned();
    }
    format!("+{more} -{less} modules ~{changed} values")
}

/// Names of modules that carry their state from `old` into `new`.
pub fn carried(old: &Patch, new: &Patch) -> Vec<String> {
    let same = |m: &&Node| {
        old.node(&m.name)
            .is_some_and(|i| old.modules[i].spec.kind == m.spec.kind)
    };
    new.modules
        .iter()
        .filter(same)
        .map(|m| m.name.clone())
        .collect()
}

fn settings(was: &Node, is: &Node, add: &mut impl FnMut(Mark, String)) {
    for (i, spec) in is.spec.params.iter().enumerate() {
        let (old, new) = (was.params[i], is.params[i]);
        if old != new {
            let text = |value| format_value(spec, value);
            add(
                Mark::Changed,
                format!("{}.{} {} → {}", is.name, spec.name, text(old), text(new)),
            );
        }
    }
    for (i, spec) in is.spec.options.iter().enumerate() {
        if was.options[i] != is.options[i] {
            add(Mark::Changed, format!("{}.{}", is.name, spec.name));
        }
    }
}

/// "env > vcf.cutoff * 2.50 oct"
pub fn cable(patch: &Patch, cable: &Cable) -> String {
    let arrow = if cable.feedback { "~>" } else { ">" };
    let from = source(patch, cable.from);
    let to = target(patch, cable.to);
    match amount(patch, cable) {
        Some(amount) => format!("{from} {arrow} {to} * {amount}"),
        None => format!("{from} {arrow} {to}"),
    }
}

/// A cable's amount, where it is not the one that need not be written.
pub fn amount(patch: &Patch, cable: &Cable) -> Option<String> {
    let into = amount_in(patch, cable.to);
    let plain = cable.amount == 1.0;
    (!plain).then(|| format_amount(into, cable.amount))
}

/// "env", or "seq.gate" where the module has several outputs.
pub fn source(patch: &Patch, source: Source) -> String {
    let node = &patch.modules[source.node];
    match node.spec.outputs {
        [_] => node.name.clone(),
        outputs => format!("{}.{}", node.name, outputs[source.port].name),
    }
}

/// "vca.in", "vcf.cutoff".
pub fn target(patch: &Patch, target: Target) -> String {
    let node = &patch.modules[target.node];
    format!("{}.{}", node.name, input_name(node, target.input))
}

pub fn input_name(node: &Node, input: Input) -> &'static str {
    match input {
        Input::Port(port) => node.spec.inputs[port].name,
        Input::Param(param) => node.spec.params[param].name,
    }
}

fn amount_in(patch: &Patch, target: Target) -> AmountIn<'static> {
    let spec = patch.modules[target.node].spec;
    match target.input {
        Input::Port(port) => AmountIn::Port(spec.inputs[port].signal),
        Input::Param(param) => AmountIn::Param(&spec.params[param]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::file::parse;

    fn patch(text: &str) -> Patch {
        let parsed = parse(text, "test.ron");
        assert!(parsed.patch.is_some(), "{:?}", parsed.diagnostics);
        parsed.patch.unwrap_or_else(|| unreachable!())
    }

    #[test]
    fn changes_are_told_in_the_words_of_the_file() {
        let old = patch(
            r#"(modules: (osc: Sine(freq: "440Hz"), lfo: Lfo(), out: Out()), cables: ["osc > out"])"#,
        );
        let new = patch(
            r#"(modules: (osc: Sine(freq: "220Hz"), amp: Vca(gain: 1), out: Out()), cables: ["osc > amp > out"])"#,
        );
        let texts: Vec<String> = difference(&old, &new)
            .iter()
            .map(|c| format!("{} {}", c.mark.sign(), c.text))
            .collect();
        assert_eq!(
            texts,
            [
                "~ osc.freq 440 Hz → 220 Hz",
                "+ amp: Vca",
                "- lfo: Lfo",
                "+ osc > amp.in",
                "+ amp > out.in",
                "- osc > out.in",
            ]
        );
        assert_eq!(summary(&old, &new), "+1 -1 modules ~1 values");
        assert_eq!(summary(&old, &old), "the same");
        assert_eq!(carried(&old, &new), ["osc", "out"]);
    }
}
