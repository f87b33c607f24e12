//! The black box: keeps the last minute of counters and what was done meanwhile, and says in words why it crackled. Fed by whoever
//! looks at the instrument (screen, line mode); no realtime thread knows of it.
mod cause;
mod machine;
mod report;

use std::collections::VecDeque;

use super::command::SlotId;
use super::event::{Event, View, What};
use super::reading::Reading;
use super::slot::Incoming;
use crate::dsp::BLOCK;

pub use cause::{Cause, Facts, Finding};
pub use machine::Machine;
pub use report::{json, lines, text};

/// Between two samples, in seconds.
const EVERY: f64 = 0.1;
/// A minute.
const KEPT: usize = 600;
const EVENTS: usize = 200;
const INCIDENTS: usize = 50;
/// Trouble of the same kind within this time is one incident.
const SAME: f64 = 3.0;
/// A device that asks for nothing for so long has stalled; no period is nearly as long.
const STALLED: f64 = 0.3;
/// What was done up to so long before may have to do with it.
const BEFORE: f64 = 10.0;

/// The counters at one moment.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Seconds since the program started.
    pub at: f64,
    pub none_reads: u64,
    pub none_frames: u64,
    pub xruns: u64,
    pub standby_late: u64,
    pub callbacks: u64,
    pub late_callbacks: u64,
    pub ring: u32,
    pub ring_min: u32,
    pub ring_size: u32,
    /// Both engines' time over real time, as the clock on the wall has it.
    pub load: [f32; 2],
    /// What their modules cost without interruption.
    pub cost: [f32; 2],
}

/// One time that it crackled, with all that is known of it.
#[derive(Clone, Debug)]
pub struct Incident {
    pub at: f64,
    /// "13.2.1".
    pub bar: String,
    pub last: f64,
    pub none_reads: u64,
    pub none_frames: u64,
    pub xruns: u64,
    pub finding: Finding,
}

/// What was done, with when.
#[derive(Clone, Debug)]
struct Done {
    at: f64,
    event: Event,
}

#[derive(Default)]
pub struct BlackBox {
    samples: VecDeque<Sample>,
    events: VecDeque<Done>,
    incidents: VecDeque<Incident>,
    /// When the callbacks last moved, and how many there were.
    callbacks: (f64, u64),
    stalled: bool,
    now: f64,
}

impl BlackBox {
    /// Something happened.
    pub fn hear(&mut self, event: &Event) {
        if self.events.len() == EVENTS {
            self.events.pop_front();
        }
        let at = self.now;
        self.events.push_back(Done {
            at,
            event: event.clone(),
        });
    }

    /// A look at the counters at `now`, in seconds by a steady clock; keeps ten a second.
    pub fn look(&mut self, view: &View, reading: &Reading, now: f64) {
        self.now = now;
        let late = reading.callback.spread[5];
        let stalled_for = self.device_silence(reading, now);
        let due = self
            .samples
            .back()
            .is_none_or(|last| now >= last.at + EVERY);
        if !due {
            return;
        }
        let live = reading.slot(view.live);
        let block_ns = BLOCK as f64 * 1e9 / reading.rate.max(1.0);
        let cost =
            SlotId::BOTH.map(|s| (view.slots[s.index()].costs.total_ns() as f64 / block_ns) as f32);
        let sample = Sample {
            at: now,
            none_reads: reading.none_reads(),
            none_frames: reading.slots.iter().map(|s| s.none_frames).sum(),
            xruns: reading.xruns,
            standby_late: reading.standby_late,
            callbacks: reading.callback.count,
            late_callbacks: u64::from(late),
            ring: live.ring,
            ring_min: live.ring_min,
            ring_size: live.ring_size,
            load: [reading.slots[0].load, reading.slots[1].load],
            cost,
        };
        let before = self.samples.back().cloned();
        if self.samples.len() == KEPT {
            self.samples.pop_front();
        }
        self.samples.push_back(sample.clone());
        // Counters that went back were reset.
        let Some(before) =
            before.filter(|b| b.none_reads <= sample.none_reads && b.xruns <= sample.xruns)
        else {
            return;
        };
        let none_reads = sample.none_reads - before.none_reads;
        let xruns = sample.xruns - before.xruns;
        let stall_begins = stalled_for.is_some() && !self.stalled;
        self.stalled = stalled_for.is_some();
        if none_reads == 0 && xruns == 0 && !stall_begins {
            return;
        }
        let facts = Facts {
            none_reads,
            none_ms: (sample.none_frames.saturating_sub(before.none_frames)) as f64 * 1e3
                / reading.rate.max(1.0),
            xruns,
            late_callbacks: sample.late_callbacks.saturating_sub(before.late_callbacks),
            stalled_for,
            device: view.device.clone(),
            device_problem: view.device_problem.clone(),
            live: view.live,
            load: live.load,
            cost: cost[view.live.index()],
            other_cost: cost[view.live.other().index()],
            modules: modules(view, block_ns),
            voices: view.slots[view.live.index()]
                .loaded
                .as_ref()
                .map_or(1, |l| l.patch.voices),
            callback_max_ms: f64::from(reading.callback.max_us) * 1e-3,
            period_ms: f64::from(reading.callback.frames) * 1e3 / reading.rate.max(1.0),
            period: reading.callback.frames,
            realtime: reading.realtime,
            building: view.slots.iter().any(|s| {
                matches!(
                    s.incoming,
                    Some(Incoming::Building | Incoming::Priming { .. })
                )
            }),
            before: self.before(now),
            machine: Machine::now(),
        };
        let finding = facts.explain();
        self.add(now, view, reading, &facts, finding);
    }

