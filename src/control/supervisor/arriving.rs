//! A verified graph on its way into its slot: state and notes taken over, knobs turned meanwhile turned there, too.
use std::sync::Arc;
use std::time::Duration;

use super::super::command::SlotId;
use super::super::event::Loaded;
use super::super::params;
use super::super::set::{self, Carry};
use super::super::slot::{IncomingEvent, SlotEvent};
use super::super::swap::{Armed, Due};
use super::Supervisor;
use super::notes::Played;
use super::records::{Arriving, Pending, Purpose, Ready, Then};
use crate::dsp::BLOCK;
use crate::engine::msg::{Act, Load, Start};
use crate::graph::{Change, Snapshot};
use crate::modules::spec::Voicing;
use crate::patch::Patch;

/// How long the live engine may take to hand its state over; then the new patch starts without it.
pub const HAND_OVER: Duration = Duration::from_millis(200);

impl Supervisor {
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
            let Ok(knob) = params::find(&patch, &turned.module, &turned.param) else {
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
            let node = params::gated(patch, module).ok()?;
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
