//! What holds for every edit of every patch text: it does to the text what it does to the patch, and comments stay.
#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;

use chronus::modules::REGISTRY;
use chronus::modules::spec::{ParamValue, Signal};
use chronus::patch::edit::{Edit, EditError, source_text, target_text};
use chronus::patch::file::{parse, to_ron};
use chronus::patch::{Input, Patch};
use proptest::prelude::*;

mod shipped;

/// Every layout that people write: one line, one a line with and without the last comma, comments everywhere, RON's odd texts.
const LAYOUTS: [&str; 5] = [
    r#"(modules: (a: Saw(), vca: Vca(gain: 0.5), out: Out()), cables: ["a > vca > out", "a > vca.gain * 0.25"])"#,
    r#"// head, of ( it
(
  name: "one a line", // the name
  modules: (
    // sources
    keys: Keys(),
    osc: Saw(freq: "A3"), // bright, "saw"
    env: Adsr(a: "2ms", /* fast, ( */ d: "180ms"),
    vcf: Svf(cutoff: "400Hz", q: 2.0),
    vca: Vca(), out: Out(gain: "-9dB"),
    // the end
  ),
  cables: [
    "keys.pitch > osc.pitch", // tune
    "keys.gate > env.gate",
    "osc > vcf > vca > out",
    /* both */ "env > vca.cv + vcf.cutoff * 2.5oct",
    // last
  ],
  macros: [(name: "m", at: 0.5, to: ["vcf.cutoff 100Hz..4kHz", "env.d 40ms..400ms"])],
)
"#,
    r##"(
  modules: (
    a: Sine( // inside
      freq: "A3",
    ),
    b: Saw(),
    m: Mix()
    // nothing follows
    ,
    out: Out
  ),
  cables: [
    "a + b > m.a * 0.5 + m.b ~> a.fm * 10%",
    r"a>m>out" /* a, b */ , r#"b > m.c"#,
    "m > out"
  ]
)"##,
    "(name: \"bare\", modules: (out: Out()))",
    "(\n  name: \"empty\",\n  modules: (\n    // nothing yet\n  ),\n  cables: [],\n)\n",
];

/// Beside the shipped ones, so that what a patch names by its place is found.
const FILE: &str = "patches/generative/t.ron";

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = LAYOUTS.iter().map(|t| (*t).to_owned()).collect();
    let shipped = shipped::paths().into_iter();
    texts.extend(shipped.map(|p| std::fs::read_to_string(p).unwrap()));
    texts.sort();
    texts
}

fn read(text: &str) -> Patch {
    let parsed = parse(text, FILE);
    parsed
        .draft
        .unwrap_or_else(|| panic!("{:?}\n{text}", parsed.diagnostics))
}

/// A patch by names, without an order of cables: what an edit is checked against.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    title: String,
    voices: usize,
    /// Kind, and what is written in the brackets by the house's own hand.
    modules: BTreeMap<String, (&'static str, String)>,
    order: Vec<String>,
    cables: Vec<(String, String, u32, bool)>,
    macros: Vec<(String, Vec<String>)>,
}