    fn add(&mut self, now: f64, view: &View, reading: &Reading, facts: &Facts, finding: Finding) {
        let none_frames = (facts.none_ms * reading.rate / 1e3) as u64;
        if let Some(last) = self.incidents.back_mut()
            && now - last.last < SAME
            && last.finding.cause.kind() == finding.cause.kind()
        {
            last.last = now;
            last.none_reads += facts.none_reads;
            last.none_frames += none_frames;
            last.xruns += facts.xruns;
            // What is known later is known better: costs are measured over a fifth of a second.
            last.finding = finding;
            return;
        }
        if self.incidents.len() == INCIDENTS {
            self.incidents.pop_front();
        }
        self.incidents.push_back(Incident {
            at: now,
            bar: super::position::bar_text(&view.transport, reading.frame),
            last: now,
            none_reads: facts.none_reads,
            none_frames,
            xruns: facts.xruns,
            finding,
        });
    }

    /// How long the device has asked for nothing, where that is too long.
    fn device_silence(&mut self, reading: &Reading, now: f64) -> Option<f64> {
        let count = reading.callback.count;
        if count != self.callbacks.1 || count == 0 {
            self.callbacks = (now, count);
        }
        let silent = now - self.callbacks.0;
        (silent >= STALLED).then_some(silent)
    }

    /// The latest thing that the user did, and how long ago.
    fn before(&self, now: f64) -> Option<(f64, String)> {
        let done = |d: &&Done| {
            matches!(
                d.event.what,
                What::Edited
                    | What::Swapped { .. }
                    | What::Primed { .. }
                    | What::Building { .. }
                    | What::Param { .. }
                    | What::Undone
                    | What::Redone
            )
        };
        let last = self.events.iter().rev().find(done)?;
        let ago = now - last.at;
        (ago <= BEFORE).then(|| (ago, last.event.sentence.clone()))
    }

    /// Newest first.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.iter().rev()
    }

    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }

    fn events(&self) -> impl Iterator<Item = &Done> {
        self.events.iter()
    }

    pub fn forget(&mut self) {
        self.incidents.clear();
    }
}

/// Each module of the live patch with its share of a block's time, the dearest first.
pub fn modules(view: &View, block_ns: f64) -> Vec<(String, f32)> {
    let live = &view.slots[view.live.index()];
    let Some(loaded) = &live.loaded else {
        return Vec::new();
    };
    let shares = loaded.patch.modules.iter().enumerate().map(|(i, node)| {
        let share = f64::from(live.costs.ns(i)) / block_ns.max(1.0);
        (node.name.clone(), share as f32)
    });
    let mut all: Vec<_> = shares.collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

#[cfg(all(test, feature = "faults"))]
mod tests;
