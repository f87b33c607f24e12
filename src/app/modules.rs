//! `chronus modules`, and `docs/modules.md`: the module table in three prints.
use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli;
use crate::modules::{
    REGISTRY,
    spec::{
        Family, Law, ModuleSpec, OptionKind, OptionSpec, ParamSpec, PortSpec, Scale, Signal, Unit,
        Voicing, Width,
    },
};

use super::failure::{Failure, print};

/// The module that misbehaves on purpose is there in builds for tests alone: users don't read of it.
const TEST_ONLY: &str = "Fault";

/// The verb.
pub fn run(args: &cli::Modules) -> Result<(), Failure> {
    let specs = match &args.kind {
        None => REGISTRY.to_vec(),
        Some(kind) => vec![find(kind)?],
    };
    if args.json {
        let all: Vec<Value> = specs.iter().map(|spec| object(spec)).collect();
        return print(&format!("{:#}\n", Value::from(all)));
    }
    print(&match (&args.kind, &specs[..]) {
        (Some(_), [spec]) => description(spec),
        _ => list(&specs),
    })
}

fn find(kind: &str) -> Result<&'static ModuleSpec, Failure> {
    let same = |spec: &&ModuleSpec| spec.kind.eq_ignore_ascii_case(kind);
    if let Some(spec) = REGISTRY.iter().copied().find(same) {
        return Ok(spec);
    }
    let nearest = REGISTRY
        .iter()
        .map(|spec| {
            (
                strsim::jaro_winkler(&spec.kind.to_lowercase(), &kind.to_lowercase()),
                spec.kind,
            )
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.75);
    let hint = nearest.map_or(String::new(), |(_, kind)| {
        format!("; did you mean `{kind}`?")
    });
    Err(Failure::Input(format!(
        "KIND: unknown module `{kind}`{hint}"
    )))
}

/// The families in the order of the list, with their headings.
const FAMILIES: &[(Family, &str)] = &[
    (Family::Source, "Sources"),
    (Family::Notes, "Notes and time"),
    (Family::Modulation, "Modulation"),
    (Family::Shaping, "Shaping"),
    (Family::Filter, "Filters"),
    (Family::Effect, "Effects"),
    (Family::Output, "Output"),
];

