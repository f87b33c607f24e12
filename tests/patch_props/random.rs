//! Patches made of random numbers: written and read back they are the same.
use chronus::modules::REGISTRY;
use chronus::modules::spec::{Family, OptionKind, OptionValue, ParamSpec, ParamValue, Scale};
use chronus::patch::edit::{param_edit, set_param};
use chronus::patch::file::{parse, to_ron};
use chronus::patch::{Cable, Input, Macro, MacroTarget, Node, Patch, PrimeMode, Source, Target};
use proptest::prelude::*;

use crate::broken::{holds, mutate, mutation};
use crate::texts::texts;

/// A number from a range by a share of it, as its knob travels.
fn within(spec: &ParamSpec, share: f32) -> f32 {
    let value = match spec.scale {
        Scale::Linear => spec.min + share * (spec.max - spec.min),
        Scale::Log => spec.min * (spec.max / spec.min).powf(share),
    };
    value.clamp(spec.min, spec.max)
}

fn param_value(spec: &ParamSpec, share: f32, choice: u8) -> ParamValue {
    match choice {
        0 if spec.unit.follows_tempo() => ParamValue::Beats((share * 64.0).ceil().max(1.0) / 16.0),
        1 if spec.unit.follows_tempo() => ParamValue::Beats((share * 250.0).max(1e-3)),
        2 => ParamValue::Fixed(spec.default),
        3 => ParamValue::Fixed(if share < 0.5 { spec.min } else { spec.max }),
        _ => ParamValue::Fixed(within(spec, share)),
    }
}

pub fn number(share: f32, from: f32, to: f32) -> f32 {
    from + share * (to - from)
}

/// A patch without loops, from a row of shares.
fn patch_from(shares: &[f32]) -> Patch {
    let mut shares = shares.iter().copied().cycle();
    let mut next = move || shares.next().unwrap_or(0.5);
    let pick = |n: usize, share: f32| ((share * n as f32) as usize).min(n - 1);
    let mut patch = Patch::empty("a \"name\" with \\ and é");
    patch.bpm = (next() < 0.5).then(|| f64::from(number(next(), 10.0, 999.0)));
    patch.voices = 1 + pick(64, next());
    for index in 0..1 + pick(7, next()) {
        let spec = REGISTRY[pick(REGISTRY.len(), next())];
        patch
            .modules
            .push(random_node(&format!("m{index}"), spec, &mut next));
    }
    let out = REGISTRY
        .iter()
        .find(|s| s.family == Family::Output)
        .unwrap();
    patch.modules.push(random_node("9out", out, &mut next));
    for _ in 0..pick(12, next()) {
        let from = pick(patch.modules.len(), next());
        let to = pick(patch.modules.len(), next());
        let (from_spec, to_spec) = (patch.modules[from].spec, patch.modules[to].spec);
        let inputs = to_spec.inputs.len() + to_spec.params.len();
        if from_spec.outputs.is_empty() || inputs == 0 {
            continue;
        }
        let input = pick(inputs, next());
        let input = match input.checked_sub(to_spec.inputs.len()) {
            None => Input::Port(input),
            Some(param) => Input::Param(param),
        };
        let cable = Cable {
            from: Source {
                node: from,
                port: pick(from_spec.outputs.len(), next()),
            },
            to: Target { node: to, input },
            amount: if next() < 0.3 {
                1.0
            } else {
                number(next(), -20.0, 20.0)
            },
            feedback: from >= to || next() < 0.1,
        };
        patch.cables.push(cable);
    }
    if next() < 0.5 {
        let node = pick(patch.modules.len(), next());
        let params = patch.modules[node].spec.params;
        if !params.is_empty() {
            let param = pick(params.len(), next());
            let to = MacroTarget {
                target: Target {
                    node,
                    input: Input::Param(param),
                },
                low: ParamValue::Fixed(within(&params[param], next())),
                high: ParamValue::Fixed(within(&params[param], next())),
            };
            patch.macros.push(Macro {
                name: "m".into(),
                at: next(),
                to: vec![to],
            });
        }
    }
    patch.prime = match pick(4, next()) {
        0 => PrimeMode::Silent,
        1 => PrimeMode::Note((pick(128, next()) as f64 / 12.0 - 5.0) as f32),
        _ => PrimeMode::Sound,
    };
    patch.spill = next() < 0.5;
    patch.swing = [0.0, 0.2, 0.75][pick(3, next())];
    patch
}

