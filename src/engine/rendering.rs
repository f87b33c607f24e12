//! An engine's block: what is due in it, the graph's turn, and into the ring. Realtime.
use std::sync::atomic::Ordering::Relaxed;

use super::block::Block;
use super::measure::measure;
use super::msg::{Act, EngineReply, Failure, Load};
use super::{Engine, Mode, quiet};
use crate::dsp::BLOCK;
use crate::graph::{self, GraphEvent};
use crate::modules::module::TimeCx;

/// Blocks over which the load is smoothed: 100 ms at 48 kHz.
const LOAD_SMOOTHING: f32 = 1.0 / 75.0;

/// What a block begins with.
struct Due {
    time: TimeCx,
    reset: bool,
    sent_ns: u64,
}

impl Engine {
    pub(super) fn render(&mut self) -> bool {
        let timeline = &self.telemetry.timeline;
        let reach = timeline.frame.load(Relaxed) + u64::from(timeline.lead.load(Relaxed));
        if self.mode == Mode::Parked || self.head >= reach || self.writer.is_full() {
            return false;
        }
        let Some(mut load) = self.load.take() else {
            return false;
        };
        let began = (self.clock)();
        self.my().rendering_since_ns.store(began.max(1), Relaxed);
        let due = self.collect_events(load.generation());
        let mut block = Block {
            generation: load.generation(),
            first_frame: self.head,
            sent_ns: due.sent_ns,
            ..Block::SILENCE
        };
        let fresh = self.mode == Mode::Fresh;
        let stale = std::mem::take(&mut self.stale);
        let generation = load.generation();
        let watch = self.watch.as_mut().filter(|w| w.generation() == generation);
        let input = self.telemetry.input.block(self.head);
        let outcome = quiet::catch(|| {
            let Load {
                graph, snapshot, ..
            } = &mut *load;
            if stale {
                // As priming left it.
                graph.test_note(None);
                graph.reset();
            }
            if let (true, Some(snapshot)) = (fresh, snapshot) {
                graph.restore(snapshot);
            }
            if due.reset {
                graph.reset();
            }
            let work = graph::Block {
                frame: self.head,
                time: due.time,
                events: &self.events,
                input: input.as_ref(),
            };
            graph.render(&work, &mut block.frames);
            if let Some(watch) = watch {
                watch.look(&mut **graph);
            }
        });
        self.load = Some(load);
        if self.is_replaced() {
            return false;
        }
        self.my().rendering_since_ns.store(0, Relaxed);
        match outcome {
            Err(payload) => self.fail(Failure::Panic(payload)),
            Ok(()) => self.push(block, began),
        }
        true
    }

    /// Takes what happens in the coming block off the list.
    fn collect_events(&mut self, generation: u32) -> Due {
        self.events.clear();
        let (head, end) = (self.head, self.head + BLOCK as u64);
        let mut due = Due {
            time: TimeCx::steady(self.transport),
            reset: false,
            sent_ns: 0,
        };
        let my = &self.telemetry.slots[self.slot];
        let events = self.pending.before(end);
        let count = events.len();
        for event in events {
            // What was meant for a frame before this graph began is not late: the graph could not have heard of it.
            if event.frame < head && event.frame >= self.start {
                my.late_events.fetch_add(1, Relaxed);
            }
            let offset = event.frame.saturating_sub(head) as usize;
            match event.act {
                Act::Change { generation: g, .. } | Act::Reset { generation: g }
                    if g != generation =>
                {
                    my.stale_events.fetch_add(1, Relaxed);
                }
                Act::Change { change, .. } => {
                    // As many places as the list has: it always fits.
                    self.events.push(GraphEvent { offset, change });
                    if due.sent_ns == 0 {
                        due.sent_ns = event.sent_ns;
                    }
                }
                Act::Reset { .. } => due.reset = true,
                // A line that is replaced within the same block was never heard.
                Act::Transport(line) => {
                    due.time.after = line;
                    due.time.split = offset;
                    if offset == 0 {
                        due.time.before = line;
                    }
                    self.transport = line;
                }
            }
        }
        self.pending.drop_first(count);
        due
    }

    fn push(&mut self, mut block: Block, began: u64) {
        let seen = measure(&block.frames);
        if !seen.finite {
            return self.fail(Failure::NonFinite);
        }
        (block.peak, block.squares) = (seen.peak, seen.squares);
        self.writer.push(block);
        self.head = block.end();
        let took = (self.clock)().saturating_sub(began);
        let my = self.my();
        my.head.store(self.head, Relaxed);
        my.render.add(took);
        let load = took as f32 * 1e-9 * self.rate / BLOCK as f32;
        my.load
            .store(my.load.load() + LOAD_SMOOTHING * (load - my.load.load()));
        if self.mode == Mode::Fresh {
            self.mode = Mode::Running;
            self.tell(EngineReply::Loaded {
                generation: block.generation,
                from_frame: block.first_frame,
            });
        }
    }
}
