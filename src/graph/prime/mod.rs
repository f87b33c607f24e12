//! Priming: a graph is rendered unheard and verified; only a [`PrimedGraph`] can be loaded into a slot. Runs on the builder.
mod report;
mod trial;
mod verdict;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Graph, Layout};
pub use report::{Check, PrimeFailure, PrimeReport, PrimeSpec, Proof};
use trial::Trial;

/// A graph that was verified. Nothing else can be heard.
pub struct PrimedGraph {
    graph: Graph,
    layout: Layout,
    report: PrimeReport,
}

impl PrimedGraph {
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub fn report(&self) -> &PrimeReport {
        &self.report
    }

    /// For whoever knows what came before the priming: how long reading and compiling took.
    pub fn report_mut(&mut self) -> &mut PrimeReport {
        &mut self.report
    }

    /// Puts behind the gate what priming would refuse: fault tests only.
    #[cfg(any(test, feature = "faults"))]
    pub fn unverified(graph: Graph, layout: Layout) -> Self {
        Self {
            graph,
            layout,
            report: PrimeReport::default(),
        }
    }

    /// For the engine that plays it.
    pub fn into_parts(self) -> (Graph, Layout, PrimeReport) {
        (self.graph, self.layout, self.report)
    }
}

/// Renders a graph with a test note until it has shown what it is, and verifies it. `progress` is told the blocks done after each
/// one, so that a watcher can tell a slow patch from one that hangs. A panicking graph is a failure like any other.
pub fn prime(
    graph: Graph,
    layout: Layout,
    spec: &PrimeSpec,
    progress: &mut dyn FnMut(usize),
) -> Result<PrimedGraph, PrimeFailure> {
    let start = std::time::Instant::now();
    let mut trial = Trial::new(graph, spec);
    let verdict = catch_unwind(AssertUnwindSafe(|| trial.run(progress)));
    let Trial {
        graph, mut report, ..
    } = match verdict {
        Ok(result) => result.map(|()| trial)?,
        Err(panic) => return Err(panicked(&*panic, trial.report.blocks)),
    };
    report.check_ms = start.elapsed().as_secs_f32() * 1e3 - report.render_ms;
    Ok(PrimedGraph {
        graph,
        layout,
        report,
    })
}

fn panicked(panic: &(dyn std::any::Any + Send), blocks: usize) -> PrimeFailure {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    PrimeFailure {
        check: Check::Panic,
        why: format!("a module panicked after {blocks} buffers: {text}"),
    }
}
