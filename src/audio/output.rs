//! The callback's whole body: two rings in, one device buffer out. Realtime; takes its time from an argument, so that tests script it.
//!
//! One timeline: it counts the frames that the audible slot has delivered, and both slots are read in step with it. The slot that
//! is not heard is read and thrown away, so that a change of slots is a change of weights at a frame number, and nothing else.
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::{HeapCons, HeapProd};

use super::cue_pair::CuePair;
use super::fade::Fader;
use super::guard::Guard;
use super::inlet::Inlet;
use super::lead::LeadPolicy;
use super::levels::{Correlation, Meter, StreamMeter};
use super::msg::{OutputMsg, OutputReply, Swap, SwapAt};
use super::reader::Reader;
use super::spill::Spill;
use super::tape::TapeIn;
use super::voice::Voice;
use super::watermark::Watermark;
use crate::dsp::{BLOCK, denormals};
use crate::engine::Clock;
use crate::engine::telemetry::Telemetry;

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

    fn count_silence(&mut self, frames: u64) {
        if frames == 0 || !self.heard {
            return;
        }
        let my = &self.telemetry.slots[self.live];
        my.none_reads.fetch_add(1, Relaxed);
        my.none_frames.fetch_add(frames, Relaxed);
        self.none_frames += frames;
    }
}