fn list(specs: &[&ModuleSpec]) -> String {
    let width = specs.iter().map(|s| s.kind.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (family, heading) in FAMILIES {
        let of_family: Vec<_> = specs.iter().filter(|s| s.family == *family).collect();
        if of_family.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{heading}");
        for spec in of_family {
            let _ = writeln!(text, "  {:width$}  {}", spec.kind, spec.doc);
        }
    }
    text + "chronus modules KIND describes one.\n"
}

fn description(spec: &ModuleSpec) -> String {
    let mut text = format!("{}: {}\n", spec.kind, spec.doc);
    if !spec.algorithm.is_empty() {
        let _ = writeln!(text, "{}", spec.algorithm);
    }
    let _ = writeln!(text, "{}", voices(spec.voicing));
    let mut table = Vec::new();
    for (head, ports) in [("inputs", spec.inputs), ("outputs", spec.outputs)] {
        table.push(vec![head.to_owned()]);
        table.extend(
            ports
                .iter()
                .map(|p| vec![format!("  {}", p.name), carries(p), p.doc.to_owned()]),
        );
    }
    table.push(vec!["parameters (each is an input too)".to_owned()]);
    table.extend(spec.params.iter().map(|p| {
        vec![
            format!("  {}", names(p)),
            format!("{} ({})", range(p), shown(p.default, p.unit)),
            p.doc.to_owned(),
        ]
    }));
    if !spec.options.is_empty() {
        table.push(vec!["options (changing one rebuilds the patch)".to_owned()]);
        table.extend(
            spec.options
                .iter()
                .map(|o| vec![format!("  {}", o.name), choices(o), o.doc.to_owned()]),
        );
    }
    text + &columns(&table)
}

/// Rows of three in columns; rows of one are headings.
fn columns(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter(|r| r.len() > 1)
            .filter_map(|r| r.get(column));
        cells.map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    let mut text = String::new();
    for row in rows {
        match &row[..] {
            [a, b, c] => {
                let line = format!("{a:first$}  {b:second$}  {c}");
                let _ = writeln!(text, "{}", line.trim_end());
            }
            other => {
                let _ = writeln!(text, "{}", other.concat());
            }
        }
    }
    text
}

/// `docs/modules.md`.
pub fn page() -> String {
    let mut page = String::from(
        "# Modules\n\n\
        Printed from the module table; `CHRONUS_WRITE_DOCS=1 cargo test --test cli_docs` prints it again, and \
        `chronus modules [KIND]` says the same in a terminal.\n\n\
        Every parameter is an input too: a cable into it adds to its value, in the parameter's own law (octaves for Hz and \
        seconds, decibels for dB, else the bare number). Values are written as numbers in the unit shown, or as text with a unit: \
        `\"2ms\"`, `\"800Hz\"`, `\"A3\"`, `\"-12dB\"`, and `\"1/16\"` where the parameter follows the tempo. \
        Signals: audio is -1..1, pitch is octaves above C4, a gate is open from 0.5 on.\n",
    );
    for (family, heading) in FAMILIES {
        let of_family: Vec<_> = REGISTRY
            .iter()
            .filter(|s| s.family == *family && s.kind != TEST_ONLY)
            .collect();
        if of_family.is_empty() {
            continue;
        }
        let _ = write!(page, "\n## {heading}\n");
        for spec in of_family {
            section(&mut page, spec);
        }
    }
    page
}

fn section(page: &mut String, spec: &ModuleSpec) {
    let _ = write!(page, "\n### {}\n\n{}", spec.kind, spec.doc);
    if !spec.algorithm.is_empty() {
        let _ = write!(page, " How: {}.", spec.algorithm);
    }
    let _ = write!(
        page,
        " {}\n\n| | | |\n|---|---|---|\n",
        voices(spec.voicing)
    );
    for (way, ports) in [("in", spec.inputs), ("out", spec.outputs)] {
        for port in ports {
            let _ = writeln!(
                page,
                "| {way} `{}` | {} | {} |",
                port.name,
                carries(port),
                port.doc
            );
        }
    }
    for p in spec.params {
        let _ = writeln!(
            page,
            "| `{}` | {}, default {} | {} |",
            names(p),
            range(p),
            shown(p.default, p.unit),
            p.doc
        );
    }
    for o in spec.options {
        let _ = writeln!(page, "| option `{}` | {} | {} |", o.name, choices(o), o.doc);
    }
}

fn object(spec: &ModuleSpec) -> Value {
    let ports = |ports: &[PortSpec]| -> Value {
        let all = ports.iter().map(|p| {
            json!({"name": p.name, "doc": p.doc, "signal": signal(p.signal), "stereo": p.width == Width::Stereo})
        });
        all.collect()
    };
    json!({
        "kind": spec.kind,
        "doc": spec.doc,
        "algorithm": spec.algorithm,
        "family": format!("{:?}", spec.family).to_lowercase(),
        "voicing": match spec.voicing {
            Voicing::PerVoice => "per_voice",
            Voicing::Summed => "summed",
            Voicing::NoteSource => "note_source",
            Voicing::OwnVoices => "own_voices",
        },
        "inputs": ports(spec.inputs),
        "outputs": ports(spec.outputs),
        "params": spec.params.iter().map(param_object).collect::<Value>(),
        "options": spec.options.iter().map(option_object).collect::<Value>(),
    })
}

fn param_object(p: &ParamSpec) -> Value {
    json!({
        "name": p.name,
        "aliases": p.aliases,
        "doc": p.doc,
        "unit": p.unit.label(),
        "min": decimal(p.min),
        "max": decimal(p.max),
        "default": decimal(p.default),
        "scale": match p.scale { Scale::Linear => "linear", Scale::Log => "log" },
        "law": match p.unit.law() { Law::Add => "add", Law::Octaves => "octaves", Law::Decibels => "decibels" },
        "follows_tempo": p.unit.follows_tempo(),
    })
}

fn option_object(o: &OptionSpec) -> Value {
    let kind = match o.kind {
        OptionKind::Choice(names) => json!({"choice": names}),
        OptionKind::File(without) => json!({"file": without}),
        OptionKind::Text(default) => json!({"text": default}),
        OptionKind::Whole { min, max, default } => {
            json!({"whole": {"min": min, "max": max, "default": default}})
        }
        OptionKind::Length { default } => json!({"length": length(default)}),
    };
    json!({"name": o.name, "doc": o.doc, "kind": kind})
}

/// An `f32` as its shortest decimal, not as the nearest `f64`.
fn decimal(value: f32) -> Value {
    value
        .to_string()
        .parse::<f64>()
        .map_or(Value::Null, Value::from)
}

fn voices(voicing: Voicing) -> &'static str {
    match voicing {
        Voicing::PerVoice => "One a voice below a note source.",
        Voicing::Summed => "One; voices are summed before it.",
        Voicing::NoteSource => "A note source: what hangs on it sounds once a voice.",
        Voicing::OwnVoices => {
            "Makes its own voices, as many as it has notes at once: what hangs on it sounds once a voice."
        }
    }
}

