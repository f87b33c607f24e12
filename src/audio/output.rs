//! The callback's whole body: two rings in, one device buffer out. Realtime; takes its time from an argument, so that tests script it.
//!
//! One timeline: it counts the frames that the audible slot has delivered, and both slots are read in step with it. The slot that
//! is not heard is read and thrown away, so that a change of slots is a change of weights at a frame number, and nothing else.
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::traits::{Consumer, Observer, Producer};
use ringbuf::{HeapCons, HeapProd};

use super::cue_pair::CuePair;
use super::fade::{Fader, level};
use super::guard::Guard;
use super::inlet::Inlet;
use super::lead::LeadPolicy;
use super::levels::{Correlation, Meter, StreamMeter};
use super::msg::{DeviceSide, NotSwapped, OutputMsg, OutputReply, Swap, SwapAt};
use super::reader::{Accept, Reader, Turn};
use super::spill::Spill;
use super::tape::TapeIn;
use super::voice::Voice;
use super::watermark::Watermark;
use crate::dsp::{BLOCK, denormals};
use crate::engine::Clock;
use crate::engine::block::Feed;
use crate::engine::telemetry::Telemetry;

/// No message is taken without room for its replies, and a swap in the same callback makes up to three more.
const REPLY_ROOM: usize = 8;
/// The panic key's fade.
const MUTE_SECONDS: f64 = 0.030;

/// The reading end of both slots, and all that is between them and the device.
pub struct Output {
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) messages: HeapCons<OutputMsg>,
    pub(super) replies: HeapProd<OutputReply>,
    pub(super) scope: HeapProd<[f32; 2]>,
    /// The slot that is not heard, for whoever wants to see or hear it beforehand; nothing while nobody does.
    pub(super) cue: HeapProd<[f32; 2]>,
    pub(super) cueing: bool,
    /// The device's second pair of outputs.
    pub(super) pair: Option<Arc<CuePair>>,
    pub(super) tape: TapeIn,
    pub(super) rate: f64,
    /// Only measures how long a callback takes: nothing is decided by it.
    pub(super) clock: Clock,
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
    /// The next fade's, where it is known and not to be measured: what was heard once is heard again.
    pub(super) rho_given: Option<f32>,
    /// Where the slot that is being left is heard no more.
    pub(super) fade_end: Option<u64>,
    pub(super) spill: Option<Spill>,
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
    pub(super) input: Inlet,
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
    pub(super) now_ns: u64,
    pub(super) frames: u64,
}

impl Output {
    /// Fills `out`, however long it is, with the next frames. `now_ns` is when the host called, on the audio clock.
    pub fn fill(&mut self, out: &mut [[f32; 2]], now_ns: u64) {
        let began = (self.clock)();
        // The thread is the host's. What decays here must not become dear, and renders the same on every thread.
        denormals::flush_to_zero();
        let frames = out.len() as u64;
        self.now_ns = now_ns;
        if let Some(pair) = &self.pair {
            pair.begin();
        }
        self.take_messages();
        self.notice_absence(frames);
        self.listen();
        let available = (!self.voices[self.live].is_silent()).then(|| self.available(self.live));
        self.lead.on_callback(frames as u32, now_ns, available);
        self.bring_input(frames);
        self.watch(frames);
        let silent = self.play(out);
        self.count_silence(silent);
        self.protect(out);
        self.tick += frames;
        self.scope(out);
        self.tape.push(out);
        self.publish(frames);
        // The new frame and lead are stored: whoever wakes sees them.
        self.readers[0].wake();
        self.readers[1].wake();
        let took = (self.clock)().saturating_sub(began);
        self.telemetry.callback.duration.add(took);
    }

    /// What was captured goes on the timeline as far ahead as the engines will render until the next callback. Lock step calls it
    /// before the engines' turn.
    pub fn bring_input(&mut self, frames: u64) {
        let until = self.frame + frames + u64::from(self.lead.lead()) + BLOCK as u64;
        self.input.bring(&self.telemetry.input, until, frames);
    }

    /// Where the slot that is not heard goes while it is cued: before the output is moved to its device.
    pub fn cue_into(&mut self, pair: Arc<CuePair>) {
        self.pair = Some(pair);
    }

