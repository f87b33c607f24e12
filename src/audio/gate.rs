//! The swap gate: nothing is switched to but what was asked for, at the frame that was asked for. Realtime.
use super::fade::Fader;
use super::msg::{NotSwapped, OutputReply, Swap, SwapAt};
use super::output::Output;

/// +12 dBFS: as in priming. Knobs may have moved since.
const LOUDEST: f32 = 3.981_071_7;

impl Output {
    pub(super) fn arm(&mut self, swap: Swap) {
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
    pub(super) fn disarm(&mut self, why: NotSwapped) {
        if let Some(swap) = self.armed.take() {
            self.tell(OutputReply::Refused {
                id: swap.id,
                frame: self.frame,
                why,
            });
        }
    }

    /// Carries the waiting swap out where its frame is here; `frames` are still to come in this callback.
    pub(super) fn try_armed(&mut self, frames: u64) {
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
        if self.weight.settled_at(self.frame).is_none() || self.spill.is_some() {
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
        if self.fade_end.is_some() && swap.spill_frames > fade_frames {
            self.begin_spill(swap.spill_frames);
        }
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
}
