//! What the callback tells of itself after each call: meters, rings, phases. Realtime; read by anyone.
use std::sync::atomic::Ordering::Relaxed;

use super::output::Output;
use crate::engine::telemetry::SlotPhase;

impl Output {
    pub(super) fn publish(&mut self, frames: u64) {
        let telemetry = &self.telemetry;
        telemetry.timeline.frame.store(self.frame, Relaxed);
        telemetry.timeline.lead.store(self.lead.lead(), Relaxed);
        telemetry.timeline.live.store(self.live as u8, Relaxed);
        let callback = &telemetry.callback;
        callback.count.fetch_add(1, Relaxed);
        callback.frames.store(frames as u32, Relaxed);
        callback.burst.store(self.lead.burst(), Relaxed);
        callback.low_water.store(self.lead.low_water(), Relaxed);
        let level = self.meter.level();
        for side in 0..2 {
            callback.out_rms[side].store(level.rms[side]);
            callback.out_peak[side].store(level.peak[side]);
        }
        for slot in 0..2 {
            self.publish_slot(slot);
        }
    }

    fn publish_slot(&mut self, slot: usize) {
        let my = &self.telemetry.slots[slot];
        let reader = &self.readers[slot];
        let level = self.meters[slot].level();
        for side in 0..2 {
            my.rms[side].store(level.rms[side]);
            my.peak[side].store(level.peak[side]);
        }
        let held = reader.available(self.frame);
        let playing = reader.generation();
        if my.playing_generation.load(Relaxed) != playing {
            // A ring that fills for a new graph was not low for want of time.
            self.watermarks[slot].forget();
        }
        let lowest = match playing {
            0 => held,
            _ => self.watermarks[slot].add(self.tick, held),
        };
        my.occupancy.store(held as u32, Relaxed);
        my.occupancy_min.store(lowest as u32, Relaxed);
        my.playing_generation.store(playing, Relaxed);
        let weight = self.weight.at(self.frame);
        my.fade_percent.store((weight * 100.0) as u8, Relaxed);
        let is_fading = self.fade_end.is_some();
        my.set_phase(match (slot == self.live, self.voices[slot].is_silent()) {
            (true, false) if is_fading => SlotPhase::FadingIn,
            (true, false) => SlotPhase::Live,
            (false, false) if is_fading => SlotPhase::FadingOut,
            _ if reader.block().is_some() => SlotPhase::Primed,
            _ if my.generation.load(Relaxed) != 0 => SlotPhase::Filling,
            _ => SlotPhase::Empty,
        });
    }
}