fn random_node(
    name: &str,
    spec: &'static chronus::modules::spec::ModuleSpec,
    next: &mut impl FnMut() -> f32,
) -> Node {
    let mut node = Node::new(name, spec);
    for (value, spec) in node.params.iter_mut().zip(spec.params) {
        *value = param_value(spec, next(), (next() * 6.0) as u8);
    }
    for (value, spec) in node.options.iter_mut().zip(spec.options) {
        *value = match &spec.kind {
            OptionKind::Choice(names) => {
                OptionValue::Choice((next() * names.len() as f32) as usize % names.len())
            }
            OptionKind::Whole { min, max, .. } => {
                OptionValue::Whole(min + (next() * (max - min) as f32) as i64)
            }
            OptionKind::Length { .. } if next() < 0.5 => {
                OptionValue::Length(f64::from((next() * 32.0).ceil().max(1.0)) / 8.0)
            }
            // Texts are the module's own; the default is one it can read.
            _ => continue,
        };
    }
    node
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn no_mutation_panics(
        which in 0usize..64,
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let texts = texts();
        holds(&mutate(&texts[which % texts.len()], &mutations));
    }

    #[test]
    fn noise_is_refused(text in "\\PC{0,200}") {
        holds(&text);
        prop_assert!(parse(&text, "t.ron").patch.is_none());
    }

    #[test]
    fn a_written_patch_reads_back(shares in prop::collection::vec(0.0f32..1.0, 60..200)) {
        let patch = patch_from(&shares);
        let text = to_ron(&patch);
        let parsed = parse(&text, "t.ron");
        let errors: Vec<_> = parsed.errors().map(|d| d.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}\n{text}");
        prop_assert_eq!(parsed.patch.as_ref(), Some(&patch), "{}", text);
    }

    /// On texts with comments and odd layout: the value is the one that was set, and only its bytes changed.
    #[test]
    fn a_knob_changes_its_value_and_nothing_else(
        which in 0usize..64,
        module in 0usize..64,
        param in 0usize..64,
        share in 0.0f32..1.0,
        choice in 0u8..6,
    ) {
        let texts: Vec<String> = texts().into_iter().filter(|t| parse(t, "t").patch.is_some()).collect();
        let text = &texts[which % texts.len()];
        let before = parse(text, "t.ron");
        let patch = before.patch.unwrap();
        let node = module % patch.modules.len();
        let params = patch.modules[node].spec.params;
        prop_assume!(!params.is_empty());
        let param = param % params.len();
        let value = param_value(&params[param], share, choice);
        let name = patch.modules[node].name.clone();
        let edit = param_edit(text, &name, params[param].name, value).unwrap();
        let after = set_param(text, &name, params[param].name, value).unwrap();
        prop_assert_eq!(&after, &edit.apply(text));

        let parsed = parse(&after, "t.ron");
        let errors: Vec<_> = parsed.errors().map(|d| d.to_string()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}\n{after}");
        let mut expected = patch.clone();
        expected.modules[node].params[param] = value;
        prop_assert_eq!(parsed.patch.unwrap(), expected);

        // The span of the edit is the old value, or empty where none was written.
        match &before.spans.modules[node].params[param] {
            Some(arg) => prop_assert_eq!(&edit.span, &arg.value),
            None => prop_assert!(edit.span.is_empty()),
        }
        prop_assert!(after.starts_with(&text[..edit.span.start]));
        prop_assert!(after.ends_with(&text[edit.span.end..]));
    }
}
