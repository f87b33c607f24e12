//! A graph that waits: both slots do not fit into real time together, so that the standby is rendered only from shortly before
//! its swap. Runs on engine threads.
use std::sync::atomic::Ordering::Relaxed;

use super::msg::{Act, Failure};
use super::pending::Timed;
use super::{Engine, Mode, quiet};
use crate::dsp::BLOCK;
use crate::graph::Change;

impl Engine {
    pub(super) fn park(&mut self) {
        self.give_up_save();
        if self.mode == Mode::Parked || self.load.is_none() {
            return;
        }
        // A graph that was never rendered loses nothing by waiting: what it brings is restored when it starts.
        self.mode = Mode::Parked;
        self.my().parked.store(1, Relaxed);
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
                Change::Note { .. } | Change::Gate { .. } | Change::NotesOff => {}
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

    pub(super) fn resume(&mut self, from: u64) {
        if self.mode != Mode::Parked || self.load.is_none() {
            return;
        }
        self.mode = Mode::Fresh;
        self.start = from.next_multiple_of(BLOCK as u64);
        self.head = self.start;
        let my = self.my();
        my.head.store(self.head, Relaxed);
        my.parked.store(0, Relaxed);
    }
}
