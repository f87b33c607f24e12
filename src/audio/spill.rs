//! A patch that is left rings out beside the one that came: its engine lets go of the keys, and the callback goes on mixing it.
//! Realtime.
use super::fade::Fader;
use super::output::Output;
use crate::dsp::BLOCK;

/// Below -80 dBFS for so long the tail is over, however long it might have been: longer than between two echoes.
const QUIET: f32 = 1e-4;
const QUIET_SECONDS: f64 = 1.5;

/// The slot that rings out.
#[derive(Clone, Debug)]
pub struct Spill {
    pub slot: usize,
    /// 1 for the first half of the time, then down to 0.
    gain: Fader,
    /// Frames since it was louder than [`QUIET`].
    quiet: u64,
}

impl Spill {
    /// What the slot is heard at, where the weight of the mix has it at `weight`: never below its tail.
    pub fn gain_at(&self, frame: u64, weight: f64) -> f64 {
        weight + (1.0 - weight) * self.gain.at(frame)
    }
}

impl Output {
    /// The slot that is being left rings out for so many frames: only then is the change of slots done.
    pub(super) fn begin_spill(&mut self, frames: u32) {
        let mut gain = Fader::settled(1.0);
        let hold = frames / 2;
        let down = self.frame + u64::from(hold);
        gain.start(self.frame, down, frames - hold, 0.0);
        self.spill = Some(Spill {
            slot: 1 - self.live,
            gain,
            quiet: 0,
        });
        self.fade_end = Some(self.frame + u64::from(frames));
    }

    /// At each block: a tail that nobody hears any more ends.
    pub(super) fn watch_spill(&mut self) {
        let (Some(spill), Some(end)) = (self.spill.as_mut(), self.fade_end) else {
            return;
        };
        let peak = self.readers[spill.slot]
            .block()
            .map_or([0.0; 2], |block| block.peak);
        spill.quiet = match peak[0].max(peak[1]) < QUIET {
            true => spill.quiet + BLOCK as u64,
            false => 0,
        };
        let over = self.frame + u64::from(self.fade_frames);
        if spill.quiet as f64 >= QUIET_SECONDS * self.rate && over < end {
            spill
                .gain
                .start(self.frame, self.frame, self.fade_frames, 0.0);
            self.fade_end = Some(over);
        }
    }
}
