//! Both slots go on from block to block in step, or are lost. Realtime.
use std::sync::atomic::Ordering::Relaxed;

use super::msg::OutputReply;
use super::output::Output;
use super::reader::{Accept, Turn};

impl Output {
    /// Both slots go on to the block at `frame`, `done` frames into this callback.
    pub(super) fn turn(&mut self, done: u64) {
        for slot in 0..2 {
            self.turn_reader(slot);
        }
        for (meter, reader) in self.meters.iter_mut().zip(&self.readers) {
            let (squares, peak) = reader
                .block()
                .map_or_else(Default::default, |b| (b.squares, b.peak));
            meter.push(squares, peak);
        }
        let [a, b] = &self.readers;
        self.correlation.push(a.block().zip(b.block()));
        self.turned = true;
        self.watch_spill();
        if let Some(block) = self.readers[self.live].block()
            && block.sent_ns > 0
        {
            let now = self.now_ns + (done as f64 / self.rate * 1e9) as u64;
            let took = now.saturating_sub(block.sent_ns);
            self.telemetry.callback.key_to_sound.add(took);
        }
    }

    pub(super) fn turn_reader(&mut self, slot: usize) {
        let is_heard = !self.voices[slot].is_silent();
        let accept = if is_heard {
            Accept::SameGeneration
        } else {
            Accept::Newest
        };
        match self.readers[slot].turn(self.frame, accept) {
            Turn::InStep | Turn::Out => {}
            Turn::Joined => {
                self.meters[slot].forget();
                self.correlation.forget();
                self.tell(OutputReply::InStep {
                    slot,
                    generation: self.readers[slot].generation(),
                    frame: self.frame,
                });
            }
            Turn::Lost => self.lost(slot),
            Turn::Broken => {
                self.telemetry
                    .callback
                    .discontinuities
                    .fetch_add(1, Relaxed);
                self.lost(slot);
            }
        }
    }

    fn lost(&mut self, slot: usize) {
        let generation = self.readers[slot].last_generation();
        // Had it been heard, `watch` would have faded it out before.
        self.voices[slot].end_now();
        let plays_on = self.renders_on(slot);
        if slot != self.live && plays_on {
            self.telemetry.callback.standby_late.fetch_add(1, Relaxed);
        }
        if slot == self.live && !plays_on && !self.live_has_failed() && self.fade_end.is_none() {
            // It was taken out on purpose: silence is what was asked for.
            self.heard = false;
        }
        self.tell(OutputReply::OutOfStep {
            slot,
            generation,
            frame: self.frame,
        });
    }
}
