//! The callback's whole body: two rings in, one device buffer out. Realtime; takes its time from an argument, so that tests script it.
//!
//! One timeline: it counts the frames that the audible slot has delivered, and both slots are read in step with it. The slot that
//! is not heard is read and thrown away, so that a change of slots is a change of weights at a frame number, and nothing else.
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::traits::{Consumer, Observer, Producer};
use ringbuf::{HeapCons, HeapProd};

use super::fade::{Fader, level};
use super::guard::Guard;
use super::lead::LeadPolicy;
use super::levels::{Correlation, Meter, StreamMeter};
use super::msg::{NotSwapped, OutputMsg, OutputReply, Swap, SwapAt};
use super::reader::{Accept, Reader, Turn};
use super::voice::Voice;
use super::watermark::Watermark;
use crate::dsp::BLOCK;
use crate::engine::block::Feed;
use crate::engine::telemetry::{SlotPhase, Telemetry};

/// No message is taken without room for its replies, and a swap in the same callback makes up to three more.
const REPLY_ROOM: usize = 8;
/// +12 dBFS: as in priming. Knobs may have moved since.
const LOUDEST: f32 = 3.981_071_7;
/// After a failover the callback does not go back by itself for this long.
const HOLD_SECONDS: f64 = 2.0;
/// Within the hold a silence of this length is worse than going back.
const SILENCE_SECONDS: f64 = 0.1;
/// By how much the other ring must be better off, in frames, to take over before the last moment: two blocks, so that two
/// engines which are woken one after the other are not taken for one that fails.
const CLEARLY: u64 = 2 * BLOCK as u64;
/// The panic key's fade.
const MUTE_SECONDS: f64 = 0.030;
/// A device that did not call for this long was away: the sound fades in when it calls again.
const AWAY_NS: u64 = 150_000_000;

/// The reading end of both slots, and all that is between them and the device.
pub struct Output {
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) messages: HeapCons<OutputMsg>,
    pub(super) replies: HeapProd<OutputReply>,
    pub(super) scope: HeapProd<[f32; 2]>,
    pub(super) rate: f64,
    // The slots
    pub(super) readers: [Reader; 2],
    pub(super) voices: [Voice; 2],
    pub(super) meters: [Meter; 2],
    pub(super) correlation: Correlation,
    pub(super) watermarks: [Watermark; 2],
    // The timeline
    pub(super) frame: u64,
    /// The readers stand at the block that holds `frame`.
    pub(super) turned: bool,
    pub(super) live: usize,
    /// `live` has been heard: silence is a fault from now on.
    pub(super) heard: bool,
    /// Weight of slot B; slot A has the rest.
    pub(super) weight: Fader,
    pub(super) rho: f32,
    pub(super) fade_end: Option<u64>,
    pub(super) armed: Option<Swap>,
    pub(super) net: bool,
    pub(super) held_until: u64,
    /// Frames of silence since the audible slot ran dry.
    pub(super) none_frames: u64,
    // The device's side
    /// Frames given to the device, silence included.
    pub(super) tick: u64,
    pub(super) now_ns: u64,
    pub(super) last: Option<Call>,
    pub(super) lead: LeadPolicy,
    pub(super) guard: Guard,
    pub(super) mute: Fader,
    pub(super) resume: Fader,
    pub(super) meter: StreamMeter,
    /// A fade that is not planned: 5 ms.
    pub(super) fade_frames: u32,
    /// Frames of the first fade-in on a device; 0 offline.
    pub(super) start_frames: u32,
}

/// A callback that was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    now_ns: u64,
    frames: u64,
}

impl Output {
    /// Fills `out`, however long it is, with the next frames. `now_ns` is when the host called, on the audio clock.
    pub fn fill(&mut self, out: &mut [[f32; 2]], now_ns: u64) {
        let frames = out.len() as u64;
        self.now_ns = now_ns;
        self.take_messages();
        self.notice_absence(frames);
        self.listen();
        let available = (!self.voices[self.live].is_silent()).then(|| self.available(self.live));
        self.lead.on_callback(frames as u32, now_ns, available);
        self.watch(frames);
        let silent = self.play(out);
        self.count_silence(silent);
        self.protect(out);
        self.tick += frames;
        self.scope(out);
        self.publish(frames);
        // The new frame and lead are stored: whoever wakes sees them.
        self.readers[0].wake();
        self.readers[1].wake();
    }

