//! `chronus check`: what is wrong with patches, and with `--prime` whether they would be let into a slot.
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::cli;
use crate::dsp::lanes::IsaChoice;
use crate::graph::{
    Env, compile,
    prime::{PrimeReport, PrimeSpec, prime},
};
use crate::patch::{
    Patch,
    diagnostic::{Diagnostic, Severity},
    file,
};

use super::failure::{Failure, print};

/// What a patch is primed for here: the usual device. A rate changes neither errors nor verdicts but those on cost.
const ENV: Env = Env {
    rate: 48_000.0,
    isa: IsaChoice::Auto,
    seed: 0,
    bpm: 120.0,
};
/// A patch may fill half of real time, since two play at once.
const BUDGET: f32 = 0.5;

/// The verb. Every patch is looked at, whatever was wrong with those before it.
pub fn run(args: &cli::Check) -> Result<(), Failure> {
    let tell = if args.json { json_line } else { text_line };
    let mut at_fault = false;
    for path in &args.patches {
        at_fault |= !check(path, args.prime, &mut |finding| {
            tell(&path.to_string_lossy(), finding)
        })?;
    }
    if at_fault { Err(Failure::Told) } else { Ok(()) }
}

/// Something to tell about one patch.
enum Finding<'a> {
    Unreadable(String),
    Place(&'a Diagnostic),
    /// The check that it failed, and why.
    NotPrimed(&'static str, &'a str),
    Fine(&'a Patch, Option<PrimeReport>),
}

/// Whether the patch is fine.
fn check(
    path: &Path,
    verify: bool,
    tell: &mut dyn FnMut(Finding<'_>) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    let (_, parsed) = match file::load(path) {
        Ok(loaded) => loaded,
        Err(e) => return tell(Finding::Unreadable(e.to_string())).map(|()| false),
    };
    for diagnostic in &parsed.diagnostics {
        tell(Finding::Place(diagnostic))?;
    }
    let Some(patch) = parsed.patch else {
        return Ok(false);
    };
    if !verify {
        return tell(Finding::Fine(&patch, None)).map(|()| true);
    }
    let start = Instant::now();
    let (graph, layout) = match compile(&patch, &ENV) {
        Ok(compiled) => compiled,
        Err(e) => {
            return tell(Finding::Unreadable(format!("{}: {e}", path.display()))).map(|()| false);
        }
    };
    let spec = PrimeSpec {
        mode: patch.prime,
        rate: ENV.rate,
        bpm: patch.bpm.unwrap_or(ENV.bpm),
        budget: BUDGET,
    };
    match prime(graph, layout, &spec, &mut |_| ()) {
        Ok(primed) => {
            let mut report = primed.report().clone();
            report.total_ms = start.elapsed().as_secs_f32() * 1e3;
            tell(Finding::Fine(&patch, Some(report))).map(|()| true)
        }
        Err(failure) => {
            tell(Finding::NotPrimed(failure.check.name(), &failure.why)).map(|()| false)
        }
    }
}

fn text_line(file: &str, finding: Finding<'_>) -> Result<(), Failure> {
    match finding {
        Finding::Unreadable(why) => eprintln!("{why}"),
        Finding::Place(d) if d.severity == Severity::Warning => {
            eprintln!("{}:{}:{} warning: {}", d.file, d.line, d.column, d.message);
        }
        Finding::Place(d) => eprintln!("{d}"),
        Finding::NotPrimed(check, why) => eprintln!("{file}: not primed ({check}): {why}"),
        Finding::Fine(patch, report) => return print(&fine(file, patch, report)),
    }
    Ok(())
}

fn fine(file: &str, patch: &Patch, report: Option<PrimeReport>) -> String {
    let counts = format!(
        "{file}: ok, {} modules, {} cables",
        patch.modules.len(),
        patch.cables.len()
    );
    match report {
        None => counts + "\n",
        Some(r) => format!(
            "{counts}, primed in {:.1} ms: rms {:.1} dBFS, peak {:.1} dBFS, load {:.1} %\n",
            r.total_ms,
            decibels(r.rms),
            decibels(r.peak),
            r.load * 100.0
        ),
    }
}

fn decibels(level: f32) -> f32 {
    20.0 * level.max(1e-6).log10()
}

fn json_line(file: &str, finding: Finding<'_>) -> Result<(), Failure> {
    let object = match finding {
        Finding::Unreadable(why) => json!({"file": file, "severity": "error", "message": why}),
        Finding::Place(d) => json!({
            "file": d.file,
            "line": d.line,
            "column": d.column,
            "severity": match d.severity { Severity::Error => "error", Severity::Warning => "warning" },
            "message": d.message,
            "fix": d.fix.as_ref().map(|f| json!({"start": f.span.start, "end": f.span.end, "text": f.text})),
        }),
        Finding::NotPrimed(check, why) => {
            json!({"file": file, "severity": "error", "check": check, "message": why})
        }
        Finding::Fine(patch, report) => json!({
            "file": file,
            "ok": true,
            "name": patch.name,
            "modules": patch.modules.len(),
            "cables": patch.cables.len(),
            "primed": report.map_or(Value::Null, |r| json!({
                "prime_ms": r.total_ms, "rms": r.rms, "peak": r.peak, "dc": r.dc, "load": r.load, "blocks": r.blocks,
            })),
        }),
    };
    print(&format!("{object}\n"))
}
