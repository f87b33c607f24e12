//! From a text to a graph in a slot: builds, their results, and how a verified graph takes over state and notes.
use std::path::PathBuf;
use std::time::Instant;

use super::super::builder::{Built, Job, Source, Unbuilt};
use super::super::command::SlotId;
use super::super::draft::Draft;
use super::super::event::What;
use super::super::slot::{IncomingEvent, SlotState};
use super::Supervisor;
use super::records::{Pending, Purpose, Ready, Then};
use crate::graph::Env;
use crate::graph::prime::Proof;
use crate::patch::{Patch, diagnostic::Diagnostic};

/// What is asked to be built, beside the patch itself.
pub struct Wish {
    /// The frame at which the patch is to begin, where that is still possible.
    pub start: u64,
    pub purpose: Purpose,
    pub path: Option<PathBuf>,
    pub modified: bool,
    pub then: Option<Then>,
    pub draft: Option<Draft>,
    /// The edit that it is built for.
    pub words: Option<String>,
}

impl Wish {
    pub fn asked(start: u64, path: Option<PathBuf>, modified: bool, then: Option<Then>) -> Self {
        Self {
            start,
            purpose: Purpose::Asked,
            path,
            modified,
            then,
            draft: None,
            words: None,
        }
    }
}

impl Supervisor {
    /// The slot that a patch is brought into: the one that is not heard; the live one while nothing is.
    pub(super) fn standby(&self) -> SlotId {
        let (live, other) = (self.live, self.live.other());
        match self.slots[live.index()].state {
            SlotState::Empty => live,
            SlotState::Failed(_) if self.slots[other.index()].stuck => live,
            _ => other,
        }
    }

    /// Begins a build.
    pub(super) fn build(&mut self, source: Source, wish: Wish) -> Result<(), String> {
        let slot = self.standby();
        if self.slots[slot.index()].stuck {
            let name = slot.name();
            return Err(format!(
                "{name} hangs in a module, and so does an engine that was given up: nothing can be loaded until one comes back"
            ));
        }
        let asked = wish.purpose == Purpose::Asked;
        let patch = match &source {
            Source::Patch { patch, .. } => Some(patch.clone()),
            Source::File(_) | Source::Text { .. } => None,
        };
        self.builds += 1;
        self.generations += 1;
        let since = self.sent.unwrap_or_else(Instant::now);
        let job = Job {
            number: self.builds,
            source,
            env: Env {
                rate: self.config.rate as f32,
                isa: self.config.isa,
                seed: self.config.seed,
                bpm: self.tempo.last().bpm,
            },
            budget: self.config.budget,
            proof: match asked {
                true => Proof::None,
                false => Proof::Verified,
            },
            asked: since,
        };
        self.builder.submit(job, self.now.steady)?;
        if asked {
            self.head_nowhere();
            self.forget_builds();
            self.slots[slot.index()].on_incoming(&IncomingEvent::Asked);
        }
        self.pending.push(Pending {
            number: self.builds,
            generation: self.generations,
            slot,
            since,
            start: wish.start,
            purpose: wish.purpose,
            path: wish.path,
            modified: wish.modified,
            patch,
            then: wish.then,
            draft: wish.draft,
            words: wish.words,
            turned: Vec::new(),
            bpm: self.tempo.last().bpm,
            forgotten: false,
        });
        if asked {
            let generation = self.generations;
            let sentence = format!("{} building", slot.name());
            self.tell(What::Building { slot, generation }, sentence);
        }
        Ok(())
    }

    /// What is under way makes room for what was asked for last.
    fn forget_builds(&mut self) {
        for pending in &mut self.pending {
            pending.forgotten = true;
            self.builder.forget(pending.number);
        }
        // A build that waits in the queue gives no result; one that is under way does.
        self.ready = None;
        if let Some(arriving) = &mut self.arriving {
            arriving.ready.pending.then = None;
        }
        for slot in &mut self.slots {
            slot.on_incoming(&IncomingEvent::Dropped);
        }
        if self.armed.as_ref().is_some_and(|a| a.waits_for.is_some()) {
            self.armed = None;
        }
    }

    /// What was asked for is not wanted any more.
    pub(super) fn drop_builds(&mut self) {
        if self.pending.iter().any(|p| p.purpose == Purpose::Asked) || self.ready.is_some() {
            self.forget_builds();
        }
    }