    /// Frames that the audible slot has delivered.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    pub fn live(&self) -> usize {
        self.live
    }

    // Messages

    fn take_messages(&mut self) {
        while self.replies.vacant_len() >= REPLY_ROOM
            && let Some(message) = self.messages.try_pop()
        {
            match message {
                OutputMsg::Swap(swap) => self.arm(swap),
                OutputMsg::Cancel { id } => {
                    if self.armed.is_some_and(|swap| swap.id == id) {
                        self.disarm(NotSwapped::Cancelled);
                    }
                }
                OutputMsg::Attach { slot, feed } => self.attach(slot & 1, feed),
                OutputMsg::Mute(on) => {
                    let frames = (MUTE_SECONDS * self.rate) as u32;
                    let target = if on { 0.0 } else { 1.0 };
                    if self.mute.target() != target {
                        self.mute.start(self.tick, self.tick, frames, target);
                    }
                }
                OutputMsg::Net(on) => self.net = on,
            }
        }
    }

    fn arm(&mut self, swap: Swap) {
        self.disarm(NotSwapped::Replaced);
        let swap = Swap {
            to: swap.to & 1,
            ..swap
        };
        self.armed = Some(swap);
        if swap.to == self.live {
            self.disarm(NotSwapped::AlreadyLive);
        } else if matches!(swap.at, SwapAt::Frame(at) if at < self.frame) {
            self.disarm(NotSwapped::TooLate);
        }
    }

    /// The swap that waits does not happen.
    fn disarm(&mut self, why: NotSwapped) {
        if let Some(swap) = self.armed.take() {
            self.tell(OutputReply::Refused {
                id: swap.id,
                frame: self.frame,
                why,
            });
        }
    }

    fn attach(&mut self, slot: usize, feed: Box<Feed>) {
        let heard = slot == self.live || self.fade_end.is_some();
        // A ring that is heard is not taken away from under the sound.
        let attached = !heard || self.voices[slot].is_silent();
        let feed = if attached {
            self.meters[slot].forget();
            self.correlation.forget();
            self.readers[slot].replace(feed)
        } else {
            feed
        };
        self.tell(OutputReply::Detached {
            slot,
            feed,
            attached,
        });
    }

    pub(super) fn tell(&mut self, reply: OutputReply) {
        if let Err(reply) = self.replies.try_push(reply) {
            self.telemetry.callback.untold.fetch_add(1, Relaxed);
            // A reply with a box always has room: see `REPLY_ROOM`. What is lost here is a plain value.
            debug_assert!(!matches!(reply, OutputReply::Detached { .. }));
            std::mem::forget(reply);
        }
    }

    // Watching

    fn available(&self, slot: usize) -> u64 {
        self.readers[slot].available(self.frame)
    }

    /// A device that was away plays on from silence.
    fn notice_absence(&mut self, frames: u64) {
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
        }
    }

    /// While the timeline stands still: has something come for the frame at which it stands?
    fn listen(&mut self) {
        if !self.voices[self.live].is_silent() {
            return;
        }
        for slot in 0..2 {
            if self.readers[slot].is_replaced() {
                self.readers[slot].give_up();
                self.turned = false;
            }
        }
        let live = &self.readers[self.live];
        // Nothing is heard, so that nothing is skipped: a new graph may begin later than the old one ended.
        if live.block().is_none()
            && let Some(start) = live.next_start()
            && start > self.frame
            && self.available(1 - self.live) == 0
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

    /// Decides, before a callback of so many frames, whether the sound can go on as it does.
    fn watch(&mut self, frames: u64) {
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
            self.fade_end = None;
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
        let is_time = at_last || other >= available + CLEARLY || self.live_has_failed();
        // The fade takes what is left of the old one; less than a block of it would be a cut.
        self.net
            && is_sound
            && is_time
            && available >= BLOCK as u64
            && self.renders_on(1 - self.live)
            && self.may_leave()
    }

    /// The graph whose blocks are in the slot's ring is still being rendered: not replaced, unloaded or quarantined.
    fn renders_on(&self, slot: usize) -> bool {
        let rendering = &self.telemetry.slots[slot].generation;
        rendering.load(Relaxed) == self.readers[slot].last_generation()
    }

    fn may_leave(&self) -> bool {
        let silence = (SILENCE_SECONDS * self.rate) as u64;
        self.frame >= self.held_until || self.live_has_failed() || self.none_frames >= silence
    }

    fn live_has_failed(&self) -> bool {
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

    fn took_over(&mut self, other: usize, fade_frames: u32) {
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
    fn begin_fade(&mut self, to: usize, frames: u32) {
        if self.weight.settled_at(self.frame).is_some() {
            // In the middle of another fade the level goes on as it was being held: a new rho would be a step.
            self.rho = self.correlation.rho();
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

    // Swapping

    /// Carries the waiting swap out where its frame is here; `frames` are still to come in this callback.
    fn try_armed(&mut self, frames: u64) {
        let Some(swap) = self.armed else { return };
        let is_due = match swap.at {
            SwapAt::Frame(at) => at == self.frame,
            SwapAt::Ready => true,
        };
        if !is_due {
            return;
        }
        match self.gate(&swap, frames) {
            Ok(()) => self.swap(&swap),
            Err(why) => {
                let may_wait = !matches!(why, NotSwapped::TooLoud | NotSwapped::AlreadyLive);
                if !(swap.at == SwapAt::Ready && may_wait) {
                    self.disarm(why);
                }
            }
        }
    }

    /// Nothing is switched to but what was asked for, in step and with enough of it.
    fn gate(&self, swap: &Swap, frames: u64) -> Result<(), NotSwapped> {
        let reader = &self.readers[swap.to];
        if swap.to == self.live {
            return Err(NotSwapped::AlreadyLive);
        }
        if self.weight.settled_at(self.frame).is_none() {
            return Err(NotSwapped::Fading);
        }
        if reader.generation() != swap.generation || !self.renders_on(swap.to) {
            return Err(NotSwapped::NotPrimed);
        }
        if self.available(swap.to) < frames + u64::from(self.lead.low_water()) {
            return Err(NotSwapped::RunningLow);
        }
        let peak = self.meters[swap.to].level().peak;
        if peak[0].max(peak[1]) > LOUDEST {
            return Err(NotSwapped::TooLoud);
        }
        Ok(())
    }

    fn swap(&mut self, swap: &Swap) {
        self.armed = None;
        let fade_frames = swap.fade_frames.max(1);
        if self.voices[self.live].is_silent() {
            self.weight = Fader::settled(swap.to as f64);
            self.voices[swap.to].end_now();
            self.voices[swap.to].fade_in(self.frame, fade_frames);
            self.rho = 0.0;
        } else {
            self.begin_fade(swap.to, fade_frames);
        }
        self.live = swap.to;
        (self.heard, self.none_frames) = (true, 0);
        self.tell(OutputReply::Swapped {
            id: swap.id,
            to: swap.to,
            generation: swap.generation,
            frame: self.frame,
            fade_frames,
            rho: self.rho,
        });
    }

    // Playing

    /// Fills `out` from the timeline and returns how many frames had to be silence.
    fn play(&mut self, out: &mut [[f32; 2]]) -> u64 {
        let mut done = 0;
        while done < out.len() {
            if self.voices[self.live].is_silent() {
                out[done..].fill([0.0; 2]);
                return (out.len() - done) as u64;
            }
            if !self.turned {
                self.turn(done as u64);
                continue;
            }
            self.try_armed((out.len() - done) as u64);
            let frames = self.stretch(out.len() - done);
            self.mix(&mut out[done..done + frames]);
            done += frames;
            self.advance(frames as u64);
        }
        0
    }

    /// Frames from here on in which nothing changes but gains.
    fn stretch(&self, wanted: usize) -> usize {
        let mut end = (self.frame + 1).next_multiple_of(BLOCK as u64);
        if let Some(Swap {
            at: SwapAt::Frame(at),
            ..
        }) = self.armed
            && at > self.frame
        {
            end = end.min(at);
        }
        for voice in &self.voices {
            if let Some(last) = voice.end().filter(|last| *last > self.frame) {
                end = end.min(last);
            }
        }
        wanted.min((end - self.frame) as usize)
    }

    fn advance(&mut self, frames: u64) {
        self.frame += frames;
        if self.frame.is_multiple_of(BLOCK as u64) {
            self.turned = false;
        }
        for voice in &mut self.voices {
            if voice.end().is_some_and(|end| end <= self.frame) {
                voice.end_now();
            }
        }
        if self.fade_end.is_some_and(|end| end <= self.frame) {
            self.fade_end = None;
            self.weight.settle(self.frame);
            self.voices[1 - self.live].end_now();
            self.tell(OutputReply::Settled {
                live: self.live,
                frame: self.frame,
            });
        }
    }

    /// Both slots go on to the block at `frame`, `done` frames into this callback.
    fn turn(&mut self, done: u64) {
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
        if let Some(block) = self.readers[self.live].block()
            && block.sent_ns > 0
        {
            let now = self.now_ns + (done as f64 / self.rate * 1e9) as u64;
            let took = now.saturating_sub(block.sent_ns);
            self.telemetry.callback.key_to_sound.add(took);
        }
    }

    fn turn_reader(&mut self, slot: usize) {
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

    fn mix(&self, out: &mut [[f32; 2]]) {
        let start = (self.frame % BLOCK as u64) as usize;
        let part = |slot: usize| {
            let block = self.readers[slot]
                .block()
                .filter(|_| !self.voices[slot].is_silent());
            block.map(|b| &b.frames[start..start + out.len()])
        };
        let live = &self.voices[self.live];
        if self.weight.settled_at(self.frame).is_some() {
            let Some(frames) = part(self.live) else {
                return out.fill([0.0; 2]);
            };
            if live.is_plain_at(self.frame) {
                return out.copy_from_slice(frames);
            }
            for (i, (out, frame)) in out.iter_mut().zip(frames).enumerate() {
                let gain = live.gain_at(self.frame + i as u64) as f32;
                *out = frame.map(|x| x * gain);
            }
            return;
        }
        const NOTHING: [[f32; 2]; BLOCK] = [[0.0; 2]; BLOCK];
        let a = part(0).unwrap_or(&NOTHING);
        let b = part(1).unwrap_or(&NOTHING);
        for (i, out) in out.iter_mut().enumerate() {
            let frame = self.frame + i as u64;
            let w = self.weight.at(frame);
            let hold = level(1.0 - w, w, f64::from(self.rho));
            let gain_a = (hold * (1.0 - w) * self.voices[0].gain_at(frame)) as f32;
            let gain_b = (hold * w * self.voices[1].gain_at(frame)) as f32;
            *out = [
                gain_a * a[i][0] + gain_b * b[i][0],
                gain_a * a[i][1] + gain_b * b[i][1],
            ];
        }
    }

    fn count_silence(&mut self, frames: u64) {
        if frames == 0 || !self.heard {
            return;
        }
        let my = &self.telemetry.slots[self.live];
        my.none_reads.fetch_add(1, Relaxed);
        my.none_frames.fetch_add(frames, Relaxed);
        self.none_frames += frames;
    }

    // After the mix

    fn protect(&mut self, out: &mut [[f32; 2]]) {
        let guarded = self.guard.process(out);
        let callback = &self.telemetry.callback;
        callback
            .limiter_db
            .store(-20.0 * guarded.gain.max(1e-6).log10());
        callback
            .dc_blocked
            .store(u8::from(self.guard.blocks_dc()), Relaxed);
        if guarded.non_finite > 0 {
            callback.non_finite.fetch_add(guarded.non_finite, Relaxed);
            self.tell(OutputReply::NonFinite {
                slot: self.live,
                generation: self.readers[self.live].generation(),
            });
        }
        let is_open = |fader: &Fader| fader.settled_at(self.tick) == Some(1.0);
        if !is_open(&self.mute) || !is_open(&self.resume) {
            for (i, frame) in out.iter_mut().enumerate() {
                let tick = self.tick + i as u64;
                let gain = (self.mute.at(tick) * self.resume.at(tick)) as f32;
                *frame = frame.map(|x| x * gain);
            }
        }
        self.meter.push(out);
    }

    fn scope(&mut self, out: &[[f32; 2]]) {
        let taken = self.scope.push_slice(out);
        let missed = (out.len() - taken) as u64;
        if missed > 0 {
            self.telemetry
                .callback
                .scope_missed
                .fetch_add(missed, Relaxed);
        }
    }

    fn publish(&mut self, frames: u64) {
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
        let lowest = self.watermarks[slot].add(self.tick, held);
        my.occupancy.store(held as u32, Relaxed);
        my.occupancy_min.store(lowest as u32, Relaxed);
        my.playing_generation.store(reader.generation(), Relaxed);
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
