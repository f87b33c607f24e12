//! `chronus check`: what is wrong with patches, and with `--prime` whether they would be let into a slot.
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use crate::cli;
use crate::control::builder::{Job, Source, Unbuilt, build};
use crate::control::supervisor::Config;
use crate::dsp::lanes::IsaChoice;
use crate::graph::{
    Env,
    prime::{PrimeReport, Proof},
};
use crate::patch::{
    Patch,
    diagnostic::{Diagnostic, Severity},
    file,
};

use super::complain::complain;
use super::failure::{Failure, print};

/// What a patch is primed for here: the usual device. A rate changes neither errors nor verdicts but those on cost.
const ENV: Env = Env {
    rate: 48_000.0,
    isa: IsaChoice::Auto,
    seed: 0,
    bpm: 120.0,
};

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
    let (text, parsed) = match file::load(path) {
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
    let patch = Arc::new(patch);
    let job = Job {
        number: 0,
        source: Source::Patch {
            patch: patch.clone(),
            text: text.into(),
        },
        env: ENV,
        budget: Config::default().budget,
        proof: Proof::None,
        asked: Instant::now(),
    };
    match build(&job, &mut |_| ()) {
        Ok(built) => {
            let report = built.graph.report().clone();
            tell(Finding::Fine(&patch, Some(report))).map(|()| true)
        }
        Err(Unbuilt::Prime(failure)) => {
            tell(Finding::NotPrimed(failure.check.name(), &failure.why)).map(|()| false)
        }
        Err(Unbuilt::Text(diagnostics)) => {
            for mut diagnostic in diagnostics {
                diagnostic.file = path.to_string_lossy().into_owned();
                tell(Finding::Place(&diagnostic))?;
            }
            Ok(false)
        }
    }
}

fn text_line(file: &str, finding: Finding<'_>) -> Result<(), Failure> {
    match finding {
        Finding::Unreadable(why) => complain(why),
        Finding::Place(d) if d.severity == Severity::Warning => {
            complain(format_args!(
                "{}:{}:{} warning: {}",
                d.file, d.line, d.column, d.message
            ));
        }
        Finding::Place(d) => complain(d),
        Finding::NotPrimed(check, why) => {
            complain(format_args!("{file}: not primed ({check}): {why}"))
        }
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