fn carries(port: &PortSpec) -> String {
    match port.width {
        Width::Mono => signal(port.signal).to_owned(),
        Width::Stereo => format!("{}, stereo", signal(port.signal)),
    }
}

fn signal(signal: Signal) -> &'static str {
    match signal {
        Signal::Audio => "audio",
        Signal::Pitch => "pitch",
        Signal::Cv => "cv",
        Signal::Gate => "gate",
    }
}

fn names(p: &ParamSpec) -> String {
    std::iter::once(p.name)
        .chain(p.aliases.iter().copied())
        .collect::<Vec<_>>()
        .join(", ")
}

fn range(p: &ParamSpec) -> String {
    let unit = p.unit.label();
    let gap = if unit.is_empty() { "" } else { " " };
    let tempo = if p.unit.follows_tempo() {
        " or a note length"
    } else {
        ""
    };
    format!("{}..{}{gap}{unit}{tempo}", p.min, p.max)
}

fn shown(value: f32, unit: Unit) -> String {
    format!("{value} {}", unit.label()).trim_end().to_owned()
}

fn choices(o: &OptionSpec) -> String {
    match o.kind {
        OptionKind::Choice(names) => names.join(", "),
        OptionKind::File(without) => format!(
            "a sound file (WAV, FLAC, OGG, MP3), relative to the patch's folder; without one: {without}"
        ),
        OptionKind::Text(default) => format!("text, default \"{default}\""),
        OptionKind::Whole { min, max, default } => format!("{min}..{max}, default {default}"),
        OptionKind::Length { default } => format!("a note length, default \"{}\"", length(default)),
    }
}

/// Beats as a note length: a quarter of a whole note is a beat.
fn length(beats: f64) -> String {
    let whole = beats / 4.0;
    for below in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0] {
        let above: f64 = whole * below;
        if (above - above.round()).abs() < 1e-9 && above >= 1.0 {
            return format!("{above}/{below}");
        }
    }
    format!("{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_on_every_print() {
        let (list, page) = (list(REGISTRY), page());
        for spec in REGISTRY.iter().filter(|s| s.kind != TEST_ONLY) {
            assert!(list.contains(&format!("  {} ", spec.kind)), "{}", spec.kind);
            assert!(
                page.contains(&format!("### {}\n", spec.kind)),
                "{}",
                spec.kind
            );
            let (text, json) = (description(spec), object(spec).to_string());
            for p in spec.params {
                assert!(
                    text.contains(p.doc) && json.contains(p.name),
                    "{}.{}",
                    spec.kind,
                    p.name
                );
            }
        }
    }

    #[test]
    fn note_lengths_are_written_as_patches_write_them() {
        for (beats, text) in [(0.25, "1/16"), (0.75, "3/16"), (4.0, "1/1"), (1.0, "1/4")] {
            assert_eq!(length(beats), text);
        }
    }
}
