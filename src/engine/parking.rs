//! A graph that waits: both slots do not fit into real time together, so that the standby is rendered only from shortly before
//! its swap. Runs on engine threads.
use std::sync::atomic::Ordering::Relaxed;

use super::msg::{Act, EngineReply, Failure};
use super::pending::Timed;
use super::{Engine, Mode, quiet};
use crate::dsp::BLOCK;
use crate::graph::{Change, Snapshot};

impl Engine {
    pub(super) fn park(&mut self) {
        self.give_up_save();
        if self.mode == Mode::Parked || self.load.is_none() {
            return;
        }
        self.mode = Mode::Parked;
        self.my().parked.store(1, Relaxed);
        // Knobs that are about to turn are turned now; a note of this moment must not sound when the graph begins anew.
        let mut next = 0;
        while let Some(event) = self.pending.get(next) {
            next += 1;
            if let Act::Change { .. } = event.act {
                self.schedule_parked(event);
            }
        }
        self.pending.retain(|e| matches!(e.act, Act::Transport(_)));
    }

    /// Parameters are set at once, the rest is kept where it means something later.
    pub(super) fn schedule_parked(&mut self, event: Timed) {
        let Some(load) = self.load.as_mut() else {
            return;
        };
        match event.act {
            Act::Change { generation, change } if generation == load.generation() => match change {
                Change::Param { node, param, value } => {
                    let graph = &mut load.graph;
                    if let Err(payload) = quiet::catch(|| graph.set_now(node, param, value)) {
                        self.fail(Failure::Panic(payload));
                    }
                }
                Change::Amount { cable, value } => {
                    let graph = &mut load.graph;
                    if let Err(payload) = quiet::catch(|| graph.set_amount_now(cable, value)) {
                        self.fail(Failure::Panic(payload));
                    }
                }
                Change::Note { .. }
                | Change::Gate { .. }
                | Change::NotesOff
                | Change::Release(_) => {}
            },
            Act::Change { .. } | Act::Reset { .. } => {}
            Act::Transport(_) => {
                let now = self.telemetry.timeline.frame.load(Relaxed);
                let passed = self.pending.before(now);
                for earlier in passed {
                    if let Act::Transport(line) = earlier.act {
                        self.transport = line;
                    }
                }
                self.pending
                    .retain(|e| e.frame >= now || !matches!(e.act, Act::Transport(_)));
                self.pending.insert(event);
            }
        }
    }

    pub(super) fn resume(&mut self, from: u64, snapshot: Option<Box<Snapshot>>) {
        let load = self.load.as_mut().filter(|_| self.mode == Mode::Parked);
        // What it came with, or took over when it last began, is of another time.
        let old = match load {
            Some(load) => std::mem::replace(&mut load.snapshot, snapshot),
            None => snapshot,
        };
        if let Some(old) = old {
            self.tell(EngineReply::Spent(old));
        }
        if self.mode != Mode::Parked || self.load.is_none() {
            return;
        }
        (self.mode, self.stale) = (Mode::Fresh, true);
        self.start = from.next_multiple_of(BLOCK as u64);
        self.head = self.start;
        self.begin_in_time();
        let my = self.my();
        my.head.store(self.head, Relaxed);
        my.parked.store(0, Relaxed);
    }
}
