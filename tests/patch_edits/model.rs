//! What an edit is to do, said of the patch instead of its text.
use std::collections::BTreeMap;

use chronus::modules::REGISTRY;
use chronus::modules::spec::Signal;
use chronus::patch::edit::{Edit, source_text, target_text};
use chronus::patch::file::to_ron;
use chronus::patch::{Input, Patch};

/// A patch by names, without an order of cables: what an edit is checked against.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub title: String,
    pub voices: usize,
    /// Kind, and what is written in the brackets by the house's own hand.
    pub modules: BTreeMap<String, (&'static str, String)>,
    pub order: Vec<String>,
    pub cables: Vec<(String, String, u32, bool)>,
    pub macros: Vec<(String, Vec<String>)>,
}

impl Model {
    pub fn of(patch: &Patch) -> Self {
        let ron = to_ron(patch);
        let line = |name: &str| {
            let lead = format!("    {name}: ");
            let raw = format!("    r#{name}: ");
            let mut lines = ron.lines();
            let found = lines.find_map(|l| l.strip_prefix(&lead).or(l.strip_prefix(&raw)));
            found.unwrap_or_default().to_owned()
        };
        let mut cables: Vec<_> = patch
            .cables
            .iter()
            .map(|c| {
                (
                    source_text(patch, c.from),
                    target_text(patch, c.to),
                    c.amount.to_bits(),
                    c.feedback,
                )
            })
            .collect();
        cables.sort();
        let target = |t: &chronus::patch::MacroTarget| {
            format!("{} {:?} {:?}", target_text(patch, t.target), t.low, t.high)
        };
        Self {
            title: patch.name.clone(),
            voices: patch.voices,
            modules: patch
                .modules
                .iter()
                .map(|m| (m.name.clone(), (m.spec.kind, line(&m.name))))
                .collect(),
            order: patch.modules.iter().map(|m| m.name.clone()).collect(),
            cables,
            macros: patch
                .macros
                .iter()
                .map(|m| (m.name.clone(), m.to.iter().map(target).collect()))
                .collect(),
        }
    }

    pub fn module_of(end: &str) -> &str {
        end.split('.').next().unwrap()
    }

    pub fn renamed(text: &str, from: &str, to: &str) -> String {
        match Self::module_of(text) == from {
            true => format!("{to}{}", &text[from.len()..]),
            false => text.to_owned(),
        }
    }
}

/// The same edit on the model, written a second time in another way. `None` where this reference does not know better.
pub fn expected(patch: &Patch, edit: &Edit) -> Option<Model> {
    let mut m = Model::of(patch);
    match edit {
        Edit::Add { name, kind, after } => {
            let spec = REGISTRY.iter().find(|s| s.kind == kind).unwrap();
            m.modules
                .insert(name.clone(), (spec.kind, format!("{}(),", spec.kind)));
            let at = after
                .as_ref()
                .and_then(|a| m.order.iter().position(|n| n == a));
            m.order
                .insert(at.map_or(m.order.len(), |a| a + 1), name.clone());
        }
        Edit::Rename { module, to } => {
            let value = m.modules.remove(module).unwrap();
            m.modules.insert(to.clone(), value);
            for name in m.order.iter_mut().filter(|n| *n == module) {
                *name = to.clone();
            }
            for (from, into, ..) in &mut m.cables {
                *from = Model::renamed(from, module, to);
                *into = Model::renamed(into, module, to);
            }
            for target in m.macros.iter_mut().flat_map(|(_, to)| to) {
                let (end, rest) = target.split_once(' ').unwrap();
                *target = format!("{} {rest}", Model::renamed(end, module, to));
            }
        }
        Edit::Duplicate { module, to } => {
            let value = m.modules[module].clone();
            m.modules.insert(to.clone(), value);
            let at = m.order.iter().position(|n| n == module).unwrap();
            m.order.insert(at + 1, to.clone());
            for (from, into, amount, feedback) in m.cables.clone() {
                if Model::module_of(&into) == module {
                    let from = Model::renamed(&from, module, to);
                    let into = Model::renamed(&into, module, to);
                    m.cables.push((from, into, amount, feedback));
                }
            }
        }
        Edit::Delete { module, bridge } => {
            let node = patch.node(module).unwrap();
            if *bridge {
                bridged(patch, node, &mut m);
            }
            m.modules.remove(module);
            m.order.retain(|n| n != module);
            let of = |end: &str| Model::module_of(end) == module;
            m.cables.retain(|(from, to, ..)| !of(from) && !of(to));
            for (_, to) in &mut m.macros {
                to.retain(|t| Model::module_of(t.split(' ').next().unwrap()) != module);
            }
        }
        Edit::Wire {
            from,
            to,
            feedback,
            amount: None,
        } => m
            .cables
            .push((from.clone(), to.clone(), 1f32.to_bits(), *feedback)),
        Edit::Wire { .. } => return None,
        Edit::Cut { from, to } => m.cables.retain(|(f, t, ..)| (f, t) != (from, to)),
        Edit::Amount { from, to, amount } => {
            let bits = match amount {
                None => 1f32.to_bits(),
                Some(_) => return None,
            };
            // Of two alike the first one in the text changes; which that is, this model does not know.
            let same: Vec<usize> = (0..m.cables.len())
                .filter(|i| (&m.cables[*i].0, &m.cables[*i].1) == (from, to))
                .collect();
            let [one] = same.as_slice() else { return None };
            m.cables[*one].2 = bits;
        }
        // No cable, no value: what it does is tested beside it.
        Edit::Assign { .. } => {}
        Edit::Voices(voices) => m.voices = *voices,
        Edit::Title(title) => m.title = title.clone(),
        Edit::Replace { .. } | Edit::Set { .. } | Edit::Choose { .. } | Edit::Rewrite(_) => {
            return None;
        }
    }
    m.cables.sort();
    Some(m)
}

fn bridged(patch: &Patch, node: usize, m: &mut Model) {
    let spec = patch.modules[node].spec;
    let sound = spec
        .inputs
        .first()
        .is_some_and(|p| p.signal == Signal::Audio)
        && spec
            .outputs
            .first()
            .is_some_and(|p| p.signal == Signal::Audio);
    if !sound {
        return;
    }
    let into = patch
        .cables
        .iter()
        .filter(|c| c.to.node == node && c.to.input == Input::Port(0) && c.from.node != node);
    for a in into {
        let out = patch
            .cables
            .iter()
            .filter(|c| c.from.node == node && c.from.port == 0 && c.to.node != node);
        for b in out.filter(|b| b.to.node != a.from.node) {
            let ends = (source_text(patch, a.from), target_text(patch, b.to));
            if !m
                .cables
                .iter()
                .any(|(f, t, ..)| (f, t) == (&ends.0, &ends.1))
            {
                let amount = (a.amount * b.amount).to_bits();
                m.cables
                    .push((ends.0, ends.1, amount, a.feedback || b.feedback));
            }
        }
    }
}
