//! What the callback decides before it plays: whether the sound can go on as it does, who takes over, when silence ends. Realtime.
use std::sync::atomic::Ordering::Relaxed;

use super::fade::Fader;
use super::msg::{DeviceSide, NotSwapped, OutputReply};
use super::output::{Call, Output};
use crate::dsp::BLOCK;

/// After a failover the callback does not go back by itself for this long.
const HOLD_SECONDS: f64 = 2.0;
/// Within the hold a silence of this length is worse than going back.
const SILENCE_SECONDS: f64 = 0.1;
/// A device that did not call for this long was away: the sound fades in when it calls again.
const AWAY_NS: u64 = 150_000_000;

impl Output {
    /// A device that was away plays on from silence.
    pub(super) fn notice_absence(&mut self, frames: u64) {
        let last = self.last.replace(Call {
            now_ns: self.now_ns,
            frames,
        });
        let Some(last) = last else { return };
        let period_ns = (last.frames as f64 / self.rate * 1e9) as u64;
        if self.start_frames > 0 && self.now_ns > last.now_ns + 3 * period_ns + AWAY_NS {
            self.resume = Fader::settled(0.0);
            self.resume
                .start(self.tick, self.tick, self.start_frames, 1.0);
            self.tell_tick(DeviceSide::Returns);
        }
    }

    /// While the timeline stands still: has something come for the frame at which it stands?
    pub(super) fn listen(&mut self) {
        if !self.voices[self.live].is_silent() {
            return;
        }
        for slot in 0..2 {
            if self.readers[slot].is_replaced() {
                self.readers[slot].give_up();
                self.turned = false;
            }
        }
        if self.available(0) + self.available(1) == 0
            && let Some(start) = self.next_start()
        {
            self.frame = start;
            self.turned = false;
        }
        if self.frame.is_multiple_of(BLOCK as u64) {
            for slot in 0..2 {
                let here = self.readers[slot].block().map(|b| b.first_frame);
                if here != Some(self.frame) {
                    self.turn_reader(slot);
                }
            }
            self.turned = true;
        }
    }

    /// While neither slot has anything for the frame at which the timeline stands: where it can go on. Nothing is heard, so that
    /// nothing is skipped: a new graph may begin later than the old one ended. The other slot's is taken where the audible one's
    /// has failed: what stood by had begun ahead of the time.
    fn next_start(&self) -> Option<u64> {
        let slots = [self.live, 1 - self.live];
        let known = if self.live_has_failed() { 2 } else { 1 };
        let starts = slots[..known]
            .iter()
            .filter_map(|slot| self.readers[*slot].next_start());
        starts.min().filter(|start| *start > self.frame)
    }

    /// Decides, before a callback of so many frames, whether the sound can go on as it does.
    pub(super) fn watch(&mut self, frames: u64) {
        if self.voices[self.live].is_silent() {
            self.try_armed(frames);
            if self.voices[self.live].is_silent() {
                self.watch_silence(frames);
            }
        } else {
            self.watch_live(frames);
            self.watch_outgoing(frames);
        }
    }

    fn watch_silence(&mut self, frames: u64) {
        let enough = frames + u64::from(self.lead.low_water());
        let other = 1 - self.live;
        if self.available(self.live) >= enough {
            let (none_frames, heard) = (self.none_frames, self.heard);
            let fade = if heard {
                self.fade_frames
            } else {
                self.start_frames
            };
            self.voices[self.live].fade_in(self.frame, fade);
            (self.heard, self.none_frames) = (true, 0);
            if heard {
                self.tell(OutputReply::Returned {
                    slot: self.live,
                    frame: self.frame,
                    none_frames,
                });
            } else {
                let frame = self.frame;
                self.tell_tick(DeviceSide::Begins { frame });
            }
        } else if self.heard
            && self.net
            && self.available(other) >= enough
            && self.renders_on(other)
            && self.may_leave()
        {
            // Nothing sounds: there is nothing to fade from.
            self.weight = Fader::settled(other as f64);
            self.voices[other].end_now();
            self.voices[other].fade_in(self.frame, self.fade_frames);
            self.rho = 0.0;
            self.took_over(other, self.fade_frames);
            (self.fade_end, self.spill) = (None, None);
            self.none_frames = 0;
        }
    }

