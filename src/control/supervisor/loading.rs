//! From a text to a graph in a slot: builds, their results, and how a verified graph takes over state and notes.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::builder::{Built, Job, Source, Unbuilt};
use super::super::command::SlotId;
use super::super::draft::Draft;
use super::super::event::{Loaded, What};
use super::super::set::{self, Carry};
use super::super::slot::{IncomingEvent, SlotEvent, SlotState};
use super::super::swap::{Armed, Due};
use super::Supervisor;
use super::notes::Played;
use super::records::{Arriving, Pending, Purpose, Ready, Then};
use crate::dsp::BLOCK;
use crate::engine::msg::{Act, Load, Start};
use crate::graph::prime::Proof;
use crate::graph::{Change, Env, Snapshot};
use crate::modules::spec::Voicing;
use crate::patch::{Patch, diagnostic::Diagnostic};

/// How long the live engine may take to hand its state over; then the new patch starts without it.
pub const HAND_OVER: Duration = Duration::from_millis(200);

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

    /// Loads what is verified, as soon as its slot is free and the live engine has handed its state over.
    pub(super) fn bring_in(&mut self) {
        if let Some(arriving) = &self.arriving
            && self.now.steady.saturating_sub(arriving.asked) > HAND_OVER
            && let Some(arriving) = self.arriving.take()
        {
            self.install(arriving.ready, None);
        }
        if self.arriving.is_some() || self.waking.is_some() || self.swapping.is_some() {
            return;
        }
        let Some(mut ready) = self.ready.take() else {
            return;
        };
        let slot = self.standby();
        if self.slots[slot.index()].state.is_heard() {
            self.ready = Some(ready);
            return;
        }
        ready.pending.slot = slot;
        let live = &self.slots[self.live.index()];
        // A copy of the live patch must sound as the live patch does, whatever the user chose for swaps.
        let carry = self.state_carry || ready.pending.purpose == Purpose::Net;
        if carry && slot != self.live && live.state.is_heard() {
            let snapshot = Snapshot::plan(&live.layout, ready.built.graph.layout());
            if !snapshot.is_empty() {
                let (from, from_generation) = (self.live, live.generation);
                let at = self.begin_at(&ready.pending);
                self.rig.save(from, Box::new(snapshot), at);
                self.arriving = Some(Arriving {
                    ready,
                    from,
                    from_generation,
                    asked: self.now.steady,
                });
                return;
            }
        }
        self.install(ready, None);
    }

    /// The live engine's answer to a save.
    pub(super) fn saved(
        &mut self,
        slot: SlotId,
        generation: u32,
        state: Option<(u64, Box<Snapshot>)>,
    ) {
        if let Some(waking) = self.waking.take_if(|w| w.from == slot) {
            let state = state.filter(|_| waking.from_generation == generation);
            return self.resume(waking.slot, state);
        }
        let is_it = |a: &mut Arriving| {
            a.from == slot && (state.is_none() || a.from_generation == generation)
        };
        if let Some(arriving) = self.arriving.take_if(is_it) {
            self.install(arriving.ready, state);
        }
    }

    /// The block at which a patch begins: when it was asked for, or as soon as its engine can.
    fn begin_at(&self, pending: &Pending) -> u64 {
        let heads = self.rig.heads();
        if !self.slots[self.live.index()].state.is_heard() {
            // Nothing plays, so that the timeline stands or soon will: a graph that began ahead of it would never be reached.
            return heads.played / BLOCK as u64 * BLOCK as u64;
        }
        let frame = pending.start.max(heads.earliest);
        frame.next_multiple_of(BLOCK as u64)
    }

    /// Hands a verified graph to its engine, with state, transport, and all that is played from its first frame on.
    fn install(&mut self, ready: Ready, state: Option<(u64, Box<Snapshot>)>) {
        let Ready { pending, built } = ready;
        let slot = self.standby();
        if self.slots[slot.index()].state.is_heard() {
            // The slots changed places meanwhile (a failover): nothing is lost, it is brought in again.
            self.ready = Some(Ready { pending, built });
            return;
        }
        let first = match &state {
            Some((frame, _)) => *frame,
            None => self.begin_at(&pending),
        };
        let begins = self.slots.iter().all(|s| s.loaded.is_none());
        if begins
            && self.config.take_tempo
            && let Some(bpm) = built.patch.bpm
        {
            self.set_tempo(0, bpm);
        }
        let (first, start) = match begins {
            true => (0, Start::Head),
            false => (first, Start::At(first)),
        };
        let layout = built.graph.layout().clone();
        let report = built.graph.report().clone();
        let carried = state.as_ref().map(|(_, s)| s.as_ref());
        let compiled = built.patch.clone();
        let carry = state.as_ref().map(|(frame, _)| Carry {
            from: slot.other(),
            frame: *frame,
        });
        let mut patch = built.patch;
        let mut acts = self.held_acts(&patch, first, carried);
        let mut unwritten = Vec::new();
        for turned in &pending.turned {
            let Ok(knob) = super::super::params::find(&patch, &turned.module, &turned.param) else {
                continue;
            };
            if turned.from.is_some_and(|from| from != knob.value) {
                continue;
            }
            knob.put(Arc::make_mut(&mut patch), turned.to);
            unwritten.push((turned.module.clone(), knob.name.clone()));
            acts.push((turned.frame.max(first), knob.change(turned.to)));
        }
        acts.sort_by_key(|(frame, _)| *frame);
        let generation = pending.generation;
        let acts: Vec<_> = acts
            .into_iter()
            .map(|(frame, change)| (frame, Act::Change { generation, change }))
            .collect();
        let transport = self.tempo.at(first);
        self.rig.log_load(|| set::Loaded {
            slot,
            generation,
            from: match start {
                Start::At(frame) => Some(frame),
                Start::Head => None,
            },
            text: built.text.clone(),
            path: pending.path.clone(),
            patch: compiled,
            bpm: pending.bpm,
            transport,
            carry,
            given: acts.clone(),
        });
        let mut load = Load::new(built.graph, generation, start)
            .with_transport(transport)
            .replaying(acts);
        if let Some((_, snapshot)) = state {
            load = load.carrying(snapshot);
        }
        self.rig.load(slot, load);
        if pending.purpose == Purpose::Asked {
            self.deaths.pardon(&patch);
        }
        self.told_dead = false;
        let live_slot = slot == self.live;
        let record = &mut self.slots[slot.index()];
        record.layout = layout;
        record.generation = generation;
        record.released = false;
        record.is_net = pending.purpose == Purpose::Net;
        record.parked = false;
        record.loaded = Some(Loaded {
            patch,
            text: built.text,
            path: pending.path,
            modified: pending.modified || !unwritten.is_empty(),
            report,
        });
        record.unwritten = unwritten;
        record.on(&SlotEvent::Loaded);
        record.on_incoming(&IncomingEvent::Taken);
        self.changed = true;
        if live_slot {
            self.bench_heard();
            return;
        }
        if let Some(then) = pending.then {
            self.arm_then(then);
        } else if let Some(armed) = &mut self.armed
            && armed.waits_for == Some(pending.number)
        {
            armed.waits_for = None;
        }
    }

    fn arm_then(&mut self, then: Then) {
        let from = self.rig.heads().earliest;
        self.armed = Some(Armed {
            quantum: then.quantum,
            due: Due::next(then.quantum, &self.tempo.last(), from),
            asked: then.asked,
            asked_frame: then.asked_frame,
            waits_for: None,
            missed: 0,
            retold: then.retold,
        });
    }

    /// Notes and gates for a graph that begins at a frame: what is down there, unless it came with the state, and what follows.
    pub(super) fn held_acts(
        &self,
        patch: &Patch,
        first: u64,
        carried: Option<&Snapshot>,
    ) -> Vec<(u64, Change)> {
        let down = self.held.before(first);
        let source = |n: usize| patch.modules[n].spec.voicing == Voicing::NoteSource;
        let carries_notes = carried.is_some_and(|s| s.carried.iter().any(|c| source(c.to)));
        let mut acts = Vec::new();
        if !carries_notes {
            for &(note, velocity) in &down.notes {
                acts.push((first, Change::Note { note, velocity }));
            }
        }
        let gate = |module: &str, open| {
            let node = super::super::params::gated(patch, module).ok()?;
            Some(Change::Gate { node, open })
        };
        acts.extend(
            down.gates
                .iter()
                .filter_map(|m| Some((first, gate(m, true)?))),
        );
        for (frame, played) in self.held.from(first) {
            let change = match played {
                Played::Note { note, velocity } => Some(Change::Note {
                    note: *note,
                    velocity: *velocity,
                }),
                Played::NotesOff => Some(Change::NotesOff),
                Played::Gate { module, open } => gate(module, *open),
            };
            acts.extend(change.map(|c| (*frame, c)));
        }
        acts
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
