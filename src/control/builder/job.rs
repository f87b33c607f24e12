//! One build: a text or a patch into a verified graph. A plain function; whoever calls it waits.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::dsp::BLOCK;
use crate::engine::quiet;
use crate::graph::prime::{Check, PrimeFailure, PrimeSpec, PrimedGraph, Proof, prime};
use crate::graph::{Env, compile};
use crate::patch::{
    Patch,
    diagnostic::{Diagnostic, Severity},
    file,
};

/// What is to be built.
#[derive(Clone)]
pub struct Job {
    /// Tells builds apart; the result carries it back.
    pub number: u64,
    pub source: Source,
    pub env: Env,
    /// The share of real time that the patch may cost.
    pub budget: f32,
    /// What is known of the patch already.
    pub proof: Proof,
    /// When it was asked for, for the report.
    pub asked: Instant,
}

#[derive(Clone)]
pub enum Source {
    /// A patch file; it is read by the builder, which may wait for a disk.
    File(PathBuf),
    /// A patch file's text, and the name that its errors carry.
    Text { text: Arc<str>, file: String },
    /// A patch that was read before, with the text it came from.
    Patch { patch: Arc<Patch>, text: Arc<str> },
}

/// A verified graph and what it was made from.
pub struct Built {
    pub graph: PrimedGraph,
    pub patch: Arc<Patch>,
    pub text: Arc<str>,
    pub warnings: Vec<Diagnostic>,
}

pub enum Unbuilt {
    /// The text has errors.
    Text(Vec<Diagnostic>),
    /// It was built, and failed a check.
    Prime(PrimeFailure),
}

/// Builds on the calling thread. `progress` is told the blocks that are rendered.
pub fn build(job: &Job, progress: &mut dyn FnMut(usize)) -> Result<Built, Unbuilt> {
    let outcome = quiet::catch(|| unguarded(job, progress));
    outcome.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Err(Unbuilt::Prime(PrimeFailure {
            check: Check::Panic,
            why: format!("building panicked: {text}"),
        }))
    })
}

fn unguarded(job: &Job, progress: &mut dyn FnMut(usize)) -> Result<Built, Unbuilt> {
    let start = Instant::now();
    let wait_ms = ms(job.asked);
    let (patch, text, warnings) = match &job.source {
        Source::Patch { patch, text } => (patch.clone(), text.clone(), Vec::new()),
        Source::Text { text, file } => read(text.clone(), file)?,
        Source::File(path) => {
            let name = path.display().to_string();
            // The error begins with the file's name, as a finding does.
            let text = file::read(path).map_err(|e| {
                let why = e.to_string();
                let why = why.strip_prefix(&name).unwrap_or(&why);
                let why = why.trim_start_matches([':', ' ']);
                Unbuilt::Text(vec![whole_file(name.clone(), why.to_owned())])
            })?;
            read(text.into(), &name)?
        }
    };
    let parse_ms = ms(start);
    let compiling = Instant::now();
    let (graph, layout) = compile(&patch, &job.env).map_err(|e| {
        let file = match &job.source {
            Source::File(path) => path.display().to_string(),
            Source::Text { file, .. } => file.clone(),
            Source::Patch { patch, .. } => patch.name.clone(),
        };
        Unbuilt::Text(vec![whole_file(file, e.to_string())])
    })?;
    let compile_ms = ms(compiling);
    let spec = PrimeSpec {
        mode: patch.prime,
        rate: job.env.rate,
        bpm: patch.bpm.unwrap_or(job.env.bpm),
        budget: job.budget,
        proof: job.proof,
    };
    let costs = layout.costs.clone();
    let primed = prime(graph, layout, &spec, progress);
    let mut graph = primed.map_err(|mut failure| {
        if failure.check == Check::Cost
            && let Some((dearest, ns)) = costs.dearest()
        {
            let share = 100.0 * f64::from(ns) * 1e-9 * f64::from(job.env.rate) / BLOCK as f64;
            let name = &patch.modules[dearest].name;
            failure.why += &format!("; `{name}` alone costs {share:.0} %");
        }
        Unbuilt::Prime(failure)
    })?;
    let report = graph.report_mut();
    (report.wait_ms, report.parse_ms, report.compile_ms) = (wait_ms, parse_ms, compile_ms);
    report.total_ms = ms(job.asked);
    Ok(Built {
        graph,
        patch,
        text,
        warnings,
    })
}

/// A patch, its text and its warnings.
type Read = (Arc<Patch>, Arc<str>, Vec<Diagnostic>);

fn read(text: Arc<str>, file: &str) -> Result<Read, Unbuilt> {
    let parsed = file::parse(&text, file);
    match parsed.patch {
        Some(patch) => Ok((Arc::new(patch), text, parsed.diagnostics)),
        None => Err(Unbuilt::Text(parsed.diagnostics)),
    }
}

fn ms(since: Instant) -> f32 {
    since.elapsed().as_secs_f32() * 1e3
}

/// A finding that has no one place in the text.
fn whole_file(file: String, message: String) -> Diagnostic {
    Diagnostic {
        file,
        line: 0,
        column: 0,
        span: 0..0,
        severity: Severity::Error,
        message,
        fix: None,
    }
}