    fn watch_live(&mut self, frames: u64) {
        let live = self.live;
        let available = self.available(live);
        let left = available.saturating_sub(frames);
        let fade = u64::from(self.fade_frames);
        if left >= u64::from(self.lead.low_water()) {
            if self.voices[live].is_draining() {
                self.voices[live].fade_in(self.frame, self.fade_frames);
            }
        } else if self.can_fail_over(available, frames) {
            self.fail_over(available);
        } else if left < fade && self.voices[live].is_sounding() {
            self.voices[live].drain(self.frame, self.frame + available, self.fade_frames);
            self.tell(OutputReply::Dry {
                slot: live,
                frame: self.frame + available,
            });
        }
    }

    fn can_fail_over(&self, available: u64, frames: u64) -> bool {
        let other = self.available(1 - self.live);
        let is_sound = other >= frames + u64::from(self.lead.low_water()) && other > available;
        let at_last = available.saturating_sub(frames) < u64::from(self.fade_frames);
        // Not before the last callback that can still begin a whole fade: an engine that is merely late may yet come.
        let is_time = at_last || self.live_has_failed();
        // The fade takes what is left of the old one; less than a block of it would be a cut.
        self.net
            && is_sound
            && is_time
            && available >= BLOCK as u64
            && self.renders_on(1 - self.live)
            && self.may_leave()
    }

    /// The graph whose blocks are in the slot's ring is still being rendered: not replaced, unloaded or quarantined.
    pub(super) fn renders_on(&self, slot: usize) -> bool {
        let rendering = &self.telemetry.slots[slot].generation;
        rendering.load(Relaxed) == self.readers[slot].last_generation()
    }

    fn may_leave(&self) -> bool {
        let silence = (SILENCE_SECONDS * self.rate) as u64;
        self.frame >= self.held_until || self.live_has_failed() || self.none_frames >= silence
    }

    pub(super) fn live_has_failed(&self) -> bool {
        let failed = &self.telemetry.slots[self.live].failed_generation;
        failed.load(Relaxed) == self.readers[self.live].last_generation()
    }

    /// Fades to the other slot over what is left of this one, a fade of 5 ms at most.
    fn fail_over(&mut self, available: u64) {
        let other = 1 - self.live;
        let fade = u64::from(self.fade_frames).min(available) as u32;
        self.begin_fade(other, fade);
        self.took_over(other, fade);
    }

    pub(super) fn took_over(&mut self, other: usize, fade_frames: u32) {
        self.live = other;
        self.held_until = self.frame + (HOLD_SECONDS * self.rate) as u64;
        self.telemetry.callback.failovers.fetch_add(1, Relaxed);
        self.tell(OutputReply::Failover {
            to: other,
            generation: self.readers[other].generation(),
            frame: self.frame,
            fade_frames,
            rho: self.rho,
        });
        // There is one winner: a swap that waited wanted the same slot.
        self.disarm(NotSwapped::AlreadyLive);
    }

    /// Moves the weight to `to`, from wherever it is.
    pub(super) fn begin_fade(&mut self, to: usize, frames: u32) {
        if self.weight.settled_at(self.frame).is_some() {
            // In the middle of another fade the level goes on as it was being held: a new rho would be a step.
            let [a, b] = &self.readers;
            let blocks = frames as usize / BLOCK + 1;
            let known = self.rho_given.take();
            self.rho = known.unwrap_or_else(|| {
                let ahead = a.ahead().zip(b.ahead()).take(blocks);
                self.correlation.rho(ahead)
            });
            self.voices[to].sound();
        } else if self.voices[to].is_silent() || self.voices[to].is_draining() {
            self.voices[to].fade_in(self.frame, frames);
        }
        self.weight.start(self.frame, self.frame, frames, to as f64);
        self.fade_end = Some(self.frame + u64::from(frames.max(1)));
    }

    /// The slot that is being left must reach the end of the fade, or end softly before it.
    fn watch_outgoing(&mut self, frames: u64) {
        let outgoing = 1 - self.live;
        let Some(end) = self.fade_end else { return };
        let available = self.available(outgoing);
        let still_needed = end.saturating_sub(self.frame);
        let is_short = available < still_needed
            && available.saturating_sub(frames) < u64::from(self.fade_frames);
        if is_short && self.voices[outgoing].is_sounding() {
            self.voices[outgoing].drain(self.frame, self.frame + available, self.fade_frames);
        }
    }
}