impl Model {
    fn of(patch: &Patch) -> Self {
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

    fn module_of(end: &str) -> &str {
        end.split('.').next().unwrap()
    }

    fn renamed(text: &str, from: &str, to: &str) -> String {
        match Self::module_of(text) == from {
            true => format!("{to}{}", &text[from.len()..]),
            false => text.to_owned(),
        }
    }
}

/// The same edit on the model, written a second time in another way. `None` where this reference does not know better.
fn expected(patch: &Patch, edit: &Edit) -> Option<Model> {
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
            let mut seen = Vec::new();
            for (from, into, amount, feedback) in m.cables.clone() {
                let ends = (from.clone(), into.clone());
                if Model::module_of(&into) == module && !seen.contains(&ends) {
                    seen.push(ends);
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

/// Comments of a text, in order, with those inside `but` left out.
fn comments(text: &str, but: Option<std::ops::Range<usize>>) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            let mut depth = 0;
            let mut end = 0;
            while end < rest.len() {
                if rest[end..].starts_with("/*") {
                    depth += 1;
                    end += 2;
                } else if rest[end..].starts_with("*/") {
                    depth -= 1;
                    end += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    end += rest[end..].chars().next().map_or(1, char::len_utf8);
                }
            }
            end
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            at += 3 + raw.find("\"#").unwrap() + 2;
            continue;
        } else if let Some(raw) = rest.strip_prefix("r\"") {
            at += 2 + raw.find('"').unwrap() + 1;
            continue;
        } else if rest.starts_with('"') {
            let mut end = 1;
            while !rest[end..].starts_with('"') {
                end += if rest[end..].starts_with('\\') { 2 } else { 1 };
                while !rest.is_char_boundary(end) {
                    end += 1;
                }
            }
            at += end + 1;
            continue;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        if but.as_ref().is_none_or(|but| !but.contains(&at)) {
            found.push(text[at..at + len].trim_end().to_owned());
        }
        at += len;
    }
    found
}

/// An edit of this patch, made from a few numbers.
fn edit_of(patch: &Patch, n: [usize; 5]) -> Edit {
    let pick = |i: usize| patch.modules.get(n[i] % patch.modules.len().max(1));
    let kind = REGISTRY[n[3] % REGISTRY.len()].kind.to_owned();
    let fresh = format!("new{}", n[4] % 50);
    let Some(module) = pick(1).map(|m| m.name.clone()) else {
        return Edit::Add {
            name: fresh,
            kind,
            after: None,
        };
    };
    let cable = patch.cables.get(n[2] % patch.cables.len().max(1));
    let ends = cable.map(|c| (source_text(patch, c.from), target_text(patch, c.to)));
    match (n[0] % 11, ends) {
        (0, _) => Edit::Add {
            name: fresh,
            kind,
            after: n[2].is_multiple_of(2).then_some(module),
        },
        (1, _) => Edit::Rename { module, to: fresh },
        (2, _) => Edit::Duplicate { module, to: fresh },
        (3, _) => Edit::Delete {
            module,
            bridge: n[4].is_multiple_of(2),
        },
        (4 | 5, Some((from, to))) => Edit::Cut { from, to },
        (6, Some((from, to))) => Edit::Amount {
            from,
            to,
            amount: None,
        },
        (7, _) => Edit::Replace { module, kind },
        (8, _) if n[4].is_multiple_of(2) => Edit::Title(format!("\"t{}\"", n[2])),
        (8, _) => Edit::Voices(1 + n[2] % 8),
        _ => {
            let from = &patch.modules[n[1] % patch.modules.len()];
            let to = &patch.modules[n[2] % patch.modules.len()];
            let (ins, params) = (to.spec.inputs.len(), to.spec.params.len());
            if from.spec.outputs.is_empty() || ins + params == 0 {
                return Edit::Delete {
                    module,
                    bridge: true,
                };
            }
            let input = match n[4] % (ins + params) {
                i if i < ins => Input::Port(i),
                p => Input::Param(p - ins),
            };
            let source = chronus::patch::Source {
                node: n[1] % patch.modules.len(),
                port: n[3] % from.spec.outputs.len(),
            };
            let target = chronus::patch::Target {
                node: n[2] % patch.modules.len(),
                input,
            };
            Edit::Wire {
                from: source_text(patch, source),
                to: target_text(patch, target),
                amount: None,
                feedback: n[3].is_multiple_of(2),
            }
        }
    }
}

fn check(text: &str, edit: &Edit) -> Option<String> {
    let patch = read(text);
    let new = match edit.apply(text) {
        Ok(new) => new,
        Err(EditError::Name(_) | EditError::Cable(_)) => return None,
        Err(why) => panic!("{edit:?}: {why}\n{text}"),
    };
    let got = read(&new);
    if let Some(wanted) = expected(&patch, edit) {
        assert_eq!(Model::of(&got), wanted, "{edit:?}\n{text}\n---\n{new}");
    }
    let gone = match edit {
        Edit::Delete { module, .. } | Edit::Replace { module, .. } => {
            let node = patch.node(module).unwrap();
            Some(parse(text, "t").spans.modules[node].whole.clone())
        }
        _ => None,
    };
    let mut left = comments(&new, None);
    for comment in comments(text, gone) {
        let at = left.iter().position(|c| *c == comment);
        let at = at.unwrap_or_else(|| panic!("{edit:?} lost `{comment}`\n{text}\n---\n{new}"));
        left.remove(at);
    }
    if let Edit::Replace { module, kind } = edit {
        replaced(&patch, &got, module, kind);
    }
    Some(new)
}

/// A replaced module keeps all cables to and from ports that both kinds have, and all values that the new one can have.
fn replaced(before: &Patch, after: &Patch, module: &str, kind: &str) {
    let was = &before.modules[before.node(module).unwrap()];
    let is = &after.modules[after.node(module).unwrap()];
    assert_eq!(is.spec.kind, kind);
    for (p, spec) in was.spec.params.iter().enumerate() {
        let Some(same) = is.spec.param(spec.name).map(|i| (i, &is.spec.params[i])) else {
            continue;
        };
        let (now, value) = (is.params[same.0], was.params[p]);
        let default = ParamValue::Fixed(spec.default);
        let fits = matches!(value, ParamValue::Fixed(v) if (same.1.min..=same.1.max).contains(&v));
        if same.1.unit == spec.unit && same.1.name == spec.name && fits && value != default {
            assert_eq!(now, value, "{module}.{}", spec.name);
        }
    }
    let others = |p: &Patch| {
        let m = Model::of(p);
        let touches = |e: &str| Model::module_of(e) == module;
        let all = m.cables.into_iter();
        all.filter(|(f, t, ..)| !touches(f) && !touches(t))
            .collect::<Vec<_>>()
    };
    assert_eq!(others(before), others(after));
    let after_model = Model::of(after);
    for c in &before.cables {
        let node = before.node(module).unwrap();
        let Input::Param(p) = c.to.input else {
            continue;
        };
        let name = was.spec.params.get(p).map_or("", |s| s.name);
        if c.to.node == node && c.from.node != node && is.spec.param(name).is_some() {
            let from = source_text(before, c.from);
            assert!(
                after_model
                    .cables
                    .iter()
                    .any(|(f, t, ..)| *f == from && Model::module_of(t) == module),
                "{from} > {module}.{name}"
            );
        }
    }
}

proptest! {

    #[test]
    fn edits_of_the_text_are_edits_of_the_patch(
        which in any::<prop::sample::Index>(),
        steps in prop::collection::vec(prop::array::uniform5(0usize..10_000), 1..10),
    ) {
        let texts = texts();
        let mut text = texts[which.index(texts.len())].clone();
        for n in steps {
            let edit = edit_of(&read(&text), n);
            if let Some(new) = check(&text, &edit) {
                text = new;
            }
        }
    }
}

fn made(text: &str, edit: &Edit) -> String {
    edit.apply(text).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn a_patch_grows_from_nothing_in_the_house_layout() {
    let mut text = LAYOUTS[4].to_owned();
    let add = |name: &str, kind: &str| Edit::Add {
        name: name.into(),
        kind: kind.into(),
        after: None,
    };
    let wire = |from: &str, to: &str, amount: Option<&str>| Edit::Wire {
        from: from.into(),
        to: to.into(),
        amount: amount.map(str::to_owned),
        feedback: false,
    };
    for edit in [
        add("saw", "Saw"),
        add("vcf", "Svf"),
        add("out", "Out"),
        add("env", "Adsr"),
        wire("saw", "vcf", None),
        wire("vcf", "out", None),
        wire("env", "vcf.cutoff", Some("2.5oct")),
        Edit::Voices(4),
    ] {
        text = made(&text, &edit);
    }
    assert_eq!(
        text,
        r#"(
  name: "empty",
  voices: 4,
  modules: (
    // nothing yet
    saw: Saw(),
    vcf: Svf(),
    out: Out(),
    env: Adsr(),
  ),
  cables: [
    "saw > vcf",
    "vcf > out",
    "env > vcf.cutoff * 2.5oct",
  ],
)
"#
    );
}

#[test]
fn a_chain_stays_a_chain_where_it_can() {
    let text = LAYOUTS[1];
    let deleted = made(
        text,
        &Edit::Delete {
            module: "vcf".into(),
            bridge: true,
        },
    );
    assert!(deleted.contains("\"osc > vca > out\","), "{deleted}");
    assert!(
        deleted.contains("/* both */ \"env > vca.cv\","),
        "{deleted}"
    );
    assert!(deleted.contains("to: [\"env.d 40ms..400ms\"]"), "{deleted}");
    let cut = made(
        text,
        &Edit::Cut {
            from: "vcf".into(),
            to: "vca".into(),
        },
    );
    assert!(
        cut.contains("    \"osc > vcf\",\n    \"vca > out\","),
        "{cut}"
    );
    let replaced = made(
        text,
        &Edit::Replace {
            module: "vcf".into(),
            kind: "Ladder".into(),
        },
    );
    assert!(
        replaced.contains("vcf: Ladder(cutoff: \"400Hz\""),
        "{replaced}"
    );
    assert!(replaced.contains("vcf.cutoff * 2.5oct"), "{replaced}");
    assert!(replaced.contains("\"osc > vcf > vca > out\""), "{replaced}");
}

#[test]
fn what_cannot_be_done_is_said_and_nothing_is_changed() {
    let text = LAYOUTS[1];
    let wire = |from: &str, to: &str, amount: Option<&str>| Edit::Wire {
        from: from.into(),
        to: to.into(),
        amount: amount.map(str::to_owned),
        feedback: false,
    };
    for (edit, why) in [
        (
            wire("ocs", "vcf", None),
            "no module `ocs`; did you mean `osc`?",
        ),
        (wire("osc", "vcf.cutof", None), "did you mean `vcf.cutoff`?"),
        (wire("osc", "vcf", None), "osc > vcf is wired already"),
        (wire("env", "vcf.q", Some("3Hz")), "amount here is in"),
        (
            Edit::Rename {
                module: "vcf".into(),
                to: "vca".into(),
            },
            "`vca` is there already",
        ),
        (
            Edit::Rename {
                module: "vcf".into(),
                to: "2x".into(),
            },
            "can't be a name",
        ),
        (
            Edit::Add {
                name: "x".into(),
                kind: "Lader".into(),
                after: None,
            },
            "did you mean `Ladder`?",
        ),
        (
            Edit::Cut {
                from: "env".into(),
                to: "out".into(),
            },
            "there is no cable env > out",
        ),
        (Edit::Voices(65), "`voices` goes from 1 to 64"),
    ] {
        let said = edit.apply(text).unwrap_err().to_string();
        assert!(said.contains(why), "{edit:?}: {said}");
    }
}