    pub(super) fn hear_builder(&mut self) {
        if let Some((number, done)) = self.builder.progress()
            && let Some(p) = self.pending.iter().find(|p| p.number == number)
            && p.purpose == Purpose::Asked
            && !p.forgotten
        {
            let slot = &mut self.slots[p.slot.index()];
            let before = slot.incoming.clone();
            slot.on_incoming(&IncomingEvent::Rendered(done));
            self.changed |= slot.incoming != before;
        }
        while let Some(finished) = self.builder.poll(self.now.steady) {
            let number = finished.number;
            let Some(at) = self.pending.iter().position(|p| p.number == number) else {
                continue;
            };
            let pending = self.pending.remove(at);
            // Builds are finished in order: what was forgotten before this one gives no result any more.
            self.pending.retain(|p| !(p.forgotten && p.number < number));
            if pending.forgotten {
                continue;
            }
            match finished.result {
                Ok(built) => self.verified(pending, built),
                Err(Unbuilt::Text(diagnostics)) => self.refused(&pending, diagnostics),
                Err(Unbuilt::Prime(failure)) => self.unprimed(&pending, failure),
            }
        }
    }

    fn verified(&mut self, pending: Pending, mut built: Built) {
        let (slot, generation) = (pending.slot, pending.generation);
        built.graph.report_mut().total_ms = pending.since.elapsed().as_secs_f32() * 1e3;
        let report = built.graph.report().clone();
        if pending.purpose == Purpose::Asked {
            self.slots[slot.index()].on_incoming(&IncomingEvent::Verified);
            let silent = match report.silent_by_design {
                true => ", silent by design",
                false => "",
            };
            let loud = match report.peak > 1.0 {
                true => format!(
                    ", {:.1} dB over full scale: the limiter will work",
                    20.0 * report.peak.log10()
                ),
                false => String::new(),
            };
            let edit = pending.words.as_ref();
            let edit = edit.map_or(String::new(), |words| format!("{words}: "));
            let sentence = format!(
                "{edit}{} primed {} in {:.1} ms: read {:.1}, compile {:.1}, {} buffers {:.1}, check {:.1}, rms {:.3}{silent}{loud}",
                slot.name(),
                built.patch.name,
                report.total_ms,
                report.parse_ms,
                report.compile_ms,
                report.blocks,
                report.render_ms,
                report.check_ms,
                report.rms,
            );
            let what = What::Primed {
                slot,
                generation,
                report,
            };
            self.tell(what, sentence);
        }
        self.ready = Some(Ready { pending, built });
        self.bring_in();
    }

    fn refused(&mut self, pending: &Pending, diagnostics: Vec<Diagnostic>) {
        self.slots[pending.slot.index()].on_incoming(&IncomingEvent::Dropped);
        let first = diagnostics.first().map(ToString::to_string);
        let more = match diagnostics.len() {
            0 | 1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        let sentence = format!(
            "{}{more}. {}.",
            first.unwrap_or_else(|| "the text has errors".into()),
            capital(&self.goes_on())
        );
        self.changed = true;
        self.disarm_for(pending);
        self.not_rebuilt(pending);
        self.tell(What::Refused { diagnostics }, sentence);
    }

    fn unprimed(&mut self, pending: &Pending, failure: crate::graph::prime::PrimeFailure) {
        let slot = pending.slot;
        let refused = IncomingEvent::Refused {
            check: failure.check,
            why: failure.why.clone(),
        };
        self.slots[slot.index()].on_incoming(&refused);
        self.changed = true;
        let sentence = format!(
            "{} FAILED {}: {}. {}.",
            slot.name(),
            failure.check.name(),
            failure.why,
            capital(&self.goes_on())
        );
        let what = What::Failed {
            slot,
            generation: pending.generation,
            check: failure.check,
            why: failure.why,
        };
        self.disarm_for(pending);
        self.not_rebuilt(pending);
        self.tell(what, sentence);
    }

    /// A swap to a patch that will not come.
    fn disarm_for(&mut self, pending: &Pending) {
        self.head_nowhere();
        let number = Some(pending.number);
        self.armed.take_if(|armed| armed.waits_for == number);
    }
}

/// Whether two patches differ in nothing but knobs.
pub fn same_structure(a: &Patch, b: &Patch) -> bool {
    let kinds = |p: &Patch| -> Vec<_> {
        p.modules
            .iter()
            .map(|m| (m.name.clone(), m.spec.kind, m.options.clone()))
            .collect()
    };
    let cables = |p: &Patch| -> Vec<_> {
        let cables = p.cables.iter();
        cables.map(|c| (c.from, c.to, c.feedback)).collect()
    };
    a.name == b.name && cables(a) == cables(b) && kinds(a) == kinds(b)
}

pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
