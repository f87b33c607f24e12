//! From two slots to what is heard: the mix, what is cued, and what protects the device. Realtime.
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::traits::Producer;

use super::fade::{Fader, level};
use super::msg::OutputReply;
use super::output::Output;
use crate::dsp::BLOCK;

impl Output {
    pub(super) fn mix(&self, out: &mut [[f32; 2]]) {
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
    pub(super) fn cue(&mut self, frames: usize) {
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

    pub(super) fn protect(&mut self, out: &mut [[f32; 2]]) {
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

    pub(super) fn scope(&mut self, out: &[[f32; 2]]) {
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