    /// Frames that the audible slot has delivered.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    pub fn live(&self) -> usize {
        self.live
    }

    /// Two slots are heard.
    pub fn is_fading(&self) -> bool {
        self.fade_end.is_some()
    }

    /// The correlation that the next fade holds its level by. Off the realtime path: a replay knows what was measured.
    pub fn hold_by(&mut self, rho: f32) {
        self.rho_given = Some(rho);
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
                        self.tell_tick(DeviceSide::Muted(on));
                    }
                }
                OutputMsg::Net(on) => self.net = on,
                OutputMsg::Cue(on) => self.cueing = on,
            }
        }
    }

    pub(super) fn tell_tick(&mut self, what: DeviceSide) {
        let tick = self.tick;
        self.tell(OutputReply::AtTick { tick, what });
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

    /// Frames that a slot can go on with from here, without a break.
    pub(super) fn available(&self, slot: usize) -> u64 {
        self.readers[slot].available(self.frame)
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
            self.cue(frames);
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
            (self.fade_end, self.spill) = (None, None);
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

    fn mix(&self, out: &mut [[f32; 2]]) {
        let start = (self.frame % BLOCK as u64) as usize;
        let part = |slot: usize| {
            let block = self.readers[slot]
                .block()
                .filter(|_| !self.voices[slot].is_silent());
            block.map(|b| &b.frames[start..start + out.len()])
        };
        const NOTHING: [[f32; 2]; BLOCK] = [[0.0; 2]; BLOCK];
        if let Some(spill) = &self.spill {
            let sounds = [part(0).unwrap_or(&NOTHING), part(1).unwrap_or(&NOTHING)];
            for (i, out) in out.iter_mut().enumerate() {
                let frame = self.frame + i as u64;
                let b = self.weight.at(frame);
                let mut gains = [1.0 - b, b];
                gains[spill.slot] = spill.gain_at(frame, gains[spill.slot]);
                *out = [0.0; 2];
                for slot in 0..2 {
                    let gain = (gains[slot] * self.voices[slot].gain_at(frame)) as f32;
                    for (out, x) in out.iter_mut().zip(sounds[slot][i]) {
                        *out += gain * x;
                    }
                }
            }
            return;
        }
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
        let a = part(0).unwrap_or(&NOTHING);
        let b = part(1).unwrap_or(&NOTHING);
        let (mut weights, mut gains) = ([0.0; BLOCK], [[0.0; BLOCK]; 2]);
        self.weight.fill(self.frame, &mut weights[..out.len()]);
        let [gains_a, gains_b] = &mut gains;
        self.voices[0].gains(self.frame, &mut gains_a[..out.len()]);
        self.voices[1].gains(self.frame, &mut gains_b[..out.len()]);
        let rho = f64::from(self.rho);
        let each = weights.iter().zip(gains_a.iter_mut().zip(gains_b));
        for (w, (gain_a, gain_b)) in each.take(out.len()) {
            let hold = level(1.0 - w, *w, rho);
            *gain_a *= hold * (1.0 - w);
            *gain_b *= hold * w;
        }
        for (i, out) in out.iter_mut().enumerate() {
            let (gain_a, gain_b) = (gains[0][i] as f32, gains[1][i] as f32);
            *out = [
                gain_a * a[i][0] + gain_b * b[i][0],
                gain_a * a[i][1] + gain_b * b[i][1],
            ];
        }
    }

    /// The next frames of the slot that is not heard, where somebody wants them. What its reader missed is missed.
    fn cue(&mut self, frames: usize) {
        if !self.cueing {
            return;
        }
        const NOTHING: [[f32; 2]; BLOCK] = [[0.0; 2]; BLOCK];
        let start = (self.frame % BLOCK as u64) as usize;
        let block = self.readers[1 - self.live].block();
        let sound = block.map_or(&NOTHING, |block| &block.frames);
        let sound = &sound[start..start + frames];
        self.cue.push_slice(sound);
        if let Some(pair) = &self.pair {
            // Panic is silence everywhere.
            let gain = if self.mute.target() == 1.0 { 1.0 } else { 0.0 };
            pair.push(sound.iter().map(|frame| frame.map(|x| x * gain)));
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
}
